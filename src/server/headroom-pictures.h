/* headroom-pictures.h: the images of a request, decoded, prepared for a model and marked in its
 * messages.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Images are numbered through a conversation, in the order in which they come. A message's images
 * go before its text. Blocks (decoding): a worker's job. Thread-safety: Safe.
 */
#pragma once

#include "headroom-wire.h"

G_BEGIN_DECLS

gboolean headroom_pictures_are_in (const HeadroomWireRequest *request);

/**
 * headroom_pictures_check:
 *
 * Whether every image of a request can be decoded. They are decoded one after the other and let go:
 * kept, those of requests that wait for a model would take far more memory than their files do.
 */
gboolean headroom_pictures_check (const HeadroomWireRequest *request, GCancellable *cancellable,
                                  GError **error);

/**
 * headroom_pictures_prepare:
 *
 * Decodes the images of a request and prepares them for a model.
 *
 * Returns: (transfer full): what it is shown; %NULL with #HEADROOM_WIRE_ERROR (of what is no
 * image), or the engine's error
 */
HrSights *headroom_pictures_prepare (const HeadroomWireRequest *request, const HrModel *model,
                                     GCancellable *cancellable,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * headroom_pictures_mark:
 * @messages: a list of messages, those of @request among them, in order
 *
 * Puts marks where the images are.
 *
 * Returns: (transfer full): the messages with marks; what has no image is the same
 */
HrValue *headroom_pictures_mark (const HeadroomWireRequest *request,
                                 HrValue *messages) G_GNUC_WARN_UNUSED_RESULT;

/* The marks of the images of a prompt that goes through no template, all before its text. */
void headroom_pictures_append_marks (const HeadroomWireRequest *request, HrPrompt *prompt);

G_END_DECLS
