/* headroom-demand.c: see headroom-demand.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-demand.h"

#include <glib/gi18n-lib.h>

/* Contexts below this cannot hold even a template's own tokens; clients that ask for them mean "as
 * little as possible". */
#define SMALLEST_NUM_CTX 4

static gboolean
is_asked (const HrValue *asked, const char *name)
{
  HrValue *value = asked != NULL ? hr_value_lookup (asked, name) : NULL;

  return value != NULL && hr_value_kind (value) != HR_VALUE_NULL;
}

gboolean
headroom_demand_init (HeadroomDemand *self, const HeadroomOptions *options, const HrValue *asked,
                      const char *client, GError **error)
{
  HeadroomDemand demand = { 0 };

  if (!headroom_options_get_settings (options, 0, &demand.settings, error))
    return FALSE;
  if (demand.settings.num_ctx > 0)
    demand.settings.num_ctx = MAX (demand.settings.num_ctx, SMALLEST_NUM_CTX);
  demand.kv_type_given = is_asked (asked, "kv_type");
  g_strlcpy (demand.client, client, sizeof demand.client);
  demand.gpu_layers_given = is_asked (asked, "num_gpu");
  *self = demand;
  return TRUE;
}

/* A number that is too small, or differs where it must be the same. */
static gboolean
is_short (const HeadroomDemand *self, guint32 wanted, guint32 loaded)
{
  return wanted > loaded || (self->exact && wanted != 0 && wanted != loaded);
}

static gboolean
differs (gboolean wrong, const char *what, guint32 wanted, guint32 loaded, char **ret_reason)
{
  if (wrong && ret_reason != NULL)
    *ret_reason =
        g_strdup_printf (_("%s %u is asked for; it was loaded with %u"), what, wanted, loaded);
  return wrong;
}

static guint32
trained (guint32 num_ctx, guint32 n_ctx_train)
{
  return n_ctx_train > 0 ? MIN (num_ctx, n_ctx_train) : num_ctx;
}

gboolean
headroom_demand_is_met (const HeadroomDemand *self, const HrSettings *loaded, guint32 n_ctx_train,
                        char **ret_reason)
{
  const HrSettings *wanted = &self->settings;
  guint32 num_ctx = trained (wanted->num_ctx, n_ctx_train);

  if (differs (is_short (self, num_ctx, loaded->num_ctx), "num_ctx", num_ctx, loaded->num_ctx,
               ret_reason) ||
      differs (is_short (self, wanted->parallel, loaded->parallel), "parallel", wanted->parallel,
               loaded->parallel, ret_reason) ||
      differs (is_short (self, wanted->num_batch, loaded->num_batch), "num_batch",
               wanted->num_batch, loaded->num_batch, ret_reason) ||
      differs (wanted->threads != 0 && wanted->threads != loaded->threads, "num_thread",
               wanted->threads, loaded->threads, ret_reason))
    return FALSE;
  if (self->kv_type_given && wanted->kv_type != loaded->kv_type) {
    if (ret_reason != NULL)
      *ret_reason =
          g_strdup_printf (_("a %s cache is asked for; it was loaded with a %s one"),
                           hr_kv_type_name (wanted->kv_type), hr_kv_type_name (loaded->kv_type));
    return FALSE;
  }
  return TRUE;
}

static gboolean
has_gpu (const HrPlan *plan)
{
  for (gsize d = 0; d < hr_plan_n_devices (plan); d++)
    if (hr_plan_get_device (plan, d)->kind == HR_DEVICE_GPU)
      return TRUE;
  return FALSE;
}

gboolean
headroom_demand_layers_are_met (const HeadroomDemand *self, const HrPlan *loaded, char **ret_reason)
{
  gint32 n_layers = (gint32) hr_plan_n_layers (loaded), wanted = self->settings.gpu_layers,
         now = hr_plan_get_settings (loaded)->gpu_layers;

  if (!self->gpu_layers_given || wanted < 0 || n_layers == 0 || !has_gpu (loaded))
    return TRUE;
  wanted = MIN (wanted, n_layers);
  if (wanted > now && hr_plan_get_gpu_state (loaded) == HR_GPU_LACKS)
    return TRUE; /* that is all that there can be */
  return !differs (wanted != now, "num_gpu", (guint32) wanted, (guint32) MAX (now, 0), ret_reason);
}

gboolean
headroom_demand_resize (const HeadroomDemand *self, const HrSettings *loaded, guint32 n_ctx_train,
                        HrSettings *ret_settings)
{
  const HrSettings *wanted = &self->settings;
  guint32 num_ctx = trained (wanted->num_ctx, n_ctx_train);
  HrSettings settings = *loaded;

  if (wanted->threads != 0 && wanted->threads != loaded->threads)
    return FALSE;
  if (is_short (self, num_ctx, loaded->num_ctx))
    settings.num_ctx = num_ctx;
  if (is_short (self, wanted->parallel, loaded->parallel))
    settings.parallel = wanted->parallel;
  if (is_short (self, wanted->num_batch, loaded->num_batch))
    settings.num_batch = wanted->num_batch;
  if (self->kv_type_given)
    settings.kv_type = wanted->kv_type;
  if (self->gpu_layers_given && (self->exact || wanted->gpu_layers >= 0))
    settings.gpu_layers = wanted->gpu_layers;
  *ret_settings = settings;
  return TRUE;
}

guint32
headroom_demand_num_ctx (const HeadroomDemand *self, const HrSettings *loaded)
{
  return self->settings.num_ctx > 0 ? MIN (self->settings.num_ctx, loaded->num_ctx)
                                    : loaded->num_ctx;
}
