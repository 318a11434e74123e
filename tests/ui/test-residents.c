/* test-residents.c: models in memory, in the real window in front of the real engine: eviction with
 * its toast, pinning, unloading, and settings that are applied to a loaded model.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two tiny models with made-up weights, of which only one may be in memory at a time.
 */
#include "engine-support.h"
#include "headroom-cost-group.h"
#include "headroom-memory-page.h"
#include "headroom-resident-row.h"
#include "headroom-slider-row.h"
#include "headroom-slot-strip.h"

static EngineFixture engine;

static WindowFixture *
open_window (void)
{
  WindowFixture *fixture = engine_fixture_open_window (&engine);

  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-page", "s", "memory");
  return fixture;
}

/* ---- The engine ------------------------------------------------------------------------------ */

/* Whether it is the only one in memory. */
static gboolean
is_loaded (const char *name, gboolean pinned)
{
  g_autoptr (HrValue) model = engine_fixture_find_model (&engine, name);

  return model != NULL && engine_fixture_count_models (&engine) == 1 &&
         g_str_equal (headroom_json_get_string (model, "state"), "ready") &&
         (hr_value_kind (hr_value_lookup (model, "until")) == HR_VALUE_NULL) == pinned;
}

static gint64
loaded_num_ctx (void)
{
  g_autoptr (HrValue) model = engine_fixture_find_model (&engine, "first");

  return model != NULL ? headroom_json_get_int (hr_value_lookup (model, "settings"), "num_ctx", 0)
                       : 0;
}

/* ---- Widgets --------------------------------------------------------------------------------- */

static GtkWidget *
get_row (WindowFixture *fixture)
{
  return window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_RESIDENT_ROW, 0);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

/* Another program's model takes the place of one that is here: what, for whom, and both ways back.
 */
static void
test_eviction (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  GtkWidget *window = GTK_WIDGET (fixture->window);

  engine_fixture_load (&engine, "first", "");
  window_fixture_wait_until (fixture, get_row (fixture) != NULL &&
                                          window_shows (get_row (fixture), "first"));
  engine_fixture_load (&engine, "second", "");
  window_fixture_wait_until (fixture, window_shows (window, "first was unloaded for second, "));
  window_click (window, "_Reload");
  window_fixture_wait_until (fixture, is_loaded ("first", FALSE));
  window_fixture_wait_until (fixture, window_shows (window, "second was unloaded for first, "));
  window_click (window, "Load second again and keep it in memory");
  window_fixture_wait_until (fixture, is_loaded ("second", TRUE));
  window_fixture_wait_until (fixture, window_shows (get_row (fixture), "stays"));
}

static void
test_pin_and_unload (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();

  window_fixture_wait_until (fixture, get_row (fixture) != NULL &&
                                          window_shows (get_row (fixture), "stays"));
  window_click (get_row (fixture), "Let It Go When Idle");
  window_fixture_wait_until (fixture, is_loaded ("second", FALSE));
  window_fixture_wait_until (fixture, window_shows (get_row (fixture), "goes in"));
  window_click (get_row (fixture), "Unload");
  window_fixture_wait_until (fixture, engine_fixture_count_models (&engine) == 0);
  window_fixture_wait_until (fixture, get_row (fixture) == NULL);
}

/* What a slot holds is told by its number and drawn; bytes are the plan's. */
static void
test_details (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  g_autoptr (HrValue) model = NULL;
  g_autofree char *bytes = NULL;
  GtkWidget *slots;

  engine_fixture_load (&engine, "first",
                       ",\"prompt\":\"Hello\",\"options\":{\"num_predict\":4,\"num_ctx\":512}");
  window_fixture_wait_until (fixture, get_row (fixture) != NULL &&
                                          window_shows (get_row (fixture), "first"));
  slots = window_find (get_row (fixture), HEADROOM_TYPE_SLOT_STRIP, 0);
  window_fixture_wait_until (fixture,
                             strstr (headroom_slot_strip_get_text (HEADROOM_SLOT_STRIP (slots)),
                                     "of 512 tokens") != NULL);
  g_assert_true (gtk_test_accessible_has_property (GTK_ACCESSIBLE (slots),
                                                   GTK_ACCESSIBLE_PROPERTY_DESCRIPTION));
  model = engine_fixture_find_model (&engine, "first");
  bytes = headroom_memory_format_exact (
      (guint64) headroom_json_get_int (hr_value_lookup (model, "bytes"), "total", 0));
  g_assert_true (window_shows (get_row (fixture), bytes));
  g_assert_true (window_shows (get_row (fixture),
                               "B for a key and a value × 512 tokens × 4 at once, as f16"));
  g_assert_true (window_shows (get_row (fixture), "On disk"));
  g_assert_true (window_shows (get_row (fixture), "places in a step × 4 B"));
  g_assert_true (window_shows (get_row (fixture), "In memory since"));
}

/* Applying another context changes the model that is loaded, in its place. */
static void
test_apply (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  GtkWidget *page = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_PAGE, 0);
  GtkWidget *cost = window_find (page, HEADROOM_TYPE_COST_GROUP, 0);
  HeadroomSliderRow *row = HEADROOM_SLIDER_ROW (window_find (page, HEADROOM_TYPE_SLIDER_ROW, 0));
  g_autofree char *path = engine_fixture_dup_path (&engine, "first.gguf");

  engine_fixture_load (&engine, "first", ",\"options\":{\"num_ctx\":512}");
  headroom_window_choose_model (fixture->window, path);
  window_fixture_wait_until (fixture, *headroom_slider_row_get_cost (row) != '\0' &&
                                          is_loaded ("first", FALSE));
  window_fixture_wait_until (fixture, window_shows (get_row (fixture), "first"));
  headroom_slider_row_set_value (row, 1024);
  window_click (cost, "_Apply");
  window_fixture_wait_until (fixture, loaded_num_ctx () == 1024);
  window_fixture_settle (fixture, 500); /* the last request about it is on its way */
  g_assert_true (engine_fixture_has_event (&engine, "resize"));
  g_assert_false (engine_fixture_has_event (&engine, "reload"));
  g_assert_cmpint (g_settings_get_int (fixture->settings, "num-ctx"), ==, 1024);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  engine_fixture_init (&engine);
  if (!gtk_init_check ()) {
    g_print ("1..0 # SKIP no display\n");
    engine_fixture_clear (&engine);
    return 0;
  }
  adw_init ();
  engine_fixture_add (&engine, "first.gguf", &tiny_model_default);
  engine_fixture_add (&engine, "second.gguf", &tiny_model_default);
  g_setenv ("HEADROOM_MAX_LOADED_MODELS", "1", TRUE);
  engine_fixture_open (&engine);
  g_test_add_func ("/residents/eviction", test_eviction);
  g_test_add_func ("/residents/pin-and-unload", test_pin_and_unload);
  g_test_add_func ("/residents/details", test_details);
  g_test_add_func ("/residents/apply", test_apply);
  status = g_test_run ();
  engine_fixture_clear (&engine);
  return status;
}
