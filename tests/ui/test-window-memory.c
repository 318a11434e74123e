/* test-window-memory.c: the window's models, settings and memory strip, in front of an engine that
 * says what the test wants.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-composer.h"
#include "headroom-memory-bar.h"
#include "headroom-memory-strip.h"
#include "headroom-model-chooser.h"
#include "headroom-settings-popover.h"
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
  GtkWidget *bar =
      window_find (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_STRIP, 0),
                   HEADROOM_TYPE_MEMORY_BAR, 0);

  return bar != NULL ? headroom_memory_bar_get_device (HEADROOM_MEMORY_BAR (bar)) : NULL;
}

/* ---- Models ---------------------------------------------------------------------------------- */

static void
test_no_model (void)
{
  g_autoptr (WindowFixture) fixture = NULL;
  FakeEngine *engine = fake_engine_new_typical ();

  g_free (engine->tags);
  engine->tags = g_strdup ("{\"models\":[]}");
  fixture = window_fixture_new (engine, 800, 600);
  window_fixture_wait_until (fixture, g_str_equal (window_fixture_get_page (fixture), "no-model"));
  g_assert_false (gtk_widget_get_visible (
      window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_COMPOSER, 0)));

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

  return g_strcmp0 (headroom_model_chooser_get_model (HEADROOM_MODEL_CHOOSER (chooser)), model) ==
         0;
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
  window_fixture_wait_until (fixture, window_shows (GTK_WIDGET (fixture->window),
                                                    "There is no model “missing”"));
  g_assert_true (has_chosen (fixture, "smollm2:latest"));

  headroom_window_choose_model (fixture->window, "/somewhere/File.gguf");
  window_fixture_wait_until (fixture, has_chosen (fixture, "/somewhere/File.gguf"));
}

/* ---- Memory ---------------------------------------------------------------------------------- */

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
  g_assert_true (
      window_shows (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_STRIP, 0),
                    "Needs 2.5"));
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
  bar = window_find (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_STRIP, 0),
                     HEADROOM_TYPE_MEMORY_BAR, 0);
  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_ROLE_METER);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_VALUE_MAX,
                                       16.0 * GIB);
  g_assert_true (
      gtk_test_accessible_has_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW));
  g_assert_true (
      gtk_test_accessible_has_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT));
  g_assert_true (
      gtk_test_accessible_has_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_LABEL));
}

/* ---- Settings -------------------------------------------------------------------------------- */

static void
test_settings_plan (void)
{
  g_autoptr (WindowFixture) fixture = open_typical ();
  guint before;

  window_fixture_wait_until (fixture, has_plan (fixture));
  g_settings_set_int (fixture->settings, "num-ctx", 8192);
  window_fixture_wait_until (fixture, was_planned (fixture, "\"num_ctx\":8192"));

  /* Everything that memory depends on is asked for. */
  g_settings_set_int (fixture->settings, "parallel", 3);
  window_fixture_wait_until (fixture, was_planned (fixture, "\"parallel\":3"));
  g_settings_set_string (fixture->settings, "kv-type", "q8_0");
  window_fixture_wait_until (fixture, was_planned (fixture, "\"kv_type\":\"q8_0\""));
  g_settings_reset (fixture->settings, "parallel");
  g_settings_reset (fixture->settings, "kv-type");

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
  g_assert_nonnull (
      strstr (fixture->engine->last_chat,
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
  g_assert_cmpint (gtk_spin_button_get_value_as_int (
                       GTK_SPIN_BUTTON (window_find (popover, GTK_TYPE_SPIN_BUTTON, 0))),
                   ==, 2048);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (window_find (popover, GTK_TYPE_SPIN_BUTTON, 0)),
                             1000);
  g_assert_cmpint (g_settings_get_int (fixture->settings, "num-ctx"), ==, 1000);
  g_assert_cmpfloat_with_epsilon (gtk_range_get_value (
                                      GTK_RANGE (window_find (popover, GTK_TYPE_SCALE, 0))),
                                  9.966, 1e-3);

  /* The model was trained for 8192 tokens. */
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (window_find (popover, GTK_TYPE_SPIN_BUTTON, 0)),
                             100000);
  g_assert_cmpint (g_settings_get_int (fixture->settings, "num-ctx"), ==, 8192);
  g_settings_reset (fixture->settings, "num-ctx");
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
  g_test_add_func ("/window/models/none", test_no_model);
  g_test_add_func ("/window/models/choose", test_choose);
  g_test_add_func ("/window/memory/plan", test_memory);
  g_test_add_func ("/window/memory/polls", test_memory_polls);
  g_test_add_func ("/window/memory/misfit", test_memory_misfit);
  g_test_add_func ("/window/memory/accessible", test_memory_accessible);
  g_test_add_func ("/window/settings/plan", test_settings_plan);
  g_test_add_func ("/window/settings/asked", test_settings_asked);
  g_test_add_func ("/window/settings/popover", test_settings_popover);
  return g_test_run ();
}
