/* headroom-welcome.c: the page of a chat that has not begun.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-welcome.h"

#include <glib/gi18n.h>

#define SUGGESTION_SPACING 8 /* pixels */

struct _HeadroomWelcome
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (HeadroomWelcome, headroom_welcome, ADW_TYPE_BIN)

enum { SUGGESTED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
clicked_cb (HeadroomWelcome *self, GtkButton *button)
{
  g_signal_emit (self, signals[SUGGESTED], 0, gtk_button_get_label (button));
}

static void
add_suggestion (HeadroomWelcome *self, GtkWidget *box, const char *text)
{
  GtkWidget *button = gtk_button_new_with_label (text);

  gtk_label_set_wrap (GTK_LABEL (gtk_button_get_child (GTK_BUTTON (button))), TRUE);
  gtk_widget_add_css_class (button, "headroom-suggestion");
  g_signal_connect_object (button, "clicked", G_CALLBACK (clicked_cb), self, G_CONNECT_SWAPPED);
  gtk_box_append (GTK_BOX (box), button);
}

static void
headroom_welcome_class_init (HeadroomWelcomeClass *klass)
{
  signals[SUGGESTED] = g_signal_new ("suggested", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
headroom_welcome_init (HeadroomWelcome *self)
{
  GtkWidget *page = adw_status_page_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, SUGGESTION_SPACING);

  gtk_widget_set_halign (box, GTK_ALIGN_CENTER);
  add_suggestion (self, box, _("Explain why the sky is blue"));
  add_suggestion (self, box, _("Write a short poem about autumn"));
  add_suggestion (self, box, _("List three ideas for a quick dinner"));
  adw_status_page_set_icon_name (ADW_STATUS_PAGE (page), "io.github.headroom.Headroom");
  adw_status_page_set_title (ADW_STATUS_PAGE (page), _("Ask Anything"));
  adw_status_page_set_description (ADW_STATUS_PAGE (page),
                                   _("What you write stays on this computer."));
  adw_status_page_set_child (ADW_STATUS_PAGE (page), box);
  gtk_widget_add_css_class (page, "compact");
  adw_bin_set_child (ADW_BIN (self), page);
}
