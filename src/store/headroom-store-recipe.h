/* headroom-store-recipe.h: what making a model has gathered so far.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * headroom-store-weights.c takes the weights, headroom-store-create.c everything else. The store's
 * lock is held while there is one.
 */
#pragma once

#include "headroom-store-private.h"

G_BEGIN_DECLS

typedef struct {
  HeadroomStoreChange *change;
  const HeadroomModelSpec *spec;
  HeadroomModelEntry *base;    /* what from_name means, or NULL */
  HeadroomManifest *inherited; /* its manifest, or NULL (a loose file) */
  GPtrArray *layers;           /* the new model's */
} HeadroomStoreRecipe;

/* What was opened of files that somebody gave: that they are not fit for it is his error, not ours
 * (HEADROOM_STORE_ERROR_INVALID, in the engine's words). NULL: error is what opening said. */
HrModel *headroom_recipe_accept (HrModel *take_model, GError **error);
/* FALSE, with HEADROOM_STORE_ERROR_INVALID. */
gboolean headroom_recipe_refuse (GError **error, const char *message);
/* kind: the end of a media type, "projector". */
void headroom_recipe_remove_layers (HeadroomStoreRecipe *recipe, const char *kind);
/* Where the first layer of that type lies, or NULL. */
char *headroom_recipe_dup_blob_path (HeadroomStoreRecipe *recipe,
                                     const char *media_type) G_GNUC_WARN_UNUSED_RESULT;
/* The layers of the weights, and of a projector where there is one: inherited, or made of files.
 * Fails if a projector was made for another model. */
gboolean headroom_recipe_take_weights (HeadroomStoreRecipe *recipe, GError **error);

G_END_DECLS
