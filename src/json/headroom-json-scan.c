/* headroom-json-scan.c: walks over a JSON text once, before the parser sees it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Clients match on the words in which Go refuses bad JSON, and json-c has words of its own; it also
 * saturates integers without saying so, cuts keys at U+0000 and takes bytes that are not UTF-8. So
 * the grammar of RFC 8259 is checked here, with an explicit stack of one byte per open bracket, and
 * json-c builds the tree of a text that is known to be good. Nothing is built here.
 */
#include "headroom-json-scan.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "headroom-json.h"

typedef struct {
  const guint8 *at, *start, *end;
  char open[HEADROOM_JSON_MAX_DEPTH]; /* '{' or '[', outermost first */
  guint depth;
  GError **error;
} Scanner;

/* ---- Refusing ---- */

/* A byte as Go's quoteChar shows it: bytes over 0x7f as the code point of that number. */
static char *
quote_byte (guint8 byte)
{
  static const char *const named[] = {
    ['\a'] = "'\\a'", ['\b'] = "'\\b'", ['\f'] = "'\\f'", ['\n'] = "'\\n'",
    ['\r'] = "'\\r'", ['\t'] = "'\\t'", ['\v'] = "'\\v'",
  };
  char utf8[6];

  if (byte == '\'' || byte == '\\')
    return g_strdup_printf ("'\\%c'", byte);
  if (byte < G_N_ELEMENTS (named) && named[byte] != NULL)
    return g_strdup (named[byte]);
  if (byte < 0x20 || byte == 0x7f)
    return g_strdup_printf ("'\\x%02x'", byte);
  if (byte >= 0x80 && (byte <= 0xa0 || byte == 0xad))
    return g_strdup_printf ("'\\u%04x'", byte);
  int n = g_unichar_to_utf8 (byte, utf8);
  return g_strdup_printf ("'%.*s'", n, utf8);
}

/* The byte at the cursor is not what the context allows; at the end, the text is cut short. */
static gboolean
refuse (Scanner *scanner, const char *context)
{
  if (scanner->at >= scanner->end) {
    g_set_error_literal (scanner->error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_TRUNCATED,
                         "unexpected EOF");
    return FALSE;
  }
  g_autofree char *quoted = quote_byte (*scanner->at);
  g_set_error (scanner->error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_SYNTAX,
               "invalid character %s %s", quoted, context);
  return FALSE;
}

/* ---- Tokens: the cursor stands on the first byte, and after success behind the last ---- */

static void
skip_space (Scanner *scanner)
{
  while (scanner->at < scanner->end && strchr (" \t\r\n", *scanner->at) != NULL &&
         *scanner->at != '\0')
    scanner->at++;
}

static gboolean
scan_escape (Scanner *scanner, gboolean is_key)
{
  guint code = 0;

  scanner->at++;
  if (scanner->at >= scanner->end || *scanner->at == '\0' ||
      strchr ("\"\\/bfnrtu", *scanner->at) == NULL)
    return refuse (scanner, "in string escape code");
  if (*scanner->at++ != 'u')
    return TRUE;
  for (int i = 0; i < 4; i++, scanner->at++) {
    if (scanner->at >= scanner->end || !g_ascii_isxdigit (*scanner->at))
      return refuse (scanner, "in \\u hexadecimal character escape");
    code = code * 16 + (guint) g_ascii_xdigit_value (*scanner->at);
  }
  if (is_key && code == 0) {
    g_set_error_literal (scanner->error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_SYNTAX,
                         "invalid character '\\x00' in object key");
    return FALSE;
  }
  return TRUE;
}

static gboolean
scan_wide_char (Scanner *scanner)
{
  gunichar c = g_utf8_get_char_validated ((const char *) scanner->at, scanner->end - scanner->at);
  if (c == (gunichar) -1 || c == (gunichar) -2) {
    g_set_error (scanner->error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_SYNTAX,
                 "invalid UTF-8 at byte %" G_GSIZE_FORMAT, (gsize) (scanner->at - scanner->start));
    return FALSE;
  }
  scanner->at += g_unichar_to_utf8 (c, NULL);
  return TRUE;
}

static gboolean
scan_string (Scanner *scanner, gboolean is_key)
{
  scanner->at++;
  while (scanner->at < scanner->end && *scanner->at != '"') {
    if (*scanner->at < 0x20)
      return refuse (scanner, "in string literal");
    if (*scanner->at == '\\') {
      if (!scan_escape (scanner, is_key))
        return FALSE;
    } else if (*scanner->at < 0x80) {
      scanner->at++;
    } else if (!scan_wide_char (scanner)) {
      return FALSE;
    }
  }
  if (scanner->at >= scanner->end)
    return refuse (scanner, "in string literal");
  scanner->at++;
  return TRUE;
}

static gboolean
scan_digits (Scanner *scanner, const char *context)
{
  if (scanner->at >= scanner->end || !g_ascii_isdigit (*scanner->at))
    return refuse (scanner, context);
  while (scanner->at < scanner->end && g_ascii_isdigit (*scanner->at))
    scanner->at++;
  return TRUE;
}

/* Integers must fit in 64 bits, signed or unsigned, and floats in a double: a parser would saturate
 * them without a word. */
static gboolean
check_range (Scanner *scanner, const guint8 *start, gboolean is_integer)
{
  g_autofree char *text = g_strndup ((const char *) start, (gsize) (scanner->at - start));
  gboolean fits;

  errno = 0;
  if (!is_integer) {
    fits = isfinite (g_ascii_strtod (text, NULL));
  } else {
    if (text[0] == '-')
      g_ascii_strtoll (text, NULL, 10);
    else
      g_ascii_strtoull (text, NULL, 10);
    fits = errno != ERANGE;
  }
  if (!fits)
    g_set_error (scanner->error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_LIMIT,
                 "json: cannot unmarshal number %.40s%s into Go value of type %s", text,
                 strlen (text) > 40 ? "..." : "", is_integer ? "int64" : "float64");
  return fits;
}

static gboolean
scan_number (Scanner *scanner)
{
  const guint8 *start = scanner->at;
  gboolean is_integer = TRUE;

  if (*scanner->at == '-')
    scanner->at++;
  if (scanner->at < scanner->end && *scanner->at == '0')
    scanner->at++;
  else if (!scan_digits (scanner, "in numeric literal"))
    return FALSE;
  if (scanner->at < scanner->end && *scanner->at == '.') {
    is_integer = FALSE;
    scanner->at++;
    if (!scan_digits (scanner, "after decimal point in numeric literal"))
      return FALSE;
  }
  if (scanner->at < scanner->end && (*scanner->at == 'e' || *scanner->at == 'E')) {
    is_integer = FALSE;
    scanner->at++;
    if (scanner->at < scanner->end && (*scanner->at == '+' || *scanner->at == '-'))
      scanner->at++;
    if (!scan_digits (scanner, "in exponent of numeric literal"))
      return FALSE;
  }
  return check_range (scanner, start, is_integer);
}

static gboolean
scan_literal (Scanner *scanner, const char *word)
{
  for (const char *c = word; *c != '\0'; c++, scanner->at++) {
    if (scanner->at >= scanner->end || *scanner->at != (guint8) *c) {
      g_autofree char *context = g_strdup_printf ("in literal %s (expecting '%c')", word, *c);
      return refuse (scanner, context);
    }
  }
  return TRUE;
}

/* ---- Structure ---- */

static gboolean
scan_key (Scanner *scanner)
{
  if (scanner->at >= scanner->end || *scanner->at != '"')
    return refuse (scanner, "looking for beginning of object key string");
  if (!scan_string (scanner, TRUE))
    return FALSE;
  skip_space (scanner);
  if (scanner->at >= scanner->end || *scanner->at != ':')
    return refuse (scanner, "after object key");
  scanner->at++;
  return TRUE;
}

/* Behind an opening bracket: TRUE with *ret_closed set if it closes at once, else a value (of an
 * object: after its key) follows. */
static gboolean
enter (Scanner *scanner, gboolean *ret_closed)
{
  char bracket = (char) *scanner->at;

  if (scanner->depth == HEADROOM_JSON_MAX_DEPTH) {
    g_set_error_literal (scanner->error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_LIMIT,
                         "exceeded max depth");
    return FALSE;
  }
  scanner->at++;
  skip_space (scanner);
  if (scanner->at < scanner->end && *scanner->at == (bracket == '{' ? '}' : ']')) {
    scanner->at++;
    *ret_closed = TRUE;
    return TRUE;
  }
  scanner->open[scanner->depth++] = bracket;
  *ret_closed = FALSE;
  return bracket == '[' || scan_key (scanner);
}

/* A value's first part: a whole scalar or empty container (*ret_complete), or an opening bracket.
 */
static gboolean
begin_value (Scanner *scanner, gboolean *ret_complete)
{
  *ret_complete = TRUE;
  skip_space (scanner);
  if (scanner->at >= scanner->end)
    return refuse (scanner, "looking for beginning of value");
  switch (*scanner->at) {
  case '{':
  case '[':
    return enter (scanner, ret_complete);
  case '"':
    return scan_string (scanner, FALSE);
  case 't':
    return scan_literal (scanner, "true");
  case 'f':
    return scan_literal (scanner, "false");
  case 'n':
    return scan_literal (scanner, "null");
  default:
    if (*scanner->at == '-' || g_ascii_isdigit (*scanner->at))
      return scan_number (scanner);
    return refuse (scanner, "looking for beginning of value");
  }
}

/* Behind a value inside a container: a comma (another value follows) or brackets that close. */
static gboolean
end_value (Scanner *scanner)
{
  while (scanner->depth > 0) {
    gboolean is_object = scanner->open[scanner->depth - 1] == '{';

    skip_space (scanner);
    if (scanner->at < scanner->end && *scanner->at == ',') {
      scanner->at++;
      skip_space (scanner);
      return !is_object || scan_key (scanner);
    }
    if (scanner->at >= scanner->end || *scanner->at != (is_object ? '}' : ']'))
      return refuse (scanner, is_object ? "after object key:value pair" : "after array element");
    scanner->at++;
    scanner->depth--;
  }
  return TRUE;
}

gboolean
headroom_json_scan (const char *text, gsize len, GError **error)
{
  Scanner scanner = { .at = (const guint8 *) text,
                      .start = (const guint8 *) text,
                      .end = (const guint8 *) text + len,
                      .error = error };
  gboolean complete;

  skip_space (&scanner);
  if (scanner.at == scanner.end) {
    g_set_error_literal (error, HEADROOM_JSON_ERROR, HEADROOM_JSON_ERROR_EMPTY,
                         "missing request body");
    return FALSE;
  }
  do {
    if (!begin_value (&scanner, &complete))
      return FALSE;
    if (complete && !end_value (&scanner))
      return FALSE;
  } while (!complete || scanner.depth > 0);
  skip_space (&scanner);
  return scanner.at == scanner.end || refuse (&scanner, "after top-level value");
}
