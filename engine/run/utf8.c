/* utf8.c: see utf8.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/utf8.h"

#include <stdint.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* Length of the character that lead begins, 0 if none does, and the bounds of its second byte, by
 * table 3-7 of the Unicode standard. */
static size_t character_length(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
    *ret_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *ret_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* How many of n > 0 bytes belong together; ret_want is the length of a whole character, 0 if they
 * cannot become one. */
static size_t scan(const uint8_t *bytes, size_t n, size_t *ret_want)
{
    uint8_t low, high;
    size_t want = character_length(bytes[0], &low, &high), have = 1;

    for (; have < want && have < n; have++, low = 0x80, high = 0xbf)
        if (bytes[have] < low || bytes[have] > high) {
            want = 0;
            break;
        }
    *ret_want = want;
    return have;
}

size_t hr_utf8_append(GString *text, const char *bytes, size_t n, bool at_end)
{
    size_t used = 0;

    while (used < n) {
        size_t want, have = scan((const uint8_t *)bytes + used, n - used, &want);

        if (have < want && !at_end)
            break;
        if (have == want)
            g_string_append_len(text, bytes + used, (gssize)have);
        else
            g_string_append(text, REPLACEMENT);
        used += have;
    }
    return used;
}
