/* headroom-device-spec.c: see headroom-device-spec.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-device-spec.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#include "headroom-env.h"
#include "headroom-gpu-rates.h"
#include "headroom-machine-rates.h"
#include "headroom-quantity.h"

#define DEFAULT_RESERVE_PERCENT 20
/* Less than this holds no model, more than that no machine. */
#define SMALLEST_MEMORY (G_GUINT64_CONSTANT (1) << 20)
#define LARGEST_MEMORY (G_GUINT64_CONSTANT (1) << 50)

/* Data sheets: GB/s of memory, TFLOPS of dense 16-bit products, GB/s to the host in one direction.
 */
typedef struct {
  const char *name;
  double bandwidth, compute, bus;
} Known;

static const Known known_devices[] = {
  { "A10", 600, 125, 32 },       { "A100", 1555, 312, 32 },   { "A100-80GB", 2039, 312, 32 },
  { "A6000", 768, 155, 32 },     { "H100", 3350, 989, 64 },   { "H20", 4000, 148, 64 },
  { "H200", 4800, 989, 64 },     { "L4", 300, 121, 32 },      { "L20", 864, 119.5, 32 },
  { "L40", 864, 181, 32 },       { "L40S", 864, 362, 32 },    { "MI210", 1638, 181, 32 },
  { "MI300X", 5300, 1307, 64 },  { "RTX3060", 360, 51, 32 },  { "RTX3090", 936, 142, 32 },
  { "RTX4060", 272, 60, 16 },    { "RTX4070", 504, 117, 32 }, { "RTX4080", 717, 195, 32 },
  { "RTX4090", 1008, 330, 32 },  { "RTX5080", 960, 225, 64 }, { "RTX5090", 1792, 419, 64 },
  { "RX7900XTX", 960, 123, 32 }, { "T4", 320, 65, 16 },       { "V100", 900, 125, 16 },
};

/* A card and a processor of the middle, where nothing is known of them. */
static const Known assumed_gpu = { "", 400, 60, 16 }, assumed_cpu = { "", 50, 1, 0 };

/* Operations take so long however small they are: a launch, or a meeting of threads. */
#define GPU_OP_SECONDS 4e-6
#define CPU_OP_SECONDS 3e-6

/* ---- Rates ---- */

static gboolean
is_named (const char *name, const char *known)
{
  gsize len = strlen (known);

  /* "L20 3" is one of several. */
  return g_ascii_strncasecmp (name, known, len) == 0 && (name[len] == '\0' || name[len] == ' ');
}

static const Known *
find_known (const HrDevice *device)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known_devices); i++)
    if (is_named (device->name, known_devices[i].name))
      return &known_devices[i];
  return device->kind == HR_DEVICE_GPU ? &assumed_gpu : &assumed_cpu;
}

void
headroom_device_assume_rates (HrDevice *device)
{
  const Known *known = find_known (device);
  HrDeviceRates *rates = &device->rates;

  if (rates->bandwidth <= 0)
    rates->bandwidth = known->bandwidth * 1e9 * HEADROOM_BANDWIDTH_SHARE;
  if (rates->compute <= 0)
    rates->compute = known->compute * 1e12 * HEADROOM_COMPUTE_SHARE;
  if (rates->bus <= 0 && device->kind == HR_DEVICE_GPU)
    rates->bus = known->bus * 1e9 * HEADROOM_BANDWIDTH_SHARE;
  if (rates->op_seconds <= 0)
    rates->op_seconds = device->kind == HR_DEVICE_GPU ? GPU_OP_SECONDS : CPU_OP_SECONDS;
}

/* What is kept for others, of each device, unless somebody says otherwise. */
static guint64
usual_reserve_percent (void)
{
  guint64 percent = headroom_env_get_uint ("RESERVE", DEFAULT_RESERVE_PERCENT);

  return percent <= 100 ? percent : DEFAULT_RESERVE_PERCENT;
}

static void
keep_for_others (HrDevice *devices, gsize n, guint64 percent)
{
  for (gsize d = 0; d < n; d++)
    devices[d].reserve = devices[d].total / 100 * percent;
}

gsize
headroom_devices_probe (HrDevice *devices, gsize max)
{
  gsize n = hr_devices_probe (devices, max);

  keep_for_others (devices, n, usual_reserve_percent ());
  for (gsize d = 0; d < n; d++)
    if (devices[d].kind == HR_DEVICE_CPU)
      headroom_machine_rates_load (&devices[d].rates);
    else
      headroom_gpu_rates_apply (&devices[d]);
  return n;
}

/* ---- One SPEC ---- */

static gboolean
fail (GError **error, const char *spec, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fail (GError **error, const char *spec, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (
      error, HR_ERROR, HR_ERROR_SETTINGS,
      _("%s is no device: %s. Write [COUNTx]NAME:cpu|gpu:MEMORY[:BANDWIDTH[:COMPUTE[:BUS]]], such as 2xL20:gpu:48GiB:864GB/s"),
      spec, what);
  return FALSE;
}

/* "8xL20" is eight of them; a name that merely begins with digits is a name. */
static gboolean
read_count (const char *spec, const char **name, gsize *ret_count, GError **error)
{
  char *end;
  guint64 count = g_ascii_strtoull (*name, &end, 10);

  *ret_count = 1;
  if (end == *name || *end != 'x')
    return TRUE;
  if (count < 1 || count > HR_MAX_DEVICES)
    return fail (error, spec, _("a count is 1 to %d"), HR_MAX_DEVICES);
  *name = end + 1;
  *ret_count = count;
  return TRUE;
}

static gboolean
read_rate (const char *spec, const char *text, const char *unit, double share, double *ret,
           GError **error)
{
  double rate;

  if (text == NULL || *text == '\0')
    return TRUE;
  if (!headroom_quantity_parse (text, unit, &rate))
    return fail (error, spec, _("%s is not an amount of %s"), text, unit);
  if (rate < 1e6)
    return fail (error, spec, _("%s is too little to predict anything with"), text);
  *ret = rate * share;
  return TRUE;
}

static gboolean
read_memory (const char *spec, const char *text, guint64 *ret, GError **error)
{
  guint64 bytes;

  if (!headroom_quantity_parse_bytes (text, &bytes))
    return fail (error, spec, _("%s is not an amount of memory"), text);
  if (bytes < SMALLEST_MEMORY || bytes > LARGEST_MEMORY)
    return fail (error, spec, _("memory is 1 MiB to 1 PiB"));
  *ret = bytes;
  return TRUE;
}

static gboolean
read_device (const char *spec, char **parts, HrDevice *ret, GError **error)
{
  guint n = g_strv_length (parts);
  HrDevice device = { 0 };

  if (g_ascii_strcasecmp (parts[1], "gpu") == 0)
    device.kind = HR_DEVICE_GPU;
  else if (g_ascii_strcasecmp (parts[1], "cpu") != 0)
    return fail (error, spec, _("%s is neither cpu nor gpu"), parts[1]);
  if (!read_memory (spec, parts[2], &device.total, error) ||
      !read_rate (spec, n > 3 ? parts[3] : NULL, "B/s", HEADROOM_BANDWIDTH_SHARE,
                  &device.rates.bandwidth, error) ||
      !read_rate (spec, n > 4 ? parts[4] : NULL, "FLOPS", HEADROOM_COMPUTE_SHARE,
                  &device.rates.compute, error) ||
      !read_rate (spec, n > 5 ? parts[5] : NULL, "B/s", HEADROOM_BANDWIDTH_SHARE, &device.rates.bus,
                  error))
    return FALSE;
  device.free = device.total;
  *ret = device;
  return TRUE;
}

gboolean
headroom_device_spec_parse (const char *spec, HrDevice *devices, gsize max, gsize *n,
                            GError **error)
{
  g_auto (GStrv) parts = g_strsplit (spec, ":", -1);
  guint n_parts = g_strv_length (parts);
  const char *name = parts[0];
  HrDevice device;
  gsize count;

  if (n_parts < 3 || n_parts > 6)
    return fail (error, spec, _("it has %u parts"), n_parts);
  if (!read_count (spec, &name, &count, error))
    return FALSE;
  if (*name == '\0' || strlen (name) > sizeof device.name - 8)
    return fail (error, spec, _("its name is empty or too long"));
  if (!read_device (spec, parts, &device, error))
    return FALSE;
  if (count > max - *n)
    return fail (error, spec, _("there are more than %d devices"), HR_MAX_DEVICES);
  for (gsize i = 0; i < count; i++) {
    HrDevice *added = &devices[(*n)++];
    *added = device;
    if (count > 1)
      g_snprintf (added->name, sizeof added->name, "%s %" G_GSIZE_FORMAT, name, i);
    else
      g_strlcpy (added->name, name, sizeof added->name);
    headroom_device_assume_rates (added);
  }
  return TRUE;
}

/* ---- A machine ---- */

static gboolean
check_devices (const HrDevice *devices, gsize n, GError **error)
{
  guint n_hosts = 0;

  for (gsize i = 0; i < n; i++) {
    n_hosts += devices[i].kind == HR_DEVICE_CPU;
    for (gsize k = 0; k < i; k++)
      if (g_str_equal (devices[i].name, devices[k].name)) {
        g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS, _("Two devices are called %s."),
                     devices[i].name);
        return FALSE;
      }
  }
  if (n_hosts <= 1)
    return TRUE;
  g_set_error_literal (error, HR_ERROR, HR_ERROR_SETTINGS,
                       _("There are two cpu devices; a machine has one host."));
  return FALSE;
}

static void
put_host_first (HrDevice *devices, gsize *n, gsize max)
{
  gsize at = 0;
  HrDevice host;

  while (at < *n && devices[at].kind != HR_DEVICE_CPU)
    at++;
  if (at < *n) {
    host = devices[at];
  } else {
    headroom_devices_probe (&host, 1);
    (*n)++;
  }
  memmove (devices + 1, devices, MIN (at, max - 1) * sizeof *devices);
  devices[0] = host;
}

gboolean
headroom_device_specs_parse (const char *const *specs, int reserve_percent, HrDevice *devices,
                             gsize max, gsize *ret_n, GError **error)
{
  gsize n = 0;

  for (gsize i = 0; specs != NULL && specs[i] != NULL; i++)
    if (!headroom_device_spec_parse (specs[i], devices, max - 1, &n, error))
      return FALSE;
  if (!check_devices (devices, n, error))
    return FALSE;
  if (n == 0)
    n = headroom_devices_probe (devices, max);
  else
    put_host_first (devices, &n, max);
  keep_for_others (devices, n,
                   reserve_percent >= 0 ? (guint64) reserve_percent : usual_reserve_percent ());
  for (gsize i = 0; i < n; i++)
    headroom_device_assume_rates (&devices[i]);
  *ret_n = n;
  return TRUE;
}
