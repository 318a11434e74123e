/* headroom-memory-page.c: the page that shows what memory is used for, what settings would cost,
 * and why things happened.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-page.h"

#include "headroom-cost-group.h"
#include "headroom-device-row.h"
#include "headroom-effective-group.h"
#include "headroom-events-group.h"
#include "headroom-plan-preview.h"
#include "headroom-residents-group.h"
#include "headroom-sum-group.h"
#include "headroom-variants-group.h"
#include "headroom-watches-group.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

/* Longer than a frame, shorter than what a person waits for. */
#define SUM_MSEC 150

struct _HeadroomMemoryPage {
  GtkWidget parent_instance;
  GtkWidget *scroller;
  GtkBox *column;
  AdwPreferencesGroup *devices_group;
  GPtrArray *rows;         /* HeadroomDeviceRow, one per device */
  GtkWidget *cost_group;   /* NULL until there are settings */
  GtkWidget *preset_group; /* likewise */
  HeadroomEffectiveGroup *effective_group;
  HeadroomSumGroup *sum_group;
  guint sum_due; /* the timeout after which the sum follows; 0: it is up to date */
  HeadroomResidentsGroup *residents_group;
  HeadroomWatchesGroup *watches_group;
  HeadroomEventsGroup *events_group;
  HeadroomPlanPreview *preview;
  HeadroomMemoryDevice devices[HEADROOM_MEMORY_MAX_DEVICES];
  gsize n_devices;
};

G_DEFINE_FINAL_TYPE (HeadroomMemoryPage, headroom_memory_page, GTK_TYPE_WIDGET)

enum { KEEP, APPLY, THRESHOLD, CHOOSE_MODEL, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- Devices --------------------------------------------------------------------------------- */

static void
set_n_devices (HeadroomMemoryPage *self, gsize n)
{
  while (self->rows->len < n) {
    GtkWidget *row = headroom_device_row_new ();
    adw_preferences_group_add (self->devices_group, row);
    g_ptr_array_add (self->rows, row);
  }
  while (self->rows->len > n) {
    adw_preferences_group_remove (self->devices_group, self->rows->pdata[self->rows->len - 1]);
    g_ptr_array_set_size (self->rows, (int) self->rows->len - 1);
  }
}

static HeadroomMemoryPart
part_of (HrItemKind kind)
{
  switch (kind) {
  case HR_ITEM_WEIGHTS:
    return HEADROOM_MEMORY_WEIGHTS;
  case HR_ITEM_CACHE:
    return HEADROOM_MEMORY_CACHE_UNUSED;
  case HR_ITEM_PROJECTOR:
    return HEADROOM_MEMORY_PROJECTOR;
  case HR_ITEM_DRIVER:
    return HEADROOM_MEMORY_DRIVER;
  default:
    return HEADROOM_MEMORY_COMPUTE;
  }
}

/* Lays the preview's plan over the devices. */
static void
show_devices (HeadroomMemoryPage *self)
{
  HrPlan *plan = headroom_plan_preview_get_plan (self->preview);

  for (gsize i = 0; i < self->n_devices; i++) {
    self->devices[i].has_plan = plan != NULL;
    self->devices[i].beside = headroom_memory_ours (&self->devices[i]);
    self->devices[i].beside -=
        MIN (self->devices[i].beside, headroom_plan_preview_get_present (self->preview, i));
    memset (self->devices[i].plan, 0, sizeof self->devices[i].plan);
  }
  for (gsize i = 0; plan != NULL && i < hr_plan_n_items (plan); i++) {
    const HrPlanItem *item = hr_plan_get_item (plan, i);
    HeadroomMemoryPart part = part_of (item->kind);
    if (item->device < self->n_devices)
      self->devices[item->device].plan[part] += item->bytes;
  }
  set_n_devices (self, self->n_devices);
  for (gsize i = 0; i < self->n_devices; i++)
    headroom_device_row_set_device (self->rows->pdata[i], &self->devices[i]);
}

/* ---- What is heard --------------------------------------------------------------------------- */

static void
show_sum (HeadroomMemoryPage *self)
{
  g_clear_handle_id (&self->sum_due, g_source_remove);
  headroom_sum_group_set_plan (self->sum_group, headroom_plan_preview_get_model (self->preview),
                               headroom_plan_preview_get_plan (self->preview));
}

static gboolean
sum_due_cb (gpointer user_data)
{
  show_sum (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
is_in_view (HeadroomMemoryPage *self, GtkWidget *widget)
{
  graphene_rect_t bounds;

  return gtk_widget_get_visible (widget) &&
         gtk_widget_compute_bounds (widget, self->scroller, &bounds) &&
         bounds.origin.y < (float) gtk_widget_get_height (self->scroller) &&
         bounds.origin.y + bounds.size.height > 0;
}

/* The sum is a page of texts, and laying them out takes longer than everything else in a frame:
 * where nobody sees it, it follows when the thumb rests. */
static void
previewed_cb (HeadroomMemoryPage *self)
{
  show_devices (self);
  if (is_in_view (self, GTK_WIDGET (self->sum_group)))
    show_sum (self);
  else {
    g_clear_handle_id (&self->sum_due, g_source_remove);
    self->sum_due = g_timeout_add (SUM_MSEC, sum_due_cb, self);
  }
}

/* It has to be right before it is seen. */
static void
scrolled_cb (HeadroomMemoryPage *self)
{
  if (self->sum_due != 0 && is_in_view (self, GTK_WIDGET (self->sum_group)))
    show_sum (self);
}

/**
 * headroom_memory_page_set_report:
 * @self: a page
 * @report: what the server says about memory now
 */
void
headroom_memory_page_set_report (HeadroomMemoryPage *self, const HeadroomMemoryReport *report)
{
  g_return_if_fail (HEADROOM_IS_MEMORY_PAGE (self));
  memcpy (self->devices, report->devices, sizeof self->devices);
  self->n_devices = report->n_devices;
  headroom_plan_preview_set_tenants (self->preview, report->status);
  headroom_plan_preview_set_devices (self->preview, self->devices, self->n_devices);
  show_devices (self);
  headroom_residents_group_set_models (self->residents_group,
                                       headroom_wire_get (report->status, "models"),
                                       headroom_wire_get (report->requests, "requests"),
                                       g_get_real_time ());
  headroom_watches_group_set_watches (self->watches_group,
                                      headroom_wire_get (report->watches, "watches"));
  headroom_events_group_set_events (self->events_group,
                                    headroom_wire_get (report->status, "events"));
}

void
headroom_memory_page_set_model (HeadroomMemoryPage *self, const char *name_or_path)
{
  g_return_if_fail (HEADROOM_IS_MEMORY_PAGE (self));
  headroom_plan_preview_set_model (self->preview, name_or_path);
}

HeadroomPlanPreview *
headroom_memory_page_get_preview (HeadroomMemoryPage *self)
{
  g_return_val_if_fail (HEADROOM_IS_MEMORY_PAGE (self), NULL);
  return self->preview;
}

void
headroom_memory_page_ask_effective (HeadroomMemoryPage *self, HeadroomClient *client,
                                    const char *body, const char *last_event)
{
  g_return_if_fail (HEADROOM_IS_MEMORY_PAGE (self));
  headroom_effective_group_ask (self->effective_group, client, body, last_event);
}

static void
keep_cb (HeadroomMemoryPage *self, const char *model, const char *keep_alive)
{
  g_signal_emit (self, signals[KEEP], 0, model, keep_alive);
}

static void
threshold_cb (HeadroomMemoryPage *self, const char *code, double value)
{
  g_signal_emit (self, signals[THRESHOLD], 0, code, value);
}

static void
variant_cb (HeadroomMemoryPage *self, const char *name)
{
  g_signal_emit (self, signals[CHOOSE_MODEL], 0, name);
}

static void
apply_cb (HeadroomMemoryPage *self)
{
  g_signal_emit (self, signals[APPLY], 0);
}

/**
 * headroom_memory_page_set_settings:
 * @self: a page
 * @settings: the program's settings; given once
 */
void
headroom_memory_page_set_settings (HeadroomMemoryPage *self, GSettings *settings)
{
  GtkWidget *variants_group;

  g_return_if_fail (HEADROOM_IS_MEMORY_PAGE (self) && self->cost_group == NULL);
  self->cost_group = headroom_cost_group_new (settings, self->preview);
  gtk_box_insert_child_after (self->column, self->cost_group, GTK_WIDGET (self->residents_group));
  self->preset_group = headroom_preset_group_new (self->preview);
  gtk_box_insert_child_after (self->column, self->preset_group, self->cost_group);
  variants_group = headroom_variants_group_new (self->preview);
  gtk_box_insert_child_after (self->column, variants_group, self->preset_group);
  g_signal_connect_object (variants_group, "chosen", G_CALLBACK (variant_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->preset_group, "chosen", G_CALLBACK (headroom_cost_group_choose),
                           self->cost_group, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->preset_group, "applied", G_CALLBACK (headroom_cost_group_apply),
                           self->cost_group, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->cost_group, "apply", G_CALLBACK (apply_cb), self,
                           G_CONNECT_SWAPPED);
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
headroom_memory_page_dispose (GObject *object)
{
  HeadroomMemoryPage *self = HEADROOM_MEMORY_PAGE (object);

  g_clear_handle_id (&self->sum_due, g_source_remove);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_object (&self->preview);
  G_OBJECT_CLASS (headroom_memory_page_parent_class)->dispose (object);
}

static void
headroom_memory_page_finalize (GObject *object)
{
  HeadroomMemoryPage *self = HEADROOM_MEMORY_PAGE (object);

  g_ptr_array_unref (self->rows);
  G_OBJECT_CLASS (headroom_memory_page_parent_class)->finalize (object);
}

static void
headroom_memory_page_class_init (HeadroomMemoryPageClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = headroom_memory_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_memory_page_finalize;
  signals[KEEP] = g_signal_new ("keep", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                2, G_TYPE_STRING, G_TYPE_STRING);
  signals[THRESHOLD] = g_signal_new ("threshold", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_DOUBLE);
  signals[CHOOSE_MODEL] = g_signal_new ("choose-model", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[APPLY] =
      g_signal_new ("apply", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
add_groups (HeadroomMemoryPage *self)
{
  self->devices_group = ADW_PREFERENCES_GROUP (adw_preferences_group_new ());
  self->sum_group = HEADROOM_SUM_GROUP (headroom_sum_group_new ());
  self->residents_group = HEADROOM_RESIDENTS_GROUP (headroom_residents_group_new ());
  self->effective_group = HEADROOM_EFFECTIVE_GROUP (headroom_effective_group_new ());
  self->watches_group = HEADROOM_WATCHES_GROUP (headroom_watches_group_new ());
  self->events_group = HEADROOM_EVENTS_GROUP (headroom_events_group_new ());
  adw_preferences_group_set_title (self->devices_group, _("Memory of This Computer"));
  gtk_box_append (self->column, GTK_WIDGET (self->devices_group));
  gtk_box_append (self->column, GTK_WIDGET (self->residents_group));
  gtk_box_append (self->column, GTK_WIDGET (self->effective_group));
  gtk_box_append (self->column, GTK_WIDGET (self->sum_group));
  gtk_box_append (self->column, GTK_WIDGET (self->watches_group));
  gtk_box_append (self->column, GTK_WIDGET (self->events_group));
  g_signal_connect_object (self->watches_group, "threshold", G_CALLBACK (threshold_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->residents_group, "keep", G_CALLBACK (keep_cb), self,
                           G_CONNECT_SWAPPED);
}

static void
headroom_memory_page_init (HeadroomMemoryPage *self)
{
  GtkWidget *clamp = adw_clamp_new ();

  self->rows = g_ptr_array_new ();
  self->preview = headroom_plan_preview_new ();
  self->column = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 24));
  gtk_widget_add_css_class (GTK_WIDGET (self->column), "headroom-page");
  add_groups (self);
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), 760);
  adw_clamp_set_child (ADW_CLAMP (clamp), GTK_WIDGET (self->column));
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), clamp);
  gtk_widget_set_vexpand (self->scroller, TRUE);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
  g_signal_connect_object (gtk_scrolled_window_get_vadjustment (
                               GTK_SCROLLED_WINDOW (self->scroller)),
                           "value-changed", G_CALLBACK (scrolled_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->preview, "changed", G_CALLBACK (previewed_cb), self,
                           G_CONNECT_SWAPPED);
  previewed_cb (self);
}

GtkWidget *
headroom_memory_page_new (void)
{
  return g_object_new (HEADROOM_TYPE_MEMORY_PAGE, NULL);
}
