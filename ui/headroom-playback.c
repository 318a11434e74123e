/* headroom-playback.c: what came of a scenario, as a drawing that a person can move through or
 * watch.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-playback.h"

#include "headroom-memory-bar.h"
#include "headroom-timeline.h"

#include <glib/gi18n.h>

/* Whatever its length, a scenario is watched in so many seconds. */
#define WATCH_SECONDS 12.0

struct _HeadroomPlayback {
  GtkWidget parent_instance;
  GtkWidget *box;
  HeadroomTimeline *timeline;
  GtkToggleButton *play_button;
  GtkScale *scale;
  GtkLabel *time_label;
  GtkBox *devices;
  const HeadroomPlayed *played; /* borrowed: whoever gave it keeps it */
  gint64 last_frame_us;
  guint tick_id;
};

G_DEFINE_FINAL_TYPE (HeadroomPlayback, headroom_playback, GTK_TYPE_WIDGET)

enum { PROP_0, PROP_MOMENT, N_PROPS };
static GParamSpec *properties[N_PROPS];

/* ---- The devices at a moment ----------------------------------------------------------------- */

/* The last event that is not after a moment; NULL: nothing has happened. */
static const HeadroomSimulationEvent *
event_at (const HeadroomPlayed *played, double seconds)
{
  const GArray *events = played->simulation->events;
  const HeadroomSimulationEvent *last = NULL;

  for (guint i = 0; i < events->len; i++) {
    const HeadroomSimulationEvent *event = &g_array_index (events, HeadroomSimulationEvent, i);
    if (headroom_timeline_event_time (event->event) > seconds)
      break;
    last = event;
  }
  return last;
}

static HeadroomMemoryDevice
device_at (const HrDevice *described, guint64 used)
{
  HeadroomMemoryDevice device = { .is_gpu = described->kind == HR_DEVICE_GPU,
                                  .total = described->total };

  g_strlcpy (device.name, described->name, sizeof device.name);
  device.now[HEADROOM_MEMORY_WEIGHTS] = MIN (used, device.total);
  headroom_memory_settle (&device, device.total - MIN (used, device.total), described->reserve);
  return device;
}

static void
show_device (GtkWidget *row, const HeadroomMemoryDevice *device)
{
  g_autofree char *used = headroom_memory_format (device->now[HEADROOM_MEMORY_WEIGHTS]),
                  *total = headroom_memory_format (device->total);
  /* Translators: a device, how much of it models take, and its size */
  g_autofree char *text = g_strdup_printf (_("%s: %s of %s"), device->name, used, total);

  gtk_label_set_text (GTK_LABEL (gtk_widget_get_first_child (row)), text);
  headroom_memory_bar_set_device (HEADROOM_MEMORY_BAR (gtk_widget_get_last_child (row)), device);
}

static void
show_devices (HeadroomPlayback *self)
{
  const HeadroomSimulationEvent *event =
      event_at (self->played, headroom_playback_get_moment (self));
  GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->devices));

  for (gsize d = 0; row != NULL && d < self->played->scenario->n_devices; d++) {
    HeadroomMemoryDevice device =
        device_at (&self->played->scenario->devices[d], event != NULL ? event->used[d] : 0);
    show_device (row, &device);
    row = gtk_widget_get_next_sibling (row);
  }
}

static void
add_device (HeadroomPlayback *self)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2), *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (label, "caption");
  gtk_box_append (GTK_BOX (row), label);
  gtk_box_append (GTK_BOX (row), headroom_memory_bar_new ());
  gtk_box_append (self->devices, row);
}

/* ---- The moment ------------------------------------------------------------------------------ */

static void
moved_cb (HeadroomPlayback *self)
{
  double seconds = headroom_playback_get_moment (self);
  g_autofree char *text = headroom_timeline_format_time (seconds);

  headroom_timeline_set_moment (self->timeline, seconds);
  gtk_label_set_text (self->time_label, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  text, -1);
  if (self->played != NULL)
    show_devices (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MOMENT]);
}

static gboolean
tick_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  HeadroomPlayback *self = HEADROOM_PLAYBACK (widget);
  gint64 now = gdk_frame_clock_get_frame_time (clock);
  double length = headroom_timeline_get_length (self->timeline),
         value = gtk_range_get_value (GTK_RANGE (self->scale));

  if (self->last_frame_us > 0)
    value += length / WATCH_SECONDS * (double) (now - self->last_frame_us) / G_USEC_PER_SEC;
  self->last_frame_us = now;
  gtk_range_set_value (GTK_RANGE (self->scale), value);
  if (value < length)
    return G_SOURCE_CONTINUE;
  self->tick_id = 0;
  gtk_toggle_button_set_active (self->play_button, FALSE);
  return G_SOURCE_REMOVE;
}

static void
stop (HeadroomPlayback *self)
{
  if (self->tick_id != 0)
    gtk_widget_remove_tick_callback (GTK_WIDGET (self), self->tick_id);
  self->tick_id = 0;
}

static void
toggled_cb (HeadroomPlayback *self)
{
  gboolean plays = gtk_toggle_button_get_active (self->play_button);
  const char *label = plays ? _("Pause") : _("Play");

  stop (self);
  gtk_button_set_icon_name (GTK_BUTTON (self->play_button), plays
                                                                ? "media-playback-pause-symbolic"
                                                                : "media-playback-start-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->play_button), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->play_button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label, -1);
  if (!plays)
    return;
  if (headroom_playback_get_moment (self) >= headroom_timeline_get_length (self->timeline))
    gtk_range_set_value (GTK_RANGE (self->scale), 0);
  self->last_frame_us = 0;
  self->tick_id = gtk_widget_add_tick_callback (GTK_WIDGET (self), tick_cb, NULL, NULL);
}

/**
 * headroom_playback_set_played:
 * @self: a playback
 * @played: (nullable): what to show; must stay until another is set
 *
 * Shows its end, which is what most people want to know.
 */
void
headroom_playback_set_played (HeadroomPlayback *self, const HeadroomPlayed *played)
{
  GtkWidget *child;

  g_return_if_fail (HEADROOM_IS_PLAYBACK (self));
  gtk_toggle_button_set_active (self->play_button, FALSE);
  self->played = played;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->devices))) != NULL)
    gtk_box_remove (self->devices, child);
  for (gsize d = 0; played != NULL && d < played->scenario->n_devices; d++)
    add_device (self);
  headroom_timeline_set_played (self->timeline, played);
  if (played != NULL) {
    double length = headroom_timeline_get_length (self->timeline);
    gtk_range_set_range (GTK_RANGE (self->scale), 0, length);
    gtk_range_set_increments (GTK_RANGE (self->scale), length / 100, length / 10);
    gtk_range_set_value (GTK_RANGE (self->scale), length);
    moved_cb (self);
  }
}

double
headroom_playback_get_moment (HeadroomPlayback *self)
{
  g_return_val_if_fail (HEADROOM_IS_PLAYBACK (self), 0);
  return gtk_range_get_value (GTK_RANGE (self->scale));
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_playback_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_MOMENT)
    g_value_set_double (value, headroom_playback_get_moment (HEADROOM_PLAYBACK (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
headroom_playback_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_MOMENT)
    gtk_range_set_value (GTK_RANGE (HEADROOM_PLAYBACK (object)->scale), g_value_get_double (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
headroom_playback_unmap (GtkWidget *widget)
{
  gtk_toggle_button_set_active (HEADROOM_PLAYBACK (widget)->play_button, FALSE);
  GTK_WIDGET_CLASS (headroom_playback_parent_class)->unmap (widget);
}

static void
headroom_playback_dispose (GObject *object)
{
  HeadroomPlayback *self = HEADROOM_PLAYBACK (object);

  stop (self);
  self->played = NULL;
  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (headroom_playback_parent_class)->dispose (object);
}

static void
headroom_playback_class_init (HeadroomPlaybackClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = headroom_playback_get_property;
  object_class->set_property = headroom_playback_set_property;
  object_class->dispose = headroom_playback_dispose;
  GTK_WIDGET_CLASS (klass)->unmap = headroom_playback_unmap;
  properties[PROP_MOMENT] =
      g_param_spec_double ("moment", NULL, NULL, 0, G_MAXDOUBLE, 0,
                           G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static GtkWidget *
new_controls (HeadroomPlayback *self)
{
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *label = gtk_label_new (NULL);

  self->play_button = GTK_TOGGLE_BUTTON (gtk_toggle_button_new ());
  self->scale = GTK_SCALE (gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, 0, 1, 0.01));
  self->time_label = GTK_LABEL (label);
  gtk_widget_add_css_class (GTK_WIDGET (self->play_button), "flat");
  gtk_widget_add_css_class (label, "numeric");
  gtk_label_set_width_chars (self->time_label, 7);
  gtk_widget_set_hexpand (GTK_WIDGET (self->scale), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Moment"), -1);
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (self->play_button));
  gtk_box_append (GTK_BOX (line), GTK_WIDGET (self->scale));
  gtk_box_append (GTK_BOX (line), label);
  g_signal_connect_object (self->play_button, "toggled", G_CALLBACK (toggled_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->scale, "value-changed", G_CALLBACK (moved_cb), self,
                           G_CONNECT_SWAPPED);
  return line;
}

static void
headroom_playback_init (HeadroomPlayback *self)
{
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 8);
  self->timeline = HEADROOM_TIMELINE (headroom_timeline_new ());
  self->devices = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 6));
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->timeline));
  gtk_box_append (GTK_BOX (self->box), new_controls (self));
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->devices));
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  toggled_cb (self);
}

GtkWidget *
headroom_playback_new (void)
{
  return g_object_new (HEADROOM_TYPE_PLAYBACK, NULL);
}
