/* test-limits.c: what the environment allows, by both of its names.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-residency.h"
#include "headroom-wire-time.h"

#define SECOND HEADROOM_NSEC_PER_SEC

static const char *const names[] = { "KEEP_ALIVE", "LOAD_TIMEOUT", "MAX_LOADED_MODELS", "MAX_QUEUE",
                                     "PARKING" };

static void
set (const char *prefix, const char *name, const char *value)
{
  g_autofree char *variable = g_strconcat (prefix, name, NULL);

  if (value != NULL)
    g_setenv (variable, value, TRUE);
  else
    g_unsetenv (variable);
}

/* Values in the order of names; NULL: not set. */
static void
set_all (const char *prefix, const char *const *values)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    set (prefix, names[i], values != NULL ? values[i] : NULL);
}

static HeadroomResidencyLimits
get (void)
{
  HeadroomResidencyLimits limits;

  headroom_residency_limits_init_from_env (&limits);
  return limits;
}

static void
test_defaults (void)
{
  HeadroomResidencyLimits limits;

  set_all ("OLLAMA_", NULL);
  set_all ("HEADROOM_", NULL);
  limits = get ();
  g_assert_cmpint (limits.keep_alive_ns, ==, 300 * SECOND);
  g_assert_cmpint (limits.load_timeout_ns, ==, 300 * SECOND);
  g_assert_cmpuint (limits.max_loaded, ==, 0);
  g_assert_cmpuint (limits.max_queue, ==, 512);
  g_assert_cmpuint (limits.parking_bytes, ==, 0);
}

/* The other program's names count; where both are there, our own win. */
static void
test_names (void)
{
  static const char *const theirs[] = { "10m", "90s", "2", "7", NULL };
  static const char *const ours[] = { "-1", "0", "4", "9", "8GiB" };
  HeadroomResidencyLimits limits;

  set_all ("HEADROOM_", NULL);
  set_all ("OLLAMA_", theirs);
  limits = get ();
  g_assert_cmpint (limits.keep_alive_ns, ==, 600 * SECOND);
  g_assert_cmpint (limits.load_timeout_ns, ==, 90 * SECOND);
  g_assert_cmpuint (limits.max_loaded, ==, 2);
  g_assert_cmpuint (limits.max_queue, ==, 7);
  set_all ("HEADROOM_", ours);
  limits = get ();
  g_assert_cmpint (limits.keep_alive_ns, ==, HEADROOM_FOREVER);
  g_assert_cmpint (limits.load_timeout_ns, <=, 0); /* for ever */
  g_assert_cmpuint (limits.max_loaded, ==, 4);
  g_assert_cmpuint (limits.max_queue, ==, 9);
  g_assert_cmpuint (limits.parking_bytes, ==, (guint64) 8 << 30);
  set_all ("OLLAMA_", NULL);
  set_all ("HEADROOM_", NULL);
}

/* What cannot be read counts as not said. */
static void
test_damaged (void)
{
  HeadroomResidencyLimits limits;

  set ("HEADROOM_", "KEEP_ALIVE", "soon");
  set ("HEADROOM_", "MAX_LOADED_MODELS", "some");
  g_test_expect_message ("headroom", G_LOG_LEVEL_WARNING, "KEEP_ALIVE: soon is not a duration");
  limits = get ();
  g_test_assert_expected_messages ();
  g_assert_cmpint (limits.keep_alive_ns, ==, 300 * SECOND);
  g_assert_cmpuint (limits.max_loaded, ==, 0);
  set_all ("HEADROOM_", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limits/defaults", test_defaults);
  g_test_add_func ("/limits/names", test_names);
  g_test_add_func ("/limits/damaged", test_damaged);
  return g_test_run ();
}
