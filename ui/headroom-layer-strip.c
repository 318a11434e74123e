/* headroom-layer-strip.c: one cell per layer of a model, on the device that holds it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-layer-strip.h"

#include "headroom-memory-paint.h"
#include "headroom-predict.h"

#include <glib/gi18n.h>

/* pixels */
#define CELL_HEIGHT 18
#define MIN_WIDTH 120
#define MAX_GAP 2.0

#define HANDLE_WIDTH 4.0

enum { MOVED, DROPPED, N_SIGNALS };
static guint signals[N_SIGNALS];

struct _HeadroomLayerStrip {
  GtkWidget parent_instance;
  gboolean has_gpu, drags;
  guint n_chosen;  /* while it is dragged: layers on cards */
  GArray *devices; /* guint32: of each layer */
  GArray *kinds;   /* HrDeviceKind: of each device */
  char *text;
};

G_DEFINE_FINAL_TYPE (HeadroomLayerStrip, headroom_layer_strip, GTK_TYPE_WIDGET)

/* The host is drawn as compute is, cards in the colours of weights and cache by turns. */
static HeadroomMemoryPart
part_of (HeadroomLayerStrip *self, guint32 device)
{
  HrDeviceKind kind =
      device < self->kinds->len ? g_array_index (self->kinds, HrDeviceKind, device) : HR_DEVICE_CPU;

  if (kind == HR_DEVICE_CPU)
    return HEADROOM_MEMORY_COMPUTE;
  return device % 2 == 1 ? HEADROOM_MEMORY_WEIGHTS : HEADROOM_MEMORY_CACHE;
}

static guint32
device_of (HeadroomLayerStrip *self, guint layer)
{
  return g_array_index (self->devices, guint32, layer);
}

/* Neighbours on one device are painted at once: there may be a hundred, and sixty frames a second.
 */
static guint
draw_run (HeadroomLayerStrip *self, cairo_t *cr, guint first, double step)
{
  double gap = MIN (MAX_GAP, step / 4), height = gtk_widget_get_height (GTK_WIDGET (self));
  graphene_rect_t area;
  guint end = first;

  cairo_save (cr);
  for (; end < self->devices->len && device_of (self, end) == device_of (self, first); end++)
    cairo_rectangle (cr, end * step, 0, step - gap, height);
  cairo_clip (cr);
  area = GRAPHENE_RECT_INIT ((float) (first * step), 0, (float) ((end - first) * step),
                             (float) height);
  headroom_memory_paint_cairo (GTK_WIDGET (self), cr, &area,
                               part_of (self, device_of (self, first)));
  cairo_restore (cr);
  return end;
}

static guint
count_on_gpus (HeadroomLayerStrip *self)
{
  guint n = 0;

  for (guint i = 0; i < self->devices->len; i++)
    n += part_of (self, device_of (self, i)) != HEADROOM_MEMORY_COMPUTE;
  return n;
}

/* Where the boundary is, or where it would be dropped. */
static void
draw_handle (HeadroomLayerStrip *self, cairo_t *cr)
{
  double width = gtk_widget_get_width (GTK_WIDGET (self)), x;
  guint n = self->drags ? self->n_chosen : count_on_gpus (self);
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &color);
  x = width * (self->devices->len - n) / self->devices->len - HANDLE_WIDTH / 2;
  gdk_cairo_set_source_rgba (cr, &color);
  cairo_rectangle (cr, CLAMP (x, 0, width - HANDLE_WIDTH), 0, HANDLE_WIDTH,
                   gtk_widget_get_height (GTK_WIDGET (self)));
  cairo_fill (cr);
}

static void
headroom_layer_strip_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  HeadroomLayerStrip *self = HEADROOM_LAYER_STRIP (widget);
  float width = (float) gtk_widget_get_width (widget),
        height = (float) gtk_widget_get_height (widget);
  graphene_rect_t area = GRAPHENE_RECT_INIT (0, 0, width, height);
  cairo_t *cr;

  if (self->devices->len == 0)
    return;
  cr = gtk_snapshot_append_cairo (snapshot, &area);
  for (guint i = 0; i < self->devices->len;)
    i = draw_run (self, cr, i, (double) width / self->devices->len);
  if (self->has_gpu)
    draw_handle (self, cr);
  cairo_destroy (cr);
}

static void
headroom_layer_strip_measure (GtkWidget *widget, GtkOrientation orientation, int for_size,
                              int *minimum, int *natural, int *minimum_baseline,
                              int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : CELL_HEIGHT;
}

/* ---- What is where --------------------------------------------------------------------------- */

static void
read_devices (HeadroomLayerStrip *self, HrPlan *plan)
{
  g_array_set_size (self->kinds, 0);
  self->has_gpu = FALSE;
  for (gsize i = 0; i < hr_plan_n_devices (plan); i++) {
    g_array_append_val (self->kinds, hr_plan_get_device (plan, i)->kind);
    self->has_gpu |= hr_plan_get_device (plan, i)->kind == HR_DEVICE_GPU;
  }
  gtk_widget_set_focusable (GTK_WIDGET (self), self->has_gpu);
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), self->has_gpu ? "col-resize" : NULL);
  gtk_widget_set_tooltip_text (
      GTK_WIDGET (self),
      self->has_gpu ? _("Drag the boundary, or press the arrow keys, to move layers") : NULL);
}

static void
read_layers (HeadroomLayerStrip *self, HrPlan *plan)
{
  g_array_set_size (self->devices, 0);
  for (gsize i = 0; i < hr_plan_n_items (plan); i++) {
    const HrPlanItem *item = hr_plan_get_item (plan, i);
    if (item->kind != HR_ITEM_WEIGHTS || item->layer < 0)
      continue;
    if ((guint) item->layer >= self->devices->len)
      g_array_set_size (self->devices, item->layer + 1);
    g_array_index (self->devices, guint32, item->layer) = item->device;
  }
}

static guint
count_layers (HeadroomLayerStrip *self, guint32 device)
{
  guint n = 0;

  for (guint i = 0; i < self->devices->len; i++)
    n += g_array_index (self->devices, guint32, i) == device;
  return n;
}

/* Its layers and shares in percent; of the time that a generated token takes, negative: not known.
 */
static char *
describe_device (const HrDevice *device, guint n_layers, double bytes, double time)
{
  const char *name = device->kind == HR_DEVICE_CPU ? _("the processor") : device->name;

  if (bytes >= 100)
    /* Translators: the number of layers, and the device that computes all of them */
    return g_strdup_printf (g_dngettext (NULL, "%u layer on %s", "%u layers on %s", n_layers),
                            n_layers, name);
  if (time < 0)
    /* Translators: the number of layers, the device that computes them, and its share of the bytes
     * in percent */
    return g_strdup_printf (g_dngettext (NULL, "%u layer on %s, %.0f %% of the bytes",
                                         "%u layers on %s, %.0f %% of the bytes", n_layers),
                            n_layers, name, bytes);
  /* Translators: the number of layers, the device that computes them, and its shares of the bytes
   * and of the time of an answer in percent */
  return g_strdup_printf (g_dngettext (NULL,
                                       "%u layer on %s, %.0f %% of the bytes, %.0f %% of the time",
                                       "%u layers on %s, %.0f %% of the bytes, %.0f %% of the time",
                                       n_layers),
                          n_layers, name, bytes, time);
}

/* ---- Moving the boundary --------------------------------------------------------------------- */

static void
tell_value (HeadroomLayerStrip *self, guint n)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, (double) self->devices->len,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, (double) n,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  self->text != NULL ? self->text : "", -1);
}

static void
choose (HeadroomLayerStrip *self, guint n)
{
  n = MIN (n, self->devices->len);
  if (self->n_chosen == n)
    return;
  self->n_chosen = n;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[MOVED], 0, n);
}

static void
choose_at (HeadroomLayerStrip *self, double x)
{
  double step = (double) gtk_widget_get_width (GTK_WIDGET (self)) / MAX (self->devices->len, 1);
  double before = CLAMP (x / step + 0.5, 0, self->devices->len);

  choose (self, self->devices->len - (guint) before);
}

static void
drag_begin_cb (HeadroomLayerStrip *self, double x, double y, GtkGestureDrag *gesture)
{
  if (!self->has_gpu || self->devices->len == 0) {
    gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_DENIED);
    return;
  }
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_grab_focus (GTK_WIDGET (self));
  self->n_chosen = count_on_gpus (self);
  self->drags = TRUE;
  choose_at (self, x);
}

static void
drag_update_cb (HeadroomLayerStrip *self, double dx, double dy, GtkGestureDrag *gesture)
{
  double x = 0, y = 0;

  if (self->drags && gtk_gesture_drag_get_start_point (gesture, &x, &y))
    choose_at (self, x + dx);
}

static void
drop (HeadroomLayerStrip *self)
{
  self->drags = FALSE;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[DROPPED], 0, self->n_chosen);
}

static void
drag_end_cb (HeadroomLayerStrip *self)
{
  if (self->drags)
    drop (self);
}

/* Left gives the card a layer more, because the last layers are its. */
static gboolean
key_cb (HeadroomLayerStrip *self, guint keyval, guint keycode, GdkModifierType state)
{
  guint n = count_on_gpus (self), wanted;

  if (!self->has_gpu || self->devices->len == 0 || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return FALSE;
  if (keyval == GDK_KEY_Left || keyval == GDK_KEY_KP_Left)
    wanted = n + 1;
  else if (keyval == GDK_KEY_Right || keyval == GDK_KEY_KP_Right)
    wanted = n > 0 ? n - 1 : 0;
  else if (keyval == GDK_KEY_Home || keyval == GDK_KEY_KP_Home)
    wanted = self->devices->len;
  else if (keyval == GDK_KEY_End || keyval == GDK_KEY_KP_End)
    wanted = 0;
  else
    return FALSE;
  self->n_chosen = n;
  choose (self, wanted);
  if (self->n_chosen != n)
    drop (self);
  return TRUE;
}

static void
add_controllers (HeadroomLayerStrip *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();

  g_signal_connect_swapped (drag, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect_swapped (drag, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect_swapped (drag, "drag-end", G_CALLBACK (drag_end_cb), self);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
}

/* Such as "30 layers on NVIDIA L4, 62 % of the bytes, 18 % of the time · 2 layers on ...". */
static char *
describe (HeadroomLayerStrip *self, HrPlan *plan)
{
  guint64 all = MAX (hr_plan_get_bytes (plan, HR_ITEM_N_KINDS), 1);
  GString *text = g_string_new (NULL);
  double times[HR_MAX_DEVICES];
  gboolean is_timed = headroom_predict_time_shares (plan, times);

  for (gsize i = 0; i < hr_plan_n_devices (plan); i++) {
    guint n = count_layers (self, i);
    double share = 100.0 * (double) hr_plan_get_device_bytes (plan, i) / (double) all;
    g_autofree char *part = NULL;
    if (n == 0 && share < 0.5)
      continue;
    part = describe_device (hr_plan_get_device (plan, i), n, share, is_timed ? 100 * times[i] : -1);
    g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", part);
  }
  return g_string_free (text, FALSE);
}

/**
 * headroom_layer_strip_set_plan:
 * @self: a strip
 * @plan: (nullable): whose layers to show
 */
void
headroom_layer_strip_set_plan (HeadroomLayerStrip *self, HrPlan *plan)
{
  g_return_if_fail (HEADROOM_IS_LAYER_STRIP (self));
  g_clear_pointer (&self->text, g_free);
  if (plan != NULL) {
    read_devices (self, plan);
    read_layers (self, plan);
    self->text = describe (self, plan);
  } else
    g_array_set_size (self->devices, 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  self->text != NULL ? self->text : "", -1);
  tell_value (self, count_on_gpus (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Returns: (nullable): what the strip shows, in words */
const char *
headroom_layer_strip_get_text (HeadroomLayerStrip *self)
{
  g_return_val_if_fail (HEADROOM_IS_LAYER_STRIP (self), NULL);
  return self->text;
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
headroom_layer_strip_finalize (GObject *object)
{
  HeadroomLayerStrip *self = HEADROOM_LAYER_STRIP (object);

  g_free (self->text);
  g_array_unref (self->devices);
  g_array_unref (self->kinds);
  G_OBJECT_CLASS (headroom_layer_strip_parent_class)->finalize (object);
}

static void
headroom_layer_strip_class_init (HeadroomLayerStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = headroom_layer_strip_finalize;
  widget_class->measure = headroom_layer_strip_measure;
  widget_class->snapshot = headroom_layer_strip_snapshot;
  gtk_widget_class_set_css_name (widget_class, "layerstrip");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_SLIDER);

  /**
   * HeadroomLayerStrip::moved:
   * @n_layers: on graphics cards
   *
   * A person moves the boundary.
   */
  signals[MOVED] = g_signal_new ("moved", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  /**
   * HeadroomLayerStrip::dropped:
   * @n_layers: on graphics cards
   *
   * A person has let go of it.
   */
  signals[DROPPED] = g_signal_new ("dropped", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
headroom_layer_strip_init (HeadroomLayerStrip *self)
{
  self->devices = g_array_new (FALSE, TRUE, sizeof (guint32));
  self->kinds = g_array_new (FALSE, TRUE, sizeof (HrDeviceKind));
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Layers"), -1);
  add_controllers (self);
}

GtkWidget *
headroom_layer_strip_new (void)
{
  return g_object_new (HEADROOM_TYPE_LAYER_STRIP, NULL);
}
