/* headroom-fit.c: see headroom-fit.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-fit.h"

#include <glib/gi18n-lib.h>

/* Slots of a model where nobody said how many: enough for a person and a few programs, and little
 * of a paged cache. */
#define DEFAULT_PARALLEL 4
/* Steps of so many tokens still keep a processor busy, and need a quarter of the working memory. */
#define SMALL_NUM_BATCH 128
/* A context that nobody asked for is made shorter down to this; below, the model is of no use and
 * is refused. */
#define SMALLEST_DEFAULT_NUM_CTX 512
/* Contexts people recognise; what is found by search is rounded down to a multiple. */
#define NUM_CTX_STEP 256

typedef struct {
  HrModel *model;
  const HrSettings *asked;
  const HrDevice *devices;
  gsize n_devices;
  HrSettings settings; /* as they stand */
  HeadroomFit *fit;
} Search;

/* ---- Telling ---- */

static char *
size_text (guint64 bytes)
{
  return g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
}

static void
step (Search *search, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
step (Search *search, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (search->fit->steps, g_strdup_vprintf (format, args));
  va_end (args);
}

static guint64
total_bytes (const HrPlan *plan)
{
  return hr_plan_get_bytes (plan, HR_ITEM_N_KINDS);
}

static guint64
gpu_bytes (const HrPlan *plan)
{
  guint64 bytes = 0;

  for (gsize d = 0; d < hr_plan_n_devices (plan); d++)
    if (hr_plan_get_device (plan, d)->kind == HR_DEVICE_GPU)
      bytes += hr_plan_get_device_bytes (plan, d);
  return bytes;
}

/* ---- Plans ---- */

static HrPlan *
plan_with (Search *search, const HrSettings *settings)
{
  return hr_plan_new_like (search->fit->plan, settings, NULL);
}

/* Takes settings and their plan. */
static void
adopt (Search *search, const HrSettings *settings, HrPlan *take_plan)
{
  search->settings = *settings;
  g_clear_pointer (&search->fit->plan, hr_plan_unref);
  search->fit->plan = take_plan;
}

static gboolean
has_gpus (const Search *search)
{
  for (gsize d = 0; d < search->n_devices; d++)
    if (search->devices[d].kind == HR_DEVICE_GPU)
      return TRUE;
  return FALSE;
}

/* Less of the model is with the host than in another plan. */
static gboolean
is_more_on_gpus (const HrPlan *plan, const HrPlan *other)
{
  const HrSettings *a = hr_plan_get_settings (plan), *b = hr_plan_get_settings (other);

  if (a->gpu_layers != b->gpu_layers)
    return a->gpu_layers > b->gpu_layers;
  return a->cpu_experts < b->cpu_experts;
}

/* ---- What nobody said ---- */

static guint32
default_num_ctx (const Search *search)
{
  guint64 memory = 0;

  for (gsize d = 0; d < search->n_devices; d++)
    if (search->devices[d].kind == HR_DEVICE_GPU)
      memory += search->devices[d].total;
  if (memory >= 47 * G_GUINT64_CONSTANT (1073741824))
    return 262144;
  return memory >= 23 * G_GUINT64_CONSTANT (1073741824) ? 32768 : HR_DEFAULT_NUM_CTX;
}

static void
choose_num_ctx (Search *search)
{
  guint32 n_ctx_train = hr_model_get_info (search->model)->n_ctx_train;
  guint32 wanted = search->asked->num_ctx > 0 ? search->asked->num_ctx : default_num_ctx (search);

  search->settings.num_ctx = n_ctx_train > 0 ? MIN (wanted, n_ctx_train) : wanted;
  if (search->asked->num_ctx > search->settings.num_ctx)
    step (search, _("num_ctx is %u instead of %u: the model was trained for %u."),
          search->settings.num_ctx, search->asked->num_ctx, n_ctx_train);
}

/* Four slots where that costs nothing but memory that is there. */
static gboolean
choose_parallel (Search *search, GError **error)
{
  g_autoptr (HrPlan) one = NULL;
  g_autoptr (HrPlan) four = NULL;
  HrSettings settings = search->settings;
  g_autofree char *freed = NULL;

  settings.parallel = search->asked->parallel > 0 ? search->asked->parallel : DEFAULT_PARALLEL;
  four = hr_plan_new (search->model, &settings, search->devices, search->n_devices, error);
  if (four == NULL)
    return FALSE;
  if (search->asked->parallel > 0) {
    adopt (search, &settings, g_steal_pointer (&four));
    return TRUE;
  }
  settings.parallel = 1;
  one = hr_plan_new_like (four, &settings, NULL);
  if (hr_plan_fits (four, NULL) && !is_more_on_gpus (one, four)) {
    settings.parallel = DEFAULT_PARALLEL;
    adopt (search, &settings, g_steal_pointer (&four));
    return TRUE;
  }
  freed = size_text (total_bytes (four) - total_bytes (one));
  step (
      search,
      has_gpus (search) && hr_plan_fits (four, NULL)
          ? _("parallel is 1 instead of %d: layers would have to leave the GPU for the other slots, which take %s.")
          : _("parallel is 1 instead of %d: there is no room for the other slots, which take %s."),
      DEFAULT_PARALLEL, freed);
  adopt (search, &settings, g_steal_pointer (&one));
  return TRUE;
}

/* ---- What is reduced ---- */

static gboolean
may_shrink_batch (const Search *search)
{
  return search->asked->num_batch == 0 &&
         hr_plan_get_settings (search->fit->plan)->num_batch > SMALL_NUM_BATCH;
}

static void
shrink_batch (Search *search, HrSettings *settings, HrPlan *take_plan)
{
  guint64 before = gpu_bytes (search->fit->plan) + total_bytes (search->fit->plan),
          after = gpu_bytes (take_plan) + total_bytes (take_plan);
  g_autofree char *freed = size_text (before > after ? before - after : 0);

  step (search, _("num_batch is %u instead of %u: smaller steps free %s of working memory."),
        SMALL_NUM_BATCH, hr_plan_get_settings (search->fit->plan)->num_batch, freed);
  adopt (search, settings, take_plan);
}

/* Smaller steps, where they keep more of the model on the GPUs or let it fit. */
static void
try_smaller_batch (Search *search)
{
  HrSettings settings = search->settings;
  g_autoptr (HrPlan) plan = NULL;
  const HrSettings *now = hr_plan_get_settings (search->fit->plan);
  gboolean spills =
      has_gpus (search) && search->asked->gpu_layers < 0 &&
      (now->gpu_layers < (gint32) hr_plan_n_layers (search->fit->plan) || now->cpu_experts > 0);

  if (!may_shrink_batch (search) || (!spills && hr_plan_fits (search->fit->plan, NULL)))
    return;
  settings.num_batch = SMALL_NUM_BATCH;
  plan = plan_with (search, &settings);
  if (is_more_on_gpus (plan, search->fit->plan) || !hr_plan_fits (search->fit->plan, NULL))
    shrink_batch (search, &settings, g_steal_pointer (&plan));
}

/* The engine has placed what fits on the GPUs; here it is said what that means. */
static void
tell_placement (Search *search)
{
  const HrPlan *plan = search->fit->plan;
  const HrSettings *s = hr_plan_get_settings (plan);
  guint32 n_layers = hr_plan_n_layers (plan);
  guint64 experts = 0, layers = 0;
  g_autofree char *text = NULL;

  if (!has_gpus (search) || search->asked->gpu_layers >= 0)
    return;
  for (gsize i = 0; i < hr_plan_n_items (plan); i++) {
    const HrPlanItem *item = hr_plan_get_item (plan, i);
    if (item->layer < 0 || item->device != 0)
      continue;
    *(hr_plan_get_layer_device (plan, (guint32) item->layer) != 0 ? &experts : &layers) +=
        item->bytes;
  }
  if (s->cpu_experts > 0) {
    text = size_text (experts);
    step (search, _("The experts of %u layers stay with the host: that frees %s on the GPUs."),
          s->cpu_experts, text);
  }
  if (s->gpu_layers < (gint32) n_layers) {
    g_free (text);
    text = size_text (layers);
    step (search, _("%u of %u layers stay with the host: that frees %s on the GPUs."),
          n_layers - (guint32) s->gpu_layers, n_layers, text);
  }
}

static guint32
rounded (guint32 num_ctx)
{
  return num_ctx > NUM_CTX_STEP ? num_ctx / NUM_CTX_STEP * NUM_CTX_STEP : num_ctx;
}

static void
try_smaller_num_ctx (Search *search)
{
  HrSettings settings = search->settings;
  guint32 num_ctx = rounded (hr_plan_largest_num_ctx (search->fit->plan));
  guint64 before = total_bytes (search->fit->plan);
  g_autofree char *freed = NULL;
  HrPlan *plan;

  if (search->asked->num_ctx > 0 || num_ctx < MIN (SMALLEST_DEFAULT_NUM_CTX, settings.num_ctx) ||
      num_ctx >= settings.num_ctx)
    return;
  settings.num_ctx = num_ctx;
  plan = plan_with (search, &settings);
  freed = size_text (before - total_bytes (plan));
  step (search, _("num_ctx is %u instead of %u: a shorter context frees %s of cache."), num_ctx,
        search->settings.num_ctx, freed);
  adopt (search, &settings, plan);
}

/* ---- What could be given up ---- */

static void
offer_free (gpointer data)
{
  HeadroomOffer *offer = data;

  g_free (offer->text);
  g_free (offer);
}

/* setting: how people write it, such as "kv_type q8_0". */
static void
offer (HeadroomFit *fit, const HrSettings *settings, const char *setting)
{
  g_autoptr (HrPlan) plan = hr_plan_new_like (fit->plan, settings, NULL);
  HeadroomOffer *made;
  g_autofree char *freed = NULL;

  if (plan == NULL || total_bytes (plan) >= total_bytes (fit->plan))
    return;
  made = g_new0 (HeadroomOffer, 1);
  made->settings = *hr_plan_get_settings (plan);
  made->frees = total_bytes (fit->plan) - total_bytes (plan);
  made->fits = hr_plan_fits (plan, NULL);
  freed = size_text (made->frees);
  made->text = g_strdup_printf (made->fits ? _("%s would free %s; then it fits.")
                                           : _("%s would free %s, which is not enough alone."),
                                setting, freed);
  g_ptr_array_add (fit->offers, made);
}

static void
offer_cache_types (HeadroomFit *fit)
{
  static const HrKvType types[] = { HR_KV_F16, HR_KV_Q8_0, HR_KV_Q4_0 };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    HrSettings settings = fit->settings;
    g_autofree char *name = g_strdup_printf ("kv_type %s", hr_kv_type_name (types[i]));
    settings.kv_type = types[i];
    if (types[i] != fit->settings.kv_type)
      offer (fit, &settings, name);
  }
}

static void
make_offers (HeadroomFit *fit)
{
  guint32 num_ctx = rounded (hr_plan_largest_num_ctx (fit->plan));
  HrSettings settings = fit->settings;

  if (fit->settings.parallel > 1) {
    settings.parallel = 1;
    offer (fit, &settings, "parallel 1");
  }
  offer_cache_types (fit);
  settings = fit->settings;
  if (num_ctx > 0 && num_ctx < settings.num_ctx) {
    g_autofree char *name = g_strdup_printf ("num_ctx %u", num_ctx);
    settings.num_ctx = num_ctx;
    offer (fit, &settings, name);
  }
}

GPtrArray *
headroom_fit_get_offers (HeadroomFit *fit)
{
  if (fit->offers != NULL)
    return fit->offers;
  fit->offers = g_ptr_array_new_with_free_func (offer_free);
  if (fit->settings.num_ctx > 0 && !hr_plan_fits (fit->plan, NULL))
    make_offers (fit);
  return fit->offers;
}

/* ---- The whole ---- */

HeadroomFit *
headroom_fit_new_of_plan (HrPlan *take_plan)
{
  HeadroomFit *fit = g_new0 (HeadroomFit, 1);

  fit->plan = take_plan;
  fit->steps = g_ptr_array_new_with_free_func (g_free);
  return fit;
}

HeadroomFit *
headroom_fit_new (HrModel *model, const HrSettings *asked, const HrDevice *devices, gsize n_devices,
                  GError **error)
{
  g_autoptr (HeadroomFit) fit = headroom_fit_new_of_plan (NULL);
  Search search = { .model = model,
                    .asked = asked,
                    .devices = devices,
                    .n_devices = n_devices,
                    .settings = *asked,
                    .fit = fit };

  choose_num_ctx (&search);
  if (!choose_parallel (&search, error))
    return NULL;
  try_smaller_batch (&search);
  if (!hr_plan_fits (fit->plan, NULL))
    try_smaller_num_ctx (&search);
  tell_placement (&search);
  fit->settings = search.settings;
  return g_steal_pointer (&fit);
}

void
headroom_fit_free (HeadroomFit *fit)
{
  if (fit == NULL)
    return;
  hr_plan_unref (fit->plan);
  g_clear_pointer (&fit->steps, g_ptr_array_unref);
  g_clear_pointer (&fit->offers, g_ptr_array_unref);
  g_free (fit);
}

HrPlan *
headroom_plan_new (HrModel *model, const HrSettings *asked, const HrDevice *devices,
                   gsize n_devices, GError **error)
{
  g_autoptr (HeadroomFit) fit = headroom_fit_new (model, asked, devices, n_devices, error);

  return fit != NULL ? g_steal_pointer (&fit->plan) : NULL;
}
