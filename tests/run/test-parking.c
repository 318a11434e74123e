/* test-parking.c: caches in files: found again by what begins the same way, never when they are not
 * what they were.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "hr.h"
#include "tiny-model.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define N_PROMPT 700

typedef struct {
    char *path, *folder;
    HrModel *model;
    HrRunner *runner;
    GMainContext *context;
    int notes[HR_PARK_IGNORED + 1]; /* written on the runner's thread, read when nothing runs */
    uint64_t bytes;
} Fixture;

typedef struct {
    GArray *tokens;
    HrTimings timings;
    bool done;
} Answer;

static void on_note(HrParkNote note, uint32_t n_tokens, uint64_t bytes, const char *problem,
                    void *data)
{
    Fixture *f = data;
    f->notes[note]++;
    if (note == HR_PARK_STORED)
        f->bytes = bytes;
    g_assert_true((note >= HR_PARK_FAILED) == (problem != NULL));
}

/* max_bytes 0: nothing is parked. */
static void load(Fixture *f, HrSettings settings, const char *identity, uint64_t max_bytes)
{
    g_autoptr(GError) error = NULL;
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    HrParkingOptions options = {.folder = f->folder,
                                .identity = identity,
                                .max_bytes = max_bytes,
                                .note = on_note,
                                .data = f};
    g_autoptr(HrPlan) plan = hr_plan_new(f->model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    f->runner = hr_runner_new(f->model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
    if (max_bytes > 0)
        hr_runner_set_parking(f->runner, &options);
}

static void unload(Fixture *f)
{
    g_clear_pointer(&f->runner, hr_runner_free);
}

static const HrSettings one = {.num_ctx = 2048, .parallel = 1, .num_batch = 128, .threads = 2};
#define PLENTY (1ull << 30)

static void setup(Fixture *f, gconstpointer arch)
{
    g_autoptr(GError) error = NULL;
    TinyModel tiny = tiny_model_default;
    tiny.arch = arch;
    tiny.n_ctx = 65536;
    f->path = tiny_model_new(&tiny);
    f->model = hr_model_open(f->path, &error);
    g_assert_no_error(error);
    f->folder = g_dir_make_tmp("headroom-parking-XXXXXX", NULL);
    f->context = g_main_context_new();
}

/* Removes the files; returns how many there were. */
static int clear_folder(Fixture *f)
{
    g_autoptr(GDir) dir = g_dir_open(f->folder, 0, NULL);
    int n = 0;
    for (const char *name; (name = g_dir_read_name(dir)); n++) {
        g_autofree char *path = g_build_filename(f->folder, name, NULL);
        g_unlink(path);
    }
    return n;
}

static void teardown(Fixture *f, gconstpointer data)
{
    unload(f);
    clear_folder(f);
    g_rmdir(f->folder);
    g_free(f->folder);
    g_main_context_unref(f->context);
    hr_model_unref(f->model);
    tiny_model_remove(f->path);
}

static void on_event(const HrEvent *event, void *data)
{
    Answer *answer = data;
    if (event->kind == HR_EVENT_TOKEN)
        g_array_append_val(answer->tokens, event->token);
    if (event->kind == HR_EVENT_DONE) {
        answer->timings = event->timings;
        answer->done = true;
    }
}

static HrRequest *start(Fixture *f, const HrToken *tokens, size_t n, int64_t num_predict,
                        Answer *answer)
{
    g_autoptr(GError) error = NULL;
    HrRequestOptions options = {.tokens = tokens,
                                .n_tokens = n,
                                .sampling = hr_sampling_default,
                                .num_predict = num_predict,
                                .top_logprobs = -1,
                                .ignore_eos = true};
    options.sampling.seed = 3;
    *answer = (Answer){.tokens = g_array_new(false, false, sizeof(HrToken))};
    HrRequest *request =
        hr_runner_submit(f->runner, &options, f->context, on_event, answer, NULL, &error);
    g_assert_no_error(error);
    return request;
}

static Answer ask(Fixture *f, const HrToken *tokens, size_t n)
{
    Answer answer;
    g_autoptr(HrRequest) request G_GNUC_UNUSED = start(f, tokens, n, 30, &answer);
    while (!answer.done)
        g_main_context_iteration(f->context, TRUE);
    return answer;
}

static uint32_t ask_cached(Fixture *f, const HrToken *tokens, size_t n)
{
    Answer answer = ask(f, tokens, n);
    g_array_unref(answer.tokens);
    return answer.timings.n_cached;
}

static void fill(HrToken *tokens, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++)
        tokens[i] = (HrToken)((i * 7 + i * i * 3 + seed * 13) % 256);
}

/* The conversation as its next turn brings it. */
static size_t next_turn(HrToken *prompt, const Answer *answer)
{
    memcpy(prompt + N_PROMPT, answer->tokens->data, answer->tokens->len * sizeof *prompt);
    fill(prompt + N_PROMPT + answer->tokens->len, 20, 9);
    return N_PROMPT + answer->tokens->len + 20;
}

static char *only_file(Fixture *f)
{
    g_autoptr(GDir) dir = g_dir_open(f->folder, 0, NULL);
    const char *name = g_dir_read_name(dir);
    g_assert_nonnull(name);
    g_autofree char *path = g_build_filename(f->folder, name, NULL);
    g_assert_null(g_dir_read_name(dir));
    return g_steal_pointer(&path);
}

/* ---- Cases ---- */

/* Unloaded and loaded again, the next turn reads only what is new, and is answered as if all had
 * been read. */
static void test_restart(Fixture *f, gconstpointer data)
{
    HrToken prompt[N_PROMPT + 100];
    struct stat st;
    fill(prompt, N_PROMPT, 1);
    load(f, one, "a", PLENTY);
    Answer first = ask(f, prompt, N_PROMPT);
    size_t n = next_turn(prompt, &first);
    unload(f);
    g_assert_cmpint(f->notes[HR_PARK_STORED], ==, 1);
    g_autofree char *path = only_file(f);
    g_assert_cmpint(g_stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    load(f, one, "a", PLENTY);
    Answer again = ask(f, prompt, n);
    g_assert_cmpint(f->notes[HR_PARK_RESTORED], ==, 1);
    g_assert_cmpuint(again.timings.n_cached, ==, N_PROMPT + 29);
    unload(f);
    clear_folder(f);
    load(f, one, "a", 0);
    Answer fresh = ask(f, prompt, n);
    g_assert_cmpuint(fresh.timings.n_cached, ==, 0);
    g_assert_cmpmem(again.tokens->data, again.tokens->len * 4, fresh.tokens->data,
                    fresh.tokens->len * 4);
    unload(f);
    g_assert_cmpint(clear_folder(f), ==, 0);
    g_array_unref(first.tokens);
    g_array_unref(again.tokens);
    g_array_unref(fresh.tokens);
}

/* Two conversations take turns in one slot; a conversation that went on leaves one file. */
static void test_turns(Fixture *f, gconstpointer data)
{
    HrToken a[N_PROMPT], b[N_PROMPT];
    fill(a, N_PROMPT, 1);
    fill(b, N_PROMPT, 2);
    load(f, one, "a", PLENTY);
    g_assert_cmpuint(ask_cached(f, a, 500), ==, 0);
    g_assert_cmpuint(ask_cached(f, b, 500), ==, 0);
    g_assert_cmpuint(ask_cached(f, a, 500), ==, 499);
    g_assert_cmpuint(ask_cached(f, b, 500), ==, 499);
    unload(f);
    g_assert_cmpint(f->notes[HR_PARK_STORED], ==, 2);
    g_assert_cmpint(f->notes[HR_PARK_RESTORED], ==, 2);
    g_assert_cmpint(clear_folder(f), ==, 2);
}

/* While an answer streams in another slot, conversations go to files and come back, and it says
 * what it says alone. */
static void test_beside(Fixture *f, gconstpointer data)
{
    const HrSettings two = {.num_ctx = 65536, .parallel = 2, .num_batch = 128, .threads = 2};
    HrToken a[N_PROMPT], b[N_PROMPT], c[N_PROMPT];
    Answer streaming;
    fill(a, N_PROMPT, 1);
    fill(b, N_PROMPT, 2);
    fill(c, N_PROMPT, 3);
    load(f, two, "a", 0);
    Answer alone = ask(f, a, N_PROMPT);
    unload(f);
    load(f, two, "a", PLENTY);
    g_autoptr(HrRequest) stream = start(f, a, N_PROMPT, 60000, &streaming);
    while (streaming.tokens->len == 0)
        g_main_context_iteration(f->context, TRUE);
    g_assert_cmpuint(ask_cached(f, b, 500), ==, 0);
    g_assert_cmpuint(ask_cached(f, c, 500), ==, 0);
    g_assert_cmpuint(ask_cached(f, b, 500), ==, 499);
    g_assert_cmpuint(ask_cached(f, c, 500), ==, 499);
    g_assert_false(streaming.done);
    g_assert_cmpuint(streaming.tokens->len, >=, alone.tokens->len);
    g_assert_cmpmem(streaming.tokens->data, alone.tokens->len * 4, alone.tokens->data,
                    alone.tokens->len * 4);
    hr_request_cancel(stream);
    while (!streaming.done)
        g_main_context_iteration(f->context, TRUE);
    unload(f);
    g_assert_cmpint(f->notes[HR_PARK_RESTORED], ==, 2);
    g_assert_cmpint(f->notes[HR_PARK_STORED], ==, 3); /* b, c, and what streamed at the end */
    g_array_unref(alone.tokens);
    g_array_unref(streaming.tokens);
}

/* Nobody else's: another model's, another type's. */
static void test_others(Fixture *f, gconstpointer data)
{
    HrToken prompt[N_PROMPT];
    HrSettings exact = one;
    exact.kv_type = HR_KV_F32;
    fill(prompt, N_PROMPT, 1);
    load(f, one, "a", PLENTY);
    ask_cached(f, prompt, N_PROMPT);
    unload(f);
    load(f, one, "b", PLENTY);
    g_assert_cmpuint(ask_cached(f, prompt, N_PROMPT), ==, 0);
    unload(f);
    load(f, exact, "a", PLENTY);
    g_assert_cmpuint(ask_cached(f, prompt, N_PROMPT), ==, 0);
    unload(f);
    load(f, one, "a", PLENTY);
    g_assert_cmpuint(ask_cached(f, prompt, N_PROMPT), ==, N_PROMPT - 1);
    g_assert_cmpint(f->notes[HR_PARK_IGNORED], ==, 0);
}

/* One byte is wrong, or the end is missing: it is read as if there were nothing, told once, and
 * gone. */
static void test_damaged(Fixture *f, gconstpointer data)
{
    HrToken prompt[N_PROMPT];
    fill(prompt, N_PROMPT, 1);
    for (int round = 0; round < 3; round++) {
        gsize len;
        g_autofree char *bytes = NULL;
        load(f, one, "a", PLENTY);
        g_assert_cmpuint(ask_cached(f, prompt, N_PROMPT), ==, 0);
        unload(f);
        g_autofree char *path = only_file(f);
        g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
        bytes[round == 0 ? len / 2 : len - 1] ^= 1;
        g_assert_true(g_file_set_contents(path, bytes, (gssize)(round == 2 ? len / 3 : len), NULL));
        load(f, one, "a", PLENTY);
        g_assert_cmpuint(ask_cached(f, prompt, N_PROMPT), ==, 0);
        g_assert_cmpint(f->notes[HR_PARK_IGNORED], ==, round + 1);
        unload(f);
        g_assert_cmpint(clear_folder(f), ==, 1); /* written anew */
    }
}

/* The oldest goes; what is larger than all that may be kept is not kept. */
static void test_bound(Fixture *f, gconstpointer data)
{
    HrToken prompt[N_PROMPT];
    load(f, one, "a", PLENTY);
    fill(prompt, N_PROMPT, 1);
    ask_cached(f, prompt, N_PROMPT);
    unload(f);
    load(f, one, "a", f->bytes + f->bytes / 2);
    fill(prompt, N_PROMPT, 2);
    ask_cached(f, prompt, N_PROMPT);
    unload(f);
    load(f, one, "a", f->bytes + f->bytes / 2);
    g_assert_cmpuint(ask_cached(f, prompt, N_PROMPT), ==, N_PROMPT - 1);
    unload(f);
    g_assert_cmpint(clear_folder(f), ==, 1);
    load(f, one, "a", f->bytes / 2);
    ask_cached(f, prompt, N_PROMPT);
    unload(f);
    g_assert_cmpint(clear_folder(f), ==, 0);
}

/* No room on the disk: said once with the reason, nothing half written stays, and answers go on. */
static void test_full_disk(Fixture *f, gconstpointer data)
{
    HrToken prompt[N_PROMPT];
    struct rlimit before, limit;
    fill(prompt, N_PROMPT, 1);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 4096;
    load(f, one, "a", PLENTY);
    ask_cached(f, prompt, 500);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    fill(prompt, N_PROMPT, 2);
    g_assert_cmpuint(ask_cached(f, prompt, 500), ==, 0);
    setrlimit(RLIMIT_FSIZE, &before);
    g_assert_cmpint(f->notes[HR_PARK_FAILED], ==, 1);
    g_assert_cmpint(clear_folder(f), ==, 0);
    g_assert_cmpuint(ask_cached(f, prompt, 500), ==, 499);
}

/* Given up because others need the memory: what could be written in time is read back. */
static void test_released(Fixture *f, gconstpointer data)
{
    HrToken prompt[N_PROMPT];
    HrRunnerStats stats;
    fill(prompt, N_PROMPT, 1);
    load(f, one, "a", PLENTY);
    ask_cached(f, prompt, 500);
    hr_runner_release_idle(f->runner);
    do {
        g_usleep(1000);
        hr_runner_get_stats(f->runner, &stats);
    } while (stats.releasing);
    g_assert_cmpuint(stats.slots[0].n_positions, ==, 0);
    g_assert_cmpuint(stats.cache_committed_bytes, ==, 0);
    int stored = f->notes[HR_PARK_STORED];
    g_assert_cmpuint(ask_cached(f, prompt, 500), ==, stored > 0 ? 499 : 0);
    g_assert_cmpint(f->notes[HR_PARK_RESTORED], ==, stored);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/parking/restart", Fixture, "llama", setup, test_restart, teardown);
    g_test_add("/parking/restart-states", Fixture, "falcon-h1", setup, test_restart, teardown);
    g_test_add("/parking/turns", Fixture, "llama", setup, test_turns, teardown);
    g_test_add("/parking/beside", Fixture, "llama", setup, test_beside, teardown);
    g_test_add("/parking/others", Fixture, "llama", setup, test_others, teardown);
    g_test_add("/parking/damaged", Fixture, "llama", setup, test_damaged, teardown);
    g_test_add("/parking/bound", Fixture, "llama", setup, test_bound, teardown);
    g_test_add("/parking/released", Fixture, "llama", setup, test_released, teardown);
    g_test_add("/parking/full-disk", Fixture, "llama", setup, test_full_disk, teardown);
    return g_test_run();
}
