/* gpus.c: looking for GPUs without trusting their drivers. See gpus.h and the GPUs in hr.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small program, headroom-probe-gpu, starts Vulkan, describes what it finds and opens each
 * device. If it crashes, hangs or complains, this process never loads the driver. Where the kernel
 * shows no GPU at all, nothing is started.
 */
#include "vulkan/gpus.h"

#include "plan/host.h"
#include "vulkan/device.h"
#include "vulkan/offload.h"
#include "vulkan/self-check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Drivers of cold machines take seconds to start; one that takes longer than this hangs. */
#define PROBE_TIMEOUT_MS 20000
#define PROGRAM "headroom-probe-gpu"

static bool validates(void)
{
    return g_getenv("HEADROOM_VULKAN_VALIDATE") != NULL;
}

/* ---- The other process: a Report, as it lies in memory, goes through a pipe ---- */

typedef struct {
    uint32_t n_gpus;
    char note[256]; /* why there are none */
    HrGpu gpus[HR_MAX_GPUS];
} Report;

/* A device that cannot be opened or computes wrongly is found out here. */
static void try_device(const HrVkInstance *instance, uint32_t index, HrGpu *gpu)
{
    g_autoptr(GError) error = NULL;
    HrVkDevice device;
    HrVkPipelines pipelines;
    g_autofree char *cache = hr_vk_pipelines_path(gpu), *checked = hr_vk_self_check_path(gpu);
    if (hr_vk_device_init(&device, instance, index, gpu, &error)) {
        if (hr_vk_pipelines_init(&pipelines, &device, cache, &error) &&
            hr_vk_self_check_once(&device, &pipelines, checked, &error))
            hr_vk_pipelines_save(&pipelines);
        hr_vk_pipelines_finish(&pipelines);
        hr_vk_device_finish(&device);
    }
    if (error)
        g_strlcpy(gpu->why, error->message, sizeof gpu->why);
}

int hr_gpus_tell(int fd)
{
    g_autoptr(GError) error = NULL;
    g_autofree Report *report = g_new0(Report, 1);
    HrVkInstance instance;

    if (!hr_vk_instance_init(&instance, false, NULL, &error)) {
        g_strlcpy(report->note, error->message, sizeof report->note);
    } else {
        report->n_gpus = instance.n_devices;
        for (uint32_t i = 0; i < instance.n_devices; i++) {
            hr_vk_describe(&instance, i, &report->gpus[i]);
            if (report->gpus[i].why[0] == '\0')
                try_device(&instance, i, &report->gpus[i]);
        }
        hr_vk_instance_finish(&instance);
    }
    for (size_t done = 0; done < sizeof *report;) {
        ssize_t n = write(fd, (const char *)report + done, sizeof *report - done);
        if (n <= 0)
            return 1;
        done += (size_t)n;
    }
    return 0;
}

/* ---- This process ---- */

/* Beside the program that runs, or where it is installed. */
static char *find_program(void)
{
    const char *named = g_getenv("HEADROOM_GPU_PROBE");
    if (named)
        return g_strdup(named);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
    g_autofree char *beside = folder ? g_build_filename(folder, PROGRAM, NULL) : NULL;
    if (beside && g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    return g_build_filename(HR_LIBEXECDIR, PROGRAM, NULL);
}

/* Reads a report until PROBE_TIMEOUT_MS have passed; how many bytes came. */
static size_t read_report(int fd, Report *report)
{
    int64_t end = g_get_monotonic_time() + PROBE_TIMEOUT_MS * INT64_C(1000);
    size_t done = 0;
    while (done < sizeof *report) {
        int64_t left = (end - g_get_monotonic_time()) / 1000;
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int n_ready = left > 0 ? poll(&ready, 1, (int)left) : 0;
        if (n_ready < 0 && errno == EINTR)
            continue;
        ssize_t n = n_ready > 0 ? read(fd, (char *)report + done, sizeof *report - done) : 0;
        if (n <= 0)
            return done;
        done += (size_t)n;
    }
    return done;
}

static void explain_end(Report *report, int status)
{
    report->n_gpus = 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        g_snprintf(report->note, sizeof report->note,
                   "a driver did not answer for %d seconds while it was probed",
                   PROBE_TIMEOUT_MS / 1000);
    else if (WIFSIGNALED(status))
        g_snprintf(report->note, sizeof report->note, "a driver crashed while it was probed (%s)",
                   g_strsignal(WTERMSIG(status)));
    else
        g_strlcpy(report->note, "the program that probes GPUs failed", sizeof report->note);
}

static void run_probe(Report *report)
{
    g_autofree char *program = find_program();
    char *argv[] = {program, NULL};
    g_autoptr(GError) error = NULL;
    GPid pid;
    int out, status = 0;

    if (!g_spawn_async_with_pipes(NULL, argv, NULL,
                                  G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                                  NULL, &pid, NULL, &out, NULL, &error)) {
        g_strlcpy(report->note, error->message, sizeof report->note);
        return;
    }
    bool whole = read_report(out, report) == sizeof *report;
    close(out);
    if (!whole)
        kill(pid, SIGKILL); /* nothing where it has ended already */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    g_spawn_close_pid(pid);
    report->n_gpus = MIN(report->n_gpus, HR_MAX_GPUS);
    if (!whole)
        explain_end(report, status);
    report->note[sizeof report->note - 1] = '\0';
}

/* Whether the kernel shows anything that could be one. */
static bool has_node(void)
{
    static const char *const nodes[] = {"/dev/nvidiactl", "/dev/dxg", "/dev/mali0"};
    for (size_t i = 0; i < G_N_ELEMENTS(nodes); i++)
        if (g_file_test(nodes[i], G_FILE_TEST_EXISTS))
            return true;
    return g_file_test("/dev/dri/renderD128", G_FILE_TEST_EXISTS);
}

/* ---- Which are used ---- */

static bool is_named(const HrGpu *gpu, const char *part)
{
    g_autofree char *name = g_ascii_strdown(gpu->name, -1), *wanted = g_ascii_strdown(part, -1);
    return strstr(name, wanted) != NULL;
}

static void choose(HrGpu *gpu, const char *asked)
{
    gpu->name[sizeof gpu->name - 1] = gpu->driver[sizeof gpu->driver - 1] = '\0';
    gpu->why[sizeof gpu->why - 1] = '\0';
    if (gpu->why[0] != '\0')
        return;
    if (asked && !is_named(gpu, asked))
        g_snprintf(gpu->why, sizeof gpu->why, "HEADROOM_VULKAN_DEVICE asks for “%s”", asked);
    else if (!asked && gpu->type == HR_GPU_SOFTWARE)
        g_strlcpy(gpu->why, "it is no GPU: the processor computes", sizeof gpu->why);
}

/* The same GPU under two drivers is one. */
static void drop_twins(Report *report)
{
    for (uint32_t i = 0; i < report->n_gpus; i++)
        for (uint32_t k = 0; k < i && report->gpus[i].why[0] == '\0'; k++)
            if (report->gpus[k].why[0] == '\0' &&
                memcmp(report->gpus[i].uuid, report->gpus[k].uuid, 16) == 0)
                g_strlcpy(report->gpus[i].why, "it is there twice, under another driver",
                          sizeof report->gpus[i].why);
}

static const Report *look(void)
{
    static gsize once;
    static Report report;
    if (g_once_init_enter(&once)) {
        const char *asked = g_getenv("HEADROOM_VULKAN_DEVICE");
        if (asked && g_ascii_strcasecmp(asked, "none") == 0)
            g_strlcpy(report.note, "HEADROOM_VULKAN_DEVICE says none", sizeof report.note);
        else if (!asked && !has_node())
            g_strlcpy(report.note, "the system has no GPU", sizeof report.note);
        else
            run_probe(&report);
        for (uint32_t i = 0; i < report.n_gpus; i++)
            choose(&report.gpus[i], asked);
        drop_twins(&report);
        if (report.n_gpus == 0 && report.note[0] == '\0')
            g_strlcpy(report.note, "no driver offers one", sizeof report.note);
        g_once_init_leave(&once, 1);
    }
    return &report;
}

size_t hr_gpus_find(HrGpu *gpus, size_t max, const char **ret_note)
{
    const Report *report = look();
    size_t n = MIN(max, report->n_gpus);
    memcpy(gpus, report->gpus, n * sizeof *gpus);
    if (ret_note)
        *ret_note = report->note[0] != '\0' ? report->note : NULL;
    return n;
}

/* ---- The instance ---- */

HrVkInstance *hr_gpus_instance(GError **error)
{
    static GMutex lock;
    static HrVkInstance *made;
    g_autofree HrVkInstance *instance = g_new0(HrVkInstance, 1);
    g_mutex_lock(&lock);
    if (!made && hr_vk_instance_init(instance, validates(), NULL, error))
        made = g_steal_pointer(&instance);
    g_mutex_unlock(&lock);
    return made;
}

/* Drivers list devices in the same order again, but a GPU may have gone. */
static bool is_here(const HrVkInstance *instance, uint32_t index, const HrGpu *gpu)
{
    HrGpu now;
    if (index >= instance->n_devices)
        return false;
    hr_vk_describe(instance, index, &now);
    return memcmp(now.uuid, gpu->uuid, sizeof now.uuid) == 0;
}

static void fill_device(const HrVkInstance *instance, uint32_t index, const HrGpu *gpu,
                        HrDevice *ret)
{
    *ret = (HrDevice){.kind = HR_DEVICE_GPU,
                      .gpu = index + 1,
                      .shares_host = gpu->shares_host,
                      .total = gpu->total,
                      .free = hr_vk_free_bytes(instance, index)};
    g_strlcpy(ret->name, gpu->name, sizeof ret->name);
    if (gpu->shares_host) {
        HrDevice host = {0};
        hr_host_probe("", &host);
        ret->free = MIN(ret->free, host.free);
    }
}

size_t hr_gpus_probe(HrDevice *devices, size_t max)
{
    const Report *report = look();
    size_t n = 0;
    for (uint32_t i = 0; i < report->n_gpus && n < max; i++) {
        HrVkInstance *instance = report->gpus[i].why[0] == '\0' ? hr_gpus_instance(NULL) : NULL;
        if (instance && is_here(instance, i, &report->gpus[i]))
            fill_device(instance, i, &report->gpus[i], &devices[n++]);
    }
    return n;
}
