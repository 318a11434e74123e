/* emit-streams.c: the words for residual streams side by side, and for curves of rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "program/emit.h"

HrBuf hr_emit_mix(HrEmit *e, HrBuf x, uint32_t width, HrBuf factors, float plus, HrBuf y)
{
    HrOp op = hr_emit_begin(e, HR_OP_MIX, x);
    op.k = factors;
    op.add = y;
    op.factor = plus;
    op.columns.width = width;
    return hr_emit_end(e, &op, hr_emit_cols(e, y));
}

HrBuf hr_emit_add_to_streams(HrEmit *e, HrBuf x, uint32_t first, HrBuf y)
{
    HrOp op = hr_emit_begin(e, HR_OP_MIX, x);
    op.add = y;
    op.columns.width = hr_emit_cols(e, x);
    op.columns.first = first;
    return hr_emit_end(e, &op, hr_emit_cols(e, y));
}

HrBuf hr_emit_match(HrEmit *e, HrBuf x, HrBuf y)
{
    HrOp op = hr_emit_begin(e, HR_OP_MATCH, x);
    op.k = y;
    op.columns.width = hr_emit_cols(e, y);
    return hr_emit_end(e, &op, hr_emit_cols(e, x));
}

HrBuf hr_emit_beyond(HrEmit *e, HrBuf x, float deviations)
{
    HrOp op = hr_emit_begin(e, HR_OP_BEYOND, x);
    op.factor = deviations;
    return hr_emit_end(e, &op, hr_emit_cols(e, x));
}

HrBuf hr_emit_xielu(HrEmit *e, HrBuf x, const HrXielu *curve)
{
    HrOp op = hr_emit_begin(e, HR_OP_XIELU, x);
    op.xielu = *curve;
    return hr_emit_end(e, &op, hr_emit_cols(e, x));
}
