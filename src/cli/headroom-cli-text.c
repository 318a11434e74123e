/* headroom-cli-text.c: sizes and times as people read them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli-text.h"


#include <glib/gi18n.h>

#define NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)

char *
headroom_text_size (guint64 bytes)
{
  return g_format_size (bytes);
}

char *
headroom_text_memory (guint64 bytes)
{
  return g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
}

char *
headroom_text_distance (gint64 then_ns)
{
  gint64 seconds = then_ns / NSEC_PER_SEC - g_get_real_time () / G_USEC_PER_SEC;
  gboolean past = seconds <= 0;
  gint64 n = ABS (seconds);
  g_autofree char *span = NULL;

  if (n < 60)
    span = g_strdup_printf (ngettext ("%d second", "%d seconds", (gulong) n), (int) n);
  else if (n < 60 * 60)
    span =
        g_strdup_printf (ngettext ("%d minute", "%d minutes", (gulong) (n / 60)), (int) (n / 60));
  else if (n < 24 * 60 * 60)
    span =
        g_strdup_printf (ngettext ("%d hour", "%d hours", (gulong) (n / 3600)), (int) (n / 3600));
  else
    span =
        g_strdup_printf (ngettext ("%d day", "%d days", (gulong) (n / 86400)), (int) (n / 86400));
  /* Translators: %s is a span of time such as “3 hours”. */
  return past ? g_strdup_printf (_("%s ago"), span) : g_strdup_printf (_("%s from now"), span);
}

char *
headroom_text_count (guint64 count)
{
  if (count >= 1000000000)
    return g_strdup_printf ("%.1fB", (double) count / 1e9);
  if (count >= 1000000)
    return g_strdup_printf ("%.1fM", (double) count / 1e6);
  if (count >= 1000)
    return g_strdup_printf ("%.1fK", (double) count / 1e3);
  return g_strdup_printf ("%" G_GUINT64_FORMAT, count);
}
