/* headroom-sum.c: see headroom-sum.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-sum.h"

#include "headroom-json.h"
#include "headroom-landscape.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

static const struct {
  const char *name, *title;
} kinds[HEADROOM_SUM_N_KINDS] = {
  [HEADROOM_SUM_FILE] = { "file", N_("File") },
  [HEADROOM_SUM_WEIGHTS] = { "weights", N_("Weights in memory") },
  [HEADROOM_SUM_CACHE] = { "cache", N_("Cache") },
  [HEADROOM_SUM_BOOK] = { "textbook", N_("Cache by the textbook’s formula") },
  [HEADROOM_SUM_COMPUTE] = { "compute", N_("Compute") },
  [HEADROOM_SUM_OUTPUT] = { "output", N_("Output") },
  [HEADROOM_SUM_PROJECTOR] = { "projector", N_("Projector") },
  [HEADROOM_SUM_STAGING] = { "staging", N_("Between devices") },
  [HEADROOM_SUM_DRIVER] = { "driver", N_("Driver") },
  [HEADROOM_SUM_TOTAL] = { "total", N_("Sum") },
};

const char *
headroom_sum_title (HeadroomSumKind kind)
{
  return _ (kinds[kind].title);
}

static void
add (GArray *rows, HeadroomSumKind kind, guint64 bytes, char *take_formula)
{
  HeadroomSumRow row = { kind, bytes, take_formula };

  g_array_append_val (rows, row);
}

static char *
weights_formula (const HrModelInfo *info)
{
  /* Translators: how many numbers a model has, its type such as Q4_K_M, and bits per number */
  return g_strdup_printf (
      _("%'" PRIu64
         " numbers as %s, %.2f bits each. A smaller type of the same model takes less."),
      info->n_params, info->file_type,
      info->n_params > 0 ? 8.0 * (double) info->file_bytes / (double) info->n_params : 0);
}

/* Bytes of a key and a value of one head, if all layers keep the same of all positions; else 0. */
static guint64
head_bytes (const HrModelInfo *info, const HrPlan *plan)
{
  guint64 heads = (guint64) info->n_layer * info->n_head_kv, first = 0;
  guint32 n = 0;

  for (gsize i = 0; i < hr_plan_n_items (plan); i++) {
    const HrPlanItem *item = hr_plan_get_item (plan, i);
    if (item->kind != HR_ITEM_CACHE)
      continue;
    first = n++ == 0 ? item->bytes : first;
    if (item->bytes != first || !g_str_has_suffix (item->name, " keys and values"))
      return 0;
  }
  return n == info->n_layer && heads > 0 &&
                 hr_plan_get_cache_bytes_per_token (plan) % heads == 0
             ? hr_plan_get_cache_bytes_per_token (plan) / heads
             : 0;
}

static char *
cache_formula (const HrModelInfo *info, const HrPlan *plan)
{
  const HrSettings *settings = hr_plan_get_settings (plan);
  guint64 head = head_bytes (info, plan);

  if (head > 0)
    /* Translators: layers, heads of keys, bytes, the number type, tokens per answer, answers */
    return g_strdup_printf (
        _("%u layers × %u heads × %u B for a key and a value as %s × %'u tokens × %u answers at "
          "once. A shorter context, fewer answers at once or a smaller type takes less."),
        info->n_layer, info->n_head_kv, (guint) head, hr_kv_type_name (settings->kv_type),
        settings->num_ctx, settings->parallel);
  /* Translators: bytes per token, tokens per answer, answers at once, and the number type */
  return g_strdup_printf (
      _("%'" PRIu64
         " B per token × %'u tokens × %u answers at once, as %s. A shorter context, fewer "
         "answers at once or a smaller type takes less."),
      hr_plan_get_cache_bytes_per_token (plan), settings->num_ctx, settings->parallel,
      hr_kv_type_name (settings->kv_type));
}

/* Keys and values as wide as the model, 16 bits each, in every layer: the formula of the first
 * transformers, which people know. */
static void
add_book (GArray *rows, const HrModel *model, const HrPlan *plan)
{
  const HrModelInfo *info = hr_model_get_info (model);
  const HrSettings *settings = hr_plan_get_settings (plan);
  guint64 book = headroom_textbook_cache_bytes (model, settings),
          real = hr_plan_get_bytes (plan, HR_ITEM_CACHE);

  if (book > real + real / 10 || real > book + book / 10)
    add (rows, HEADROOM_SUM_BOOK, book,
         g_strdup_printf (
             _("2 × %u layers × %u wide × 2 B × %'u tokens × %u. This model keeps less than that, and what it keeps "
                "is the line above."),
             info->n_layer, info->n_embd, settings->num_ctx, settings->parallel));
}

static char *
compute_formula (const HrPlan *plan)
{
  const HrSettings *settings = hr_plan_get_settings (plan);

  return g_strdup_printf (
      _("Steps of up to %'u tokens on %u threads. Fewer tokens per step take less and read prompts more slowly."),
      settings->num_batch, settings->threads);
}

static char *
output_formula (const HrModelInfo *info, const HrPlan *plan)
{
  guint64 row = MAX (info->n_vocab, 1) * sizeof (float);

  return g_strdup_printf (_("%'u possible next tokens × %u places in a step × 4 B"), info->n_vocab,
                          (guint) (hr_plan_get_bytes (plan, HR_ITEM_OUTPUT) / row));
}

/* What few models and machines have. */
static void
add_rare (GArray *rows, const HrPlan *plan, HeadroomSumKind kind, HrItemKind item,
          const char *formula)
{
  guint64 bytes = hr_plan_get_bytes (plan, item);

  if (bytes > 0)
    add (rows, kind, bytes, g_strdup (formula));
}

static void
clear_row (gpointer data)
{
  g_free (((HeadroomSumRow *) data)->formula);
}

GArray *
headroom_sum_new (const HrModel *model, const HrPlan *plan)
{
  const HrModelInfo *info = hr_model_get_info (model);
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (HeadroomSumRow));

  g_array_set_clear_func (rows, clear_row);
  add (rows, HEADROOM_SUM_FILE, info->file_bytes,
       g_strdup (_("On disk. Mapped, not copied: pages that nothing uses cost nothing.")));
  add (rows, HEADROOM_SUM_WEIGHTS, hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS),
       weights_formula (info));
  add (rows, HEADROOM_SUM_CACHE, hr_plan_get_bytes (plan, HR_ITEM_CACHE),
       cache_formula (info, plan));
  add_book (rows, model, plan);
  add (rows, HEADROOM_SUM_COMPUTE, hr_plan_get_bytes (plan, HR_ITEM_COMPUTE),
       compute_formula (plan));
  add (rows, HEADROOM_SUM_OUTPUT, hr_plan_get_bytes (plan, HR_ITEM_OUTPUT),
       output_formula (info, plan));
  add_rare (
      rows, plan, HEADROOM_SUM_PROJECTOR, HR_ITEM_PROJECTOR,
      _("Weights and buffers of the part that reads images. A model that reads text only does without."));
  add_rare (
      rows, plan, HEADROOM_SUM_STAGING, HR_ITEM_STAGING,
      _("Rows on their way from one device to the other. A model that fits on one device needs none."));
  add_rare (rows, plan, HEADROOM_SUM_DRIVER, HR_ITEM_DRIVER,
            _("What the graphics card’s driver keeps for itself while a model is on it."));
  add (rows, HEADROOM_SUM_TOTAL, hr_plan_get_bytes (plan, HR_ITEM_N_KINDS),
       g_strdup (_("All but the first line")));
  return rows;
}

HrValue *
headroom_sum_to_json (const HrModel *model, const HrPlan *plan)
{
  g_autoptr (GArray) rows = headroom_sum_new (model, plan);
  HrValue *list = hr_value_new_list ();

  for (guint i = 0; i < rows->len; i++) {
    const HeadroomSumRow *row = &g_array_index (rows, HeadroomSumRow, i);
    HrValue *json = hr_value_new_dict ();
    headroom_json_set_string (json, "row", kinds[row->kind].name);
    headroom_json_set_int (json, "bytes", (gint64) row->bytes);
    headroom_json_set_string (json, "title", headroom_sum_title (row->kind));
    headroom_json_set_string (json, "formula", row->formula);
    hr_value_append (list, json);
  }
  return list;
}
