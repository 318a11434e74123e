/* headroom-events-group.c: what happened to the memory and why, newest first.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-events-group.h"

#include "headroom-wire-util.h"

#include <glib/gi18n.h>

/* More are in the server's log; a list longer than this is not read. */
#define MAX_ROWS 30

struct _HeadroomEventsGroup
{
  AdwPreferencesGroup parent_instance;
  GtkDropDown *filter;
  GPtrArray *rows;  /* GtkWidget */
  HrValue *events;  /* the list that is shown, or NULL */
  char *newest;     /* its last time */
};

G_DEFINE_FINAL_TYPE (HeadroomEventsGroup, headroom_events_group, ADW_TYPE_PREFERENCES_GROUP)

/* The choices of the filter after "all". */
static const char *const filters[][5] = {
  { "load", "reload", "resize", NULL },
  { "evict", "unload", NULL },
  { "refuse", "drop", "truncate", NULL },
  { "queue", NULL },
};

static const char *
kind_title (const char *kind)
{
  static const struct { const char *kind, *title; } titles[] = {
    { "load", N_("Loaded") },       { "unload", N_("Unloaded") },       { "evict", N_("Evicted") },
    { "refuse", N_("Refused") },    { "reload", N_("Loaded Again") },   { "queue", N_("Waiting") },
    { "resize", N_("Resized") },    { "truncate", N_("Shortened") },    { "drop", N_("Given Up") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (titles); i++)
    if (g_str_equal (titles[i].kind, kind))
      return _(titles[i].title);
  return kind;
}

static gboolean
is_wanted (HeadroomEventsGroup *self, const HrValue *event)
{
  guint choice = gtk_drop_down_get_selected (self->filter);
  const char *kind = headroom_wire_get_string (event, "kind");

  if (kind == NULL)
    return FALSE;
  return choice == 0 || choice > G_N_ELEMENTS (filters) ||
         g_strv_contains (filters[choice - 1], kind);
}

static char *
local_time (const char *text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;
  g_autoptr (GDateTime) local = time != NULL ? g_date_time_to_local (time) : NULL;

  return local != NULL ? g_date_time_format (local, "%X") : g_strdup ("");
}

static GtkWidget *
new_row (const HrValue *event)
{
  GtkWidget *row = adw_action_row_new (), *label;
  const char *model = headroom_wire_get_string (event, "model"),
             *reason = headroom_wire_get_string (event, "reason");
  g_autofree char *time = local_time (headroom_wire_get_string (event, "time"));
  g_autofree char *title =
      g_strdup_printf ("%s · %s", kind_title (headroom_wire_get_string (event, "kind")),
                       model != NULL ? model : "");

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), reason != NULL ? reason : "");
  label = gtk_label_new (time);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_widget_add_css_class (label, "numeric");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), label);
  return row;
}

static void
add_row (HeadroomEventsGroup *self, GtkWidget *row)
{
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_ptr_array_add (self->rows, row);
}

static void
show_events (HeadroomEventsGroup *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);
  for (gsize i = headroom_wire_length (self->events); i-- > 0 && self->rows->len < MAX_ROWS;) {
    const HrValue *event = headroom_wire_at (self->events, i);
    if (is_wanted (self, event))
      add_row (self, new_row (event));
  }
  if (self->rows->len == 0) {
    GtkWidget *row = adw_action_row_new ();
    adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _("Nothing yet"));
    add_row (self, row);
  }
}

/**
 * headroom_events_group_set_events:
 * @self: a group
 * @events: (nullable): the list of events in the server's status, oldest first
 */
void
headroom_events_group_set_events (HeadroomEventsGroup *self, const HrValue *events)
{
  gsize n = headroom_wire_length (events);
  const char *newest =
      n > 0 ? headroom_wire_get_string (headroom_wire_at (events, n - 1), "time") : NULL;

  g_return_if_fail (HEADROOM_IS_EVENTS_GROUP (self));
  if (g_strcmp0 (newest, self->newest) == 0)
    return;
  g_free (self->newest);
  self->newest = g_strdup (newest);
  g_clear_pointer (&self->events, hr_value_unref);
  self->events = events != NULL ? hr_value_ref ((HrValue *) events) : NULL;
  show_events (self);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_events_group_finalize (GObject *object)
{
  HeadroomEventsGroup *self = HEADROOM_EVENTS_GROUP (object);

  g_ptr_array_unref (self->rows);
  g_clear_pointer (&self->events, hr_value_unref);
  g_free (self->newest);
  G_OBJECT_CLASS (headroom_events_group_parent_class)->finalize (object);
}

static void
headroom_events_group_class_init (HeadroomEventsGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_events_group_finalize;
}

static void
headroom_events_group_init (HeadroomEventsGroup *self)
{
  const char *choices[] = { _("Everything"), _("Loads"),   _("Unloads"),
                            _("Refusals"),   _("Waiting"), NULL };

  self->rows = g_ptr_array_new ();
  self->filter = GTK_DROP_DOWN (gtk_drop_down_new_from_strings (choices));
  gtk_widget_set_valign (GTK_WIDGET (self->filter), GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->filter), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Show"), -1);
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("What Happened"));
  adw_preferences_group_set_header_suffix (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (self->filter));
  g_signal_connect_object (self->filter, "notify::selected", G_CALLBACK (show_events), self,
                           G_CONNECT_SWAPPED);
  show_events (self);
}

GtkWidget *
headroom_events_group_new (void)
{
  return g_object_new (HEADROOM_TYPE_EVENTS_GROUP, NULL);
}
