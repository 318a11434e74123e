/* headroom-chat-view.c: the messages of a conversation, from top to bottom.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-chat-view.h"

#include "headroom-message-row.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define ROW_SPACING 18     /* pixels */
#define READABLE_WIDTH 720 /* pixels; lines that are longer are hard to read */
#define END_SLACK 24.0     /* pixels; nearer to the end than this counts as at the end */

struct _HeadroomChatView
{
  GtkWidget parent_instance;
  GListModel *messages;
  GtkWidget *scroller;
  GtkWidget *box;
  gboolean following; /* the reader is at the end */
  guint follow_id;
};

G_DEFINE_FINAL_TYPE (HeadroomChatView, headroom_chat_view, GTK_TYPE_WIDGET)

static GtkWidget *
nth_row (HeadroomChatView *self, guint n)
{
  GtkWidget *row = gtk_widget_get_first_child (self->box);

  while (row != NULL && n-- > 0)
    row = gtk_widget_get_next_sibling (row);
  return row;
}

static void
mark_last (HeadroomChatView *self)
{
  GtkWidget *last = gtk_widget_get_last_child (self->box);

  for (GtkWidget *row = gtk_widget_get_first_child (self->box); row != NULL;
       row = gtk_widget_get_next_sibling (row))
    headroom_message_row_set_last (HEADROOM_MESSAGE_ROW (row), row == last);
}

static void
items_changed_cb (HeadroomChatView *self, guint position, guint removed, guint added)
{
  GtkWidget *before = position > 0 ? nth_row (self, position - 1) : NULL;

  for (guint i = 0; i < removed; i++)
    gtk_box_remove (GTK_BOX (self->box), nth_row (self, position));
  for (guint i = 0; i < added; i++) {
    g_autoptr (HeadroomChatMessage) message = g_list_model_get_item (self->messages, position + i);
    GtkWidget *row = headroom_message_row_new (message);
    gtk_box_insert_child_after (GTK_BOX (self->box), row, before);
    before = row;
  }
  mark_last (self);
}

static double
end_of (GtkAdjustment *adjustment)
{
  return gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment);
}

static gboolean
follow_cb (gpointer user_data)
{
  HeadroomChatView *self = user_data;
  GtkAdjustment *adjustment =
      gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (self->scroller));

  self->follow_id = 0;
  gtk_adjustment_set_value (adjustment, end_of (adjustment));
  return G_SOURCE_REMOVE;
}

/* The content became higher or the window lower: stay at the end if the reader was there. Not at
 * once: this is called while the content is laid out, and what is moved then is not laid out again.
 */
static void
adjustment_changed_cb (HeadroomChatView *self)
{
  if (self->following && self->follow_id == 0)
    self->follow_id = g_idle_add_full (G_PRIORITY_HIGH_IDLE, follow_cb, self, NULL);
}

static void
adjustment_moved_cb (HeadroomChatView *self, GtkAdjustment *adjustment)
{
  if (self->follow_id != 0)
    return;
  self->following = gtk_adjustment_get_value (adjustment) >= end_of (adjustment) - END_SLACK;
}

static void
headroom_chat_view_dispose (GObject *object)
{
  HeadroomChatView *self = HEADROOM_CHAT_VIEW (object);

  g_clear_handle_id (&self->follow_id, g_source_remove);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_object (&self->messages);
  G_OBJECT_CLASS (headroom_chat_view_parent_class)->dispose (object);
}

static void
headroom_chat_view_class_init (HeadroomChatViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = headroom_chat_view_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
headroom_chat_view_init (HeadroomChatView *self)
{
  GtkWidget *clamp = adw_clamp_new ();
  GtkAdjustment *adjustment;

  self->following = TRUE;
  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, ROW_SPACING);
  gtk_widget_add_css_class (self->box, "headroom-messages");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->box), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Conversation"), -1);
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), READABLE_WIDTH);
  adw_clamp_set_child (ADW_CLAMP (clamp), self->box);
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), clamp);
  gtk_widget_set_vexpand (self->scroller, TRUE);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));

  adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (self->scroller));
  g_signal_connect_object (adjustment, "changed", G_CALLBACK (adjustment_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (adjustment, "value-changed", G_CALLBACK (adjustment_moved_cb), self,
                           G_CONNECT_SWAPPED);
}

GtkWidget *
headroom_chat_view_new (void)
{
  return g_object_new (HEADROOM_TYPE_CHAT_VIEW, NULL);
}

/**
 * headroom_chat_view_set_messages:
 * @self: a chat view without messages
 * @messages: a list of HeadroomChatMessage to show and follow
 */
void
headroom_chat_view_set_messages (HeadroomChatView *self, GListModel *messages)
{
  g_return_if_fail (HEADROOM_IS_CHAT_VIEW (self));
  g_return_if_fail (self->messages == NULL);
  self->messages = g_object_ref (messages);
  g_signal_connect_object (messages, "items-changed", G_CALLBACK (items_changed_cb), self,
                           G_CONNECT_SWAPPED);
  items_changed_cb (self, 0, 0, g_list_model_get_n_items (messages));
}

/* Goes to the end and stays there, as after a question was sent. */
void
headroom_chat_view_follow (HeadroomChatView *self)
{
  g_return_if_fail (HEADROOM_IS_CHAT_VIEW (self));
  self->following = TRUE;
  adjustment_changed_cb (self);
}
