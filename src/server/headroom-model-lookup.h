/* headroom-model-lookup.h: the model that a request names, in the words that clients match.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-exchange.h"

G_BEGIN_DECLS

/**
 * headroom_model_lookup:
 * @exchange: whose client asks; programs of this user may name files by their path
 * @name: as the request spells it
 *
 * Finds a model whose weights are a file that is there. Blocks: a worker's job.
 *
 * Returns: (transfer full): the model, or %NULL with @error set: HEADROOM_STORE_ERROR_NOT_FOUND,
 * also where the store knows the model and its file is gone
 */
HeadroomModelEntry *headroom_model_lookup (HeadroomExchange *exchange, const char *name,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for the routes of vectors, which speak of a missing model in other words. */
HeadroomModelEntry *headroom_model_lookup_for_vectors (HeadroomExchange *exchange, const char *name,
                                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
