/* fuzz-gbnf.c: any bytes as a grammar; what is one is walked for a while.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"
#include "hr.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(HrGrammar) grammar = hr_grammar_new_gbnf(text, &error);

    g_assert_true((grammar == NULL) == (error != NULL));
    if (!grammar)
        return 0;
    hr_grammar_matches(grammar, "", 0);
    hr_grammar_matches(grammar, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 56);
    hr_grammar_matches(grammar, text, MIN(strlen(text), 256));
    return 0;
}
