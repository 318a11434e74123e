/* headroom-events-group.c: what happened to the memory and why, newest first.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-events-group.h"

#include "headroom-event-text.h"
#include "headroom-model-item.h"
#include "headroom-timeline.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

/* More are in the server's log; a list longer than this is not read. */
#define MAX_ROWS 30

struct _HeadroomEventsGroup {
  AdwPreferencesGroup parent_instance;
  GtkDropDown *filter;
  GPtrArray *rows;  /* GtkWidget */
  HrValue *events;  /* the list that is shown, or NULL */
  char *newest;     /* its last time */
  gint64 origin_us; /* since 1970: times are told from here on; 0: by the clock */
};

G_DEFINE_FINAL_TYPE (HeadroomEventsGroup, headroom_events_group, ADW_TYPE_PREFERENCES_GROUP)

/* The choices of the filter after "all". */
static const char *const filters[][5] = {
  { "load", "reload", "resize", NULL },
  { "evict", "unload", "park", NULL },
  { "refuse", "drop", "truncate", "fallback", NULL },
  { "queue", NULL },
  { "advise", "watch", "pressure", NULL },
};

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
time_text (HeadroomEventsGroup *self, const char *text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;
  g_autoptr (GDateTime) local = NULL;

  if (time != NULL && self->origin_us > 0)
    return headroom_timeline_format_time ((double) g_date_time_to_unix (time) -
                                          (double) self->origin_us / G_USEC_PER_SEC);
  local = time != NULL ? g_date_time_to_local (time) : NULL;
  return local != NULL ? g_date_time_format (local, "%X") : g_strdup ("");
}

static char *
title_of (const HrValue *event)
{
  g_autofree char *model = headroom_model_dup_title (headroom_wire_get_string (event, "model"));
  const char *kind = headroom_event_text_kind (headroom_wire_get_string (event, "kind"));

  return *model != '\0' ? g_strdup_printf ("%s · %s", kind, model) : g_strdup (kind);
}

static char *
text_of (const HrValue *event)
{
  const char *client = headroom_wire_get_string (event, "client");
  g_autofree char *reason = headroom_event_text_dup_reason (event);

  if (client == NULL || *client == '\0')
    return g_steal_pointer (&reason);
  /* Translators: why something happened, and the program that asked */
  return g_strdup_printf (_("%s (%s)"), reason, client);
}

static GtkWidget *
new_row (HeadroomEventsGroup *self, const HrValue *event)
{
  GtkWidget *row = adw_action_row_new (), *label;
  g_autofree char *time = time_text (self, headroom_wire_get_string (event, "time"));
  g_autofree char *title = title_of (event), *text = text_of (event);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
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
      add_row (self, new_row (self, event));
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

/**
 * headroom_events_group_set_origin:
 * @self: a group
 * @origin_us: since 1970: when the events begin; times are told from there on instead of by the
 * clock
 */
void
headroom_events_group_set_origin (HeadroomEventsGroup *self, gint64 origin_us)
{
  g_return_if_fail (HEADROOM_IS_EVENTS_GROUP (self));
  self->origin_us = origin_us;
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
  const char *choices[] = { _("Everything"), _("Loads"),    _("Unloads"), _("Refusals"),
                            _("Waiting"),    _("Warnings"), NULL };

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
