/* headroom-memory-owners.c: who takes a device's memory, by name: models and other programs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-memory-owners.h"

#include <glib/gi18n.h>

#define N_ROWS (HEADROOM_MEMORY_MAX_MODELS + HEADROOM_MEMORY_MAX_NEIGHBOURS + 2) /* two titles */

struct _HeadroomMemoryOwners {
  GtkWidget parent_instance;
  GtkWidget *grid;
  GtkLabel *names[N_ROWS];
  GtkLabel *bytes[N_ROWS];
  int n_rows; /* that are shown */
};

G_DEFINE_FINAL_TYPE (HeadroomMemoryOwners, headroom_memory_owners, GTK_TYPE_WIDGET)

static void
show_row (HeadroomMemoryOwners *self, const char *name, guint64 bytes)
{
  g_autofree char *text = headroom_memory_format (bytes);
  int row = self->n_rows++;

  gtk_label_set_text (self->names[row], name);
  gtk_label_set_text (self->bytes[row], text);
  gtk_widget_remove_css_class (GTK_WIDGET (self->names[row]), "dim-label");
}

static void
show_title (HeadroomMemoryOwners *self, const char *title)
{
  int row = self->n_rows++;

  gtk_label_set_text (self->names[row], title);
  gtk_label_set_text (self->bytes[row], "");
  gtk_widget_add_css_class (GTK_WIDGET (self->names[row]), "dim-label");
}

/**
 * headroom_memory_owners_set_device:
 * @self: a list
 * @device: whose memory; copied
 */
void
headroom_memory_owners_set_device (HeadroomMemoryOwners *self, const HeadroomMemoryDevice *device)
{
  g_return_if_fail (HEADROOM_IS_MEMORY_OWNERS (self));
  self->n_rows = 0;
  if (device->n_models > 0)
    show_title (self, _("By model"));
  for (gsize i = 0; i < device->n_models; i++)
    show_row (self, device->models[i].name, headroom_memory_sum_ours (device->models[i].parts));
  if (device->n_neighbours > 0)
    show_title (self, _("Other programs that take most"));
  for (gsize i = 0; i < device->n_neighbours; i++)
    show_row (self, device->neighbours[i].name, device->neighbours[i].bytes);
  for (int i = 0; i < N_ROWS; i++) {
    gtk_widget_set_visible (GTK_WIDGET (self->names[i]), i < self->n_rows);
    gtk_widget_set_visible (GTK_WIDGET (self->bytes[i]), i < self->n_rows);
  }
  gtk_widget_set_visible (GTK_WIDGET (self), self->n_rows > 0);
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
headroom_memory_owners_dispose (GObject *object)
{
  g_clear_pointer (&HEADROOM_MEMORY_OWNERS (object)->grid, gtk_widget_unparent);
  G_OBJECT_CLASS (headroom_memory_owners_parent_class)->dispose (object);
}

static void
headroom_memory_owners_class_init (HeadroomMemoryOwnersClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_memory_owners_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
headroom_memory_owners_init (HeadroomMemoryOwners *self)
{
  self->grid = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (self->grid), 12);
  gtk_grid_set_row_spacing (GTK_GRID (self->grid), 4);
  gtk_widget_set_parent (self->grid, GTK_WIDGET (self));
  for (int i = 0; i < N_ROWS; i++) {
    GtkWidget *name = gtk_label_new (NULL), *bytes = gtk_label_new (NULL);
    self->names[i] = GTK_LABEL (name);
    self->bytes[i] = GTK_LABEL (bytes);
    gtk_label_set_xalign (self->names[i], 0);
    gtk_label_set_ellipsize (self->names[i], PANGO_ELLIPSIZE_MIDDLE);
    gtk_label_set_xalign (self->bytes[i], 1);
    gtk_widget_set_hexpand (name, TRUE);
    gtk_widget_add_css_class (bytes, "numeric");
    gtk_grid_attach (GTK_GRID (self->grid), name, 0, i, 1, 1);
    gtk_grid_attach (GTK_GRID (self->grid), bytes, 1, i, 1, 1);
  }
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

GtkWidget *
headroom_memory_owners_new (void)
{
  return g_object_new (HEADROOM_TYPE_MEMORY_OWNERS, NULL);
}
