/* headroom-wire-time.c: see headroom-wire-time.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-wire-time.h"

#include <math.h>
#include <string.h>

#include "headroom-json.h"
#include "headroom-wire.h"

#define USEC_PER_NSEC 1000
#define LONGEST_QUOTED_DURATION 64 /* bytes of a bad duration that an error repeats */

/* ---- Points in time ---- */

gint64
headroom_wire_now (void)
{
  return g_get_real_time () * USEC_PER_NSEC;
}

static void
append_fraction (GString *text, gint64 ns)
{
  if (ns == 0)
    return;
  g_string_append_printf (text, ".%09" G_GINT64_FORMAT, ns);
  while (text->str[text->len - 1] == '0')
    g_string_truncate (text, text->len - 1);
}

char *
headroom_wire_format_time (gint64 time_ns, gboolean local)
{
  gint64 seconds = time_ns / HEADROOM_NSEC_PER_SEC, ns = time_ns % HEADROOM_NSEC_PER_SEC;

  if (ns < 0) {
    ns += HEADROOM_NSEC_PER_SEC;
    seconds--;
  }
  g_autoptr(GDateTime) time =
      local ? g_date_time_new_from_unix_local (seconds) : g_date_time_new_from_unix_utc (seconds);
  g_autofree char *start = g_date_time_format (time, "%Y-%m-%dT%H:%M:%S");
  g_autofree char *offset =
      g_date_time_get_utc_offset (time) == 0 ? g_strdup ("Z") : g_date_time_format (time, "%:z");
  GString *text = g_string_new (start);
  append_fraction (text, ns);
  g_string_append (text, offset);
  return g_string_free (text, FALSE);
}

/* ---- Durations ---- */

typedef struct {
  const char *name;
  gint64 ns;
} Unit;

/* Longer names before those that they start with. */
static const Unit units[] = {
  { "ns", 1 },
  { "us", 1000 },
  { "\xc2\xb5s", 1000 },
  { "\xce\xbcs", 1000 },
  { "ms", 1000 * 1000 },
  { "s", HEADROOM_NSEC_PER_SEC },
  { "m", 60 * HEADROOM_NSEC_PER_SEC },
  { "h", 3600 * HEADROOM_NSEC_PER_SEC },
};

static gboolean
refuse_duration (const char *problem, const char *text, GError **error)
{
  g_autofree char *cut =
      g_utf8_make_valid (text, (gssize) MIN (strlen (text), LONGEST_QUOTED_DURATION));

  g_set_error (error, HEADROOM_WIRE_ERROR, 400, "time: %s \"%s\"", problem, cut);
  return FALSE;
}

static const Unit *
take_unit (const char **at)
{
  gsize len = strcspn (*at, "0123456789.");

  for (gsize i = 0; i < G_N_ELEMENTS (units); i++) {
    if (strlen (units[i].name) == len && strncmp (*at, units[i].name, len) == 0) {
      *at += len;
      return &units[i];
    }
  }
  return NULL;
}

/* "1.5" as 1 and 500000000 billionths; FALSE if there is no digit or it is too large. */
static gboolean
take_number (const char **at, gint64 *ret_whole, gint64 *ret_billionths)
{
  const char *start = *at;
  gint64 whole = 0, billionths = 0, place = HEADROOM_NSEC_PER_SEC / 10;
  gboolean has_digit = g_ascii_isdigit (*start);

  for (; g_ascii_isdigit (**at); (*at)++) {
    if (whole > (G_MAXINT64 - 9) / 10)
      return FALSE;
    whole = whole * 10 + (**at - '0');
  }
  if (**at == '.') {
    for ((*at)++; g_ascii_isdigit (**at); (*at)++, place /= 10) {
      billionths += (**at - '0') * place;
      has_digit = TRUE;
    }
  }
  *ret_whole = whole;
  *ret_billionths = billionths;
  return has_digit;
}

static gboolean
add_part (gint64 *sum, gint64 whole, gint64 billionths, const Unit *unit)
{
  gint64 fraction = (gint64) ((long double) billionths * unit->ns / HEADROOM_NSEC_PER_SEC);

  if (whole > (G_MAXINT64 - fraction) / unit->ns ||
      *sum > G_MAXINT64 - (whole * unit->ns + fraction))
    return FALSE;
  *sum += whole * unit->ns + fraction;
  return TRUE;
}

gboolean
headroom_wire_parse_duration (const char *text, gint64 *ret_ns, GError **error)
{
  const char *at = text;
  gboolean negative = *at == '-';
  gint64 sum = 0;

  if (*at == '-' || *at == '+')
    at++;
  if (strcmp (at, "0") == 0) {
    *ret_ns = 0;
    return TRUE;
  }
  if (*at == '\0')
    return refuse_duration ("invalid duration", text, error);
  while (*at != '\0') {
    gint64 whole, billionths;
    if (!take_number (&at, &whole, &billionths))
      return refuse_duration ("invalid duration", text, error);
    if (*at == '\0' || *at == '.' || g_ascii_isdigit (*at))
      return refuse_duration ("missing unit in duration", text, error);
    const char *unit_at = at;
    const Unit *unit = take_unit (&at);
    if (unit == NULL) {
      g_autofree char *name = g_strndup (unit_at, strcspn (unit_at, "0123456789."));
      g_autofree char *problem = g_strdup_printf ("unknown unit \"%.20s\" in duration", name);
      return refuse_duration (problem, text, error);
    }
    if (!add_part (&sum, whole, billionths, unit))
      return refuse_duration ("invalid duration", text, error);
  }
  *ret_ns = negative ? -sum : sum;
  return TRUE;
}

char *
headroom_wire_format_duration (gint64 ns)
{
  GString *text = g_string_new (ns < 0 ? "-" : "");
  guint64 rest = ns < 0 ? -(guint64) ns : (guint64) ns;
  guint64 second = HEADROOM_NSEC_PER_SEC;

  if (rest < second) {
    /* Below a second, the largest unit that leaves a whole part. */
    guint64 unit = rest < 1000 ? 1 : rest < 1000 * 1000 ? 1000 : 1000 * 1000;
    const char *name = rest == 0 ? "s" : unit == 1 ? "ns" : unit == 1000 ? "\xc2\xb5s" : "ms";
    g_string_append_printf (text, "%" G_GUINT64_FORMAT, rest / unit);
    append_fraction (text, (gint64) (rest % unit * (second / unit)));
    g_string_append (text, name);
    return g_string_free (text, FALSE);
  }
  if (rest >= 3600 * second)
    g_string_append_printf (text, "%" G_GUINT64_FORMAT "h", rest / (3600 * second));
  if (rest >= 60 * second)
    g_string_append_printf (text, "%" G_GUINT64_FORMAT "m", rest / (60 * second) % 60);
  g_string_append_printf (text, "%" G_GUINT64_FORMAT, rest / second % 60);
  append_fraction (text, (gint64) (rest % second));
  g_string_append_c (text, 's');
  return g_string_free (text, FALSE);
}

/* ---- keep_alive ---- */

static gint64
keep_alive_from_seconds (double seconds)
{
  if (seconds < 0 || seconds >= (double) G_MAXINT64 / (double) HEADROOM_NSEC_PER_SEC)
    return HEADROOM_FOREVER;
  return (gint64) (seconds * (double) HEADROOM_NSEC_PER_SEC);
}

/* Words for ever that are no durations; people write them because numbers and durations can be
 * negative. */
static gboolean
is_forever (const char *text)
{
  return g_str_equal (text, "-1") || g_ascii_strcasecmp (text, "infinity") == 0;
}

static gboolean
parse_keep_alive_duration (const char *text, gint64 *ret_ns, GError **error)
{
  gint64 ns = -1;

  if (!is_forever (text) && !headroom_wire_parse_duration (text, &ns, error))
    return FALSE;
  *ret_ns = ns < 0 ? HEADROOM_FOREVER : ns;
  return TRUE;
}

gboolean
headroom_wire_parse_keep_alive (const HrValue *value, gint64 *ret_ns, GError **error)
{
  switch (hr_value_kind (value)) {
  case HR_VALUE_INT:
    *ret_ns = keep_alive_from_seconds ((double) hr_value_get_int (value));
    return TRUE;
  case HR_VALUE_FLOAT:
    *ret_ns = keep_alive_from_seconds (hr_value_get_float (value));
    return TRUE;
  case HR_VALUE_STRING:
    return parse_keep_alive_duration (hr_value_get_string (value, NULL), ret_ns, error);
  default:
    g_set_error (error, HEADROOM_WIRE_ERROR, 400, "Unsupported type: '%s'",
                 hr_value_kind (value) == HR_VALUE_BOOL   ? "bool"
                 : hr_value_kind (value) == HR_VALUE_LIST ? "[]interface {}"
                                                          : "map[string]interface {}");
    return FALSE;
  }
}

gboolean
headroom_wire_parse_keep_alive_text (const char *text, gint64 *ret_ns, GError **error)
{
  gint64 seconds;

  if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &seconds, NULL)) {
    *ret_ns = keep_alive_from_seconds ((double) seconds);
    return TRUE;
  }
  return parse_keep_alive_duration (text, ret_ns, error);
}
