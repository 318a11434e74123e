/* test-session.c: the real window in front of the real engine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The model is the chat model where it is, else a tiny one with made-up weights; what is asserted
 * about words needs the former.
 */
#include "engine-support.h"
#include "headroom-memory-bar.h"
#include "headroom-memory-strip.h"
#include "headroom-memory-wire.h"
#include "headroom-model-chooser.h"

#include <glib/gstdio.h>
#include <unistd.h>

static char *real_model; /* path, or NULL */
static EngineFixture engine;

/* ---- Set-up ---------------------------------------------------------------------------------- */

static void
add_model (void)
{
  g_autofree char *path = engine_fixture_dup_path (&engine, "model.gguf");

  if (real_model != NULL)
    g_assert_cmpint (symlink (real_model, path), ==, 0);
  else
    engine_fixture_add (&engine, "model.gguf", &tiny_model_default);
}

static WindowFixture *
open_window (void)
{
  WindowFixture *fixture = engine_fixture_open_window (&engine);

  g_settings_set_double (fixture->settings, "temperature", 0);
  g_settings_set_int (fixture->settings, "num-predict", 24);
  return fixture;
}

/* ---- What the engine says -------------------------------------------------------------------- */

static const HeadroomMemoryDevice *
get_device (WindowFixture *fixture)
{
  GtkWidget *bar =
      window_find (window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_STRIP, 0),
                   HEADROOM_TYPE_MEMORY_BAR, 0);

  return bar != NULL ? headroom_memory_bar_get_device (HEADROOM_MEMORY_BAR (bar)) : NULL;
}

static const HeadroomMemoryDevice *
wait_for_plan (WindowFixture *fixture)
{
  const HeadroomMemoryDevice *device = NULL;

  window_fixture_wait_until (fixture, (device = get_device (fixture)) != NULL && device->has_plan);
  return device;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void
test_answer (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  g_autofree char *answer = NULL;

  window_fixture_type (fixture, "What is the capital of France? Answer in one short sentence.");
  window_fixture_wait_idle (fixture);
  answer = window_fixture_dup_answer (fixture);
  g_test_message ("answer: %s", answer);
  g_assert_nonnull (strstr (answer, "tokens/s"));
  g_assert_nonnull (strstr (answer, "first word after"));
  if (real_model != NULL)
    g_assert_nonnull (strstr (answer, "Paris"));
}

/* The bar shows the very numbers of the planner, and once the model is loaded, the same for what it
 * takes. */
static void
test_plan (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  const HeadroomMemoryDevice *device = wait_for_plan (fixture);
  g_autoptr (HrValue) plan =
      engine_fixture_ask (&engine, "POST", "/headroom/plan",
                          "{\"model\":\"model\",\"options\":{\"num_ctx\":4096}}");
  HrValue *planned = hr_value_at (hr_value_lookup (plan, "devices"), 0);

  g_assert_cmpuint (device->plan[HEADROOM_MEMORY_WEIGHTS], ==,
                    headroom_json_get_int (planned, "weights", -1));
  g_assert_cmpuint (device->plan[HEADROOM_MEMORY_CACHE_UNUSED], ==,
                    headroom_json_get_int (planned, "cache", -1));
  g_assert_cmpuint (device->plan[HEADROOM_MEMORY_COMPUTE], ==,
                    headroom_json_get_int (planned, "compute", -1));

  window_fixture_type (fixture, "Hello!");
  window_fixture_wait_idle (fixture);
  window_fixture_wait_until (fixture, get_device (fixture)->now[HEADROOM_MEMORY_CACHE] > 0);
  device = get_device (fixture);
  g_assert_cmpuint (device->now[HEADROOM_MEMORY_WEIGHTS], ==,
                    device->plan[HEADROOM_MEMORY_WEIGHTS]);
  g_assert_cmpuint (device->now[HEADROOM_MEMORY_CACHE] + device->now[HEADROOM_MEMORY_CACHE_UNUSED],
                    ==, device->plan[HEADROOM_MEMORY_CACHE_UNUSED]);
}

static void
test_settings (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  guint64 at_default = wait_for_plan (fixture)->plan[HEADROOM_MEMORY_CACHE_UNUSED];

  g_settings_set_int (fixture->settings, "num-ctx", 512);
  window_fixture_wait_until (fixture, wait_for_plan (fixture)->plan[HEADROOM_MEMORY_CACHE_UNUSED] <
                                          at_default);
  g_assert_cmpuint (wait_for_plan (fixture)->plan[HEADROOM_MEMORY_CACHE_UNUSED], >, 0);
}

static gboolean
is_engine_busy (void)
{
  g_autoptr (HrValue) model = engine_fixture_find_model (&engine, "");

  return model != NULL && headroom_json_get_int (model, "requests", 0) > 0;
}

static void
test_stop (void)
{
  g_autoptr (WindowFixture) fixture = NULL;

  if (real_model == NULL) {
    g_test_skip (
        "the chat model is not here, and the made-up one ends its answers before they can be stopped");
    return;
  }
  fixture = open_window ();
  g_settings_set_int (fixture->settings, "num-predict", -1);
  window_fixture_type (
      fixture,
      "Write a very long story about the sea, the wind, and a lighthouse keeper with seven cats.");
  window_fixture_wait_until (fixture, is_engine_busy ());
  window_fixture_settle (fixture, 300);
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.stop", NULL));
  window_fixture_wait_until (fixture, !is_engine_busy ());
  g_assert_true (window_fixture_answer_has (fixture, "Stopped"));
}

static void
test_file (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  GtkWidget *chooser = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MODEL_CHOOSER, 0);
  g_autofree char *path = engine_fixture_dup_path (&engine, "model.gguf");
  g_autofree char *answer = NULL;

  headroom_window_choose_model (fixture->window, path);
  window_fixture_wait_until (fixture, g_str_equal (headroom_model_chooser_get_model (
                                                       HEADROOM_MODEL_CHOOSER (chooser)),
                                                   path));
  window_fixture_type (fixture, "Hello!");
  window_fixture_wait_idle (fixture);
  answer = window_fixture_dup_answer (fixture);
  g_assert_nonnull (strstr (answer, "tokens/s"));
}

/* A file that is no model is refused in words, in the strip and in the chat. */
static void
test_broken_file (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  g_autofree char *path = engine_fixture_dup_path (&engine, "broken.gguf");

  g_assert_true (g_file_set_contents (path, "GGUF\3\0\0\0", 8, NULL));
  headroom_window_choose_model (fixture->window, path);
  window_fixture_wait_until (fixture,
                             window_shows (GTK_WIDGET (fixture->window), "the file ends in"));
  window_fixture_type (fixture, "Hello!");
  window_fixture_wait_idle (fixture);
  g_assert_true (window_fixture_answer_has (fixture, "the file ends in"));
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  int status;

  real_model = engine_find_real_model ();
  g_test_init (&argc, &argv, NULL);
  engine_fixture_init (&engine);
  if (!gtk_init_check ()) {
    g_print ("1..0 # SKIP no display\n");
    engine_fixture_clear (&engine);
    return 0;
  }
  adw_init ();
  if (real_model == NULL)
    g_test_message ("the chat model is not here: a tiny one with made-up weights stands in for it");
  add_model ();
  engine_fixture_open (&engine);
  g_test_add_func ("/session/answer", test_answer);
  g_test_add_func ("/session/plan", test_plan);
  g_test_add_func ("/session/settings", test_settings);
  g_test_add_func ("/session/stop", test_stop);
  g_test_add_func ("/session/file", test_file);
  g_test_add_func ("/session/broken-file", test_broken_file);
  status = g_test_run ();
  engine_fixture_clear (&engine);
  return status;
}
