/* test-experts.c: the keys of mixtures of experts become typed fields, or an error that names the
 * key.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf-builder.h"
#include "model/hparams-experts.h"

#include <string.h>

typedef struct {
    const char *key;
    double number; /* negative: the key is left out */
    const char *message;
} Change;

/* The keys of a model with 64 experts in 8 groups, with one of them changed. */
static bool read_with(const Change *change, HrHparams *hp, GError **error)
{
    static const struct {
        const char *key;
        uint32_t value;
    } good[] = {
        {"block_count", 4},
        {"context_length", 512},
        {"embedding_length", 64},
        {"feed_forward_length", 96},
        {"attention.head_count", 4},
        {"expert_count", 64},
        {"expert_used_count", 6},
        {"expert_feed_forward_length", 32},
        {"expert_shared_count", 2},
        {"expert_group_count", 8},
        {"expert_group_used_count", 3},
        {"leading_dense_block_count", 1},
        {"expert_gating_func", 2},
        {"expert_weights_scale", 2},
    };
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *key = g_strconcat("deepseek2.", good[i].key, NULL);
        bool changed = change && g_str_equal(change->key, good[i].key);
        if (g_str_equal(good[i].key, "expert_weights_scale"))
            gguf_builder_f32(builder, key, changed ? (float)change->number : 2.5f);
        else if (!changed || change->number >= 0)
            gguf_builder_u32(builder, key, changed ? (uint32_t)change->number : good[i].value);
    }
    g_autoptr(GBytes) file = gguf_builder_finish(builder);
    g_autoptr(HrGguf) gguf =
        hr_gguf_open_memory(g_bytes_get_data(file, NULL), g_bytes_get_size(file), false, error);
    g_assert_nonnull(gguf);
    return hr_hparams_read(hp, gguf, "deepseek2", false, error);
}

static void test_read(void)
{
    g_autoptr(GError) error = NULL;
    HrHparams hp;
    g_assert_true(read_with(NULL, &hp, &error));
    g_assert_no_error(error);
    const HrExperts *x = &hp.experts;
    g_assert_cmpuint(x->n, ==, 64);
    g_assert_cmpuint(x->n_used, ==, 6);
    g_assert_cmpuint(x->n_ff, ==, 32);
    g_assert_cmpuint(x->n_ff_shared, ==, 64); /* two of 32 */
    g_assert_cmpuint(x->n_groups, ==, 8);
    g_assert_cmpuint(x->n_groups_used, ==, 3);
    g_assert_cmpint(x->scores, ==, HR_SCORES_SIGMOID);
    g_assert_cmpfloat(x->factor, ==, 2.5);
    g_assert_false(hr_has_experts(&hp, 0));
    g_assert_true(hr_has_experts(&hp, 1));
    hr_hparams_finish(&hp);
}

/* Keys that may be left out. */
static void test_defaults(void)
{
    HrHparams hp;
    g_assert_true(read_with(&(Change){"expert_feed_forward_length", 0, NULL}, &hp, NULL));
    g_assert_cmpuint(hp.experts.n_ff, ==, 96);
    hr_hparams_finish(&hp);
    g_assert_true(read_with(&(Change){"expert_group_count", 0, NULL}, &hp, NULL) ==
                  false); /* 3 of 1 groups */
    g_assert_true(read_with(&(Change){"expert_group_used_count", 0, NULL}, &hp, NULL));
    g_assert_cmpuint(hp.experts.n_groups_used, ==, 8);
    hr_hparams_finish(&hp);
    g_assert_true(read_with(&(Change){"expert_count", 0, NULL}, &hp, NULL));
    g_assert_cmpuint(hp.experts.n, ==, 0);
    g_assert_false(hr_has_experts(&hp, 1));
    hr_hparams_finish(&hp);
}

static const Change defects[] = {
    {"expert_count", 1e6, "deepseek2.expert_count is out of range"},
    {"expert_count", 1025, "deepseek2.expert_count is out of range"},
    {"expert_count", 5, "deepseek2.expert_used_count is more than expert_count"},
    {"expert_count", 63, "deepseek2.expert_group_count does not divide expert_count"},
    {"expert_used_count", 0, "deepseek2.expert_used_count is out of range"},
    {"expert_used_count", -1, "deepseek2.expert_used_count is missing"},
    {"expert_used_count", 65, "deepseek2.expert_used_count is more than expert_count"},
    {"expert_used_count", 1e6, "deepseek2.expert_used_count is out of range"},
    {"expert_used_count", 25,
     "deepseek2.expert_group_used_count leaves fewer experts than expert_used_count"},
    {"expert_group_used_count", 9,
     "deepseek2.expert_group_used_count is more than expert_group_count"},
    {"expert_group_count", 4e9, "deepseek2.expert_group_count is out of range"},
    {"expert_feed_forward_length", 4e9, "deepseek2.expert_feed_forward_length is out of range"},
    {"expert_feed_forward_length", 200000, "deepseek2.expert_feed_forward_length is out of range"},
    {"expert_shared_count", 1025, "deepseek2.expert_shared_count is out of range"},
    {"leading_dense_block_count", 4e9, "deepseek2.leading_dense_block_count is out of range"},
    {"expert_gating_func", 4, "deepseek2.expert_gating_func is out of range"},
    {"expert_weights_scale", -1, "deepseek2.expert_weights_scale is out of range"},
};

static void test_defect(gconstpointer data)
{
    const Change *change = data;
    g_autoptr(GError) error = NULL;
    HrHparams hp;
    g_assert_false(read_with(change, &hp, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_FORMAT);
    if (!strstr(error->message, change->message))
        g_error("“%s” does not say “%s”", error->message, change->message);
    g_assert_null(hp.layers);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/experts/read", test_read);
    g_test_add_func("/experts/defaults", test_defaults);
    for (size_t i = 0; i < G_N_ELEMENTS(defects); i++) {
        g_autofree char *name =
            g_strdup_printf("/experts/defect/%s/%.0f", defects[i].key, defects[i].number);
        g_test_add_data_func(name, &defects[i], test_defect);
    }
    return g_test_run();
}
