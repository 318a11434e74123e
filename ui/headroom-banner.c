/* headroom-banner.c: a line over a page that tells of a lasting state.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-banner.h"

#include <glib/gi18n.h>

struct _HeadroomBanner
{
  GtkWidget parent_instance;
  GtkWidget *revealer;
  GtkLabel *label;
};

G_DEFINE_FINAL_TYPE (HeadroomBanner, headroom_banner, GTK_TYPE_WIDGET)

static void
headroom_banner_dispose (GObject *object)
{
  g_clear_pointer (&HEADROOM_BANNER (object)->revealer, gtk_widget_unparent);
  G_OBJECT_CLASS (headroom_banner_parent_class)->dispose (object);
}

static void
headroom_banner_class_init (HeadroomBannerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_banner_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_STATUS);
}

static void
headroom_banner_init (HeadroomBanner *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *label = gtk_label_new (NULL);
  GtkWidget *close = gtk_button_new_from_icon_name ("window-close-symbolic");

  self->label = GTK_LABEL (label);
  gtk_label_set_wrap (self->label, TRUE);
  gtk_label_set_xalign (self->label, 0);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_add_css_class (close, "flat");
  gtk_widget_add_css_class (close, "circular");
  gtk_widget_set_valign (close, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (close, _("Dismiss"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (close), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Dismiss"), -1);
  g_signal_connect_swapped (close, "clicked", G_CALLBACK (headroom_banner_hide), self);
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), close);
  gtk_widget_add_css_class (box, "headroom-banner");

  self->revealer = gtk_revealer_new ();
  gtk_revealer_set_child (GTK_REVEALER (self->revealer), box);
  gtk_widget_set_parent (self->revealer, GTK_WIDGET (self));
}

GtkWidget *
headroom_banner_new (void)
{
  return g_object_new (HEADROOM_TYPE_BANNER, NULL);
}

void
headroom_banner_show (HeadroomBanner *self, const char *text)
{
  g_return_if_fail (HEADROOM_IS_BANNER (self));
  gtk_label_set_text (self->label, text);
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), TRUE);
}

void
headroom_banner_hide (HeadroomBanner *self)
{
  g_return_if_fail (HEADROOM_IS_BANNER (self));
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), FALSE);
}
