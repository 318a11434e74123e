/* headroom-memory-strip.c: the strip that shows every device's memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-strip.h"

#include "headroom-memory-bar.h"
#include "headroom-memory-legend.h"

#include <glib/gi18n.h>

struct _HeadroomMemoryStrip
{
  GtkWidget parent_instance;
  GtkWidget *button;
  GtkWidget *popover;
  GtkBox *rows;
  GtkBox *legend;
  GtkLabel *reason_label;
};

G_DEFINE_FINAL_TYPE (HeadroomMemoryStrip, headroom_memory_strip, GTK_TYPE_WIDGET)

/* ---- Rows: for each device a line of text over its bar --------------------------------------- */

static GtkWidget *
new_row (void)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_VERTICAL, 4);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *start = gtk_label_new (NULL), *end = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (start), 0);
  gtk_label_set_ellipsize (GTK_LABEL (start), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (start, TRUE);
  gtk_widget_add_css_class (start, "caption");
  gtk_widget_add_css_class (end, "caption");
  gtk_widget_add_css_class (end, "numeric");
  gtk_widget_add_css_class (end, "dim-label");
  gtk_box_append (GTK_BOX (line), start);
  gtk_box_append (GTK_BOX (line), end);
  gtk_box_append (GTK_BOX (row), line);
  gtk_box_append (GTK_BOX (row), headroom_memory_bar_new ());
  g_object_set_data (G_OBJECT (row), "start", start);
  g_object_set_data (G_OBJECT (row), "end", end);
  return row;
}

/* What a device is asked for, with its name where there are several. */
static char *
make_demand_text (const HeadroomMemoryDevice *device, gboolean is_only)
{
  g_autofree char *need = headroom_memory_format (headroom_memory_planned (device));

  if (!device->has_plan)
    return g_strdup (device->name);
  if (is_only)
    /* Translators: how much memory the chosen model takes with the chosen settings */
    return g_strdup_printf (_("Needs %s"), need);
  /* Translators: the first is a device (such as a graphics card), the second how much of its memory
   * is needed */
  return g_strdup_printf (_("%s · needs %s"), device->name, need);
}

static void
update_row (GtkWidget *row, const HeadroomMemoryDevice *device, gboolean is_only)
{
  GtkLabel *start = g_object_get_data (G_OBJECT (row), "start");
  GtkLabel *end = g_object_get_data (G_OBJECT (row), "end");
  g_autofree char *demand = make_demand_text (device, is_only);
  g_autofree char *free_text = headroom_memory_format (device->now[HEADROOM_MEMORY_FREE]);
  g_autofree char *total = headroom_memory_format (device->total);
  /* Translators: how much memory is free, of how much */
  g_autofree char *text = g_strdup_printf (_("%s of %s free"), free_text, total);

  headroom_memory_bar_set_device (HEADROOM_MEMORY_BAR (gtk_widget_get_last_child (row)), device);
  gtk_label_set_text (end, text);
  gtk_label_set_text (start, demand);
  if (headroom_memory_fits (device))
    gtk_widget_remove_css_class (GTK_WIDGET (start), "error");
  else
    gtk_widget_add_css_class (GTK_WIDGET (start), "error");
}

/* ---- Any number of devices ------------------------------------------------------------------- */

static void
set_n_children (GtkBox *box, gsize n, GtkWidget *(*create) (void))
{
  GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (box));

  while (child != NULL && n > 0) {
    child = gtk_widget_get_next_sibling (child);
    n--;
  }
  while (child != NULL) {
    GtkWidget *next = gtk_widget_get_next_sibling (child);
    gtk_box_remove (box, child);
    child = next;
  }
  for (; n > 0; n--)
    gtk_box_append (box, create ());
}

/**
 * headroom_memory_strip_set_devices:
 * @self: a strip
 * @devices: (array length=n_devices): what to show; copied
 * @n_devices: how many
 */
void
headroom_memory_strip_set_devices (HeadroomMemoryStrip *self, const HeadroomMemoryDevice *devices,
                                   gsize n_devices)
{
  GtkWidget *row, *legend;

  g_return_if_fail (HEADROOM_IS_MEMORY_STRIP (self));
  set_n_children (self->rows, n_devices, new_row);
  set_n_children (self->legend, n_devices, headroom_memory_legend_new);
  row = gtk_widget_get_first_child (GTK_WIDGET (self->rows));
  legend = gtk_widget_get_first_child (GTK_WIDGET (self->legend));
  for (gsize i = 0; i < n_devices; i++) {
    update_row (row, &devices[i], n_devices == 1);
    headroom_memory_legend_set_device (HEADROOM_MEMORY_LEGEND (legend), &devices[i]);
    row = gtk_widget_get_next_sibling (row);
    legend = gtk_widget_get_next_sibling (legend);
  }
}

/**
 * headroom_memory_strip_set_reason:
 * @self: a strip
 * @reason: (nullable): why the chosen settings do not fit; %NULL where they do
 */
void
headroom_memory_strip_set_reason (HeadroomMemoryStrip *self, const char *reason)
{
  g_return_if_fail (HEADROOM_IS_MEMORY_STRIP (self));
  gtk_label_set_text (self->reason_label, reason != NULL ? reason : "");
  gtk_widget_set_visible (GTK_WIDGET (self->reason_label), reason != NULL);
}

/* ---- Layout: the button fills the strip, which a menu button's child would not, and the popover
 * belongs to the strip --- */

static void
headroom_memory_strip_measure (GtkWidget *widget, GtkOrientation orientation, int for_size,
                               int *minimum, int *natural, int *minimum_baseline,
                               int *natural_baseline)
{
  gtk_widget_measure (HEADROOM_MEMORY_STRIP (widget)->button, orientation, for_size, minimum,
                      natural, NULL, NULL);
}

static void
headroom_memory_strip_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  HeadroomMemoryStrip *self = HEADROOM_MEMORY_STRIP (widget);

  gtk_widget_allocate (self->button, width, height, baseline, NULL);
  gtk_popover_present (GTK_POPOVER (self->popover));
}

static GtkSizeRequestMode
headroom_memory_strip_get_request_mode (GtkWidget *widget)
{
  return gtk_widget_get_request_mode (HEADROOM_MEMORY_STRIP (widget)->button);
}

static void
popup_cb (GtkWidget *widget, const char *action, GVariant *parameter)
{
  gtk_popover_popup (GTK_POPOVER (HEADROOM_MEMORY_STRIP (widget)->popover));
}

static void
headroom_memory_strip_dispose (GObject *object)
{
  HeadroomMemoryStrip *self = HEADROOM_MEMORY_STRIP (object);

  g_clear_pointer (&self->popover, gtk_widget_unparent);
  g_clear_pointer (&self->button, gtk_widget_unparent);
  G_OBJECT_CLASS (headroom_memory_strip_parent_class)->dispose (object);
}

static void
headroom_memory_strip_class_init (HeadroomMemoryStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = headroom_memory_strip_dispose;
  widget_class->measure = headroom_memory_strip_measure;
  widget_class->size_allocate = headroom_memory_strip_size_allocate;
  widget_class->get_request_mode = headroom_memory_strip_get_request_mode;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/headroom/Headroom/headroom-memory-strip.ui");
  gtk_widget_class_bind_template_child (widget_class, HeadroomMemoryStrip, button);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMemoryStrip, popover);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMemoryStrip, rows);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMemoryStrip, legend);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMemoryStrip, reason_label);
  gtk_widget_class_install_action (widget_class, "memory.details", NULL, popup_cb);
}

static void
headroom_memory_strip_init (HeadroomMemoryStrip *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_object_bind_property (self->button, "active", self->popover, "visible",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
}

GtkWidget *
headroom_memory_strip_new (void)
{
  return g_object_new (HEADROOM_TYPE_MEMORY_STRIP, NULL);
}
