/* test-room.c: settings for which another model has to go, the watches, and other quantisations, in
 * the real window in front of the real engine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two tiny models whose caches are promised most of the machine's room. Nothing of it is taken:
 * pages are committed as text comes. Two files with the shape of a known model and holes for its
 * weights.
 */
#include "engine-support.h"
#include "headroom-banner.h"
#include "headroom-catalogue.h"
#include "headroom-cost-chart.h"
#include "headroom-cost-group.h"
#include "headroom-memory-page.h"
#include "headroom-model-chooser.h"
#include "headroom-slider-row.h"
#include "headroom-variants-group.h"
#include "headroom-watches-group.h"

#include <unistd.h>

/* What a token takes: keys and values of 4 layers, 4 heads 256 wide, 16 bits each. */
#define TOKEN_BYTES 16384u
/* Tokens that a slot may hold at most; more slots are asked for where there is more room. */
#define MAX_TOKENS (1u << 20)

static EngineFixture engine;

/* ---- Set-up ---------------------------------------------------------------------------------- */

static WindowFixture *
open_window (void)
{
  WindowFixture *fixture = engine_fixture_open_window (&engine);

  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-page", "s", "memory");
  return fixture;
}

/* Bytes that models may take here now. */
static guint64
measure_room (void)
{
  g_autoptr (HrValue) status = engine_fixture_ask (&engine, "GET", "/headroom/status", NULL);
  HrValue *host = hr_value_at (hr_value_lookup (status, "devices"), 0);
  gint64 room =
      headroom_json_get_int (host, "free", 0) - headroom_json_get_int (host, "reserve", 0);

  return (guint64) MAX (room, 0);
}

static gint64
num_ctx_of (const char *name)
{
  g_autoptr (HrValue) model = engine_fixture_find_model (&engine, name);

  return model != NULL ? headroom_json_get_int (hr_value_lookup (model, "settings"), "num_ctx", 0)
                       : 0;
}

/* ---- Before it evicts, it says whom ---------------------------------------------------------- */

/* The dialog that is open, or NULL. */
static GtkWindow *
find_dialog (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *at = windows; at != NULL; at = at->next)
    if (ADW_IS_MESSAGE_DIALOG (at->data) && gtk_widget_get_visible (at->data))
      return at->data;
  return NULL;
}

static void
answer (WindowFixture *fixture, const char *response)
{
  window_fixture_wait_until (fixture, find_dialog () != NULL);
  g_assert_true (strstr (adw_message_dialog_get_body (ADW_MESSAGE_DIALOG (find_dialog ())),
                         "no room for second.") != NULL);
  adw_message_dialog_response (ADW_MESSAGE_DIALOG (find_dialog ()), response);
  gtk_window_destroy (find_dialog ());
}

/* A length between those where a model has to go and where nothing fits; 0: not known yet, or of
 * other settings. */
static guint
find_crowded (GtkWidget *page, guint64 room, guint slots)
{
  GtkWidget *chart = window_find (page, HEADROOM_TYPE_COST_CHART, 0);
  guint64 most = room / slots / TOKEN_BYTES;
  guint evicts = 0, full = 0;
  gsize n;
  const HeadroomCliff *cliffs = headroom_cost_chart_get_cliffs (HEADROOM_COST_CHART (chart), &n);

  for (gsize i = 0; i < n; i++) {
    if (cliffs[i].kind == HEADROOM_CLIFF_EVICTS)
      evicts = cliffs[i].num_ctx;
    else if (cliffs[i].kind == HEADROOM_CLIFF_FULL)
      full = cliffs[i].num_ctx;
  }
  if (evicts == 0 || evicts > full / 10 * 8 || full < most / 4 * 3 || full > most / 4 * 5)
    return 0;
  return evicts / 2 + full / 2;
}

/* Two fifths of the room are promised to the second model, and little to the first. */
static void
load_both (WindowFixture *fixture, guint64 room, guint slots)
{
  guint64 tokens = room * 2 / 5 / slots / TOKEN_BYTES;
  g_autofree char *path = engine_fixture_dup_path (&engine, "first.gguf");
  g_autofree char *large = g_strdup_printf (",\"options\":{\"num_ctx\":%" G_GUINT64_FORMAT
                                            ",\"parallel\":%u}",
                                            tokens, slots),
                  *small =
                      g_strdup_printf (",\"options\":{\"num_ctx\":512,\"parallel\":%u}", slots);

  engine_fixture_load (&engine, "second", large);
  engine_fixture_load (&engine, "first", small);
  g_settings_set_int (fixture->settings, "parallel", (int) slots);
  headroom_window_choose_model (fixture->window, path);
}

static void
test_asks_first (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  GtkWidget *window = GTK_WIDGET (fixture->window);
  GtkWidget *page = window_find (window, HEADROOM_TYPE_MEMORY_PAGE, 0);
  GtkWidget *cost = window_find (page, HEADROOM_TYPE_COST_GROUP, 0);
  HeadroomSliderRow *row = HEADROOM_SLIDER_ROW (window_find (page, HEADROOM_TYPE_SLIDER_ROW, 0));
  guint64 room = measure_room ();
  guint slots = 1 + (guint) (room * 5 / 4 / MAX_TOKENS / TOKEN_BYTES), crowded;

  if (room < G_GUINT64_CONSTANT (1) << 30) {
    g_test_skip ("less than 1 GiB is free for models");
    return;
  }
  load_both (fixture, room, slots);
  window_fixture_wait_until (fixture, (crowded = find_crowded (page, room, slots)) > 0);
  headroom_slider_row_set_value (row, crowded);
  window_fixture_wait_until (fixture, window_shows (cost, "For these settings second has to go."));

  window_click (cost, "_Apply");
  answer (fixture, "cancel");
  g_assert_cmpuint (engine_fixture_count_models (&engine), ==, 2);
  g_assert_cmpint (num_ctx_of ("first"), ==, 512);

  window_click (cost, "_Apply");
  answer (fixture, "apply");
  window_fixture_wait_until (fixture, num_ctx_of ("first") == crowded);
  g_assert_cmpuint (engine_fixture_count_models (&engine), ==, 1);
  window_fixture_wait_until (fixture, window_shows (window, "second was unloaded for first, "));
  g_assert_nonnull (window_find_button (window, "_Reload"));
  g_assert_nonnull (window_find_button (window, "Load second again and keep it in memory"));
  g_settings_reset (fixture->settings, "parallel");
}

/* ---- Watches --------------------------------------------------------------------------------- */

static gboolean
is_banner_shown (WindowFixture *fixture)
{
  GtkWidget *banner = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_BANNER, 0);

  return gtk_revealer_get_reveal_child (GTK_REVEALER (window_find (banner, GTK_TYPE_REVEALER, 0)));
}

static GtkWidget *
find_watch (GtkWidget *group, const char *title)
{
  for (guint i = 0;; i++) {
    GtkWidget *row = window_find (group, ADW_TYPE_EXPANDER_ROW, i);
    if (row == NULL || window_shows (row, title))
      return row;
  }
}

/* A threshold below what is used raises the banner, one above it takes it away again. */
static void
test_watches (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  GtkWidget *window = GTK_WIDGET (fixture->window);
  GtkWidget *group = window_find (window, HEADROOM_TYPE_WATCHES_GROUP, 0), *row;
  g_autofree char *thresholds = engine_fixture_dup_path (&engine, "headroom/watches.json");

  engine_fixture_load (&engine, "first", "");
  window_fixture_wait_until (fixture, is_banner_shown (fixture));
  g_assert_true (
      window_shows (window_find (window, HEADROOM_TYPE_BANNER, 0), "percent of the memory"));
  window_fixture_wait_until (fixture, find_watch (group, "Memory in use") != NULL);
  row = find_watch (group, "Memory in use");
  window_fixture_wait_until (fixture, gtk_widget_has_css_class (row, "warning"));
  g_assert_true (window_shows (row, "warns above 1 %"));
  g_assert_true (window_shows (row, "Unload a model that is not needed"));
  g_assert_nonnull (find_watch (group, "Swap in use"));

  gtk_spin_button_set_value (GTK_SPIN_BUTTON (window_find (row, GTK_TYPE_SPIN_BUTTON, 0)), 100);
  window_fixture_wait_until (fixture, !is_banner_shown (fixture));
  window_fixture_wait_until (fixture, window_shows (row, "warns above 100 %"));
  window_fixture_wait_until (fixture, !gtk_widget_has_css_class (row, "warning"));
  g_assert_true (g_file_test (thresholds, G_FILE_TEST_IS_REGULAR));
}

/* ---- Quantisations --------------------------------------------------------------------------- */

static gboolean
has_chosen (WindowFixture *fixture, const char *model)
{
  GtkWidget *chooser = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MODEL_CHOOSER, 0);

  return g_strcmp0 (headroom_model_chooser_get_model (HEADROOM_MODEL_CHOOSER (chooser)), model) ==
         0;
}

/* A click on a quantisation that is on this computer chooses the model that has it. */
static void
test_quantisation (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  GtkWidget *group = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_VARIANTS_GROUP, 0);
  g_autofree char *path = engine_fixture_dup_path (&engine, "little.Q4_K_M.gguf");
  GtkWidget *row = NULL;

  headroom_window_choose_model (fixture->window, path);
  window_fixture_wait_until (fixture, window_shows (group, " fits best: "));
  for (guint i = 0; row == NULL; i++) {
    GtkWidget *next = window_find (group, ADW_TYPE_ACTION_ROW, i);
    g_assert_nonnull (next);
    if (g_str_equal (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (next)), "Q8_0"))
      row = next;
  }
  g_assert_true (window_shows (row, "on this computer"));
  g_signal_emit_by_name (row, "activated");
  window_fixture_wait_until (fixture, has_chosen (fixture, "little:q8_0"));
}

/* The file that an entry of the catalogue describes, with a hole for its weights. */
static void
add_shape (const char *file, const char *weights)
{
  g_autofree char *path = engine_fixture_dup_path (&engine, file);
  g_autoptr (GError) error = NULL;
  guint64 data_bytes;
  g_autoptr (GBytes) header =
      headroom_catalogue_write_header (headroom_catalogue_find ("smollm2:135m"), weights,
                                       &data_bytes, &error);

  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (header, NULL),
                                      (gssize) g_bytes_get_size (header), NULL));
  g_assert_cmpint (truncate (path, (off_t) (g_bytes_get_size (header) + data_bytes)), ==, 0);
}

/* The threshold that the engine begins with: more than 1 % of the memory is used anywhere. */
static void
write_threshold (void)
{
  g_autofree char *path = engine_fixture_dup_path (&engine, "headroom/watches.json");

  g_assert_true (g_file_set_contents (path, "{\"device-memory\": 1}", -1, NULL));
}

/* libadwaita's message dialogs of later versions ask a label what it needs for too little width, and
 * GTK of later versions warns of that. All other warnings end the test as ever. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE") && fields[i].length < 0 &&
        g_str_has_prefix (fields[i].value, "Trying to measure GtkLabel"))
      return G_LOG_WRITER_HANDLED;
  return g_log_writer_default (level, fields, n_fields, data);
}

int
main (int argc, char **argv)
{
  TinyModel model = tiny_model_default;
  int status;

  g_test_init (&argc, &argv, NULL);
  engine_fixture_init (&engine);
  if (!gtk_init_check ()) {
    g_print ("1..0 # SKIP no display\n");
    engine_fixture_clear (&engine);
    return 0;
  }
  g_log_set_writer_func (write_log, NULL, NULL);
  adw_init ();
  model.n_layer = 4;
  model.n_head = model.n_head_kv = 4;
  model.head_dim = 256;
  model.n_ctx = MAX_TOKENS;
  engine_fixture_add (&engine, "first.gguf", &model);
  engine_fixture_add (&engine, "second.gguf", &model);
  add_shape ("little.Q4_K_M.gguf", "Q4_K_M");
  add_shape ("little.Q8_0.gguf", "Q8_0");
  write_threshold ();
  engine_fixture_open (&engine);
  g_test_add_func ("/room/asks-first", test_asks_first);
  g_test_add_func ("/room/watches", test_watches);
  g_test_add_func ("/room/quantisation", test_quantisation);
  status = g_test_run ();
  engine_fixture_clear (&engine);
  return status;
}
