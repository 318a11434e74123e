/* network-build.c: lays the nodes and edges of a grammar's rules.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/network-build.h"

#include "tokenizer/rune.h"

typedef struct {
    HrLaying *laying;
    const HrSyntax *syntax;
    GArray *number;  /* uint32_t of each rule of the syntax: its number here, or UNNUMBERED */
    GArray *waiting; /* uint32_t: rules of the syntax in the order of their numbers */
} Layer;

#define UNNUMBERED UINT32_MAX

static uint32_t new_node(HrLaying *laying)
{
    if (laying->n_nodes >= HR_NETWORK_MAX_NODES) {
        laying->too_large = true;
        return 0;
    }
    return laying->n_nodes++;
}

static bool has_room(HrLaying *laying, const GArray *edges)
{
    laying->too_large = laying->too_large || edges->len >= 4 * HR_NETWORK_MAX_NODES;
    return !laying->too_large;
}

static void add_byte(HrLaying *laying, uint32_t from, uint8_t low, uint8_t high, uint32_t to)
{
    HrLaidByte laid = {from, {low, high, to}};

    if (has_room(laying, laying->bytes))
        g_array_append_val(laying->bytes, laid);
}

static void add_jump(HrLaying *laying, uint32_t from, uint32_t to)
{
    HrLaidJump laid = {from, to};

    if (has_room(laying, laying->jumps))
        g_array_append_val(laying->jumps, laid);
}

/* ---- Characters as bytes ---- */

static uint32_t n_bytes_of(uint32_t code)
{
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/* low and high are spelled with n bytes; at: which of them is next. Splits where a byte's full
 * range does not hold for both ends. */
static void lay_span(HrLaying *laying, const uint8_t *low, const uint8_t *high, uint32_t n,
                     uint32_t at, uint32_t from, uint32_t to)
{
    static const uint8_t least[4] = {0x80, 0x80, 0x80, 0x80}, most[4] = {0xBF, 0xBF, 0xBF, 0xBF};
    bool low_is_least = true, high_is_most = true;
    uint32_t next;

    if (at + 1 == n) {
        add_byte(laying, from, low[at], high[at], to);
        return;
    }
    if (low[at] == high[at]) {
        next = new_node(laying);
        add_byte(laying, from, low[at], low[at], next);
        lay_span(laying, low, high, n, at + 1, next, to);
        return;
    }
    for (uint32_t i = at + 1; i < n; i++) {
        low_is_least = low_is_least && low[i] == least[i];
        high_is_most = high_is_most && high[i] == most[i];
    }
    uint8_t first = (uint8_t)(low[at] + !low_is_least), last = (uint8_t)(high[at] - !high_is_most);
    if (!low_is_least) {
        next = new_node(laying);
        add_byte(laying, from, low[at], low[at], next);
        lay_span(laying, low, most, n, at + 1, next, to);
    }
    if (first <= last) {
        next = new_node(laying);
        add_byte(laying, from, first, last, next);
        lay_span(laying, least, most, n, at + 1, next, to);
    }
    if (!high_is_most) {
        next = new_node(laying);
        add_byte(laying, from, high[at], high[at], next);
        lay_span(laying, least, high, n, at + 1, next, to);
    }
}

static void lay_range(HrLaying *laying, HrCodeRange range, uint32_t from, uint32_t to)
{
    static const uint32_t last_of[] = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};

    for (uint32_t n = 1; n <= 4; n++) {
        uint32_t first = n == 1 ? 0 : last_of[n - 2] + 1, low = MAX(range.low, first),
                 high = MIN(range.high, last_of[n - 1]);
        uint8_t low_bytes[4], high_bytes[4];

        if (low > high)
            continue;
        g_assert(n_bytes_of(low) == n && n_bytes_of(high) == n);
        hr_rune_encode(low, (char *)low_bytes);
        hr_rune_encode(high, (char *)high_bytes);
        lay_span(laying, low_bytes, high_bytes, n, 0, from, to);
    }
}

/* ---- Expressions; each returns the node at its end ---- */

static uint32_t lay(Layer *layer, HrExpr expr, uint32_t from);

static uint32_t lay_literal(HrLaying *laying, const char *bytes, uint32_t n, uint32_t from)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t to = new_node(laying);

        add_byte(laying, from, (uint8_t)bytes[i], (uint8_t)bytes[i], to);
        from = to;
    }
    return from;
}

static uint32_t lay_choice(Layer *layer, const HrExprNode *node, uint32_t from)
{
    uint32_t to = new_node(layer->laying);

    for (uint32_t i = 0; i < node->n; i++) {
        uint32_t begin = new_node(layer->laying);

        add_jump(layer->laying, from, begin);
        add_jump(layer->laying,
                 lay(layer, g_array_index(layer->syntax->children, HrExpr, node->first + i), begin),
                 to);
    }
    return to;
}

static uint32_t lay_repeat(Layer *layer, const HrExprNode *node, uint32_t from)
{
    HrLaying *laying = layer->laying;
    uint32_t to;

    for (uint32_t i = 0; i < node->min; i++)
        from = lay(layer, node->first, from);
    if (node->max == node->min)
        return from;
    to = new_node(laying);
    if (node->max == HR_REPEAT_UNBOUNDED) {
        uint32_t loop = new_node(laying);

        add_jump(laying, from, loop);
        add_jump(laying, lay(layer, node->first, loop), loop);
        add_jump(laying, loop, to);
        return to;
    }
    for (uint32_t i = node->min; i < node->max && !laying->too_large; i++) {
        add_jump(laying, from, to);
        from = lay(layer, node->first, from);
    }
    add_jump(laying, from, to);
    return to;
}

static uint32_t number_of(Layer *layer, uint32_t rule)
{
    uint32_t *number = &g_array_index(layer->number, uint32_t, rule);

    if (*number == UNNUMBERED) {
        *number = layer->waiting->len;
        g_array_append_val(layer->waiting, rule);
    }
    return *number;
}

static uint32_t lay_call(Layer *layer, uint32_t rule, uint32_t from)
{
    uint32_t back = new_node(layer->laying);
    HrLaidCall laid = {from, {number_of(layer, rule), back}};

    if (has_room(layer->laying, layer->laying->calls))
        g_array_append_val(layer->laying->calls, laid);
    return back;
}

static uint32_t lay(Layer *layer, HrExpr expr, uint32_t from)
{
    const HrExprNode node = g_array_index(layer->syntax->nodes, HrExprNode, expr);

    if (layer->laying->too_large)
        return from;
    switch (node.kind) {
    case HR_EXPR_LITERAL:
        return lay_literal(layer->laying, layer->syntax->bytes->str + node.first, node.n, from);
    case HR_EXPR_CLASS: {
        uint32_t to = new_node(layer->laying);
        for (uint32_t i = 0; i < node.n; i++)
            lay_range(layer->laying,
                      g_array_index(layer->syntax->ranges, HrCodeRange, node.first + i), from, to);
        return to;
    }
    case HR_EXPR_SEQUENCE:
        for (uint32_t i = 0; i < node.n; i++)
            from = lay(layer, g_array_index(layer->syntax->children, HrExpr, node.first + i), from);
        return from;
    case HR_EXPR_CHOICE:
        return lay_choice(layer, &node, from);
    case HR_EXPR_REPEAT:
        return lay_repeat(layer, &node, from);
    case HR_EXPR_RULE:
        return lay_call(layer, node.first, from);
    }
    return from;
}

/* ---- Rules ---- */

void hr_laying_init(HrLaying *laying, const HrSyntax *syntax, uint32_t root)
{
    g_autoptr(GArray) number = g_array_new(false, false, sizeof(uint32_t));
    g_autoptr(GArray) waiting = g_array_new(false, false, sizeof(uint32_t));
    Layer layer = {laying, syntax, number, waiting};
    uint32_t none = UNNUMBERED;

    *laying = (HrLaying){
        .bytes = g_array_new(false, false, sizeof(HrLaidByte)),
        .jumps = g_array_new(false, false, sizeof(HrLaidJump)),
        .calls = g_array_new(false, false, sizeof(HrLaidCall)),
        .starts = g_array_new(false, false, sizeof(uint32_t)),
        .ends = g_array_new(false, false, sizeof(uint32_t)),
    };
    for (guint i = 0; i < syntax->rules->len; i++)
        g_array_append_val(number, none);
    number_of(&layer, root);
    for (guint i = 0; i < waiting->len && !laying->too_large; i++) {
        uint32_t start = new_node(laying), end, last;

        last =
            lay(&layer, g_array_index(syntax->rules, HrExpr, g_array_index(waiting, uint32_t, i)),
                start);
        end = new_node(laying);
        add_jump(laying, last, end);
        g_array_append_val(laying->starts, start);
        g_array_append_val(laying->ends, end);
    }
}

void hr_laying_clear(HrLaying *laying)
{
    g_clear_pointer(&laying->bytes, g_array_unref);
    g_clear_pointer(&laying->jumps, g_array_unref);
    g_clear_pointer(&laying->calls, g_array_unref);
    g_clear_pointer(&laying->starts, g_array_unref);
    g_clear_pointer(&laying->ends, g_array_unref);
}
