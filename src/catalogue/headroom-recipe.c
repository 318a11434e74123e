/* headroom-recipe.c: see headroom-recipe.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-recipe.h"

#include <string.h>

typedef enum {
  F32,
  F16,
  BF16,
  Q4_0,
  Q4_1,
  Q5_0,
  Q5_1,
  Q8_0,
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
  IQ4_NL,
  IQ4_XS,
  MXFP4
} Type;

static const char *const type_names[] = { "F32",  "F16",    "BF16",   "Q4_0", "Q4_1", "Q5_0",
                                          "Q5_1", "Q8_0",   "Q2_K",   "Q3_K", "Q4_K", "Q5_K",
                                          "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4" };

typedef enum {
  MIX_F32,
  MIX_F16,
  MIX_BF16,
  MIX_Q4_0,
  MIX_Q4_1,
  MIX_Q5_0,
  MIX_Q5_1,
  MIX_Q8_0,
  MIX_Q2_K,
  MIX_Q3_K_S,
  MIX_Q3_K_M,
  MIX_Q3_K_L,
  MIX_Q4_K_S,
  MIX_Q4_K_M,
  MIX_Q5_K_S,
  MIX_Q5_K_M,
  MIX_Q6_K,
  MIX_IQ4_NL,
  MIX_IQ4_XS,
  MIX_MXFP4,
  MIX_N,
} Mix;

static const struct {
  const char *label;
  Type type;       /* of most tensors */
  guint file_type; /* its number in headers of files */
} mixes[MIX_N] = {
  [MIX_F32] = { "F32", F32, 0 },           [MIX_F16] = { "F16", F16, 1 },
  [MIX_BF16] = { "BF16", BF16, 32 },       [MIX_Q4_0] = { "Q4_0", Q4_0, 2 },
  [MIX_Q4_1] = { "Q4_1", Q4_1, 3 },        [MIX_Q5_0] = { "Q5_0", Q5_0, 8 },
  [MIX_Q5_1] = { "Q5_1", Q5_1, 9 },        [MIX_Q8_0] = { "Q8_0", Q8_0, 7 },
  [MIX_Q2_K] = { "Q2_K", Q2_K, 10 },       [MIX_Q3_K_S] = { "Q3_K_S", Q3_K, 11 },
  [MIX_Q3_K_M] = { "Q3_K_M", Q3_K, 12 },   [MIX_Q3_K_L] = { "Q3_K_L", Q3_K, 13 },
  [MIX_Q4_K_S] = { "Q4_K_S", Q4_K, 14 },   [MIX_Q4_K_M] = { "Q4_K_M", Q4_K, 15 },
  [MIX_Q5_K_S] = { "Q5_K_S", Q5_K, 16 },   [MIX_Q5_K_M] = { "Q5_K_M", Q5_K, 17 },
  [MIX_Q6_K] = { "Q6_K", Q6_K, 18 },       [MIX_IQ4_NL] = { "IQ4_NL", IQ4_NL, 25 },
  [MIX_IQ4_XS] = { "IQ4_XS", IQ4_XS, 30 }, [MIX_MXFP4] = { "MXFP4", MXFP4, 38 },
};

static Mix
find_mix (const char *label)
{
  Mix mix = 0;

  while (mix < MIX_N && g_ascii_strcasecmp (label, mixes[mix].label) != 0)
    mix++;
  return mix;
}

gboolean
headroom_recipe_is_known (const char *label)
{
  return find_mix (label) < MIX_N;
}

guint
headroom_recipe_file_type (const char *label)
{
  return mixes[find_mix (label)].file_type;
}

const char *
headroom_recipe_list (void)
{
  return "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K_S, Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M, Q6_K, IQ4_NL, "
         "IQ4_XS, MXFP4";
}

/* ---- Which tensors are quantised at all ---- */

static gboolean
contains (const HeadroomShapeTensor *t, const char *part)
{
  return strstr (t->name, part) != NULL;
}

/* Vectors, norms, routers and tables of positions are small and sensitive. */
static gboolean
is_quantised (const HeadroomShapeTensor *t)
{
  return t->n_dims >= 2 && g_str_has_suffix (t->name, ".weight") && !contains (t, "_norm.weight") &&
         !contains (t, "ffn_gate_inp.weight") && !g_str_equal (t->name, "position_embd.weight") &&
         !g_str_equal (t->name, "token_types.weight");
}

/* ---- Mixtures ---- */

/* The first and last eighth of the layers, and every third between them. */
static gboolean
more_bits (guint layer, guint n_layers)
{
  return layer < n_layers / 8 || layer >= 7 * n_layers / 8 || (layer - n_layers / 8) % 3 == 2;
}

static Type
output_type (const HeadroomShapeTensor *t, Mix mix)
{
  if (mix == MIX_MXFP4 || mixes[mix].type == Q8_0 || t->dims[0] % 256 != 0)
    return Q8_0;
  return Q6_K;
}

static Type
attn_v_type (const HeadroomRecipe *r, Mix mix, guint layer)
{
  Type type = mixes[mix].type;

  if (mix == MIX_Q2_K)
    type = r->heads_per_kv >= 4 ? Q4_K : Q3_K;
  else if (mix == MIX_Q3_K_M)
    type = layer < 2 ? Q5_K : Q4_K;
  else if (mix == MIX_Q3_K_L ||
           ((mix == MIX_IQ4_NL || mix == MIX_IQ4_XS) && r->heads_per_kv >= 4) ||
           (mix == MIX_Q4_K_S && layer < 4))
    type = Q5_K;
  else if ((mix == MIX_Q4_K_M || mix == MIX_Q5_K_M) && more_bits (layer, r->n_layers))
    type = Q6_K;
  /* Models of 80 layers whose heads share values have few of them. */
  if (r->n_layers == 80 && r->heads_per_kv > 1 &&
      (g_str_equal (r->architecture, "llama") || g_str_equal (r->architecture, "qwen2")) &&
      (type == Q3_K || type == Q4_K))
    type = Q5_K;
  return r->n_experts == 8 ? Q8_0 : type;
}

static Type
ffn_down_type (const HeadroomRecipe *r, Mix mix, guint layer)
{
  switch (mix) {
  case MIX_Q2_K:
    return Q3_K;
  case MIX_Q3_K_M:
    return layer < r->n_layers / 16 ? Q5_K : Q4_K;
  case MIX_Q3_K_L:
    return Q5_K;
  case MIX_Q4_K_S:
  case MIX_IQ4_NL:
  case MIX_IQ4_XS:
    return layer < r->n_layers / 8 ? Q5_K : mixes[mix].type;
  case MIX_Q4_K_M:
  case MIX_Q5_K_M:
    return more_bits (layer, r->n_layers) ? Q6_K : mixes[mix].type;
  default:
    return mixes[mix].type;
  }
}

static Type
attn_output_type (const HeadroomRecipe *r, Mix mix)
{
  if (r->n_experts == 8)
    return mix == MIX_Q2_K || mix == MIX_Q3_K_S || mix == MIX_Q3_K_M || mix == MIX_Q4_K_S ||
                   mix == MIX_Q4_K_M || mix == MIX_IQ4_NL || mix == MIX_IQ4_XS
               ? Q5_K
               : mixes[mix].type;
  if (mix == MIX_Q2_K)
    return Q3_K;
  if (mix == MIX_Q3_K_M)
    return Q4_K;
  return mix == MIX_Q3_K_L ? Q5_K : mixes[mix].type;
}

static Type
mixed_type (const HeadroomRecipe *r, const HeadroomShapeTensor *t, Mix mix)
{
  guint layer = (guint) MAX (t->layer, 0);

  if (g_str_equal (t->name, "output.weight") ||
      (r->tied && g_str_equal (t->name, "token_embd.weight")))
    return output_type (t, mix);
  if (mix == MIX_MXFP4)
    return t->dims[2] > 1 ? MXFP4 : Q8_0;
  if (contains (t, "attn_v.weight") || contains (t, "attn_qkv.weight"))
    return attn_v_type (r, mix, layer);
  if (contains (t, "attn_k.weight") && r->n_experts == 8)
    return Q8_0;
  if (contains (t, "ffn_down"))
    return ffn_down_type (r, mix, layer);
  if (contains (t, "attn_output.weight"))
    return attn_output_type (r, mix);
  return mixes[mix].type;
}

/* Rows that are no multiple of 256 cannot have the types with large blocks. */
static Type
fallback (Type type, guint64 row)
{
  gboolean large = type >= Q2_K && type != IQ4_NL && type != MXFP4;

  if (!large || row % 256 == 0)
    return type == MXFP4 && row % 32 != 0 ? F16 : type;
  if (row % 32 != 0)
    return F16;
  switch (type) {
  case Q4_K:
    return Q5_0;
  case Q5_K:
    return Q5_1;
  case Q6_K:
    return Q8_0;
  case IQ4_XS:
    return IQ4_NL;
  default:
    return Q4_0;
  }
}

const char *
headroom_recipe_type (const HeadroomRecipe *recipe, const HeadroomShapeTensor *tensor)
{
  Mix mix = find_mix (recipe->label);

  g_return_val_if_fail (mix < MIX_N, NULL);
  if (!is_quantised (tensor))
    return type_names[F32];
  if (mix <= MIX_BF16)
    return type_names[mixes[mix].type];
  return type_names[fallback (mixed_type (recipe, tensor, mix), tensor->dims[0])];
}
