/* headroom-curve-text.c: see headroom-curve-text.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-curve-text.h"

#include "headroom-memory.h"

#include <glib/gi18n.h>
#include <math.h>

const char *
headroom_curve_title (HeadroomCurveKind kind)
{
  static const char *const titles[] = { N_("Time to the First Token"), N_("Time per Token"),
                                        N_("Memory"), N_("Answers at Once"),
                                        N_("Whole Answers") };
  G_STATIC_ASSERT (G_N_ELEMENTS (titles) == HEADROOM_CURVE_N_KINDS);

  return _ (titles[kind]);
}

const char *
headroom_curve_legend (HeadroomCurveKind kind)
{
  static const char *const legends[] = {
    N_("With prompts that fill a context of so many tokens"),
    N_("Of each further token, with a context of so many tokens that is full"),
    N_("Planned, and dashed what the system saw, with a context of so many tokens"),
    N_("Tokens per second of all answers together, with so many who ask at once"),
    N_("Share of answers that ended by themselves, with so many tokens at most"),
  };
  G_STATIC_ASSERT (G_N_ELEMENTS (legends) == HEADROOM_CURVE_N_KINDS);

  return _ (legends[kind]);
}

char *
headroom_curve_format_x (HeadroomCurveKind kind, double x)
{
  switch (kind) {
  case HEADROOM_CURVE_THROUGHPUT:
    /* Translators: so many ask at the same time */
    return g_strdup_printf (_("%'.0f at once"), x);
  case HEADROOM_CURVE_COMPLETENESS:
    /* Translators: an answer's limit */
    return g_strdup_printf (_("At most %'.0f tokens"), x);
  default:
    return g_strdup_printf (_("%'.0f tokens of context"), x);
  }
}

char *
headroom_curve_format_tick (double x)
{
  return x >= 1024 && fmod (x, 1024) == 0 ? g_strdup_printf ("%.0fk", x / 1024)
                                          : g_strdup_printf ("%.0f", x);
}

char *
headroom_curve_format_y (HeadroomCurveKind kind, double y)
{
  if (!isfinite (y))
    return g_strdup ("–");
  switch (kind) {
  case HEADROOM_CURVE_MEMORY:
    return headroom_memory_format ((guint64) MAX (y, 0));
  case HEADROOM_CURVE_THROUGHPUT:
    return g_strdup_printf (_("%.1f tokens/s"), y);
  case HEADROOM_CURVE_COMPLETENESS:
    return g_strdup_printf (_("%.0f %%"), 100 * y);
  default:
    return y >= 1000 ? g_strdup_printf (_("%.2f s"), y / 1000)
                     : g_strdup_printf (y >= 100 ? _("%.0f ms") : _("%.1f ms"), y);
  }
}

static char *
dup_values (HeadroomCurveKind kind, const HeadroomCurvePoint *point)
{
  g_autofree char *y = headroom_curve_format_y (kind, point->y);
  g_autofree char *second = headroom_curve_format_y (kind, point->second);

  if (point->problem != NULL && !isfinite (point->y))
    return g_strdup (point->problem);
  if (headroom_curve_second_name (kind) == NULL)
    return g_steal_pointer (&y);
  /* Translators: memory */
  return g_strdup_printf (_("%s planned, %s seen"), y, second);
}

char *
headroom_curve_dup_value (HeadroomCurveKind kind, const HeadroomCurvePoint *point,
                          const HeadroomCurvePoint *other)
{
  g_autofree char *value = dup_values (kind, point);
  g_autofree char *beside = other != NULL ? dup_values (kind, other) : NULL;

  if (beside == NULL)
    return g_steal_pointer (&value);
  /* Translators: what is there in one run, and in another that it is compared with */
  return g_strdup_printf (_("%s (the other run: %s)"), value, beside);
}

char *
headroom_curve_dup_reading (HeadroomCurveKind kind, const HeadroomCurvePoint *point,
                            const HeadroomCurvePoint *other)
{
  g_autofree char *x = headroom_curve_format_x (kind, point->x);
  g_autofree char *value = headroom_curve_dup_value (kind, point, other);

  /* Translators: a place on a curve and what is there, such as "8,192 tokens of context: 345 ms" */
  return g_strdup_printf (_("%s: %s"), x, value);
}
