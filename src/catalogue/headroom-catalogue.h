/* headroom-catalogue.h: the shapes of well-known models, so that they can be planned without being
 * downloaded.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * data/catalogue/ has a file per family: {"entries": [{"name": "qwen2.5:7b", "aliases": [...],
 * "architecture", "weights": the quantisation that is usually downloaded, "source": the
 * configuration that the numbers are from, "hparams": {GGUF's keys without the architecture's
 * prefix}, "projector_bytes": of the part that reads images}]}. An entry becomes the header of the
 * GGUF file that it describes, and takes the same way from there as any file. Thread-safety: Safe.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  const char *name, *architecture, *weights, *source;
  const HrValue *json; /* all of it */
} HeadroomCatalogueEntry;

/* All entries in the order of their names; borrowed. */
gsize headroom_catalogue_get_size (void);
const HeadroomCatalogueEntry *headroom_catalogue_get (gsize index);
/* By its name or one of its aliases; a tag of "latest" may be left out, and is the first entry of a
 * family that says so. NULL: none. */
const HeadroomCatalogueEntry *headroom_catalogue_find (const char *name);

/**
 * headroom_catalogue_parse:
 * @take_json: an entry
 *
 * Checks an entry of one's own. Returns: FALSE with @error (HR_ERROR_FORMAT) naming what is missing
 * or wrong
 */
gboolean headroom_catalogue_check (const HrValue *json, GError **error);

/**
 * headroom_catalogue_write_header:
 * @entry: an entry
 * @weights: (nullable): a quantisation, NULL for the entry's own
 * @ret_data_bytes: (out) (optional): of all tensors
 *
 * Returns: the beginning of the GGUF file that the entry describes, or %NULL with @error
 */
GBytes *headroom_catalogue_write_header (const HeadroomCatalogueEntry *entry, const char *weights,
                                         guint64 *ret_data_bytes,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The shape as a model that can be planned and not run. */
HrModel *headroom_catalogue_open (const HeadroomCatalogueEntry *entry, const char *weights,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
