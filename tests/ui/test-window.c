/* test-window.c: the real window, used as a person would, in front of an engine that says what the test wants.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-composer.h"
#include "headroom-memory-bar.h"
#include "headroom-memory-strip.h"
#include "headroom-message-row.h"
#include "headroom-model-chooser.h"
#include "headroom-settings-popover.h"
#include "headroom-welcome.h"
#include "window-support.h"

#define GIB ((guint64) 1024 * 1024 * 1024)

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

static const HeadroomMemoryDevice *
get_device (WindowFixture *fixture)
{
  GtkWidget *bar = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_BAR, 0);

  return bar != NULL ? headroom_memory_bar_get_device (HEADROOM_MEMORY_BAR (bar)) : NULL;
}

/* ---- Chat ---------------------------------------------------------------------------------------------------------- */

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
    window_fixture_wait_until (fixture, (g_free (answer), answer = window_fixture_dup_answer (fixture)) != NULL &&
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
  g_assert_cmpint (gtk_text_buffer_get_char_count (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view))), ==, 0);
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
  HeadroomComposer *composer = HEADROOM_COMPOSER (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_COMPOSER, 0));

  headroom_composer_set_text (composer, " \n ");
  g_assert_false (headroom_composer_send (composer));
  g_assert_cmpuint (fixture->engine->n_chats, ==, 0);
}

/* ---- Models -------------------------------------------------------------------------------------------------------- */

static void
test_no_model (void)
{
  g_autoptr (WindowFixture) fixture = NULL;
  FakeEngine *engine = fake_engine_new_typical ();

  g_free (engine->tags);
  engine->tags = g_strdup ("{\"models\":[]}");
  fixture = window_fixture_new (engine, 800, 600);
  window_fixture_wait_until (fixture, g_str_equal (window_fixture_get_page (fixture), "no-model"));
  g_assert_false (gtk_widget_get_visible (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_COMPOSER, 0)));

  /* One that is copied to the store meanwhile is found. */
  g_free (engine->tags);
  engine->tags = g_strdup ("{\"models\":[{\"name\":\"new:latest\"}]}");
  g_assert_true (activate (fixture, "win.refresh-models"));
  window_fixture_wait_model (fixture);
  g_assert_cmpstr (window_fixture_get_page (fixture), ==, "empty");
}

static gboolean
has_chosen (WindowFixture *fixture, const char *model)
{
  GtkWidget *chooser = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MODEL_CHOOSER, 0);

  return g_strcmp0 (headroom_model_chooser_get_model (HEADROOM_MODEL_CHOOSER (chooser)), model) == 0;
}

static gboolean
was_planned (WindowFixture *fixture, const char *text)
{
  return fixture->engine->last_plan != NULL && strstr (fixture->engine->last_plan, text) != NULL;
}

static void
test_choose (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  g_autofree char *last = NULL;

  headroom_window_choose_model (fixture->window, "llama3.1:8b");
  window_fixture_wait_until (fixture, has_chosen (fixture, "llama3.1:8b"));
  window_fixture_wait_until (fixture, was_planned (fixture, "llama3.1:8b"));
  last = g_settings_get_string (fixture->settings, "last-model");
  g_assert_cmpstr (last, ==, "llama3.1:8b");

  /* A name without a tag means the tag "latest", as in the terminal. */
  headroom_window_choose_model (fixture->window, "smollm2");
  window_fixture_wait_until (fixture, has_chosen (fixture, "smollm2:latest"));

  headroom_window_choose_model (fixture->window, "missing");
  window_fixture_wait_until (fixture, window_shows (GTK_WIDGET (fixture->window), "There is no model “missing”"));
  g_assert_true (has_chosen (fixture, "smollm2:latest"));

  headroom_window_choose_model (fixture->window, "/somewhere/File.gguf");
  window_fixture_wait_until (fixture, has_chosen (fixture, "/somewhere/File.gguf"));
}

/* ---- Memory -------------------------------------------------------------------------------------------------------- */

static gboolean
has_plan (WindowFixture *fixture)
{
  const HeadroomMemoryDevice *device = get_device (fixture);

  return device != NULL && device->has_plan;
}

static void
test_memory (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  const HeadroomMemoryDevice *device;

  window_fixture_wait_until (fixture, has_plan (fixture));
  device = get_device (fixture);
  g_assert_cmpuint (device->total, ==, 16 * GIB);
  g_assert_cmpuint (headroom_memory_planned (device), ==, GIB * 5 / 2);
  g_assert_true (window_shows (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_STRIP, 0), "Needs 2.5"));
}

static void
test_memory_polls (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  guint before = fixture->engine->n_statuses;

  window_fixture_wait_until (fixture, fixture->engine->n_statuses >= before + 2);
  gtk_widget_set_visible (GTK_WIDGET (fixture->window), FALSE);
  window_fixture_settle (fixture, 500);
  before = fixture->engine->n_statuses;
  window_fixture_settle (fixture, 2000);
  g_assert_cmpuint (fixture->engine->n_statuses, ==, before);
}

static void
test_memory_misfit (void)
{
  g_autoptr (WindowFixture) fixture = NULL;
  FakeEngine *engine = fake_engine_new_typical ();
  GtkWidget *strip;

  g_free (engine->plan);
  engine->plan = fake_plan (12, 4, 0.3, FALSE);
  fixture = window_fixture_new (engine, 800, 600);
  window_fixture_wait_until (fixture, has_plan (fixture));
  strip = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_STRIP, 0);
  g_assert_true (window_shows (strip, "Needs 16.3"));
  g_assert_true (window_shows (strip, "A context of 8192 tokens fits."));
  g_assert_false (headroom_memory_fits (get_device (fixture)));
}

static void
test_memory_accessible (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  GtkWidget *bar;

  window_fixture_wait_until (fixture, has_plan (fixture));
  bar = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_BAR, 0);
  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_ROLE_METER);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, 16.0 * GIB);
  g_assert_true (gtk_test_accessible_has_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW));
  g_assert_true (gtk_test_accessible_has_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT));
  g_assert_true (gtk_test_accessible_has_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_LABEL));
}

/* ---- Settings ------------------------------------------------------------------------------------------------------ */

static void
test_settings_plan (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  guint before;

  window_fixture_wait_until (fixture, has_plan (fixture));
  g_settings_set_int (fixture->settings, "num-ctx", 8192);
  window_fixture_wait_until (fixture, was_planned (fixture, "\"num_ctx\":8192"));

  /* A slider that is dragged asks as often as it gets answers, and ends with the last value. */
  before = fixture->engine->n_plans;
  for (int tokens = 256; tokens <= 256 * 100; tokens += 256)
    g_settings_set_int (fixture->settings, "num-ctx", tokens);
  window_fixture_wait_until (fixture, was_planned (fixture, "\"num_ctx\":25600"));
  g_assert_cmpuint (fixture->engine->n_plans, <, before + 20);
}

static void
test_settings_asked (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();

  g_settings_set_int (fixture->settings, "num-ctx", 2048);
  g_settings_set_double (fixture->settings, "temperature", 0.25);
  g_settings_set_int (fixture->settings, "num-predict", 128);
  window_fixture_type (fixture, "Why?");
  window_fixture_wait_idle (fixture);
  g_assert_nonnull (strstr (fixture->engine->last_chat,
                            "\"options\":{\"num_ctx\":2048,\"temperature\":0.25,\"num_predict\":128}"));
}

static void
test_settings_popover (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  GtkWidget *popover;

  window_fixture_wait_until (fixture, fixture->engine->n_plans > 0 && has_plan (fixture));
  popover = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_SETTINGS_POPOVER, 0);
  g_assert_nonnull (popover);

  /* Moving the slider by the keyboard's step changes the setting; the number follows. */
  gtk_range_set_value (GTK_RANGE (window_find (popover, GTK_TYPE_SCALE, 0)), 11);
  g_assert_cmpint (g_settings_get_int (fixture->settings, "num-ctx"), ==, 2048);
  g_assert_cmpint (gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (window_find (popover, GTK_TYPE_SPIN_BUTTON, 0))), ==,
                   2048);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (window_find (popover, GTK_TYPE_SPIN_BUTTON, 0)), 1000);
  g_assert_cmpint (g_settings_get_int (fixture->settings, "num-ctx"), ==, 1000);
  g_assert_cmpfloat_with_epsilon (gtk_range_get_value (GTK_RANGE (window_find (popover, GTK_TYPE_SCALE, 0))), 9.966, 1e-3);

  /* The model was trained for 8192 tokens. */
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (window_find (popover, GTK_TYPE_SPIN_BUTTON, 0)), 100000);
  g_assert_cmpint (g_settings_get_int (fixture->settings, "num-ctx"), ==, 8192);
  g_settings_reset (fixture->settings, "num-ctx");
}

/* ---- Window -------------------------------------------------------------------------------------------------------- */

static void
test_narrow (void)
{
  static const int widths[] = { 360, 800, 1280 };

  for (gsize i = 0; i < G_N_ELEMENTS (widths); i++) {
    g_autoptr (WindowFixture) fixture = window_fixture_new (fake_engine_new_typical (), widths[i], 640);
    int minimum, height;
    window_fixture_wait_model (fixture);
    window_fixture_type (fixture, "Why?");
    window_fixture_wait_idle (fixture);
    gtk_widget_measure (GTK_WIDGET (fixture->window), GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
    gtk_widget_measure (GTK_WIDGET (fixture->window), GTK_ORIENTATION_VERTICAL, 360, &height, NULL, NULL, NULL);
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
  g_assert_true (window_shows (GTK_WIDGET (fixture->window), "port 11434 is taken by ollama (1234)"));
}

/* Every button that shows only an icon has a name for those who do not see it. */
static void
assert_named (GtkWidget *widget)
{
  if (GTK_IS_BUTTON (widget) && gtk_button_get_icon_name (GTK_BUTTON (widget)) != NULL &&
      gtk_widget_get_tooltip_text (widget) != NULL)
    g_assert_true (gtk_test_accessible_has_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
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
  g_test_add_func ("/window/models/none", test_no_model);
  g_test_add_func ("/window/models/choose", test_choose);
  g_test_add_func ("/window/memory/plan", test_memory);
  g_test_add_func ("/window/memory/polls", test_memory_polls);
  g_test_add_func ("/window/memory/misfit", test_memory_misfit);
  g_test_add_func ("/window/memory/accessible", test_memory_accessible);
  g_test_add_func ("/window/settings/plan", test_settings_plan);
  g_test_add_func ("/window/settings/asked", test_settings_asked);
  g_test_add_func ("/window/settings/popover", test_settings_popover);
  g_test_add_func ("/window/narrow", test_narrow);
  g_test_add_func ("/window/failure", test_failure);
  g_test_add_func ("/window/notice", test_notice);
  g_test_add_func ("/window/names", test_names);
  return g_test_run ();
}
