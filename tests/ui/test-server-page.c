/* test-server-page.c: the page of the server in the real window.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-requests-group.h"
#include "headroom-server-page.h"
#include "window-support.h"

static const char requests[] =
    "{\"requests\":[{\"id\":7,\"client\":\"python3\",\"model\":\"tiny:latest\",\"state\":\"reading\",\"num_ctx\":8192,"
    "\"prompt_tokens\":310,\"read_tokens\":64,\"generated_tokens\":0,\"running_ms\":3900},"
    "{\"id\":9,\"client\":\"\",\"model\":\"tiny:latest\",\"state\":\"waiting\",\"running_ms\":100}]}";

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
  g_assert_false (window_shows (group, "None"));

  g_signal_emit_by_name (window_find (group, GTK_TYPE_BUTTON, 1), "clicked");
  window_fixture_wait_until (fixture, engine->last_stop != NULL);
  g_assert_cmpstr (engine->last_stop, ==, "/headroom/requests/9");

  g_free (engine->requests);
  engine->requests = g_strdup ("{\"requests\":[]}");
  window_fixture_wait_until (fixture, window_shows (group, "None"));
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
  g_test_add_func ("/server-page/address", test_address);
  return g_test_run ();
}
