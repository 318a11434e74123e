/* walk.h: every way in which a text so far can be read by a grammar, as one numbered state.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A *place* is a node of the network with a stack of the calls that it is in. A state is the set of
 * places where a text may have led. Equal stacks and equal states have one number, and where a byte
 * leads from a state is remembered: a text that comes by the same point of the grammar again costs
 * a lookup per byte, and what is known of a state (which tokens may follow) can be kept by its
 * number.
 *
 * Everything is bounded. Where a limit is met, ways of reading are left out: what remains is still
 * right and can still be ended, since every single place can. Thread-safety: one thread.
 */
#pragma once

#include "grammar/network.h"

#define HR_WALK_DEAD 0u           /* the state that no text matches */
#define HR_WALK_MIXED UINT32_MAX  /* not one state */

/* What a step looks at; the rest is private to walk.c. */
typedef struct {
    uint32_t *rows; /* [states][n_classes]: the state behind a byte, or HR_WALK_MIXED if it is not
                       known yet */
    uint32_t *distances; /* [states] */
    const uint8_t *class_of;
    uint32_t n_classes;
    uint64_t work;
} HrWalk;

HrWalk *hr_walk_new(const HrNetwork *network) G_GNUC_WARN_UNUSED_RESULT; /* borrows network */
void hr_walk_free(HrWalk *walk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrWalk, hr_walk_free)

uint32_t hr_walk_start(HrWalk *walk);
uint32_t hr_walk_compute_step(HrWalk *walk, uint32_t state, uint8_t byte);
/* The state behind byte; HR_WALK_DEAD if it cannot stand there. */
static inline uint32_t hr_walk_step(HrWalk *walk, uint32_t state, uint8_t byte)
{
    uint32_t next = walk->rows[(size_t)state * walk->n_classes + walk->class_of[byte]];

    return next != HR_WALK_MIXED ? next : hr_walk_compute_step(walk, state, byte);
}
/* The state behind any one plain character (see trie.h) if it is the same behind each of them, else
 * HR_WALK_MIXED. */
uint32_t hr_walk_plain_step(HrWalk *walk, uint32_t state);
/* The text may end here; it has to, if can_go_on is false. */
bool hr_walk_is_end(const HrWalk *walk, uint32_t state);
bool hr_walk_can_go_on(const HrWalk *walk, uint32_t state);
/* Bytes of the shortest text that ends what was begun. */
static inline uint32_t hr_walk_distance(const HrWalk *walk, uint32_t state)
{
    return walk->distances[state];
}
/* walk->work: what was done since the last call of hr_walk_tidy, in units of some nanoseconds;
 * whoever tries many bytes looks at it. */

/* Forgets what is remembered once it is much. Returns the number that the state has then;
 * *ret_forgotten: all other numbers are void. */
uint32_t hr_walk_tidy(HrWalk *walk, uint32_t state, bool *ret_forgotten);
