/* test-what-if.c: the page that plays requests on a machine of one's choice, against the simulation
 * itself.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-choice-row.h"
#include "headroom-contender-row.h"
#include "headroom-events-group.h"
#include "headroom-json.h"
#include "headroom-playback.h"
#include "headroom-timeline.h"
#include "headroom-what-if-page.h"
#include "window-support.h"

typedef struct {
  WindowFixture *window;
  GtkWidget *page;
} Fixture;

static const HeadroomPlayed *
get_played (Fixture *fixture)
{
  return headroom_what_if_page_get_played (HEADROOM_WHAT_IF_PAGE (fixture->page));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->window = window_fixture_new (fake_engine_new_typical (), 800, 700);
  window_fixture_wait_model (fixture->window);
  fixture->page = window_find (GTK_WIDGET (fixture->window->window), HEADROOM_TYPE_WHAT_IF_PAGE, 0);
  gtk_widget_activate_action (GTK_WIDGET (fixture->window->window), "win.show-page", "s",
                              "what-if");
  window_fixture_wait_until (fixture->window, get_played (fixture) != NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  window_fixture_free (fixture->window);
}

static HeadroomChoiceRow *
get_choice (Fixture *fixture, const char *title)
{
  for (guint i = 0;; i++) {
    GtkWidget *row = window_find (fixture->page, HEADROOM_TYPE_CHOICE_ROW, i);
    g_assert_nonnull (row);
    if (g_str_equal (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), title))
      return HEADROOM_CHOICE_ROW (row);
  }
}

static HeadroomSimulation *
play_file (const char *name, HeadroomScenario **ret_scenario)
{
  g_autofree char *path = g_build_filename (SOURCE_ROOT, "data", "scenarios", name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (HrValue) json = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  json = headroom_json_parse (text, -1, FALSE, &error);
  g_assert_no_error (error);
  *ret_scenario = headroom_scenario_read (json, &error);
  g_assert_no_error (error);
  return headroom_simulation_play (*ret_scenario);
}

/* What the page plays is to the letter what `headroom simulate --json` prints of the same file. */
static void
test_shipped (Fixture *fixture, gconstpointer data)
{
  HeadroomScenario *scenario;
  HeadroomSimulation *simulation = play_file ("five-models-16gb.json", &scenario);
  g_autoptr (HrValue) expected = headroom_simulation_to_json (simulation, scenario), shown = NULL;
  g_autofree char *expected_text = headroom_json_print (expected, HEADROOM_JSON_PLAIN),
                  *shown_text = NULL;
  HeadroomTimeline *timeline =
      HEADROOM_TIMELINE (window_find (fixture->page, HEADROOM_TYPE_TIMELINE, 0));
  const HeadroomStay *stays;
  guint n;

  g_assert_true (headroom_choice_row_choose (get_choice (fixture, "Scenario"), "five-models-16gb"));
  window_fixture_wait_until (fixture->window,
                             g_str_equal (get_played (fixture)->scenario->title, scenario->title));
  shown = headroom_simulation_to_json (get_played (fixture)->simulation,
                                       get_played (fixture)->scenario);
  shown_text = headroom_json_print (shown, HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (shown_text, ==, expected_text);
  g_assert_true (window_shows (fixture->page, "5 requests: 5 served, 0 refused"));

  /* Five stays; the first ends with the only eviction. */
  stays = headroom_timeline_get_stays (timeline, &n);
  g_assert_cmpuint (n, ==, 5);
  g_assert_true (stays[0].was_evicted);
  for (guint i = 1; i < n; i++)
    g_assert_false (stays[i].was_evicted);
  headroom_simulation_free (simulation);
  headroom_scenario_free (scenario);
}

/* Every scenario that is shipped can be chosen and is played. */
static void
test_all_shipped (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_build_filename (SOURCE_ROOT, "data", "scenarios", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *id = g_strndup (name, strlen (name) - strlen (".json"));
    HeadroomScenario *scenario;
    HeadroomSimulation *simulation = play_file (name, &scenario);
    if (!headroom_choice_row_choose (get_choice (fixture, "Scenario"), id))
      g_error ("%s cannot be chosen", name);
    window_fixture_wait_until (
        fixture->window, g_str_equal (get_played (fixture)->scenario->title, scenario->title));
    g_assert_cmpuint (get_played (fixture)->simulation->n_served, ==, simulation->n_served);
    headroom_simulation_free (simulation);
    headroom_scenario_free (scenario);
  }
}

/* Going back in time takes events off the list. */
static void
test_moment (Fixture *fixture, gconstpointer data)
{
  GtkWidget *events = window_find (fixture->page, HEADROOM_TYPE_EVENTS_GROUP, 0);
  GtkWidget *playback = window_find (fixture->page, HEADROOM_TYPE_PLAYBACK, 0);

  g_assert_true (headroom_choice_row_choose (get_choice (fixture, "Scenario"), "five-models-16gb"));
  window_fixture_wait_until (fixture->window, window_shows (events, "Evicted · qwen2.5:7b"));
  g_object_set (playback, "moment", 60.0, NULL);
  g_assert_false (window_shows (events, "Evicted · qwen2.5:7b"));
  g_assert_true (window_shows (events, "Loaded · qwen2.5:7b"));
}

/* A machine of one's own: more memory, fewer evictions; nonsense is told in words. */
static void
test_own_machine (Fixture *fixture, gconstpointer data)
{
  GtkWidget *specs = window_find (fixture->page, ADW_TYPE_ENTRY_ROW, 0);
  const HeadroomPlayed *before = get_played (fixture);

  gtk_editable_set_text (GTK_EDITABLE (specs), "host:cpu:1TiB:80GB/s");
  g_assert_true (headroom_choice_row_choose (get_choice (fixture, "Hardware"), "own"));
  window_fixture_wait_until (fixture->window,
                             get_played (fixture) != NULL && get_played (fixture) != before);
  g_assert_cmpuint (get_played (fixture)->scenario->devices[0].total, ==, (guint64) 1 << 40);
  g_assert_cmpuint (get_played (fixture)->scenario->models->len, ==, 4);
  g_assert_false (window_shows (window_find (fixture->page, HEADROOM_TYPE_EVENTS_GROUP, 0),
                                "more memory than is free"));

  gtk_editable_set_text (GTK_EDITABLE (specs), "host:cpu:0");
  g_signal_emit_by_name (specs, "apply");
  window_fixture_wait_until (fixture->window,
                             window_shows (fixture->page, "This cannot be played"));
  g_assert_null (get_played (fixture));
}

static void
test_contenders (Fixture *fixture, gconstpointer data)
{
  g_signal_emit_by_name (window_find (fixture->page, HEADROOM_TYPE_CONTENDER_ROW, 0), "removed");
  window_fixture_wait_until (fixture->window, get_played (fixture) != NULL &&
                                                  get_played (fixture)->scenario->models->len == 3);
  for (int i = 0; i < 3; i++)
    g_signal_emit_by_name (window_find (fixture->page, HEADROOM_TYPE_CONTENDER_ROW, 0), "removed");
  window_fixture_wait_until (fixture->window,
                             window_shows (fixture->page, "No model is asked for anything."));
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
  g_test_add ("/what-if/shipped", Fixture, NULL, set_up, test_shipped, tear_down);
  g_test_add ("/what-if/all-shipped", Fixture, NULL, set_up, test_all_shipped, tear_down);
  g_test_add ("/what-if/moment", Fixture, NULL, set_up, test_moment, tear_down);
  g_test_add ("/what-if/own-machine", Fixture, NULL, set_up, test_own_machine, tear_down);
  g_test_add ("/what-if/contenders", Fixture, NULL, set_up, test_contenders, tear_down);
  return g_test_run ();
}
