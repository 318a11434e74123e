/* headroom-memory-bar.c: a bar that shows what one device's memory is used for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-bar.h"

#include "headroom-memory-paint.h"

#include <glib/gi18n.h>

/* pixels */
#define NOW_HEIGHT 14
#define GAP_HEIGHT 3
#define PLAN_HEIGHT 6
#define MIN_WIDTH 120
#define MIN_OVERRUN 16
#define MODEL_BORDER 2
#define SWATCH_SIZE 14
#define SWATCH_RADIUS 4

struct _HeadroomMemoryBar {
  GtkWidget parent_instance;
  HeadroomMemoryDevice device;
};

G_DEFINE_FINAL_TYPE (HeadroomMemoryBar, headroom_memory_bar, GTK_TYPE_WIDGET)

static void
headroom_memory_bar_measure (GtkWidget *widget, GtkOrientation orientation, int for_size,
                             int *minimum, int *natural, int *minimum_baseline,
                             int *natural_baseline)
{
  *minimum = *natural =
      orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : NOW_HEIGHT + GAP_HEIGHT + PLAN_HEIGHT;
}

/* A part's place as a rectangle; bars grow from the reading direction's start. */
static graphene_rect_t
place (GtkWidget *widget, const HeadroomMemorySpan *span, float y, float height)
{
  float width = gtk_widget_get_width (widget);
  float x = span->start;

  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    x = width - x - span->width;
  return GRAPHENE_RECT_INIT (x, y, span->width, height);
}

static void
push_rounded (GtkSnapshot *snapshot, const graphene_rect_t *area)
{
  GskRoundedRect rounded;

  gsk_rounded_rect_init_from_rect (&rounded, area, area->size.height / 2);
  gtk_snapshot_push_rounded_clip (snapshot, &rounded);
}

/* What the chosen settings would take more than now, or give back, over the present. */
static void
snapshot_ghost (HeadroomMemoryBar *self, GtkSnapshot *snapshot, const HeadroomMemorySpan *first)
{
  const HeadroomMemoryDevice *device = &self->device;
  double pixel =
      device->total > 0 ? gtk_widget_get_width (GTK_WIDGET (self)) / (double) device->total : 0;
  double now = first->start + (double) headroom_memory_ours (device) * pixel;
  double after = first->start + (double) headroom_memory_after (device) * pixel;
  HeadroomMemorySpan span = { MIN (now, after), now < after ? after - now : now - after };
  graphene_rect_t area = place (GTK_WIDGET (self), &span, 0, NOW_HEIGHT);

  if (device->has_plan && span.width >= 1)
    headroom_memory_paint_ghost (GTK_WIDGET (self), snapshot, &area, after > now);
}

/* A line where one model or program ends and the next begins. */
static void
snapshot_border (HeadroomMemoryBar *self, GtkSnapshot *snapshot,
                 const HeadroomMemorySegment *segment)
{
  GtkWidget *widget = GTK_WIDGET (self);
  gboolean is_ours = segment->part != HEADROOM_MEMORY_OTHERS;
  HeadroomMemorySpan span = { segment->span.start, is_ours ? MODEL_BORDER : 1 };
  graphene_rect_t area = place (widget, &span, 0, NOW_HEIGHT);
  GdkRGBA colour = headroom_memory_colour (widget, "window_bg_color");

  gtk_snapshot_append_color (snapshot, &colour, &area);
}

static gboolean
begins_owner (const HeadroomMemorySegment *segments, gsize index)
{
  return index > 0 && (segments[index].owner >= 0 || segments[index - 1].owner >= 0) &&
         (segments[index].owner != segments[index - 1].owner ||
          (segments[index].part == HEADROOM_MEMORY_OTHERS) !=
              (segments[index - 1].part == HEADROOM_MEMORY_OTHERS));
}

static void
snapshot_now (HeadroomMemoryBar *self, GtkSnapshot *snapshot)
{
  GtkWidget *widget = GTK_WIDGET (self);
  HeadroomMemorySegment segments[HEADROOM_MEMORY_MAX_SEGMENTS];
  HeadroomMemorySpan spans[HEADROOM_MEMORY_N_PARTS];
  graphene_rect_t lane = GRAPHENE_RECT_INIT (0, 0, gtk_widget_get_width (widget), NOW_HEIGHT);
  gsize n = headroom_memory_layout_segments (&self->device, lane.size.width, segments);

  headroom_memory_layout_now (&self->device, lane.size.width, spans);
  push_rounded (snapshot, &lane);
  headroom_memory_paint_trough (widget, snapshot, &lane);
  for (gsize i = 0; i < n; i++) {
    graphene_rect_t area = place (widget, &segments[i].span, 0, NOW_HEIGHT);
    headroom_memory_paint (widget, snapshot, &area, segments[i].part);
    if (begins_owner (segments, i))
      snapshot_border (self, snapshot, &segments[i]);
  }
  snapshot_ghost (self, snapshot, &spans[HEADROOM_MEMORY_WEIGHTS]);
  gtk_snapshot_pop (snapshot);
}

/* Marks the plan's end where it reaches into what is to stay free, or past the end of the bar. */
static void
snapshot_overrun (HeadroomMemoryBar *self, GtkSnapshot *snapshot, double y, double end)
{
  GtkWidget *widget = GTK_WIDGET (self);
  HeadroomMemorySpan now[HEADROOM_MEMORY_N_PARTS], over;
  graphene_rect_t area;

  headroom_memory_layout_now (&self->device, gtk_widget_get_width (widget), now);
  over.start = MIN (now[HEADROOM_MEMORY_RESERVE].start, end - MIN_OVERRUN);
  over.width = end - over.start;
  area = place (widget, &over, y, PLAN_HEIGHT);
  headroom_memory_paint_overrun (widget, snapshot, &area);
}

static void
snapshot_plan (HeadroomMemoryBar *self, GtkSnapshot *snapshot)
{
  GtkWidget *widget = GTK_WIDGET (self);
  HeadroomMemorySpan spans[HEADROOM_MEMORY_N_PARTS];
  HeadroomMemorySpan whole;
  graphene_rect_t lane;
  double width = gtk_widget_get_width (widget), y = NOW_HEIGHT + GAP_HEIGHT, start;

  headroom_memory_layout_plan (&self->device, width, spans);
  start = spans[HEADROOM_MEMORY_OTHERS].start;
  whole.start = start;
  whole.width = spans[HEADROOM_MEMORY_RESERVE].start + spans[HEADROOM_MEMORY_RESERVE].width - start;
  whole.width = MIN (whole.width, width - start);
  if (whole.width <= 0)
    return;
  lane = place (widget, &whole, y, PLAN_HEIGHT);
  push_rounded (snapshot, &lane);
  headroom_memory_paint_trough (widget, snapshot, &lane);
  for (int i = 0; i < HEADROOM_MEMORY_N_PARTS; i++) {
    graphene_rect_t area = place (widget, &spans[i], y, PLAN_HEIGHT);
    headroom_memory_paint (widget, snapshot, &area, i);
  }
  if (!headroom_memory_fits (&self->device))
    snapshot_overrun (self, snapshot, y, whole.start + whole.width);
  gtk_snapshot_pop (snapshot);
}

static void
headroom_memory_bar_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  HeadroomMemoryBar *self = HEADROOM_MEMORY_BAR (widget);

  snapshot_now (self, snapshot);
  if (self->device.has_plan)
    snapshot_plan (self, snapshot);
}

/* ---- What is under the pointer --------------------------------------------------------------- */

/* Such as "llama3.1:8b · Weights: 4.3 GiB". */
static char *
describe_segment (HeadroomMemoryBar *self, const HeadroomMemorySegment *segment)
{
  const char *part = headroom_memory_part_title (segment->part), *owner = NULL;
  g_autofree char *bytes = headroom_memory_format (segment->bytes);

  if (segment->owner >= 0 && segment->part == HEADROOM_MEMORY_OTHERS)
    owner = self->device.neighbours[segment->owner].name;
  else if (segment->owner >= 0)
    owner = self->device.models[segment->owner].name;
  if (owner == NULL)
    /* Translators: a part of the memory, and bytes */
    return g_strdup_printf (_("%s: %s"), part, bytes);
  /* Translators: a model or program, a part of the memory, and bytes */
  return g_strdup_printf (_("%s · %s: %s"), owner, part, bytes);
}

static gboolean
headroom_memory_bar_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard,
                                   GtkTooltip *tooltip)
{
  HeadroomMemoryBar *self = HEADROOM_MEMORY_BAR (widget);
  HeadroomMemorySegment segments[HEADROOM_MEMORY_MAX_SEGMENTS];
  double width = gtk_widget_get_width (widget),
         at = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL ? width - x : x;
  gsize n = headroom_memory_layout_segments (&self->device, width, segments);

  if (keyboard || y > NOW_HEIGHT)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (at >= segments[i].span.start && at < segments[i].span.start + segments[i].span.width) {
      g_autofree char *text = describe_segment (self, &segments[i]);
      gtk_tooltip_set_text (tooltip, text);
      return TRUE;
    }
  return FALSE;
}

static void
headroom_memory_bar_class_init (HeadroomMemoryBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = headroom_memory_bar_measure;
  widget_class->snapshot = headroom_memory_bar_snapshot;
  widget_class->query_tooltip = headroom_memory_bar_query_tooltip;
  gtk_widget_class_set_css_name (widget_class, "memorybar");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_METER);
}

static void
headroom_memory_bar_init (HeadroomMemoryBar *self)
{
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
}

GtkWidget *
headroom_memory_bar_new (void)
{
  return g_object_new (HEADROOM_TYPE_MEMORY_BAR, NULL);
}

/* Such as "llama3.1:8b 6.7 GiB, firefox 2.1 GiB". */
static char *
dup_owners (const HeadroomMemoryDevice *device)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < device->n_models; i++) {
    g_autofree char *bytes =
        headroom_memory_format (headroom_memory_sum_ours (device->models[i].parts));
    g_string_append_printf (text, "%s%s %s", text->len > 0 ? ", " : "", device->models[i].name,
                            bytes);
  }
  for (gsize i = 0; i < device->n_neighbours; i++) {
    g_autofree char *bytes = headroom_memory_format (device->neighbours[i].bytes);
    g_string_append_printf (text, "%s%s %s", text->len > 0 ? ", " : "", device->neighbours[i].name,
                            bytes);
  }
  return g_string_free (text, FALSE);
}

/* Tells assistive technologies what the bar shows. */
static void
update_accessible (HeadroomMemoryBar *self)
{
  const HeadroomMemoryDevice *device = &self->device;
  g_autofree char *ours = headroom_memory_format (headroom_memory_ours (device));
  g_autofree char *free_text = headroom_memory_format (device->now[HEADROOM_MEMORY_FREE]);
  g_autofree char *total = headroom_memory_format (device->total);
  g_autofree char *need = headroom_memory_format (headroom_memory_planned (device));
  g_autofree char *owners = dup_owners (device), *text = NULL;

  if (device->has_plan)
    text = g_strdup_printf (_("Models take %s, %s of %s are free, the chosen settings need %s"),
                            ours, free_text, total, need);
  else
    text = g_strdup_printf (_("Models take %s, %s of %s are free"), ours, free_text, total);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  device->name, GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, (double) device->total,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_NOW,
                                  (double) (device->total - device->now[HEADROOM_MEMORY_FREE] -
                                            device->now[HEADROOM_MEMORY_RESERVE]),
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, owners, -1);
}

/**
 * headroom_memory_bar_set_device:
 * @self: a bar
 * @device: what to show; copied
 */
void
headroom_memory_bar_set_device (HeadroomMemoryBar *self, const HeadroomMemoryDevice *device)
{
  g_return_if_fail (HEADROOM_IS_MEMORY_BAR (self));
  if (memcmp (&self->device, device, sizeof *device) == 0)
    return;
  self->device = *device;
  update_accessible (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Returns: (transfer none): what is shown */
const HeadroomMemoryDevice *
headroom_memory_bar_get_device (HeadroomMemoryBar *self)
{
  g_return_val_if_fail (HEADROOM_IS_MEMORY_BAR (self), NULL);
  return &self->device;
}

/* ---- Swatch ---------------------------------------------------------------------------------- */

struct _HeadroomMemorySwatch {
  GtkWidget parent_instance;
  HeadroomMemoryPart part;
};

G_DEFINE_FINAL_TYPE (HeadroomMemorySwatch, headroom_memory_swatch, GTK_TYPE_WIDGET)

static void
headroom_memory_swatch_measure (GtkWidget *widget, GtkOrientation orientation, int for_size,
                                int *minimum, int *natural, int *minimum_baseline,
                                int *natural_baseline)
{
  *minimum = *natural = SWATCH_SIZE;
}

static void
headroom_memory_swatch_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  graphene_rect_t area =
      GRAPHENE_RECT_INIT (0, 0, gtk_widget_get_width (widget), gtk_widget_get_height (widget));
  GskRoundedRect rounded;

  gsk_rounded_rect_init_from_rect (&rounded, &area, SWATCH_RADIUS);
  gtk_snapshot_push_rounded_clip (snapshot, &rounded);
  headroom_memory_paint_trough (widget, snapshot, &area);
  headroom_memory_paint (widget, snapshot, &area, HEADROOM_MEMORY_SWATCH (widget)->part);
  gtk_snapshot_pop (snapshot);
}

static void
headroom_memory_swatch_class_init (HeadroomMemorySwatchClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = headroom_memory_swatch_measure;
  widget_class->snapshot = headroom_memory_swatch_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
headroom_memory_swatch_init (HeadroomMemorySwatch *self)
{
  gtk_widget_set_valign (GTK_WIDGET (self), GTK_ALIGN_CENTER);
}

GtkWidget *
headroom_memory_swatch_new (HeadroomMemoryPart part)
{
  HeadroomMemorySwatch *self = g_object_new (HEADROOM_TYPE_MEMORY_SWATCH, NULL);

  self->part = part;
  return GTK_WIDGET (self);
}
