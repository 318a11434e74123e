/* fuzz-image.c: any bytes, decoded as a picture.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"
#include "headroom-image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) file = g_bytes_new_static(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(HrImage) image = headroom_image_decode(file, &error);

    g_assert_true((image == NULL) == (error != NULL));
    if (error)
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    return 0;
}
