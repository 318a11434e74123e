/* fuzz-gguf.c: any bytes, opened as a GGUF file; what opens is read through.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"
#include "gguf/gguf.h"
#include "hr.h"

static volatile uint8_t sink; /* keeps the reads */

static void read_element(const HrGgufEntry *entry, uint64_t index)
{
    const char *bytes;
    int64_t number;
    double real;
    size_t len;

    if (hr_gguf_element_string(entry, index, &bytes, &len) && len > 0)
        sink = (uint8_t)(bytes[0] ^ bytes[len - 1]);
    if (hr_gguf_element_int(entry, index, &number))
        sink = (uint8_t)number;
    if (hr_gguf_element_float(entry, index, &real))
        sink = real > 0;
}

static void read_entry(const HrGguf *gguf, const HrGgufEntry *entry)
{
    uint64_t number;
    double real;
    bool truth;
    size_t len;

    g_assert_true(hr_gguf_find(gguf, entry->key) == entry);
    hr_gguf_get_uint(gguf, entry->key, &number);
    hr_gguf_get_float(gguf, entry->key, &real);
    hr_gguf_get_bool(gguf, entry->key, &truth);
    if (hr_gguf_get_string(gguf, entry->key, &len))
        g_assert_cmpuint(len, ==, entry->n);
    for (uint64_t i = 0; i <= entry->n; i++)
        read_element(entry, i);
    read_element(entry, UINT64_MAX);
}

static void read_tensor(const HrGguf *gguf, const HrGgufTensor *tensor, bool header_only)
{
    const uint8_t *bytes = hr_gguf_tensor_data(gguf, tensor);

    g_assert_true(hr_gguf_find_tensor(gguf, tensor->name) == tensor);
    g_assert_cmpuint(tensor->bytes, >, 0);
    g_assert_true((bytes == NULL) == header_only);
    if (bytes)
        sink = bytes[0] ^ bytes[tensor->bytes - 1];
}

static void open_and_read(const uint8_t *data, size_t size, bool header_only)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HrGguf) gguf = hr_gguf_open_memory(data, size, header_only, &error);

    g_assert_true((gguf == NULL) == (error != NULL));
    if (!gguf) {
        g_assert_true(error->domain == HR_ERROR && g_utf8_validate(error->message, -1, NULL));
        return;
    }
    for (size_t i = 0; i < hr_gguf_n_entries(gguf); i++)
        read_entry(gguf, hr_gguf_entry(gguf, i));
    for (size_t i = 0; i < hr_gguf_n_tensors(gguf); i++)
        read_tensor(gguf, hr_gguf_tensor(gguf, i), header_only);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    open_and_read(data, size, false);
    open_and_read(data, size, true);
    return 0;
}
