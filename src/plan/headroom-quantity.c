/* headroom-quantity.c: see headroom-quantity.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-quantity.h"

#include <math.h>
#include <string.h>

/* Beyond any machine, and still exact enough to be counted in 64 bits. */
#define LARGEST ((double) (G_GUINT64_CONSTANT (1) << 62))

/* Reads a prefix of k, M, G, T, P or its binary twin. */
static const char *
read_prefix (const char *text, double *ret_factor)
{
  static const char prefixes[] = "kMGTP";
  const char *at = *text != '\0' ? strchr (prefixes, *text == 'K' ? 'k' : *text) : NULL;
  gboolean binary = at != NULL && text[1] == 'i';

  *ret_factor = at != NULL ? pow (binary ? 1024 : 1000, (double) (at - prefixes + 1)) : 1;
  return text + (at != NULL) + binary;
}

gboolean
headroom_quantity_parse (const char *text, const char *unit, double *ret)
{
  char *end;
  double number, factor;

  while (g_ascii_isspace (*text))
    text++;
  if (!g_ascii_isdigit (*text) || text[1] == 'x' || text[1] == 'X') /* no hexadecimal numbers */
    return FALSE;
  number = g_ascii_strtod (text, &end);
  while (g_ascii_isspace (*end))
    end++;
  text = read_prefix (end, &factor);
  if (g_ascii_strcasecmp (text, unit) != 0 && !(g_str_equal (unit, "B") && *text == '\0'))
    return FALSE;
  if (!isfinite (number) || number * factor > LARGEST)
    return FALSE;
  *ret = number * factor;
  return TRUE;
}

gboolean
headroom_quantity_parse_bytes (const char *text, guint64 *ret)
{
  double bytes;

  if (!headroom_quantity_parse (text, "B", &bytes))
    return FALSE;
  *ret = (guint64) round (bytes);
  return TRUE;
}
