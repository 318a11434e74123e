/* write-peer-models.c: the files of peer-cases.h into a folder, for regenerate-peer.py.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prints the tokens, separated by commas, then the path of each file, a line each; a second path,
 * of an adapter, behind a tabulator.
 */
#include "peer-cases.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    HrToken tokens[PEER_N_TOKENS];
    size_t n;
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    const PeerCase *cases = peer_cases(&n);
    peer_tokens(tokens);
    for (int i = 0; i < PEER_N_TOKENS; i++)
        printf("%s%d", i ? "," : "", tokens[i]);
    printf("\n");
    for (size_t i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("%s/%s.gguf", argv[1], cases[i].name);
        tiny_model_write(&cases[i].model, path);
        g_autofree char *adapter = g_strdup_printf("%s/%s.lora", argv[1], cases[i].name);
        printf("%s", path);
        if (cases[i].adapted) {
            peer_write_adapter(&cases[i], path, adapter);
            printf("\t%s", adapter);
        }
        printf("\n");
    }
    return 0;
}
