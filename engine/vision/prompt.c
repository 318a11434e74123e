/* prompt.c: images in prompts: their marks become the tokens that stand for them. See the Text and
 * tokens section of hr.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision/places.h"

#include "model/model.h"

#include <string.h>

#define MARK \
    "\xef\xbf\xbc" /* U+FFFC, object replacement character, on both sides of the image's number */
#define MAX_IMAGES 1024     /* of a prompt: each takes a place or more of the context */

/* ---- Sights ---- */

HrSights *hr_sights_ref(HrSights *sights)
{
    g_atomic_ref_count_inc(&sights->refs);
    return sights;
}

void hr_sights_unref(HrSights *sights)
{
    if (!sights || !g_atomic_ref_count_dec(&sights->refs))
        return;
    g_ptr_array_unref(sights->list);
    g_free(sights);
}

static HrSights *sights_alloc(void)
{
    HrSights *sights = g_new0(HrSights, 1);
    g_atomic_ref_count_init(&sights->refs);
    sights->list = g_ptr_array_new_with_free_func((GDestroyNotify)hr_sight_unref);
    return sights;
}

HrSights *hr_sights_new(const HrModel *model, HrImage *const *images, size_t n_images,
                        GError **error)
{
    g_autoptr(HrSights) sights = sights_alloc();
    if (!hr_model_sees_images(model, error))
        return NULL;
    if (n_images > MAX_IMAGES) {
        g_set_error(error, HR_ERROR, HR_ERROR_SETTINGS,
                    "There are %zu images; a prompt can have %d.", n_images, MAX_IMAGES);
        return NULL;
    }
    for (size_t i = 0; i < n_images; i++) {
        HrSight *sight = hr_sight_new(model->vision, images[i], error);
        if (!sight)
            return NULL;
        g_ptr_array_add(sights->list, sight);
    }
    return g_steal_pointer(&sights);
}

char *hr_sights_dup_mark(size_t index)
{
    return g_strdup_printf(MARK "%zu" MARK, index);
}

/* ---- Marks in a text ---- */

/* The number between two marks at text, and how long all that is; false if it is something else. */
static bool read_mark(const char *text, size_t len, size_t *ret_index, size_t *ret_len)
{
    size_t n = strlen(MARK), i = n, index = 0;
    if (len < 2 * n + 1 || memcmp(text, MARK, n) != 0)
        return false;
    for (; i < len && g_ascii_isdigit(text[i]) && index < MAX_IMAGES; i++)
        index = index * 10 + (size_t)(text[i] - '0');
    if (i == n || len - i < n || memcmp(text + i, MARK, n) != 0)
        return false;
    *ret_index = index;
    *ret_len = i + n;
    return true;
}

/* The first mark in text; false: there is none. */
static bool find_mark(const char *text, size_t len, size_t *ret_at, size_t *ret_index,
                      size_t *ret_len)
{
    for (const char *at = text; (at = memmem(at, len - (size_t)(at - text), MARK, strlen(MARK)));
         at++) {
        *ret_at = (size_t)(at - text);
        if (read_mark(at, len - *ret_at, ret_index, ret_len))
            return true;
    }
    return false;
}

/* ---- Tokens ---- */

typedef struct {
    const HrTokenizer *tokenizer;
    HrSights *sights, *shown;
    HrPrompt *text; /* not yet turned into tokens */
    GArray *tokens;
    bool add_special; /* to the first text */
} Show;

static bool flush(Show *s, GError **error)
{
    bool ok = s->text->text->len == 0 && !s->add_special;
    ok = ok ||
         hr_tokenizer_encode(s->tokenizer, s->text->text->str, (const HrSpan *)s->text->spans->data,
                             s->text->spans->len, s->add_special, s->tokens, error);
    s->add_special = false;
    g_string_truncate(s->text->text, 0);
    g_array_set_size(s->text->spans, 0);
    return ok;
}

static bool show_image(Show *s, const HrSight *sight, GError **error)
{
    for (uint32_t i = 0, row = 0; i < sight->parts->len; i++) {
        const HrSightPart *part = &g_array_index(sight->parts, HrSightPart, i);
        hr_prompt_append(s->text, part->before, -1, true);
        if (!flush(s, error))
            return false;
        g_array_append_vals(s->tokens, sight->marks + row, part->n_rows);
        row += part->n_rows;
    }
    hr_prompt_append(s->text, sight->after, -1, true);
    g_ptr_array_add(s->shown->list, hr_sight_ref((HrSight *)sight));
    return true;
}

static bool show_span(Show *s, const char *text, const HrSpan *span, GError **error)
{
    const char *at = text + span->start;
    size_t len = span->len, offset, index, mark_len;
    while (span->trusted && find_mark(at, len, &offset, &index, &mark_len)) {
        hr_prompt_append(s->text, at, (gssize)offset, true);
        if (index < s->sights->list->len &&
            !show_image(s, g_ptr_array_index(s->sights->list, index), error))
            return false;
        at += offset + mark_len;
        len -= offset + mark_len;
    }
    hr_prompt_append(s->text, at, (gssize)len, span->trusted);
    return true;
}

GArray *hr_model_tokenize_shown(const HrModel *model, const HrPrompt *prompt, HrSights *sights,
                                bool add_special, HrSights **ret_shown, GError **error)
{
    g_autoptr(GArray) tokens = g_array_new(false, false, sizeof(HrToken));
    g_autoptr(HrSights) shown = sights_alloc();
    g_autoptr(HrPrompt) text = hr_prompt_new();
    Show s = {
        hr_model_get_tokenizer((HrModel *)model, error), sights, shown, text, tokens, add_special};
    if (!s.tokenizer)
        return NULL;
    for (guint i = 0; i < prompt->spans->len; i++)
        if (!show_span(&s, prompt->text->str, &g_array_index(prompt->spans, HrSpan, i), error))
            return NULL;
    if (!flush(&s, error))
        return NULL;
    *ret_shown = g_steal_pointer(&shown);
    return g_steal_pointer(&tokens);
}
