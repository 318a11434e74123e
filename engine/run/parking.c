/* parking.c: see parking.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/parking.h"

#include "kv/park.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "HRPARK1\n"
#define SUM_BYTES 32
#define SUFFIX ".park"
/* Hexadecimal digits of a sum that names are made of. */
#define NAME_DIGITS 24
/* More tokens than any context; a file that says more is damaged. */
#define MAX_TOKENS (64u << 20)
#define MAX_ADAPTERS 1024

typedef struct {
    char magic[8];
    uint8_t form[SUM_BYTES];
    uint32_t n_tokens, n_adapters;
    uint64_t n_bytes;
} Header;
G_STATIC_ASSERT(sizeof(Header) == 8 + SUM_BYTES + 16);

typedef struct {
    char *path;
    HrToken *tokens; /* [n] */
    uint32_t n;
    float *adapters; /* [n_adapters] */
} Parked;

struct HrParking {
    char *folder, *identity;
    uint64_t max_bytes;
    HrParkNoteFunc note;
    void *data;
    GDestroyNotify destroy;
    uint32_t n_adapters;
    uint8_t form[SUM_BYTES];
    char prefix[NAME_DIGITS + 1]; /* of the names of its files */
    GPtrArray *files;             /* Parked */
};

static void parked_free(void *data)
{
    Parked *parked = data;
    g_free(parked->path);
    g_free(parked->tokens);
    g_free(parked->adapters);
    g_free(parked);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parked, parked_free)

static void tell(const HrParking *p, HrParkNote note, uint32_t n, uint64_t bytes,
                 const char *problem)
{
    if (p->note)
        p->note(note, n, bytes, problem, p->data);
}

/* ---- Files ---- */

/* Bytes in order from or to a file, summed up on the way. */
typedef struct {
    int fd;
    GChecksum *sum;
    int error; /* errno; 0: none, or the file ended */
} Stream;

static bool put_plain(Stream *s, const void *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = write(s->fd, (const char *)bytes + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0) {
            s->error = errno;
            return false;
        }
        done += (size_t)k;
    }
    return true;
}

static bool put(const void *bytes, size_t n, void *data)
{
    Stream *s = data;
    g_checksum_update(s->sum, bytes, (gssize)n);
    return put_plain(s, bytes, n);
}

static bool get_plain(Stream *s, void *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = read(s->fd, (char *)bytes + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0) {
            s->error = k < 0 ? errno : 0;
            return false;
        }
        done += (size_t)k;
    }
    return true;
}

static bool get(void *bytes, size_t n, void *data)
{
    Stream *s = data;
    if (!get_plain(s, bytes, n))
        return false;
    g_checksum_update(s->sum, bytes, (gssize)n);
    return true;
}

static void finish_sum(Stream *s, uint8_t sum[SUM_BYTES])
{
    gsize n = SUM_BYTES;
    g_checksum_get_digest(s->sum, sum, &n);
}

static void close_stream(Stream *s)
{
    if (s->fd >= 0)
        close(s->fd);
    g_checksum_free(s->sum);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stream, close_stream)

static Stream open_stream(const char *path, int flags)
{
    return (Stream){.fd = open(path, flags | O_CLOEXEC, 0600),
                    .sum = g_checksum_new(G_CHECKSUM_SHA256)};
}

/* ---- What there is ---- */

/* The header and what follows it up to the bytes; NULL: not whole, or of another form. */
static Parked *read_head(const HrParking *p, Stream *s, const char *path, Header *ret_header)
{
    g_autoptr(Parked) parked = g_new0(Parked, 1);
    Header h;
    if (!get(&h, sizeof h, s) || memcmp(h.magic, MAGIC, sizeof h.magic) != 0 ||
        memcmp(h.form, p->form, SUM_BYTES) != 0 || h.n_tokens == 0 || h.n_tokens > MAX_TOKENS ||
        h.n_adapters != p->n_adapters)
        return NULL;
    parked->path = g_strdup(path);
    parked->n = h.n_tokens;
    parked->adapters = g_try_new(float, h.n_adapters + 1);
    parked->tokens = g_try_new(HrToken, h.n_tokens);
    if (!parked->adapters || !parked->tokens ||
        !get(parked->adapters, h.n_adapters * sizeof(float), s) ||
        !get(parked->tokens, h.n_tokens * sizeof(HrToken), s))
        return NULL;
    *ret_header = h;
    return g_steal_pointer(&parked);
}

static void scan(HrParking *p)
{
    g_autoptr(GDir) dir = g_dir_open(p->folder, 0, NULL);
    for (const char *name; dir && p->files->len < HR_MAX_PARKED && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(p->folder, name, NULL);
        Header header;
        if (!g_str_has_prefix(name, p->prefix) || !g_str_has_suffix(name, SUFFIX))
            continue;
        g_auto(Stream) s = open_stream(path, O_RDONLY);
        Parked *parked = s.fd >= 0 ? read_head(p, &s, path, &header) : NULL;
        if (parked)
            g_ptr_array_add(p->files, parked);
        else
            tell(p, HR_PARK_IGNORED, 0, 0, path);
    }
}

/* ---- Lifetime ---- */

void hr_parking_reform(HrParking *p, const HrKv *kv, bool turned_far)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize n = SUM_BYTES;
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
    g_mkdir_with_parents(p->folder, 0700);
    hr_parking_reform(p, kv, turned_far);
    return p;
}

void hr_parking_free(HrParking *p)
{
    if (!p)
        return;
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

static bool begins_with(const Parked *parked, const HrToken *tokens, uint32_t n)
{
    return parked->n >= n && memcmp(parked->tokens, tokens, n * sizeof *tokens) == 0;
}

static bool same_adapters(const HrParking *p, const Parked *parked, const float *adapters)
{
    return p->n_adapters == 0 ||
           memcmp(parked->adapters, adapters, p->n_adapters * sizeof *adapters) == 0;
}

/* Whether a file holds it already; files that hold only its beginning are no longer of use. */
static bool is_held(HrParking *p, const HrToken *tokens, uint32_t n, const float *adapters)
{
    for (guint i = p->files->len; i-- > 0;) {
        const Parked *parked = p->files->pdata[i];
        if (!same_adapters(p, parked, adapters))
            continue;
        if (begins_with(parked, tokens, n))
            return true;
        if (parked->n < n && memcmp(parked->tokens, tokens, parked->n * sizeof *tokens) == 0) {
            g_autofree char *path = g_strdup(parked->path);
            forget(p, path);
        }
    }
    return false;
}

static bool write_file(const HrParking *p, const HrKv *kv, uint32_t slot, const float *adapters,
                       uint64_t bytes, Stream *s)
{
    const GArray *tokens = kv->slots[slot].tokens;
    Header h = {.n_tokens = tokens->len, .n_adapters = p->n_adapters, .n_bytes = bytes};
    uint8_t sum[SUM_BYTES];
    memcpy(h.magic, MAGIC, sizeof h.magic);
    memcpy(h.form, p->form, SUM_BYTES);
    if (!put(&h, sizeof h, s) || !put(adapters, p->n_adapters * sizeof *adapters, s) ||
        !put(tokens->data, tokens->len * sizeof(HrToken), s) || !hr_kv_park_write(kv, slot, put, s))
        return false;
    finish_sum(s, sum);
    return put_plain(s, sum, sizeof sum);
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

static void note_stored(HrParking *p, const GArray *tokens, const float *adapters, const char *path,
                        uint64_t bytes)
{
    Parked *parked = g_new0(Parked, 1);
    parked->path = g_strdup(path);
    parked->n = tokens->len;
    parked->tokens = g_memdup2(tokens->data, tokens->len * sizeof(HrToken));
    parked->adapters = g_memdup2(adapters, p->n_adapters * sizeof *adapters);
    g_ptr_array_add(p->files, parked);
    tell(p, HR_PARK_STORED, parked->n, bytes, NULL);
}

void hr_parking_store(HrParking *p, const HrKv *kv, uint32_t slot, const float *adapters)
{
    const GArray *tokens = kv->slots[slot].tokens;
    uint64_t bytes = hr_kv_park_bytes(kv, slot);
    if (tokens->len < HR_PARK_MIN_TOKENS || bytes > p->max_bytes ||
        is_held(p, (const HrToken *)tokens->data, tokens->len, adapters))
        return;
    make_room(p, bytes);
    g_autofree char *path = name_of(p, tokens, adapters), *whole = g_strconcat(path, ".new", NULL);
    g_auto(Stream) s = open_stream(whole, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (s.fd < 0)
        s.error = errno;
    if (s.fd >= 0 && write_file(p, kv, slot, adapters, bytes, &s) && g_rename(whole, path) == 0) {
        note_stored(p, tokens, adapters, path, bytes);
        return;
    }
    tell(p, HR_PARK_FAILED, tokens->len, bytes, g_strerror(s.error ? s.error : errno));
    g_unlink(whole);
}

/* ---- Finding ---- */

uint32_t hr_parking_find(const HrParking *p, const HrToken *tokens, uint32_t n, uint32_t num_ctx,
                         const float *adapters, uint32_t *ret_index)
{
    uint32_t best = 0;
    for (guint i = 0; i < p->files->len; i++) {
        const Parked *parked = p->files->pdata[i];
        uint32_t common = 0, most = MIN(n, parked->n);
        while (common < most && parked->tokens[common] == tokens[common])
            common++;
        if (common <= best || parked->n > num_ctx || !same_adapters(p, parked, adapters))
            continue;
        best = common;
        *ret_index = i;
    }
    return best;
}

static bool read_file(const HrParking *p, HrKv *kv, uint32_t slot, const Parked *parked)
{
    g_auto(Stream) s = open_stream(parked->path, O_RDONLY | O_NOFOLLOW);
    uint8_t sum[SUM_BYTES], written[SUM_BYTES];
    Header header;
    g_autoptr(Parked) again = s.fd >= 0 ? read_head(p, &s, parked->path, &header) : NULL;
    if (!again || again->n != parked->n || !begins_with(again, parked->tokens, parked->n) ||
        !hr_kv_park_read(kv, slot, parked->tokens, parked->n, get, &s, NULL))
        return false;
    finish_sum(&s, sum);
    if (get_plain(&s, written, sizeof written) && memcmp(sum, written, sizeof sum) == 0)
        return true;
    hr_kv_truncate(kv, slot, 0);
    return false;
}

bool hr_parking_restore(HrParking *p, HrKv *kv, uint32_t slot, uint32_t index)
{
    const Parked *parked = p->files->pdata[index];
    uint32_t n = parked->n;
    if (read_file(p, kv, slot, parked)) {
        utimensat(AT_FDCWD, parked->path, NULL, 0); /* it was of use: others go first */
        tell(p, HR_PARK_RESTORED, n, hr_kv_park_bytes(kv, slot), NULL);
        return true;
    }
    g_autofree char *path = g_strdup(parked->path);
    tell(p, HR_PARK_IGNORED, n, 0, path);
    forget(p, path);
    return false;
}
