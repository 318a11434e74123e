/* headroom-gpu-reason.c: see headroom-gpu-reason.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-gpu-reason.h"

#include <glib/gi18n-lib.h>

#include "headroom-json.h"

/* Of a machine where no GPU is used; the first one that is there speaks for all. */
static char *
reason_of_machine (void)
{
  HrGpu gpus[HR_MAX_GPUS];
  const char *note = NULL;
  gsize n = hr_gpus_find (gpus, HR_MAX_GPUS, &note);

  if (n == 0)
    return g_strdup_printf (_("No GPU is used: %s."), note != NULL ? note : "");
  return g_strdup_printf (_("%s is not used: %s."), gpus[0].name, gpus[0].why);
}

char *
headroom_gpu_reason (const HrPlan *plan, gboolean here)
{
  guint32 n_layers = hr_plan_n_layers (plan);
  guint32 n_cpu = n_layers - (guint32) MAX (hr_plan_get_settings (plan)->gpu_layers, 0);

  switch (hr_plan_get_gpu_state (plan)) {
  case HR_GPU_ABSENT:
    return here ? reason_of_machine () : NULL;
  case HR_GPU_LACKS:
    return g_strdup_printf (
        _("%u of %u layers stay with the processor: GPUs do not compute %s yet."), n_cpu, n_layers,
        hr_plan_get_gpu_why (plan));
  case HR_GPU_FEWER_ASKED:
    return g_strdup_printf (
        _("%u of %u layers stay with the processor: that is what was asked for."), n_cpu,
        n_layers);
  case HR_GPU_FULL:
    return g_strdup_printf (
        _("%u of %u layers stay with the processor: the GPU has no room for more."), n_cpu,
        n_layers);
  case HR_GPU_HAS_ALL:
  default:
    return NULL;
  }
}

HrValue *
headroom_gpus_to_json (void)
{
  HrGpu gpus[HR_MAX_GPUS];
  gsize n = hr_gpus_find (gpus, HR_MAX_GPUS, NULL);
  HrValue *list = hr_value_new_list ();

  for (gsize i = 0; i < n; i++) {
    HrValue *dict = hr_value_new_dict ();
    headroom_json_set_string (dict, "name", gpus[i].name);
    headroom_json_set_string (dict, "type", hr_gpu_type_name (gpus[i].type));
    headroom_json_set_bool (dict, "used", gpus[i].why[0] == '\0');
    headroom_json_set_string (dict, "why_not", gpus[i].why);
    hr_value_append (list, dict);
  }
  return list;
}

void
headroom_gpu_add_to_json (HrValue *json, const HrPlan *plan, gboolean here)
{
  g_autofree char *reason = headroom_gpu_reason (plan, here);

  hr_value_set (json, "gpu_why",
                reason != NULL ? hr_value_new_string (reason, -1, false) : hr_value_new_null ());
  if (here)
    hr_value_set (json, "gpus", headroom_gpus_to_json ());
}
