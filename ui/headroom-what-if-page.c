/* headroom-what-if-page.c: the page that plays a day of requests on a machine of one's choice.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-what-if-page.h"

#include "headroom-events-group.h"
#include "headroom-json.h"
#include "headroom-playback.h"
#include "headroom-timeline.h"
#include "headroom-what-if-form.h"

#include <glib/gi18n.h>

#define SETTLE_MSEC 150

struct _HeadroomWhatIfPage {
  GtkWidget parent_instance;
  GtkWidget *scroller;
  HeadroomWhatIfForm *form;
  AdwActionRow *summary_row;
  HeadroomPlayback *playback;
  HeadroomEventsGroup *events_group;
  HeadroomPlayed *played; /* or NULL */
  GCancellable *playing;  /* or NULL */
  gboolean is_stale;      /* something was chosen that was not played */
  guint settling;
};

G_DEFINE_FINAL_TYPE (HeadroomWhatIfPage, headroom_what_if_page, GTK_TYPE_WIDGET)

/* ---- What comes of it ------------------------------------------------------------------------ */

static void
show_summary (HeadroomWhatIfPage *self)
{
  const HeadroomSimulation *simulation = self->played->simulation;
  guint n = self->played->scenario->requests->len;
  g_autofree char *title =
      g_strdup_printf (g_dngettext (NULL, "%'u request: %'u served, %'u refused",
                                    "%'u requests: %'u served, %'u refused", n),
                       n, simulation->n_served, simulation->n_refused);
  g_autofree char *text = g_strdup_printf (_("They waited %.1f s in the mean and %.1f s at most."),
                                           simulation->mean_wait, simulation->longest_wait);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->summary_row), title);
  adw_action_row_set_subtitle (self->summary_row, text);
}

static void
show_failure (HeadroomWhatIfPage *self, const char *message)
{
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->summary_row),
                                 _("This cannot be played"));
  adw_action_row_set_subtitle (self->summary_row, message);
}

/* What happened up to the moment that is shown. */
static void
show_events (HeadroomWhatIfPage *self)
{
  g_autoptr (HrValue) list = hr_value_new_list ();
  double moment = headroom_playback_get_moment (self->playback);
  const GArray *events = self->played != NULL ? self->played->simulation->events : NULL;

  for (guint i = 0; events != NULL && i < events->len; i++) {
    HeadroomEvent *event = g_array_index (events, HeadroomSimulationEvent, i).event;
    if (headroom_timeline_event_time (event) <= moment)
      hr_value_append (list, headroom_event_to_json (event));
  }
  headroom_events_group_set_events (self->events_group, list);
}

static void
show_played (HeadroomWhatIfPage *self, HeadroomPlayed *take_played)
{
  HeadroomPlayed *before = self->played;

  self->played = take_played;
  headroom_events_group_set_events (self->events_group, NULL);
  headroom_playback_set_played (self->playback, take_played);
  gtk_widget_set_visible (GTK_WIDGET (self->playback), take_played != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->events_group), take_played != NULL);
  headroom_played_free (before);
  if (take_played != NULL)
    show_summary (self);
  show_events (self);
}

static void
played_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomWhatIfPage) self = user_data;
  g_autoptr (GError) error = NULL;
  HeadroomPlayed *played = headroom_what_if_play_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  show_played (self, played);
  if (played == NULL)
    show_failure (self, error->message);
}

static void
play_shipped (HeadroomWhatIfPage *self, const char *file)
{
  g_autofree char *path = g_strdup_printf ("/io/github/headroom/Headroom/scenarios/%s.json", file);
  g_autoptr (GBytes) text = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) json = NULL;

  g_return_if_fail (text != NULL);
  json = headroom_json_parse (g_bytes_get_data (text, NULL), (gssize) g_bytes_get_size (text),
                              FALSE, &error);
  if (json == NULL)
    show_failure (self, error->message);
  else
    headroom_what_if_play_json_async (json, self->playing, played_cb, g_object_ref (self));
}

static void
play_chosen (HeadroomWhatIfPage *self)
{
  const char *problem;
  HeadroomWhatIf *chosen = headroom_what_if_form_dup_chosen (self->form, &problem);

  if (chosen == NULL) {
    show_played (self, NULL);
    show_failure (self, problem);
  } else
    headroom_what_if_play_async (chosen, self->playing, played_cb, g_object_ref (self));
}

/* What is on its way is not wanted any more. */
static gboolean
settled_cb (gpointer user_data)
{
  HeadroomWhatIfPage *self = user_data;
  const char *file = headroom_what_if_form_get_shipped (self->form);

  self->settling = 0;
  self->is_stale = FALSE;
  if (self->playing != NULL)
    g_cancellable_cancel (self->playing);
  g_clear_object (&self->playing);
  self->playing = g_cancellable_new ();
  if (*file != '\0')
    play_shipped (self, file);
  else
    play_chosen (self);
  return G_SOURCE_REMOVE;
}

/* A page that nobody looks at plays nothing. */
static void
changed_cb (HeadroomWhatIfPage *self)
{
  self->is_stale = TRUE;
  g_clear_handle_id (&self->settling, g_source_remove);
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->settling = g_timeout_add (SETTLE_MSEC, settled_cb, self);
}

void
headroom_what_if_page_set_models (HeadroomWhatIfPage *self, GListModel *models)
{
  g_return_if_fail (HEADROOM_IS_WHAT_IF_PAGE (self));
  headroom_what_if_form_set_models (self->form, models);
}

void
headroom_what_if_page_set_devices (HeadroomWhatIfPage *self, const HeadroomMemoryDevice *devices,
                                   gsize n_devices)
{
  g_return_if_fail (HEADROOM_IS_WHAT_IF_PAGE (self));
  headroom_what_if_form_set_devices (self->form, devices, n_devices);
}

/* Returns: (transfer none) (nullable): what is shown */
const HeadroomPlayed *
headroom_what_if_page_get_played (HeadroomWhatIfPage *self)
{
  g_return_val_if_fail (HEADROOM_IS_WHAT_IF_PAGE (self), NULL);
  return self->played;
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
headroom_what_if_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (headroom_what_if_page_parent_class)->map (widget);
  if (HEADROOM_WHAT_IF_PAGE (widget)->is_stale)
    changed_cb (HEADROOM_WHAT_IF_PAGE (widget));
}

static void
headroom_what_if_page_dispose (GObject *object)
{
  HeadroomWhatIfPage *self = HEADROOM_WHAT_IF_PAGE (object);

  g_clear_handle_id (&self->settling, g_source_remove);
  if (self->playing != NULL)
    g_cancellable_cancel (self->playing);
  g_clear_object (&self->playing);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_pointer (&self->played, headroom_played_free);
  G_OBJECT_CLASS (headroom_what_if_page_parent_class)->dispose (object);
}

static void
headroom_what_if_page_class_init (HeadroomWhatIfPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = headroom_what_if_page_dispose;
  widget_class->map = headroom_what_if_page_map;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
add_result (HeadroomWhatIfPage *self, GtkBox *column)
{
  GtkWidget *group = adw_preferences_group_new (), *row = adw_preferences_row_new ();

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), _("What Happens"));
  gtk_box_append (column, group);
  self->summary_row = ADW_ACTION_ROW (adw_action_row_new ());
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self->summary_row), FALSE);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), GTK_WIDGET (self->summary_row));
  self->playback = HEADROOM_PLAYBACK (headroom_playback_new ());
  gtk_widget_add_css_class (GTK_WIDGET (self->playback), "headroom-slider");
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), GTK_WIDGET (self->playback));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_widget_set_focusable (row, FALSE);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
  g_object_bind_property (self->playback, "visible", row, "visible", G_BINDING_SYNC_CREATE);
  self->events_group = HEADROOM_EVENTS_GROUP (headroom_events_group_new ());
  headroom_events_group_set_origin (self->events_group, HEADROOM_TIMELINE_BEGINNING_US);
  gtk_box_append (column, GTK_WIDGET (self->events_group));
  g_signal_connect_object (self->playback, "notify::moment", G_CALLBACK (show_events), self,
                           G_CONNECT_SWAPPED);
}

static void
headroom_what_if_page_init (HeadroomWhatIfPage *self)
{
  GtkBox *column = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 24));
  GtkWidget *clamp = adw_clamp_new ();

  self->is_stale = TRUE;
  self->form = HEADROOM_WHAT_IF_FORM (headroom_what_if_form_new ());
  gtk_widget_add_css_class (GTK_WIDGET (column), "headroom-page");
  gtk_box_append (column, GTK_WIDGET (self->form));
  add_result (self, column);
  gtk_widget_set_visible (GTK_WIDGET (self->playback), FALSE);
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), 760);
  adw_clamp_set_child (ADW_CLAMP (clamp), GTK_WIDGET (column));
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), clamp);
  gtk_widget_set_vexpand (self->scroller, TRUE);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
  g_signal_connect_object (self->form, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
}

GtkWidget *
headroom_what_if_page_new (void)
{
  return g_object_new (HEADROOM_TYPE_WHAT_IF_PAGE, NULL);
}
