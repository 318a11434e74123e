/* headroom-machine-rates.c: see headroom-machine-rates.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * {"version": 5, "revision", "processor", "kernels",     what it was measured with
 *  "threads", "read", "int8", "bf16", "float32", "latency", see HrMachineRates
 *  "of": {"first": [...], "more": [...], "fine", ...}}      see HrKernelRates
 */
#include "headroom-machine-rates.h"

#include <string.h>
#include <sys/stat.h>

#include "headroom-env.h"
#include "headroom-gpu-rates.h"

#include "headroom-json.h"

#define FORMAT 5

static const struct {
  const char *key;
  gsize offset;
} numbers[] = {
  { "read", G_STRUCT_OFFSET (HrMachineRates, read) },
  { "int8", G_STRUCT_OFFSET (HrMachineRates, int8) },
  { "bf16", G_STRUCT_OFFSET (HrMachineRates, bf16) },
  { "float32", G_STRUCT_OFFSET (HrMachineRates, float32) },
  { "latency", G_STRUCT_OFFSET (HrMachineRates, latency) },
};

/* Of HrKernelRates: so many in a row. */
static const struct {
  const char *key;
  gsize offset, n;
} kernels[] = {
  { "first", G_STRUCT_OFFSET (HrKernelRates, first), HR_RATED_TYPES },
  { "more", G_STRUCT_OFFSET (HrKernelRates, more), HR_RATED_TYPES },
  { "fine", G_STRUCT_OFFSET (HrKernelRates, fine), 1 },
  { "finish", G_STRUCT_OFFSET (HrKernelRates, finish), 1 },
  { "prepare", G_STRUCT_OFFSET (HrKernelRates, prepare), 1 },
  { "norm", G_STRUCT_OFFSET (HrKernelRates, norm), 1 },
  { "activate", G_STRUCT_OFFSET (HrKernelRates, activate), 1 },
  { "rope", G_STRUCT_OFFSET (HrKernelRates, rope), 1 },
  { "store", G_STRUCT_OFFSET (HrKernelRates, store), HR_RATED_KV_TYPES },
  { "attend_first", G_STRUCT_OFFSET (HrKernelRates, attend_first), HR_RATED_KV_TYPES },
  { "attend_more", G_STRUCT_OFFSET (HrKernelRates, attend_more), HR_RATED_KV_TYPES },
  { "attend_read", G_STRUCT_OFFSET (HrKernelRates, attend_read), HR_RATED_KV_TYPES },
  { "meet", G_STRUCT_OFFSET (HrKernelRates, meet), 1 },
  { "read", G_STRUCT_OFFSET (HrKernelRates, read), HR_RATED_SIZES },
};

static char *
dup_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "headroom", "rates.json", NULL);
}

/* "AMD EPYC 9354", or "" where the system does not say. */
static char *
dup_processor (void)
{
  g_autofree char *text = NULL;
  const char *line, *colon;

  if (!g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL) ||
      (line = strstr (text, "model name")) == NULL || (colon = strchr (line, ':')) == NULL)
    return g_strdup ("");
  return g_strstrip (g_strndup (colon + 1, strcspn (colon + 1, "\n")));
}

static HrValue *
kernels_to_json (const HrKernelRates *rates)
{
  HrValue *json = hr_value_new_dict ();

  for (gsize i = 0; i < G_N_ELEMENTS (kernels); i++) {
    const double *values = G_STRUCT_MEMBER_P (rates, kernels[i].offset);
    HrValue *list = hr_value_new_list ();
    for (gsize k = 0; k < kernels[i].n; k++)
      hr_value_append (list, hr_value_new_float (values[k]));
    hr_value_set (json, kernels[i].key, list);
  }
  return json;
}

gboolean
headroom_machine_rates_store (const HrMachineRates *rates, GError **error)
{
  g_autofree char *path = dup_path ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *processor = dup_processor ();
  g_autoptr (HrValue) json = hr_value_new_dict ();
  g_autofree char *text = NULL;

  headroom_json_set_int (json, "version", FORMAT);
  headroom_json_set_string (json, "revision", hr_cpu_revision ());
  headroom_json_set_string (json, "processor", processor);
  headroom_json_set_string (json, "kernels", hr_cpu_name ());
  headroom_json_set_int (json, "threads", rates->threads);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    headroom_json_set_float (json, numbers[i].key,
                             G_STRUCT_MEMBER (double, rates, numbers[i].offset));
  hr_value_set (json, "of", kernels_to_json (&rates->kernels));
  text = headroom_json_print (json, HEADROOM_JSON_INDENT);
  g_mkdir_with_parents (folder, 0700);
  return g_file_set_contents (path, text, -1, error);
}

/* ---- Reading ---- */

static HrValue *
read_file (void)
{
  g_autofree char *path = dup_path ();
  g_autofree char *text = NULL;
  g_autoptr (HrValue) json = NULL;

  if (g_file_get_contents (path, &text, NULL, NULL))
    json = headroom_json_parse (text, -1, FALSE, NULL);
  if (json == NULL || hr_value_kind (json) != HR_VALUE_DICT)
    return NULL;
  return g_steal_pointer (&json);
}

static gboolean
is_of_this_machine (const HrValue *json)
{
  g_autofree char *processor = dup_processor ();

  return headroom_json_get_int (json, "version", 0) == FORMAT &&
         g_strcmp0 (headroom_json_get_string (json, "revision"), hr_cpu_revision ()) == 0 &&
         g_strcmp0 (headroom_json_get_string (json, "processor"), processor) == 0 &&
         g_strcmp0 (headroom_json_get_string (json, "kernels"), hr_cpu_name ()) == 0 &&
         headroom_json_get_int (json, "threads", 0) == hr_cpu_count ();
}

/* Rates that nothing can have are as none. */
static double
number_of (const HrValue *value)
{
  double number = value == NULL                               ? 0
                  : hr_value_kind (value) == HR_VALUE_FLOAT ? hr_value_get_float (value)
                  : hr_value_kind (value) == HR_VALUE_INT   ? (double) hr_value_get_int (value)
                                                            : 0;

  return number > 0 && number < 1e18 ? number : 0;
}

/* All of them, or none. */
static void
read_kernels (const HrValue *json, HrKernelRates *ret_rates)
{
  HrKernelRates rates = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (kernels); i++) {
    const HrValue *list = json != NULL && hr_value_kind (json) == HR_VALUE_DICT
                              ? hr_value_lookup (json, kernels[i].key)
                              : NULL;
    double *values = G_STRUCT_MEMBER_P (&rates, kernels[i].offset);
    if (list == NULL || hr_value_kind (list) != HR_VALUE_LIST ||
        hr_value_size (list) != kernels[i].n)
      return;
    for (gsize k = 0; k < kernels[i].n; k++)
      values[k] = number_of (hr_value_at (list, k));
  }
  *ret_rates = rates;
}

static gboolean
read_rates (HrMachineRates *ret_rates)
{
  g_autoptr (HrValue) json = read_file ();
  HrMachineRates rates = { 0 };

  if (json == NULL || !is_of_this_machine (json))
    return FALSE;
  rates.threads = (guint32) headroom_json_get_int (json, "threads", 0);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    G_STRUCT_MEMBER (double, &rates, numbers[i].offset) =
        number_of (hr_value_lookup (json, numbers[i].key));
  read_kernels (hr_value_lookup (json, "of"), &rates.kernels);
  if (rates.read < 1e6 || MAX (rates.int8, rates.float32) < 1e6)
    return FALSE;
  *ret_rates = rates;
  return TRUE;
}

/* 0: there is no file. */
static gint64
changed_ns (void)
{
  g_autofree char *path = dup_path ();
  struct stat info;

  return stat (path, &info) == 0
             ? (gint64) info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec
             : 0;
}

/* Plans are made at every frame of a slider; the file is as it was. */
gboolean
headroom_machine_rates_get (HrMachineRates *ret_rates)
{
  static GMutex lock;
  static gint64 known_ns = 0;
  static gboolean known = FALSE;
  static HrMachineRates rates;
  gint64 now_ns = changed_ns ();
  gboolean found;

  g_mutex_lock (&lock);
  if (now_ns == 0 || now_ns != known_ns)
    known = now_ns != 0 && read_rates (&rates);
  known_ns = now_ns;
  found = known;
  if (found)
    *ret_rates = rates;
  g_mutex_unlock (&lock);
  return found;
}

static gpointer
measure_thread (gpointer data)
{
  g_autoptr (GError) error = NULL;
  HrMachineRates rates;

  if (!headroom_machine_rates_get (&rates) &&
      (!hr_machine_measure (0, &rates, &error) || !headroom_machine_rates_store (&rates, &error)))
    g_warning ("The machine was not measured: %s", error->message);
  headroom_gpu_rates_ensure ();
  return NULL;
}

void
headroom_machine_rates_ensure (void)
{
  if (headroom_env_get_bool ("MEASURE", TRUE))
    g_thread_unref (g_thread_new ("headroom-measure", measure_thread, NULL));
}

void
headroom_machine_rates_apply (const HrMachineRates *rates, HrDeviceRates *ret_rates)
{
  ret_rates->bandwidth = rates->read * HEADROOM_MEASURED_READ_SHARE;
  ret_rates->compute =
      (rates->int8 > 0 ? rates->int8 : rates->float32) * HEADROOM_MEASURED_COMPUTE_SHARE;
  ret_rates->kernels = rates->kernels;
}

gboolean
headroom_machine_rates_load (HrDeviceRates *ret_rates)
{
  HrMachineRates rates;

  if (!headroom_machine_rates_get (&rates))
    return FALSE;
  headroom_machine_rates_apply (&rates, ret_rates);
  return TRUE;
}
