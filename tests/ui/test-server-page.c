/* test-server-page.c: the page of the server in the real window.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-choice-row.h"
#include "headroom-log-group.h"
#include "headroom-reach-group.h"
#include "headroom-requests-group.h"
#include "headroom-server-page.h"
#include "window-support.h"

static const char requests[] =
    "{\"requests\":[{\"id\":7,\"client\":\"python3\",\"model\":\"tiny:latest\",\"state\":\"reading\",\"num_ctx\":8192,"
    "\"prompt_tokens\":310,\"read_tokens\":64,\"generated_tokens\":0,\"running_ms\":3900},"
    "{\"id\":9,\"client\":\"\",\"model\":\"tiny:latest\",\"state\":\"waiting\",\"queue_place\":2,\"running_ms\":100},"
    "{\"id\":11,\"client\":\"code\",\"model\":\"other:latest\",\"state\":\"answering\",\"generated_tokens\":42,"
    "\"tokens_per_second\":12.5,\"running_ms\":4000}],"
    "\"recent\":[{\"id\":3,\"time\":\"2026-01-01T10:00:00Z\",\"path\":\"/api/chat\",\"client\":\"python-httpx/0.28\","
    "\"model\":\"tiny:latest\",\"status\":200,\"prompt_tokens\":31,\"generated_tokens\":84,\"running_ms\":2500,"
    "\"unknown_options\":[\"low_vram\",\"foo\"]},"
    "{\"id\":4,\"time\":\"2026-01-01T10:00:09Z\",\"path\":\"/api/show\",\"client\":\"\",\"model\":\"\",\"status\":404,"
    "\"running_ms\":1,\"problem\":\"model 'none:latest' not found\"},"
    "{\"id\":5,\"time\":\"2026-01-01T10:00:12Z\",\"path\":\"/api/chat\",\"client\":\"curl/8.14\",\"model\":\"tiny:latest\","
    "\"status\":499,\"running_ms\":700}]}";

static GtkWidget *
open_page (WindowFixture *fixture)
{
  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-page", "s", "server");
  return window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_SERVER_PAGE, 0);
}

static void
test_requests (void)
{
  FakeEngine *engine = fake_engine_new_typical ();
  g_autoptr (WindowFixture) fixture = NULL;
  GtkWidget *page, *group;

  engine->requests = g_strdup (requests);
  fixture = window_fixture_new (engine, 800, 700);
  page = open_page (fixture);
  group = window_find (page, HEADROOM_TYPE_REQUESTS_GROUP, 0);
  window_fixture_wait_until (fixture, window_shows (group, "python3 asks tiny:latest"));
  g_assert_true (window_shows (group, "64 of 310 tokens read · context 8192 · 4 s"));
  g_assert_true (window_shows (group, "A program asks tiny:latest"));
  g_assert_true (window_shows (group, "waiting, number 2 in the queue · 0 s"));
  g_assert_true (window_shows (group, "42 tokens answered, 12.5 each second"));
  g_assert_false (window_shows (group, "None"));

  g_signal_emit_by_name (window_find (group, GTK_TYPE_BUTTON, 1), "clicked");
  window_fixture_wait_until (fixture, engine->last_stop != NULL);
  g_assert_cmpstr (engine->last_stop, ==, "/headroom/requests/9");

  g_free (engine->requests);
  engine->requests = g_strdup ("{\"requests\":[]}");
  window_fixture_wait_until (fixture, window_shows (group, "None"));
}

/* What was answered, newest first, and what became of it. */
static void
test_log (void)
{
  FakeEngine *engine = fake_engine_new_typical ();
  g_autoptr (WindowFixture) fixture = NULL;
  g_autofree char *text = NULL;
  GtkWidget *group;

  engine->requests = g_strdup (requests);
  fixture = window_fixture_new (engine, 800, 700);
  group = window_find (open_page (fixture), HEADROOM_TYPE_LOG_GROUP, 0);
  g_assert_true (window_shows (group, "Nothing yet"));
  window_fixture_wait_until (fixture, window_shows (group, "python-httpx asked tiny:latest"));
  g_assert_true (window_shows (
      group, "31 tokens read, 84 answered · 2.5 s · options that are not known: low_vram, foo"));
  g_assert_true (window_shows (group, "A program asked /api/show"));
  g_assert_true (window_shows (group, "model 'none:latest' not found · 0.0 s"));
  g_assert_true (window_shows (group, "stopped before its end · 0.7 s"));
  g_assert_false (window_shows (group, "Nothing yet"));
  text = window_dup_text (group);
  g_assert_true (strstr (text, "curl asked") < strstr (text, "python-httpx asked"));
}

/* Other programs are answered, or not, as the switch says; where that fails it goes back. */
static void
test_switch (void)
{
  FakeEngine *engine = fake_engine_new_typical ();
  g_autoptr (WindowFixture) fixture = window_fixture_new (engine, 800, 700);
  GtkWidget *page = open_page (fixture);
  GtkSwitch *serve = GTK_SWITCH (window_find (page, GTK_TYPE_SWITCH, 0));

  g_assert_false (gtk_switch_get_active (serve));
  headroom_window_set_server_uri (fixture->window, "http://127.0.0.1:11434");
  g_assert_true (gtk_switch_get_active (serve));

  gtk_switch_set_active (serve, FALSE);
  window_fixture_wait_until (fixture, window_shows (page, "No address"));
  g_assert_cmpuint (engine->n_unlistens, ==, 1);
  g_assert_true (window_shows (page, "Only Headroom’s own programs"));
  g_assert_false (g_settings_get_boolean (fixture->settings, "serve"));

  gtk_switch_set_active (serve, TRUE);
  window_fixture_wait_until (fixture, !gtk_switch_get_active (serve));
  g_assert_true (window_shows (page, "No address"));
  g_assert_false (g_settings_get_boolean (fixture->settings, "serve"));

  engine->listen = g_strdup ("{\"uri\":\"http://127.0.0.1:11434\"}");
  gtk_switch_set_active (serve, TRUE);
  window_fixture_wait_until (fixture, window_shows (page, "nobody else does"));
  g_assert_cmpuint (engine->n_listens, ==, 2);
  g_assert_true (g_settings_get_boolean (fixture->settings, "serve"));
}

/* Whoever opens the server to a network is told what that means, and examples name the real address
 * and model. */
static void
test_address (void)
{
  g_autoptr (WindowFixture) fixture = window_fixture_new (fake_engine_new_typical (), 800, 700);
  GtkWidget *page = open_page (fixture);

  window_fixture_wait_model (fixture);
  g_assert_true (window_shows (page, "No address"));
  headroom_window_set_server_uri (fixture->window, "http://127.0.0.1:11434");
  g_assert_true (window_shows (page, "nobody else does"));
  g_assert_true (
      window_shows (page,
                    "curl http://127.0.0.1:11434/api/chat -d '{\"model\": \"smollm2:latest\""));
  headroom_window_set_server_uri (fixture->window, "http://192.168.1.5:8080");
  g_assert_true (window_shows (page, "Every computer that reaches this address"));
  g_assert_true (window_shows (page, "http://192.168.1.5:8080/v1"));
}

/* Whom others meet there is told as the server says. */
static void
test_reach (void)
{
  static const struct {
    const char *answer, *text, *example;
  } cases[] = {
    { "{\"uris\":[],\"others\":\"refused\",\"needs_key\":false}", "are refused, because no key is set",
      "/api/chat -d" },
    { "{\"uris\":[],\"others\":\"key\",\"needs_key\":true}", "knows the key",
      "/api/chat -H 'Authorization: Bearer KEY' -d" },
    { "{\"uris\":[],\"others\":\"all\",\"needs_key\":false}", "to keep others out", "/api/chat -d" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    FakeEngine *engine = fake_engine_new_typical ();
    g_autoptr (WindowFixture) fixture = NULL;
    GtkWidget *page;
    engine->listening = g_strdup (cases[i].answer);
    fixture = window_fixture_new (engine, 800, 700);
    page = open_page (fixture);
    headroom_window_set_server_uri (fixture->window, "http://0.0.0.0:8080");
    window_fixture_wait_until (fixture, window_shows (page, cases[i].text) &&
                                            window_shows (page, cases[i].example));
    g_assert_false (window_shows (page, "http://0.0.0.0:8080/"));
  }
}

/* Letting the network in is said to have its consequences, is asked of the server, and shows the key that
 * it takes; where the environment decides, nothing can be chosen. */
static void
test_let_in (void)
{
  FakeEngine *engine = fake_engine_new_typical ();
  g_autoptr (WindowFixture) fixture = NULL;
  GtkWidget *page, *group, *row;

  engine->listening = g_strdup ("{\"uris\":[\"http://127.0.0.1:11434\"],\"others\":\"none\",\"needs_key\":false,"
                                "\"reach\":\"computer\",\"fixed\":false}");
  fixture = window_fixture_new (engine, 800, 700);
  page = open_page (fixture);
  headroom_window_set_server_uri (fixture->window, "http://127.0.0.1:11434");
  group = window_find (page, HEADROOM_TYPE_REACH_GROUP, 0);
  window_fixture_wait_until (fixture, gtk_widget_get_visible (group));
  g_assert_true (window_shows (group, "could use the models, see their names and delete"));
  g_assert_false (window_shows (group, "Key"));

  g_free (engine->listening);
  engine->listen = g_strdup ("{\"uri\":\"http://0.0.0.0:11434\"}");
  engine->listening = g_strdup ("{\"uris\":[\"http://0.0.0.0:11434\"],\"others\":\"key\",\"needs_key\":false,"
                                "\"reach\":\"network\",\"fixed\":false,\"key\":\"abc234\"}");
  row = window_find (group, HEADROOM_TYPE_CHOICE_ROW, 0);
  g_assert_true (headroom_choice_row_choose (HEADROOM_CHOICE_ROW (row), "network"));
  window_fixture_wait_until (fixture, window_shows (group, "abc234"));
  g_assert_cmpstr (engine->last_listen, ==, "{\"reach\": \"network\"}");
  g_assert_cmpuint (engine->n_listens, ==, 1);
  g_assert_true (window_shows (group, "Nothing is encrypted"));
  g_assert_true (window_shows (page, "http://0.0.0.0:11434"));
  g_signal_emit_by_name (window_find (group, GTK_TYPE_BUTTON, 0), "clicked");
  GdkContentProvider *copied =
      gdk_clipboard_get_content (gtk_widget_get_clipboard (GTK_WIDGET (page)));
  g_auto (GValue) value = G_VALUE_INIT;
  g_value_init (&value, G_TYPE_STRING);
  g_assert_true (gdk_content_provider_get_value (copied, &value, NULL));
  g_assert_cmpstr (g_value_get_string (&value), ==, "abc234");

  g_free (engine->listening);
  engine->listening = g_strdup ("{\"uris\":[\"http://0.0.0.0:8080\"],\"others\":\"refused\",\"needs_key\":false,"
                                "\"reach\":\"network\",\"fixed\":true}");
  g_assert_true (headroom_choice_row_choose (HEADROOM_CHOICE_ROW (row), "computer"));
  window_fixture_wait_until (fixture, window_shows (group, "cannot be changed here"));
  g_assert_false (gtk_widget_get_sensitive (row));
  g_assert_false (window_shows (group, "abc234"));
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
  g_test_add_func ("/server-page/requests", test_requests);
  g_test_add_func ("/server-page/let-in", test_let_in);
  g_test_add_func ("/server-page/log", test_log);
  g_test_add_func ("/server-page/switch", test_switch);
  g_test_add_func ("/server-page/address", test_address);
  g_test_add_func ("/server-page/reach", test_reach);
  return g_test_run ();
}
