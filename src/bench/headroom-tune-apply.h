/* headroom-tune-apply.h: makes what a search for settings proposed a model's parameters, and takes
 * it back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The model as it was before stays in the store under a tag that ends in "before-tune". Only models
 * of a store have parameters; a file named by its path has none.
 *
 * Thread-safety: as headroom_client_request(), which these block on.
 */
#pragma once

#include "headroom-client.h"
#include "hr.h"

G_BEGIN_DECLS

/* changes: as headroom_tune_run() lists them. */
gboolean headroom_tune_apply (HeadroomClient *client, const char *model, const HrValue *changes,
                              GCancellable *cancellable, GError **error);
gboolean headroom_tune_undo (HeadroomClient *client, const char *model, GCancellable *cancellable,
                             GError **error);

G_END_DECLS
