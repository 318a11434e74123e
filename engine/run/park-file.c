/* park-file.c: see park-file.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run/park-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "HRPARK1\n"
/* More tokens than any context; a file that says more is damaged. */
#define MAX_TOKENS (64u << 20)

typedef struct {
    char magic[8];
    uint8_t form[HR_PARK_SUM_BYTES];
    uint32_t n_tokens, n_adapters;
    uint64_t n_bytes;
} Header;
G_STATIC_ASSERT(sizeof(Header) == 8 + HR_PARK_SUM_BYTES + 16);

void hr_park_head_clear(HrParkHead *head)
{
    g_free(head->tokens);
    g_free(head->adapters);
    *head = (HrParkHead){0};
}

HrParkFile hr_park_file_open(const char *path, int flags)
{
    HrParkFile file = {.fd = open(path, flags | O_CLOEXEC, 0600)};
    if (file.fd < 0)
        file.error = errno;
    else
        file.sum = g_checksum_new(G_CHECKSUM_SHA256);
    return file;
}

void hr_park_file_close(HrParkFile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    g_clear_pointer(&file->sum, g_checksum_free);
    file->fd = -1;
}

/* ---- Bytes ---- */

static bool put_plain(HrParkFile *file, const void *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = write(file->fd, (const char *)bytes + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0) {
            file->error = errno;
            return false;
        }
        done += (size_t)k;
    }
    return true;
}

bool hr_park_file_put(const void *bytes, size_t n, void *data)
{
    HrParkFile *file = data;
    g_checksum_update(file->sum, bytes, (gssize)n);
    return put_plain(file, bytes, n);
}

static bool get_plain(HrParkFile *file, void *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = read(file->fd, (char *)bytes + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0) {
            file->error = k < 0 ? errno : 0;
            return false;
        }
        done += (size_t)k;
    }
    return true;
}

bool hr_park_file_get(void *bytes, size_t n, void *data)
{
    HrParkFile *file = data;
    if (!get_plain(file, bytes, n))
        return false;
    g_checksum_update(file->sum, bytes, (gssize)n);
    return true;
}

/* ---- The head ---- */

bool hr_park_file_put_head(HrParkFile *file, const uint8_t form[HR_PARK_SUM_BYTES],
                           const HrParkHead *head, uint64_t bytes)
{
    Header h = {.n_tokens = head->n, .n_adapters = head->n_adapters, .n_bytes = bytes};
    memcpy(h.magic, MAGIC, sizeof h.magic);
    memcpy(h.form, form, HR_PARK_SUM_BYTES);
    return hr_park_file_put(&h, sizeof h, file) &&
           hr_park_file_put(head->adapters, head->n_adapters * sizeof(float), file) &&
           hr_park_file_put(head->tokens, head->n * sizeof(HrToken), file);
}

bool hr_park_file_get_head(HrParkFile *file, const uint8_t form[HR_PARK_SUM_BYTES],
                           uint32_t n_adapters, HrParkHead *ret_head)
{
    Header h;
    if (!hr_park_file_get(&h, sizeof h, file) || memcmp(h.magic, MAGIC, sizeof h.magic) != 0 ||
        memcmp(h.form, form, HR_PARK_SUM_BYTES) != 0 || h.n_tokens == 0 ||
        h.n_tokens > MAX_TOKENS || h.n_adapters != n_adapters)
        return false;
    HrParkHead head = {.adapters = g_try_new(float, (size_t)n_adapters + 1),
                       .tokens = g_try_new(HrToken, h.n_tokens),
                       .n = h.n_tokens,
                       .n_adapters = n_adapters};
    if (head.adapters && head.tokens &&
        hr_park_file_get(head.adapters, n_adapters * sizeof(float), file) &&
        hr_park_file_get(head.tokens, head.n * sizeof(HrToken), file)) {
        *ret_head = head;
        return true;
    }
    hr_park_head_clear(&head);
    return false;
}

/* ---- The end ---- */

bool hr_park_file_put_sum(HrParkFile *file)
{
    uint8_t sum[HR_PARK_SUM_BYTES];
    gsize n = sizeof sum;
    g_checksum_get_digest(file->sum, sum, &n);
    return put_plain(file, sum, sizeof sum);
}

bool hr_park_file_check_sum(HrParkFile *file)
{
    uint8_t sum[HR_PARK_SUM_BYTES], written[HR_PARK_SUM_BYTES];
    gsize n = sizeof sum;
    g_checksum_get_digest(file->sum, sum, &n);
    return get_plain(file, written, sizeof written) && memcmp(sum, written, sizeof sum) == 0;
}
