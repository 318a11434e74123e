/* test-bench-page.c: the page of benchmarks, in the real window in front of the real engine: a run
 * with its progress, curves that are the report's, comparison, export, better settings.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With tiny models with made-up weights, which measure as well; once with the real chat model where
 * it is. Only one model may be in memory of the server.
 */
#include "engine-support.h"
#include "headroom-bench-page.h"
#include "headroom-bench-runs.h"
#include "headroom-bench-store.h"
#include "headroom-curve-group.h"
#include "headroom-model-item.h"
#include "headroom-report.h"

static EngineFixture engine;
static char *real_model; /* path, or NULL */

static WindowFixture *
open_page (HeadroomBenchPage **ret_page)
{
  WindowFixture *fixture = engine_fixture_open_window (&engine);

  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-page", "s", "benchmarks");
  *ret_page =
      HEADROOM_BENCH_PAGE (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_BENCH_PAGE, 0));
  headroom_window_choose_model (fixture->window, "model:latest");
  window_fixture_wait_until (fixture, window_shows (GTK_WIDGET (*ret_page), "model is measured"));
  headroom_bench_form_set_quick (headroom_bench_page_get_form (*ret_page), TRUE);
  return fixture;
}

static HrValue *
read_report (const char *path)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  HrValue *report;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  report = headroom_json_parse (text, -1, FALSE, &error);
  g_assert_no_error (error);
  return report;
}

/* Measuring takes as long as the machine does; what hangs is ended by who runs the tests. */
static void
wait_over (WindowFixture *fixture, HeadroomBenchPage *page)
{
  while (headroom_bench_page_is_running (page))
    window_fixture_settle (fixture, 20);
}

/* Runs parts to their end; the run is shown. */
static void
run (WindowFixture *fixture, HeadroomBenchPage *page, HeadroomSuiteParts parts)
{
  headroom_bench_page_start (page, parts);
  g_assert_true (headroom_bench_page_is_running (page));
  wait_over (fixture, page);
  window_fixture_wait_until (fixture, headroom_bench_result_get_report (
                                          headroom_bench_page_get_result (page)) != NULL);
}

static HeadroomCurveGroup *
find_curve (HeadroomBenchPage *page, HeadroomCurveKind kind)
{
  GtkWidget *found;

  for (guint i = 0; (found = window_find (GTK_WIDGET (page), HEADROOM_TYPE_CURVE_GROUP, i)) != NULL;
       i++)
    if (headroom_curve_chart_get_curve (
            headroom_curve_group_get_chart (HEADROOM_CURVE_GROUP (found)))
            ->kind == kind)
      return HEADROOM_CURVE_GROUP (found);
  return NULL;
}

static double
number (const HrValue *dict, const char *key)
{
  HrValue *value = hr_value_lookup (dict, key);

  g_assert_nonnull (value);
  return hr_value_kind (value) == HR_VALUE_INT ? (double) hr_value_get_int (value)
                                               : hr_value_get_float (value);
}

/* ---- Helpers --------------------------------------------------------------------------------- */

static HrValue *
points_of (const HrValue *report, const char *variable)
{
  HrValue *entry = hr_value_at (hr_value_lookup (report, "models"), 0);
  HrValue *sweeps = hr_value_lookup (entry, "sweeps");

  for (gsize i = 0; i < hr_value_size (sweeps); i++)
    if (g_str_equal (headroom_json_get_string (hr_value_at (sweeps, i), "variable"), variable))
      return hr_value_lookup (hr_value_at (sweeps, i), "points");
  return NULL;
}

/* What is drawn, read out and listed is what the report says. */
static void
assert_curve (HeadroomBenchPage *page, HrValue *points, HeadroomCurveKind kind, const char *part,
              const char *key)
{
  HeadroomCurveGroup *group = find_curve (page, kind);
  HeadroomCurveChart *chart;
  const HeadroomCurve *curve;

  g_assert_nonnull (group);
  chart = headroom_curve_group_get_chart (group);
  curve = headroom_curve_chart_get_curve (chart);
  g_assert_cmpuint (curve->points->len, ==, hr_value_size (points));
  for (guint i = 0; i < curve->points->len; i++) {
    HrValue *point = hr_value_at (points, i);
    HrValue *values = part != NULL ? hr_value_lookup (point, part) : point;
    g_assert_cmpfloat (headroom_curve_at (curve, i)->x, ==,
                       g_ascii_strtod (headroom_json_get_string (point, "value"), NULL));
    g_assert_cmpfloat (headroom_curve_at (curve, i)->y, ==, number (values, key));
    headroom_curve_chart_set_chosen (chart, i);
    g_assert_true (window_shows (GTK_WIDGET (group), headroom_curve_chart_get_reading (chart)));
    gtk_test_accessible_assert_property (GTK_ACCESSIBLE (chart), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                         headroom_curve_chart_get_reading (chart));
  }
}

static gboolean
is_shown (HeadroomBenchPage *page, const char *started)
{
  HrValue *report = headroom_bench_result_get_report (headroom_bench_page_get_result (page));

  return report != NULL && g_strcmp0 (headroom_json_get_string (report, "started"), started) == 0;
}

/* The oldest of the kept runs, which test_run() left. */
static void
show_first (WindowFixture *fixture, HeadroomBenchPage *page)
{
  g_autoptr (GPtrArray) entries = headroom_bench_store_list ();
  const HeadroomBenchEntry *entry;

  g_assert_cmpuint (entries->len, >, 0);
  entry = entries->pdata[entries->len - 1];
  headroom_bench_page_show_run (page, entry->path);
  window_fixture_wait_until (fixture, is_shown (page, entry->started));
  /* Laid out, for who draws it. */
  window_fixture_wait_until (fixture, gtk_widget_get_width (headroom_bench_result_get_charts (
                                          headroom_bench_page_get_result (page))) > 0);
}

static gboolean
press (GtkWidget *widget, guint keyval)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);
  gboolean taken = FALSE;

  for (guint i = 0; !taken && i < g_list_model_get_n_items (controllers); i++) {
    g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
    if (GTK_IS_EVENT_CONTROLLER_KEY (controller))
      g_signal_emit_by_name (controller, "key-pressed", keyval, 0, 0, &taken);
  }
  return taken;
}

/* A line for every point of every sweep's curve, with the number that the report has. */
static void
assert_lines (const char *csv, const HrValue *report)
{
  HrValue *points = points_of (report, "num_ctx");

  g_assert_true (g_str_has_prefix (csv, "model,variable,value,figure,median,problem\r\n"));
  for (gsize i = 0; i < hr_value_size (points); i++) {
    HrValue *point = hr_value_at (points, i);
    g_autofree char *y =
        headroom_json_format_number (number (hr_value_lookup (point, "first_token"), "p50_ms"));
    g_autofree char *line = g_strdup_printf (",num_ctx,%s,first_token_ms,%s,\r\n",
                                             headroom_json_get_string (point, "value"), y);
    g_assert_nonnull (strstr (csv, line));
  }
}

/* The same report once more, newer. */
static char *
store_copy (void)
{
  g_autoptr (GPtrArray) entries = headroom_bench_store_list ();
  const HeadroomBenchEntry *first = entries->pdata[entries->len - 1];
  g_autoptr (HrValue) report = read_report (first->path);
  g_autoptr (GError) error = NULL;
  char *path = headroom_bench_store_new_path (&error);

  g_assert_no_error (error);
  headroom_json_set_string (report, "started", "2099-01-01T00:00:00Z");
  g_assert_true (headroom_report_save (report, path, &error));
  return path;
}

/* The button in the row of a kept run; NULL: it is not listed. */
static GtkWidget *
find_compare (HeadroomBenchPage *page, const char *path)
{
  GtkWidget *runs = window_find (GTK_WIDGET (page), HEADROOM_TYPE_BENCH_RUNS, 0), *button;

  for (guint i = 0; (button = window_find (runs, GTK_TYPE_TOGGLE_BUTTON, i)) != NULL; i++)
    if (g_strcmp0 (g_object_get_data (G_OBJECT (button), "path"), path) == 0)
      return button;
  return NULL;
}

static void
answer_dialog (const char *response)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (ADW_IS_MESSAGE_DIALOG (l->data)) {
      adw_message_dialog_response (l->data, response);
      return;
    }
  g_assert_not_reached ();
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void
count_progress_cb (GtkProgressBar *bar, GParamSpec *pspec, gpointer user_data)
{
  guint *n = user_data;

  *n += gtk_progress_bar_get_fraction (bar) > 0;
}

static void
test_run (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = open_page (&page);
  g_autoptr (HrValue) report = NULL;
  GtkWidget *bar = window_find (GTK_WIDGET (page), GTK_TYPE_PROGRESS_BAR, 0);
  guint n_steps = 0;
  HrValue *contexts;

  g_signal_connect (bar, "notify::fraction", G_CALLBACK (count_progress_cb), &n_steps);
  run (fixture, page, HEADROOM_SUITE_CONTEXTS | HEADROOM_SUITE_ANSWERS | HEADROOM_SUITE_LATENCY);
  g_assert_cmpuint (n_steps, >, 0); /* how many are seen depends on how fast they pass */
  report = read_report (headroom_bench_page_get_shown (page));
  g_assert_cmpstr (headroom_json_get_string (report, "error"), ==, NULL);
  g_assert_true (headroom_json_get_bool (report, "complete", FALSE));
  contexts = points_of (report, "num_ctx");
  assert_curve (page, contexts, HEADROOM_CURVE_FIRST_TOKEN, "first_token", "p50_ms");
  assert_curve (page, contexts, HEADROOM_CURVE_PER_TOKEN, "per_token", "p50_ms");
  assert_curve (page, contexts, HEADROOM_CURVE_MEMORY, "memory", "planned_bytes");
  assert_curve (page, points_of (report, "num_predict"), HEADROOM_CURVE_COMPLETENESS, NULL,
                "completeness");
  g_assert_true (window_shows (GTK_WIDGET (page), "What This Means"));
  g_assert_true (window_shows (GTK_WIDGET (page), "Single Requests"));
  g_assert_true (window_shows (GTK_WIDGET (page), "The Computer"));
  /* The server lets go of what it had not had. */
  g_assert_cmpuint (engine_fixture_count_models (&engine), ==, 0);
}

/* Arrow keys, Home and End read other points. */
static void
test_keys (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = open_page (&page);
  HeadroomCurveChart *chart;
  const guint keys[] = { GDK_KEY_Home, GDK_KEY_Right, GDK_KEY_Left, GDK_KEY_Left, GDK_KEY_End };
  guint last;

  show_first (fixture, page);
  chart = headroom_curve_group_get_chart (find_curve (page, HEADROOM_CURVE_MEMORY));
  g_assert_true (gtk_widget_get_focusable (GTK_WIDGET (chart)));
  last = headroom_curve_chart_get_curve (chart)->points->len - 1;
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    const guint chosen[] = { 0, MIN (1, last), 0, 0, last };
    g_assert_true (press (GTK_WIDGET (chart), keys[i]));
    g_assert_cmpuint (headroom_curve_chart_get_chosen (chart), ==, chosen[i]);
  }
}

/* Two requests are done, or all of them and more is under way: a fast machine shows some numbers only in passing. */
static gboolean
two_are_done (GtkWidget *page)
{
  for (guint i = 2; i <= 20; i++) {
    g_autofree char *text = g_strdup_printf ("Single requests, %u of 20", i);
    if (window_shows (page, text))
      return TRUE;
  }
  for (guint i = 0; i < 3; i++) {
    g_autofree char *text = g_strdup_printf ("Reading and writing, %u of 3", i);
    if (window_shows (page, text))
      return TRUE;
  }
  return FALSE;
}

/* What was measured until then is kept, and said to be not all. */
static void
test_cancel (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = open_page (&page);
  g_autoptr (HrValue) report = NULL;
  const char *error;

  headroom_bench_form_set_quick (headroom_bench_page_get_form (page), FALSE);
  headroom_bench_page_start (page, HEADROOM_SUITE_LATENCY | HEADROOM_SUITE_SPEED);
  window_fixture_wait_until (fixture, two_are_done (GTK_WIDGET (page)));
  window_click (GTK_WIDGET (page), "_Cancel");
  wait_over (fixture, page);
  report = read_report (headroom_bench_page_get_shown (page));
  g_assert_false (headroom_json_get_bool (report, "complete", TRUE));
  error = headroom_json_get_string (report, "error");
  g_assert_cmpstr (error, ==, "it was stopped");
  g_assert_cmpuint (
      hr_value_size (hr_value_lookup (
          hr_value_lookup (hr_value_lookup (hr_value_at (hr_value_lookup (report, "models"), 0),
                                            "latency"),
                           "total"),
          "samples")),
      >=, 2);
  window_fixture_wait_until (fixture, window_shows (GTK_WIDGET (page), "it was stopped"));
  window_fixture_wait_until (fixture, window_shows (GTK_WIDGET (page), "not complete"));
}

static void
wait_for_file (WindowFixture *fixture, const char *path)
{
  window_fixture_wait_until (fixture, g_file_test (path, G_FILE_TEST_EXISTS));
}

/* Every form of export holds what is shown. */
static void
test_export (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = open_page (&page);
  g_autofree char *json = engine_fixture_dup_path (&engine, "out.json"),
                  *csv = engine_fixture_dup_path (&engine, "out.csv"),
                  *png = engine_fixture_dup_path (&engine, "out.png"), *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) written = NULL;
  g_autoptr (HrValue) shown = NULL;
  g_autoptr (GdkTexture) picture = NULL;

  show_first (fixture, page);
  shown = read_report (headroom_bench_page_get_shown (page));
  g_assert_true (headroom_bench_page_export_to (page, "json", json, &error));
  g_assert_true (headroom_bench_page_export_to (page, "csv", csv, &error));
  g_assert_true (headroom_bench_page_export_to (page, "png", png, &error));
  wait_for_file (fixture, json);
  wait_for_file (fixture, csv);
  wait_for_file (fixture, png);
  window_fixture_wait_until (fixture,
                             window_shows (GTK_WIDGET (fixture->window), "Exported as out.png"));
  written = read_report (json);
  {
    g_autofree char *a = headroom_json_print (written, 0), *b = headroom_json_print (shown, 0);
    g_assert_cmpstr (a, ==, b);
  }
  g_assert_true (g_file_get_contents (csv, &text, NULL, NULL));
  assert_lines (text, shown);
  picture = gdk_texture_new_from_filename (png, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gdk_texture_get_width (picture), >, 400);
  g_assert_cmpint (gdk_texture_get_height (picture), >, 400);
}

/* Two runs: the verdict in words, and both on the curve. */
static void
test_compare (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = open_page (&page);
  g_autofree char *copy = store_copy ();
  GtkWidget *button;

  headroom_bench_runs_refresh (
      HEADROOM_BENCH_RUNS (window_find (GTK_WIDGET (page), HEADROOM_TYPE_BENCH_RUNS, 0)));
  show_first (fixture, page);
  g_assert_false (g_str_equal (copy, headroom_bench_page_get_shown (page)));
  window_fixture_wait_until (fixture, (button = find_compare (page, copy)) != NULL &&
                                          gtk_widget_get_sensitive (button));
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button), TRUE);
  window_fixture_wait_until (fixture,
                             window_shows (GTK_WIDGET (page), "Compared with the Other Run") &&
                                 window_shows (GTK_WIDGET (page), "0 better, 0 worse"));
  g_assert_true (window_shows (GTK_WIDGET (page), "no difference beyond noise"));
  g_assert_true (window_shows (GTK_WIDGET (page), "(the other run: "));
}

/* A name given is kept, and what is deleted is gone once that is confirmed. */
static void
test_rename_and_delete (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = open_page (&page);
  GtkWidget *entry;
  g_autofree char *path = NULL;

  show_first (fixture, page);
  path = g_strdup (headroom_bench_page_get_shown (page));
  entry = window_find (GTK_WIDGET (page), ADW_TYPE_ENTRY_ROW, 0);
  gtk_editable_set_text (GTK_EDITABLE (entry), "before the change");
  g_signal_emit_by_name (entry, "apply");
  window_fixture_wait_until (fixture, window_shows (GTK_WIDGET (page), "before the change"));
  window_fixture_wait_until (fixture, find_compare (page, path) != NULL);
  g_signal_emit_by_name (gtk_widget_get_next_sibling (find_compare (page, path)), "clicked");
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  answer_dialog ("delete");
  window_fixture_wait_until (fixture, !g_file_test (path, G_FILE_TEST_EXISTS));
  window_fixture_wait_until (fixture, find_compare (page, path) == NULL);
  g_assert_null (headroom_bench_page_get_shown (page));
}

/* The same with the chat model: contexts that it really fills. */
static void
test_real_model (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = NULL;
  g_autoptr (HrValue) report = NULL;
  const HeadroomCurve *curve;
  g_autofree char *title = NULL;

  if (real_model == NULL) {
    g_test_skip ("the chat model is not here: nothing is measured with it");
    return;
  }
  fixture = open_page (&page);
  headroom_window_choose_model (fixture->window, real_model);
  title = headroom_model_dup_title (real_model);
  window_fixture_wait_until (fixture, window_shows (GTK_WIDGET (page), title));
  run (fixture, page, HEADROOM_SUITE_CONTEXTS);
  report = read_report (headroom_bench_page_get_shown (page));
  assert_curve (page, points_of (report, "num_ctx"), HEADROOM_CURVE_FIRST_TOKEN, "first_token",
                "p50_ms");
  curve = headroom_curve_chart_get_curve (
      headroom_curve_group_get_chart (find_curve (page, HEADROOM_CURVE_MEMORY)));
  g_assert_cmpuint (headroom_curve_count (curve), ==, 3);
  g_assert_cmpfloat (headroom_curve_at (curve, 0)->y, <, headroom_curve_at (curve, 2)->y);
  g_assert_true (window_shows (GTK_WIDGET (page), "tokens of context takes"));
}

/* ---- Better settings ------------------------------------------------------------------------- */

/* A report that proposes something, whatever this machine is like. */
static char *
store_proposal (void)
{
  g_autoptr (GError) error = NULL;
  char *path = headroom_bench_store_new_path (&error);

  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (
      path,
      "{\"program\":\"headroom\",\"started\":\"2000-01-01T00:00:00Z\",\"complete\":true,\"models\":["
      "{\"model\":\"model:latest\",\"tune\":{\"complete\":true,\"verification\":{\"ratio\":0.8,"
      "\"low\":0.7,\"high\":0.9},\"changes\":[{\"setting\":\"num_batch\",\"from\":\"512\",\"to\":"
      "\"64\"},{\"setting\":\"threads\",\"from\":\"2\",\"to\":\"1\"}]}}]}",
      -1, &error));
  g_assert_no_error (error);
  return path;
}

static gboolean
has_parameter (const char *text)
{
  g_autoptr (HrValue) shown =
      engine_fixture_ask (&engine, "POST", "/api/show", "{\"model\":\"model\"}");
  const char *parameters = headroom_json_get_string (shown, "parameters");
  g_auto (GStrv) words = g_strsplit_set (parameters != NULL ? parameters : "", " \n", -1);
  GString *joined = g_string_new (NULL);
  gboolean found;

  for (gsize i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_string_append_printf (joined, "%s ", words[i]);
  found = strstr (joined->str, text) != NULL;
  g_string_free (joined, TRUE);
  return found;
}

/* What is proposed becomes the model's parameters, and goes again. */
static void
test_apply_and_undo (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = open_page (&page);
  g_autofree char *path = store_proposal ();

  headroom_bench_page_show_run (page, path);
  window_fixture_wait_until (fixture, window_shows (GTK_WIDGET (page), "512 → 64"));
  g_assert_true (window_shows (GTK_WIDGET (page), "0.800 of the time"));
  window_click (GTK_WIDGET (page), "_Apply");
  window_fixture_wait_until (fixture,
                             window_shows (GTK_WIDGET (fixture->window), "Settings applied"));
  g_assert_true (has_parameter ("num_batch 64 "));
  g_assert_true (has_parameter ("num_thread 1 "));
  window_click (GTK_WIDGET (page), "_Undo");
  window_fixture_wait_until (fixture,
                             window_shows (GTK_WIDGET (fixture->window), "Settings put back"));
  g_assert_false (has_parameter ("num_batch"));
  g_assert_false (has_parameter ("num_thread"));
  g_assert_true (headroom_bench_store_delete (path, NULL));
}

/* The search itself: whatever it finds, it says so. It runs in this process and sends nobody away.
 */
static void
test_tune (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = open_page (&page);
  g_autoptr (HrValue) other = NULL;

  engine_fixture_load (&engine, "other", "");
  window_click (GTK_WIDGET (page), "_Look for Them");
  g_assert_true (headroom_bench_page_is_running (page));
  g_assert_false (gtk_widget_get_sensitive (window_find_button (GTK_WIDGET (page), "_Start")));
  wait_over (fixture, page);
  window_fixture_wait_until (fixture, window_shows (GTK_WIDGET (page),
                                                    "The Settings Are Good as They Are") ||
                                          window_shows (GTK_WIDGET (page), "of the time, between"));
  other = engine_fixture_find_model (&engine, "other");
  g_assert_nonnull (other);
}

/* ---- Others' models -------------------------------------------------------------------------- */

/* Nobody's model goes without a word. */
static void
test_asks_before_evicting (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = open_page (&page);
  g_autoptr (HrValue) other = NULL;

  engine_fixture_load (&engine, "other", "");
  window_fixture_wait_until (fixture, window_shows (GTK_WIDGET (page), "other would be unloaded"));
  headroom_bench_page_start (page, HEADROOM_SUITE_LATENCY);
  g_assert_false (headroom_bench_page_is_running (page));
  answer_dialog ("cancel");
  window_fixture_settle (fixture, 100);
  g_assert_false (headroom_bench_page_is_running (page));
  other = engine_fixture_find_model (&engine, "other");
  g_assert_nonnull (other);
  headroom_bench_page_start (page, HEADROOM_SUITE_LATENCY);
  answer_dialog ("measure");
  g_assert_true (headroom_bench_page_is_running (page));
  wait_over (fixture, page);
  g_clear_pointer (&other, hr_value_unref);
  other = engine_fixture_find_model (&engine, "other");
  g_assert_null (other);
}

/* A model that cannot be opened: the report says why, and the page too. */
static void
test_broken_model (void)
{
  HeadroomBenchPage *page;
  g_autoptr (WindowFixture) fixture = open_page (&page);
  g_autofree char *path = engine_fixture_dup_path (&engine, "gone.gguf");
  g_autoptr (HrValue) report = NULL;

  headroom_bench_page_set_model (page, path);
  run (fixture, page, HEADROOM_SUITE_LATENCY | HEADROOM_SUITE_CONTEXTS);
  report = read_report (headroom_bench_page_get_shown (page));
  g_assert_false (headroom_json_get_bool (report, "complete", TRUE));
  g_assert_true (window_shows (GTK_WIDGET (page), "Not Complete"));
  g_assert_true (window_shows (GTK_WIDGET (page), "gone.gguf"));
}

int
main (int argc, char **argv)
{
  int status;

  real_model = engine_find_real_model ();
  g_setenv ("HEADROOM_MAX_LOADED_MODELS", "1", TRUE);
  g_test_init (&argc, &argv, NULL);
  engine_fixture_init (&engine);
  if (!gtk_init_check ()) {
    g_print ("1..0 # SKIP no display\n");
    engine_fixture_clear (&engine);
    return 0;
  }
  adw_init ();
  engine_fixture_add (&engine, "model.gguf", &tiny_model_default);
  engine_fixture_add (&engine, "other.gguf", &tiny_model_default);
  engine_fixture_open (&engine);
  g_test_add_func ("/bench-page/run", test_run);
  g_test_add_func ("/bench-page/keys", test_keys);
  g_test_add_func ("/bench-page/export", test_export);
  g_test_add_func ("/bench-page/compare", test_compare);
  g_test_add_func ("/bench-page/cancel", test_cancel);
  g_test_add_func ("/bench-page/rename-and-delete", test_rename_and_delete);
  g_test_add_func ("/bench-page/asks-before-evicting", test_asks_before_evicting);
  g_test_add_func ("/bench-page/broken-model", test_broken_model);
  g_test_add_func ("/bench-page/real-model", test_real_model);
  g_test_add_func ("/bench-page/apply-and-undo", test_apply_and_undo);
  g_test_add_func ("/bench-page/tune", test_tune);
  status = g_test_run ();
  engine_fixture_clear (&engine);
  g_free (real_model);
  return status;
}
