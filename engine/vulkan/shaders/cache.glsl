// cache.glsl: where a position of a slot lies in a layer's pool; layouts are in kv/layout.h.
//
// SPDX-License-Identifier: GPL-3.0-or-later
layout(constant_id = 1) const uint KV_TYPE = 0; // HrKvType
const uint KV_F16 = 0, KV_F32 = 1, KV_Q8_0 = 2, KV_Q4_0 = 3, PAGE = 64, NO_PAGE = 0xffffffffu;

struct Pool {
    uint64_t base, pages; // of a page table for each slot
    uint entries, page_bytes, k_block_bytes, v_block_bytes, v_offset, dk, dv, pad;
};

uint64_t page_at(Pool pool, uint slot, uint position)
{
    uint page = U32(pool.pages).v[slot * pool.entries + position / PAGE];
    return pool.base + uint64_t(page) * pool.page_bytes;
}

uint64_t key_block(Pool pool, uint64_t page, uint head)
{
    return page + uint64_t(head) * pool.k_block_bytes;
}

uint64_t value_block(Pool pool, uint64_t page, uint head)
{
    return page + pool.v_offset + uint64_t(head) * pool.v_block_bytes;
}
