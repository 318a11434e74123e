/* matcher.c: see matcher.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "grammar/matcher.h"

#include "grammar/grammar.h"
#include "grammar/walk.h"

#include <math.h>
#include <string.h>

#define N_MASKS 64u               /* kept per answer: 1.2 MB at 150 000 tokens */
#define MAX_WORK \
    (1ull << 26) /* of one mask: some tenths of a second, which only hostile grammars take */
#define MIN_NODES_FOR_PLAIN 4096u /* what it takes to find out whether plain characters are alike */
#define NO_LIMIT UINT32_MAX

typedef struct {
    uint32_t state; /* HR_WALK_DEAD: free */
    uint32_t worst; /* the longest way to an end behind any of its tokens */
    uint32_t n;     /* tokens */
    uint64_t *bits; /* [n_words] */
} Mask;

struct HrMatcher {
    HrGrammar *grammar;
    const HrTokenizer *tokenizer;
    const HrVocabTrie *trie;
    HrWalk *walk;
    uint32_t state;
    uint32_t *states; /* [max_depth + 1], scratch */
    Mask masks[N_MASKS], narrow;
    uint32_t next_mask;
    size_t n_words;
    GArray *ends;  /* HrToken: those that end an answer */
    GString *tail; /* what was said, as long as it may hold `after` */
    char *after;
    bool active, again, was_cut;
};

HrMatcher *hr_matcher_new(HrGrammar *grammar, const HrTokenizer *tokenizer, const HrVocabTrie *trie,
                          const char *after, bool again)
{
    HrMatcher *m = g_new0(HrMatcher, 1);

    m->grammar = hr_grammar_ref(grammar);
    m->tokenizer = tokenizer;
    m->trie = trie;
    m->walk = hr_walk_new(grammar->network);
    m->state = hr_walk_start(m->walk);
    m->states = g_new(uint32_t, trie->max_depth + 1);
    m->n_words = (hr_tokenizer_size(tokenizer) + 63) / 64;
    m->after = after && *after ? g_strdup(after) : NULL;
    m->tail = g_string_new(NULL);
    m->ends = g_array_new(false, false, sizeof(HrToken));
    for (size_t i = 0; i < hr_tokenizer_size(tokenizer); i++) {
        HrToken token = (HrToken)i;
        if (hr_tokenizer_is_end(tokenizer, token))
            g_array_append_val(m->ends, token);
    }
    m->active = !m->after;
    m->again = again && m->after;
    return m;
}

void hr_matcher_free(HrMatcher *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; i < N_MASKS; i++)
        g_free(m->masks[i].bits);
    g_free(m->narrow.bits);
    g_free(m->states);
    g_free(m->after);
    g_array_unref(m->ends);
    g_string_free(m->tail, true);
    hr_walk_free(m->walk);
    hr_grammar_unref(m->grammar);
    g_free(m);
}

/* ---- Masks ---- */

static void allow(Mask *mask, const HrTrie *trie, const HrTrieNode *node)
{
    for (uint32_t k = 0; k < node->n_tokens; k++) {
        HrToken token = trie->tokens[node->first_token + k];
        mask->bits[token / 64] |= 1ull << (token % 64);
    }
    mask->n += node->n_tokens;
}

static void allow_plain(HrMatcher *m, Mask *mask, uint32_t n_chars)
{
    const uint64_t *bits = m->trie->plain[n_chars];

    for (size_t i = 0; i < m->n_words; i++)
        mask->bits[i] |= bits[i];
    mask->n += m->trie->n_plain[n_chars];
}

/* Where all plain characters lead to one state, and from there to one, ...: the plain tokens, by
 * their length. False: they are not alike here, nothing was done. */
static bool fill_plain(HrMatcher *m, Mask *mask, uint32_t limit)
{
    uint32_t states[HR_PLAIN_MAX_CHARS + 1] = {m->state}, n = 0;
    bool loops = false;

    while (n < HR_PLAIN_MAX_CHARS && states[n] != HR_WALK_DEAD && !loops) {
        states[n + 1] = hr_walk_plain_step(m->walk, states[n]);
        if (states[n + 1] == HR_WALK_MIXED)
            return false;
        n++;
        loops = states[n] == states[n - 1];
    }
    for (uint32_t k = 1; k <= n; k++) {
        uint32_t distance = hr_walk_distance(m->walk, states[k]);
        if (states[k] == HR_WALK_DEAD || distance > limit)
            continue;
        mask->worst = MAX(mask->worst, distance);
        if (loops && k == 1 && n == 1)
            allow_plain(m, mask, 0);
        else
            allow_plain(m, mask, k);
    }
    for (uint32_t k = n + 1; loops && n > 1 && k <= HR_PLAIN_MAX_CHARS; k++)
        if (hr_walk_distance(m->walk, states[n]) <= limit)
            allow_plain(m, mask, k);
    return true;
}

static void fill_trie(HrMatcher *m, Mask *mask, const HrTrie *trie, uint32_t limit)
{
    uint64_t most_work = m->walk->work + MAX_WORK;

    m->states[0] = m->state;
    for (uint32_t i = 0; i < trie->n_nodes && m->walk->work < most_work;) {
        const HrTrieNode *node = &trie->nodes[i];
        uint32_t state = hr_walk_step(m->walk, m->states[node->depth - 1], node->byte);

        if (state == HR_WALK_DEAD) {
            i = node->end;
            continue;
        }
        m->states[node->depth] = state;
        i++;
        if (node->n_tokens > 0 && hr_walk_distance(m->walk, state) <= limit) {
            mask->worst = MAX(mask->worst, hr_walk_distance(m->walk, state));
            allow(mask, trie, node);
        }
    }
}

/* The tokens that may follow the state and behind which an end is at most `limit` bytes away. */
static void fill_mask(HrMatcher *m, Mask *mask, uint32_t limit)
{
    if (!mask->bits)
        mask->bits = g_new(uint64_t, m->n_words + 1);
    memset(mask->bits, 0, m->n_words * sizeof *mask->bits);
    mask->state = m->state;
    mask->n = mask->worst = 0;
    if (m->trie->all.n_nodes >= MIN_NODES_FOR_PLAIN && fill_plain(m, mask, limit))
        fill_trie(m, mask, &m->trie->odd, limit);
    else
        fill_trie(m, mask, &m->trie->all, limit);
}

static const Mask *get_mask(HrMatcher *m)
{
    Mask *mask = &m->masks[m->next_mask];

    for (uint32_t i = 0; i < N_MASKS; i++)
        if (m->masks[i].state == m->state)
            return &m->masks[i];
    m->next_mask = (m->next_mask + 1) % N_MASKS;
    fill_mask(m, mask, NO_LIMIT);
    return mask;
}

static void tidy(HrMatcher *m)
{
    bool forgotten;

    m->state = hr_walk_tidy(m->walk, m->state, &forgotten);
    for (uint32_t i = 0; forgotten && i < N_MASKS; i++)
        m->masks[i].state = HR_WALK_DEAD;
}

static void apply(const HrMatcher *m, const Mask *mask, float *logits, size_t n_vocab)
{
    size_t n = MIN(n_vocab, hr_tokenizer_size(m->tokenizer));

    for (size_t word = 0; word * 64 < n; word++) {
        uint64_t bits = mask->bits[word];
        if (bits == UINT64_MAX)
            continue;
        for (size_t i = word * 64, end = MIN(i + 64, n); i < end; i++)
            if (!(bits >> (i % 64) & 1))
                logits[i] = -INFINITY;
    }
    for (size_t i = n; i < n_vocab; i++)
        logits[i] = -INFINITY;
}

/* The logits of the tokens that end an answer, which masks do not know. */
static GArray *take_ends(const HrMatcher *m, const float *logits, size_t n_vocab)
{
    GArray *ends = g_array_new(false, false, sizeof(HrTokenProb));

    for (size_t i = 0; i < m->ends->len; i++) {
        HrTokenProb end = {g_array_index(m->ends, HrToken, i), 0};
        if ((size_t)end.token >= n_vocab)
            continue;
        end.logprob = logits[end.token];
        g_array_append_val(ends, end);
    }
    return ends;
}

static bool has_bit(const Mask *mask, size_t token)
{
    return mask->bits[token / 64] >> (token % 64) & 1;
}

/* Whether what the model would rather say is among what is left out. */
static bool leaves_out_best(const HrMatcher *m, const Mask *mask, const Mask *narrow,
                            const float *logits, size_t n_vocab)
{
    size_t n = MIN(n_vocab, hr_tokenizer_size(m->tokenizer)), best = n;

    for (size_t i = 0; i < n; i++)
        if (has_bit(mask, i) && (best == n || logits[i] > logits[best]))
            best = i;
    return best < n && !has_bit(narrow, best);
}

bool hr_matcher_mask(HrMatcher *m, float *logits, size_t n_vocab, uint64_t n_left)
{
    const Mask *mask;
    bool may_end;

    if (!m->active)
        return true;
    tidy(m);
    if (m->state == HR_WALK_DEAD)
        return false;
    mask = get_mask(m);
    may_end = hr_walk_is_end(m->walk, m->state);
    if (n_left <= mask->worst) {
        fill_mask(m, &m->narrow, (uint32_t)n_left - 1);
        if (m->narrow.n > 0 || may_end) {
            m->was_cut = m->was_cut || leaves_out_best(m, mask, &m->narrow, logits, n_vocab);
            mask = &m->narrow;
        }
    }
    if (mask->n == 0 && !may_end)
        return false;
    g_autoptr(GArray) ends = may_end ? take_ends(m, logits, n_vocab) : NULL;
    apply(m, mask, logits, n_vocab);
    for (guint i = 0; ends && i < ends->len; i++) {
        HrTokenProb end = g_array_index(ends, HrTokenProb, i);
        logits[end.token] = end.logprob;
    }
    return true;
}

/* ---- What was drawn ---- */

static void rest(HrMatcher *m)
{
    m->active = false;
    m->state = hr_walk_start(m->walk);
    g_string_truncate(m->tail, 0);
}

static void feed(HrMatcher *m, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && m->state != HR_WALK_DEAD; i++)
        m->state = hr_walk_step(m->walk, m->state, (uint8_t)bytes[i]);
    if (m->again && (m->state == HR_WALK_DEAD || !hr_walk_can_go_on(m->walk, m->state)))
        rest(m);
}

/* Keeps as much of the text as `after` may begin in. */
static void look_for_after(HrMatcher *m, const char *bytes, size_t len)
{
    size_t n = strlen(m->after), end;
    const char *found;

    g_string_append_len(m->tail, bytes, (gssize)len);
    found = g_strstr_len(m->tail->str, (gssize)m->tail->len, m->after);
    if (!found) {
        if (m->tail->len >= n)
            g_string_erase(m->tail, 0, (gssize)(m->tail->len - (n - 1)));
        return;
    }
    end = (size_t)(found - m->tail->str) + n;
    g_autofree char *behind = g_memdup2(m->tail->str + end, m->tail->len - end);
    size_t n_behind = m->tail->len - end;
    m->active = true;
    g_string_truncate(m->tail, 0);
    feed(m, behind, n_behind);
}

void hr_matcher_accept(HrMatcher *m, HrToken token)
{
    size_t len;
    const char *bytes = hr_tokenizer_bytes(m->tokenizer, token, !m->active, &len);

    if (m->active)
        feed(m, bytes, len);
    else
        look_for_after(m, bytes, len);
}

bool hr_matcher_is_over(const HrMatcher *m)
{
    return m->active && m->state != HR_WALK_DEAD && !hr_walk_can_go_on(m->walk, m->state);
}

bool hr_matcher_was_cut(const HrMatcher *m)
{
    return m->was_cut;
}
