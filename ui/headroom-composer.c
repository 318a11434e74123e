/* headroom-composer.c: where a question is typed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-composer.h"

#include <glib/gi18n.h>

struct _HeadroomComposer
{
  GtkWidget parent_instance;
  gboolean ready; /* there is a model to ask */
  gboolean busy;  /* an answer is on its way */

  GtkWidget *box;
  GtkTextView *view;
  GtkLabel *placeholder;
  GtkStack *button_stack;
  GtkWidget *send_button;
  GtkWidget *stop_button;
};

G_DEFINE_FINAL_TYPE (HeadroomComposer, headroom_composer, GTK_TYPE_WIDGET)

enum { SEND, N_SIGNALS };
static guint signals[N_SIGNALS];

/* Returns: (transfer full): what is typed */
char *
headroom_composer_dup_text (HeadroomComposer *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  return gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
}

static gboolean
has_words (HeadroomComposer *self)
{
  g_autofree char *text = headroom_composer_dup_text (self);

  return *g_strstrip (text) != '\0';
}

static void
refresh (HeadroomComposer *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);

  gtk_widget_set_visible (GTK_WIDGET (self->placeholder),
                          gtk_text_buffer_get_char_count (buffer) == 0);
  gtk_widget_set_sensitive (self->send_button, self->ready && has_words (self));
  gtk_stack_set_visible_child_name (self->button_stack, self->busy ? "stop" : "send");
}

/**
 * headroom_composer_send:
 * @self: a composer
 *
 * Emits "send" with the text and empties the composer, if it holds words, there is a model and no
 * answer is on its way.
 *
 * Returns: whether it was sent
 */
gboolean
headroom_composer_send (HeadroomComposer *self)
{
  g_autofree char *text = NULL;

  g_return_val_if_fail (HEADROOM_IS_COMPOSER (self), FALSE);
  if (!self->ready || self->busy || !has_words (self))
    return FALSE;
  text = headroom_composer_dup_text (self);
  headroom_composer_set_text (self, "");
  g_signal_emit (self, signals[SEND], 0, g_strstrip (text));
  return TRUE;
}

/* Enter sends, but an input method that is composing gets it first: there it picks the word. */
static gboolean
key_pressed_cb (HeadroomComposer *self, guint keyval, guint keycode, GdkModifierType modifiers,
                GtkEventController *keys)
{
  gboolean is_enter =
      keyval == GDK_KEY_Return || keyval == GDK_KEY_KP_Enter || keyval == GDK_KEY_ISO_Enter;
  GdkEvent *event;

  if (!is_enter || (modifiers & GDK_SHIFT_MASK) != 0)
    return GDK_EVENT_PROPAGATE;
  event = gtk_event_controller_get_current_event (keys);
  if (event != NULL && gtk_text_view_im_context_filter_keypress (self->view, event))
    return GDK_EVENT_STOP;
  headroom_composer_send (self);
  return GDK_EVENT_STOP;
}

static gboolean
headroom_composer_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (HEADROOM_COMPOSER (widget)->view));
}

static void
headroom_composer_dispose (GObject *object)
{
  g_clear_pointer (&HEADROOM_COMPOSER (object)->box, gtk_widget_unparent);
  G_OBJECT_CLASS (headroom_composer_parent_class)->dispose (object);
}

static void
headroom_composer_class_init (HeadroomComposerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = headroom_composer_dispose;
  widget_class->grab_focus = headroom_composer_grab_focus;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/headroom/Headroom/headroom-composer.ui");
  gtk_widget_class_bind_template_child (widget_class, HeadroomComposer, box);
  gtk_widget_class_bind_template_child (widget_class, HeadroomComposer, view);
  gtk_widget_class_bind_template_child (widget_class, HeadroomComposer, placeholder);
  gtk_widget_class_bind_template_child (widget_class, HeadroomComposer, button_stack);
  gtk_widget_class_bind_template_child (widget_class, HeadroomComposer, send_button);
  gtk_widget_class_bind_template_child (widget_class, HeadroomComposer, stop_button);
  signals[SEND] = g_signal_new ("send", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

/* The frame of the composer shows the focus, since the text view inside has none of its own. */
static void
focus_changed_cb (HeadroomComposer *self)
{
  if (gtk_widget_has_focus (GTK_WIDGET (self->view)))
    gtk_widget_add_css_class (self->box, "focused");
  else
    gtk_widget_remove_css_class (self->box, "focused");
}

static void
headroom_composer_init (HeadroomComposer *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (keys, "key-pressed", G_CALLBACK (key_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->view), keys);
  g_signal_connect_swapped (self->send_button, "clicked", G_CALLBACK (headroom_composer_send),
                            self);
  g_signal_connect_object (gtk_text_view_get_buffer (self->view), "changed", G_CALLBACK (refresh),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_swapped (self->view, "notify::has-focus", G_CALLBACK (focus_changed_cb), self);
}

GtkWidget *
headroom_composer_new (void)
{
  return g_object_new (HEADROOM_TYPE_COMPOSER, NULL);
}

void
headroom_composer_set_ready (HeadroomComposer *self, gboolean ready)
{
  g_return_if_fail (HEADROOM_IS_COMPOSER (self));
  self->ready = ready;
  refresh (self);
}

void
headroom_composer_set_busy (HeadroomComposer *self, gboolean busy)
{
  g_return_if_fail (HEADROOM_IS_COMPOSER (self));
  self->busy = busy;
  refresh (self);
}

void
headroom_composer_set_placeholder (HeadroomComposer *self, const char *text)
{
  g_return_if_fail (HEADROOM_IS_COMPOSER (self));
  gtk_label_set_text (self->placeholder, text);
}

void
headroom_composer_set_text (HeadroomComposer *self, const char *text)
{
  g_return_if_fail (HEADROOM_IS_COMPOSER (self));
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->view), text, -1);
}
