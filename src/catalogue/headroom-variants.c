/* headroom-variants.c: see headroom-variants.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-variants.h"

#include "headroom-json.h"

/* What people download, from the coarsest on. More than 8 bits make no answer better. */
static const char *const labels[] = {
  "Q2_K", "Q3_K_M", "Q4_0", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"
};

/* ---- Which model it is ----------------------------------------------------------------------- */

static gboolean
is_shaped_like (const HeadroomCatalogueEntry *entry, const HrModelInfo *info)
{
  HrValue *shape = hr_value_lookup (entry->json, "hparams");
  gint64 n_head = headroom_json_get_int (shape, "attention.head_count", 0);

  return g_strcmp0 (entry->architecture, info->architecture) == 0 &&
         headroom_json_get_int (shape, "block_count", 0) == info->n_layer &&
         headroom_json_get_int (shape, "embedding_length", 0) == info->n_embd &&
         headroom_json_get_int (shape, "vocab_size", 0) == info->n_vocab &&
         n_head == info->n_head &&
         headroom_json_get_int (shape, "attention.head_count_kv", n_head) == info->n_head_kv &&
         headroom_json_get_int (shape, "expert_count", 0) == info->n_expert;
}

const HeadroomCatalogueEntry *
headroom_variants_recognise (HrModel *model)
{
  const HrModelInfo *info = hr_model_get_info (model);

  for (gsize i = 0; i < headroom_catalogue_get_size (); i++)
    if (is_shaped_like (headroom_catalogue_get (i), info))
      return headroom_catalogue_get (i);
  return NULL;
}

/* ---- What they take -------------------------------------------------------------------------- */

static gboolean
price (const HeadroomCatalogueEntry *entry, const char *label, const HrSettings *asked,
       const HrDevice *devices, gsize n_devices, HeadroomVariant *ret_variant)
{
  HrModel *model = headroom_catalogue_open (entry, label, NULL);
  g_autoptr (HrPlan) plan =
      model != NULL ? headroom_plan_new (model, asked, devices, n_devices, NULL) : NULL;

  if (plan != NULL)
    *ret_variant = (HeadroomVariant){
      .label = label,
      .weights = hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS),
      .total = hr_plan_get_bytes (plan, HR_ITEM_N_KINDS),
      .gpu_layers = hr_plan_get_settings (plan)->gpu_layers,
      .fits = hr_plan_fits (plan, NULL),
      .predicted = headroom_predict (plan, HEADROOM_USUAL_PROMPT, 0, 1),
    };
  hr_model_unref (model);
  return plan != NULL;
}

GArray *
headroom_variants_new (const HeadroomCatalogueEntry *entry, const HrSettings *asked,
                       const HrDevice *devices, gsize n_devices)
{
  GArray *variants = g_array_new (FALSE, TRUE, sizeof (HeadroomVariant));

  for (gsize i = 0; i < G_N_ELEMENTS (labels); i++) {
    HeadroomVariant variant;
    if (price (entry, labels[i], asked, devices, n_devices, &variant))
      g_array_append_val (variants, variant);
  }
  return variants;
}

const HeadroomVariant *
headroom_variants_find_best (const GArray *variants)
{
  const HeadroomVariant *best = NULL;

  for (guint i = 0; i < variants->len; i++) {
    const HeadroomVariant *variant = &g_array_index (variants, HeadroomVariant, i);
    if (variant->fits && (best == NULL || variant->gpu_layers >= best->gpu_layers))
      best = variant;
  }
  return best;
}
