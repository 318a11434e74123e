/* headroom-variants.h: what a model would take and how fast it would be in other quantisations.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The model is recognised by its shape, so any file of a model of the catalogue will do, whatever
 * it is called. Seven headers are made and planned: a worker's job. Thread-safety: Safe.
 */
#pragma once

#include "headroom-catalogue.h"
#include "headroom-fit.h"
#include "headroom-predict.h"

G_BEGIN_DECLS

typedef struct {
  const char *label;            /* "Q4_K_M" */
  guint64 weights, total;       /* bytes; total with the settings that were asked for */
  gint32 gpu_layers;            /* that find room */
  gboolean fits;
  HeadroomPrediction predicted; /* of a prompt of everyday length */
} HeadroomVariant;

/* An entry whose models are built as this one is; NULL: none. */
const HeadroomCatalogueEntry *headroom_variants_recognise (HrModel *model);

/**
 * headroom_variants_new:
 * @entry: whose quantisations
 * @asked: the settings; see headroom_fit_new()
 * @devices: (array length=n_devices): the machine; the first one is the host
 *
 * Returns: (transfer full) (element-type HeadroomVariant): from the coarsest to the most precise;
 * those that cannot be planned are left out
 */
GArray *headroom_variants_new (const HeadroomCatalogueEntry *entry, const HrSettings *asked,
                               const HrDevice *devices, gsize n_devices) G_GNUC_WARN_UNUSED_RESULT;

/* The most precise one that fits with as many layers on graphics cards as any: precision is no use
 * where it makes layers leave a card. NULL: none fits. */
const HeadroomVariant *headroom_variants_find_best (const GArray *variants);

G_END_DECLS
