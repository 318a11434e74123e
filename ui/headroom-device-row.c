/* headroom-device-row.c: one device's memory in a list: its bar, and on demand every number.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-device-row.h"

#include "headroom-memory-bar.h"
#include "headroom-memory-legend.h"

#include <glib/gi18n.h>

struct _HeadroomDeviceRow {
  AdwPreferencesRow parent_instance;
  GtkLabel *name_label;
  GtkLabel *free_label;
  GtkToggleButton *numbers_button;
  HeadroomMemoryBar *bar;
  HeadroomMemoryLegend *legend;
};

G_DEFINE_FINAL_TYPE (HeadroomDeviceRow, headroom_device_row, ADW_TYPE_PREFERENCES_ROW)

/**
 * headroom_device_row_set_device:
 * @self: a row
 * @device: what to show; copied
 */
void
headroom_device_row_set_device (HeadroomDeviceRow *self, const HeadroomMemoryDevice *device)
{
  g_autofree char *free_text = headroom_memory_format (device->now[HEADROOM_MEMORY_FREE]),
                  *total = headroom_memory_format (device->total);
  g_autofree char *text = g_strdup_printf (_("%s of %s free"), free_text, total);

  g_return_if_fail (HEADROOM_IS_DEVICE_ROW (self));
  gtk_label_set_text (self->name_label, device->name);
  gtk_label_set_text (self->free_label, text);
  headroom_memory_bar_set_device (self->bar, device);
  headroom_memory_legend_set_device (self->legend, device);
}

static void
headroom_device_row_class_init (HeadroomDeviceRowClass *klass)
{
}

/* Name, what is free, and the button that opens the numbers. */
static GtkWidget *
new_line (HeadroomDeviceRow *self)
{
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *name = gtk_label_new (NULL),
            *free_label = gtk_label_new (NULL), *button = gtk_toggle_button_new ();

  self->name_label = GTK_LABEL (name);
  self->free_label = GTK_LABEL (free_label);
  self->numbers_button = GTK_TOGGLE_BUTTON (button);
  gtk_label_set_xalign (self->name_label, 0);
  gtk_label_set_ellipsize (self->name_label, PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (free_label, "numeric");
  gtk_widget_add_css_class (free_label, "dim-label");
  gtk_button_set_icon_name (GTK_BUTTON (button), "pan-down-symbolic");
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_add_css_class (button, "headroom-small");
  gtk_widget_set_tooltip_text (button, _("In Numbers"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("In Numbers"), -1);
  gtk_box_append (GTK_BOX (line), name);
  gtk_box_append (GTK_BOX (line), free_label);
  gtk_box_append (GTK_BOX (line), button);
  return line;
}

static void
headroom_device_row_init (HeadroomDeviceRow *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 8), *revealer = gtk_revealer_new ();

  self->bar = HEADROOM_MEMORY_BAR (headroom_memory_bar_new ());
  self->legend = HEADROOM_MEMORY_LEGEND (headroom_memory_legend_new ());
  gtk_widget_add_css_class (box, "headroom-slider");
  gtk_revealer_set_child (GTK_REVEALER (revealer), GTK_WIDGET (self->legend));
  gtk_box_append (GTK_BOX (box), new_line (self));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->bar));
  gtk_box_append (GTK_BOX (box), revealer);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (self), box);
  g_object_bind_property (self->numbers_button, "active", revealer, "reveal-child",
                          G_BINDING_SYNC_CREATE);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (self), FALSE);
  gtk_widget_set_focusable (GTK_WIDGET (self), FALSE);
}

GtkWidget *
headroom_device_row_new (void)
{
  return g_object_new (HEADROOM_TYPE_DEVICE_ROW, NULL);
}
