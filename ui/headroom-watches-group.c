/* headroom-watches-group.c: what is watched, how it went, and from where on people want to be told.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-watches-group.h"

#include "headroom-event-text.h"
#include "headroom-memory.h"
#include "headroom-sparkline.h"
#include "headroom-watch.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

#define MIB (1024.0 * 1024.0)

struct _HeadroomWatchesGroup {
  AdwPreferencesGroup parent_instance;
  GPtrArray *rows; /* AdwExpanderRow, one per watch in the server's order */
  gboolean is_showing;
};

G_DEFINE_FINAL_TYPE (HeadroomWatchesGroup, headroom_watches_group, ADW_TYPE_PREFERENCES_GROUP)

enum { THRESHOLD, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- Words ----------------------------------------------------------------------------------- */

static gboolean
find_kind (const HrValue *watch, HeadroomWatchKind *ret_kind)
{
  const char *code = headroom_wire_get_string (watch, "code");

  return code != NULL && headroom_watch_parse_code (code, ret_kind);
}

static char *
title_of (const HrValue *watch)
{
  static const char *const titles[HEADROOM_WATCH_N] = {
    [HEADROOM_WATCH_DEVICE_MEMORY] = N_("Memory in use"),
    [HEADROOM_WATCH_BUS] = N_("Memory traffic of answers"),
    [HEADROOM_WATCH_LATENCY] = N_("Delay of memory"),
    [HEADROOM_WATCH_SWAP] = N_("Swap in use"),
    [HEADROOM_WATCH_FRAGMENTATION] = N_("Scattered memory"),
  };
  const char *device = headroom_wire_get_string (watch, "device");
  HeadroomWatchKind kind;

  if (!find_kind (watch, &kind))
    return g_strdup (headroom_wire_get_string (watch, "code"));
  if (device == NULL || *device == '\0')
    return g_strdup (_(titles[kind]));
  /* Translators: what is watched, and on which device */
  return g_strdup_printf (_("%s · %s"), _(titles[kind]), device);
}

static double
get_number (const HrValue *json, const char *key, gboolean *ret_known)
{
  const HrValue *value = headroom_wire_get (json, key);
  gboolean is_float = value != NULL && hr_value_kind (value) == HR_VALUE_FLOAT;
  gboolean is_int = value != NULL && hr_value_kind (value) == HR_VALUE_INT;

  if (ret_known != NULL)
    *ret_known = is_float || is_int;
  return is_float ? hr_value_get_float (value) : is_int ? (double) hr_value_get_int (value) : 0;
}

static char *
format_value (const char *unit, double value)
{
  if (g_strcmp0 (unit, "bytes") == 0)
    return headroom_memory_format ((guint64) MAX (value, 0));
  if (g_strcmp0 (unit, "times") == 0)
    /* Translators: so many times as much as usual */
    return g_strdup_printf (_("%.2f times"), value);
  return g_strdup_printf (_("%.0f %%"), value);
}

/* Such as "42 %, warns above 90 %". */
static char *
describe (const HrValue *watch)
{
  const char *unit = headroom_wire_get_string (watch, "unit");
  gboolean known;
  double value = get_number (watch, "value", &known);
  g_autofree char *now = format_value (unit, value),
                  *limit = format_value (unit, get_number (watch, "threshold", NULL));

  if (!known)
    /* Translators: a limit such as "90 %" */
    return g_strdup_printf (_("not known now, warns above %s"), limit);
  /* Translators: a present value and a limit, such as "42 %" and "90 %" */
  return g_strdup_printf (_("%s, warns above %s"), now, limit);
}

static const char *
advice_of (const HrValue *watch)
{
  const char *text = headroom_wire_get_string (watch, "advice");
  HeadroomWatchKind kind;

  if (find_kind (watch, &kind))
    return headroom_watch_advice (kind);
  return text != NULL ? text : "";
}

static char *
dup_sentence (const HrValue *watch)
{
  const HrValue *params = headroom_wire_get (watch, "params");
  const char *code = headroom_wire_get_string (watch, "reason"),
             *text = headroom_wire_get_string (watch, "text");
  HeadroomReason reason;

  if (code != NULL && params != NULL && headroom_reason_parse_code (code, &reason))
    return headroom_reason_dup_text (reason, params);
  return g_strdup (text != NULL ? text : "");
}

char *
headroom_watches_dup_warning (const HrValue *watches)
{
  for (gsize i = 0; i < headroom_wire_length (watches); i++) {
    const HrValue *watch = headroom_wire_at (watches, i);
    g_autofree char *sentence = NULL;
    if (!headroom_wire_get_bool (watch, "crossed"))
      continue;
    sentence = dup_sentence (watch);
    /* Translators: two sentences: what is, and what to do */
    return g_strdup_printf (_("%s %s"), sentence, advice_of (watch));
  }
  return NULL;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* People set swap in MiB. */
static double
unit_scale (const HrValue *watch)
{
  return g_strcmp0 (headroom_wire_get_string (watch, "unit"), "bytes") == 0 ? MIB : 1;
}

static void
threshold_cb (GtkSpinButton *spin, GtkWidget *row)
{
  HeadroomWatchesGroup *self =
      HEADROOM_WATCHES_GROUP (gtk_widget_get_ancestor (row, HEADROOM_TYPE_WATCHES_GROUP));
  double *scale = g_object_get_data (G_OBJECT (row), "scale");

  if (self != NULL && !self->is_showing)
    g_signal_emit (self, signals[THRESHOLD], 0, g_object_get_data (G_OBJECT (row), "code"),
                   gtk_spin_button_get_value (spin) * *scale);
}

static GtkWidget *
new_threshold_row (GtkWidget *row, double scale)
{
  GtkWidget *action = adw_action_row_new ();
  GtkWidget *spin = scale > 1 ? gtk_spin_button_new_with_range (1, 1048576, 64)
                              : gtk_spin_button_new_with_range (1, 1000, 1);

  if (scale <= 1)
    gtk_spin_button_set_digits (GTK_SPIN_BUTTON (spin), 1);
  gtk_widget_set_valign (spin, GTK_ALIGN_CENTER);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (action),
                                 scale > 1 ? _("Warn above, MiB") : _("Warn above"));
  gtk_accessible_update_relation (GTK_ACCESSIBLE (spin), GTK_ACCESSIBLE_RELATION_LABELLED_BY,
                                  action, NULL, -1);
  adw_action_row_add_suffix (ADW_ACTION_ROW (action), spin);
  g_object_set_data (G_OBJECT (row), "spin", spin);
  g_signal_connect_object (spin, "value-changed", G_CALLBACK (threshold_cb), row, 0);
  return action;
}

static GtkWidget *
new_row (const HrValue *watch)
{
  GtkWidget *row = adw_expander_row_new (), *advice = adw_action_row_new (),
            *line = headroom_sparkline_new ();
  double *scale = g_new (double, 1);

  *scale = unit_scale (watch);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (advice), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (advice), _("What helps"));
  gtk_widget_set_valign (line, GTK_ALIGN_CENTER);
  adw_expander_row_add_action (ADW_EXPANDER_ROW (row), line);
  adw_expander_row_add_row (ADW_EXPANDER_ROW (row), new_threshold_row (row, *scale));
  adw_expander_row_add_row (ADW_EXPANDER_ROW (row), advice);
  g_object_set_data_full (G_OBJECT (row), "scale", scale, g_free);
  g_object_set_data (G_OBJECT (row), "advice", advice);
  g_object_set_data (G_OBJECT (row), "line", line);
  return row;
}

static void
show_watch (GtkWidget *row, const HrValue *watch)
{
  g_autofree char *title = title_of (watch), *text = describe (watch);
  GtkSpinButton *spin = g_object_get_data (G_OBJECT (row), "spin");
  double threshold = get_number (watch, "threshold", NULL);

  g_object_set_data_full (G_OBJECT (row), "code",
                          g_strdup (headroom_wire_get_string (watch, "code")), g_free);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (row), text);
  adw_action_row_set_subtitle (g_object_get_data (G_OBJECT (row), "advice"), advice_of (watch));
  if (!gtk_widget_has_focus (GTK_WIDGET (spin)) &&
      gtk_widget_get_focus_child (GTK_WIDGET (spin)) == NULL)
    gtk_spin_button_set_value (spin, threshold / unit_scale (watch));
  headroom_sparkline_set_values (g_object_get_data (G_OBJECT (row), "line"),
                                 headroom_wire_get (watch, "history"), threshold, title);
  if (headroom_wire_get_bool (watch, "crossed"))
    gtk_widget_add_css_class (row, "warning");
  else
    gtk_widget_remove_css_class (row, "warning");
}

static void
set_n_rows (HeadroomWatchesGroup *self, const HrValue *watches)
{
  gsize n = headroom_wire_length (watches);

  while (self->rows->len > n) {
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self),
                                  self->rows->pdata[self->rows->len - 1]);
    g_ptr_array_set_size (self->rows, (int) self->rows->len - 1);
  }
  while (self->rows->len < n) {
    GtkWidget *row = new_row (headroom_wire_at (watches, self->rows->len));
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
    g_ptr_array_add (self->rows, row);
  }
}

/**
 * headroom_watches_group_set_watches:
 * @self: a group
 * @watches: (nullable): the list that the server gave; it stays in one order
 */
void
headroom_watches_group_set_watches (HeadroomWatchesGroup *self, const HrValue *watches)
{
  g_return_if_fail (HEADROOM_IS_WATCHES_GROUP (self));
  self->is_showing = TRUE;
  set_n_rows (self, watches);
  for (guint i = 0; i < self->rows->len; i++)
    show_watch (self->rows->pdata[i], headroom_wire_at (watches, i));
  self->is_showing = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self), self->rows->len > 0);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_watches_group_finalize (GObject *object)
{
  g_ptr_array_unref (HEADROOM_WATCHES_GROUP (object)->rows);
  G_OBJECT_CLASS (headroom_watches_group_parent_class)->finalize (object);
}

static void
headroom_watches_group_class_init (HeadroomWatchesGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_watches_group_finalize;
  signals[THRESHOLD] =
      g_signal_new ("threshold", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_DOUBLE);
}

static void
headroom_watches_group_init (HeadroomWatchesGroup *self)
{
  self->rows = g_ptr_array_new ();
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Watched"));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

GtkWidget *
headroom_watches_group_new (void)
{
  return g_object_new (HEADROOM_TYPE_WATCHES_GROUP, NULL);
}
