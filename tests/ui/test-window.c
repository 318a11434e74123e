/* test-window.c: the real window, used as a person would, in front of an engine that says what the
 * test wants.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-composer.h"
#include "headroom-message-row.h"
#include "headroom-welcome.h"
#include "window-support.h"

static WindowFixture *
open_typical (void)
{
  WindowFixture *fixture = window_fixture_new (fake_engine_new_typical (), 800, 600);

  window_fixture_wait_model (fixture);
  return fixture;
}

static gboolean
activate (WindowFixture *fixture, const char *action)
{
  return gtk_widget_activate_action (GTK_WIDGET (fixture->window), action, NULL);
}

/* ---- Chat ------------------------------------------------------------------------------------ */

static void
test_answer (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  g_autofree char *answer = NULL;

  window_fixture_type (fixture, "Why?");
  window_fixture_wait_idle (fixture);
  answer = window_fixture_dup_answer (fixture);
  g_assert_nonnull (strstr (answer, "A context of 32,768 tokens takes about 4 GiB here."));
  g_assert_nonnull (strstr (answer, "size_t bytes = 2 * n_layer"));
  g_assert_nonnull (strstr (answer, "69,632"));
  g_assert_nonnull (strstr (answer, "84 tokens · 42.0 tokens/s · first word after"));
  g_assert_nonnull (strstr (fixture->engine->last_chat, "\"model\":\"smollm2:latest\""));
  g_assert_nonnull (strstr (fixture->engine->last_chat, "\"content\":\"Why?\""));
}

static void
test_streams (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  gsize seen[4] = { 0 };

  fixture->engine->piece_msec = 20;
  window_fixture_type (fixture, "Why?");
  for (gsize i = 1; i < G_N_ELEMENTS (seen); i++) {
    g_autofree char *answer = NULL;
    window_fixture_wait_until (fixture, (g_free (answer),
                                         answer = window_fixture_dup_answer (fixture)) != NULL &&
                                            strlen (answer) > seen[i - 1] + 20);
    seen[i] = strlen (answer);
    g_assert_true (window_fixture_is_busy (fixture));
  }
}

static void
test_stop (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();

  fixture->engine->piece_msec = 50;
  window_fixture_type (fixture, "Why?");
  window_fixture_wait_until (fixture, window_fixture_answer_has (fixture, "A context"));
  g_assert_true (activate (fixture, "win.stop"));
  g_assert_false (window_fixture_is_busy (fixture));
  window_fixture_wait_until (fixture, fixture->engine->client_left);
  g_assert_true (window_fixture_answer_has (fixture, "A context"));
  g_assert_true (window_fixture_answer_has (fixture, "Stopped"));
}

static void
test_regenerate (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  g_autofree char *answer = NULL;

  window_fixture_type (fixture, "Why?");
  window_fixture_wait_idle (fixture);
  g_free (fixture->engine->answer);
  fixture->engine->answer = g_strdup ("Another answer.");
  g_assert_true (activate (fixture, "win.regenerate"));
  window_fixture_wait_idle (fixture);
  answer = window_fixture_dup_answer (fixture);
  g_assert_true (g_str_has_prefix (answer, "Another answer."));
  g_assert_null (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MESSAGE_ROW, 2));
  g_assert_cmpuint (fixture->engine->n_chats, ==, 2);
  g_assert_null (strstr (fixture->engine->last_chat, "assistant"));
}

static void
test_follow_up (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();

  window_fixture_type (fixture, "First?");
  window_fixture_wait_idle (fixture);
  window_fixture_type (fixture, "Second?");
  window_fixture_wait_idle (fixture);
  g_assert_nonnull (strstr (fixture->engine->last_chat, "First?"));
  g_assert_nonnull (strstr (fixture->engine->last_chat, "\"role\":\"assistant\""));
  g_assert_nonnull (strstr (fixture->engine->last_chat, "Second?"));
  g_assert_nonnull (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MESSAGE_ROW, 3));
}

static void
test_new_chat (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();

  fixture->engine->piece_msec = 50;
  window_fixture_type (fixture, "Why?");
  window_fixture_wait_until (fixture, window_fixture_answer_has (fixture, "A context"));
  g_assert_true (activate (fixture, "win.new-chat"));
  g_assert_null (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MESSAGE_ROW, 0));
  g_assert_false (window_fixture_is_busy (fixture));
  window_fixture_wait_until (fixture, fixture->engine->client_left);
}

static void
test_refusal (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  g_autofree char *answer = NULL;

  fixture->engine->chat_error = g_strdup ("{\"error\":\"needs 39.6 GiB and 9.8 GiB are free\"}");
  window_fixture_type (fixture, "Why?");
  window_fixture_wait_idle (fixture);
  answer = window_fixture_dup_answer (fixture);
  g_assert_nonnull (strstr (answer, "needs 39.6 GiB and 9.8 GiB are free"));

  /* What was refused can be asked for again. */
  g_clear_pointer (&fixture->engine->chat_error, g_free);
  g_assert_true (activate (fixture, "win.regenerate"));
  window_fixture_wait_idle (fixture);
  g_free (answer);
  answer = window_fixture_dup_answer (fixture);
  g_assert_true (g_str_has_prefix (answer, "A context"));
}

static void
test_engine_goes_away (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();

  fixture->engine->piece_msec = 50;
  window_fixture_type (fixture, "Why?");
  window_fixture_wait_until (fixture, window_fixture_answer_has (fixture, "A context"));
  g_clear_pointer (&fixture->engine, fake_engine_free);
  window_fixture_wait_idle (fixture);
  g_assert_true (window_fixture_answer_has (fixture, "A context"));
}

/* Presses a key in the composer; returns whether the composer took it. */
static gboolean
press (GtkWidget *view, guint keyval, GdkModifierType modifiers)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (view);
  gboolean taken = FALSE;

  for (guint i = 0; !taken && i < g_list_model_get_n_items (controllers); i++) {
    g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
    if (GTK_IS_EVENT_CONTROLLER_KEY (controller) &&
        gtk_event_controller_get_propagation_phase (controller) == GTK_PHASE_CAPTURE)
      g_signal_emit_by_name (controller, "key-pressed", keyval, 0, modifiers, &taken);
  }
  return taken;
}

static void
test_keys (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  GtkWidget *composer = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_COMPOSER, 0);
  GtkWidget *view = window_find (composer, GTK_TYPE_TEXT_VIEW, 0);

  g_assert_true (gtk_root_get_focus (GTK_ROOT (fixture->window)) == view);
  gtk_text_buffer_insert_at_cursor (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)), "Why?", -1);
  g_assert_false (press (view, GDK_KEY_Return, GDK_SHIFT_MASK));
  window_fixture_settle (fixture, 50);
  g_assert_cmpuint (fixture->engine->n_chats, ==, 0);
  g_assert_true (press (view, GDK_KEY_Return, 0));
  window_fixture_wait_idle (fixture);
  g_assert_cmpuint (fixture->engine->n_chats, ==, 1);
  g_assert_cmpint (gtk_text_buffer_get_char_count (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view))),
                   ==, 0);
}

static void
test_suggestion (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  GtkWidget *page = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_WELCOME, 0);

  g_signal_emit_by_name (window_find (page, GTK_TYPE_BUTTON, 1), "clicked");
  window_fixture_wait_idle (fixture);
  g_assert_nonnull (strstr (fixture->engine->last_chat, "Write a short poem about autumn"));
}

static void
test_empty_message (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  HeadroomComposer *composer =
      HEADROOM_COMPOSER (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_COMPOSER, 0));

  headroom_composer_set_text (composer, " \n ");
  g_assert_false (headroom_composer_send (composer));
  g_assert_cmpuint (fixture->engine->n_chats, ==, 0);
}

/* ---- Window ---------------------------------------------------------------------------------- */

static void
test_narrow (void)
{
  static const int widths[] = { 360, 800, 1280 };

  for (gsize i = 0; i < G_N_ELEMENTS (widths); i++) {
    g_autoptr (WindowFixture) fixture =
        window_fixture_new (fake_engine_new_typical (), widths[i], 640);
    int minimum, height;
    window_fixture_wait_model (fixture);
    window_fixture_type (fixture, "Why?");
    window_fixture_wait_idle (fixture);
    gtk_widget_measure (GTK_WIDGET (fixture->window), GTK_ORIENTATION_HORIZONTAL, -1, &minimum,
                        NULL, NULL, NULL);
    gtk_widget_measure (GTK_WIDGET (fixture->window), GTK_ORIENTATION_VERTICAL, 360, &height, NULL,
                        NULL, NULL);
    g_assert_cmpint (minimum, <=, 360);
    g_assert_cmpint (height, <=, 360);
    g_assert_cmpint (gtk_widget_get_width (GTK_WIDGET (fixture->window)), <=, widths[i]);
  }
}

static void
test_failure (void)
{
  g_autoptr (WindowFixture) fixture = window_fixture_new (NULL, 800, 600);

  g_assert_cmpstr (window_fixture_get_page (fixture), ==, "starting");
  headroom_window_set_failure (fixture->window, "the store is not readable");
  g_assert_cmpstr (window_fixture_get_page (fixture), ==, "failed");
  g_assert_true (window_shows (GTK_WIDGET (fixture->window), "the store is not readable"));
}

static void
test_notice (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();

  headroom_window_set_notice (fixture->window, "port 11434 is taken by ollama (1234)");
  g_assert_true (
      window_shows (GTK_WIDGET (fixture->window), "port 11434 is taken by ollama (1234)"));
}

/* Every button that shows only an icon has a name for those who do not see it. */
static void
assert_named (GtkWidget *widget)
{
  if (GTK_IS_BUTTON (widget) && gtk_button_get_icon_name (GTK_BUTTON (widget)) != NULL &&
      gtk_widget_get_tooltip_text (widget) != NULL)
    g_assert_true (
        gtk_test_accessible_has_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    assert_named (child);
}

static void
test_names (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();

  window_fixture_type (fixture, "Why?");
  window_fixture_wait_idle (fixture);
  assert_named (GTK_WIDGET (fixture->window));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ()) {
    g_print ("1..0 # SKIP no display\n");
    return 0;
  }
  adw_init ();
  g_test_add_func ("/window/chat/answer", test_answer);
  g_test_add_func ("/window/chat/streams", test_streams);
  g_test_add_func ("/window/chat/stop", test_stop);
  g_test_add_func ("/window/chat/regenerate", test_regenerate);
  g_test_add_func ("/window/chat/follow-up", test_follow_up);
  g_test_add_func ("/window/chat/new", test_new_chat);
  g_test_add_func ("/window/chat/refusal", test_refusal);
  g_test_add_func ("/window/chat/engine-goes-away", test_engine_goes_away);
  g_test_add_func ("/window/chat/keys", test_keys);
  g_test_add_func ("/window/chat/suggestion", test_suggestion);
  g_test_add_func ("/window/chat/empty-message", test_empty_message);
  g_test_add_func ("/window/narrow", test_narrow);
  g_test_add_func ("/window/failure", test_failure);
  g_test_add_func ("/window/notice", test_notice);
  g_test_add_func ("/window/names", test_names);
  return g_test_run ();
}
