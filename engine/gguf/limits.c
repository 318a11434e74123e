/* limits.c: see limits.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "gguf/limits.h"

#include <stdarg.h>
#include <string.h>

bool hr_gguf_fail(GError **error, HrError code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (error)
        *error = g_error_new_valist(HR_ERROR, code, format, args);
    va_end(args);
    return false;
}

char *hr_gguf_copy_text(GPtrArray *owned, HrGgufBudget *budget, const void *bytes, uint64_t len,
                        const char *what, GError **error)
{
    char *copy;

    if (len >= budget->text_bytes) {
        hr_gguf_fail(error, HR_ERROR_FORMAT, "%s: with it the header's text exceeds %u bytes", what,
                     HR_GGUF_MAX_TEXT_BYTES);
        return NULL;
    }
    copy = g_try_malloc(len + 1);
    if (!copy) {
        hr_gguf_fail(error, HR_ERROR_MEMORY,
                     "%s: no memory for %" G_GUINT64_FORMAT " bytes of text", what, len);
        return NULL;
    }
    memcpy(copy, bytes, len);
    copy[len] = 0;
    budget->text_bytes -= len + 1;
    g_ptr_array_add(owned, copy);
    return copy;
}

static bool has_control_character(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (g_ascii_iscntrl(text[i]))
            return true;
    return false;
}

char *hr_gguf_copy_name(GPtrArray *owned, HrGgufBudget *budget, const void *bytes, uint64_t len,
                        uint64_t max, const char *what, GError **error)
{
    if (len == 0)
        hr_gguf_fail(error, HR_ERROR_FORMAT, "%s has an empty name", what);
    else if (len > max)
        hr_gguf_fail(error, HR_ERROR_FORMAT,
                     "%s has a name of %" G_GUINT64_FORMAT " bytes; at most %" G_GUINT64_FORMAT
                     " are allowed",
                     what, len, max);
    else if (has_control_character(bytes, len))
        hr_gguf_fail(error, HR_ERROR_FORMAT, "%s has a control character in its name", what);
    else if (!g_utf8_validate_len(bytes, len, NULL))
        hr_gguf_fail(error, HR_ERROR_FORMAT, "%s has a name that is not UTF-8", what);
    else
        return hr_gguf_copy_text(owned, budget, bytes, len, what, error);
    return NULL;
}
