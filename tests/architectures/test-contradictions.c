/* test-contradictions.c: models whose metadata contradict themselves or their tensors: an error
 * that names the key or the tensor, no plan, and nothing loaded.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fixture.h"

#include <glib/gstdio.h>
#include <string.h>

/* A fixture with another line in place of the one that begins like it. */
typedef struct {
    const char *fixture, *line, *instead, *message;
} Defect;

static const Defect defects[] = {
    {"gemma3-dense", "u32s gemma3.attention.sliding_window_pattern",
     "u32s gemma3.attention.sliding_window_pattern 1 0 1",
     "gemma3.attention.sliding_window_pattern has not as many entries as there are layers"},
    {"gemma2-dense", "u32s gemma2.attention.sliding_window_pattern",
     "f32s gemma2.attention.sliding_window_pattern 1 0",
     "gemma2.attention.sliding_window_pattern is not a list of flags"},
    {"gemma2-dense", "u32 gemma2.attention.sliding_window ",
     "u32 gemma2.attention.sliding_window 257",
     "gemma2.attention.sliding_window is more than context_length"},
    {"gemma2-dense", "f32 gemma2.attn_logit_softcapping", "f32 gemma2.attn_logit_softcapping -5",
     "gemma2.attn_logit_softcapping is out of range"},
    {"gemma3-six", "f32 gemma3.rope.freq_base_swa", "f32 gemma3.rope.freq_base_swa 0",
     "gemma3.rope.freq_base_swa is out of range"},
    {"phi3-long", "tensor rope_factors_long.weight", "tensor rope_factors_long.weight 32",
     "Tensor rope_factors_long.weight is 32"},
    {"phi3-dense", "tensor blk.1.ffn_up.weight", "tensor blk.1.ffn_up.weight 256 640",
     "Tensor blk.1.ffn_up.weight is 256 x 640"},
    {"exaone-dense", "u32 exaone.feed_forward_length", "u32 exaone.feed_forward_length 400",
     "Tensor blk.0.ffn_gate.weight"},
    {"gpt2-dense", "u32 gpt2.context_length", "u32 gpt2.context_length 512",
     "Tensor position_embd.weight is 256 x 256"},
    {"mpt-plain", "f32 mpt.attention.clamp_kqv", "f32 mpt.attention.clamp_kqv -1",
     "mpt.attention.clamp_kqv is out of range"},
    {"jais-dense", "f32 jais.attention.max_alibi_bias",
     "string jais.attention.max_alibi_bias steep", "jais.attention.max_alibi_bias is not a number"},
    {"mistral3-yarn", "f32 mistral3.attention.temperature_scale",
     "f32 mistral3.attention.temperature_scale inf",
     "mistral3.attention.temperature_scale is out of range"},
    {"deci-replaced", "u32s deci.attention.head_count ", "u32s deci.attention.head_count 2",
     "deci.attention.head_count has fewer entries"},
    {"olmo2-dense", "tensor blk.0.post_ffw_norm.weight", "tensor blk.0.post_ffw_norm.weight 128",
     "Tensor blk.0.post_ffw_norm.weight is 128"},
    {"stablelm-dense", "tensor blk.0.attn_q_norm.weight", "tensor blk.0.attn_q_norm.weight 128 3",
     "Tensor blk.0.attn_q_norm.weight"},
    {"bloom-dense", "tensor token_embd_norm.weight", "tensor token_embd_norm.wait 256",
     "Tensor token_embd_norm.weight is missing"},
    /* Windows. */
    {"gpt-oss-moe", "u32 gpt-oss.attention.sliding_window ",
     "u32 gpt-oss.attention.sliding_window 300",
     "gpt-oss.attention.sliding_window is more than context_length"},
    {"laguna-moe", "u32 laguna.attention.sliding_window ",
     "u32 laguna.attention.sliding_window 4000000000",
     "laguna.attention.sliding_window is out of range"},
    {"laguna-moe", "u32 laguna.rope.dimension_count_swa", "u32 laguna.rope.dimension_count_swa 82",
     "laguna.rope.dimension_count_swa does not fit the head's width"},
    {"llama4-moe", "u32 llama4.attention.sliding_window ",
     "u32 llama4.attention.sliding_window 4000000000",
     "llama4.attention.sliding_window is out of range"},
    {"maple-moe", "f32s maple.swiglu_clamp_exp", "f32s maple.swiglu_clamp_exp 7 8",
     "maple.swiglu_clamp_exp differs between layers"},
    {"maple-moe", "f32s maple.swiglu_clamp_exp", "f32s maple.swiglu_clamp_exp -7 -7",
     "maple.swiglu_clamp_exp is out of range"},
    /* Experts. */
    {"gpt-oss-moe", "u32 gpt-oss.expert_count", "u32 gpt-oss.expert_count 0",
     "gpt-oss.expert_count is missing or 0"},
    {"kimi-linear-moe", "u32 kimi-linear.expert_count", "u32 kimi-linear.expert_count 1000000",
     "kimi-linear.expert_count is out of range"},
    {"laguna-moe", "u32 laguna.expert_used_count", "u32 laguna.expert_used_count 3",
     "laguna.expert_used_count is more than expert_count"},
    {"dbrx-moe", "u32 dbrx.expert_count", "u32 dbrx.expert_count 3",
     "Tensor blk.0.ffn_gate_inp.weight is 256 x 2"},
    {"mimo2-moe", "u32 mimo2.expert_feed_forward_length",
     "u32 mimo2.expert_feed_forward_length 400", "Tensor blk.0.ffn_gate_exps.weight is 256 x 384"},
    /* Latent attention. */
    {"deepseek2-moe", "u32 deepseek2.attention.kv_lora_rank",
     "u32 deepseek2.attention.kv_lora_rank 0", "deepseek2.attention.kv_lora_rank is out of range"},
    {"deepseek2-moe", "u32 deepseek2.attention.q_lora_rank",
     "u32 deepseek2.attention.q_lora_rank 4000000000",
     "deepseek2.attention.q_lora_rank is out of range"},
    {"deepseek2-moe", "u32 deepseek2.attention.key_length_mla",
     "u32 deepseek2.attention.key_length_mla 64",
     "deepseek2.rope.dimension_count leaves nothing of a key unturned"},
    {"minicpm3-dense", "u32 minicpm3.attention.kv_lora_rank",
     "u32 minicpm3.attention.kv_lora_rank 511", "Tensor blk.0.attn_kv_a_mqa.weight is 256 x 640"},
    /* Recurrent layers. */
    {"falcon-h1-dense", "u32 falcon-h1.ssm.inner_size", "u32 falcon-h1.ssm.inner_size 4000000000",
     "falcon-h1.ssm.inner_size is out of range"},
    {"falcon-h1-dense", "u32 falcon-h1.ssm.inner_size", "u32 falcon-h1.ssm.inner_size 511",
     "falcon-h1.ssm.time_step_rank does not fit ssm.inner_size"},
    {"falcon-h1-dense", "u32 falcon-h1.ssm.group_count", "u32 falcon-h1.ssm.group_count 0",
     "falcon-h1.ssm.group_count is out of range"},
    {"mamba2-dense", "u32 mamba2.ssm.group_count", "u32 mamba2.ssm.group_count 3",
     "mamba2.ssm.group_count does not divide ssm.time_step_rank"},
    {"mamba2-dense", "u32 mamba2.ssm.conv_kernel", "u32 mamba2.ssm.conv_kernel 1000000",
     "mamba2.ssm.conv_kernel is out of range"},
    {"mamba2-dense", "u32 mamba2.ssm.conv_kernel", "u32 mamba2.ssm.conv_kernel 5",
     "Tensor blk.0.ssm_conv1d.weight"},
    {"mamba-dense", "u32 mamba.ssm.state_size", "u32 mamba.ssm.state_size 1000000",
     "mamba.ssm.state_size is out of range"},
    {"mamba-dense", "u32 mamba.ssm.time_step_rank", "u32 mamba.ssm.time_step_rank 0",
     "mamba.ssm.time_step_rank is out of range"},
    {"jamba-dense", "u32 jamba.ssm.state_size", "u32 jamba.ssm.state_size 127",
     "Tensor blk.1.ssm_x.weight is 512 x 258"},
    {"nemotron_h_moe-moe", "u32 nemotron_h_moe.ssm.time_step_rank",
     "u32 nemotron_h_moe.ssm.time_step_rank 4000000000",
     "nemotron_h_moe.ssm.time_step_rank is out of range"},
    {"plamo2-dense", "u32 plamo2.ssm.inner_size", "u32 plamo2.ssm.inner_size 0",
     "plamo2.ssm.inner_size is out of range"},
    {"qwen35-dense", "u32 qwen35.ssm.state_size", "u32 qwen35.ssm.state_size 4096",
     "qwen35.ssm.state_size is out of range"},
    {"qwen35-dense", "u32 qwen35.ssm.time_step_rank", "u32 qwen35.ssm.time_step_rank 3",
     "qwen35.ssm.time_step_rank does not fit ssm.inner_size"},
    {"lfm2-dense", "u32 lfm2.shortconv.l_cache", "u32 lfm2.shortconv.l_cache 1000000",
     "lfm2.shortconv.l_cache is out of range"},
    {"lfm2-dense", "u32 lfm2.shortconv.l_cache", "u32 lfm2.shortconv.l_cache 0",
     "lfm2.shortconv.l_cache is out of range"},
    {"kimi-linear-moe", "u32 kimi-linear.kda.head_dim", "u32 kimi-linear.kda.head_dim 4096",
     "kimi-linear.kda.head_dim is out of range"},
    {"kimi-linear-moe", "u32s kimi-linear.attention.head_count_kv",
     "u32s kimi-linear.attention.head_count_kv 0 0",
     "kimi-linear.attention.head_count_kv leaves no layer that attends"},
    {"k2-horizon-dense", "u32 k2-horizon.attention.group_norm_groups",
     "u32 k2-horizon.attention.group_norm_groups 7",
     "k2-horizon.attention.group_norm_groups does not divide embedding_length"},
    {"k2-horizon-moe", "u32 k2-horizon.attention.value_expert_used_count",
     "u32 k2-horizon.attention.value_expert_used_count 3",
     "k2-horizon.attention.value_expert_used_count is 0 or more than value_expert_count"},
    {"minimax-01-moe", "u32s minimax-01.attention.recurrent_layers",
     "u32s minimax-01.attention.recurrent_layers 1",
     "minimax-01.attention.recurrent_layers has not as many entries as there are layers"},
    {"bailingmoe3-moe", "f32 bailingmoe3.kda.gate_lower_bound",
     "f32 bailingmoe3.kda.gate_lower_bound 0", "bailingmoe3.kda.gate_lower_bound is missing or 0"},
    /* Layers that see others' keys and values, streams, curves. */
    {"gemma4-small", "u32 gemma4.attention.shared_kv_layers",
     "u32 gemma4.attention.shared_kv_layers 6",
     "gemma4.attention.shared_kv_layers is out of range"},
    {"gemma4-small", "u32 gemma4.attention.shared_kv_layers",
     "u32 gemma4.attention.shared_kv_layers 5",
     "gemma4.attention.shared_kv_layers leaves a layer without keys and values to see"},
    {"gemma4-small", "u32 gemma4.attention.key_length_swa",
     "u32 gemma4.attention.key_length_swa 128",
     "gemma4.attention.key_length_swa is out of range"},
    {"gemma4-small", "u32 gemma4.embedding_length_per_layer_input",
     "u32 gemma4.embedding_length_per_layer_input 33",
     "Tensor per_layer_token_embd.weight is 192 x 128"},
    {"gemma4-moe", "tensor blk.0.ffn_gate_inp.scale", "tensor blk.0.ffn_gate_inp.scale 6",
     "Tensor blk.0.ffn_gate_inp.scale is 6"},
    {"gemma3n-transformers", "u32 gemma3n.altup.num_inputs", "u32 gemma3n.altup.num_inputs 1",
     "gemma3n.altup.num_inputs is out of range"},
    {"gemma3n-transformers", "u32 gemma3n.altup.num_inputs", "u32 gemma3n.altup.num_inputs 5",
     "Tensor altup_proj.weight is 64 x 64 x 2"},
    {"gemma3n-transformers", "u32 gemma3n.altup.active_idx", "u32 gemma3n.altup.active_idx 1",
     "gemma3n.altup.active_idx is not 0"},
    {"gemma3n-transformers", "f32s gemma3n.activation_sparsity_scale",
     "f32s gemma3n.activation_sparsity_scale 1 2",
     "gemma3n.activation_sparsity_scale has fewer entries than there are layers"},
    {"apertus-dense", "f32s xielu.beta", "f32s xielu.beta 0.5",
     "xielu.beta has fewer entries than there are layers"},
    {"apertus-dense", "f32s xielu.eps", "f32s xielu.eps nan nan", "xielu.eps is out of range"},
    {"step35-moe", "f32s step35.swiglu_clamp_exp", "f32s step35.swiglu_clamp_exp 0 0 0.1 2",
     "step35.swiglu_clamp_exp is out of range"},
    {"grovemoe-retold", "u32 grovemoe.experts_per_group", "u32 grovemoe.experts_per_group 3",
     "grovemoe.experts_per_group does not divide expert_count"},
    {"maion-coder-moe", "u32 maion-coder.moe_latent_size", "u32 maion-coder.moe_latent_size 0",
     "maion-coder.moe_latent_size is out of range"},
    {"maion-coder-moe", "u32s maion-coder.expert_feed_forward_length",
     "u32s maion-coder.expert_feed_forward_length 384 192",
     "maion-coder.expert_feed_forward_length has fewer entries than there are layers"},
};

static char *changed(const Defect *d)
{
    g_autofree char *name = g_strconcat(d->fixture, ".txt", NULL),
                    *path = g_test_build_filename(G_TEST_DIST, "fixtures", name, NULL);
    g_autofree char *text = NULL;
    int n = 0;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i]; i++)
        if (g_str_has_prefix(lines[i], d->line)) {
            g_free(lines[i]);
            lines[i] = g_strdup(d->instead);
            n++;
        }
    g_assert_cmpint(n, ==, 1);
    return g_strjoinv("\n", lines);
}

/* Without a plan there is no runner, and so no memory that a model takes. */
static void assert_no_plan(HrModel *model, const char *message)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    HrSettings settings = {.num_ctx = 128, .parallel = 1};
    g_assert_null(hr_plan_new(model, &settings, &device, 1, &error));
    g_assert_cmpstr(error->message, ==, message);
}

/* Nothing is loaded, and the sentence names the key or the tensor. */
static void test_defect(gconstpointer data)
{
    const Defect *d = data;
    g_autofree char *text = changed(d),
                    *folder = g_dir_make_tmp("headroom-architecture-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "model.gguf", NULL);
    g_autoptr(GError) error = NULL;
    fixture_write_model(text, file);
    g_autoptr(HrModel) model = hr_model_open(file, &error);
    g_assert_no_error(error);
    g_assert_false(hr_model_is_runnable(model, &error));
    if (!strstr(error->message, d->message))
        g_error("“%s” does not say “%s”", error->message, d->message);
    assert_no_plan(model, error->message);
    g_unlink(file);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(defects); i++) {
        g_autofree char *test =
            g_strdup_printf("/contradictions/%zu-%s", i, defects[i].fixture);
        g_test_add_data_func(test, &defects[i], test_defect);
    }
    return g_test_run();
}
