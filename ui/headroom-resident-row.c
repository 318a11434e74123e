/* headroom-resident-row.c: one model in memory: what it takes, what its slots hold, who uses it,
 * and for how long it stays.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-resident-row.h"

#include "headroom-choice-row.h"
#include "headroom-memory.h"
#include "headroom-model-item.h"
#include "headroom-slot-strip.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

#define DAY_SECONDS (24 * 60 * 60)

struct _HeadroomResidentRow {
  AdwExpanderRow parent_instance;
  char *model;
  gboolean stays;
  gboolean is_showing; /* what is chosen now is what the server says */
  GtkWidget *pin;
  HeadroomChoiceRow *keep_row;
  HeadroomSlotStrip *slots;
  GtkLabel *slots_label;
  AdwActionRow *since_row;
  AdwActionRow *users_row;
  AdwActionRow *bytes_row;
};

G_DEFINE_FINAL_TYPE (HeadroomResidentRow, headroom_resident_row, ADW_TYPE_EXPANDER_ROW)

enum { KEEP, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- Words ----------------------------------------------------------------------------------- */

/* Such as "4:31" to go, or that it stays. */
static char *
until_text (const HrValue *model, gint64 now_us)
{
  const char *until = headroom_wire_get_string (model, "until");
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = until != NULL ? g_date_time_new_from_iso8601 (until, utc) : NULL;
  gint64 left;

  if (until == NULL)
    return g_strdup (_("stays"));
  left = time != NULL ? g_date_time_to_unix (time) - now_us / G_USEC_PER_SEC : 0;
  if (left <= 0 || headroom_wire_get_int (model, "requests") > 0)
    return g_strdup (_("in use"));
  if (left >= 3600)
    /* Translators: for how long a model still stays in memory, hours and minutes */
    return g_strdup_printf (_("goes in %d h %02d min"), (int) (left / 3600),
                            (int) (left / 60 % 60));
  /* Translators: for how long a model still stays in memory, minutes and seconds */
  return g_strdup_printf (_("goes in %d:%02d"), (int) (left / 60), (int) (left % 60));
}

static char *
slots_text (const HrValue *model)
{
  const HrValue *slots = headroom_wire_get (model, "slots");

  /* Translators: slots that are answering, of how many, and the tokens that all of them remember */
  return g_strdup_printf (_("%d of %d slots answer, %'d tokens held"),
                          (int) headroom_wire_get_int (slots, "active"),
                          (int) headroom_wire_get_int (slots, "total"),
                          (int) headroom_wire_get_int (model, "cached_tokens"));
}

static char *
describe (const HrValue *model, gint64 now_us)
{
  const char *state = headroom_wire_get_string (model, "state");
  const HrValue *progress = headroom_wire_get (model, "progress");
  g_autofree char *bytes = headroom_memory_format (
      MAX (headroom_wire_get_int (headroom_wire_get (model, "bytes"), "total"), 0));
  g_autofree char *slots = slots_text (model), *until = until_text (model, now_us);

  if (g_strcmp0 (state, "loading") == 0)
    return g_strdup_printf (_("%s · loading, %.0f %%"), bytes,
                            progress != NULL && hr_value_kind (progress) == HR_VALUE_FLOAT
                                ? 100 * hr_value_get_float (progress)
                                : 0);
  return g_strdup_printf ("%s · %s · %s", bytes, slots, until);
}

/* ---- What is inside -------------------------------------------------------------------------- */

static void
show_slots (HeadroomResidentRow *self, const HrValue *model)
{
  gint64 num_ctx = headroom_wire_get_int (headroom_wire_get (model, "settings"), "num_ctx");

  headroom_slot_strip_set_slots (self->slots,
                                 headroom_wire_get (headroom_wire_get (model, "slots"), "each"),
                                 (guint) CLAMP (num_ctx, 0, G_MAXUINT32));
  gtk_label_set_text (self->slots_label, headroom_slot_strip_get_text (self->slots));
}

static const char *
request_state_title (const char *state)
{
  if (g_strcmp0 (state, "answering") == 0)
    return _("is answered");
  return g_strcmp0 (state, "reading") == 0 ? _("is read") : _("waits");
}

/* The programs that ask it now, a line each. */
static void
show_users (HeadroomResidentRow *self, const HrValue *requests)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < headroom_wire_length (requests); i++) {
    const HrValue *request = headroom_wire_at (requests, i);
    const char *client = headroom_wire_get_string (request, "client");
    if (g_strcmp0 (headroom_wire_get_string (request, "model"), self->model) != 0)
      continue;
    /* Translators: a program, and what happens to its question: "is answered", "is read", "waits"
     */
    g_string_append_printf (text, _("%s%s %s"), text->len > 0 ? "\n" : "",
                            client != NULL && *client != '\0' ? client : _("A program"),
                            request_state_title (headroom_wire_get_string (request, "state")));
  }
  adw_action_row_set_subtitle (self->users_row, text->len > 0 ? text->str : _("Nobody now"));
  g_string_free (text, TRUE);
}

/* By the clock, with the day if that is not today's. */
static void
show_since (HeadroomResidentRow *self, const HrValue *model, gint64 now_us)
{
  gint64 seconds = headroom_wire_get_int (model, "age_ms") / 1000;
  g_autoptr (GDateTime) since = g_date_time_new_from_unix_local (now_us / G_USEC_PER_SEC - seconds);
  g_autofree char *text =
      since != NULL ? g_date_time_format (since, seconds < DAY_SECONDS ? "%X" : "%x %X") : NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->since_row),
                          headroom_wire_get (model, "age_ms") != NULL);
  adw_action_row_set_subtitle (self->since_row, text != NULL ? text : "");
}

/* The sum that it is, row by row: exactly, with the formula in numbers. */
static void
show_bytes (HeadroomResidentRow *self, const HrValue *model)
{
  const HrValue *sum = headroom_wire_get (model, "sum");
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < headroom_wire_length (sum); i++) {
    const HrValue *row = headroom_wire_at (sum, i);
    const char *title = headroom_wire_get_string (row, "title"),
               *formula = headroom_wire_get_string (row, "formula");
    guint64 bytes = (guint64) MAX (headroom_wire_get_int (row, "bytes"), 0);
    g_autofree char *rounded = headroom_memory_format (bytes),
                    *exact = headroom_memory_format_exact (bytes);
    if (title == NULL || formula == NULL)
      continue;
    /* Translators: a kind of memory, a rounded and the exact number of bytes */
    g_string_append_printf (text, _ ("%s%s: %s (%s)"), text->len > 0 ? "\n" : "", title, rounded,
                            exact);
    g_string_append_printf (text, "\n    %s", formula);
  }
  adw_action_row_set_subtitle (self->bytes_row, text->str);
  gtk_widget_set_visible (GTK_WIDGET (self->bytes_row), text->len > 0);
  g_string_free (text, TRUE);
}

static void
show_keep (HeadroomResidentRow *self, const HrValue *model)
{
  gint64 seconds = headroom_wire_get_int (model, "keep_alive");
  g_autofree char *value = seconds < 0 ? g_strdup ("-1")
                           : seconds > 0 && seconds % 3600 == 0
                               ? g_strdup_printf ("%dh", (int) (seconds / 3600))
                           : seconds > 0 ? g_strdup_printf ("%dm", (int) (seconds / 60))
                                         : g_strdup ("0");
  const char *label;

  self->stays = headroom_wire_get_string (model, "until") == NULL;
  label = self->stays ? _("Let It Go When Idle") : _("Keep in Memory");
  self->is_showing = TRUE;
  headroom_choice_row_choose (self->keep_row, self->stays ? "-1" : value);
  self->is_showing = FALSE;
  gtk_widget_set_tooltip_text (self->pin, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->pin), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
  if (self->stays)
    gtk_widget_add_css_class (self->pin, "accent");
  else
    gtk_widget_remove_css_class (self->pin, "accent");
}

/**
 * headroom_resident_row_set_model:
 * @self: a row
 * @model: what the server's status says of it
 * @requests: (nullable): the list of requests that are being answered
 * @now_us: microseconds since 1970
 */
void
headroom_resident_row_set_model (HeadroomResidentRow *self, const HrValue *model,
                                 const HrValue *requests, gint64 now_us)
{
  const char *name = headroom_wire_get_string (model, "name");
  g_autofree char *text = NULL;

  g_return_if_fail (HEADROOM_IS_RESIDENT_ROW (self));
  text = describe (model, now_us);
  if (g_strcmp0 (name, self->model) != 0) {
    g_autofree char *title = headroom_model_dup_title (name);
    g_free (self->model);
    self->model = g_strdup (name != NULL ? name : "");
    adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  }
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (self), text);
  show_keep (self, model);
  show_slots (self, model);
  show_since (self, model, now_us);
  show_users (self, requests);
  show_bytes (self, model);
}

/* ---- What is wanted -------------------------------------------------------------------------- */

static void
unload_cb (HeadroomResidentRow *self)
{
  g_signal_emit (self, signals[KEEP], 0, self->model, "0");
}

static void
pin_cb (HeadroomResidentRow *self)
{
  g_signal_emit (self, signals[KEEP], 0, self->model, self->stays ? "5m" : "-1");
}

static void
kept_cb (HeadroomResidentRow *self)
{
  if (!self->is_showing && self->model != NULL)
    g_signal_emit (self, signals[KEEP], 0, self->model,
                   headroom_choice_row_get_value (self->keep_row));
}

/* ---- Object ---------------------------------------------------------------------------------- */

static GtkWidget *
add_button (HeadroomResidentRow *self, const char *icon, const char *tooltip, GCallback clicked)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_set_tooltip_text (button, tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip,
                                  -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  adw_expander_row_add_action (ADW_EXPANDER_ROW (self), button);
  g_signal_connect_object (button, "clicked", clicked, self, G_CONNECT_SWAPPED);
  return button;
}

static AdwActionRow *
add_row (HeadroomResidentRow *self, const char *title)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_expander_row_add_row (ADW_EXPANDER_ROW (self), row);
  return ADW_ACTION_ROW (row);
}

static void
add_slots (HeadroomResidentRow *self)
{
  GtkWidget *row = adw_preferences_row_new (), *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *title = gtk_label_new (_("Slots")), *label = gtk_label_new (NULL);

  self->slots = HEADROOM_SLOT_STRIP (headroom_slot_strip_new ());
  self->slots_label = GTK_LABEL (label);
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_xalign (self->slots_label, 0);
  gtk_label_set_wrap (self->slots_label, TRUE);
  gtk_widget_add_css_class (label, "caption");
  gtk_widget_add_css_class (label, "dim-label");
  gtk_widget_add_css_class (box, "headroom-slider");
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->slots));
  gtk_box_append (GTK_BOX (box), label);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_widget_set_focusable (row, FALSE);
  adw_expander_row_add_row (ADW_EXPANDER_ROW (self), row);
}

static void
headroom_resident_row_finalize (GObject *object)
{
  g_free (HEADROOM_RESIDENT_ROW (object)->model);
  G_OBJECT_CLASS (headroom_resident_row_parent_class)->finalize (object);
}

static void
headroom_resident_row_class_init (HeadroomResidentRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_resident_row_finalize;
  signals[KEEP] = g_signal_new ("keep", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
headroom_resident_row_init (HeadroomResidentRow *self)
{
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self), FALSE);
  self->pin = add_button (self, "view-pin-symbolic", _("Keep in Memory"), G_CALLBACK (pin_cb));
  add_button (self, "media-eject-symbolic", _("Unload"), G_CALLBACK (unload_cb));
  self->keep_row =
      HEADROOM_CHOICE_ROW (headroom_choice_row_new (_("Stays in memory after the last answer")));
  headroom_choice_row_add_keep_alives (self->keep_row);
  adw_expander_row_add_row (ADW_EXPANDER_ROW (self), GTK_WIDGET (self->keep_row));
  add_slots (self);
  self->since_row = add_row (self, _("In memory since"));
  self->users_row = add_row (self, _("Used by"));
  self->bytes_row = add_row (self, _("What it takes"));
  g_signal_connect_object (self->keep_row, "notify::selected", G_CALLBACK (kept_cb), self,
                           G_CONNECT_SWAPPED);
}

GtkWidget *
headroom_resident_row_new (void)
{
  return g_object_new (HEADROOM_TYPE_RESIDENT_ROW, NULL);
}
