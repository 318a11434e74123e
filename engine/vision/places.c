/* places.c: see places.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/places.h"

/* ---- Finding them ---- */

static bool refuse(GError **error, const char *what)
{
    g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS,
                "The prompt and its images do not go together: %s.", what);
    return false;
}

/* The next n tokens below zero, which must follow each other. */
static bool take_part(HrPlaces *p, const HrToken *tokens, uint32_t *at, HrPlace place,
                      GError **error)
{
    while (*at < p->n_tokens && tokens[*at] >= 0)
        (*at)++;
    place.first = *at;
    for (uint32_t i = 0; i < place.n; i++, (*at)++)
        if (*at >= p->n_tokens || tokens[*at] >= 0)
            return refuse(error, "rows of an image are missing");
    g_array_append_val(p->places, place);
    return true;
}

static bool find_places(HrPlaces *p, const HrToken *tokens, GError **error)
{
    uint32_t at = 0;
    for (uint32_t s = 0; p->sights && s < p->sights->list->len; s++) {
        const HrSight *sight = g_ptr_array_index(p->sights->list, s);
        for (uint32_t i = 0, row = 0; i < sight->parts->len; i++) {
            HrPlace place = {.n = g_array_index(sight->parts, HrSightPart, i).n_rows,
                             .sight = s,
                             .row = row};
            if (!take_part(p, tokens, &at, place, error))
                return false;
            row += place.n;
        }
    }
    for (; at < p->n_tokens; at++)
        if (tokens[at] < 0)
            return refuse(error, "there are rows without an image");
    return true;
}

/* ---- Positions by axes (Wang et al. 2024): text goes on along all three; an image's rows share
 * the time and count lines and columns from there; text behind it begins after the largest. ---- */

static uint32_t fill_image(HrPlaces *p, const HrPlace *place, uint32_t columns, uint32_t from)
{
    uint32_t largest = 0;
    for (uint32_t i = 0; i < place->n; i++) {
        uint32_t line = (place->row + i) / columns, column = (place->row + i) % columns;
        p->axes[place->first + i][0] = from;
        p->axes[place->first + i][1] = from + line;
        p->axes[place->first + i][2] = from + column;
        largest = MAX(largest, MAX(line, column));
    }
    return from + largest + 1;
}

static bool fill_axes(HrPlaces *p, GError **error)
{
    uint32_t next = 0, at = 0;
    p->axes = g_try_malloc((size_t)p->n_tokens * sizeof *p->axes);
    if (!p->axes) {
        g_set_error(error, HR_ERROR, HR_ERROR_MEMORY, "No memory for the positions of %u tokens.",
                    p->n_tokens);
        return false;
    }
    for (uint32_t i = 0; i <= p->places->len; i++) {
        const HrPlace *place = i < p->places->len ? &g_array_index(p->places, HrPlace, i) : NULL;
        for (uint32_t end = place ? place->first : p->n_tokens; at < end; at++, next++)
            p->axes[at][0] = p->axes[at][1] = p->axes[at][2] = next;
        if (place) {
            next = fill_image(p, place, hr_places_sight(p, place)->columns, next);
            at += place->n;
        }
    }
    p->end = next;
    return true;
}

HrPlaces *hr_places_new(const HrVision *vision, const HrToken *tokens, size_t n_tokens,
                        HrSights *sights, GError **error)
{
    g_autoptr(HrPlaces) p = g_new0(HrPlaces, 1);
    p->places = g_array_new(false, false, sizeof(HrPlace));
    p->n_tokens = (uint32_t)n_tokens;
    p->sights = sights ? hr_sights_ref(sights) : NULL;
    if (sights && !vision) {
        refuse(error, "the model sees none");
        return NULL;
    }
    if (!find_places(p, tokens, error))
        return NULL;
    bool has_axes = p->places->len > 0 &&
                    hr_places_sight(p, &g_array_index(p->places, HrPlace, 0))->columns > 0;
    return has_axes && !fill_axes(p, error) ? NULL : g_steal_pointer(&p);
}

void hr_places_free(HrPlaces *p)
{
    if (!p)
        return;
    hr_sights_unref(p->sights);
    g_array_unref(p->places);
    g_free(p->axes);
    g_free(p);
}

/* ---- Looking ---- */

const HrPlace *hr_places_at(const HrPlaces *p, uint32_t position)
{
    for (uint32_t i = 0; i < p->places->len; i++) {
        const HrPlace *place = &g_array_index(p->places, HrPlace, i);
        if (place->first + place->n > position)
            return place;
    }
    return NULL;
}

/* An image's parts have text between them; it too is left with the image. */
uint32_t hr_places_whole(const HrPlaces *p, uint32_t n)
{
    for (uint32_t i = 0; i < p->places->len;) {
        const HrPlace *first = &g_array_index(p->places, HrPlace, i), *last = first;
        for (; i < p->places->len && g_array_index(p->places, HrPlace, i).sight == first->sight;
             i++)
            last = &g_array_index(p->places, HrPlace, i);
        if (n > first->first && n < last->first + last->n)
            return first->first;
    }
    return n;
}
