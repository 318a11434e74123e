/* headroom-residents-group.c: the models that are in memory, for how long, and what they are doing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-residents-group.h"

#include "headroom-memory.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

struct _HeadroomResidentsGroup
{
  AdwPreferencesGroup parent_instance;
  GPtrArray *rows;       /* AdwActionRow, one per model in the server's order */
  AdwActionRow *no_row;  /* shown while there are none */
};

G_DEFINE_FINAL_TYPE (HeadroomResidentsGroup, headroom_residents_group, ADW_TYPE_PREFERENCES_GROUP)

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

/* ---- Rows ------------------------------------------------------------------------------------ */

static const char *
row_model (GtkWidget *row)
{
  return g_object_get_data (G_OBJECT (row), "model");
}

static void
unload_cb (GtkWidget *button, GtkWidget *row)
{
  g_signal_emit (gtk_widget_get_ancestor (row, HEADROOM_TYPE_RESIDENTS_GROUP), signals[KEEP], 0,
                 row_model (row), "0");
}

static void
pin_cb (GtkWidget *button, GtkWidget *row)
{
  gboolean stays = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (row), "stays"));

  g_signal_emit (gtk_widget_get_ancestor (row, HEADROOM_TYPE_RESIDENTS_GROUP), signals[KEEP], 0,
                 row_model (row), stays ? "5m" : "-1");
}

static GtkWidget *
add_button (AdwActionRow *row, const char *icon, const char *tooltip, GCallback clicked)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_set_tooltip_text (button, tooltip);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip,
                                  -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  adw_action_row_add_suffix (row, button);
  g_signal_connect_object (button, "clicked", clicked, row, 0);
  return button;
}

static AdwActionRow *
new_row (void)
{
  AdwActionRow *row = ADW_ACTION_ROW (adw_action_row_new ());
  GtkWidget *pin = add_button (row, "view-pin-symbolic", _("Keep in Memory"), G_CALLBACK (pin_cb));

  add_button (row, "media-eject-symbolic", _("Unload"), G_CALLBACK (unload_cb));
  g_object_set_data (G_OBJECT (row), "pin", pin);
  return row;
}

static void
show_stays (AdwActionRow *row, gboolean stays)
{
  GtkWidget *pin = g_object_get_data (G_OBJECT (row), "pin");
  const char *label = stays ? _("Let It Go When Idle") : _("Keep in Memory");

  g_object_set_data (G_OBJECT (row), "stays", GINT_TO_POINTER (stays));
  gtk_widget_set_tooltip_text (pin, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (pin), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  if (stays)
    gtk_widget_add_css_class (pin, "accent");
  else
    gtk_widget_remove_css_class (pin, "accent");
}

static void
show_model (AdwActionRow *row, const HrValue *model, gint64 now_us)
{
  g_autofree char *text = describe (model, now_us);
  const char *name = headroom_wire_get_string (model, "name");

  if (g_strcmp0 (name, row_model (GTK_WIDGET (row))) != 0)
    g_object_set_data_full (G_OBJECT (row), "model", g_strdup (name != NULL ? name : ""), g_free);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), row_model (GTK_WIDGET (row)));
  adw_action_row_set_subtitle (row, text);
  show_stays (row, headroom_wire_get_string (model, "until") == NULL);
}

static void
set_n_rows (HeadroomResidentsGroup *self, gsize n)
{
  while (self->rows->len > n) {
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self),
                                  self->rows->pdata[self->rows->len - 1]);
    g_ptr_array_set_size (self->rows, (int) self->rows->len - 1);
  }
  while (self->rows->len < n) {
    AdwActionRow *row = new_row ();
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (row));
    g_ptr_array_add (self->rows, row);
  }
  gtk_widget_set_visible (GTK_WIDGET (self->no_row), n == 0);
}

/**
 * headroom_residents_group_set_models:
 * @self: a group
 * @models: (nullable): the list of models in the server's status
 * @now_us: microseconds since 1970
 */
void
headroom_residents_group_set_models (HeadroomResidentsGroup *self, const HrValue *models,
                                     gint64 now_us)
{
  g_return_if_fail (HEADROOM_IS_RESIDENTS_GROUP (self));
  set_n_rows (self, headroom_wire_length (models));
  for (guint i = 0; i < self->rows->len; i++)
    show_model (self->rows->pdata[i], headroom_wire_at (models, i), now_us);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_residents_group_finalize (GObject *object)
{
  g_ptr_array_unref (HEADROOM_RESIDENTS_GROUP (object)->rows);
  G_OBJECT_CLASS (headroom_residents_group_parent_class)->finalize (object);
}

static void
headroom_residents_group_class_init (HeadroomResidentsGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_residents_group_finalize;
  signals[KEEP] = g_signal_new ("keep", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
headroom_residents_group_init (HeadroomResidentsGroup *self)
{
  self->rows = g_ptr_array_new ();
  self->no_row = ADW_ACTION_ROW (adw_action_row_new ());
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Models in Memory"));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->no_row), _("None"));
  adw_action_row_set_subtitle (self->no_row, _("The first question to a model loads it."));
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (self->no_row));
}

GtkWidget *
headroom_residents_group_new (void)
{
  return g_object_new (HEADROOM_TYPE_RESIDENTS_GROUP, NULL);
}
