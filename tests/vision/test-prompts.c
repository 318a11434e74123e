/* test-prompts.c: images in prompts: what follows them against the programs that models come from
 * (write-prompts.py), whatever the batches; what is kept of a prompt; several at once; cancelling;
 * plans; and what is refused.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Matrices are F16, so activations stay floats; the cache is F32. The tower and the layers leave a
 * relative error of about 1e-6; positions or masks that were wrong would show as 1e-1.
 */
#include "vision-support.h"

#include "model/model.h"
#include "plan/plan.h"
#include "vision/places.h"

#include <math.h>

#define TOLERANCE 2e-5

typedef struct {
    const char *name;
    HrModel *model;
    HrRunner *runner;
    GArray *tokens;
    HrSights *sights;
} Scene;

/* ---- Setting up ---- */

static HrModel *open_model(const char *name)
{
    g_autofree char *text = g_strconcat(name, "-text", NULL), *path = tower_path(text, ".gguf"),
                    *projector = tower_path(name, ".gguf");
    g_autoptr(GError) error = NULL;
    HrModel *model = hr_model_open_with_projector(path, projector, &error);
    g_assert_no_error(error);
    hr_model_is_runnable(model, &error);
    g_assert_no_error(error);
    return model;
}

static HrRunner *load(HrModel *model, uint32_t num_batch, uint32_t parallel)
{
    HrDevice device = {.name = "CPU", .total = UINT64_C(1) << 40, .free = UINT64_C(1) << 40};
    HrSettings settings = {.num_ctx = 128,
                           .parallel = parallel,
                           .num_batch = num_batch,
                           .kv_type = HR_KV_F32,
                           .threads = 2};
    g_autoptr(GError) error = NULL;
    g_autoptr(HrPlan) plan = hr_plan_new(model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    HrRunner *runner = hr_runner_new(model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    return runner;
}

/* The fixture's prompt, its rows marked with what stands for the image. */
static GArray *prompt_of(const char *name, const HrSight *sight)
{
    g_autofree char *path = tower_path(name, ".ids"), *data = NULL;
    GArray *tokens = g_array_new(false, false, sizeof(HrToken));
    gsize len;
    uint32_t row = 0;
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    g_array_append_vals(tokens, data, (guint)(len / sizeof(HrToken)));
    for (guint i = 0; i < tokens->len; i++)
        if (g_array_index(tokens, HrToken, i) < 0)
            g_array_index(tokens, HrToken, i) = sight->marks[row++];
    g_assert_cmpuint(row, ==, sight->n_rows);
    return tokens;
}

static void scene_init(Scene *scene, const char *name, uint32_t num_batch, uint32_t parallel)
{
    g_autoptr(HrImage) image = read_ppm(name);
    g_autoptr(GError) error = NULL;
    scene->name = name;
    scene->model = open_model(name);
    scene->runner = load(scene->model, num_batch, parallel);
    scene->sights = hr_sights_new(scene->model, &image, 1, &error);
    g_assert_no_error(error);
    scene->tokens = prompt_of(name, g_ptr_array_index(scene->sights->list, 0));
}

static void scene_clear(Scene *scene)
{
    hr_runner_free(scene->runner);
    hr_sights_unref(scene->sights);
    hr_model_unref(scene->model);
    g_array_unref(scene->tokens);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, scene_clear)

/* ---- Asking ---- */

typedef struct {
    GMutex lock;
    GCond told;
    bool done;
    HrDoneReason reason;
    GError *error;
    HrTimings timings;
    float *logits; /* of the first draw */
    size_t n_logits;
    GArray *drawn;
} Reply;

static void note_logits(float *logits, size_t n, void *data)
{
    Reply *reply = data;
    if (reply->logits)
        return;
    reply->logits = g_memdup2(logits, n * sizeof *logits);
    reply->n_logits = n;
}

static void hear(const HrEvent *event, void *data)
{
    Reply *reply = data;
    if (event->kind == HR_EVENT_TOKEN)
        g_array_append_val(reply->drawn, event->token);
    if (event->kind != HR_EVENT_DONE)
        return;
    g_mutex_lock(&reply->lock);
    reply->done = true;
    reply->reason = event->reason;
    reply->error = event->error ? g_error_copy(event->error) : NULL;
    reply->timings = event->timings;
    g_cond_signal(&reply->told);
    g_mutex_unlock(&reply->lock);
}

static HrRequest *ask(Scene *scene, Reply *reply, const GArray *tokens, HrSights *sights,
                      GError **error)
{
    HrRequestOptions options = {.tokens = (const HrToken *)tokens->data,
                                .n_tokens = tokens->len,
                                .sampling = hr_sampling_default,
                                .num_predict = 5,
                                .top_logprobs = -1,
                                .ignore_eos = true,
                                .mask = note_logits,
                                .mask_data = reply,
                                .sights = sights};
    options.sampling.temperature = 0;
    *reply = (Reply){.drawn = g_array_new(false, false, sizeof(HrToken))};
    g_mutex_init(&reply->lock);
    g_cond_init(&reply->told);
    return hr_runner_submit(scene->runner, &options, NULL, hear, reply, NULL, error);
}

static void wait_for(Reply *reply)
{
    g_mutex_lock(&reply->lock);
    while (!reply->done)
        g_cond_wait(&reply->told, &reply->lock);
    g_mutex_unlock(&reply->lock);
}

static void reply_clear(Reply *reply)
{
    g_free(reply->logits);
    g_array_unref(reply->drawn);
    g_clear_error(&reply->error);
    g_mutex_clear(&reply->lock);
    g_cond_clear(&reply->told);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reply, reply_clear)

static void ask_and_wait(Scene *scene, Reply *reply)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrRequest) request G_GNUC_UNUSED =
        ask(scene, reply, scene->tokens, scene->sights, &error);
    g_assert_no_error(error);
    wait_for(reply);
    g_assert_no_error(reply->error);
    g_assert_cmpuint(reply->drawn->len, ==, 5);
}

static double distance_to_original(const Scene *scene, const Reply *reply)
{
    g_autofree char *path = tower_path(scene->name, ".logits"), *data = NULL;
    double apart = 0, total = 0;
    gsize len;
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    g_assert_cmpuint(len, ==, reply->n_logits * sizeof(float));
    for (size_t i = 0; i < reply->n_logits; i++) {
        double want = ((const float *)data)[i], have = reply->logits[i];
        apart += (want - have) * (want - have);
        total += want * want;
    }
    return sqrt(apart / total);
}

/* ---- What follows an image ---- */

static void test_original(gconstpointer data)
{
    static const uint32_t batches[] = {1, 7, 64};
    for (size_t i = 0; i < G_N_ELEMENTS(batches); i++) {
        g_auto(Scene) scene = {0};
        g_auto(Reply) reply = {0};
        scene_init(&scene, data, batches[i], 1);
        ask_and_wait(&scene, &reply);
        double apart = distance_to_original(&scene, &reply);
        g_test_message("%s in batches of %u: relative error %.2g", scene.name, batches[i], apart);
        g_assert_cmpfloat(apart, <, TOLERANCE);
    }
}

/* The same question again reads one token; another image in its place is another prompt, and none
 * is cut in the middle. */
static void test_prefix(gconstpointer data)
{
    g_auto(Scene) scene = {0};
    g_auto(Reply) first = {0}, second = {0}, other = {0};
    scene_init(&scene, data, 64, 1);
    ask_and_wait(&scene, &first);
    ask_and_wait(&scene, &second);
    g_assert_cmpuint(first.timings.n_cached, ==, 0);
    g_assert_cmpuint(second.timings.n_cached, ==, scene.tokens->len - 1);
    g_assert_cmpmem(first.logits, first.n_logits * sizeof(float), second.logits,
                    second.n_logits * sizeof(float));
    g_assert_cmpmem(first.drawn->data, 5 * sizeof(HrToken), second.drawn->data,
                    5 * sizeof(HrToken));

    g_autoptr(HrImage) image = read_ppm(scene.name);
    hr_image_get_row(image, 0)[0] ^= 0x80;
    hr_image_get_row(image, 1)[1] ^= 0x80;
    hr_sights_unref(scene.sights);
    scene.sights = hr_sights_new(scene.model, &image, 1, NULL);
    g_array_unref(scene.tokens);
    scene.tokens = prompt_of(scene.name, g_ptr_array_index(scene.sights->list, 0));
    ask_and_wait(&scene, &other);
    uint32_t n_before = 0;
    while (g_array_index(scene.tokens, HrToken, n_before) >= 0)
        n_before++;
    g_assert_cmpuint(other.timings.n_cached, <=, n_before);
    g_assert_cmpfloat(distance_to_original(&scene, &other), >, 1e-3);
}

/* Three at once, two with images: each hears what it would alone. */
static void test_together(gconstpointer data)
{
    g_auto(Scene) scene = {0};
    g_auto(Reply) alone = {0}, a = {0}, b = {0}, text = {0};
    g_autoptr(GArray) words = g_array_new(false, false, sizeof(HrToken));
    scene_init(&scene, data, 16, 3);
    ask_and_wait(&scene, &alone);
    for (HrToken t = 20; t < 40; t++)
        g_array_append_val(words, t);
    hr_runner_free(scene.runner);
    scene.runner = load(scene.model, 16, 3);
    g_autoptr(HrRequest) r1 G_GNUC_UNUSED = ask(&scene, &a, scene.tokens, scene.sights, NULL);
    g_autoptr(HrRequest) r2 G_GNUC_UNUSED = ask(&scene, &text, words, NULL, NULL);
    g_autoptr(HrRequest) r3 G_GNUC_UNUSED = ask(&scene, &b, scene.tokens, scene.sights, NULL);
    wait_for(&a);
    wait_for(&text);
    wait_for(&b);
    g_assert_cmpmem(alone.drawn->data, 5 * sizeof(HrToken), a.drawn->data,
                    a.drawn->len * sizeof(HrToken));
    g_assert_cmpmem(alone.drawn->data, 5 * sizeof(HrToken), b.drawn->data,
                    b.drawn->len * sizeof(HrToken));
    g_assert_cmpmem(alone.logits, alone.n_logits * sizeof(float), b.logits,
                    b.n_logits * sizeof(float));
    g_assert_cmpuint(text.drawn->len, ==, 5);
}

static void test_cancel(void)
{
    g_auto(Scene) scene = {0};
    g_auto(Reply) gone = {0}, after = {0};
    scene_init(&scene, "qwen2vl", 64, 1);
    g_autoptr(HrRequest) request = ask(&scene, &gone, scene.tokens, scene.sights, NULL);
    hr_request_cancel(request);
    wait_for(&gone);
    g_assert_cmpint(gone.reason, ==, HR_DONE_CANCELLED);
    ask_and_wait(&scene, &after);
    g_assert_cmpfloat(distance_to_original(&scene, &after), <, TOLERANCE);
}

/* ---- Plans ---- */

static void test_plan(gconstpointer data)
{
    g_auto(Scene) scene = {0};
    scene_init(&scene, data, 1, 2);
    const HrPlan *plan = hr_runner_get_plan(scene.runner);
    uint64_t projector = 0;
    g_assert_cmpuint(hr_runner_n_allocations(scene.runner), ==, hr_plan_n_items(plan));
    for (size_t i = 0; i < hr_plan_n_items(plan); i++) {
        const HrPlanItem *planned = hr_plan_get_item(plan, i), *taken = NULL;
        for (size_t k = 0; k < hr_plan_n_items(plan); k++)
            if (g_str_equal(hr_runner_get_allocation(scene.runner, k)->name, planned->name))
                taken = hr_runner_get_allocation(scene.runner, k);
        g_assert_nonnull(taken);
        g_assert_cmpuint(taken->bytes, ==, planned->bytes);
        projector += planned->kind == HR_ITEM_PROJECTOR ? planned->bytes : 0;
    }
    g_assert_cmpuint(projector, >, 0);
    /* Rows that see each other are read in one step. */
    g_assert_cmpuint(hr_plan_get_settings(plan)->num_batch, ==,
                     g_str_equal(scene.name, "gemma3") ? 4 : 1);
}

/* ---- What is refused ---- */

static void assert_refused(Scene *scene, const GArray *tokens, HrSights *sights,
                           const char *pattern)
{
    g_auto(Reply) reply = {0};
    g_autoptr(GError) error = NULL;
    g_assert_null(ask(scene, &reply, tokens, sights, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_SETTINGS);
    if (!g_pattern_match_simple(pattern, error->message))
        g_error("\"%s\" is not like \"%s\"", error->message, pattern);
}

static void test_mismatch(void)
{
    g_auto(Scene) scene = {0};
    g_autoptr(GArray) words = g_array_new(false, false, sizeof(HrToken));
    HrToken word = 5;
    scene_init(&scene, "llava15", 64, 1);
    g_array_append_val(words, word);
    assert_refused(&scene, scene.tokens, NULL, "*not in the model's vocabulary*");
    assert_refused(&scene, words, scene.sights, "*rows of an image are missing*");
    g_array_append_val(scene.tokens, g_array_index(scene.tokens, HrToken, 3));
    assert_refused(&scene, scene.tokens, scene.sights, "*rows without an image*");
}

/* Ollama's way: the tower inside the model's own file, under other names. */
static void test_inside(void)
{
    g_auto(Scene) scene = {0};
    g_auto(Reply) reply = {0};
    g_autofree char *path = tower_path("gemma3-whole", ".gguf");
    g_autoptr(GError) error = NULL;
    scene_init(&scene, "gemma3", 64, 1);
    hr_runner_free(scene.runner);
    hr_model_unref(scene.model);
    scene.model = hr_model_open(path, &error);
    g_assert_no_error(error);
    g_assert_true(hr_model_sees_images(scene.model, &error));
    scene.runner = load(scene.model, 64, 1);
    ask_and_wait(&scene, &reply);
    g_assert_cmpfloat(distance_to_original(&scene, &reply), <, TOLERANCE);
}

static void test_blind(void)
{
    g_autofree char *path = tower_path("llava15-text", ".gguf");
    g_autoptr(HrImage) image = read_ppm("llava15");
    g_autoptr(GError) error = NULL;
    g_autoptr(HrModel) model = hr_model_open(path, &error);
    g_assert_no_error(error);
    g_assert_false(hr_model_sees_images(model, NULL));
    g_assert_null(hr_sights_new(model, &image, 1, &error));
    g_assert_error(error, HR_ERROR, HR_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "projector"));
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"llava15", "qwen2vl", "gemma3"};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *original = g_strconcat("/prompts/original/", names[i], NULL),
                        *prefix = g_strconcat("/prompts/prefix/", names[i], NULL);
        g_autofree char *together = g_strconcat("/prompts/together/", names[i], NULL),
                        *plan = g_strconcat("/prompts/plan/", names[i], NULL);
        g_test_add_data_func(original, names[i], test_original);
        g_test_add_data_func(prefix, names[i], test_prefix);
        g_test_add_data_func(together, names[i], test_together);
        g_test_add_data_func(plan, names[i], test_plan);
    }
    g_test_add_func("/prompts/cancel", test_cancel);
    g_test_add_func("/prompts/mismatch", test_mismatch);
    g_test_add_func("/prompts/inside", test_inside);
    g_test_add_func("/prompts/blind", test_blind);
    return g_test_run();
}
