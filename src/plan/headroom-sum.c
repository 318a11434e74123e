/* headroom-sum.c: see headroom-sum.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-sum.h"

#include "headroom-json.h"
#include "headroom-landscape.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

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

/* A shape has no file yet: what it would weigh is what it would hold. */
static guint64
file_bytes (const HrModel *model, const HrPlan *plan)
{
  return hr_model_has_weights (model) ? hr_model_get_info (model)->file_bytes
                                      : hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS) +
                                            hr_plan_get_bytes (plan, HR_ITEM_PROJECTOR);
}

static char *
file_formula (const HrModel *model)
{
  return g_strdup (hr_model_has_weights (model)
                       ? _("On disk. Mapped, not copied: pages that nothing uses cost nothing.")
                       : _("Weights, and the part that reads images where there is one. Not on "
                            "this computer yet: reckoned from the model’s shape."));
}

static char *
weights_formula (const HrModelInfo *info, const HrPlan *plan)
{
  guint64 bytes = hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS);
  double bits = 8.0 * (double) bytes / (double) MAX (info->n_params, 1);

  if (hr_plan_get_settings (plan)->weights_bytes > 0)
    /* Translators: how many numbers a model has, and bits per number */
    return g_strdup_printf (
        _("%'" PRIu64 " numbers, %.2f bits each: the size that was asked for, spread by the "
           "model’s shape."),
        info->n_params, bits);
  /* Translators: how many numbers a model has, its type such as Q4_K_M, and bits per number */
  return g_strdup_printf (
      _("%'" PRIu64
         " numbers as %s, %.2f bits each. A smaller type of the same model takes less."),
      info->n_params, info->file_type, bits);
}

/* ---- The cache ---- */

/* Positions are kept in pages. */
#define PAGE_POSITIONS 64u

/* Items of the same name and size, such as what each layer keeps. */
typedef struct {
  const char *what;
  guint64 bytes; /* of each */
  guint n;
} Alike;

static const struct {
  const char *name, *title;
} part_titles[] = {
  { "keys and values", N_("keys and values") },
  { "latent keys", N_("latent keys") },
  { "window of keys and values", N_("a window of keys and values") },
  { "states", N_("states and their checkpoints") },
  { "activations", N_("activations") },
  { "prepared rows", N_("rows prepared for the kernels") },
  { "thread scratch", N_("scratch of the threads") },
  { "rows of adapters", N_("rows of adapters") },
  { "tokenizer", N_("the tokenizer’s tables") },
  { "vision tower", N_("the tower’s weights") },
  { "image activations", N_("activations of an image") },
  { "image scratch", N_("scratch of the threads") },
  { "image rows", N_("rows of an image") },
  { "driver", N_("driver") },
};

static const char *
part_title (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (part_titles); i++)
    if (g_str_equal (part_titles[i].name, name))
      return _ (part_titles[i].title);
  return g_str_has_prefix (name, "rows from and to ") ? _("rows on their way") : name;
}

static void
count_alike (GArray *groups, const char *what, guint64 bytes)
{
  Alike alike = { what, bytes, 1 };

  for (guint i = 0; i < groups->len; i++) {
    Alike *group = &g_array_index (groups, Alike, i);
    if (group->bytes == bytes && g_str_equal (group->what, what)) {
      group->n++;
      return;
    }
  }
  g_array_append_val (groups, alike);
}

/* Of Alike, in the order of their first layers. */
static GArray *
group_layers (const HrPlan *plan)
{
  GArray *groups = g_array_new (FALSE, FALSE, sizeof (Alike));

  for (gsize i = 0; i < hr_plan_n_items (plan); i++) {
    const HrPlanItem *item = hr_plan_get_item (plan, i);
    const char *what = strchr (item->name, ' '); /* behind "blk.7" */
    if (item->kind == HR_ITEM_CACHE)
      count_alike (groups, what != NULL ? what + 1 : item->name, item->bytes);
  }
  return groups;
}

/* Whether a layer keeps the same of every position of the context. */
static gboolean
keeps_all (const Alike *group, guint64 positions)
{
  return (g_str_equal (group->what, "keys and values") ||
          g_str_equal (group->what, "latent keys")) &&
         group->bytes % positions == 0;
}

static char *
dup_group_formula (const Alike *group, const HrModelInfo *info, const HrSettings *settings)
{
  guint tokens = (settings->num_ctx + PAGE_POSITIONS - 1) / PAGE_POSITIONS * PAGE_POSITIONS;
  guint64 positions = (guint64) tokens * settings->parallel,
          each = group->bytes / MAX (positions, 1), heads = MAX (info->n_head_kv, 1);

  if (!keeps_all (group, MAX (positions, 1)))
    /* Translators: layers, bytes of each, and what they are */
    return g_strdup_printf (_("%u layers × %'" PRIu64 " B (%s)"), group->n, group->bytes,
                            part_title (group->what));
  if (group->n == info->n_layer && each % heads == 0 &&
      g_str_equal (group->what, "keys and values"))
    /* Translators: layers, heads of keys, bytes, tokens per answer, answers */
    return g_strdup_printf (
        _("%u layers × %u heads × %u B for a key and a value × %'u tokens × %u at "
           "once"),
        group->n, (guint) heads, (guint) (each / heads), tokens, settings->parallel);
  /* Translators: layers, bytes per token, what they are, tokens per answer, answers */
  return g_strdup_printf (_("%u layers × %'u B (%s) × %'u tokens × %u at once"), group->n,
                          (guint) each, part_title (group->what), tokens, settings->parallel);
}

static char *
cache_formula (const HrModelInfo *info, const HrPlan *plan)
{
  const HrSettings *settings = hr_plan_get_settings (plan);
  g_autoptr (GArray) groups = group_layers (plan);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < groups->len; i++) {
    g_autofree char *part = dup_group_formula (&g_array_index (groups, Alike, i), info, settings);
    g_string_append_printf (text, "%s%s", i > 0 ? " + " : "", part);
  }
  /* Translators: follows a formula; the number type, such as f16 */
  g_string_append_printf (text,
                          _(", as %s. A shorter context, fewer answers at once or a smaller "
                             "type takes less."),
                          hr_kv_type_name (settings->kv_type));
  return g_string_free (text, FALSE);
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

  if (real > 0 && book != real)
    add (
        rows, HEADROOM_SUM_BOOK, book,
        g_strdup_printf (_("2 × %u layers × %u wide × 2 B × %'u tokens × %u at once. What "
                            "this model keeps is the line above."),
                         info->n_layer, info->n_embd, settings->num_ctx, settings->parallel));
}

/* ---- The rest ---- */

/* "2 × activations 58,851,328 B + scratch of the threads 524,288 B", of one kind on all devices. */
static char *
dup_parts (const HrPlan *plan, HrItemKind kind)
{
  g_autoptr (GArray) groups = g_array_new (FALSE, FALSE, sizeof (Alike));
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < hr_plan_n_items (plan); i++) {
    const HrPlanItem *item = hr_plan_get_item (plan, i);
    if (item->kind == kind && item->bytes > 0)
      count_alike (groups, part_title (item->name), item->bytes);
  }
  for (guint i = 0; i < groups->len; i++) {
    const Alike *group = &g_array_index (groups, Alike, i);
    g_string_append (text, i > 0 ? " + " : "");
    if (group->n > 1)
      g_string_append_printf (text, "%u × ", group->n);
    g_string_append_printf (text, "%s %'" PRIu64 " B", group->what, group->bytes);
  }
  return g_string_free (text, FALSE);
}

static char *
compute_formula (const HrPlan *plan)
{
  const HrSettings *settings = hr_plan_get_settings (plan);
  g_autofree char *parts = dup_parts (plan, HR_ITEM_COMPUTE);

  /* Translators: a sum of buffers, then tokens and threads */
  return g_strdup_printf (
      _("%s, for steps of up to %'u tokens on %u threads. Fewer tokens per step "
         "take less and read prompts more slowly."),
      parts, settings->num_batch, settings->threads);
}

static char *
output_formula (const HrModelInfo *info, const HrPlan *plan)
{
  guint64 row = MAX (info->n_vocab, 1) * sizeof (float);

  return g_strdup_printf (
      _("%'u possible next tokens × %u places in a step × 4 B. Fewer answers at "
         "once take less, down to 8 places."),
      info->n_vocab, (guint) (hr_plan_get_bytes (plan, HR_ITEM_OUTPUT) / row));
}

/* What few models and machines have: its buffers, and what is to be said of them. */
static void
add_rare (GArray *rows, const HrPlan *plan, HeadroomSumKind kind, HrItemKind item,
          const char *advice)
{
  guint64 bytes = hr_plan_get_bytes (plan, item);
  g_autofree char *parts = dup_parts (plan, item);

  if (bytes > 0)
    add (rows, kind, bytes, g_strdup_printf ("%s. %s", parts, advice));
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
  add (rows, HEADROOM_SUM_FILE, file_bytes (model, plan), file_formula (model));
  add (rows, HEADROOM_SUM_WEIGHTS, hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS),
       weights_formula (info, plan));
  add (rows, HEADROOM_SUM_CACHE, hr_plan_get_bytes (plan, HR_ITEM_CACHE),
       cache_formula (info, plan));
  add_book (rows, model, plan);
  add (rows, HEADROOM_SUM_COMPUTE, hr_plan_get_bytes (plan, HR_ITEM_COMPUTE),
       compute_formula (plan));
  add (rows, HEADROOM_SUM_OUTPUT, hr_plan_get_bytes (plan, HR_ITEM_OUTPUT),
       output_formula (info, plan));
  add_rare (rows, plan, HEADROOM_SUM_PROJECTOR, HR_ITEM_PROJECTOR,
            _("The part that reads images. A model that reads text only does without."));
  add_rare (rows, plan, HEADROOM_SUM_STAGING, HR_ITEM_STAGING,
            _("On each side of each card. A model that fits on one device needs none."));
  add_rare (rows, plan, HEADROOM_SUM_DRIVER, HR_ITEM_DRIVER,
            _("What a graphics card’s driver keeps for itself while a model is on it. Fewer cards "
               "take less."));
  add (rows, HEADROOM_SUM_TOTAL, hr_plan_get_bytes (plan, HR_ITEM_N_KINDS),
       g_strdup (_("All but the file and the textbook")));
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
