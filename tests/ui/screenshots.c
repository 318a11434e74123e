/* screenshots.c: draws the window at several widths, light and dark, into PNG files, to be looked
 * at.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ui-screenshots FOLDER [SCENE]: with what a made-up engine says. Not a test by itself: it shows
 * what tests cannot judge. ui-screenshots --real STORE FILE.png [MEMORY.png]: with the real engine
 * and the first model in a folder, as the README shows it. The page of memory finds the model where
 * STORE is $XDG_DATA_HOME/headroom/models.
 */
#include "fake-engine.h"
#include "headroom-bench-store.h"
#include "headroom-composer.h"
#include "headroom-device-row.h"
#include "headroom-locale.h"
#include "headroom-session.h"
#include "headroom-window.h"
#include "window-support.h"

typedef struct {
  const char *name;
  void (*prepare) (FakeEngine *engine);
  gboolean asks;       /* a question is sent and its answer waited for */
  const char *popover; /* an action that opens one, drawn into a file of its own */
  const char *page;    /* of the window; NULL: the chat */
  double scroll;       /* how far down, 0 to 1 */
  void (*happens) (FakeEngine *engine); /* while the page is shown; NULL: nothing */
  gboolean opens;                       /* every row that can be opened is open */
} Scene;

static void
prepare_nothing (FakeEngine *engine)
{
}

static void
prepare_no_model (FakeEngine *engine)
{
  g_free (engine->tags);
  engine->tags = g_strdup ("{\"models\":[]}");
}

static void
prepare_failure (FakeEngine *engine)
{
  engine->chat_error = g_strdup (
      "{\"error\":\"llama3.1:70b needs 39.6 GiB and 9.8 GiB are free. Choose a context of at most "
      "2048 tokens, or a smaller model.\"}");
}

static void
prepare_misfit (FakeEngine *engine)
{
  g_free (engine->plan);
  engine->plan = fake_plan (12.0, 4.0, 0.3, FALSE);
}

static void
prepare_requests (FakeEngine *engine)
{
  engine->requests = g_strdup (
      "{\"requests\":[{\"id\":7,\"client\":\"python3\",\"model\":\"llama3.1:8b\",\"state\":\"answering\","
      "\"num_ctx\":8192,\"prompt_tokens\":310,\"read_tokens\":310,\"generated_tokens\":42,"
      "\"tokens_per_second\":18.3,\"running_ms\":3900},{\"id\":8,\"client\":\"code\",\"model\":\"qwen2.5:7b\",\"state\":\"reading\","
      "\"num_ctx\":32768,\"prompt_tokens\":12040,\"read_tokens\":5120,\"running_ms\":2100}],"
      "\"recent\":[{\"id\":3,\"time\":\"2026-01-01T10:00:00Z\",\"path\":\"/api/chat\",\"client\":\"python-httpx/0.28\","
      "\"model\":\"llama3.1:8b\",\"status\":200,\"prompt_tokens\":31,\"generated_tokens\":84,\"running_ms\":2500},"
      "{\"id\":4,\"time\":\"2026-01-01T10:00:09Z\",\"path\":\"/api/show\",\"client\":\"curl/8.14\",\"model\":\"\","
      "\"status\":404,\"running_ms\":1,\"problem\":\"model 'none:latest' not found\"}]}");
}

/* Two models in memory, one of them answering, and what happened until then. */
static void
prepare_models (FakeEngine *engine)
{
  prepare_requests (engine);
  g_free (engine->status);
  engine->status = g_strdup (
      "{\"devices\":[{\"name\":\"Memory\",\"kind\":\"cpu\",\"total\":34359738368,\"free\":24159191040,"
      "\"reserve\":6871947673,\"ours\":{\"weights\":5153960755,\"cache\":1073741824,\"cache_reserved\":2147483648,"
      "\"compute\":524288000,\"projector\":314572800,\"driver\":0}}],\"max_loaded\":3,"
      "\"models\":[{\"name\":\"llama3.1:8b\",\"state\":\"ready\",\"requests\":1,\"keep_alive\":300,"
      "\"until\":\"2099-01-01T00:00:00Z\",\"settings\":{\"num_ctx\":8192,\"parallel\":4,\"kv_type\":\"f16\"},"
      "\"bytes\":{\"weights\":4617089843,\"cache\":2147483648,\"compute\":402653184,\"output\":2097152,"
      "\"total\":7169323827},\"device_bytes\":[7169323827],\"device_parts\":[{\"weights\":4617089843,"
      "\"cache\":901775360,\"cache_reserved\":1245708288,\"compute\":404750336}],\"slots\":{\"total\":4,\"active\":1,\"queued\":0,\"each\":"
      "[{\"positions\":5210,\"active\":true},{\"positions\":880,\"active\":false},{\"positions\":8192,\"active\":false},"
      "{\"positions\":0,\"active\":false}]},\"cached_tokens\":14282,\"cache_committed_bytes\":901775360},"
      "{\"name\":\"nomic-embed-text:latest\",\"state\":\"ready\",\"requests\":0,\"keep_alive\":-1,\"idle_ms\":95000,"
      "\"until\":null,\"settings\":{\"num_ctx\":2048,\"parallel\":1,\"kv_type\":\"f16\"},\"bytes\":{\"weights\":274302464,"
      "\"cache\":0,\"compute\":62914560,\"total\":337217024},\"device_bytes\":[337217024],\"device_parts\":[{\"weights\":274302464,"
      "\"compute\":62914560}],\"slots\":{\"total\":1,"
      "\"active\":0,\"queued\":0,\"each\":[{\"positions\":0,\"active\":false}]},\"cached_tokens\":0}],"
      "\"events\":[{\"time\":\"2026-01-01T10:00:00Z\",\"kind\":\"load\",\"model\":\"qwen2.5:7b\",\"reason\":\"\","
      "\"bytes\":5100000000,\"client\":\"code\",\"code\":\"asked\",\"params\":[32768,1,2.3]},"
      "{\"time\":\"2026-01-01T10:05:10Z\",\"kind\":\"evict\",\"model\":\"qwen2.5:7b\",\"reason\":\"\","
      "\"bytes\":5100000000,\"client\":\"python3\",\"code\":\"room\",\"params\":[\"llama3.1:8b\",2040109465]},"
      "{\"time\":\"2026-01-01T10:05:12Z\",\"kind\":\"load\",\"model\":\"llama3.1:8b\",\"reason\":\"\","
      "\"bytes\":7169323827,\"client\":\"python3\",\"code\":\"asked\",\"params\":[8192,4,1.9]}]}");
}

/* What is watched, the memory above its threshold, and where settings come from. */
static void
prepare_watches (FakeEngine *engine)
{
  static const char *const watches =
      "\"watches\":[{\"code\":\"device-memory\",\"device\":\"Memory\",\"unit\":\"percent\",\"value\":93.1,\"threshold\":90,"
      "\"crossed\":true,\"reason\":\"watch-memory\",\"params\":[\"Memory\",93.1,90],\"text\":\"\","
      "\"history\":[60,61,63,70,82,88,91,93,93]},{\"code\":\"bus\",\"device\":\"\",\"unit\":\"percent\",\"value\":41.0,"
      "\"threshold\":70,\"crossed\":false,\"history\":[0,5,60,65,40,41]},{\"code\":\"latency\",\"device\":\"\",\"unit\":\"times\","
      "\"value\":null,\"threshold\":1.5,\"crossed\":false,\"history\":[]},{\"code\":\"swap\",\"device\":\"\",\"unit\":\"bytes\","
      "\"value\":12582912,\"threshold\":536870912,\"crossed\":false,\"history\":[0,0,8388608,12582912]}]";
  g_autofree char *before = NULL;

  prepare_models (engine);
  engine->watches = g_strdup_printf ("{%s}", watches);
  engine->effective = g_strdup (
      "{\"settings\":[{\"name\":\"num_ctx\",\"value\":8192,\"source\":\"request\",\"overrode\":[{\"source\":\"modelfile\","
      "\"value\":4096},{\"source\":\"environment\",\"value\":2048},{\"source\":\"default\",\"value\":null}]},"
      "{\"name\":\"parallel\",\"value\":2,\"source\":\"preset chat\",\"overrode\":[{\"source\":\"default\",\"value\":null}]},"
      "{\"name\":\"num_gpu\",\"value\":null,\"source\":\"default\",\"overrode\":[]},"
      "{\"name\":\"temperature\",\"value\":0.8,\"source\":\"request\",\"overrode\":[{\"source\":\"default\",\"value\":0.8}]},"
      "{\"name\":\"top_k\",\"value\":40,\"source\":\"default\",\"overrode\":[]}],\"planned\":{\"gpu_layers\":0}}");
  before = g_steal_pointer (&engine->status);
  before[strlen (before) - 1] = '\0';
  engine->status = g_strdup_printf ("%s,%s}", before, watches);
}

/* A model goes for another one while the window is open. */
static void
evict (FakeEngine *engine)
{
  g_autofree char *before = g_steal_pointer (&engine->status);
  char *end = strrchr (before, ']');

  *end = '\0';
  engine->status = g_strdup_printf (
      "%s,{\"time\":\"2098-01-01T10:05:13Z\",\"kind\":\"evict\",\"model\":\"nomic-embed-text:latest\",\"reason\":\"\","
      "\"bytes\":337217024,\"client\":\"python3\",\"code\":\"room\",\"params\":[\"deepseek-coder:6.7b\",2040109465]}]}",
      before);
}

/* A run of a model, as a machine like the made-up one would have it, and one before it. */
static void
prepare_benchmarks (FakeEngine *engine)
{
  static const guint contexts[] = { 512, 1024, 2048, 4096, 8192, 16384, 32768 };
  g_autofree char *path = NULL;
  GString *text = g_string_new (
      "{\"program\":\"headroom\",\"version\":\"0.1.0\",\"started\":\"2026-01-01T10:00:00Z\",\"complete\":true,"
      "\"machine\":{\"processor\":\"AMD Ryzen 7 7840U\",\"kernels\":\"avx512-vnni\",\"cores\":8,\"memory_bytes\":17179869184,"
      "\"rates\":{\"read_bytes_per_second\":6.1e10,\"int8_operations_per_second\":4.2e12,\"bf16_operations_per_second\":0,"
      "\"float32_operations_per_second\":9.1e11,\"latency_seconds\":9.4e-8}},\"models\":[{\"model\":\"llama3.1:8b\","
      "\"latency\":{\"complete\":true,\"cold_load_ms\":2310.0,\"total\":{\"p50_ms\":4120.5,\"p95_ms\":4900.1,\"p99_ms\":5000.0,"
      "\"min_ms\":3988.1,\"max_ms\":5012.4,\"unsupported\":[\"p99_ms\"],\"better\":\"lower\",\"samples\":[4120.5]}},"
      "\"throughput\":{\"complete\":true,\"knee\":4,\"levels\":[");

  for (guint i = 0; i < 6; i++)
    g_string_append_printf (text, "%s{\"workers\":%u,\"tokens_per_sec\":%.1f}", i > 0 ? "," : "",
                            1u << i, 60.0 * (1 << i) / (1 + 0.3 * (1 << i)));
  g_string_append (text, "]},\"sweeps\":[{\"variable\":\"num_ctx\",\"complete\":true,\"points\":[");
  for (guint i = 0; i < G_N_ELEMENTS (contexts); i++)
    g_string_append_printf (
        text,
        "%s{\"value\":\"%u\",\"first_token\":{\"p50_ms\":%.1f},\"per_token\":{\"p50_ms\":%.2f},"
        "\"memory\":{\"planned_bytes\":%.0f,\"seen_bytes\":%.0f}}",
        i > 0 ? "," : "", contexts[i], contexts[i] * 3.1 * (1 + contexts[i] / 9000.0),
        48 * (1 + contexts[i] / 20000.0), 4.7e9 + contexts[i] * 131072.0,
        4.5e9 + contexts[i] * 120000.0);
  g_string_append (text, ",{\"value\":\"131072\",\"error\":\"left out: it would take about 190 s\"}]},"
                         "{\"variable\":\"num_predict\",\"complete\":true,\"points\":[");
  for (guint i = 0; i < 5; i++)
    g_string_append_printf (text, "%s{\"value\":\"%u\",\"completeness\":%.2f}", i > 0 ? "," : "",
                            64u << i, MIN (1, 0.2 + 0.21 * i));
  g_string_append (text, "]}],\"tune\":{\"complete\":true,\"verification\":{\"ratio\":0.871,\"low\":0.852,\"high\":0.9},"
                         "\"changes\":[{\"setting\":\"num_batch\",\"from\":\"512\",\"to\":\"256\"}]}}]}");
  path = headroom_bench_store_new_path (NULL);
  g_assert_true (g_file_set_contents (path, text->str, -1, NULL));
  g_string_free (text, TRUE);
}

static const Scene scenes[] = {
  { "empty", prepare_nothing, FALSE, NULL },
  { "no-model", prepare_no_model, FALSE, NULL },
  { "chat", prepare_nothing, TRUE, NULL },
  { "failed", prepare_failure, TRUE, NULL },
  { "misfit", prepare_misfit, TRUE, NULL },
  { "settings", prepare_nothing, FALSE, "win.settings" },
  { "memory", prepare_misfit, FALSE, "win.memory" },
  { "page-server", prepare_requests, FALSE, NULL, "server", 0 },
  { "page-server-end", prepare_requests, FALSE, NULL, "server", 1 },
  { "page-memory", prepare_models, FALSE, NULL, "memory", 0 },
  { "page-memory-end", prepare_models, FALSE, NULL, "memory", 1 },
  { "page-memory-later", prepare_models, FALSE, NULL, "memory", 0.66 },
  { "page-what-if", prepare_nothing, FALSE, NULL, "what-if", 0 },
  { "page-what-if-end", prepare_nothing, FALSE, NULL, "what-if", 0.29 },
  { "page-memory-toast", prepare_models, FALSE, NULL, "memory", 0, evict },
  { "page-memory-warning", prepare_watches, FALSE, NULL, "memory", 0 },
  { "page-memory-watches", prepare_watches, FALSE, NULL, "memory", 0.82 },
  { "page-memory-open", prepare_watches, FALSE, NULL, "memory", 0, NULL, TRUE },
  { "page-memory-open-middle", prepare_watches, FALSE, NULL, "memory", 0.56, NULL, TRUE },
  { "page-memory-open-end", prepare_watches, FALSE, NULL, "memory", 0.8, NULL, TRUE },
  { "page-benchmarks", prepare_benchmarks, FALSE, NULL, "benchmarks", 0 },
  { "page-benchmarks-result", prepare_benchmarks, FALSE, NULL, "benchmarks", 0.17 },
  { "page-benchmarks-curves", prepare_benchmarks, FALSE, NULL, "benchmarks", 0.5 },
  { "page-benchmarks-end", prepare_benchmarks, FALSE, NULL, "benchmarks", 1 },
  { "page-memory-middle", prepare_models, FALSE, NULL, "memory", 0.33 },
};

static GtkWidget *
find_open_popover (GtkWidget *widget)
{
  if (GTK_IS_POPOVER (widget) && gtk_widget_get_mapped (widget))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    GtkWidget *found = find_open_popover (child);
    if (found != NULL)
      return found;
  }
  return NULL;
}

/* The scrolled part of the page that is shown: the one with most in it. */
static GtkWidget *
find_page (GtkWidget *root)
{
  GtkWidget *best = NULL, *found;
  double most = 0;

  for (guint i = 0; (found = window_find (root, GTK_TYPE_SCROLLED_WINDOW, i)) != NULL; i++) {
    double upper = gtk_adjustment_get_upper (
        gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (found)));
    if (gtk_widget_get_mapped (found) && upper > most) {
      best = found;
      most = upper;
    }
  }
  return best;
}

static void
open_rows (WindowFixture *fixture)
{
  GtkWidget *root = GTK_WIDGET (fixture->window), *found;

  for (guint i = 0; (found = window_find (root, ADW_TYPE_EXPANDER_ROW, i)) != NULL; i++)
    adw_expander_row_set_expanded (ADW_EXPANDER_ROW (found), TRUE);
  for (guint i = 0; (found = window_find (root, HEADROOM_TYPE_DEVICE_ROW, i)) != NULL; i++)
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (
                                      window_find (found, GTK_TYPE_TOGGLE_BUTTON, 0)),
                                  TRUE);
  window_fixture_settle (fixture, 500);
}

/* Turns to a page with the model that HEADROOM_TEST_MODEL names, so that there is something to
 * plan. */
static void
show_page (WindowFixture *fixture, const Scene *scene)
{
  const char *model = g_getenv ("HEADROOM_TEST_MODEL");
  GtkWidget *page;
  GtkAdjustment *adjustment;

  if (model != NULL)
    headroom_window_choose_model (fixture->window, model);
  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-page", "s", scene->page);
  window_fixture_settle (fixture, 900);
  headroom_window_set_server_uri (fixture->window, "http://127.0.0.1:11434");
  window_fixture_settle (fixture, 1500);
  if (scene->opens)
    open_rows (fixture);
  page = find_page (GTK_WIDGET (fixture->window));
  if (page == NULL)
    return;
  adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (page));
  gtk_adjustment_set_value (adjustment, scene->scroll * gtk_adjustment_get_upper (adjustment));
  window_fixture_settle (fixture, 300);
}

static void
shoot (const Scene *scene, const char *folder, int width, int height, gboolean dark)
{
  g_autoptr (WindowFixture) fixture = NULL;
  g_autofree char *file =
      g_strdup_printf ("%s/%s-%d-%s.png", folder, scene->name, width, dark ? "dark" : "light");
  FakeEngine *engine = fake_engine_new_typical ();
  GtkWidget *target;

  scene->prepare (engine);
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      dark ? ADW_COLOR_SCHEME_FORCE_DARK
                                           : ADW_COLOR_SCHEME_FORCE_LIGHT);
  fixture = window_fixture_new (engine, width, height);
  window_fixture_settle (fixture, 700);
  if (scene->asks) {
    window_fixture_type (fixture, "How much memory does a context of 32k tokens take, and why?");
    window_fixture_settle (fixture, 300);
    window_fixture_wait_idle (fixture);
    window_fixture_settle (fixture, 400);
  }
  if (scene->page != NULL)
    show_page (fixture, scene);
  if (scene->happens != NULL) {
    scene->happens (engine);
    window_fixture_settle (fixture, 2000);
  }
  target = GTK_WIDGET (fixture->window);
  if (scene->popover != NULL) {
    gtk_widget_activate_action (target, scene->popover, NULL);
    window_fixture_settle (fixture, 400);
    target = find_open_popover (target);
  }
  if (target == NULL)
    g_printerr ("%s: nothing to draw\n", file);
  else
    window_save_png (target, file);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  *(HeadroomSession **) user_data = headroom_session_open_finish (result, &error);
  g_assert_no_error (error);
}

/* memory_file: (nullable): where the page of memory is drawn to, too */
static void
shoot_real (const char *models, const char *file, const char *memory_file)
{
  g_autofree char *root = g_build_filename (models, "store", NULL);
  g_autoptr (HeadroomStore) store = headroom_store_new (root, models);
  g_autoptr (HeadroomSession) session = NULL;
  g_autoptr (WindowFixture) fixture = NULL;

  headroom_session_open_for_store_async (store, HEADROOM_SESSION_PLAIN, NULL, opened_cb, &session);
  while (session == NULL)
    g_main_context_iteration (NULL, TRUE);
  fixture = window_fixture_new (NULL, 1280, 800);
  g_settings_set_double (fixture->settings, "temperature", 0);
  window_fixture_set_client (fixture, headroom_session_get_client (session));
  window_fixture_wait_model (fixture);
  window_fixture_type (fixture, "List three facts about the ocean.");
  window_fixture_wait_idle (fixture);
  window_fixture_type (fixture, "Write a Python function that adds two numbers.");
  window_fixture_wait_idle (fixture);
  window_fixture_settle (fixture, 2000);
  window_save_png (GTK_WIDGET (fixture->window), file);
  if (memory_file != NULL) {
    gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-page", "s", "memory");
    window_fixture_settle (fixture, 3000);
    window_save_png (GTK_WIDGET (fixture->window), memory_file);
  }
}

int
main (int argc, char **argv)
{
  static const int sizes[][2] = { { 360, 640 }, { 800, 700 }, { 1280, 800 } };

  g_autofree char *data = argc > 1 ? g_build_filename (argv[1], "data", NULL) : NULL;

  headroom_locale_init ();
  if (argc > 1 && !g_str_equal (argv[1], "--real"))
    g_setenv ("XDG_DATA_HOME", data, TRUE); /* what a scene keeps is nobody's */
  if (argc < 2 || !gtk_init_check ()) {
    g_printerr ("usage: ui-screenshots FOLDER [SCENE] (with a display)\n");
    return 1;
  }
  adw_init ();
  if (argc >= 4 && g_str_equal (argv[1], "--real")) {
    shoot_real (argv[2], argv[3], argc > 4 ? argv[4] : NULL);
    return 0;
  }
  g_mkdir_with_parents (argv[1], 0755);
  for (gsize i = 0; i < G_N_ELEMENTS (scenes); i++)
    for (gsize size = 0; size < G_N_ELEMENTS (sizes); size++)
      for (int dark = 0; dark < 2; dark++)
        if (argc < 3 || g_str_equal (argv[2], scenes[i].name))
          shoot (&scenes[i], argv[1], sizes[size][0], sizes[size][1], dark);
  return 0;
}
