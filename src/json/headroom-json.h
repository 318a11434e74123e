/* headroom-json.h: the one place where JSON text is read and written.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A document is an HrValue: dicts keep their order, integers stay apart from floats, strings may
 * hold U+0000. json-c does the parsing and the escaping; this file adds what it leaves open: what
 * is refused, in which words, and how numbers look.
 *
 *   deeper than HEADROOM_JSON_MAX_DEPTH    refused: "exceeded max depth"
 *   longer than HEADROOM_JSON_MAX_BYTES    refused
 *   bytes that are not UTF-8               refused, with the offset
 *   text after the value                   refused: "invalid character 'x' after top-level value"
 *   U+0000 in a string                     kept; in a key: refused (a key is a C string)
 *   a key twice                            the last one counts, at the place of the first
 *   a lone surrogate (\ud800)              becomes U+FFFD
 *   an integer over 63 bits                up to 64 bits a float; beyond: refused
 *   a float over the range of double       refused
 *
 * Thread-safety: Safe.
 */
#pragma once

#include <glib.h>

#include "hr.h"

G_BEGIN_DECLS

/* Clients' messages, tools and schemas are a few dozen deep; what walks a value recursively must be
 * able to. */
#define HEADROOM_JSON_MAX_DEPTH 512
/* Pictures travel inside requests as base64. */
#define HEADROOM_JSON_MAX_BYTES (256u * 1024 * 1024)

#define HEADROOM_JSON_ERROR (headroom_json_error_quark ())
GQuark headroom_json_error_quark (void);

typedef enum {
  HEADROOM_JSON_ERROR_EMPTY,     /* nothing but white space: "missing request body" */
  HEADROOM_JSON_ERROR_TRUNCATED, /* "unexpected EOF" */
  HEADROOM_JSON_ERROR_SYNTAX,    /* "invalid character 'x' looking for beginning of value", ... */
  HEADROOM_JSON_ERROR_LIMIT,     /* depth, size, a number out of range */
} HeadroomJsonError;

typedef enum {
  HEADROOM_JSON_PLAIN = 0,
  HEADROOM_JSON_ESCAPE_HTML =
      1 << 0, /* <, > and & as \u003c, \u003e and \u0026, U+2028 and U+2029 as \u2028 and
                 \u2029: what clients of the Ollama API are used to */
  HEADROOM_JSON_INDENT = 1 << 1, /* for people: two spaces, one entry per line */
} HeadroomJsonFlags;

/**
 * headroom_json_parse:
 * @text: JSON, not necessarily NUL-terminated
 * @len: bytes of @text, or -1
 * @trusted: whether the strings may spell control tokens (see hr_value_new_string()); text from a
 * client may not
 *
 * Returns: (transfer full) (nullable): the document, or %NULL with @error set
 */
HrValue *headroom_json_parse (const char *text, gssize len, gboolean trusted,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * headroom_json_print:
 * @value: (nullable): what to write; %NULL, undefined values and numbers that are not finite become
 * `null`
 *
 * Writes a value as JSON. Floats are written with the fewest digits that read back as the same
 * number.
 *
 * Returns: (transfer full): the text, without a newline at its end
 */
char *headroom_json_print (const HrValue *value, HeadroomJsonFlags flags) G_GNUC_WARN_UNUSED_RESULT;

/* "0.1", "1e+21", "3": the shortest text that reads back as number, as Go writes it. "null" if it
 * is not finite. */
char *headroom_json_format_number (double number) G_GNUC_WARN_UNUSED_RESULT;

/* Convenience for building documents: strings written here are ours to show and not meant for a
 * template. NULL: nothing is set. */
void headroom_json_set_string (HrValue *dict, const char *key, const char *text);
void headroom_json_set_int (HrValue *dict, const char *key, gint64 number);
void headroom_json_set_float (HrValue *dict, const char *key, double number);
void headroom_json_set_bool (HrValue *dict, const char *key, gboolean truth);
void headroom_json_set_strv (HrValue *dict, const char *key,
                             const char *const *texts); /* NULL: an empty list */

/* Convenience for reading them: NULL or fallback where the key is absent or of another kind. */
const char *headroom_json_get_string (const HrValue *dict, const char *key);
gint64 headroom_json_get_int (const HrValue *dict, const char *key, gint64 fallback);
gboolean headroom_json_get_bool (const HrValue *dict, const char *key, gboolean fallback);

G_END_DECLS
