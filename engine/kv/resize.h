/* resize.h: another size, number of slots or type for a cache that is in use.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In parts. Making and preparing take all memory that is needed and may fail; then the cache is as
 * it was. Carrying moves pages from and to other devices and may fail; then what slots hold may be
 * less. Applying cannot fail. A layer whose pages keep their form and belong to the same window
 * keeps its pool, which the kernel makes longer or shorter without touching what it holds; only
 * pages that lie beyond the new end are moved. Other layers (another type, or a window that num_ctx
 * grew over) get a pool of their own, into which what is held is moved page by page. States never
 * change their form, only their slot. Thread-safety: Unsafe (the runner's thread, between steps).
 */
#pragma once

#include "kv/kv.h"

#define HR_KV_NO_SLOT UINT32_MAX

/* A page's number before and after. */
typedef struct {
    uint32_t from, to;
} HrKvMove;

/* Pages of a layer that go from one pool into another, or of the same one. */
typedef struct {
    const HrKvLayout *from, *to; /* their forms */
    uint32_t layer;
    const char *source;
    char *target;
    const HrKvMove *moves;
    uint32_t n_moves;
} HrKvMoves;
/* Moves the pages, in their form or into the other one. */
typedef void (*HrKvMoveFunc)(const HrKvMoves *moves, void *data);
/* fraction of the layers that are done. */
typedef void (*HrKvProgressFunc)(double fraction, void *data);

typedef struct {
    HrKv *kv;
    HrKv next;
    uint32_t *from; /* [next.n_slots] the slot that goes on there, or HR_KV_NO_SLOT */
    bool *in_place; /* [n_layer] the pool stays */
    bool *carried;  /* [n_layer] it is or will be another device's: pages are carried there */
    uint32_t **to;  /* [old n_reaches] page number -> page number in the same reach, or
                       HR_KV_NO_PAGE; while it is applied */
} HrKvResize;

/* Tables for what comes, resize->next, which has no memory for pages yet: who will have layers that
 * are not the host's is put into its `elsewhere` then. settings: resolved. HR_ERROR_MEMORY,
 * HR_ERROR_SETTINGS: nothing has changed. */
bool hr_kv_resize_make(HrKvResize *resize, HrKv *kv, const HrHparams *hparams,
                       const HrSettings *settings, GError **error);
/* from: [settings->parallel] which slot goes on where, ascending; what other slots hold is
 * forgotten, and what those hold beyond num_ctx. HR_ERROR_MEMORY: nothing has changed. */
bool hr_kv_resize_prepare(HrKvResize *resize, const uint32_t *from, GError **error);
/* Pages that go to or come from another device. False with error of the device: nothing has changed
 * but that slots may hold less. */
bool hr_kv_resize_carry(HrKvResize *resize, HrKvMoveFunc move, HrKvProgressFunc progress,
                        void *data, GError **error);
/* Instead of applying, in any state, also of zeros. */
void hr_kv_resize_abandon(HrKvResize *resize);
void hr_kv_resize_apply(HrKvResize *resize, HrKvMoveFunc move, HrKvProgressFunc progress,
                        void *data);
