/* look.c: images of prompts: whose the tower works on, and what they add to a step.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One image is worked on at a time, between the steps, and its rows stay until the slot that waits
 * for it has read them all. A slot reads its prompt up to an image that is not encoded yet, and
 * waits.
 */
#include "run/runner.h"

/* What the tower may take between two steps, so that others' next tokens are not far away; and
 * alone, before the queue is looked at. */
#define SHARED_SLICE_USEC 30000
#define SLICE_USEC 200000

static const HrPlaces *places_of(const HrSlot *slot)
{
    return slot->state == HR_SLOT_READING ? slot->request->places : NULL;
}

/* The image that slot reads next, or NULL; ret_waits: it can do nothing before. */
static HrSight *next_sight(const HrSlot *slot, bool *ret_waits)
{
    const HrPlaces *places = places_of(slot);
    const HrPlace *place = places ? hr_places_at(places, slot->n_past) : NULL;
    *ret_waits = place && place->first <= slot->n_past;
    return place ? hr_places_sight(places, place) : NULL;
}

static bool is_encoded(const HrRunner *r, const HrSight *sight)
{
    return r->encoder.sight == sight && r->encoded;
}

/* ---- A step ---- */

uint32_t hr_look_limit(const HrRunner *r, const HrSlot *slot, uint32_t budget, uint32_t room)
{
    const HrPlaces *places = places_of(slot);
    uint32_t begin = slot->n_past, end = MIN(begin + budget, slot->request->prompt->len),
             most = MIN(begin + room, slot->request->prompt->len);
    for (const HrPlace *place;
         (place = places ? hr_places_at(places, begin) : NULL) && place->first < end;) {
        const HrSight *sight = hr_places_sight(places, place);
        uint32_t place_end = place->first + place->n;
        if (!is_encoded(r, sight))
            return place->first - slot->n_past;
        if (sight->together && place_end > end)
            return place_end <= most ? place_end - slot->n_past : place->first - slot->n_past;
        begin = place_end;
    }
    return end - slot->n_past;
}

void hr_look_describe(HrRunner *r, HrStep *step, uint32_t token, uint32_t slot_index,
                      uint32_t position)
{
    const HrSlot *slot = &r->slots[slot_index];
    const HrPlaces *places = slot->request->places;
    const HrPlace *place = places_of(slot) ? hr_places_at(places, position) : NULL;
    bool in_image = place && place->first <= position;
    r->step_rows[token] =
        in_image ? hr_encoder_row(&r->encoder, place->row + position - place->first) : NULL;
    r->step_seen[token] = in_image && hr_places_sight(places, place)->together
                              ? place->first + place->n
                              : position + 1;
    for (uint32_t axis = 0; axis < 3; axis++)
        r->step_axes[token][axis] = !places->axes ? position
                                    : position < places->n_tokens
                                        ? places->axes[position][axis]
                                        : places->end + position - places->n_tokens;
    step->rows = r->step_rows;
    step->seen = r->step_seen;
    step->axes =
        r->program->hparams->rope.sections[0] > 0 ? (const uint32_t(*)[3])r->step_axes : NULL;
}

/* ---- Between steps ---- */

/* Whose image to work on: the one that was begun, as long as it is wanted; else of those that wait,
 * another one each time. */
static HrSlot *choose(HrRunner *r)
{
    bool waits;
    for (uint32_t i = 0; i < r->n_slots && r->encoder.sight; i++)
        if (next_sight(&r->slots[i], &waits) == r->encoder.sight)
            return &r->slots[i];
    for (uint32_t k = 0; k < r->n_slots; k++) {
        HrSlot *slot = &r->slots[(r->looking_turn + k) % r->n_slots];
        if (next_sight(slot, &waits) && waits) {
            r->looking_turn++;
            return slot;
        }
    }
    return NULL;
}

/* Whether anyone but the slot has something to do meanwhile. */
static bool others_work(const HrRunner *r, const HrSlot *slot)
{
    bool waits;
    for (uint32_t i = 0; i < r->n_slots; i++) {
        const HrSlot *other = &r->slots[i];
        if (other != slot &&
            (other->state == HR_SLOT_GENERATING ||
             (other->state == HR_SLOT_READING && !(next_sight(other, &waits) && waits))))
            return true;
    }
    return false;
}

void hr_runner_look(HrRunner *r)
{
    HrSlot *slot = r->model->vision ? choose(r) : NULL;
    GError *error = NULL;
    bool waits;
    HrSight *sight = slot ? next_sight(slot, &waits) : NULL;
    if (r->model->vision && r->encoder.sight != sight) {
        hr_encoder_begin(&r->encoder, sight);
        r->encoded = false;
    }
    if (!sight || r->encoded)
        return;
    int64_t slice = others_work(r, slot) ? SHARED_SLICE_USEC : SLICE_USEC;
    if (!hr_encoder_work(&r->encoder, g_get_monotonic_time() + slice, &r->interrupt, &r->encoded,
                         &error))
        hr_slot_finish(r, slot, HR_DONE_ERROR, error);
}
