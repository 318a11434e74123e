/* headroom-effective.h: which value of a setting holds, who set it, and what it overrode.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layers are put one over the other, the weakest first: the defaults, the environment, the model's
 * own parameters (its Modelfile), a preset, the request. Thread-safety: Unsafe.
 */
#pragma once

#include "headroom-options.h"

G_BEGIN_DECLS

#define HEADROOM_SOURCE_DEFAULT "default"
#define HEADROOM_SOURCE_ENVIRONMENT "environment"
#define HEADROOM_SOURCE_MODELFILE "modelfile"
#define HEADROOM_SOURCE_PRESET "preset"
#define HEADROOM_SOURCE_REQUEST "request"

typedef struct _HeadroomEffective HeadroomEffective;

/* With the defaults and the environment. */
HeadroomEffective *headroom_effective_new (void) G_GNUC_WARN_UNUSED_RESULT;
void headroom_effective_free (HeadroomEffective *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomEffective, headroom_effective_free)

/**
 * headroom_effective_add:
 * @source: "modelfile", "request", "preset Chat", ...
 * @dict: (nullable): options by name, and keep_alive; others are passed over
 *
 * Returns: FALSE with @error set if an option is of the wrong type; then nothing was added
 */
gboolean headroom_effective_add (HeadroomEffective *self, const char *source, const HrValue *dict,
                                 GError **error);

/* What holds, as headroom_options_merge () would have it; borrowed. */
const HeadroomOptions *headroom_effective_get_options (HeadroomEffective *self);

/* [{name, value, source, overrode: [{source, value}]}], strongest of what was overridden first;
 * value null: chosen by the planner. */
HrValue *headroom_effective_to_json (HeadroomEffective *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
