/* write-fixture-model.c: write-fixture-model < FIXTURE MODEL.gguf writes a fixture's model and
 * prints the tokens that are asked about.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fixture.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    HrToken tokens[FIXTURE_N_TOKENS];
    g_autoptr(GString) text = g_string_new(NULL);
    char chunk[4096];
    if (argc != 2)
        return 2;
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, stdin)) > 0;)
        g_string_append_len(text, chunk, (gssize)n);
    fixture_write_model(text->str, argv[1]);
    fixture_tokens(tokens);
    for (int i = 0; i < FIXTURE_N_TOKENS; i++)
        printf("%s%d", i > 0 ? "," : "", tokens[i]);
    printf("\n");
    return 0;
}
