/* park-file.h: a file with what a slot held, written and read bit by bit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In the machine's byte order:
 *
 *   char     magic[8]              "HRPARK1\n"
 *   uint8    form[32]              SHA-256 of the model's identity and of the cache's form
 *   uint32   n_tokens, n_adapters
 *   uint64   n_bytes               of the pages and states that follow (kv/park.h)
 *   float    adapters[n_adapters]
 *   int32    tokens[n_tokens]
 *   uint8    bytes[n_bytes]
 *   uint8    sum[32]               SHA-256 of everything before
 *
 * Thread-safety: Unsafe.
 */
#pragma once

#include "hr.h"

#define HR_PARK_SUM_BYTES 32

typedef struct {
    int fd;         /* < 0: none */
    GChecksum *sum; /* of what went through so far */
    int error;      /* errno; 0: none, or the file ended */
} HrParkFile;

/* What stands before the bytes. */
typedef struct {
    HrToken *tokens; /* [n] */
    float *adapters; /* [n_adapters] */
    uint32_t n, n_adapters;
} HrParkHead;
void hr_park_head_clear(HrParkHead *head);

/* As open(); fd < 0 with error set where that fails. */
HrParkFile hr_park_file_open(const char *path, int flags);
void hr_park_file_close(HrParkFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HrParkFile, hr_park_file_close)

/* HrKvWriteFunc and HrKvReadFunc of an HrParkFile. */
bool hr_park_file_put(const void *bytes, size_t n, void *file);
bool hr_park_file_get(void *bytes, size_t n, void *file);

bool hr_park_file_put_head(HrParkFile *file, const uint8_t form[HR_PARK_SUM_BYTES],
                           const HrParkHead *head, uint64_t bytes);
/* False: not whole, of another form, or of another number of adapters. */
bool hr_park_file_get_head(HrParkFile *file, const uint8_t form[HR_PARK_SUM_BYTES],
                           uint32_t n_adapters, HrParkHead *ret_head);
/* The end: what the sum is, and whether it is what it should be. */
bool hr_park_file_put_sum(HrParkFile *file);
bool hr_park_file_check_sum(HrParkFile *file);
