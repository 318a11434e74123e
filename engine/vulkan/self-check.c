/* self-check.c: see self-check.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tolerances: floats added in another order, and the few ulp that Vulkan allows exp and division,
 * stay below 1e-5 of the sizes that are added; whatever is wrong is far beyond that.
 */
#include "vulkan/self-check.h"

#include "cpu/half.h"
#include "cpu/linear.h"
#include "vulkan/params.h"

#include <math.h>
#include <string.h>

#define MEMORY_BYTES (1u << 20) /* for everything that one check puts there */
#define TOLERANCE 1e-4f
#define LANES 64

typedef struct {
    HrVkDevice *device;
    HrVkPipelines *pipelines;
    HrVkBuffer memory; /* that the host sees */
    uint64_t used;
} Check;

static HrVkAddress put(Check *c, const void *data, size_t bytes)
{
    HrVkAddress at = c->memory.address + c->used;
    g_assert(c->used + bytes <= MEMORY_BYTES);
    if (data)
        memcpy((char *)c->memory.mapped + c->used, data, bytes);
    else
        memset((char *)c->memory.mapped + c->used, 0, bytes);
    c->used += (bytes + 63) / 64 * 64;
    return at;
}

static const float *floats_at(const Check *c, HrVkAddress at)
{
    return (const float *)(const void *)((const char *)c->memory.mapped + (at - c->memory.address));
}

static bool compute(Check *c, const HrVkVariant *variant, const void *params, size_t bytes,
                    uint32_t groups_x, uint32_t groups_y, GError **error)
{
    const HrVkApi *api = &c->device->api;
    HrVkAddress at = put(c, params, bytes);
    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkPipeline pipeline;
    if (!hr_vk_pipelines_get(c->pipelines, variant, &pipeline, error) ||
        !hr_vk_commands_begin(c->device, &commands, error))
        return false;
    api->CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    api->CmdPushConstants(commands, c->pipelines->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof at,
                          &at);
    api->CmdDispatch(commands, groups_x, groups_y, 1);
    hr_vk_commands_barrier(c->device, commands);
    bool ok = hr_vk_commands_end(c->device, commands, error) &&
              hr_vk_device_run(c->device, &commands, 1, error);
    hr_vk_commands_free(c->device, &commands);
    return ok;
}

/* Numbers between -1 and 1, each a function of its place. */
static void make_numbers(float *x, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(((uint32_t)i * 2654435761u + seed * 40503u) >> 16 & 0x7ff) / 1023.5f - 1;
}

/* NaN is not close to anything. */
static bool is_close(float got, double want, double size)
{
    return fabs(got - want) <= TOLERANCE * (size + 1);
}

static bool wrong(const char *what, GError **error)
{
    g_set_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED, "it computes %s wrongly", what);
    return false;
}

/* ---- Products: a type of each family of blocks ---- */

enum { N_IN = 512, N_OUT = 5, N_ROWS = 3 };

typedef struct {
    HrType type;
    uint8_t scales[2], n_scales; /* where halves of a block are that scale it */
    const char *what;
} Family;

static const Family families[] = {
    {HR_TYPE_F32, {0}, 0, "products with F32 weights"},
    {HR_TYPE_F16, {0}, 0, "products with F16 weights"},
    {HR_TYPE_Q4_0, {0}, 1, "products with Q4_0 weights"},
    {HR_TYPE_Q8_0, {0}, 1, "products with Q8_0 weights"},
    {HR_TYPE_Q4_K, {0, 2}, 2, "products with Q4_K weights"},
    {HR_TYPE_Q6_K, {208}, 1, "products with Q6_K weights"},
    {HR_TYPE_MXFP4, {0}, 0, "products with MXFP4 weights"},
};

static void make_weights(const Family *f, uint8_t *w, size_t bytes)
{
    size_t block = hr_type_traits(f->type)->block_bytes;
    for (size_t i = 0; i < bytes; i++)
        w[i] = (uint8_t)((i * 2654435761u + i / 251) >> 9);
    for (size_t at = 0; at < bytes; at += block) {
        float number = (float)(at % 97) / 50 - 0.9f;
        uint16_t half = hr_float_to_half(number), scale = hr_float_to_half(0.004f);
        for (uint32_t s = 0; s < f->n_scales; s++)
            memcpy(w + at + f->scales[s], &scale, sizeof scale);
        if (f->type == HR_TYPE_F32)
            memcpy(w + at, &number, sizeof number);
        else if (f->type == HR_TYPE_F16)
            memcpy(w + at, &half, sizeof half);
        else if (f->type == HR_TYPE_MXFP4)
            w[at] = 120;
    }
}

static bool compare_product(const Check *c, const Family *f, const uint8_t *w, size_t row_bytes,
                            const float *x, HrVkAddress y, GError **error)
{
    float row[N_IN];
    for (uint32_t o = 0; o < N_OUT; o++) {
        hr_dequantize(f->type, w + o * row_bytes, row, N_IN);
        for (uint32_t r = 0; r < N_ROWS; r++) {
            double sum = 0, size = 0;
            for (uint32_t i = 0; i < N_IN; i++) {
                sum += (double)row[i] * x[r * N_IN + i];
                size += fabs((double)row[i] * x[r * N_IN + i]);
            }
            if (!is_close(floats_at(c, y)[r * N_OUT + o], sum, size / 10))
                return wrong(f->what, error);
        }
    }
    return true;
}

/* In tiles, or column by column. */
static bool check_product(Check *c, const Family *f, bool tiles, GError **error)
{
    const HrTypeTraits *traits = hr_type_traits(f->type);
    size_t row_bytes = N_IN / traits->block * traits->block_bytes;
    const uint32_t counts[2] = {N_ROWS, 0}, columns = 4;
    uint8_t w[N_IN * N_OUT * sizeof(float)];
    float x[N_IN * N_ROWS];
    make_weights(f, w, row_bytes * N_OUT);
    make_numbers(x, G_N_ELEMENTS(x), 1);
    HrVkAddress y = put(c, NULL, N_ROWS * N_OUT * sizeof(float));
    const HrVkLinear p = {.counts = put(c, counts, sizeof counts),
                          .x = put(c, x, sizeof x),
                          .parts = {{.weight = put(c, w, row_bytes * N_OUT),
                                     .y = y,
                                     .n_out = N_OUT,
                                     .row_bytes = (uint32_t)row_bytes}},
                          .n_parts = 1,
                          .n_in = N_IN,
                          .factor = 1};
    const HrVkVariant few = {HR_VK_LINEAR, {LANES, f->type, 2, columns, false, false}},
                      many = {HR_VK_LINEAR_TILE, {0, f->type, 1, false}};
    return compute(c, tiles ? &many : &few, &p, sizeof p, tiles ? 1 : (N_OUT + 1) / 2, 1, error) &&
           compare_product(c, f, w, row_bytes, x, y, error);
}

/* ---- A norm ---- */

static bool check_norm(Check *c, GError **error)
{
    enum { COLS = 200 };
    const uint32_t counts[2] = {1, 1};
    float x[COLS], factors[COLS];
    double squares = 0;
    make_numbers(x, COLS, 3);
    make_numbers(factors, COLS, 4);
    HrVkAddress y = put(c, NULL, sizeof x);
    const HrVkRmsNorm p = {.counts = put(c, counts, sizeof counts),
                           .x = put(c, x, sizeof x),
                           .weight = put(c, factors, sizeof factors),
                           .y = y,
                           .cols = COLS,
                           .width = COLS,
                           .eps = 1e-5f};
    const HrVkVariant v = {HR_VK_RMS_NORM, {2 * LANES}};
    if (!compute(c, &v, &p, sizeof p, 1, 1, error))
        return false;
    for (uint32_t i = 0; i < COLS; i++)
        squares += (double)x[i] * x[i];
    for (uint32_t i = 0; i < COLS; i++)
        if (!is_close(floats_at(c, y)[i], x[i] / sqrt(squares / COLS + 1e-5) * factors[i], 0))
            return wrong("norms", error);
    return true;
}

/* ---- Attention of two tokens to what they have just stored, in a cache of half floats ---- */

enum { WIDTH = 64, PAGE = 64, TOKENS = 2 };

typedef struct {
    float q[TOKENS * WIDTH], k[TOKENS * WIDTH], v[TOKENS * WIDTH];
} Heads;

static void attend(const Heads *h, uint32_t token, double y[WIDTH])
{
    double weights[TOKENS], sum = 0;
    for (uint32_t j = 0; j <= token; j++) {
        double score = 0;
        for (uint32_t d = 0; d < WIDTH; d++)
            score += (double)h->q[token * WIDTH + d] *
                     hr_half_to_float(hr_float_to_half(h->k[j * WIDTH + d]));
        sum += weights[j] = exp(score / 8);
    }
    for (uint32_t d = 0; d < WIDTH; d++) {
        y[d] = 0;
        for (uint32_t j = 0; j <= token; j++)
            y[d] += weights[j] / sum * hr_half_to_float(hr_float_to_half(h->v[j * WIDTH + d]));
    }
}

static bool check_attention(Check *c, GError **error)
{
    const uint32_t counts[2] = {TOKENS, 0}, positions[TOKENS] = {0, 1}, seen[TOKENS] = {1, 2},
                   slots[TOKENS] = {0}, page = 0, block = WIDTH * PAGE * 2;
    Heads h;
    make_numbers((float *)&h, sizeof h / sizeof(float), 5);
    HrVkAddress at_counts = put(c, counts, sizeof counts), q = put(c, h.q, sizeof h.q),
                at = put(c, positions, sizeof positions), in = put(c, slots, sizeof slots),
                y = put(c, NULL, sizeof h.q);
    const HrVkPool pool = {.base = put(c, NULL, 2 * block),
                           .pages = put(c, &page, sizeof page),
                           .entries = 1,
                           .page_bytes = 2 * block,
                           .k_block_bytes = block,
                           .v_block_bytes = block,
                           .v_offset = block,
                           .dk = WIDTH,
                           .dv = WIDTH};
    const HrVkRopeStore store = {.counts = at_counts,
                                 .q = q,
                                 .k = put(c, h.k, sizeof h.k),
                                 .v = put(c, h.v, sizeof h.v),
                                 .positions = at,
                                 .slots = in,
                                 .pool = pool,
                                 .n_head = 1,
                                 .n_head_kv = 1};
    const HrVkAttention attention = {.counts = at_counts,
                                     .q = q,
                                     .y = y,
                                     .positions = at,
                                     .seen = put(c, seen, sizeof seen),
                                     .slots = in,
                                     .pool = pool,
                                     .n_head = 1,
                                     .group = 1,
                                     .pieces = 1,
                                     .scale = 0.125f};
    const HrVkVariant stores = {HR_VK_ROPE_STORE, {LANES, HR_KV_F16, false, false, WIDTH}},
                      attends = {HR_VK_ATTENTION,
                                 {LANES, HR_KV_F16, 1, WIDTH, WIDTH, false, 1, WIDTH}};
    if (!compute(c, &stores, &store, sizeof store, 2, TOKENS, error) ||
        !compute(c, &attends, &attention, sizeof attention, 1, TOKENS, error))
        return false;
    for (uint32_t t = 0; t < TOKENS; t++) {
        double want[WIDTH];
        attend(&h, t, want);
        for (uint32_t d = 0; d < WIDTH; d++)
            if (!is_close(floats_at(c, y)[t * WIDTH + d], want[d], 0))
                return wrong("attention", error);
    }
    return true;
}

/* ---- All of it ---- */

bool hr_vk_self_check(HrVkDevice *device, HrVkPipelines *pipelines, GError **error)
{
    Check c = {device, pipelines};
    if (!hr_vk_buffer_init(&c.memory, device, HR_VK_READBACK, MEMORY_BYTES, "self-check", error))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < G_N_ELEMENTS(families); i++)
        ok = check_product(&c, &families[i], false, error) &&
             check_product(&c, &families[i], true, error);
    ok = ok && check_norm(&c, error) && check_attention(&c, error);
    hr_vk_buffer_finish(&c.memory, device);
    return ok;
}

/* ---- Once ---- */

char *hr_vk_self_check_path(const HrGpu *gpu)
{
    g_autofree char *pipelines = hr_vk_pipelines_path(gpu);
    return g_strconcat(pipelines, ".checked", NULL);
}

/* True if the file says what came of these shaders; ret_why: "" if nothing is wrong. */
static bool recall(const char *path, const char *mark, char **ret_why)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    g_auto(GStrv) lines = g_strsplit(text, "\n", 3);
    if (g_strv_length(lines) < 2 || strcmp(lines[0], mark) != 0)
        return false;
    *ret_why = g_strdup(lines[1]);
    return true;
}

static void remember(const char *path, const char *mark, const char *why)
{
    g_autofree char *folder = g_path_get_dirname(path),
                    *text = g_strdup_printf("%s\n%s\n", mark, why);
    if (g_mkdir_with_parents(folder, 0700) == 0)
        g_file_set_contents(path, text, -1, NULL);
}

bool hr_vk_self_check_once(HrVkDevice *device, HrVkPipelines *pipelines, const char *path,
                           GError **error)
{
    g_autofree char *mark = hr_vk_shaders_mark(), *why = NULL;
    g_autoptr(GError) found = NULL;
    if (recall(path, mark, &why)) {
        if (why[0] != '\0')
            g_set_error_literal(error, HR_ERROR, HR_ERROR_UNSUPPORTED, why);
        return why[0] == '\0';
    }
    bool ok = hr_vk_self_check(device, pipelines, &found);
    if (ok ||
        g_error_matches(found, HR_ERROR, HR_ERROR_UNSUPPORTED)) /* not that memory was short */
        remember(path, mark, ok ? "" : found->message);
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&found));
    return ok;
}
