/* headroom-demand.h: what a request needs of a loaded model, and whether one that is loaded has it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions. A demand is met by anything that is enough: more context or more slots than asked
 * for are fine, so that clients that ask for less take nothing from others, and what nobody asked
 * for matters not at all. Thread-safety: Safe.
 */
#pragma once

#include "headroom-options.h"

G_BEGIN_DECLS

typedef struct {
  HrSettings settings;     /* num_ctx, parallel, num_batch, threads 0: not said */
  gboolean kv_type_given;  /* by the request itself */
  gboolean gpu_layers_given; /* the same */
  gboolean exact;          /* what is said is what it has to become, not what is enough */
  char client[48];         /* who asks, for events; "" if that is not known */
} HeadroomDemand;

/**
 * headroom_demand_init:
 * @options: merged from environment, model and request
 * @asked: (nullable): the request's own options
 * @client: who asks, or ""
 */
gboolean headroom_demand_init (HeadroomDemand *self, const HeadroomOptions *options,
                               const HrValue *asked, const char *client, GError **error);

/**
 * headroom_demand_is_met:
 * @loaded: settings of a plan, every field resolved
 * @n_ctx_train: no more context than this can be had
 * @ret_reason: (out) (optional): a sentence about what is missing
 */
gboolean headroom_demand_is_met (const HeadroomDemand *self, const HrSettings *loaded,
                                 guint32 n_ctx_train, char **ret_reason);

/* Whether as many layers are on GPUs as the request says, where it says so and there are any that
 * could be. */
gboolean headroom_demand_layers_are_met (const HeadroomDemand *self, const HrPlan *loaded,
                                         char **ret_reason);

/**
 * headroom_demand_resize:
 * @ret_settings: what those of a loaded model have to become for it
 *
 * Returns: whether that is possible while the model is loaded
 */
gboolean headroom_demand_resize (const HeadroomDemand *self, const HrSettings *loaded,
                                 guint32 n_ctx_train, HrSettings *ret_settings);

/* Tokens that a request with this demand may use of a slot. */
guint32 headroom_demand_num_ctx (const HeadroomDemand *self, const HrSettings *loaded);

G_END_DECLS
