/* headroom-advice.c: see headroom-advice.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-advice.h"

#include "headroom-curves.h"

#include <glib/gi18n.h>
#include <math.h>

#define PATIENCE_MS 10e3 /* after which people look whether something is wrong */
#define NOTICEABLE 1.1   /* a difference that is worth a sentence */
#define STEEPER 2.2      /* per doubling: more than in step with the length */
#define MOST_ANSWERS 0.9

/* ---- Curves without their gaps ---- */

static GArray *
measured (const HeadroomCurve *curve)
{
  GArray *points = g_array_new (FALSE, FALSE, sizeof (HeadroomCurvePoint));

  for (guint i = 0; curve != NULL && i < curve->points->len; i++)
    if (isfinite (headroom_curve_at (curve, i)->y))
      g_array_append_vals (points, headroom_curve_at (curve, i), 1);
  return points;
}

static const HeadroomCurvePoint *
at (const GArray *points, guint index)
{
  return &g_array_index (points, HeadroomCurvePoint, index);
}

static const HeadroomCurvePoint *
last_of (const GArray *points)
{
  return at (points, points->len - 1);
}

/* By how much y is multiplied when x is doubled, from one point to another. */
static double
growth (const HeadroomCurvePoint *from, const HeadroomCurvePoint *to)
{
  return pow (to->y / from->y, 1 / log2 (to->x / from->x));
}

static char *
dup_time (double ms)
{
  return ms >= 1000 ? g_strdup_printf (_("%.1f s"), ms / 1000)
                    : g_strdup_printf (ms >= 100 ? _("%.0f ms") : _("%.1f ms"), ms);
}

static void G_GNUC_PRINTF (2, 3) say (GPtrArray *advice, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (advice, g_strdup_vprintf (format, args));
  va_end (args);
}

/* ---- Over the context ---- */

static void
advise_patience (const GArray *points, GPtrArray *advice)
{
  const HeadroomCurvePoint *longest = NULL;
  g_autofree char *time = NULL;

  for (guint i = 0; i < points->len && at (points, i)->y <= PATIENCE_MS; i++)
    longest = at (points, i);
  if (longest == NULL || longest == last_of (points))
    return;
  time = dup_time (longest->y);
  say (
      advice,
      _("Up to %'.0f tokens of context the first token comes within ten seconds even when it is full (%s); from %'.0f on it takes longer."),
      longest->x, time, longest[1].x);
}

/* Where reading begins to cost more than in step with the length, and how much more. */
static void
advise_first_token (const HeadroomCurve *curve, GPtrArray *advice)
{
  g_autoptr (GArray) points = measured (curve);
  const HeadroomCurvePoint *last, *knee = NULL;
  g_autofree char *from = NULL, *to = NULL;

  if (points->len < 2)
    return;
  last = last_of (points);
  for (guint i = 0; i + 1 < points->len && knee == NULL; i++)
    if (growth (at (points, i), last) > STEEPER)
      knee = at (points, i);
  from = dup_time ((knee != NULL ? knee : at (points, 0))->y);
  to = dup_time (last->y);
  if (knee != NULL)
    say (
        advice,
        _("Beyond %'.0f tokens each doubling of a full context makes the first token come %.1f times as late: %s there, %s with %'.0f tokens."),
        knee->x, growth (knee, last), from, to, last->x);
  else
    say (
        advice,
        _("The wait for the first token grows no faster than the prompt: %s with %'.0f tokens, %s with %'.0f."),
        from, at (points, 0)->x, to, last->x);
  advise_patience (points, advice);
}

static void
advise_per_token (const HeadroomCurve *curve, GPtrArray *advice)
{
  g_autoptr (GArray) points = measured (curve);
  const HeadroomCurvePoint *last, *knee;
  g_autofree char *from = NULL, *to = NULL;
  guint i = 0;

  if (points->len < 2)
    return;
  last = last_of (points);
  while (i + 2 < points->len && at (points, i + 1)->y < NOTICEABLE * at (points, 0)->y)
    i++;
  knee = at (points, i);
  from = dup_time (knee->y);
  to = dup_time (last->y);
  if (last->y < NOTICEABLE * knee->y)
    say (advice,
         _("How long the context is hardly changes the time per token: %s with %'.0f tokens."), to,
         last->x);
  else
    say (
        advice,
        _("Beyond %'.0f tokens of context each doubling costs %.0f %% more time per token: %s there, %s with %'.0f tokens."),
        knee->x, 100 * (growth (knee, last) - 1), from, to, last->x);
}

static void
advise_memory (const HeadroomCurve *curve, GPtrArray *advice)
{
  g_autoptr (GArray) points = measured (curve);
  const HeadroomCurvePoint *last, *before;
  g_autofree char *more = NULL, *all = NULL;

  if (points->len < 2)
    return;
  last = last_of (points);
  before = at (points, points->len - 2);
  if (last->y <= before->y)
    return;
  more = g_format_size_full ((guint64) (last->y - before->y), G_FORMAT_SIZE_IEC_UNITS);
  all = g_format_size_full ((guint64) last->y, G_FORMAT_SIZE_IEC_UNITS);
  say (advice, _("Going from %'.0f to %'.0f tokens of context takes %s more memory, %s in all."),
       before->x, last->x, more, all);
}

/* ---- Answers ---- */

static void
advise_throughput (const HeadroomCurve *curve, GPtrArray *advice)
{
  g_autoptr (GArray) points = measured (curve);
  const HeadroomCurvePoint *knee = NULL;

  for (guint i = 0; i < points->len; i++)
    if (at (points, i)->x == curve->mark)
      knee = at (points, i);
  if (points->len < 2 || knee == NULL || !(at (points, 0)->y > 0))
    return;
  if (knee->x > at (points, 0)->x)
    say (
        advice,
        _("%'.0f who ask at once get %.1f tokens/s together, %.1f times as many as %'.0f; more at once gain little and make each wait longer."),
        knee->x, knee->y, knee->y / at (points, 0)->y, at (points, 0)->x);
  else
    say (advice, _("More who ask at once gain little: %.1f tokens/s with %'.0f, %.1f with %'.0f."),
         knee->y, knee->x, last_of (points)->y, last_of (points)->x);
}

static void
advise_completeness (const HeadroomCurve *curve, GPtrArray *advice)
{
  g_autoptr (GArray) points = measured (curve);
  const HeadroomCurvePoint *enough = NULL;

  if (points->len == 0)
    return;
  for (guint i = points->len; i-- > 0 && at (points, i)->y >= MOST_ANSWERS;)
    enough = at (points, i);
  if (enough != NULL)
    say (advice, _("With a limit of %'.0f tokens %.0f %% of the answers ended by themselves."),
         enough->x, 100 * enough->y);
  else
    say (
        advice,
        _("Even with a limit of %'.0f tokens only %.0f %% of the answers ended by themselves; a longer limit, or none, leaves fewer cut off."),
        last_of (points)->x, 100 * last_of (points)->y);
}

/* ---- The whole ---- */

static void
advise_problems (const HeadroomCurve *curve, GPtrArray *advice)
{
  for (guint i = 0; curve != NULL && i < curve->points->len; i++) {
    const HeadroomCurvePoint *point = headroom_curve_at (curve, i);
    if (point->problem != NULL && !isfinite (point->y)) {
      say (advice, _("With %'.0f tokens of context nothing was measured: %s"), point->x,
           point->problem);
      return;
    }
  }
}

GPtrArray *
headroom_advice_new (const HrValue *model)
{
  static void (*const advise[]) (const HeadroomCurve *curve, GPtrArray *advice) = {
    advise_first_token, advise_per_token, advise_memory, advise_throughput, advise_completeness,
  };
  GPtrArray *advice = g_ptr_array_new_with_free_func (g_free);
  G_STATIC_ASSERT (G_N_ELEMENTS (advise) == HEADROOM_CURVE_N_KINDS);

  for (guint kind = 0; kind < HEADROOM_CURVE_N_KINDS; kind++) {
    g_autoptr (HeadroomCurve) curve = headroom_curve_new (model, kind);
    if (curve != NULL)
      advise[kind](curve, advice);
    if (kind == HEADROOM_CURVE_FIRST_TOKEN)
      advise_problems (curve, advice);
  }
  return advice;
}
