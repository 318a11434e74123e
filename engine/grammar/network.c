/* network.c: what can be known of a grammar before any text: how far each node is from an end,
 * which rules begin with themselves, which bytes are alike.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/network-build.h"

/* ---- Edges by node ---- */

/* Counting sort by `from`: first[n + 1], and each laid edge's place. */
#define SORT_EDGES(laid, type, n_nodes, ret_first, ret_edges, edge_of)                    \
    do {                                                                                  \
        const type *edges_ = (const type *)(laid)->data;                                  \
        uint32_t *first_ = g_new0(uint32_t, (n_nodes) + 2);                               \
        for (guint i_ = 0; i_ < (laid)->len; i_++)                                        \
            first_[edges_[i_].from + 2]++;                                                \
        for (uint32_t i_ = 2; i_ < (n_nodes) + 2; i_++)                                   \
            first_[i_] += first_[i_ - 1];                                                 \
        (ret_edges) = g_malloc0_n((laid)->len + 1, sizeof *(ret_edges));                  \
        for (guint i_ = 0; i_ < (laid)->len; i_++)                                        \
            (ret_edges)[first_[edges_[i_].from + 1]++] = edges_[i_].edge_of;              \
        (ret_first) = first_;                                                             \
    } while (0)

static void sort_edges(HrNetwork *network, const HrLaying *laying)
{
    SORT_EDGES(laying->bytes, HrLaidByte, network->n_nodes, network->first_byte, network->bytes,
               edge);
    SORT_EDGES(laying->jumps, HrLaidJump, network->n_nodes, network->first_jump, network->jumps,
               to);
    SORT_EDGES(laying->calls, HrLaidCall, network->n_nodes, network->first_call, network->calls,
               edge);
}

/* ---- Distances: the cheapest first, as each is settled, along the edges backwards ---- */

typedef struct {
    uint32_t distance, node;
} Candidate;

typedef struct {
    HrNetwork *network;
    GArray *heap; /* Candidate, the nearest at the root */
    uint32_t *first_back; /* [n_nodes + 2]: places in: */
    uint32_t *callers; /* nodes that lead to a node: by a byte or a jump, then (see first_call_back)
                          ... */
    uint8_t *costs;
    uint32_t *first_rule; /* [n_rules + 2]: places in: */
    uint32_t *rule_calls; /* (node, call) as places in laying->calls, by rule */
    uint32_t *first_return;
    uint32_t *returns;    /* the same by the node that the call comes back to */
    const HrLaidCall *calls;
    uint8_t *settled;
} Measure;

static bool nearer(const Candidate *a, const Candidate *b)
{
    return a->distance < b->distance;
}

static void push(Measure *m, uint32_t node, uint32_t distance)
{
    Candidate candidate = {distance, node}, *heap;
    guint at = m->heap->len;

    if (distance >= m->network->distance[node])
        return;
    m->network->distance[node] = distance;
    g_array_append_val(m->heap, candidate);
    heap = (Candidate *)m->heap->data;
    for (; at > 0 && nearer(&candidate, &heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = candidate;
}

static Candidate pop(Measure *m)
{
    Candidate *heap = (Candidate *)m->heap->data, root = heap[0], moved = heap[m->heap->len - 1];
    guint n = m->heap->len - 1, at = 0;

    for (guint child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && nearer(&heap[child + 1], &heap[child]))
            child++;
        if (!nearer(&heap[child], &moved))
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
    g_array_set_size(m->heap, n);
    return root;
}

static void relax_call(Measure *m, uint32_t call)
{
    const HrLaidCall *laid = &m->calls[call];
    uint32_t start = m->network->rule_start[laid->edge.rule], back = laid->edge.back;

    if (m->settled[start] && m->settled[back])
        push(m, laid->from,
             MIN(m->network->distance[start] + m->network->distance[back], HR_FAR - 1));
}

static void settle(Measure *m, uint32_t node, const uint32_t *rule_of_start)
{
    uint32_t distance = m->network->distance[node], rule = rule_of_start[node];

    m->settled[node] = true;
    for (uint32_t i = m->first_back[node]; i < m->first_back[node + 1]; i++)
        push(m, m->callers[i], MIN(distance + m->costs[i], HR_FAR - 1));
    for (uint32_t i = m->first_return[node]; i < m->first_return[node + 1]; i++)
        relax_call(m, m->returns[i]);
    for (uint32_t i = rule != UINT32_MAX ? m->first_rule[rule] : 0;
         rule != UINT32_MAX && i < m->first_rule[rule + 1]; i++)
        relax_call(m, m->rule_calls[i]);
}

static void index_backwards(Measure *m, const HrLaying *laying, uint32_t n_nodes)
{
    const HrLaidByte *bytes = (const HrLaidByte *)laying->bytes->data;
    const HrLaidJump *jumps = (const HrLaidJump *)laying->jumps->data;
    uint32_t *first = m->first_back = g_new0(uint32_t, n_nodes + 2);
    guint n_bytes = laying->bytes->len, n_jumps = laying->jumps->len;

    for (guint i = 0; i < n_bytes; i++)
        first[bytes[i].edge.to + 2 > n_nodes + 1 ? n_nodes + 1 : bytes[i].edge.to + 2]++;
    for (guint i = 0; i < n_jumps; i++)
        first[jumps[i].to + 2 > n_nodes + 1 ? n_nodes + 1 : jumps[i].to + 2]++;
    for (uint32_t i = 2; i < n_nodes + 2; i++)
        first[i] += first[i - 1];
    m->callers = g_new(uint32_t, n_bytes + n_jumps + 1);
    m->costs = g_new(uint8_t, n_bytes + n_jumps + 1);
    for (guint i = 0; i < n_bytes; i++) {
        uint32_t at = first[bytes[i].edge.to + 1]++;
        m->callers[at] = bytes[i].from;
        m->costs[at] = 1;
    }
    for (guint i = 0; i < n_jumps; i++) {
        uint32_t at = first[jumps[i].to + 1]++;
        m->callers[at] = jumps[i].from;
        m->costs[at] = 0;
    }
}

static uint32_t *index_calls(const HrLaying *laying, uint32_t n, bool by_rule, uint32_t **ret_first)
{
    const HrLaidCall *calls = (const HrLaidCall *)laying->calls->data;
    uint32_t *first = g_new0(uint32_t, n + 2), *places = g_new(uint32_t, laying->calls->len + 1);

    for (guint i = 0; i < laying->calls->len; i++)
        first[MIN((by_rule ? calls[i].edge.rule : calls[i].edge.back) + 2, n + 1)]++;
    for (uint32_t i = 2; i < n + 2; i++)
        first[i] += first[i - 1];
    for (guint i = 0; i < laying->calls->len; i++)
        places[first[(by_rule ? calls[i].edge.rule : calls[i].edge.back) + 1]++] = i;
    *ret_first = first;
    return places;
}

static void measure(HrNetwork *network, const HrLaying *laying)
{
    g_autoptr(GArray) heap = g_array_new(false, false, sizeof(Candidate));
    g_autofree uint32_t *rule_of_start = g_new(uint32_t, network->n_nodes + 1);
    Measure m = {.network = network,
                 .heap = heap,
                 .calls = (const HrLaidCall *)laying->calls->data};

    index_backwards(&m, laying, network->n_nodes);
    m.rule_calls = index_calls(laying, network->n_rules, true, &m.first_rule);
    m.returns = index_calls(laying, network->n_nodes, false, &m.first_return);
    m.settled = g_new0(uint8_t, network->n_nodes + 1);
    for (uint32_t i = 0; i < network->n_nodes; i++) {
        network->distance[i] = HR_FAR;
        rule_of_start[i] = UINT32_MAX;
    }
    for (uint32_t i = 0; i < network->n_rules; i++)
        rule_of_start[network->rule_start[i]] = i;
    for (uint32_t i = 0; i < network->n_rules; i++)
        push(&m, g_array_index(laying->ends, uint32_t, i), 0);
    while (m.heap->len > 0) {
        Candidate nearest = pop(&m);
        if (!m.settled[nearest.node])
            settle(&m, nearest.node, rule_of_start);
    }
    g_free(m.first_back);
    g_free(m.callers);
    g_free(m.costs);
    g_free(m.first_rule);
    g_free(m.rule_calls);
    g_free(m.first_return);
    g_free(m.returns);
    g_free(m.settled);
}

/* ---- Rules that begin with themselves ---- */

/* Rules that may be entered before a byte is read, each once per rule, appended to ret_begins. */
static void find_beginnings(const HrNetwork *network, uint32_t rule, uint32_t *seen, GArray *todo,
                            GArray *ret_begins)
{
    uint32_t mark = rule + 1;

    g_array_set_size(todo, 0);
    g_array_append_val(todo, network->rule_start[rule]);
    seen[network->rule_start[rule]] = mark;
    for (guint i = 0; i < todo->len; i++) {
        uint32_t node = g_array_index(todo, uint32_t, i);

        for (uint32_t k = network->first_jump[node]; k < network->first_jump[node + 1]; k++) {
            uint32_t to = network->jumps[k];
            if (seen[to] != mark && network->distance[to] < HR_FAR) {
                seen[to] = mark;
                g_array_append_val(todo, to);
            }
        }
        for (uint32_t k = network->first_call[node]; k < network->first_call[node + 1]; k++) {
            HrCallEdge call = network->calls[k];
            uint32_t inner = network->distance[network->rule_start[call.rule]];
            if (inner >= HR_FAR || network->distance[call.back] >= HR_FAR)
                continue;
            g_array_append_val(ret_begins, call.rule);
            if (inner == 0 && seen[call.back] != mark) {
                seen[call.back] = mark;
                g_array_append_val(todo, call.back);
            }
        }
    }
}

/* By taking away, again and again, rules that no remaining rule begins with: what cannot be taken
 * away goes in circles. */
static bool check_beginnings(const HrNetwork *network, GError **error)
{
    g_autofree uint32_t *seen = g_new0(uint32_t, network->n_nodes + 1),
                        *first = g_new0(uint32_t, network->n_rules + 1);
    g_autofree uint32_t *n_before = g_new0(uint32_t, network->n_rules + 1);
    g_autoptr(GArray) todo = g_array_new(false, false, sizeof(uint32_t)),
                      begins = g_array_new(false, false, sizeof(uint32_t));
    uint32_t n_left = network->n_rules;

    for (uint32_t rule = 0; rule < network->n_rules; rule++) {
        find_beginnings(network, rule, seen, todo, begins);
        first[rule + 1] = begins->len;
    }
    for (guint i = 0; i < begins->len; i++)
        n_before[g_array_index(begins, uint32_t, i)]++;
    g_array_set_size(todo, 0);
    for (uint32_t rule = 0; rule < network->n_rules; rule++)
        if (n_before[rule] == 0)
            g_array_append_val(todo, rule);
    for (guint i = 0; i < todo->len; i++, n_left--) {
        uint32_t rule = g_array_index(todo, uint32_t, i);
        for (uint32_t k = first[rule]; k < first[rule + 1]; k++) {
            uint32_t next = g_array_index(begins, uint32_t, k);
            if (--n_before[next] == 0)
                g_array_append_val(todo, next);
        }
    }
    if (n_left > 0)
        g_set_error_literal(
            error, HR_ERROR, HR_ERROR_SETTINGS,
            "The grammar cannot be used: a rule of it begins with itself (left recursion).");
    return n_left == 0;
}

/* ---- Bytes that are alike ---- */

static void classify_bytes(HrNetwork *network)
{
    bool begins[257] = {[0] = true};

    for (uint32_t i = 0; i < network->first_byte[network->n_nodes]; i++) {
        begins[network->bytes[i].low] = true;
        begins[network->bytes[i].high + 1] = true;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        if (begins[byte])
            network->byte_of[network->n_classes++] = (uint8_t)byte;
        network->class_of[byte] = (uint8_t)(network->n_classes - 1);
    }
}

/* ---- Calls at a rule's end ---- */

static bool has_one_jump_only(const HrNetwork *network, uint32_t node)
{
    return network->first_jump[node + 1] - network->first_jump[node] == 1 &&
           network->first_byte[node + 1] == network->first_byte[node] &&
           network->first_call[node + 1] == network->first_call[node];
}

/* A call that is the last thing of its rule comes back to the rule's final node at once, so that it
 * need not be remembered. */
static void shorten_calls(HrNetwork *network)
{
    for (uint32_t i = 0; i < network->first_call[network->n_nodes]; i++) {
        uint32_t node = network->calls[i].back;

        for (uint32_t steps = 0;
             steps < 64 && !network->is_final[node] && has_one_jump_only(network, node); steps++)
            node = network->jumps[network->first_jump[node]];
        network->calls[i].back = node;
    }
}

HrNetwork *hr_network_new(const HrSyntax *syntax, uint32_t root, GError **error)
{
    g_auto(HrLaying) laying = {0};
    g_autoptr(HrNetwork) network = g_new0(HrNetwork, 1);

    if (!hr_syntax_check(syntax, error))
        return NULL;
    hr_laying_init(&laying, syntax, root);
    if (laying.too_large) {
        g_set_error_literal(error, HR_ERROR, HR_ERROR_SETTINGS,
                            "The grammar is too large: simplify it or lower its bounds.");
        return NULL;
    }
    network->n_nodes = laying.n_nodes;
    network->n_rules = laying.starts->len;
    network->rule_start = g_memdup2(laying.starts->data, laying.starts->len * sizeof(uint32_t));
    network->is_final = g_new0(uint8_t, network->n_nodes + 1);
    network->distance = g_new0(uint32_t, network->n_nodes + 1);
    for (guint i = 0; i < laying.ends->len; i++)
        network->is_final[g_array_index(laying.ends, uint32_t, i)] = true;
    sort_edges(network, &laying);
    measure(network, &laying);
    classify_bytes(network);
    shorten_calls(network);
    if (network->distance[network->rule_start[0]] >= HR_FAR) {
        g_set_error_literal(error, HR_ERROR, HR_ERROR_SETTINGS,
                            "The grammar or schema cannot be met: no finite text matches it.");
        return NULL;
    }
    return check_beginnings(network, error) ? g_steal_pointer(&network) : NULL;
}

void hr_network_free(HrNetwork *network)
{
    if (!network)
        return;
    g_free(network->first_byte);
    g_free(network->first_jump);
    g_free(network->first_call);
    g_free(network->bytes);
    g_free(network->jumps);
    g_free(network->calls);
    g_free(network->is_final);
    g_free(network->distance);
    g_free(network->rule_start);
    g_free(network);
}
