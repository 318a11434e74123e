/* vision-support.c: see vision-support.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vision-support.h"

#include <stdio.h>

const TowerCase tower_cases[] = {
    {"llava15", "llama"},  {"llava16", "llama"},   {"granite", "granite"},
    {"gemma3", "gemma3"},  {"idefics3", "llama"},  {"pixtral", "llama"},
    {"mistral3", "llama"}, {"qwen2vl", "qwen2vl"}, {"qwen25vl", "qwen2vl"},
};
const size_t n_tower_cases = G_N_ELEMENTS(tower_cases);

char *tower_path(const char *name, const char *suffix)
{
    g_autofree char *file = g_strconcat(name, suffix, NULL);
    return g_build_filename(TOWERS, file, NULL);
}

HrVision *open_tower(const TowerCase *tower)
{
    g_autofree char *path = tower_path(tower->name, ".gguf");
    g_autoptr(GError) error = NULL;
    HrVision *vision = hr_vision_open(path, NULL, tower->arch, TOWER_N_OUT, &error);
    g_assert_no_error(error);
    return vision;
}

HrImage *read_ppm(const char *name)
{
    g_autofree char *path = tower_path(name, ".ppm");
    g_autoptr(GError) error = NULL;
    unsigned width, height;
    g_autofree char *data = NULL;
    gsize len;
    g_file_get_contents(path, &data, &len, &error);
    g_assert_no_error(error);
    g_assert_cmpint(sscanf(data, "P6 %u %u 255", &width, &height), ==, 2);
    HrImage *image = hr_image_new(width, height, &error);
    g_assert_no_error(error);
    memcpy(image->rgb, data + len - (size_t)width * height * 3, (size_t)width * height * 3);
    return image;
}

void test_encoder_init(TestEncoder *t, const HrVision *vision, uint32_t n_threads)
{
    const HrPlanItem *items[3] = {&t->items[0], &t->items[1], &t->items[2]};
    g_autoptr(GError) error = NULL;
    for (size_t i = 0; i < 3; i++)
        t->items[i] = (HrPlanItem){.kind = HR_ITEM_PROJECTOR, .name = "test", .layer = -1};
    hr_ledger_init(&t->ledger);
    hr_encoder_init(&t->encoder, vision, n_threads, &t->ledger, items, &error);
    g_assert_no_error(error);
}

void test_encoder_finish(TestEncoder *t)
{
    hr_encoder_finish(&t->encoder);
    hr_ledger_finish(&t->ledger);
}

uint32_t test_encoder_run(TestEncoder *t, HrSight *sight, int64_t slice_us)
{
    atomic_bool abort = false;
    bool done = false;
    uint32_t n = 0;
    hr_encoder_begin(&t->encoder, sight);
    for (; !done; n++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(
            hr_encoder_work(&t->encoder, g_get_monotonic_time() + slice_us, &abort, &done, &error));
        g_assert_no_error(error);
    }
    return n;
}
