/* hr-machine.h: the machine that models run on: its devices, its memory, and what they reach.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A part of hr.h, which includes it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

/* ---- Devices ---- */

#define HR_MAX_DEVICES 64

/* How long the kernels in use take here for one number, with all threads at it: what predictions of
 * a processor are made of. Seconds; 0: not measured. */
#define HR_RATED_TYPES 43  /* tensor types, by their number in files */
#define HR_RATED_SIZES \
    6 /* of memory that is read over and over: 32 MiB, and twice as much each time */
#define HR_RATED_KV_TYPES 4
#define HR_RATED_COLUMNS 2048 /* of the matrices that first and more are of */
typedef struct {
    double first[HR_RATED_TYPES],
        more[HR_RATED_TYPES]; /* of a matrix in the caches: its product with a
                                 column, and with each further one */
    double fine; /* times as long for columns of 16 bits */
    double finish; /* and a number of a product, however long the rows are; see HR_RATED_COLUMNS */
    double prepare;        /* a number of a column made ready for that */
    double norm, activate; /* a number of a row; rows are more than caches hold */
    double rope;           /* a number of a query or key, turned */
    double store[HR_RATED_KV_TYPES]; /* a number of a key or value, put into its page */
    double attend_first[HR_RATED_KV_TYPES], attend_more[HR_RATED_KV_TYPES]; /* of keys and values:
                                                           for a query, and for each further one */
    double
        attend_read[HR_RATED_KV_TYPES]; /* times as long as a loop that only reads takes attention
                                           for pages that no cache holds, above its kernels */
    double meet;           /* until all threads have shared out an operation and met */
    double read[HR_RATED_SIZES]; /* a byte of so much memory */
} HrKernelRates;
/* What a device reaches; 0: not known. */
typedef struct {
    double bandwidth; /* bytes per second of memory that a step reads */
    double compute;   /* operations per second in products of many rows; a multiplication with its
                         addition is two */
    double bus;       /* bytes per second between the device and the host */
    double op_seconds; /* what an operation takes however small it is */
    HrKernelRates kernels; /* of a processor that was measured; else zeros */
} HrDeviceRates;

typedef enum { HR_DEVICE_CPU, HR_DEVICE_GPU } HrDeviceKind;
typedef struct {
    char name[64];
    HrDeviceKind kind;
    uint32_t gpu;     /* of a GPU of this machine: its place in hr_gpus_find, plus 1; else 0 */
    bool shares_host; /* its memory is the host's: what both take together has to fit */
    uint64_t total,
        free; /* bytes now; free is what this process may still take (min of system and cgroup) */
    uint64_t reserve;     /* kept free for others */
    HrDeviceRates rates;
} HrDevice;
/* The machine's devices now. Returns how many were written (at most max). devices[0] is the host,
 * GPUs that can be used follow. */
size_t hr_devices_probe(HrDevice *devices, size_t max);

/* A GPU, as its driver describes it. */
#define HR_MAX_GPUS 16
typedef enum { HR_GPU_DISCRETE, HR_GPU_INTEGRATED, HR_GPU_VIRTUAL, HR_GPU_SOFTWARE } HrGpuType;
const char *hr_gpu_type_name(HrGpuType type);
typedef struct {
    char name[128], driver[256];
    char why[256]; /* it cannot be used, or is not; "": it is */
    HrGpuType type;
    uint32_t api_version, driver_version; /* as Vulkan writes them */
    uint64_t total, free; /* bytes of its own memory; free: that this process may still take */
    bool tells_budget;    /* free is the system's word, not a guess */
    bool shares_host;     /* its memory is the host's */
    uint64_t max_allocation_bytes, max_buffer_bytes, max_range_bytes;
    uint32_t subgroup, shared_bytes, max_invocations;
    uint8_t uuid[16];
} HrGpu;
/* The machine's GPUs, used or not, at most max. They are looked for once, by another process, so
 * that a broken driver takes nothing with it; that may take seconds, and so may waiting for a
 * thread that does it. ret_note (may be NULL): why none was found, or NULL; borrowed.
 * HEADROOM_VULKAN_DEVICE: "none", or part of a name, which also a software device may have. */
size_t hr_gpus_find(HrGpu *gpus, size_t max, const char **ret_note);
/* What a GPU reaches when it does one thing only. */
typedef struct {
    double bandwidth;      /* bytes per second that it reads and writes in its own memory */
    double up, down;       /* bytes per second from and to the host */
    double submit_seconds; /* from handing work over until it is known to be done */
} HrGpuRates;
/* Of the GPU at that place in hr_gpus_find, which must be one that is used; in about a second, with
 * up to 256 MiB of its memory. Blocks. HR_ERROR_UNSUPPORTED, HR_ERROR_MEMORY. */
bool hr_gpu_measure(uint32_t gpu, HrGpuRates *ret_rates, GError **error);
/* What that other process does: writes what it finds to fd. Returns its exit status. */
int hr_gpus_tell(int fd);

/* How short of memory the system finds itself now. */
typedef struct {
    double some_percent, full_percent; /* of the last ten seconds in which some or all programs
                                          waited for memory; < 0: not told */
    uint64_t swap_total, swap_used;    /* bytes of the whole system */
    uint64_t own_swap;                 /* bytes of this process that are in it */
} HrPressure;
void hr_pressure_probe(HrPressure *ret_pressure);

/* ---- The processor ---- */

/* Cores that this process may use: affinity and cgroup quota counted. */
uint32_t hr_cpu_count(void);

/* What this machine reaches when it does one thing only, in a second: what a model's speed is a
 * share of. */
typedef struct {
    uint32_t threads;
    double read;    /* bytes that all threads together read from memory */
    double int8, bf16,
        float32; /* operations of all threads on registers alone, two for each multiplication with
                  * its addition; 0: the kernels in use have no instruction for it */
    double latency; /* seconds that one load from anywhere in memory takes */
    HrKernelRates kernels;
} HrMachineRates;
/* threads 0: all cores. Takes the pool and up to 1 GiB for about two seconds. Blocks.
 * HR_ERROR_MEMORY. */
bool hr_machine_measure(uint32_t threads, HrMachineRates *ret_rates, GError **error);

/* Which kernels run here ("avx512-vnni", "neon", "plain"...); HEADROOM_CPU chooses a lower one. */
const char *hr_cpu_name(void);
/* Their sources and what compiled them, as a short text: another one after any change, so that what
 * was measured of them is measured again. */
const char *hr_cpu_revision(void);

G_END_DECLS
