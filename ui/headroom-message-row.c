/* headroom-message-row.c: one message on the screen.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-message-row.h"

#include "headroom-markdown-view.h"

#include <glib/gi18n.h>

/* Tokens come faster than anyone reads; the text is laid out at most this often. */
#define REFRESH_MSEC 40

struct _HeadroomMessageRow
{
  GtkWidget parent_instance;
  HeadroomChatMessage *message;
  gboolean last;
  guint refresh_id;

  GtkWidget *body;
  GtkWidget *text; /* GtkLabel of a question, HeadroomMarkdownView of an answer */
  GtkWidget *progress;
  GtkSpinner *spinner;
  GtkLabel *progress_label;
  GtkWidget *failure;
  GtkLabel *failure_label;
  GtkWidget *footer;
  GtkWidget *copy_button;
  GtkWidget *regenerate_button;
  GtkLabel *detail_label;
};

G_DEFINE_FINAL_TYPE (HeadroomMessageRow, headroom_message_row, GTK_TYPE_WIDGET)

static gboolean
is_answer (HeadroomMessageRow *self)
{
  return headroom_chat_message_get_role (self->message) == HEADROOM_ROLE_ASSISTANT;
}

static void
refresh_text (HeadroomMessageRow *self)
{
  const char *text = headroom_chat_message_get_text (self->message);

  g_clear_handle_id (&self->refresh_id, g_source_remove);
  gtk_widget_set_visible (self->body, *text != '\0');
  if (is_answer (self))
    headroom_markdown_view_set_text (HEADROOM_MARKDOWN_VIEW (self->text), text);
  else
    gtk_label_set_text (GTK_LABEL (self->text), text);
}

static gboolean
refresh_cb (gpointer user_data)
{
  HeadroomMessageRow *self = user_data;

  self->refresh_id = 0;
  refresh_text (self);
  return G_SOURCE_REMOVE;
}

static void
text_changed_cb (HeadroomMessageRow *self)
{
  if (self->refresh_id == 0)
    self->refresh_id = g_timeout_add (REFRESH_MSEC, refresh_cb, self);
}

/* Shows the parts that belong to the message's state. */
static void
refresh_state (HeadroomMessageRow *self)
{
  HeadroomChatMessageState state = headroom_chat_message_get_state (self->message);
  const char *detail = headroom_chat_message_get_detail (self->message);
  gboolean waits = state == HEADROOM_CHAT_MESSAGE_WAITING;
  gboolean failed = state == HEADROOM_CHAT_MESSAGE_FAILED;
  gboolean has_text = *headroom_chat_message_get_text (self->message) != '\0';

  gtk_widget_set_visible (self->progress, waits);
  gtk_spinner_set_spinning (self->spinner, waits);
  gtk_label_set_text (self->progress_label, detail != NULL ? detail : _("Thinking…"));
  gtk_widget_set_visible (self->failure, failed);
  gtk_label_set_text (self->failure_label, failed && detail != NULL ? detail : "");
  gtk_widget_set_visible (self->footer,
                          is_answer (self) && !headroom_chat_message_is_open (self->message));
  gtk_widget_set_visible (self->copy_button, has_text);
  gtk_widget_set_visible (self->regenerate_button, self->last);
  gtk_label_set_text (self->detail_label, failed || detail == NULL ? "" : detail);
  if (!headroom_chat_message_is_open (self->message))
    refresh_text (self);
}

static void
copy_clicked_cb (HeadroomMessageRow *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)),
                          headroom_chat_message_get_text (self->message));
}

static void
headroom_message_row_dispose (GObject *object)
{
  HeadroomMessageRow *self = HEADROOM_MESSAGE_ROW (object);
  GtkWidget *child;

  g_clear_handle_id (&self->refresh_id, g_source_remove);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  g_clear_object (&self->message);
  G_OBJECT_CLASS (headroom_message_row_parent_class)->dispose (object);
}

static void
headroom_message_row_class_init (HeadroomMessageRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = headroom_message_row_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/headroom/Headroom/headroom-message-row.ui");
  gtk_widget_class_bind_template_child (widget_class, HeadroomMessageRow, body);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMessageRow, progress);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMessageRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMessageRow, progress_label);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMessageRow, failure);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMessageRow, failure_label);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMessageRow, footer);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMessageRow, copy_button);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMessageRow, regenerate_button);
  gtk_widget_class_bind_template_child (widget_class, HeadroomMessageRow, detail_label);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
headroom_message_row_init (HeadroomMessageRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->copy_button, "clicked", G_CALLBACK (copy_clicked_cb), self);
}

static GtkWidget *
new_question_label (void)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_focusable (label, FALSE);
  gtk_widget_set_halign (label, GTK_ALIGN_END);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_widget_add_css_class (label, "headroom-question");
  return label;
}

static GtkWidget *
new_answer_view (void)
{
  GtkWidget *view = headroom_markdown_view_new ();

  gtk_widget_set_hexpand (view, TRUE);
  gtk_widget_add_css_class (view, "headroom-answer");
  return view;
}

/**
 * headroom_message_row_new:
 * @message: the message to show and follow
 *
 * Returns: (transfer floating): a row
 */
GtkWidget *
headroom_message_row_new (HeadroomChatMessage *message)
{
  HeadroomMessageRow *self = g_object_new (HEADROOM_TYPE_MESSAGE_ROW, NULL);

  self->message = g_object_ref (message);
  self->text = is_answer (self) ? new_answer_view () : new_question_label ();
  gtk_box_append (GTK_BOX (self->body), self->text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  is_answer (self) ? _("Answer") : _("Question"), -1);
  g_signal_connect_object (message, "notify::text", G_CALLBACK (text_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (message, "notify::state", G_CALLBACK (refresh_state), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (message, "notify::detail", G_CALLBACK (refresh_state), self,
                           G_CONNECT_SWAPPED);
  refresh_text (self);
  refresh_state (self);
  return GTK_WIDGET (self);
}

/* Returns: (transfer none): the message that the row shows */
HeadroomChatMessage *
headroom_message_row_get_message (HeadroomMessageRow *self)
{
  g_return_val_if_fail (HEADROOM_IS_MESSAGE_ROW (self), NULL);
  return self->message;
}

/* Only the last answer can be asked for again. */
void
headroom_message_row_set_last (HeadroomMessageRow *self, gboolean last)
{
  g_return_if_fail (HEADROOM_IS_MESSAGE_ROW (self));
  self->last = last;
  refresh_state (self);
}
