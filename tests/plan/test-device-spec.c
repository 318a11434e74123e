/* test-device-spec.c: devices that are described, and amounts as people write them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-device-spec.h"
#include "headroom-quantity.h"

static void
test_quantities (void)
{
  static const struct { const char *text; guint64 bytes;
  } good[] = { { "48GiB", G_GUINT64_CONSTANT (51539607552) },
               { "4.3 GB", G_GUINT64_CONSTANT (4300000000) },
               { "17", 17 },
               { "1k", 1000 },
               { " 2KiB", 2048 },
               { "1TB", G_GUINT64_CONSTANT (1000000000000) },
               { "0.27GB", 270000000 } };
  static const char *const bad[] = { "",    "GiB", "-1GB", "1XB",  "1GB/s", "1e30GB",
                                     "nan", "inf", "1 2",  "0x10", "1GiBB" };
  guint64 bytes = 4711;
  double rate;

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
    g_assert_true (headroom_quantity_parse_bytes (good[i].text, &bytes));
    g_assert_cmpuint (bytes, ==, good[i].bytes);
  }
  bytes = 4711;
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (headroom_quantity_parse_bytes (bad[i], &bytes));
  g_assert_cmpuint (bytes, ==, 4711);
  g_assert_true (headroom_quantity_parse ("864GB/s", "B/s", &rate));
  g_assert_cmpfloat (rate, ==, 864e9);
  g_assert_true (headroom_quantity_parse ("119.5TFLOPS", "FLOPS", &rate));
  g_assert_cmpfloat_with_epsilon (rate, 119.5e12, 1);
  g_assert_false (headroom_quantity_parse ("864", "B/s", &rate));
}

static gsize
parse (const char *const *specs, HrDevice *devices, GError **error)
{
  gsize n = 0;

  return headroom_device_specs_parse (specs, 10, devices, HR_MAX_DEVICES, &n, error) ? n : 0;
}

static void
test_machine (void)
{
  HrDevice devices[HR_MAX_DEVICES];
  const char *specs[] = { "8xL20:gpu:48GiB:864GB/s", "host:cpu:512GiB:80GB/s", NULL };
  gsize n = parse (specs, devices, NULL);

  g_assert_cmpuint (n, ==, 9);
  g_assert_cmpint (devices[0].kind, ==, HR_DEVICE_CPU);
  g_assert_cmpstr (devices[0].name, ==, "host");
  g_assert_cmpfloat_with_epsilon (devices[0].rates.bandwidth, 80e9 * HEADROOM_BANDWIDTH_SHARE, 1);
  g_assert_cmpstr (devices[8].name, ==, "L20 7");
  g_assert_cmpuint (devices[8].total, ==, G_GUINT64_CONSTANT (48) << 30);
  g_assert_cmpuint (devices[8].reserve, ==, devices[8].total / 100 * 10);
  /* What the SPEC leaves out is known of this card. */
  g_assert_cmpfloat_with_epsilon (devices[8].rates.compute, 119.5e12 * HEADROOM_COMPUTE_SHARE, 1e6);
  g_assert_cmpfloat (devices[8].rates.bus, >, 0);
}

/* Without a host there is this machine's; names that begin with digits are names. */
static void
test_host_is_there (void)
{
  HrDevice devices[HR_MAX_DEVICES];
  const char *specs[] = { "3dfx:gpu:16MiB", NULL };

  g_assert_cmpuint (parse (specs, devices, NULL), ==, 2);
  g_assert_cmpint (devices[0].kind, ==, HR_DEVICE_CPU);
  g_assert_cmpuint (devices[0].total, >, 0);
  g_assert_cmpstr (devices[1].name, ==, "3dfx");
}

static void
test_bad (void)
{
  static const char *const bad[] = { "",
                                     "a",
                                     "a:gpu",
                                     "a:tpu:1GiB",
                                     "a:gpu:0",
                                     "a:gpu:1",
                                     "a:gpu:9999PiB",
                                     "a:gpu:lots",
                                     ":gpu:1GiB",
                                     "a:gpu:1GiB:0GB/s",
                                     "a:gpu:1GiB:5",
                                     "a:gpu:1GiB:1GB/s:0FLOPS",
                                     "a:gpu:1GiB:1GB/s:1TFLOPS:x",
                                     "a:gpu:1GiB:1GB/s:1TFLOPS:1GB/s:1",
                                     "0xa:gpu:1GiB",
                                     "65xa:gpu:1GiB",
                                     "-1xa:gpu:-1GiB",
                                     "99999999999999999999xa:gpu:1GiB" };
  HrDevice devices[HR_MAX_DEVICES];

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    const char *specs[] = { bad[i], NULL };
    g_autoptr (GError) error = NULL;
    g_assert_cmpuint (parse (specs, devices, &error), ==, 0);
    g_assert_error (error, HR_ERROR, HR_ERROR_SETTINGS);
  }
}

static void
test_contradictions (void)
{
  const char *twice[] = { "a:gpu:1GiB", "a:gpu:2GiB", NULL },
             *hosts[] = { "a:cpu:1GiB", "b:cpu:2GiB", NULL };
  HrDevice devices[HR_MAX_DEVICES];
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (parse (twice, devices, &error), ==, 0);
  g_assert_error (error, HR_ERROR, HR_ERROR_SETTINGS);
  g_clear_error (&error);
  g_assert_cmpuint (parse (hosts, devices, &error), ==, 0);
  g_assert_error (error, HR_ERROR, HR_ERROR_SETTINGS);
}

/* What is kept for others: a fifth, what the environment says, or what is asked for. */
static void
test_reserve (void)
{
  static const struct {
    const char *setting;
    guint64 percent;
  } cases[] = {
    { NULL, 20 }, { "0", 0 }, { "35", 35 }, { "101", 20 }, { "-1", 20 }, { "some", 20 }
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    HrDevice devices[HR_MAX_DEVICES];
    g_autoptr (GError) error = NULL;
    gsize n;
    if (cases[i].setting != NULL)
      g_setenv ("HEADROOM_RESERVE", cases[i].setting, TRUE);
    else
      g_unsetenv ("HEADROOM_RESERVE");
    n = headroom_devices_probe (devices, 1);
    g_assert_cmpuint (n, ==, 1);
    g_assert_cmpuint (devices[0].reserve, ==, devices[0].total / 100 * cases[i].percent);
    g_assert_true (headroom_device_specs_parse (NULL, -1, devices, HR_MAX_DEVICES, &n, &error));
    g_assert_cmpuint (devices[0].reserve, ==, devices[0].total / 100 * cases[i].percent);
    g_assert_true (headroom_device_specs_parse (NULL, 7, devices, HR_MAX_DEVICES, &n, &error));
    g_assert_cmpuint (devices[0].reserve, ==, devices[0].total / 100 * 7);
  }
  g_unsetenv ("HEADROOM_RESERVE");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/quantity", test_quantities);
  g_test_add_func ("/plan/device-spec/machine", test_machine);
  g_test_add_func ("/plan/device-spec/host", test_host_is_there);
  g_test_add_func ("/plan/device-spec/reserve", test_reserve);
  g_test_add_func ("/plan/device-spec/bad", test_bad);
  g_test_add_func ("/plan/device-spec/contradictions", test_contradictions);
  return g_test_run ();
}
