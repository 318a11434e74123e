/* test-catalogue.c: what models weigh without being there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-catalogue.h"
#include "headroom-fit.h"
#include "headroom-json.h"
#include "headroom-recipe.h"

#include <string.h>

static HrModel *
open_shape (const char *name, const char *weights)
{
  const HeadroomCatalogueEntry *entry = headroom_catalogue_find (name);
  g_autoptr (GError) error = NULL;
  HrModel *model;

  if (entry == NULL)
    g_error ("%s is not in the catalogue", name);
  model = headroom_catalogue_open (entry, weights, &error);
  g_assert_no_error (error);
  return model;
}

static guint64
tensor_bytes (HrModel *model)
{
  guint64 bytes = 0;

  for (gsize i = 0; i < hr_model_n_tensors (model); i++)
    bytes += hr_model_tensor (model, i).bytes;
  return bytes;
}

/* Every entry says where it is from and becomes a model that the engine reads; if it knows the
 * architecture, one that it plans. */
static void
test_entries (void)
{
  guint n_planned = 0, n = (guint) headroom_catalogue_get_size ();

  g_assert_cmpuint (n, >=, 40);
  for (guint i = 0; i < n; i++) {
    const HeadroomCatalogueEntry *entry = headroom_catalogue_get (i);
    g_autoptr (GError) error = NULL;
    g_autoptr (HrModel) model = NULL;
    if (!headroom_catalogue_check (entry->json, &error))
      g_error ("%s: %s", entry->name, error->message);
    g_assert_true (g_str_has_prefix (entry->source, "https://"));
    g_assert_true (headroom_catalogue_find (entry->name) == entry);
    model = open_shape (entry->name, NULL);
    if (!hr_model_is_runnable (model, &error)) {
      /* An architecture that is yet to come is no mistake of the entry; anything else is. */
      if (!g_error_matches (error, HR_ERROR, HR_ERROR_UNSUPPORTED))
        g_error ("%s: %s", entry->name, error->message);
      continue;
    }
    n_planned++;
  }
  g_test_message ("%u of %u shapes can be planned", n_planned, n);
  g_assert_cmpuint (n_planned, >, n / 2);
}

static void
test_names (void)
{
  g_assert_nonnull (headroom_catalogue_find ("qwen2.5:7b"));
  g_assert_true (headroom_catalogue_find ("qwen2.5") == headroom_catalogue_find ("qwen2.5:7b"));
  g_assert_true (headroom_catalogue_find ("qwen2.5:latest") ==
                 headroom_catalogue_find ("QWEN2.5:7B"));
  g_assert_null (headroom_catalogue_find ("qwen2.5:8b"));
  g_assert_null (headroom_catalogue_find (""));
}

/* The sum of all tensors, to the byte. */
static void
test_quantiser (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents (g_test_get_filename (G_TEST_DIST, "sizes.txt", NULL), &text,
                                      NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++) {
    g_auto (GStrv) words = g_strsplit (lines[i], " ", -1);
    g_autoptr (HrModel) model = NULL;
    if (lines[i][0] == '#' || g_strv_length (words) != 3)
      continue;
    model = open_shape (words[0], words[1]);
    g_test_message ("%s %s", words[0], words[1]);
    g_assert_cmpuint (tensor_bytes (model), ==, g_ascii_strtoull (words[2], NULL, 10));
    n++;
  }
  g_assert_cmpuint (n, >, 100);
}

/* Files that people download, in gigabytes as their pages show them. Metadata and tokenizer are in
 * the files and not in the shape. */
static void
test_published (void)
{
  static const struct { const char *name, *weights; double gigabytes;
  } files[] = {
    { "llama3.1:70b", "Q8_0", 74.98 },        { "llama3.1:70b", "Q6_K", 57.89 },
    { "llama3.1:70b", "Q5_K_M", 49.95 },      { "llama3.1:70b", "Q5_K_S", 48.66 },
    { "llama3.1:70b", "Q4_K_M", 42.52 },      { "llama3.1:70b", "Q4_K_S", 40.35 },
    { "llama3.1:70b", "Q3_K_L", 37.14 },      { "llama3.1:70b", "Q3_K_M", 34.27 },
    { "llama3.1:8b", "Q4_K_M", 4.92 },        { "llama3.1:8b", "Q8_0", 8.54 },
    { "llama3.1:8b", "F16", 16.07 },          { "llama3.2:3b", "Q4_K_M", 2.02 },
    { "qwen2.5:7b", "Q4_K_M", 4.68 },         { "qwen2.5:14b", "Q4_K_M", 8.99 },
    { "qwen2.5:32b", "Q4_K_M", 19.85 },       { "qwen2.5:72b", "Q4_K_M", 47.42 },
    { "gemma2:9b", "Q4_K_M", 5.76 },          { "gemma2:27b", "Q4_K_M", 16.65 },
    { "mistral:7b", "Q4_K_M", 4.37 },         { "mistral-nemo:12b", "Q4_K_M", 7.48 },
    { "mistral-small:24b", "Q4_K_M", 14.33 }, { "qwen3:8b", "Q4_K_M", 5.03 },
    { "qwen3:32b", "Q4_K_M", 19.76 },         { "qwen3:30b-a3b", "Q4_K_M", 18.56 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr (HrModel) model = open_shape (files[i].name, files[i].weights);
    double gigabytes = (double) hr_model_get_info (model)->file_bytes / 1e9;
    g_test_message ("%s %s: %.3f, published %.2f", files[i].name, files[i].weights, gigabytes,
                    files[i].gigabytes);
    g_assert_cmpfloat_with_epsilon (gigabytes, files[i].gigabytes, files[i].gigabytes / 100);
  }
}

static HrPlan *
plan (HrModel *model, guint32 num_ctx, guint32 parallel)
{
  HrDevice host = { .name = "host", .total = (guint64) 4 << 40, .free = (guint64) 4 << 40 };
  HrSettings settings = { .num_ctx = num_ctx, .parallel = parallel };
  g_autoptr (GError) error = NULL;
  HrPlan *made = hr_plan_new (model, &settings, &host, 1, &error);

  g_assert_no_error (error);
  return made;
}

/* 2 x 28 layers x 4 heads x 128 wide x 2 bytes x 32768: 1.75 GiB, where the text book says 12.25.
 */
static void
test_cache (void)
{
  g_autoptr (HrModel) qwen = open_shape ("qwen2.5:7b", NULL);
  g_autoptr (HrPlan) one = plan (qwen, 32768, 1);

  g_assert_cmpuint (hr_plan_get_bytes (one, HR_ITEM_CACHE), ==, G_GUINT64_CONSTANT (1879048192));
}

static void
test_granite_vision (void)
{
  g_autoptr (HrModel) granite = open_shape ("granite3.2-vision:2b", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (HrPlan) four = NULL;

  if (!hr_model_is_runnable (granite, &error)) {
    g_test_skip (error->message);
    return;
  }
  four = plan (granite, 16384, 4);
  g_assert_cmpuint (hr_plan_n_layers (four), ==, 40);
  g_assert_cmpuint (hr_plan_get_bytes (four, HR_ITEM_CACHE), ==, G_GUINT64_CONSTANT (5368709120));
}

typedef struct {
  guint64 embeddings, layers, cache, output, compute, projector, total;
  guint n_layers;
} Rows;

/* What a plan lists, added up by what it is. */
static Rows
rows_of (const HrPlan *made)
{
  Rows rows = { 0 };

  for (gsize i = 0; i < hr_plan_n_items (made); i++) {
    const HrPlanItem *item = hr_plan_get_item (made, i);
    rows.total += item->bytes;
    if (item->kind == HR_ITEM_WEIGHTS && item->layer >= 0) {
      rows.layers += item->bytes;
      rows.n_layers++;
    } else if (item->kind == HR_ITEM_WEIGHTS) {
      rows.embeddings += item->bytes;
    } else if (item->kind == HR_ITEM_CACHE) {
      rows.cache += item->bytes;
    } else if (item->kind == HR_ITEM_PROJECTOR) {
      rows.projector += item->bytes;
    } else if (item->kind == HR_ITEM_OUTPUT) {
      rows.output += item->bytes;
    } else {
      rows.compute += item->bytes;
    }
  }
  return rows;
}

/* Row by row, what people see of it: a file of 2.5 GB or 6 GB, and far more in memory. With 40
 * layers of 2048 wide, 8192 hidden, 32 heads and 8 for keys of 64 each: attention 2 x 2048 x 2048 +
 * 2 x 2048 x 512, feed-forward 3 x 2048 x 8192, two norms; embeddings 49156 x 2048 and a last norm.
 */
static void
test_granite_rows (void)
{
  static const struct {
    const char *weights;
    double gigabytes;
  } files[] = { { "Q4_K_M", 2.5 }, { "F16", 6.0 } };
  const guint64 layer = 2 * 2048 * 2048 + 2 * 2048 * 512 + 3 * 2048 * 8192, norms = 2 * 2048;
  const guint64 tower = 881990656, cache = G_GUINT64_CONSTANT (5368709120);

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr (HrModel) granite = open_shape ("granite3.2-vision:2b", files[i].weights);
    g_autoptr (HrPlan) made = plan (granite, 16384, 4);
    Rows rows = rows_of (made);
    const char *label = hr_model_get_info (granite)->file_type;
    double file = (double) (rows.embeddings + rows.layers + rows.projector) / 1e9;
    g_test_message ("%s: embeddings %" G_GUINT64_FORMAT ", layers %" G_GUINT64_FORMAT
                    ", projector %" G_GUINT64_FORMAT ", cache %" G_GUINT64_FORMAT
                    ", compute %" G_GUINT64_FORMAT ", output %" G_GUINT64_FORMAT,
                    files[i].weights, rows.embeddings, rows.layers, rows.projector, rows.cache,
                    rows.compute, rows.output);
    g_assert_cmpstr (label, ==, files[i].weights);
    g_assert_cmpuint (rows.n_layers, ==, 40);
    g_assert_cmpuint (rows.cache, ==, cache);
    g_assert_cmpuint (rows.projector, ==, tower);
    g_assert_cmpuint (rows.output, ==, 8 * 49156 * 4);
    if (g_str_equal (files[i].weights, "F16")) {
      g_assert_cmpuint (rows.layers, ==, 40 * (2 * layer + 4 * norms));
      g_assert_cmpuint (rows.embeddings, ==, 2 * (guint64) 49156 * 2048 + 4 * 2048);
    }
    g_assert_cmpfloat_with_epsilon (file, files[i].gigabytes, files[i].gigabytes * 0.03);
    g_assert_cmpuint (rows.total, ==, hr_plan_get_bytes (made, HR_ITEM_N_KINDS));
    g_assert_cmpuint (rows.total, ==,
                      rows.embeddings + rows.layers + rows.cache + rows.compute + rows.output +
                          rows.projector);
  }
}

/* An entry with something missing says what. */
static void
test_bad (void)
{
#define ENTRY(architecture) \
  "{\"name\":\"x\",\"architecture\":\"" architecture "\",\"weights\":\"Q8_0\",\"source\":\"s\""
#define SIZES \
  "\"embedding_length\":64,\"vocab_size\":10,\"context_length\":10,\"attention.head_count\":4"
  static const struct {
    const char *json, *complaint;
  } bad[] = {
    { "[]", "no name" },
    { "{}", "no name" },
    { "{\"name\":\"x\"}", "no architecture" },
    { ENTRY ("llama") "}", "no hparams" },
    { ENTRY ("llama") ",\"hparams\":7}", "no hparams" },
    { ENTRY ("llama") ",\"hparams\":{\"block_count\":1}}", "no embedding_length" },
    { ENTRY ("llama") ",\"hparams\":{\"block_count\":1," SIZES "}}", "blk.0.ffn_gate" },
    { ENTRY ("none") ",\"hparams\":{}}", "none" },
    { ENTRY ("llama") ",\"hparams\":{\"block_count\":99999999," SIZES
                      ",\"feed_forward_length\":10}}",
      "at most 1024" },
    { ENTRY ("llama") ",\"hparams\":{\"block_count\":-1," SIZES "}}", "block_count" },
  };
#undef ENTRY
#undef SIZES

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (HrValue) json = headroom_json_parse (bad[i].json, -1, TRUE, NULL);
    g_autoptr (GError) error = NULL;
    g_assert_nonnull (json);
    g_assert_false (headroom_catalogue_check (json, &error));
    g_assert_error (error, HR_ERROR, HR_ERROR_FORMAT);
    if (strstr (error->message, bad[i].complaint) == NULL)
      g_error ("%s: %s", bad[i].json, error->message);
  }
  g_assert_false (headroom_recipe_is_known ("q4_k_x"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/catalogue/entries", test_entries);
  g_test_add_func ("/catalogue/names", test_names);
  g_test_add_func ("/catalogue/quantiser", test_quantiser);
  g_test_add_func ("/catalogue/published", test_published);
  g_test_add_func ("/catalogue/cache", test_cache);
  g_test_add_func ("/catalogue/granite-vision", test_granite_vision);
  g_test_add_func ("/catalogue/granite-rows", test_granite_rows);
  g_test_add_func ("/catalogue/bad", test_bad);
  return g_test_run ();
}
