/* walk.c: see walk.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/walk.h"

#include <string.h>

#define MAX_PLACES 1024u       /* of one state; grammars that people write have a few dozen */
#define MAX_DEPTH 512u /* calls within each other: deeper nesting than any reader of JSON takes */
#define MAX_STATES (1u << 16)  /* with their rows of some 50 numbers each: 15 MB */
#define MAX_STACKS (1u << 18)
#define MAX_TOTAL_PLACES (1u << 20)
#define TIDY_DIVISOR 2         /* forget everything when a limit is reached to this part */
#define UNKNOWN HR_WALK_MIXED
#define NO_STACK 0u

typedef struct {
    uint32_t node, stack;
} Place;

typedef struct {
    uint32_t back, under; /* where the call comes back to, and the stack then */
    uint32_t depth, distance;
} Stack;

typedef struct {
    uint32_t first, n; /* places */
    uint32_t hash;
    bool is_end;
} State;

typedef struct {
    uint32_t *slots; /* numbers; 0: free */
    uint32_t mask, n;
} Table;

typedef struct {
    HrWalk base; /* rows and distances point into the arrays here */
    const HrNetwork *network;
    GArray *stacks;  /* Stack; [0]: the empty one */
    GArray *states;  /* State; [0]: dead */
    GArray *places;  /* Place */
    GArray *rows;    /* uint32_t [states][n_classes] */
    GArray *distances; /* uint32_t */
    Table stack_table, state_table;
    GArray *todo;    /* Place, scratch: found and looked at in this order */
    GArray *kept;    /* Place, scratch */
    Table seen;      /* scratch: of todo */
} Walk;

/* ---- Tables of numbers by hash ---- */

static void table_init(Table *table, uint32_t n_slots)
{
    *table = (Table){g_new0(uint32_t, n_slots), n_slots - 1, 0};
}

static void table_clear(Table *table)
{
    memset(table->slots, 0, ((size_t)table->mask + 1) * sizeof *table->slots);
    table->n = 0;
}

static uint32_t mix(uint32_t a, uint32_t b)
{
    uint64_t product =
        ((uint64_t)a + 0x9E3779B9u) * 0xD6E8FEB86659FD93u ^ ((uint64_t)b + 1) * 0xA0761D6478BD642Fu;

    return (uint32_t)(product ^ product >> 32);
}

static void table_grow(Table *table, uint32_t (*hash_of)(const Walk *walk, uint32_t number),
                       const Walk *walk)
{
    Table bigger;

    if (2 * (table->n + 1) <= table->mask)
        return;
    table_init(&bigger, 2 * (table->mask + 1));
    for (uint32_t i = 0; i <= table->mask; i++) {
        uint32_t number = table->slots[i], at;
        if (number == 0)
            continue;
        for (at = hash_of(walk, number) & bigger.mask; bigger.slots[at] != 0;
             at = (at + 1) & bigger.mask)
            ;
        bigger.slots[at] = number;
    }
    bigger.n = table->n;
    g_free(table->slots);
    *table = bigger;
}

/* ---- Stacks ---- */

static const Stack *stack_at(const Walk *walk, uint32_t stack)
{
    return &g_array_index(walk->stacks, Stack, stack);
}

static uint32_t stack_hash(const Walk *walk, uint32_t number)
{
    return mix(stack_at(walk, number)->back, stack_at(walk, number)->under);
}

/* The stack with one more call on it; UNKNOWN if it would be too deep or there is no room. */
static uint32_t push_call(Walk *walk, uint32_t back, uint32_t under)
{
    Table *table = &walk->stack_table;
    Stack stack = {back, under, stack_at(walk, under)->depth + 1,
                   MIN(walk->network->distance[back] + stack_at(walk, under)->distance, HR_FAR)};
    uint32_t at, number = walk->stacks->len;

    for (at = mix(back, under) & table->mask; table->slots[at] != 0; at = (at + 1) & table->mask) {
        const Stack *found = stack_at(walk, table->slots[at]);
        if (found->back == back && found->under == under)
            return table->slots[at];
    }
    if (stack.depth > MAX_DEPTH || walk->stacks->len >= MAX_STACKS)
        return UNKNOWN;
    g_array_append_val(walk->stacks, stack);
    table->slots[at] = number;
    table->n++;
    table_grow(table, stack_hash, walk);
    return number;
}

/* ---- From places to a state ---- */

static uint32_t seen_hash(const Walk *walk, uint32_t number)
{
    Place place = g_array_index(walk->todo, Place, number - 1);

    return mix(place.node, place.stack);
}

static void begin_set(Walk *walk)
{
    g_array_set_size(walk->todo, 0);
    g_array_set_size(walk->kept, 0);
    if (walk->seen.n > 0)
        table_clear(&walk->seen);
}

static void add_place(Walk *walk, uint32_t node, uint32_t stack)
{
    Table *table = &walk->seen;
    Place place = {node, stack};
    uint32_t at;

    if (walk->network->distance[node] >= HR_FAR || stack == UNKNOWN ||
        walk->todo->len >= 8 * MAX_PLACES)
        return;
    for (at = mix(node, stack) & table->mask; table->slots[at] != 0; at = (at + 1) & table->mask) {
        const Place *found = &g_array_index(walk->todo, Place, table->slots[at] - 1);
        if (found->node == node && found->stack == stack)
            return;
    }
    g_array_append_val(walk->todo, place);
    table->slots[at] = walk->todo->len;
    table->n++;
    table_grow(table, seen_hash, walk);
}

static void add_calls(Walk *walk, Place place)
{
    const HrNetwork *network = walk->network;

    for (uint32_t i = network->first_call[place.node]; i < network->first_call[place.node + 1];
         i++) {
        HrCallEdge call = network->calls[i];
        bool is_last = network->is_final[call.back];

        if (network->distance[call.back] < HR_FAR &&
            network->distance[network->rule_start[call.rule]] < HR_FAR)
            add_place(walk, network->rule_start[call.rule],
                      is_last ? place.stack : push_call(walk, call.back, place.stack));
    }
}

/* Everything that is reached without a byte; keeps the places from which a byte leads on. True if
 * the text may end. */
static bool close_set(Walk *walk)
{
    const HrNetwork *network = walk->network;
    bool is_end = false;

    for (guint i = 0; i < walk->todo->len; i++) {
        Place place = g_array_index(walk->todo, Place, i);

        if (network->is_final[place.node]) {
            if (place.stack == NO_STACK)
                is_end = true;
            else
                add_place(walk, stack_at(walk, place.stack)->back,
                          stack_at(walk, place.stack)->under);
        }
        if (network->first_byte[place.node] < network->first_byte[place.node + 1] &&
            walk->kept->len < MAX_PLACES)
            g_array_append_val(walk->kept, place);
        for (uint32_t k = network->first_jump[place.node]; k < network->first_jump[place.node + 1];
             k++)
            add_place(walk, network->jumps[k], place.stack);
        add_calls(walk, place);
    }
    walk->base.work += walk->todo->len * 8;
    return is_end;
}

static int compare_places(const void *a, const void *b)
{
    const Place *left = a, *right = b;

    if (left->node != right->node)
        return left->node < right->node ? -1 : 1;
    return (left->stack > right->stack) - (left->stack < right->stack);
}

static uint32_t state_hash(const Walk *walk, uint32_t number)
{
    return g_array_index(walk->states, State, number).hash;
}

static uint32_t distance_of_set(const Walk *walk, bool is_end)
{
    uint32_t best = is_end ? 0 : HR_FAR;

    for (guint i = 0; i < walk->kept->len && best > 0; i++) {
        Place place = g_array_index(walk->kept, Place, i);
        best =
            MIN(best, walk->network->distance[place.node] + stack_at(walk, place.stack)->distance);
    }
    return best;
}

static bool is_same_set(const Walk *walk, const State *state, uint32_t hash, bool is_end)
{
    return state->hash == hash && state->n == walk->kept->len && state->is_end == is_end &&
           memcmp(&g_array_index(walk->places, Place, state->first), walk->kept->data,
                  state->n * sizeof(Place)) == 0;
}

/* What steps look at, after the arrays have grown. */
static void publish(Walk *walk)
{
    walk->base.rows = (uint32_t *)walk->rows->data;
    walk->base.distances = (uint32_t *)walk->distances->data;
}

/* The number of the state that the places in `kept` make. */
static uint32_t intern(Walk *walk, bool is_end)
{
    Table *table = &walk->state_table;
    State state = {.first = walk->places->len, .n = walk->kept->len, .is_end = is_end};
    uint32_t at, number = walk->states->len, n_classes = walk->network->n_classes;

    if (walk->kept->len == 0 && !is_end)
        return HR_WALK_DEAD;
    qsort(walk->kept->data, walk->kept->len, sizeof(Place), compare_places);
    state.hash = is_end ? 1 : 2;
    for (guint i = 0; i < walk->kept->len; i++) {
        Place place = g_array_index(walk->kept, Place, i);
        state.hash = mix(state.hash, mix(place.node, place.stack));
    }
    for (at = state.hash & table->mask; table->slots[at] != 0; at = (at + 1) & table->mask)
        if (is_same_set(walk, &g_array_index(walk->states, State, table->slots[at]), state.hash,
                        is_end))
            return table->slots[at];
    if (number >= MAX_STATES || walk->places->len + walk->kept->len > MAX_TOTAL_PLACES)
        return HR_WALK_DEAD;
    uint32_t distance = distance_of_set(walk, is_end);
    g_array_append_val(walk->distances, distance);
    if (walk->kept->len > 0)
        g_array_append_vals(walk->places, walk->kept->data, walk->kept->len);
    g_array_append_val(walk->states, state);
    g_array_set_size(walk->rows, (number + 1) * n_classes);
    publish(walk);
    for (uint32_t i = 0; i < n_classes; i++)
        g_array_index(walk->rows, uint32_t, number * n_classes + i) = UNKNOWN;
    table->slots[at] = number;
    table->n++;
    table_grow(table, state_hash, walk);
    return number;
}

/* ---- Walking ---- */

static Walk *walk_of(HrWalk *base)
{
    return (Walk *)base;
}

uint32_t hr_walk_start(HrWalk *base)
{
    Walk *walk = walk_of(base);

    begin_set(walk);
    add_place(walk, walk->network->rule_start[0], NO_STACK);
    return intern(walk, close_set(walk));
}

uint32_t hr_walk_compute_step(HrWalk *base, uint32_t state, uint8_t byte)
{
    Walk *walk = walk_of(base);
    State from = g_array_index(walk->states, State, state);
    uint32_t next;

    begin_set(walk);
    for (uint32_t i = 0; i < from.n; i++) {
        Place place = g_array_index(walk->places, Place, from.first + i);
        for (uint32_t k = walk->network->first_byte[place.node];
             k < walk->network->first_byte[place.node + 1]; k++)
            if (byte >= walk->network->bytes[k].low && byte <= walk->network->bytes[k].high)
                add_place(walk, walk->network->bytes[k].to, place.stack);
    }
    base->work += from.n * 2;
    next = intern(walk, close_set(walk));
    base->rows[(size_t)state * base->n_classes + base->class_of[byte]] = next;
    return next;
}

bool hr_walk_is_end(const HrWalk *base, uint32_t state)
{
    return g_array_index(((const Walk *)base)->states, State, state).is_end;
}

bool hr_walk_can_go_on(const HrWalk *base, uint32_t state)
{
    return g_array_index(((const Walk *)base)->states, State, state).n > 0;
}

/* ---- Plain characters ---- */

/* How UTF-8 spells them: ranges of each byte, those of a row's length. */
static const uint8_t plain_rows[][4][2] = {
    {{0x20, 0x21}},
    {{0x23, 0x5B}},
    {{0x5D, 0x7E}},
    {{0xC2, 0xDF}, {0x80, 0xBF}},
    {{0xE0, 0xE0}, {0xA0, 0xBF}, {0x80, 0xBF}},
    {{0xE1, 0xEC}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xED, 0xED}, {0x80, 0x9F}, {0x80, 0xBF}},
    {{0xEE, 0xEF}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xF0, 0xF0}, {0x90, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xF1, 0xF3}, {0x80, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xF4, 0xF4}, {0x80, 0x8F}, {0x80, 0xBF}, {0x80, 0xBF}},
};

/* Whether every spelling of a row from its byte `at` on leads to *one state, which the first of all
 * decides. */
static bool leads_to_one(HrWalk *walk, const uint8_t (*row)[2], unsigned at, uint32_t state,
                         uint32_t *one)
{
    int last_class = -1;

    if (at == 4 || row[at][0] == 0) {
        bool same = *one == HR_WALK_MIXED || *one == state;
        *one = state;
        return same;
    }
    for (unsigned byte = row[at][0]; byte <= row[at][1]; byte++) {
        if (walk->class_of[byte] == last_class)
            continue;
        last_class = walk->class_of[byte];
        uint32_t next = hr_walk_step(walk, state, (uint8_t)byte);
        /* What is dead stays so: no need to spell the rest. */
        if (next == HR_WALK_DEAD ? *one != HR_WALK_MIXED && *one != HR_WALK_DEAD
                                 : !leads_to_one(walk, row, at + 1, next, one))
            return false;
        if (next == HR_WALK_DEAD)
            *one = HR_WALK_DEAD;
    }
    return true;
}

uint32_t hr_walk_plain_step(HrWalk *walk, uint32_t state)
{
    uint32_t one = HR_WALK_MIXED;

    for (size_t i = 0; i < G_N_ELEMENTS(plain_rows); i++)
        if (!leads_to_one(walk, plain_rows[i], 0, state, &one))
            return HR_WALK_MIXED;
    return one;
}

/* ---- Life ---- */

static void forget(Walk *walk)
{
    Stack empty = {0};
    State dead = {0};
    uint32_t far = HR_FAR;

    g_array_set_size(walk->stacks, 0);
    g_array_set_size(walk->states, 0);
    g_array_set_size(walk->places, 0);
    g_array_set_size(walk->rows, 0);
    g_array_set_size(walk->distances, 0);
    table_clear(&walk->stack_table);
    table_clear(&walk->state_table);
    g_array_append_val(walk->stacks, empty);
    g_array_append_val(walk->states, dead);
    g_array_set_size(walk->rows, walk->network->n_classes); /* of the dead state: */
    memset(walk->rows->data, 0, walk->network->n_classes * sizeof(uint32_t));
    g_array_append_val(walk->distances, far);
    publish(walk);
}

/* The calls of a stack, outermost first, made again in the emptied tables. */
static uint32_t copy_stack(Walk *walk, const Stack *old, uint32_t stack)
{
    uint32_t calls[MAX_DEPTH], n = 0, copy = NO_STACK;

    for (; stack != NO_STACK; stack = old[stack].under)
        calls[n++] = old[stack].back;
    while (n > 0 && copy != UNKNOWN)
        copy = push_call(walk, calls[--n], copy);
    return copy;
}

uint32_t hr_walk_tidy(HrWalk *base, uint32_t state, bool *ret_forgotten)
{
    Walk *walk = walk_of(base);
    State from = g_array_index(walk->states, State, state);
    g_autofree Stack *stacks = NULL;
    g_autofree Place *places = NULL;

    walk->base.work = 0;
    *ret_forgotten = walk->states->len > MAX_STATES / TIDY_DIVISOR ||
                     walk->stacks->len > MAX_STACKS / TIDY_DIVISOR ||
                     walk->places->len > MAX_TOTAL_PLACES / TIDY_DIVISOR;
    if (!*ret_forgotten || state == HR_WALK_DEAD)
        return state;
    stacks = g_memdup2(walk->stacks->data, walk->stacks->len * sizeof(Stack));
    places = g_memdup2(&g_array_index(walk->places, Place, from.first), from.n * sizeof(Place));
    forget(walk);
    g_array_set_size(walk->kept, 0);
    for (uint32_t i = 0; i < from.n; i++) {
        Place place = {places[i].node, copy_stack(walk, stacks, places[i].stack)};
        if (place.stack != UNKNOWN)
            g_array_append_val(walk->kept, place);
    }
    return intern(walk, from.is_end);
}

HrWalk *hr_walk_new(const HrNetwork *network)
{
    Walk *walk = g_new0(Walk, 1);

    walk->network = network;
    walk->base.class_of = network->class_of;
    walk->base.n_classes = network->n_classes;
    walk->distances = g_array_new(false, false, sizeof(uint32_t));
    walk->stacks = g_array_new(false, false, sizeof(Stack));
    walk->states = g_array_new(false, false, sizeof(State));
    walk->places = g_array_new(false, false, sizeof(Place));
    walk->rows = g_array_new(false, false, sizeof(uint32_t));
    walk->todo = g_array_new(false, false, sizeof(Place));
    walk->kept = g_array_new(false, false, sizeof(Place));
    table_init(&walk->stack_table, 256);
    table_init(&walk->state_table, 256);
    table_init(&walk->seen, 64);
    forget(walk);
    return &walk->base;
}

void hr_walk_free(HrWalk *base)
{
    Walk *walk = walk_of(base);

    if (!walk)
        return;
    g_array_unref(walk->distances);
    g_array_unref(walk->stacks);
    g_array_unref(walk->states);
    g_array_unref(walk->places);
    g_array_unref(walk->rows);
    g_array_unref(walk->todo);
    g_array_unref(walk->kept);
    g_free(walk->stack_table.slots);
    g_free(walk->state_table.slots);
    g_free(walk->seen.slots);
    g_free(walk);
}
