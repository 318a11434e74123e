/* test-adapter.c: LoRA adapters against the same products merged into the weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * W + factor * alpha / rank * B A is written over a copy of the base; its logits are what the
 * adapter must give at run time. Both are floats; what differs is the order of sums.
 */
#include "hr.h"
#include "tiny-model.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define N_VOCAB 300
#define N_PROMPT 90 /* over a page */
#define TOLERANCE 2e-4f

static const char *const targets[] = {"blk.0.attn_q.weight",   "blk.0.attn_v.weight",
                                      "blk.0.ffn_down.weight", "blk.1.attn_output.weight",
                                      "blk.1.ffn_gate.weight", "blk.1.ffn_up.weight",
                                      "output.weight"};

/* What the tests change about an adapter. */
typedef struct {
    guint32 seed;
    uint32_t rank;
    float alpha;
    HrType type;
    const char *arch, *kind; /* NULL: as it should be */
    const char *extra;       /* one more pair, for this tensor */
    uint32_t extra_in, extra_out;
    const char *without;     /* this tensor is left out */
} Spec;

static const Spec plain = {.seed = 3, .rank = 4, .alpha = 8, .type = HR_TYPE_F32};

static char *temporary(const char *name)
{
    g_autofree char *folder = g_dir_make_tmp("headroom-XXXXXX", NULL);
    return g_build_filename(folder, name, NULL);
}

static void discard(char *take_path)
{
    tiny_model_remove(take_path);
}

/* ---- Files ---- */

static float *random_floats(GRand *rand, size_t n, double scale)
{
    float *x = g_new(float, n);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)g_rand_double_range(rand, -scale, scale);
    return x;
}

static void put(GgufBuilder *builder, const Spec *spec, GRand *rand, const char *base,
                const char *part, uint64_t n_in, uint64_t n_out)
{
    g_autofree char *name = g_strconcat(base, part, NULL);
    g_autofree float *x = random_floats(rand, n_in * n_out, 0.25);
    if (!spec->without || !g_str_equal(spec->without, name))
        gguf_builder_tensor(builder, name, HR_TYPE_F32, 2, (uint64_t[]){n_in, n_out}, x);
}

static void put_pair(GgufBuilder *builder, const Spec *spec, GRand *rand, const char *base,
                     uint64_t n_in, uint64_t n_out)
{
    put(builder, spec, rand, base, ".lora_a", n_in, spec->rank);
    put(builder, spec, rand, base, ".lora_b", spec->rank, n_out);
}

static char *write_adapter(const Spec *spec, const HrModel *base)
{
    g_autoptr(GgufBuilder) builder = gguf_builder_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(spec->seed);
    char *path = temporary("adapter.gguf");
    gguf_builder_string(builder, "general.architecture", spec->arch ? spec->arch : "llama");
    gguf_builder_string(builder, "general.type", spec->kind ? spec->kind : "adapter");
    gguf_builder_string(builder, "adapter.type", "lora");
    gguf_builder_f32(builder, "adapter.lora.alpha", spec->alpha);
    for (size_t t = 0; t < G_N_ELEMENTS(targets); t++)
        for (size_t i = 0; i < hr_model_n_tensors(base); i++) {
            HrTensorInfo info = hr_model_tensor(base, i);
            if (g_str_equal(info.name, targets[t]))
                put_pair(builder, spec, rand, targets[t], info.dims[0], info.dims[1]);
        }
    if (spec->extra)
        put_pair(builder, spec, rand, spec->extra, spec->extra_in, spec->extra_out);
    gguf_builder_write(builder, path);
    return path;
}

/* Adds an adapter's products to a file's weights. */
static void merge(const char *path, const char *adapter_path, float factor)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize size, mapped;
    g_file_get_contents(path, &bytes, &size, &error);
    g_assert_no_error(error);
    g_autoptr(HrGguf) base = hr_gguf_open(path, NULL), adapter = hr_gguf_open(adapter_path, NULL);
    const char *start = hr_gguf_part_data(base, 0, &mapped);
    double alpha;
    g_assert_true(hr_gguf_get_float(adapter, "adapter.lora.alpha", &alpha));
    for (size_t i = 0; i < hr_gguf_n_tensors(adapter); i += 2) {
        const HrGgufTensor *a = hr_gguf_tensor(adapter, i), *b = hr_gguf_tensor(adapter, i + 1);
        g_autofree char *name = g_strndup(a->name, strlen(a->name) - strlen(".lora_a"));
        const HrGgufTensor *w = hr_gguf_find_tensor(base, name);
        const float *pa = hr_gguf_tensor_data(adapter, a), *pb = hr_gguf_tensor_data(adapter, b);
        float *pw = (float *)(void *)(bytes + ((const char *)hr_gguf_tensor_data(base, w) - start));
        uint64_t rank = a->dims[1], n_in = a->dims[0];
        for (uint64_t o = 0; o < b->dims[1]; o++)
            for (uint64_t k = 0; k < n_in; k++) {
                double sum = 0;
                for (uint64_t r = 0; r < rank; r++)
                    sum += (double)pb[o * rank + r] * pa[r * n_in + k];
                pw[o * n_in + k] += (float)(factor * (alpha > 0 ? alpha / (double)rank : 1) * sum);
            }
    }
    g_assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
}

static char *write_base(void)
{
    TinyModel tiny = tiny_model_default;
    tiny.tied = false;
    return tiny_model_new(&tiny);
}

/* ---- Asking ---- */

typedef struct {
    GMainLoop *loop;
    float logits[N_VOCAB];
    HrTimings timings;
    int *n_left;
} Answer;

static void take_logits(float *logits, size_t n_vocab, void *data)
{
    g_assert_cmpuint(n_vocab, ==, N_VOCAB);
    memcpy(((Answer *)data)->logits, logits, sizeof ((Answer *)data)->logits);
}

static void event_cb(const HrEvent *event, void *data)
{
    Answer *answer = data;
    if (event->kind != HR_EVENT_DONE)
        return;
    g_assert_cmpint(event->reason, !=, HR_DONE_ERROR);
    answer->timings = event->timings;
    if (--*answer->n_left == 0)
        g_main_loop_quit(answer->loop);
}

/* The logits behind the prompt for each of n sets of factors, all requests at once. */
static void ask(HrRunner *runner, const float *const *factors, Answer *answers, int n)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, false);
    HrToken prompt[N_PROMPT];
    int n_left = n;
    for (int i = 0; i < N_PROMPT; i++)
        prompt[i] = (HrToken)(i * 37 % 250);
    for (int i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        HrRequestOptions options = {.tokens = prompt,
                                    .n_tokens = N_PROMPT,
                                    .sampling = hr_sampling_default,
                                    .num_predict = 1,
                                    .top_logprobs = -1,
                                    .mask = take_logits,
                                    .mask_data = &answers[i],
                                    .adapters = factors[i]};
        answers[i] = (Answer){.loop = loop, .n_left = &n_left};
        g_autoptr(HrRequest) request G_GNUC_UNUSED =
            hr_runner_submit(runner, &options, g_main_context_default(), event_cb, &answers[i],
                             NULL, &error);
        g_assert_no_error(error);
    }
    g_main_loop_run(loop);
}

static HrRunner *run(HrModel *model, HrSettings settings)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    settings.kv_type = HR_KV_F32;
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    HrRunner *runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    return runner;
}

/* The logits of a file without adapters. */
static void ask_file(const char *path, Answer *answer)
{
    g_autoptr(HrModel) model = hr_model_open(path, NULL);
    g_autoptr(HrRunner) runner = run(model, (HrSettings){.threads = 2});
    ask(runner, (const float *const[]){NULL}, answer, 1);
}

static HrModel *open_with(const char *path, const char *const *adapters, size_t n)
{
    g_autoptr(GError) error = NULL;
    HrModel *model = hr_model_open(path, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < n; i++) {
        hr_model_add_adapter(model, adapters[i], &error);
        g_assert_no_error(error);
    }
    return model;
}

static float distance(const Answer *a, const Answer *b)
{
    float largest = 0, furthest = 0;
    for (int i = 0; i < N_VOCAB; i++) {
        largest = fmaxf(largest, fabsf(b->logits[i]));
        furthest = fmaxf(furthest, fabsf(a->logits[i] - b->logits[i]));
    }
    return furthest / largest;
}

/* ---- Tests ---- */

typedef struct {
    char *base, *adapters[2];
    Answer bare, merged[2], both; /* of the base, with either at 1, with both at 0.5 and -2 */
} Files;

static const Spec second = {.seed = 11, .rank = 7, .alpha = 0, .type = HR_TYPE_F32};

static void files_init(Files *f)
{
    f->base = write_base();
    g_autoptr(HrModel) model = hr_model_open(f->base, NULL);
    f->adapters[0] = write_adapter(&plain, model);
    f->adapters[1] = write_adapter(&second, model);
    ask_file(f->base, &f->bare);
    for (int i = 0; i < 2; i++) {
        char *copy = write_base();
        merge(copy, f->adapters[i], 1);
        ask_file(copy, &f->merged[i]);
        discard(copy);
    }
    char *copy = write_base();
    merge(copy, f->adapters[0], 0.5f);
    merge(copy, f->adapters[1], -2);
    ask_file(copy, &f->both);
    discard(copy);
    g_assert_cmpfloat(distance(&f->merged[0], &f->bare), >, 0.1f);
    g_assert_cmpfloat(distance(&f->merged[0], &f->merged[1]), >, 0.1f);
}

static void files_finish(Files *f)
{
    discard(f->base);
    discard(f->adapters[0]);
    discard(f->adapters[1]);
}

/* One after the other in one runner, then all in the same steps; and the same bits however they are
 * put together. */
static void test_merged(void)
{
    Files f;
    files_init(&f);
    static const float none[] = {0, 0}, first[] = {1, 0}, other[] = {0, 1}, mixed[] = {0.5f, -2};
    const float *const factors[] = {none, first, other, mixed};
    const Answer *const wanted[] = {&f.bare, &f.merged[0], &f.merged[1], &f.both};
    Answer alone[4], together[4];
    g_autoptr(HrModel) model = open_with(f.base, (const char *const *)f.adapters, 2);
    g_assert_cmpuint(hr_model_n_adapters(model), ==, 2);
    g_autoptr(HrRunner) single = run(model, (HrSettings){.threads = 2, .num_batch = 16});
    g_autoptr(HrRunner) many =
        run(model, (HrSettings){.threads = 2, .parallel = 4, .num_batch = 100});
    for (int i = 0; i < 4; i++) {
        ask(single, &factors[i], &alone[i], 1);
        g_assert_cmpfloat(distance(&alone[i], wanted[i]), <, TOLERANCE);
    }
    g_assert_cmpmem(alone[0].logits, sizeof alone[0].logits, f.bare.logits, sizeof f.bare.logits);
    ask(many, factors, together, 4);
    for (int i = 0; i < 4; i++)
        g_assert_cmpmem(together[i].logits, sizeof together[i].logits, alone[i].logits,
                        sizeof alone[i].logits);
    files_finish(&f);
}

/* What was computed with one adapter is no prefix for another, but is for itself. */
static void test_prefix(void)
{
    Files f;
    files_init(&f);
    static const float first[] = {1, 0}, other[] = {0, 1};
    const float *const a = first, *const b = other;
    Answer answer;
    g_autoptr(HrModel) model = open_with(f.base, (const char *const *)f.adapters, 2);
    g_autoptr(HrRunner) runner = run(model, (HrSettings){.threads = 2, .parallel = 2});
    ask(runner, &a, &answer, 1);
    g_assert_cmpuint(answer.timings.n_cached, ==, 0);
    ask(runner, &b, &answer, 1);
    g_assert_cmpuint(answer.timings.n_cached, ==, 0);
    g_assert_cmpfloat(distance(&answer, &f.merged[1]), <, TOLERANCE);
    ask(runner, &a, &answer, 1);
    g_assert_cmpuint(answer.timings.n_cached, ==, N_PROMPT - 1);
    g_assert_cmpfloat(distance(&answer, &f.merged[0]), <, TOLERANCE);
    files_finish(&f);
}

/* Counted, and taken as counted. */
static void test_plan(void)
{
    char *base = write_base();
    g_autoptr(HrModel) bare = hr_model_open(base, NULL);
    char *adapter = write_adapter(&plain, bare);
    g_autoptr(HrModel) model = open_with(base, (const char *const[]){adapter}, 1);
    g_autoptr(HrRunner) without = run(bare, (HrSettings){.threads = 1}),
                        with = run(model, (HrSettings){.threads = 1});
    HrPlan *plan = hr_runner_get_plan(with);
    HrRunnerStats stats;
    hr_runner_get_stats(with, &stats);
    uint64_t pairs =
        4 * 4ull * ((64 + 64) + (64 + 32) + (96 + 64) + (64 + 64) + 2 * (64 + 96) + (64 + 300));
    g_assert_cmpuint(hr_plan_get_bytes(plan, HR_ITEM_WEIGHTS) -
                         hr_plan_get_bytes(hr_runner_get_plan(without), HR_ITEM_WEIGHTS),
                     ==, pairs);
    g_assert_cmpuint(hr_plan_get_bytes(plan, HR_ITEM_COMPUTE) -
                         hr_plan_get_bytes(hr_runner_get_plan(without), HR_ITEM_COMPUTE),
                     ==, 512ull * 3 * 4 * 4);
    g_assert_cmpuint(hr_runner_n_allocations(with), ==, hr_plan_n_items(plan));
    for (int kind = 0; kind < HR_ITEM_N_KINDS; kind++)
        g_assert_cmpuint(stats.allocated[kind], ==, hr_plan_get_bytes(plan, (HrItemKind)kind));
    discard(base);
    discard(adapter);
}

static void test_refused(void)
{
    static const struct {
        Spec spec;
        const char *message;
    } cases[] = {
        {{.rank = 4, .alpha = 8, .arch = "qwen2"},
         "general.architecture is qwen2, the model's llama"},
        {{.rank = 4, .alpha = 8, .kind = "model"}, "general.type is model"},
        {{.rank = 4, .alpha = -1}, "adapter.lora.alpha"},
        {{.rank = 1025, .alpha = 8}, "lora_a has another rank"},
        {{.rank = 4, .alpha = 8, .extra = "blk.2.attn_q.weight", .extra_in = 64, .extra_out = 64},
         "blk.2.attn_q.weight.lora_a changes a tensor"},
        {{.rank = 4, .alpha = 8, .extra = "blk.1.attn_q.weight", .extra_in = 32, .extra_out = 64},
         "blk.1.attn_q.weight.lora_a does not fit"},
        {{.rank = 4, .alpha = 8, .extra = "blk.1.attn_q.weight", .extra_in = 64, .extra_out = 65},
         "blk.1.attn_q.weight.lora_b does not fit"},
        {{.rank = 4, .alpha = 8, .extra = "token_embd.weight", .extra_in = 64, .extra_out = 300},
         "changes the tensor token_embd.weight"},
        {{.rank = 4, .alpha = 8, .without = "blk.0.attn_q.weight.lora_b"},
         "blk.0.attn_q.weight.lora_a has no partner"},
    };
    char *base = write_base();
    g_autoptr(HrModel) model = hr_model_open(base, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        char *adapter = write_adapter(&cases[i].spec, model);
        g_assert_false(hr_model_add_adapter(model, adapter, &error));
        g_assert_nonnull(error);
        if (!strstr(error->message, cases[i].message))
            g_error("%s", error->message);
        g_assert_cmpuint(hr_model_n_adapters(model), ==, 0);
        discard(adapter);
    }
    g_autoptr(GError) error = NULL;
    g_assert_false(hr_model_add_adapter(model, base, &error)); /* a model is no adapter */
    g_assert_error(error, HR_ERROR, HR_ERROR_FORMAT);
    discard(base);
}

/* What changes experts is refused by the tensor's name. */
static void test_experts(void)
{
    TinyModel tiny = tiny_model_default;
    Spec spec = plain;
    g_autoptr(GError) error = NULL;
    tiny.experts = (TinyExperts){.n = 4, .n_used = 2, .n_ff = 32};
    spec.extra = "blk.0.ffn_up_exps.weight";
    spec.extra_in = 64;
    spec.extra_out = 32;
    char *base = tiny_model_new(&tiny);
    g_autoptr(HrModel) model = hr_model_open(base, &error);
    g_assert_no_error(error);
    char *adapter = write_adapter(&spec, model);
    g_assert_false(hr_model_add_adapter(model, adapter, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "blk.0.ffn_up_exps.weight.lora_a changes experts"));
    discard(adapter);
    discard(base);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/adapter/merged", test_merged);
    g_test_add_func("/adapter/prefix", test_prefix);
    g_test_add_func("/adapter/plan", test_plan);
    g_test_add_func("/adapter/refused", test_refused);
    g_test_add_func("/adapter/experts", test_experts);
    return g_test_run();
}
