/* headroom-shape.c: see headroom-shape.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-shape.h"

#include <glib/gi18n-lib.h>

#include "headroom-json.h"

/* ---- Lengths ---- */

/* What the dimensions of tensors are made of. */
typedef enum {
  D_NONE, /* there is no such dimension */
  D_EMBD, D_VOCAB, D_TYPES, D_CTX, D_ROT_HALF,
  D_HEADS, D_HEAD, D_Q, D_K, D_V, D_OUT, D_QKV,
  D_FF, D_FF_TWICE,
  D_EXPERTS, D_EXPERT_FF, D_SHARED_FF, D_ONE,
  D_Q_LORA, D_KV_LORA, D_KV_LORA_ROPE, D_NOPE, D_MLA_Q, D_MLA_V, D_MLA_OUT,
  D_N,
} Dim;

/* When a tensor is there. */
typedef enum {
  W_ALWAYS = 0,
  W_UNTIED = 1 << 0,
  W_DENSE = 1 << 1,   /* layers before leading_dense_block_count, or all */
  W_MIXED = 1 << 2,   /* layers with experts */
  W_SHARED = 1 << 3,  /* there are shared experts */
  W_Q_LORA = 1 << 4, W_PLAIN_Q = 1 << 5,
  W_BIASED_ROUTER = 1 << 6,
  W_FACTORS = 1 << 7, W_LONG_FACTORS = 1 << 8,
} When;

typedef struct {
  const char *name;
  Dim dims[3];
  guint when;
} Row;

typedef struct {
  const char *architecture;
  const Row *rows;   /* "blk." ones are of every layer */
} Family;

#define EMBEDDINGS { "token_embd.weight", { D_EMBD, D_VOCAB }, 0 }
#define OUTPUT \
  { "output_norm.weight", { D_EMBD }, 0 }, \
  { "output.weight", { D_EMBD, D_VOCAB }, W_UNTIED }
#define ATTENTION \
  { "blk.attn_norm.weight", { D_EMBD }, 0 }, \
  { "blk.attn_q.weight", { D_EMBD, D_Q }, 0 }, \
  { "blk.attn_k.weight", { D_EMBD, D_K }, 0 }, \
  { "blk.attn_v.weight", { D_EMBD, D_V }, 0 }, \
  { "blk.attn_output.weight", { D_OUT, D_EMBD }, 0 }
#define QKV_BIASES \
  { "blk.attn_q.bias", { D_Q }, 0 }, \
  { "blk.attn_k.bias", { D_K }, 0 }, \
  { "blk.attn_v.bias", { D_V }, 0 }
#define HEAD_NORMS \
  { "blk.attn_q_norm.weight", { D_HEAD }, 0 }, \
  { "blk.attn_k_norm.weight", { D_HEAD }, 0 }
#define FEED_FORWARD \
  { "blk.ffn_gate.weight", { D_EMBD, D_FF }, W_DENSE }, \
  { "blk.ffn_up.weight", { D_EMBD, D_FF }, W_DENSE }, \
  { "blk.ffn_down.weight", { D_FF, D_EMBD }, W_DENSE }
#define FFN_NORM { "blk.ffn_norm.weight", { D_EMBD }, 0 }
#define EXPERTS \
  { "blk.ffn_gate_inp.weight", { D_EMBD, D_EXPERTS }, W_MIXED }, \
    { "blk.ffn_gate_exps.weight", { D_EMBD, D_EXPERT_FF, D_EXPERTS }, W_MIXED }, \
    { "blk.ffn_up_exps.weight", { D_EMBD, D_EXPERT_FF, D_EXPERTS }, W_MIXED }, \
    { "blk.ffn_down_exps.weight", { D_EXPERT_FF, D_EMBD, D_EXPERTS }, W_MIXED }
#define SHARED_EXPERTS \
  { "blk.ffn_gate_shexp.weight", { D_EMBD, D_SHARED_FF }, W_MIXED | W_SHARED }, \
    { "blk.ffn_up_shexp.weight", { D_EMBD, D_SHARED_FF }, W_MIXED | W_SHARED }, \
    { "blk.ffn_down_shexp.weight", { D_SHARED_FF, D_EMBD }, W_MIXED | W_SHARED }
#define POST_NORMS \
  { "blk.post_attention_norm.weight", { D_EMBD }, 0 }, \
  { "blk.post_ffw_norm.weight", { D_EMBD }, 0 }
#define END { NULL, { D_NONE }, 0 }

static const Row llama_rows[] = {
  EMBEDDINGS, OUTPUT,         { "rope_freqs.weight", { D_ROT_HALF }, W_FACTORS },
  ATTENTION,  FFN_NORM,       FEED_FORWARD,
  EXPERTS,    SHARED_EXPERTS, END
};
static const Row qwen2_rows[] = { EMBEDDINGS, OUTPUT,       ATTENTION, QKV_BIASES,
                                  FFN_NORM,   FEED_FORWARD, END };
static const Row qwen3_rows[] = { EMBEDDINGS, OUTPUT,       ATTENTION, HEAD_NORMS,
                                  FFN_NORM,   FEED_FORWARD, EXPERTS,   END };
static const Row gemma2_rows[] = { EMBEDDINGS, OUTPUT,       ATTENTION, POST_NORMS,
                                   FFN_NORM,   FEED_FORWARD, END };
static const Row gemma3_rows[] = { EMBEDDINGS, OUTPUT,   ATTENTION,    HEAD_NORMS,
                                   POST_NORMS, FFN_NORM, FEED_FORWARD, END };
static const Row phi3_rows[] = { EMBEDDINGS,
                                 OUTPUT,
                                 { "rope_factors_long.weight", { D_ROT_HALF }, W_LONG_FACTORS },
                                 { "rope_factors_short.weight", { D_ROT_HALF }, W_LONG_FACTORS },
                                 { "blk.attn_norm.weight", { D_EMBD }, 0 },
                                 { "blk.attn_qkv.weight", { D_EMBD, D_QKV }, 0 },
                                 { "blk.attn_output.weight", { D_OUT, D_EMBD }, 0 },
                                 FFN_NORM,
                                 { "blk.ffn_up.weight", { D_EMBD, D_FF_TWICE }, 0 },
                                 { "blk.ffn_down.weight", { D_FF, D_EMBD }, 0 },
                                 END };
static const Row deepseek2_rows[] = {
  EMBEDDINGS,
  OUTPUT,
  { "blk.attn_norm.weight", { D_EMBD }, 0 },
  { "blk.attn_q.weight", { D_EMBD, D_MLA_Q }, W_PLAIN_Q },
  { "blk.attn_q_a.weight", { D_EMBD, D_Q_LORA }, W_Q_LORA },
  { "blk.attn_q_a_norm.weight", { D_Q_LORA }, W_Q_LORA },
  { "blk.attn_q_b.weight", { D_Q_LORA, D_MLA_Q }, W_Q_LORA },
  { "blk.attn_kv_a_mqa.weight", { D_EMBD, D_KV_LORA_ROPE }, 0 },
  { "blk.attn_kv_a_norm.weight", { D_KV_LORA }, 0 },
  { "blk.attn_k_b.weight", { D_NOPE, D_KV_LORA, D_HEADS }, 0 },
  { "blk.attn_v_b.weight", { D_KV_LORA, D_MLA_V, D_HEADS }, 0 },
  { "blk.attn_output.weight", { D_MLA_OUT, D_EMBD }, 0 },
  FFN_NORM,
  FEED_FORWARD,
  EXPERTS,
  { "blk.exp_probs_b.bias", { D_EXPERTS }, W_MIXED | W_BIASED_ROUTER },
  SHARED_EXPERTS,
  END
};
static const Row gpt_oss_rows[] = { EMBEDDINGS,
                                    OUTPUT,
                                    ATTENTION,
                                    QKV_BIASES,
                                    { "blk.attn_output.bias", { D_EMBD }, 0 },
                                    { "blk.attn_sinks.weight", { D_HEADS }, 0 },
                                    { "blk.post_attention_norm.weight", { D_EMBD }, 0 },
                                    EXPERTS,
                                    { "blk.ffn_gate_inp.bias", { D_EXPERTS }, 0 },
                                    { "blk.ffn_gate_exps.bias", { D_EXPERT_FF, D_EXPERTS }, 0 },
                                    { "blk.ffn_up_exps.bias", { D_EXPERT_FF, D_EXPERTS }, 0 },
                                    { "blk.ffn_down_exps.bias", { D_EMBD, D_EXPERTS }, 0 },
                                    END };
#define BERT_NORMS(name) { name ".weight", { D_EMBD }, 0 }, { name ".bias", { D_EMBD }, 0 }
static const Row nomic_bert_rows[] = { EMBEDDINGS,
                                       { "token_types.weight", { D_EMBD, D_TYPES }, 0 },
                                       BERT_NORMS ("token_embd_norm"),
                                       { "blk.attn_qkv.weight", { D_EMBD, D_QKV }, 0 },
                                       { "blk.attn_output.weight", { D_OUT, D_EMBD }, 0 },
                                       BERT_NORMS ("blk.attn_output_norm"),
                                       FEED_FORWARD,
                                       BERT_NORMS ("blk.layer_output_norm"),
                                       END };
static const Row bert_rows[] = { EMBEDDINGS,
                                 { "token_types.weight", { D_EMBD, D_TYPES }, 0 },
                                 { "position_embd.weight", { D_EMBD, D_CTX }, 0 },
                                 BERT_NORMS ("token_embd_norm"),
                                 { "blk.attn_q.weight", { D_EMBD, D_Q }, 0 },
                                 { "blk.attn_k.weight", { D_EMBD, D_K }, 0 },
                                 { "blk.attn_v.weight", { D_EMBD, D_V }, 0 },
                                 { "blk.attn_output.weight", { D_OUT, D_EMBD }, 0 },
                                 QKV_BIASES,
                                 { "blk.attn_output.bias", { D_EMBD }, 0 },
                                 BERT_NORMS ("blk.attn_output_norm"),
                                 { "blk.ffn_up.weight", { D_EMBD, D_FF }, 0 },
                                 { "blk.ffn_up.bias", { D_FF }, 0 },
                                 { "blk.ffn_down.weight", { D_FF, D_EMBD }, 0 },
                                 { "blk.ffn_down.bias", { D_EMBD }, 0 },
                                 BERT_NORMS ("blk.layer_output_norm"),
                                 END };

static const Family families[] = {
  { "llama", llama_rows },         { "granite", llama_rows },   { "granitemoe", llama_rows },
  { "qwen2", qwen2_rows },         { "qwen3", qwen3_rows },     { "qwen3moe", qwen3_rows },
  { "gemma2", gemma2_rows },       { "gemma3", gemma3_rows },   { "phi3", phi3_rows },
  { "deepseek2", deepseek2_rows }, { "gpt-oss", gpt_oss_rows }, { "nomic-bert", nomic_bert_rows },
  { "bert", bert_rows },           { "smollm3", llama_rows },
};

/* ---- Numbers ---- */

typedef struct {
  const HrValue *hparams;
  guint64 lengths[D_N];
  guint n_layers, n_dense;
  guint traits; /* When */
  GError **error;
  gboolean failed;
} Numbers;

static guint64
number_or (const Numbers *n, const char *key, guint64 fallback)
{
  gint64 value = headroom_json_get_int (n->hparams, key, -1);

  return value > 0 ? (guint64) value : fallback;
}

static guint64
number (Numbers *n, const char *key)
{
  guint64 value = number_or (n, key, 0);

  if (value == 0 && !n->failed) {
    g_set_error (n->error, HR_ERROR, HR_ERROR_FORMAT, _("The entry has no %s."), key);
    n->failed = TRUE;
  }
  return value;
}

static void
count_attention (Numbers *n)
{
  guint64 *l = n->lengths;
  guint64 heads = number (n, "attention.head_count"),
          kv_heads = number_or (n, "attention.head_count_kv", heads);
  guint64 usual = heads > 0 ? l[D_EMBD] / heads : 0,
          key = number_or (n, "attention.key_length", usual);
  guint64 value = number_or (n, "attention.value_length", usual);

  l[D_HEADS] = heads;
  l[D_HEAD] = key;
  l[D_Q] = heads * key;
  l[D_K] = kv_heads * key;
  l[D_V] = kv_heads * value;
  l[D_OUT] = heads * value;
  l[D_QKV] = l[D_Q] + l[D_K] + l[D_V];
  l[D_ROT_HALF] = number_or (n, "rope.dimension_count", key) / 2;
}

static void
count_latent (Numbers *n)
{
  guint64 *l = n->lengths;
  guint64 key = number (n, "attention.key_length_mla"), rope = number (n, "rope.dimension_count");

  l[D_Q_LORA] = number_or (n, "attention.q_lora_rank", 0);
  l[D_KV_LORA] = number (n, "attention.kv_lora_rank");
  l[D_KV_LORA_ROPE] = l[D_KV_LORA] + rope;
  l[D_NOPE] = key > rope ? key - rope : 0;
  l[D_MLA_Q] = l[D_HEADS] * key;
  l[D_MLA_V] = number (n, "attention.value_length_mla");
  l[D_MLA_OUT] = l[D_HEADS] * l[D_MLA_V];
  n->traits |= l[D_Q_LORA] > 0 ? W_Q_LORA : W_PLAIN_Q;
}

static void
count_experts (Numbers *n)
{
  guint64 *l = n->lengths;
  guint64 shared = number_or (n, "expert_shared_count", 0);

  l[D_EXPERTS] = number_or (n, "expert_count", 0);
  l[D_EXPERT_FF] = number_or (n, "expert_feed_forward_length", l[D_FF]);
  l[D_SHARED_FF] = number_or (n, "expert_shared_feed_forward_length", shared * l[D_EXPERT_FF]);
  n->n_dense =
      l[D_EXPERTS] > 0 ? (guint) number_or (n, "leading_dense_block_count", 0) : n->n_layers;
  if (l[D_SHARED_FF] > 0)
    n->traits |= W_SHARED;
}

static void
count_numbers (Numbers *n, const char *architecture)
{
  guint64 *l = n->lengths;

  n->n_layers = (guint) MIN (number (n, "block_count"), G_MAXUINT);
  l[D_EMBD] = number (n, "embedding_length");
  l[D_VOCAB] = number (n, "vocab_size");
  l[D_CTX] = number (n, "context_length");
  l[D_TYPES] = number_or (n, "token_type_count", 2);
  l[D_FF] = number_or (n, "feed_forward_length", 0);
  l[D_FF_TWICE] = 2 * l[D_FF];
  l[D_ONE] = 1;
  count_attention (n);
  count_experts (n);
  if (g_str_equal (architecture, "deepseek2"))
    count_latent (n);
  n->traits |= headroom_json_get_bool (n->hparams, "tied", FALSE) ? 0 : W_UNTIED;
  n->traits |= headroom_json_get_bool (n->hparams, "rope_factors", FALSE) ? W_FACTORS : 0;
  n->traits |= headroom_json_get_bool (n->hparams, "long_rope_factors", FALSE) ? W_LONG_FACTORS : 0;
  n->traits |= headroom_json_get_bool (n->hparams, "biased_router", FALSE) ? W_BIASED_ROUTER : 0;
}

/* ---- Tensors ---- */

static gboolean
is_there (const Numbers *n, const Row *row, guint layer)
{
  guint traits = n->traits | (layer < n->n_dense ? W_DENSE : W_MIXED);

  return (row->when & traits) == row->when;
}

static void
add_tensor (GArray *tensors, Numbers *n, const Row *row, gint32 layer)
{
  HeadroomShapeTensor tensor = { .dims = { 1, 1, 1 }, .layer = layer };

  if (layer >= 0)
    g_snprintf (tensor.name, sizeof tensor.name, "blk.%d.%s", layer, row->name + strlen ("blk."));
  else
    g_strlcpy (tensor.name, row->name, sizeof tensor.name);
  for (; tensor.n_dims < 3 && row->dims[tensor.n_dims] != D_NONE; tensor.n_dims++)
    tensor.dims[tensor.n_dims] = n->lengths[row->dims[tensor.n_dims]];
  for (guint i = 0; i < tensor.n_dims; i++) {
    if (tensor.dims[i] != 0 || n->failed)
      continue;
    g_set_error (n->error, HR_ERROR, HR_ERROR_FORMAT, _("The entry does not say how large %s is."),
                 tensor.name);
    n->failed = TRUE;
  }
  g_array_append_val (tensors, tensor);
}

static GArray *
list_tensors (Numbers *n, const Row *rows)
{
  GArray *tensors = g_array_new (FALSE, FALSE, sizeof (HeadroomShapeTensor));

  for (const Row *row = rows; row->name != NULL; row++)
    if (!g_str_has_prefix (row->name, "blk.") && is_there (n, row, 0))
      add_tensor (tensors, n, row, -1);
  for (guint il = 0; il < n->n_layers && !n->failed; il++)
    for (const Row *row = rows; row->name != NULL; row++)
      if (g_str_has_prefix (row->name, "blk.") && is_there (n, row, il))
        add_tensor (tensors, n, row, (gint32) il);
  return tensors;
}

GArray *
headroom_shape_new (const char *architecture, const HrValue *hparams, GError **error)
{
  Numbers numbers = { .hparams = hparams, .error = error };
  const Family *family = NULL;
  g_autoptr (GArray) tensors = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (families) && family == NULL; i++)
    if (g_str_equal (families[i].architecture, architecture))
      family = &families[i];
  if (family == NULL) {
    g_set_error (error, HR_ERROR, HR_ERROR_FORMAT,
                 _("The entry’s architecture “%s” is not known here."), architecture);
    return NULL;
  }
  count_numbers (&numbers, architecture);
  if (!numbers.failed && numbers.n_layers > HEADROOM_MAX_SHAPE_LAYERS) {
    g_set_error (error, HR_ERROR, HR_ERROR_FORMAT,
                 _("The entry has %u layers; there can be at most %d."), numbers.n_layers,
                 HEADROOM_MAX_SHAPE_LAYERS);
    return NULL;
  }
  if (!numbers.failed)
    tensors = list_tensors (&numbers, family->rows);
  return numbers.failed ? NULL : g_steal_pointer (&tensors);
}
