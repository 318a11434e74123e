/* headroom-slot-strip.c: the slots of a loaded model, each filled as far as it remembers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-slot-strip.h"

#include "headroom-memory-paint.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

/* pixels */
#define MIN_WIDTH 120
#define LANE_HEIGHT 8
#define LANE_GAP 3
/* More slots than this share the height of so many. */
#define FULL_LANES 16

typedef struct {
  guint n_positions;
  gboolean is_active;
} Slot;

struct _HeadroomSlotStrip {
  GtkWidget parent_instance;
  GArray *slots; /* Slot */
  guint num_ctx; /* tokens that each can hold */
  char *text;
};

G_DEFINE_FINAL_TYPE (HeadroomSlotStrip, headroom_slot_strip, GTK_TYPE_WIDGET)

static double
filled_part (HeadroomSlotStrip *self, const Slot *slot)
{
  return self->num_ctx > 0 ? MIN ((double) slot->n_positions / self->num_ctx, 1) : 0;
}

static void
snapshot_slot (HeadroomSlotStrip *self, GtkSnapshot *snapshot, const Slot *slot, double y,
               double height)
{
  GtkWidget *widget = GTK_WIDGET (self);
  double width = gtk_widget_get_width (widget), filled = width * filled_part (self, slot);
  gboolean is_rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  graphene_rect_t lane = GRAPHENE_RECT_INIT (0, (float) y, (float) width, (float) height);
  graphene_rect_t held = GRAPHENE_RECT_INIT ((float) (is_rtl ? width - filled : 0), (float) y,
                                             (float) filled, (float) height);
  GskRoundedRect rounded;

  gsk_rounded_rect_init_from_rect (&rounded, &lane, (float) height / 2);
  gtk_snapshot_push_rounded_clip (snapshot, &rounded);
  headroom_memory_paint_trough (widget, snapshot, &lane);
  headroom_memory_paint (widget, snapshot, &held,
                         slot->is_active ? HEADROOM_MEMORY_CACHE : HEADROOM_MEMORY_CACHE_UNUSED);
  gtk_snapshot_pop (snapshot);
}

static void
headroom_slot_strip_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  HeadroomSlotStrip *self = HEADROOM_SLOT_STRIP (widget);
  double step =
      self->slots->len > 0 ? (double) gtk_widget_get_height (widget) / self->slots->len : 0;

  for (guint i = 0; i < self->slots->len; i++)
    snapshot_slot (self, snapshot, &g_array_index (self->slots, Slot, i), i * step,
                   MIN (LANE_HEIGHT, step * 0.8));
}

static void
headroom_slot_strip_measure (GtkWidget *widget, GtkOrientation orientation, int for_size,
                             int *minimum, int *natural, int *minimum_baseline,
                             int *natural_baseline)
{
  int n = (int) MIN (HEADROOM_SLOT_STRIP (widget)->slots->len, FULL_LANES);

  *minimum = *natural =
      orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : n * (LANE_HEIGHT + LANE_GAP);
}

/* ---- What is where --------------------------------------------------------------------------- */

/* Such as "1: 5,210 of 8,192 tokens, answering · 2: empty". */
static char *
describe (HeadroomSlotStrip *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->slots->len; i++) {
    const Slot *slot = &g_array_index (self->slots, Slot, i);
    if (text->len > 0)
      g_string_append (text, " · ");
    if (slot->n_positions == 0 && !slot->is_active)
      /* Translators: a slot's number; it remembers nothing */
      g_string_append_printf (text, _("%u: empty"), i + 1);
    else if (slot->is_active)
      /* Translators: a slot's number, the tokens that it remembers, of how many; it gives an answer
       * now */
      g_string_append_printf (text, _("%u: %'u of %'u tokens, answering"), i + 1,
                              slot->n_positions, self->num_ctx);
    else
      g_string_append_printf (text, _("%u: %'u of %'u tokens"), i + 1, slot->n_positions,
                              self->num_ctx);
  }
  return g_string_free (text, FALSE);
}

/**
 * headroom_slot_strip_set_slots:
 * @self: a strip
 * @slots: (nullable): a list of {positions, active}
 * @num_ctx: tokens that each slot can hold
 */
void
headroom_slot_strip_set_slots (HeadroomSlotStrip *self, const HrValue *slots, guint num_ctx)
{
  gsize n = headroom_wire_length (slots);

  g_return_if_fail (HEADROOM_IS_SLOT_STRIP (self));
  if (n != self->slots->len)
    gtk_widget_queue_resize (GTK_WIDGET (self));
  g_array_set_size (self->slots, (guint) n);
  self->num_ctx = num_ctx;
  for (guint i = 0; i < n; i++) {
    const HrValue *slot = headroom_wire_at (slots, i);
    g_array_index (self->slots, Slot, i) = (Slot){
      .n_positions = (guint) CLAMP (headroom_wire_get_int (slot, "positions"), 0, G_MAXUINT32),
      .is_active = headroom_wire_get_bool (slot, "active"),
    };
  }
  g_free (self->text);
  self->text = describe (self);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  self->text, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* Returns: (transfer none): what the strip shows, in words */
const char *
headroom_slot_strip_get_text (HeadroomSlotStrip *self)
{
  g_return_val_if_fail (HEADROOM_IS_SLOT_STRIP (self), "");
  return self->text;
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
headroom_slot_strip_finalize (GObject *object)
{
  HeadroomSlotStrip *self = HEADROOM_SLOT_STRIP (object);

  g_free (self->text);
  g_array_unref (self->slots);
  G_OBJECT_CLASS (headroom_slot_strip_parent_class)->finalize (object);
}

static void
headroom_slot_strip_class_init (HeadroomSlotStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = headroom_slot_strip_finalize;
  widget_class->measure = headroom_slot_strip_measure;
  widget_class->snapshot = headroom_slot_strip_snapshot;
  gtk_widget_class_set_css_name (widget_class, "slotstrip");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
headroom_slot_strip_init (HeadroomSlotStrip *self)
{
  self->slots = g_array_new (FALSE, TRUE, sizeof (Slot));
  self->text = g_strdup ("");
  gtk_widget_set_hexpand (GTK_WIDGET (self), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Slots"),
                                  -1);
}

GtkWidget *
headroom_slot_strip_new (void)
{
  return g_object_new (HEADROOM_TYPE_SLOT_STRIP, NULL);
}
