/* test-memory-page.c: the memory page in the real window, over a model's real header.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the page says is compared with plans made here by the loader's function for the same
 * machine.
 */
#include "headroom-catalogue.h"
#include "headroom-cost-chart.h"
#include "headroom-cost-group.h"
#include "headroom-effective-group.h"
#include "headroom-events-group.h"
#include "headroom-memory-page.h"
#include "headroom-fit.h"
#include "headroom-json.h"
#include "headroom-residents-group.h"
#include "headroom-slider-row.h"
#include "headroom-sum-group.h"
#include "headroom-variants-group.h"
#include "memory-page-fixture.h"
#include "tiny-model.h"

static const char *program; /* headroom; NULL: not given */

typedef MemoryPageFixture Fixture;

/* The sum follows at once where it is seen. */
static GtkWidget *
scroll_to_sum (Fixture *fixture)
{
  GtkWidget *scroller = window_find (fixture->page, GTK_TYPE_SCROLLED_WINDOW, 0);
  GtkWidget *sum = window_find (fixture->page, HEADROOM_TYPE_SUM_GROUP, 0);
  graphene_rect_t bounds;

  window_fixture_wait_until (fixture->window, gtk_widget_compute_bounds (sum, scroller, &bounds) &&
                                                  bounds.size.height > 0);
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller)),
                            bounds.origin.y);
  window_fixture_wait_until (fixture->window,
                             gtk_widget_compute_bounds (sum, scroller, &bounds) &&
                                 bounds.origin.y < gtk_widget_get_height (scroller) / 2.0f);
  return sum;
}

/* Every stop of the slider says what the loader would take there, and the sum below it too. */
static void
test_context_slider (Fixture *fixture, gconstpointer data)
{
  HeadroomSliderRow *row = memory_page_get_slider (fixture, 0);
  GtkAdjustment *thumb = gtk_range_get_adjustment (GTK_RANGE (headroom_slider_row_get_scale (row)));
  GtkWidget *sum = scroll_to_sum (fixture);
  guint64 last = 0;

  for (int stop = 0; stop <= (int) gtk_adjustment_get_upper (thumb); stop++) {
    g_autoptr (HrPlan) plan = NULL;
    gtk_adjustment_set_value (thumb, stop);
    plan = memory_page_plan (fixture, headroom_slider_row_get_value (row), 0, HR_KV_F16);
    g_assert_cmpuint (hr_plan_get_bytes (plan, HR_ITEM_CACHE), >, last);
    last = hr_plan_get_bytes (plan, HR_ITEM_CACHE);
    memory_page_assert_bytes (GTK_WIDGET (row), last);
    memory_page_assert_bytes (sum, last);
    memory_page_assert_bytes (sum, hr_plan_get_bytes (plan, HR_ITEM_N_KINDS));
  }
}

/* What `headroom plan --json` prints of the same model on the same machine. */
static HrValue *
plan_in_terminal (Fixture *fixture, guint num_ctx)
{
  g_autofree char *tokens = g_strdup_printf ("%u", num_ctx);
  const char *args[] = { program, "plan",     fixture->model,   "--num-ctx", tokens, "--num-batch",
                         "512",   "--device", "host:cpu:12GiB", "--reserve", "0",    "--json",
                         NULL };
  g_autofree char *out = NULL;
  g_autoptr (GError) error = NULL;
  HrValue *json;
  int status;

  g_assert_true (g_spawn_sync (NULL, (char **) args, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL,
                               &status, &error));
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, NULL));
  json = headroom_json_parse (out, -1, FALSE, &error);
  g_assert_no_error (error);
  return json;
}

static double
get_number (const HrValue *dict, const char *key)
{
  const HrValue *value = hr_value_lookup (dict, key);

  return hr_value_kind (value) == HR_VALUE_INT ? (double) hr_value_get_int (value)
                                               : hr_value_get_float (value);
}

/* The share over the weights, the loss of speed and the verdict of that context. */
static void
assert_shows_context (GtkWidget *widget, const HrValue *plan)
{
  const HrValue *context = hr_value_lookup (plan, "context");
  const char *verdict = headroom_json_get_string (context, "verdict");
  g_autofree char *added =
      g_strdup_printf ("%.0f %% over the weights", get_number (context, "percent_of_weights"));
  g_autofree char *judged = g_strdup_printf ("%s, and %.0f %% slower when full", verdict,
                                             get_number (context, "slower_percent"));

  if (g_str_equal (verdict, "does not fit")) {
    g_assert_true (window_shows (widget, verdict));
    return;
  }
  g_assert_true (window_shows (widget, added));
  g_assert_true (window_shows (widget, judged));
}

/* What people expect of the cache stands below what it is. */
static void
assert_shows_sum (GtkWidget *sum, const HrValue *plan)
{
  const HrValue *rows = hr_value_lookup (plan, "sum");

  g_assert_cmpuint (hr_value_size (rows), >=, 6);
  for (gsize i = 0; i < hr_value_size (rows); i++) {
    HrValue *row = hr_value_at (rows, i);
    memory_page_assert_bytes (sum, (guint64) headroom_json_get_int (row, "bytes", 0));
    g_assert_true (window_shows (sum, headroom_json_get_string (row, "title")));
    g_assert_true (window_shows (sum, headroom_json_get_string (row, "formula")));
  }
  g_assert_cmpint (headroom_json_get_int (plan, "textbook_cache_bytes", 0), !=,
                   headroom_json_get_int (hr_value_lookup (plan, "bytes"), "cache", 0));
  memory_page_assert_bytes (sum, (guint64) headroom_json_get_int (plan, "textbook_cache_bytes", 0));
}

/* The numbers in the window are those of the terminal. */
static void
test_terminal (Fixture *fixture, gconstpointer data)
{
  HeadroomSliderRow *row = memory_page_get_slider (fixture, 0);
  GtkAdjustment *thumb = gtk_range_get_adjustment (GTK_RANGE (headroom_slider_row_get_scale (row)));
  GtkWidget *sum;

  if (program == NULL) {
    g_test_skip ("started without the path of the terminal program");
    return;
  }
  sum = scroll_to_sum (fixture);
  for (int stop = 0; stop <= (int) gtk_adjustment_get_upper (thumb); stop++) {
    g_autoptr (HrValue) plan = NULL;
    HrValue *bytes;
    gtk_adjustment_set_value (thumb, stop);
    plan = plan_in_terminal (fixture, headroom_slider_row_get_value (row));
    bytes = hr_value_lookup (plan, "bytes");
    memory_page_assert_bytes (GTK_WIDGET (row), (guint64) headroom_json_get_int (bytes, "cache", 0));
    memory_page_assert_bytes (sum, (guint64) headroom_json_get_int (bytes, "weights", 0));
    memory_page_assert_bytes (sum, (guint64) headroom_json_get_int (bytes, "total", 0));
    assert_shows_sum (sum, plan);
    assert_shows_context (GTK_WIDGET (row), plan);
  }
}

static HrModel *
open_entry (const char *name)
{
  g_autoptr (GError) error = NULL;
  HrModel *model = headroom_catalogue_open (headroom_catalogue_find (name), NULL, &error);

  g_assert_no_error (error);
  return model;
}

/* Of a model whose whole context is more than there is: where the cliff is a stop, and what is
 * beyond does not fit. */
static void
test_verdicts (Fixture *fixture, gconstpointer data)
{
  HeadroomPlanPreview *preview =
      headroom_memory_page_get_preview (HEADROOM_MEMORY_PAGE (fixture->page));
  GtkWidget *row = GTK_WIDGET (memory_page_get_slider (fixture, 0));
  GtkAdjustment *thumb = gtk_range_get_adjustment (
      GTK_RANGE (headroom_slider_row_get_scale (HEADROOM_SLIDER_ROW (row))));
  g_autoptr (HrModel) model = open_entry ("llama3.1:8b");
  guint n_fitting = 0, n_stops;

  headroom_plan_preview_take_model (preview, "llama3.1:8b", open_entry ("llama3.1:8b"));
  window_fixture_wait_until (fixture->window, window_shows (row, " slower when full"));
  n_stops = (guint) gtk_adjustment_get_upper (thumb) + 1;
  for (guint stop = 0; stop < n_stops; stop++) {
    g_autoptr (HrPlan) plan = NULL;
    gboolean fits;
    gtk_adjustment_set_value (thumb, stop);
    plan = memory_page_plan_model (model, headroom_slider_row_get_value (HEADROOM_SLIDER_ROW (row)), 0,
                            HR_KV_F16);
    fits = hr_plan_fits (plan, NULL);
    g_assert_cmpint (window_shows (row, "does not fit"), ==, !fits);
    g_assert_cmpint (window_shows (row, " slower when full"), ==, fits);
    n_fitting += fits;
  }
  g_assert_cmpuint (n_fitting, >, 2);
  g_assert_cmpuint (n_fitting, <, n_stops);
}

static void
test_landscape (Fixture *fixture, gconstpointer data)
{
  GtkWidget *landscape = window_find (fixture->page, HEADROOM_TYPE_COST_CHART, 0);
  gsize n;
  const HeadroomSurveyPoint *points =
      headroom_cost_chart_get_points (HEADROOM_COST_CHART (landscape), &n);

  for (gsize i = 0; i < n; i++) {
    g_autoptr (HrPlan) plan = memory_page_plan (fixture, points[i].num_ctx, 0, HR_KV_F16);
    g_assert_cmpuint (points[i].cache, ==, hr_plan_get_bytes (plan, HR_ITEM_CACHE));
    g_assert_cmpuint (points[i].weights + points[i].compute + points[i].cache, ==,
                      hr_plan_get_bytes (plan, HR_ITEM_N_KINDS));
  }
}

/* Nothing is stored before it is applied, and undoing brings back what was. */
static void
test_apply (Fixture *fixture, gconstpointer data)
{
  HeadroomSliderRow *row = memory_page_get_slider (fixture, 1);
  GtkWidget *cost = window_find (fixture->page, HEADROOM_TYPE_COST_GROUP, 0);
  GtkWidget *apply = window_find_button (cost, "_Apply"),
            *undo = window_find_button (cost, "_Undo");

  g_assert_false (gtk_widget_get_sensitive (apply));
  headroom_slider_row_set_value (row, 2);
  g_assert_true (gtk_widget_get_sensitive (apply));
  g_assert_cmpint (g_settings_get_int (fixture->window->settings, "parallel"), ==, 0);
  g_signal_emit_by_name (undo, "clicked");
  g_assert_cmpuint (headroom_slider_row_get_value (row), ==, 0);

  headroom_slider_row_set_value (row, 2);
  g_signal_emit_by_name (apply, "clicked");
  g_assert_cmpint (g_settings_get_int (fixture->window->settings, "parallel"), ==, 2);
  g_assert_false (gtk_widget_get_sensitive (apply));
}

static AdwActionRow *
find_row (GtkWidget *root, const char *title)
{
  for (guint i = 0;; i++) {
    GtkWidget *row = window_find (root, ADW_TYPE_ACTION_ROW, i);
    if (row == NULL ||
        g_str_equal (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), title))
      return ADW_ACTION_ROW (row);
  }
}

/* A preset says what it would take, moves the sliders, and stores all of it when it is applied. */
static void
test_preset (Fixture *fixture, gconstpointer data)
{
  GtkWidget *group = window_find (fixture->page, HEADROOM_TYPE_PRESET_GROUP, 0);
  GtkWidget *cost = window_find (fixture->page, HEADROOM_TYPE_COST_GROUP, 0);
  g_autoptr (HrPlan) plan = memory_page_plan (fixture, 4096, 8, HR_KV_F16);
  g_autofree char *price = headroom_memory_format (hr_plan_get_bytes (plan, HR_ITEM_N_KINDS)),
                  *keep_alive = NULL;
  AdwActionRow *row = find_row (group, "For many texts");

  window_fixture_wait_until (fixture->window, window_shows (GTK_WIDGET (row), price));
  g_signal_emit_by_name (row, "activated");
  g_assert_cmpuint (headroom_slider_row_get_value (memory_page_get_slider (fixture, 1)), ==, 8);
  g_assert_cmpint (g_settings_get_int (fixture->window->settings, "num-predict"), ==, -1);
  g_signal_emit_by_name (window_find_button (cost, "_Apply"), "clicked");
  g_assert_cmpint (g_settings_get_int (fixture->window->settings, "parallel"), ==, 8);
  g_assert_cmpint (g_settings_get_int (fixture->window->settings, "num-predict"), ==, 2048);
  keep_alive = g_settings_get_string (fixture->window->settings, "keep-alive");
  g_assert_cmpstr (keep_alive, ==, "30m");
}

/* Three proposals for this model here, each with its numbers and one click away. */
static void
test_proposals (Fixture *fixture, gconstpointer data)
{
  GtkWidget *group = window_find (fixture->page, HEADROOM_TYPE_PRESET_GROUP, 0);
  GtkWidget *longest = GTK_WIDGET (find_row (group, "Longest context that fits"));
  GtkWidget *widest = GTK_WIDGET (find_row (group, "Most answers at once that pay"));
  GtkWidget *fastest = GTK_WIDGET (find_row (group, "Fastest answer"));
  guint n_ctx = (guint) tiny_model_default.n_ctx;
  g_autoptr (HrPlan) plan = memory_page_plan (fixture, n_ctx, 1, HR_KV_F16);
  g_autofree char *price = headroom_memory_format (hr_plan_get_bytes (plan, HR_ITEM_N_KINDS));
  g_autofree char *numbers = g_strdup_printf ("%'u tokens, 1 at once", n_ctx);

  window_fixture_wait_until (fixture->window, window_shows (longest, price));
  g_assert_true (window_shows (longest, numbers));
  g_assert_true (window_shows (widest, " at once"));
  g_assert_true (window_shows (fastest, ", 1 at once"));
  window_click (longest, "Apply");
  g_assert_cmpint (g_settings_get_int (fixture->window->settings, "num-ctx"), ==, (int) n_ctx);
  g_assert_cmpint (g_settings_get_int (fixture->window->settings, "parallel"), ==, 1);
}

static const char status[] =
    "{\"devices\":[{\"name\":\"Memory\",\"kind\":\"cpu\",\"total\":17179869184,\"free\":8589934592,\"reserve\":0,\"ours\":{}}],"
    "\"models\":[{\"name\":\"smollm2:latest\",\"state\":\"ready\",\"requests\":0,\"bytes\":{\"total\":1073741824},"
    "\"slots\":{\"total\":4,\"active\":1,\"queued\":0},\"cached_tokens\":77,\"until\":null}],"
    "\"events\":[{\"time\":\"2026-01-01T10:00:00Z\",\"kind\":\"load\",\"model\":\"a\",\"reason\":\"a was loaded.\",\"bytes\":1},"
    "{\"time\":\"2026-01-01T10:00:01Z\",\"kind\":\"evict\",\"model\":\"a\",\"reason\":\"a gave way to b.\",\"bytes\":1}]}";

static void
test_models_and_events (Fixture *fixture, gconstpointer data)
{
  GtkWidget *models = window_find (fixture->page, HEADROOM_TYPE_RESIDENTS_GROUP, 0);
  GtkWidget *events = window_find (fixture->page, HEADROOM_TYPE_EVENTS_GROUP, 0);
  GtkWidget *filter = window_find (events, GTK_TYPE_DROP_DOWN, 0);

  g_free (fixture->window->engine->status);
  fixture->window->engine->status = g_strdup (status);
  window_fixture_wait_until (fixture->window, window_shows (models, "smollm2\n"));
  g_assert_true (window_shows (models, "1 of 4 slots answer, 77 tokens held · stays"));
  g_assert_true (window_shows (events, "a was loaded."));
  g_assert_true (window_shows (events, "a gave way to b."));
  gtk_drop_down_set_selected (GTK_DROP_DOWN (filter), 2);
  g_assert_false (window_shows (events, "a was loaded."));
  g_assert_true (window_shows (events, "a gave way to b."));
}

/* Who set a value, and what that replaced. */
static void
test_effective (Fixture *fixture, gconstpointer data)
{
  static const char effective[] =
      "{\"settings\":[{\"name\":\"top_k\",\"value\":40,\"source\":\"default\",\"overrode\":[]},"
      "{\"name\":\"num_ctx\",\"value\":8192,\"source\":\"request\",\"overrode\":[{\"source\":\"environment\","
      "\"value\":2048},{\"source\":\"default\",\"value\":null}]},{\"name\":\"parallel\",\"value\":null,"
      "\"source\":\"preset chat\",\"overrode\":[]}],\"planned\":{\"parallel\":4}}";
  GtkWidget *group = window_find (fixture->page, HEADROOM_TYPE_EFFECTIVE_GROUP, 0);
  FakeEngine *engine = fixture->window->engine;
  g_autofree char *text = NULL;

  engine->effective = g_strdup (effective);
  g_settings_set_string (fixture->window->settings, "preset", "chat");
  g_settings_set_int (fixture->window->settings, "num-ctx", 8192);
  window_fixture_wait_until (fixture->window, window_shows (group, "num_ctx"));
  g_assert_nonnull (strstr (engine->last_effective, "\"num_ctx\":8192"));
  g_assert_nonnull (strstr (engine->last_effective, "\"name\":\"chat\""));
  g_assert_true (window_shows (
      group,
      "From this window, instead of 2048 (the environment), automatic (Headroom’s default)"));
  g_assert_true (window_shows (group, "From the proposal “For a chat”"));
  g_assert_true (window_shows (group, "4 (chosen here)"));
  g_assert_true (window_shows (group, "2 of 3 differ"));
  /* Those that somebody set come first. */
  text = window_dup_text (group);
  g_assert_true (strstr (text, "top_k") > strstr (text, "parallel"));
  g_settings_reset (fixture->window->settings, "preset");
  g_settings_reset (fixture->window->settings, "num-ctx");
}

/* A model that is too large for the card: shares of each device, and what that costs. */
static void
test_layers (Fixture *fixture, gconstpointer data)
{
  static const char devices[] =
      "{\"devices\":[{\"name\":\"Memory\",\"kind\":\"cpu\",\"total\":274877906944,\"free\":257698037760,"
      "\"reserve\":0,\"ours\":{}},{\"name\":\"Card\",\"kind\":\"gpu\",\"total\":25769803776,"
      "\"free\":25769803776,\"reserve\":0,\"ours\":{}}]}";
  HeadroomPlanPreview *preview =
      headroom_memory_page_get_preview (HEADROOM_MEMORY_PAGE (fixture->page));
  GtkWidget *cost = window_find (fixture->page, HEADROOM_TYPE_COST_GROUP, 0);
  GtkWidget *variants = window_find (fixture->page, HEADROOM_TYPE_VARIANTS_GROUP, 0);
  g_autoptr (GError) error = NULL;

  g_free (fixture->window->engine->status);
  fixture->window->engine->status = g_strdup (devices);
  headroom_plan_preview_take_model (
      preview, "llama3.1:70b",
      headroom_catalogue_open (headroom_catalogue_find ("llama3.1:70b"), NULL, &error));
  g_assert_no_error (error);
  window_fixture_wait_until (fixture->window, window_shows (cost, "layers on Card, "));
  g_assert_true (window_shows (cost, "layers on the processor, "));
  g_assert_true (window_shows (cost, " % of the time"));
  window_fixture_wait_until (fixture->window, window_shows (cost, "times slower than with all"));
  window_fixture_wait_until (fixture->window, window_shows (variants, " fits best: "));
  g_assert_true (window_shows (variants, "Q4_K_M\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  program = argc > 1 ? argv[1] : NULL;
  if (!gtk_init_check ()) {
    g_print ("1..0 # SKIP no display\n");
    return 0;
  }
  adw_init ();
  g_test_add ("/memory-page/context-slider", Fixture, NULL, memory_page_set_up, test_context_slider,
              memory_page_tear_down);
  g_test_add ("/memory-page/terminal", Fixture, NULL, memory_page_set_up, test_terminal,
              memory_page_tear_down);
  g_test_add ("/memory-page/verdicts", Fixture, NULL, memory_page_set_up, test_verdicts,
              memory_page_tear_down);
  g_test_add ("/memory-page/landscape", Fixture, NULL, memory_page_set_up, test_landscape,
              memory_page_tear_down);
  g_test_add ("/memory-page/apply", Fixture, NULL, memory_page_set_up, test_apply,
              memory_page_tear_down);
  g_test_add ("/memory-page/preset", Fixture, NULL, memory_page_set_up, test_preset,
              memory_page_tear_down);
  g_test_add ("/memory-page/proposals", Fixture, NULL, memory_page_set_up, test_proposals,
              memory_page_tear_down);
  g_test_add ("/memory-page/effective", Fixture, NULL, memory_page_set_up, test_effective,
              memory_page_tear_down);
  g_test_add ("/memory-page/layers", Fixture, NULL, memory_page_set_up, test_layers,
              memory_page_tear_down);
  g_test_add ("/memory-page/models-and-events", Fixture, NULL, memory_page_set_up, test_models_and_events,
              memory_page_tear_down);
  return g_test_run ();
}
