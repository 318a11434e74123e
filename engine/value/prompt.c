/* prompt.c: text with the spans that say which of its bytes may spell control tokens.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "value/value.h"

#include <string.h>

HrPrompt *hr_prompt_new(void)
{
    HrPrompt *prompt = g_new0(HrPrompt, 1);
    prompt->text = g_string_new(NULL);
    prompt->spans = g_array_new(FALSE, FALSE, sizeof(HrSpan));
    return prompt;
}

void hr_prompt_append(HrPrompt *prompt, const char *text, gssize len, bool trusted)
{
    size_t n = len < 0 ? strlen(text) : (size_t)len;
    HrSpan span = { .start = prompt->text->len, .len = n, .trusted = trusted };

    if (n == 0)
        return;
    g_string_append_len(prompt->text, text, (gssize)n);
    if (prompt->spans->len > 0) {
        HrSpan *last = &g_array_index(prompt->spans, HrSpan, prompt->spans->len - 1);
        if (last->trusted == trusted) {
            last->len += n;
            return;
        }
    }
    g_array_append_val(prompt->spans, span);
}

void hr_prompt_append_value(HrPrompt *prompt, const HrValue *string)
{
    size_t len, end;
    const char *bytes = hr_value_get_string(string, &len);

    for (size_t start = 0; start < len; start = end) {
        bool trusted = hr_string_trusted_at(string, start);
        for (end = start + 1; end < len && hr_string_trusted_at(string, end) == trusted;)
            end++;
        hr_prompt_append(prompt, bytes + start, (gssize)(end - start), trusted);
    }
}

void hr_prompt_free(HrPrompt *prompt)
{
    if (prompt == NULL)
        return;
    g_string_free(prompt->text, TRUE);
    g_array_unref(prompt->spans);
    g_free(prompt);
}
