/* test-parts.c: the server's pure parts: addresses, origins, thinking, demands.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "tiny-model.h"
#include "headroom-address.h"
#include "headroom-demand.h"
#include "headroom-server.h"
#include "headroom-thinking.h"

/* ---- Addresses ---- */

static void
test_address (void)
{
  static const struct {
    const char *spec, *uri;
  } cases[] = {
    { "127.0.0.1:1234", "http://127.0.0.1:1234" },
    { "0.0.0.0", "http://0.0.0.0:11434" },
    { ":8080", "http://127.0.0.1:8080" },
    { "localhost:8080", "http://127.0.0.1:8080" },
    { "[::1]:8080", "http://[::1]:8080" },
    { "::1", "http://[::1]:11434" },
    { "http://127.0.0.1", "http://127.0.0.1:80" },
    { "http://127.0.0.1:99/path", "http://127.0.0.1:99" },
    { "https://127.0.0.1", "http://127.0.0.1:443" },
    { "example.com:1", NULL },
    { "127.0.0.1:x", NULL },
    { "127.0.0.1:70000", NULL },
    { "1.2.3:4", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GInetAddress) inet = NULL;
    g_autoptr (GSocketAddress) address = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree char *uri = NULL;
    guint16 port;

    if (!headroom_address_parse (cases[i].spec, &inet, &port, &error)) {
      g_assert_null (cases[i].uri);
      g_assert_error (error, HEADROOM_SERVER_ERROR, HEADROOM_SERVER_ERROR_ADDRESS);
      continue;
    }
    address = g_inet_socket_address_new (inet, port);
    uri = headroom_address_dup_uri (G_INET_SOCKET_ADDRESS (address));
    g_assert_cmpstr (uri, ==, cases[i].uri);
  }
}

static void
test_port_owner (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree char *owner = headroom_address_dup_port_owner (port);
  g_autofree char *pid = g_strdup_printf ("process %ld", (long) getpid ());

  g_assert_nonnull (owner);
  g_assert_nonnull (strstr (owner, pid));
  g_assert_null (headroom_address_dup_port_owner (1));
}

static void
test_host_header (void)
{
  static const char *const good[] = {
    NULL,           "",           "localhost",      "localhost:11434", "127.0.0.1:1",
    "[::1]:5",      "::1",        "192.168.1.5:80", "10.0.0.1",        "app.localhost",
    "box.local:99", "x.internal", "LOCALHOST",      "0.0.0.0:1"
  };
  static const char *const bad[] = { "evil.com",           "evil.com:11434", "8.8.8.8",
                                     "localhost.evil.com", "xlocalhost",     "[2001:db8::1]:1" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (headroom_address_is_local_host_header (good[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (headroom_address_is_local_host_header (bad[i]));
}

static void
test_origin (void)
{
  static const char *const extra[] = { "https://mine.example", "chrome-extension://*", NULL };

  g_assert_true (headroom_address_is_allowed_origin ("http://localhost", NULL));
  g_assert_true (headroom_address_is_allowed_origin ("https://127.0.0.1:3000", NULL));
  g_assert_true (headroom_address_is_allowed_origin ("tauri://x", NULL));
  g_assert_false (headroom_address_is_allowed_origin ("http://localhost.evil.com", NULL));
  g_assert_false (headroom_address_is_allowed_origin ("https://evil.com", NULL));
  g_assert_false (headroom_address_is_allowed_origin ("null", NULL));
  g_assert_false (headroom_address_is_allowed_origin ("chrome-extension://abc", NULL));
  g_assert_true (headroom_address_is_allowed_origin ("chrome-extension://abc", extra));
  g_assert_true (headroom_address_is_allowed_origin ("https://mine.example", extra));
}

/* ---- Thinking ---- */

/* Fed in pieces of every size, the result is the same. */
static void
assert_split (const char *answer, gboolean inside, const char *thinking, const char *content)
{
  for (gsize piece = 1; piece <= strlen (answer) + 1; piece++) {
    HeadroomThinking splitter;
    g_autoptr (GString) thought = g_string_new (NULL);
    g_autoptr (GString) text = g_string_new (NULL);

    headroom_thinking_init (&splitter, NULL, inside);
    for (gsize at = 0; at < strlen (answer); at += piece)
      headroom_thinking_feed (&splitter, answer + at, MIN (piece, strlen (answer) - at), FALSE,
                              thought, text);
    headroom_thinking_feed (&splitter, "", 0, TRUE, thought, text);
    headroom_thinking_finish (&splitter);
    g_assert_cmpstr (thought->str, ==, thinking);
    g_assert_cmpstr (text->str, ==, content);
  }
}

static void
test_thinking (void)
{
  assert_split ("<think>a b</think>\n\nc d", FALSE, "a b", "c d");
  assert_split ("\n<think>\n a </think>b", FALSE, "a ", "b");
  assert_split ("a</think>b", TRUE, "a", "b");
  assert_split ("no tags", FALSE, "", "no tags");
  assert_split ("first <think>x</think>", FALSE, "", "first <think>x</think>");
  assert_split ("<think>never closed</thin", FALSE, "never closed</thin", "");
  assert_split ("<think></think>x", FALSE, "", "x");
  assert_split ("<thi", FALSE, "", "<thi");
  assert_split ("  ", FALSE, "", "  ");
  assert_split ("<think>a<b></thinker></think>c", FALSE, "a<b></thinker>", "c");
  assert_split ("", TRUE, "", "");
}

static void
test_thinking_in_template (void)
{
  const HeadroomThinkingTags *tags = headroom_thinking_find_tags ("x <think> y </think>");

  g_assert_cmpstr (tags->close, ==, "</think>");
  g_assert_cmpstr (headroom_thinking_find_tags ("[THINK]a[/THINK]")->open, ==, "[THINK]");
  g_assert_null (headroom_thinking_find_tags ("x <think> y"));
  g_assert_null (headroom_thinking_find_tags (NULL));
  g_assert_true (headroom_thinking_is_open_at_end (tags, "a<think>\n", 9));
  g_assert_false (headroom_thinking_is_open_at_end (tags, "a<think>b", 9));
  g_assert_false (headroom_thinking_is_open_at_end (tags, "", 0));
}

/* ---- Demands ---- */

static void
test_demand (void)
{
  const HrSettings loaded = {
    .num_ctx = 1024, .parallel = 2, .num_batch = 512, .kv_type = HR_KV_F16, .threads = 2
  };
  HeadroomDemand demand = { .settings = { .kv_type = HR_KV_Q8_0 } };
  g_autofree char *reason = NULL;

  g_assert_true (headroom_demand_is_met (&demand, &loaded, 2048,
                                         NULL)); /* nobody asked for the cache's type */
  g_assert_cmpuint (headroom_demand_num_ctx (&demand, &loaded), ==, 1024);
  demand.settings.num_ctx = 512;
  g_assert_true (headroom_demand_is_met (&demand, &loaded, 2048, NULL));
  g_assert_cmpuint (headroom_demand_num_ctx (&demand, &loaded), ==, 512);
  demand.settings.num_ctx = 4096;
  g_assert_false (headroom_demand_is_met (&demand, &loaded, 2048, &reason));
  g_assert_cmpstr (reason, ==, "num_ctx 2048 is asked for; it was loaded with 1024");
  g_assert_true (headroom_demand_is_met (&demand, &loaded, 1024,
                                         NULL)); /* more than the model can is not more */
  demand.settings.num_ctx = 0;
  demand.kv_type_given = TRUE;
  g_assert_false (headroom_demand_is_met (&demand, &loaded, 2048, NULL));
  demand.kv_type_given = FALSE;
  demand.settings.parallel = 3;
  g_assert_false (headroom_demand_is_met (&demand, &loaded, 2048, NULL));
  demand.settings.parallel = 1;
  g_assert_true (headroom_demand_is_met (&demand, &loaded, 2048, NULL));
}

/* Layers are where the request wants them, or the model is loaded again; without a GPU it does not
 * matter. */
static void
test_demand_layers (void)
{
  const HrDevice devices[] = {
    { .name = "host", .kind = HR_DEVICE_CPU, .total = 1 << 30, .free = 1 << 30 },
    { .name = "gpu", .kind = HR_DEVICE_GPU, .total = 1 << 30, .free = 1 << 30 },
  };
  const HrSettings settings = { .num_ctx = 256, .parallel = 1, .gpu_layers = 1, .threads = 1 };
  char *path = tiny_model_new (&tiny_model_default);
  g_autoptr (GError) error = NULL;
  g_autoptr (HrModel) model = hr_model_open (path, &error);
  g_autoptr (HrPlan) plan = hr_plan_new (model, &settings, devices, 2, &error);
  g_autoptr (HrPlan) host = hr_plan_new (model, &settings, devices, 1, &error);
  static const struct {
    gint32 wanted;
    gboolean given, met;
  } cases[] = { { 1, TRUE, TRUE },   { 0, TRUE, FALSE }, { 2, TRUE, FALSE },
                { 99, TRUE, FALSE }, { -1, TRUE, TRUE }, { 0, FALSE, TRUE } };

  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    HeadroomDemand demand = { .settings = { .gpu_layers = cases[i].wanted },
                              .gpu_layers_given = cases[i].given };
    g_autofree char *reason = NULL;
    g_assert_true (headroom_demand_layers_are_met (&demand, plan, &reason) == cases[i].met);
    g_assert_true ((reason == NULL) == cases[i].met);
    g_assert_true (headroom_demand_layers_are_met (&demand, host, NULL));
  }
  tiny_model_remove (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/address/parse", test_address);
  g_test_add_func ("/server/address/port-owner", test_port_owner);
  g_test_add_func ("/server/address/host-header", test_host_header);
  g_test_add_func ("/server/address/origin", test_origin);
  g_test_add_func ("/server/thinking/split", test_thinking);
  g_test_add_func ("/server/thinking/template", test_thinking_in_template);
  g_test_add_func ("/server/demand", test_demand);
  g_test_add_func ("/server/demand/layers", test_demand_layers);
  return g_test_run ();
}
