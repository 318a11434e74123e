/* headroom-gpu-rates.c: see headroom-gpu-rates.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * {"version": 1, "gpus": {"<number of the device, in hexadecimal>-<version of its driver>":
 *   {"bandwidth", "up", "down", "submit_seconds"}}}                       see HrGpuRates
 */
#include "headroom-gpu-rates.h"

#include <sys/stat.h>

#include "headroom-json.h"
#include "headroom-machine-rates.h"

#define FORMAT 1

static const struct {
  const char *key;
  gsize offset;
} numbers[] = {
  { "bandwidth", G_STRUCT_OFFSET (HrGpuRates, bandwidth) },
  { "up", G_STRUCT_OFFSET (HrGpuRates, up) },
  { "down", G_STRUCT_OFFSET (HrGpuRates, down) },
  { "submit_seconds", G_STRUCT_OFFSET (HrGpuRates, submit_seconds) },
};

static char *
dup_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "headroom", "gpu-rates.json", NULL);
}

static char *
dup_key (const HrGpu *gpu)
{
  GString *key = g_string_new (NULL);

  for (gsize i = 0; i < sizeof gpu->uuid; i++)
    g_string_append_printf (key, "%02x", gpu->uuid[i]);
  g_string_append_printf (key, "-%u", gpu->driver_version);
  return g_string_free (key, FALSE);
}

/* ---- Reading ---- */

/* Borrowed until the file has changed; NULL: there is none that can be read. With the lock held. */
static HrValue *
read_file (void)
{
  static HrValue *known;
  static gint64 known_ns;
  g_autofree char *path = dup_path ();
  g_autofree char *text = NULL;
  struct stat info;
  gint64 now_ns = stat (path, &info) == 0
                      ? (gint64) info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec
                      : 0;

  if (now_ns != 0 && now_ns == known_ns)
    return known;
  g_clear_pointer (&known, hr_value_unref);
  known_ns = now_ns;
  if (now_ns != 0 && g_file_get_contents (path, &text, NULL, NULL))
    known = headroom_json_parse (text, -1, FALSE, NULL);
  if (known != NULL && (hr_value_kind (known) != HR_VALUE_DICT ||
                        headroom_json_get_int (known, "version", 0) != FORMAT))
    g_clear_pointer (&known, hr_value_unref);
  return known;
}

/* Rates that nothing can have are as none. */
static double
number_of (const HrValue *dict, const char *key)
{
  HrValue *value = hr_value_lookup (dict, key);
  double number = value == NULL                             ? 0
                  : hr_value_kind (value) == HR_VALUE_FLOAT ? hr_value_get_float (value)
                  : hr_value_kind (value) == HR_VALUE_INT   ? (double) hr_value_get_int (value)
                                                            : 0;

  return number > 0 && number < 1e18 ? number : 0;
}

static HrValue *
find (const HrValue *json, const char *key)
{
  HrValue *gpus = json != NULL ? hr_value_lookup (json, "gpus") : NULL;
  HrValue *one =
      gpus != NULL && hr_value_kind (gpus) == HR_VALUE_DICT ? hr_value_lookup (gpus, key) : NULL;

  return one != NULL && hr_value_kind (one) == HR_VALUE_DICT ? one : NULL;
}

static GMutex lock; /* of what read_file knows, and of the file */

gboolean
headroom_gpu_rates_get (const HrGpu *gpu, HrGpuRates *ret_rates)
{
  g_autofree char *key = dup_key (gpu);
  HrGpuRates rates = { 0 };
  HrValue *one;

  g_mutex_lock (&lock);
  one = find (read_file (), key);
  for (gsize i = 0; one != NULL && i < G_N_ELEMENTS (numbers); i++)
    G_STRUCT_MEMBER (double, &rates, numbers[i].offset) = number_of (one, numbers[i].key);
  g_mutex_unlock (&lock);
  if (rates.bandwidth < 1e6)
    return FALSE;
  *ret_rates = rates;
  return TRUE;
}

/* ---- Writing ---- */

static HrValue *
rates_to_json (const HrGpuRates *rates)
{
  HrValue *dict = hr_value_new_dict ();

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    headroom_json_set_float (dict, numbers[i].key,
                             G_STRUCT_MEMBER (double, rates, numbers[i].offset));
  return dict;
}

/* Beside those of other devices. */
static gboolean
store (const HrGpu *gpu, const HrGpuRates *rates, GError **error)
{
  g_autofree char *path = dup_path ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *key = dup_key (gpu);
  g_autoptr (HrValue) json = hr_value_new_dict ();
  g_autofree char *text = NULL;
  HrValue *gpus = hr_value_new_dict ();
  HrValue *before;
  const char *name;
  gboolean ok;

  g_mutex_lock (&lock);
  before = read_file () != NULL ? hr_value_lookup (read_file (), "gpus") : NULL;
  for (gsize i = 0;
       before != NULL && hr_value_kind (before) == HR_VALUE_DICT && i < hr_value_size (before);
       i++) {
    HrValue *one = hr_value_entry (before, i, &name);
    hr_value_set (gpus, name, hr_value_ref (one));
  }
  hr_value_set (gpus, key, rates_to_json (rates));
  headroom_json_set_int (json, "version", FORMAT);
  hr_value_set (json, "gpus", gpus);
  text = headroom_json_print (json, HEADROOM_JSON_INDENT);
  g_mkdir_with_parents (folder, 0700);
  ok = g_file_set_contents (path, text, -1, error);
  g_mutex_unlock (&lock);
  return ok;
}

/* ---- Measuring ---- */

gboolean
headroom_gpu_rates_measure (guint32 index, HrGpuRates *ret_rates, GError **error)
{
  HrGpu gpus[HR_MAX_GPUS];
  gsize n = hr_gpus_find (gpus, HR_MAX_GPUS, NULL);
  HrGpuRates rates;

  g_return_val_if_fail (index < n, FALSE);
  if (!hr_gpu_measure (index, &rates, error) || !store (&gpus[index], &rates, error))
    return FALSE;
  *ret_rates = rates;
  return TRUE;
}

void
headroom_gpu_rates_ensure (void)
{
  HrGpu gpus[HR_MAX_GPUS];
  gsize n = hr_gpus_find (gpus, HR_MAX_GPUS, NULL);
  HrGpuRates rates;

  for (gsize i = 0; i < n; i++) {
    g_autoptr (GError) error = NULL;
    if (gpus[i].why[0] == '\0' && !headroom_gpu_rates_get (&gpus[i], &rates) &&
        !headroom_gpu_rates_measure ((guint32) i, &rates, &error))
      g_warning ("%s was not measured: %s", gpus[i].name, error->message);
  }
}

void
headroom_gpu_rates_apply (HrDevice *device)
{
  HrGpu gpus[HR_MAX_GPUS];
  HrGpuRates rates;

  if (device->gpu == 0 || device->gpu > hr_gpus_find (gpus, HR_MAX_GPUS, NULL) ||
      !headroom_gpu_rates_get (&gpus[device->gpu - 1], &rates))
    return;
  device->rates.bandwidth = rates.bandwidth * HEADROOM_MEASURED_READ_SHARE;
  device->rates.bus = MIN (rates.up, rates.down);
}
