/* headroom-memory-legend.c: every number of one device's memory, as a table with its patterns.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-legend.h"

#include "headroom-memory-bar.h"
#include "headroom-memory-owners.h"

#include <glib/gi18n.h>
#include <string.h>

#define N_ROWS (HEADROOM_MEMORY_N_PARTS + 1) /* each part, and the sum */

struct _HeadroomMemoryLegend {
  GtkWidget parent_instance;
  GtkWidget *box;
  GtkWidget *grid;
  GtkLabel *title;
  GtkWidget *swatches[N_ROWS];
  GtkWidget *names[N_ROWS];
  GtkLabel *now[N_ROWS];
  GtkLabel *plan[N_ROWS];
  GtkWidget *plan_title;
  HeadroomMemoryOwners *owners;
  HeadroomMemoryDevice device;
  gboolean is_stale; /* the device is not shown yet: nobody sees the legend */
};

G_DEFINE_FINAL_TYPE (HeadroomMemoryLegend, headroom_memory_legend, GTK_TYPE_WIDGET)

static GtkWidget *
new_label (const char *text, float xalign, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), xalign);
  gtk_label_set_justify (GTK_LABEL (label), xalign > 0 ? GTK_JUSTIFY_RIGHT : GTK_JUSTIFY_LEFT);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  return label;
}

static GtkLabel *
attach_number (HeadroomMemoryLegend *self, int column, int row)
{
  GtkWidget *label = new_label (NULL, 1, "numeric");

  gtk_grid_attach (GTK_GRID (self->grid), label, column, row, 1, 1);
  return GTK_LABEL (label);
}

static void
attach_part (HeadroomMemoryLegend *self, int part)
{
  int row = part + 1; /* below the titles */
  gboolean is_sum = part == HEADROOM_MEMORY_N_PARTS;
  GtkWidget *name = new_label (is_sum ? _("Total") : headroom_memory_part_title (part), 0,
                               is_sum ? "heading" : NULL);

  gtk_widget_set_hexpand (name, TRUE);
  self->names[part] = name;
  self->swatches[part] = is_sum ? gtk_label_new (NULL) : headroom_memory_swatch_new (part);
  gtk_grid_attach (GTK_GRID (self->grid), self->swatches[part], 0, row, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), name, 1, row, 1, 1);
  self->now[part] = attach_number (self, 2, row);
  self->plan[part] = attach_number (self, 3, row);
}

static void
headroom_memory_legend_dispose (GObject *object)
{
  g_clear_pointer (&HEADROOM_MEMORY_LEGEND (object)->box, gtk_widget_unparent);
  G_OBJECT_CLASS (headroom_memory_legend_parent_class)->dispose (object);
}

/* What few machines have is left out where there is none. */
static gboolean
is_usual (int part)
{
  return part != HEADROOM_MEMORY_PROJECTOR && part != HEADROOM_MEMORY_DRIVER;
}

static void
show_part (HeadroomMemoryLegend *self, int part, gboolean visible)
{
  gtk_widget_set_visible (self->swatches[part], visible);
  gtk_widget_set_visible (self->names[part], visible);
  gtk_widget_set_visible (GTK_WIDGET (self->now[part]), visible);
}

/* A rounded number over the exact one. */
static void
show_bytes (GtkLabel *label, guint64 bytes)
{
  g_autofree char *rounded = headroom_memory_format (bytes);
  g_autofree char *exact = headroom_memory_format_exact (bytes);
  g_autofree char *markup =
      g_markup_printf_escaped ("%s\n<span size=\"x-small\" alpha=\"60%%\">%s</span>", rounded,
                               exact);

  gtk_label_set_markup (label, markup);
}

static void
show_device (HeadroomMemoryLegend *self)
{
  const HeadroomMemoryDevice *device = &self->device;

  self->is_stale = FALSE;
  gtk_label_set_text (self->title, device->name);
  gtk_widget_set_visible (self->plan_title, device->has_plan);
  for (int part = 0; part < HEADROOM_MEMORY_N_PARTS; part++) {
    show_bytes (self->now[part], device->now[part]);
    show_bytes (self->plan[part], device->plan[part]);
    show_part (self, part, is_usual (part) || device->now[part] > 0 || device->plan[part] > 0);
    gtk_widget_set_visible (GTK_WIDGET (self->plan[part]),
                            device->has_plan && device->plan[part] > 0);
  }
  show_bytes (self->now[HEADROOM_MEMORY_N_PARTS], device->total);
  show_bytes (self->plan[HEADROOM_MEMORY_N_PARTS], headroom_memory_planned (device));
  gtk_widget_set_visible (GTK_WIDGET (self->plan[HEADROOM_MEMORY_N_PARTS]), device->has_plan);
  headroom_memory_owners_set_device (self->owners, device);
}

/**
 * headroom_memory_legend_set_device:
 * @self: a legend
 * @device: what to show; copied
 *
 * Two dozen labels are too many for every frame of a slider: they wait until somebody sees them.
 */
void
headroom_memory_legend_set_device (HeadroomMemoryLegend *self, const HeadroomMemoryDevice *device)
{
  g_return_if_fail (HEADROOM_IS_MEMORY_LEGEND (self));
  if (memcmp (&self->device, device, sizeof *device) == 0)
    return;
  self->device = *device;
  self->is_stale = TRUE;
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    show_device (self);
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
headroom_memory_legend_map (GtkWidget *widget)
{
  HeadroomMemoryLegend *self = HEADROOM_MEMORY_LEGEND (widget);

  if (self->is_stale)
    show_device (self);
  GTK_WIDGET_CLASS (headroom_memory_legend_parent_class)->map (widget);
}

static void
headroom_memory_legend_class_init (HeadroomMemoryLegendClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_memory_legend_dispose;
  GTK_WIDGET_CLASS (klass)->map = headroom_memory_legend_map;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
headroom_memory_legend_init (HeadroomMemoryLegend *self)
{
  self->grid = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (self->grid), 12);
  gtk_grid_set_row_spacing (GTK_GRID (self->grid), 6);

  self->title = GTK_LABEL (new_label (NULL, 0, "heading"));
  gtk_label_set_ellipsize (self->title, PANGO_ELLIPSIZE_END);
  gtk_grid_attach (GTK_GRID (self->grid), GTK_WIDGET (self->title), 0, 0, 2, 1);
  gtk_grid_attach (GTK_GRID (self->grid), new_label (_("Now"), 1, "dim-label"), 2, 0, 1, 1);
  self->plan_title = new_label (_("Needed"), 1, "dim-label");
  gtk_grid_attach (GTK_GRID (self->grid), self->plan_title, 3, 0, 1, 1);
  for (int part = 0; part < N_ROWS; part++)
    attach_part (self, part);
  self->owners = HEADROOM_MEMORY_OWNERS (headroom_memory_owners_new ());
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  gtk_box_append (GTK_BOX (self->box), self->grid);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->owners));
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
}

GtkWidget *
headroom_memory_legend_new (void)
{
  return g_object_new (HEADROOM_TYPE_MEMORY_LEGEND, NULL);
}
