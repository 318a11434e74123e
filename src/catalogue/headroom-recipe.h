/* headroom-recipe.h: which type each tensor of a model gets when it is quantised.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The published mixtures (Q4_K_M and so on) give more bits to the tensors that suffer most. Files
 * that people download follow these rules, so their sizes follow from shapes. Rules that depend on
 * measured importance are not here. Thread-safety: Safe.
 */
#pragma once

#include "headroom-shape.h"

G_BEGIN_DECLS

/* Whether a label such as "q4_k_m" (compared without case) names a mixture. */
gboolean headroom_recipe_is_known (const char *label);
/* general.file_type of a file of a known mixture. */
guint headroom_recipe_file_type (const char *label);
const char *headroom_recipe_list (void); /* for messages */

typedef struct {
  const char *label;        /* any case */
  const char *architecture;
  guint n_layers, n_experts, heads_per_kv;
  gboolean tied; /* there is no output matrix: the embeddings may be used as one */
} HeadroomRecipe;

/* The name of the type that a tensor gets. */
const char *headroom_recipe_type (const HeadroomRecipe *recipe, const HeadroomShapeTensor *tensor);

G_END_DECLS
