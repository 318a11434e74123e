/* test-threads.c: one pool of threads whatever the number of models, and none of them that runs
 * while there is nothing to do.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Counts threads and how often they were woken, as the system tells it; times nothing.
 */
#include "hr.h"
#include "tiny-model.h"

#include <stdio.h>
#include <string.h>

#define N_THREADS 3
#define LOOK_US (300 * 1000) /* for which nothing may happen */

typedef struct {
    char *path;
    HrModel *model;
    HrRunner *runner;
} Loaded;

static void load(Loaded *m)
{
    g_autoptr(GError) error = NULL;
    HrSettings settings = {.num_ctx = 256, .parallel = 1, .threads = N_THREADS, .gpu_layers = -1};
    HrDevice device = {.name = "host", .total = 64ull << 30, .free = 64ull << 30};
    m->path = tiny_model_new(&tiny_model_default);
    m->model = hr_model_open(m->path, &error);
    g_assert_no_error(error);
    g_autoptr(HrPlan) plan = hr_plan_new(m->model, &settings, &device, 1, &error);
    g_assert_no_error(error);
    m->runner = hr_runner_new(m->model, plan, false, NULL, NULL, &error);
    g_assert_no_error(error);
}

static void unload(Loaded *m)
{
    hr_runner_free(m->runner);
    hr_model_unref(m->model);
    tiny_model_remove(m->path);
}

static void on_event(const HrEvent *event, void *data)
{
    if (event->kind == HR_EVENT_DONE)
        g_atomic_int_set((gint *)data, 1);
}

/* One answer to its end. */
static void ask(Loaded *m)
{
    HrToken tokens[] = {5, 6, 7, 8};
    HrRequestOptions options = {.tokens = tokens,
                                .n_tokens = G_N_ELEMENTS(tokens),
                                .sampling = hr_sampling_default,
                                .num_predict = 8,
                                .top_logprobs = -1,
                                .ignore_eos = true};
    gint done = 0;
    g_autoptr(GError) error = NULL;
    HrRequest *request = hr_runner_submit(m->runner, &options, NULL, on_event, &done, NULL, &error);
    g_assert_no_error(error);
    while (!g_atomic_int_get(&done))
        g_usleep(1000);
    hr_request_unref(request);
}

/* ---- What the system says of threads ---- */

static char *read_of_thread(const char *thread, const char *file)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%s/%s", thread, file);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

static uint64_t number_behind(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    return at ? g_ascii_strtoull(at + strlen(word), NULL, 10) : 0;
}

/* Threads whose name begins so; ret_switches: how often they were put on a processor and taken off
 * again, ret_ticks: how long they ran. */
static uint32_t look(const char *name, uint64_t *ret_switches, uint64_t *ret_ticks)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/task", 0, NULL);
    uint32_t n = 0;
    *ret_switches = *ret_ticks = 0;
    for (const char *thread; dir && (thread = g_dir_read_name(dir));) {
        g_autofree char *status = read_of_thread(thread, "status");
        g_autofree char *stat = read_of_thread(thread, "stat");
        g_autofree char *wanted = g_strdup_printf("Name:\t%s", name);
        unsigned long user = 0, system = 0;
        if (!status || !stat || !g_str_has_prefix(status, wanted))
            continue;
        n++;
        *ret_switches += number_behind(status, "\nvoluntary_ctxt_switches:\t") +
                         number_behind(status, "\nnonvoluntary_ctxt_switches:\t");
        sscanf(strrchr(stat, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system);
        *ret_ticks += user + system;
    }
    return n;
}

static uint32_t count_threads(const char *name)
{
    uint64_t switches, ticks;
    return look(name, &switches, &ticks);
}

/* ---- Tests ---- */

static void test_one_pool(void)
{
    Loaded models[3];
    uint32_t n_workers = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        load(&models[i]);
        ask(&models[i]);
        if (i == 0)
            n_workers = count_threads("hr-worker");
        g_assert_cmpuint(count_threads("hr-runner"), ==, i + 1);
        g_assert_cmpuint(count_threads("hr-worker"), ==, n_workers);
    }
    g_assert_cmpuint(n_workers, >=, 1);
    g_assert_cmpuint(n_workers, <=, N_THREADS);
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        unload(&models[i]);
    g_assert_cmpuint(count_threads("hr-worker"), ==, 0);
}

/* Workers spin for a moment behind a job; once they sleep, nothing wakes them or the runners. */
static void test_idle(void)
{
    Loaded models[2];
    uint64_t switches, ticks, switches_after, ticks_after;
    uint32_t n_quiet = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        load(&models[i]);
        ask(&models[i]);
    }
    /* A machine that is busy may take long to put the last worker to sleep. */
    while (n_quiet < 1) {
        look("hr-", &switches, &ticks);
        g_usleep(LOOK_US);
        look("hr-", &switches_after, &ticks_after);
        n_quiet += switches == switches_after && ticks == ticks_after;
    }
    g_usleep(LOOK_US);
    g_assert_cmpuint(look("hr-", &switches_after, &ticks_after), >=, 3);
    g_assert_cmpuint(switches_after, ==, switches);
    g_assert_cmpuint(ticks_after, ==, ticks);
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        unload(&models[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/threads/one-pool", test_one_pool);
    g_test_add_func("/threads/idle", test_idle);
    return g_test_run();
}
