/* pair-sums-template.h: add_products (see the lanes headers) where bytes are multiplied in pairs, for
 * any vector width.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

HR_INLINE void add_products(const V *q, size_t panel_step, int n_panels, const uint8_t *groups,
                            size_t stride, int first, int n_steps, int n_cols, int raised,
                            V dot[][COLUMNS_1])
{
    const int at_most = pair_sums_at_most(raised);

    HR_UNROLL(8)
    for (int i = 0; i < n_steps; i += at_most) {
        HR_UNROLL(16)
        for (int c = 0; c < n_cols; c++) {
            V sums[2];
            HR_UNROLL(4)
            for (int j = i; j < i + at_most; j++) {
                const V x = broadcast_4(hr_group_of(groups, stride, c)->q + first + 4 * j);
                HR_UNROLL(2)
                for (int p = 0; p < n_panels; p++) {
                    const V pairs =
                        pair_products(q[(size_t)p * panel_step + (size_t)j], x, raised);
                    sums[p] = j == i ? pairs : v_add_16(sums[p], pairs);
                }
            }
            HR_UNROLL(2)
            for (int p = 0; p < n_panels; p++)
                dot[p][c] = v_add_pairs_16(sums[p], dot[p][c]);
        }
    }
}
