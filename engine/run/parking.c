/* parking.c: see parking.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/parking.h"

#include "kv/park.h"
#include "run/park-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".park"
/* Hexadecimal digits of a sum that names are made of. */
#define NAME_DIGITS 24

typedef struct {
    char *path;
    HrParkHead head;
} Parked;

typedef enum { NO_JOB, STORE, RESTORE } JobKind;
typedef struct {
    JobKind kind;
    uint32_t slot;
    Parked *parked; /* owned: what is written, or read again */
    HrParkFile file;
    HrKvParkPlace place;
    uint64_t bytes;
} Job;

struct HrParking {
    char *folder, *identity;
    uint64_t max_bytes;
    HrParkNoteFunc note;
    void *data;
    GDestroyNotify destroy;
    uint32_t n_adapters;
    uint8_t form[HR_PARK_SUM_BYTES];
    char prefix[NAME_DIGITS + 1]; /* of the names of its files */
    GPtrArray *files;             /* Parked */
    Job job;
};

static void parked_free(void *data)
{
    Parked *parked = data;
    if (!parked)
        return;
    g_free(parked->path);
    hr_park_head_clear(&parked->head);
    g_free(parked);
}

static void tell(const HrParking *p, HrParkNote note, uint32_t n, uint64_t bytes,
                 const char *problem)
{
    if (p->note)
        p->note(note, n, bytes, problem, p->data);
}

/* ---- What there is ---- */

static void scan(HrParking *p)
{
    g_autoptr(GDir) dir = g_dir_open(p->folder, 0, NULL);
    for (const char *name; dir && p->files->len < HR_MAX_PARKED && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(p->folder, name, NULL);
        Parked found = {0};
        if (!g_str_has_prefix(name, p->prefix) || !g_str_has_suffix(name, SUFFIX))
            continue;
        g_auto(HrParkFile) file = hr_park_file_open(path, O_RDONLY);
        if (file.fd >= 0 && hr_park_file_get_head(&file, p->form, p->n_adapters, &found.head)) {
            found.path = g_steal_pointer(&path);
            g_ptr_array_add(p->files, g_memdup2(&found, sizeof found));
        } else {
            tell(p, HR_PARK_IGNORED, 0, 0, path);
        }
    }
}

/* ---- Lifetime ---- */

static void end_job(HrParking *p)
{
    hr_park_file_close(&p->job.file);
    parked_free(p->job.parked);
    p->job = (Job){.file.fd = -1};
}

void hr_parking_reform(HrParking *p, const HrKv *kv, bool turned_far)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize n = HR_PARK_SUM_BYTES;
    g_checksum_update(sum, (const guchar *)p->identity, -1);
    g_checksum_update(sum, (const guchar *)(turned_far ? "far" : "near"), -1);
    hr_kv_park_form(kv, sum);
    g_strlcpy(p->prefix, g_checksum_get_string(sum), sizeof p->prefix);
    g_checksum_get_digest(sum, p->form, &n);
    g_ptr_array_set_size(p->files, 0);
    scan(p);
}

HrParking *hr_parking_new(const HrParkingOptions *options, const HrKv *kv, bool turned_far,
                          uint32_t n_adapters)
{
    HrParking *p = g_new0(HrParking, 1);
    p->folder = g_strdup(options->folder);
    p->identity = g_strdup(options->identity);
    p->max_bytes = options->max_bytes;
    p->note = options->note;
    p->data = options->data;
    p->destroy = options->destroy;
    p->n_adapters = n_adapters;
    p->files = g_ptr_array_new_with_free_func(parked_free);
    p->job.file.fd = -1;
    g_mkdir_with_parents(p->folder, 0700);
    hr_parking_reform(p, kv, turned_far);
    return p;
}

void hr_parking_free(HrParking *p)
{
    if (!p)
        return;
    end_job(p);
    if (p->destroy)
        p->destroy(p->data);
    g_ptr_array_unref(p->files);
    g_free(p->folder);
    g_free(p->identity);
    g_free(p);
}

/* ---- Room ---- */

typedef struct {
    char *path;
    int64_t used_us; /* when it was written or read last */
    uint64_t bytes;
} Taken;

static void taken_clear(void *data)
{
    g_free(((Taken *)data)->path);
}

static int by_age(const void *a, const void *b)
{
    const Taken *x = a, *y = b;
    return x->used_us < y->used_us ? -1 : x->used_us > y->used_us;
}

/* Everything that is parked, of all models, oldest first. */
static GArray *list_taken(const HrParking *p)
{
    GArray *list = g_array_new(false, false, sizeof(Taken));
    g_autoptr(GDir) dir = g_dir_open(p->folder, 0, NULL);
    g_array_set_clear_func(list, taken_clear);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(p->folder, name, NULL);
        GStatBuf st;
        if (!g_str_has_suffix(name, SUFFIX) || g_lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        Taken taken = {g_steal_pointer(&path),
                       st.st_mtim.tv_sec * G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000,
                       (uint64_t)st.st_size};
        g_array_append_val(list, taken);
    }
    g_array_sort(list, by_age);
    return list;
}

static void forget(HrParking *p, const char *path)
{
    g_unlink(path);
    for (guint i = p->files->len; i-- > 0;)
        if (g_str_equal(((Parked *)p->files->pdata[i])->path, path))
            g_ptr_array_remove_index(p->files, i);
}

/* The oldest files go until bytes more would fit. */
static void make_room(HrParking *p, uint64_t bytes)
{
    g_autoptr(GArray) taken = list_taken(p);
    uint64_t total = bytes;
    for (guint i = 0; i < taken->len; i++)
        total += g_array_index(taken, Taken, i).bytes;
    for (guint i = 0; i < taken->len && (total > p->max_bytes || p->files->len >= HR_MAX_PARKED);
         i++) {
        total -= g_array_index(taken, Taken, i).bytes;
        forget(p, g_array_index(taken, Taken, i).path);
    }
}

/* ---- Storing ---- */

static bool begins_with(const HrParkHead *head, const HrToken *tokens, uint32_t n)
{
    return head->n >= n && memcmp(head->tokens, tokens, n * sizeof *tokens) == 0;
}

static bool same_adapters(const HrParkHead *head, const float *adapters)
{
    return head->n_adapters == 0 ||
           memcmp(head->adapters, adapters, head->n_adapters * sizeof *adapters) == 0;
}

/* Whether a file holds it already; files that hold only its beginning are no longer of use. */
static bool is_held(HrParking *p, const HrToken *tokens, uint32_t n, const float *adapters)
{
    for (guint i = p->files->len; i-- > 0;) {
        const Parked *parked = p->files->pdata[i];
        const HrParkHead *head = &parked->head;
        if (!same_adapters(head, adapters))
            continue;
        if (begins_with(head, tokens, n))
            return true;
        if (head->n < n && memcmp(head->tokens, tokens, head->n * sizeof *tokens) == 0) {
            g_autofree char *path = g_strdup(parked->path);
            forget(p, path);
        }
    }
    return false;
}

static char *name_of(const HrParking *p, const GArray *tokens, const float *adapters)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)adapters, (gssize)(p->n_adapters * sizeof *adapters));
    g_checksum_update(sum, (const guchar *)tokens->data, (gssize)(tokens->len * sizeof(HrToken)));
    g_autofree char *name =
        g_strdup_printf("%s-%.*s" SUFFIX, p->prefix, NAME_DIGITS, g_checksum_get_string(sum));
    return g_build_filename(p->folder, name, NULL);
}

static Parked *parked_new(const HrParking *p, const GArray *tokens, const float *adapters)
{
    Parked *parked = g_new0(Parked, 1);
    parked->path = name_of(p, tokens, adapters);
    parked->head = (HrParkHead){g_memdup2(tokens->data, tokens->len * sizeof(HrToken)),
                                g_memdup2(adapters, p->n_adapters * sizeof *adapters), tokens->len,
                                p->n_adapters};
    return parked;
}

static char *unfinished_path(const Job *job)
{
    return g_strconcat(job->parked->path, ".new", NULL);
}

static HrParkingState fail_store(HrParking *p, int error)
{
    g_autofree char *path = unfinished_path(&p->job);
    tell(p, HR_PARK_FAILED, p->job.parked->head.n, p->job.bytes, g_strerror(error));
    g_unlink(path);
    end_job(p);
    return HR_PARKING_FAILED;
}

bool hr_parking_begin_store(HrParking *p, const HrKv *kv, uint32_t slot, const float *adapters)
{
    const GArray *tokens = kv->slots[slot].tokens;
    uint64_t bytes = hr_kv_park_bytes(kv, slot);
    if (tokens->len < HR_PARK_MIN_TOKENS || bytes > p->max_bytes ||
        is_held(p, (const HrToken *)tokens->data, tokens->len, adapters))
        return false;
    make_room(p, bytes);
    p->job = (Job){
        .kind = STORE, .slot = slot, .parked = parked_new(p, tokens, adapters), .bytes = bytes};
    g_autofree char *path = unfinished_path(&p->job);
    p->job.file = hr_park_file_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (p->job.file.fd >= 0 &&
        hr_park_file_put_head(&p->job.file, p->form, &p->job.parked->head, bytes))
        return true;
    fail_store(p, p->job.file.error);
    return false;
}

static HrParkingState finish_store(HrParking *p)
{
    g_autofree char *path = unfinished_path(&p->job);
    if (!hr_park_file_put_sum(&p->job.file))
        return fail_store(p, p->job.file.error);
    if (g_rename(path, p->job.parked->path) != 0)
        return fail_store(p, errno);
    tell(p, HR_PARK_STORED, p->job.parked->head.n, p->job.bytes, NULL);
    g_ptr_array_add(p->files, g_steal_pointer(&p->job.parked));
    end_job(p);
    return HR_PARKING_STORED;
}

/* ---- Finding ---- */

uint32_t hr_parking_find(const HrParking *p, const HrToken *tokens, uint32_t n, uint32_t num_ctx,
                         const float *adapters, uint32_t *ret_index)
{
    uint32_t best = 0;
    for (guint i = 0; i < p->files->len; i++) {
        const HrParkHead *head = &((const Parked *)p->files->pdata[i])->head;
        uint32_t common = 0, most = MIN(n, head->n);
        while (common < most && head->tokens[common] == tokens[common])
            common++;
        if (common <= best || head->n > num_ctx || !same_adapters(head, adapters))
            continue;
        best = common;
        *ret_index = i;
    }
    return best;
}

/* ---- Reading back ---- */

static HrParkingState fail_restore(HrParking *p, HrKv *kv)
{
    hr_kv_truncate(kv, p->job.slot, 0);
    tell(p, HR_PARK_IGNORED, p->job.parked->head.n, 0, p->job.parked->path);
    forget(p, p->job.parked->path);
    end_job(p);
    return HR_PARKING_FAILED;
}

bool hr_parking_begin_restore(HrParking *p, HrKv *kv, uint32_t slot, uint32_t index)
{
    const Parked *known = p->files->pdata[index];
    const HrParkHead *head = &known->head;
    Parked *again = g_new0(Parked, 1);
    again->path = g_strdup(known->path);
    p->job = (Job){.kind = RESTORE, .slot = slot, .parked = again};
    p->job.file = hr_park_file_open(known->path, O_RDONLY | O_NOFOLLOW);
    if (p->job.file.fd >= 0 &&
        hr_park_file_get_head(&p->job.file, p->form, p->n_adapters, &again->head) &&
        again->head.n == head->n && begins_with(&again->head, head->tokens, head->n) &&
        hr_kv_park_begin_read(kv, slot, head->tokens, head->n, NULL))
        return true;
    fail_restore(p, kv);
    return false;
}

static HrParkingState finish_restore(HrParking *p, HrKv *kv)
{
    const Parked *parked = p->job.parked;
    if (!hr_park_file_check_sum(&p->job.file))
        return fail_restore(p, kv);
    utimensat(AT_FDCWD, parked->path, NULL, 0); /* it was of use: others go first */
    tell(p, HR_PARK_RESTORED, parked->head.n, hr_kv_park_bytes(kv, p->job.slot), NULL);
    end_job(p);
    return HR_PARKING_RESTORED;
}

/* ---- Jobs ---- */

bool hr_parking_is_working(const HrParking *p)
{
    return p->job.kind != NO_JOB;
}

static HrParkingState write_on(HrParking *p, const HrKv *kv, int64_t until_us)
{
    Job *job = &p->job;
    switch (hr_kv_park_write(kv, job->slot, &job->place, until_us, hr_park_file_put, &job->file)) {
    case HR_KV_PARK_MORE:
        return HR_PARKING_WORKS;
    case HR_KV_PARK_DONE:
        return finish_store(p);
    case HR_KV_PARK_FAILED:
    default:
        return fail_store(p, job->file.error);
    }
}

static HrParkingState read_on(HrParking *p, HrKv *kv, int64_t until_us)
{
    Job *job = &p->job;
    switch (hr_kv_park_read(kv, job->slot, &job->place, until_us, hr_park_file_get, &job->file)) {
    case HR_KV_PARK_MORE:
        return HR_PARKING_WORKS;
    case HR_KV_PARK_DONE:
        return finish_restore(p, kv);
    case HR_KV_PARK_FAILED:
    default:
        return fail_restore(p, kv);
    }
}

HrParkingState hr_parking_work(HrParking *p, HrKv *kv, int64_t until_us, uint32_t *ret_slot)
{
    *ret_slot = p->job.slot;
    return p->job.kind == STORE ? write_on(p, kv, until_us) : read_on(p, kv, until_us);
}

void hr_parking_abandon(HrParking *p, HrKv *kv)
{
    if (p->job.kind == STORE) {
        g_autofree char *path = unfinished_path(&p->job);
        g_unlink(path);
    } else if (p->job.kind == RESTORE) {
        hr_kv_truncate(kv, p->job.slot, 0);
    }
    end_job(p);
}
