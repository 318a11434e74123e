/* headroom-store-upload.h: a blob that arrives piece by piece from a client.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Written under a temporary name, hashed on the way, and renamed only if it is what its name says.
 * Thread-safety: one thread at a time.
 */
#pragma once

#include "headroom-store.h"

G_BEGIN_DECLS

typedef struct _HeadroomStoreUpload HeadroomStoreUpload;

/**
 * headroom_store_upload_new:
 * @announced: bytes that are to come, or 0 if that is not known
 *
 * INVALID: the digest is malformed. NO_SPACE: there is no room for so much.
 */
HeadroomStoreUpload *headroom_store_upload_new (HeadroomStore *store, const char *digest,
                                                guint64 announced,
                                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After a failure further bytes are ignored, and headroom_store_upload_finish () gives the error.
 */
void headroom_store_upload_write (HeadroomStoreUpload *self, const char *bytes, gsize len);
/* Blocks on the disk. INVALID: digest mismatch, expected "a", got "b". */
gboolean headroom_store_upload_finish (HeadroomStoreUpload *self, GError **error);
/* Removes what was not finished. */
void headroom_store_upload_free (HeadroomStoreUpload *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomStoreUpload, headroom_store_upload_free)

G_END_DECLS
