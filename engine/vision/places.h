/* places.h: the images of a prompt and where in it their rows are.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows are tokens below zero. The first such token of a prompt stands for the first row of its
 * first image, and so on. Immutable once made.
 */
#pragma once

#include "vision/sight.h"

struct HrSights {
    gatomicrefcount refs;
    GPtrArray *list; /* HrSight */
};

/* A run of rows of one image that have nothing between them. */
typedef struct {
    uint32_t first, n; /* in the prompt */
    uint32_t sight;    /* number of the image */
    uint32_t row;      /* of the image, at first */
} HrPlace;

typedef struct HrPlaces {
    HrSights *sights; /* NULL: none */
    GArray *places;   /* HrPlace, ascending */
    uint32_t (*axes)[3]; /* [n_tokens] positions by axes; NULL: the model has none, or the prompt no
                            image */
    uint32_t n_tokens;
    uint32_t end; /* position by axes of the first token behind the prompt */
} HrPlaces;

/* HR_ERROR_SETTINGS if tokens and sights do not go together, or vision is NULL and there are any.
 * Without images: no places. */
HrPlaces *hr_places_new(const HrVision *vision, const HrToken *tokens, size_t n_tokens,
                        HrSights *sights, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_places_free(HrPlaces *places);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrPlaces, hr_places_free)

/* The place that holds position, or else the next one behind it; NULL: there is none. */
const HrPlace *hr_places_at(const HrPlaces *places, uint32_t position);
/* Positions up to which nothing of an image would be left half read, at most n. */
uint32_t hr_places_whole(const HrPlaces *places, uint32_t n);
static inline HrSight *hr_places_sight(const HrPlaces *places, const HrPlace *place)
{
    return g_ptr_array_index(places->sights->list, place->sight);
}
