/* headroom-curves.c: see headroom-curves.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-curves.h"

#include "headroom-json.h"

#include <math.h>

/* ---- Names ---- */

static const struct {
  const char *variable, *name, *second;
  const char *part, *key, *second_key; /* of a point: where the values are */
} kinds[] = {
  [HEADROOM_CURVE_FIRST_TOKEN] = { "num_ctx", "first_token_ms", NULL, "first_token", "p50_ms" },
  [HEADROOM_CURVE_PER_TOKEN] = { "num_ctx", "ms_per_token", NULL, "per_token", "p50_ms" },
  [HEADROOM_CURVE_MEMORY] = { "num_ctx", "planned_bytes", "seen_bytes", "memory", "planned_bytes",
                              "seen_bytes" },
  [HEADROOM_CURVE_THROUGHPUT] = { "workers", "tokens_per_sec", NULL, NULL, "tokens_per_sec" },
  [HEADROOM_CURVE_COMPLETENESS] = { "num_predict", "completeness", NULL, NULL, "completeness" },
};
G_STATIC_ASSERT (G_N_ELEMENTS (kinds) == HEADROOM_CURVE_N_KINDS);

const char *
headroom_curve_name (HeadroomCurveKind kind)
{
  return kinds[kind].name;
}

const char *
headroom_curve_second_name (HeadroomCurveKind kind)
{
  return kinds[kind].second;
}

const char *
headroom_curve_variable (HeadroomCurveKind kind)
{
  return kinds[kind].variable;
}

/* ---- Fields of a report from anywhere ---- */

static HrValue *
lookup (const HrValue *value, const char *key, HrValueKind kind)
{
  HrValue *found =
      value != NULL && hr_value_kind (value) == HR_VALUE_DICT ? hr_value_lookup (value, key) : NULL;

  return found != NULL && hr_value_kind (found) == kind ? found : NULL;
}

static double
get_number (const HrValue *dict, const char *key)
{
  HrValue *value = dict != NULL && hr_value_kind (dict) == HR_VALUE_DICT && key != NULL
                       ? hr_value_lookup (dict, key)
                       : NULL;

  if (value != NULL && hr_value_kind (value) == HR_VALUE_INT)
    return (double) hr_value_get_int (value);
  return value != NULL && hr_value_kind (value) == HR_VALUE_FLOAT ? hr_value_get_float (value)
                                                                  : NAN;
}

HrValue *
headroom_curves_get_model (const HrValue *report, gsize index)
{
  HrValue *models = lookup (report, "models", HR_VALUE_LIST);
  HrValue *model =
      models != NULL && index < hr_value_size (models) ? hr_value_at (models, index) : NULL;

  return model != NULL && hr_value_kind (model) == HR_VALUE_DICT ? model : NULL;
}

/* The part that a curve is of: the levels of a throughput, the points of a sweep. */
static HrValue *
find_list (const HrValue *model, HeadroomCurveKind kind, HrValue **ret_part)
{
  HrValue *sweeps = lookup (model, "sweeps", HR_VALUE_LIST);

  if (kind == HEADROOM_CURVE_THROUGHPUT) {
    *ret_part = lookup (model, "throughput", HR_VALUE_DICT);
    return lookup (*ret_part, "levels", HR_VALUE_LIST);
  }
  for (gsize i = 0; sweeps != NULL && i < hr_value_size (sweeps); i++) {
    HrValue *points = lookup (hr_value_at (sweeps, i), "points", HR_VALUE_LIST);
    *ret_part = hr_value_at (sweeps, i);
    if (points != NULL &&
        g_strcmp0 (headroom_json_get_string (*ret_part, "variable"), kinds[kind].variable) == 0)
      return points;
  }
  return NULL;
}

/* ---- Curves ---- */

static double
place_of (const HrValue *entry, HeadroomCurveKind kind)
{
  HrValue *text = lookup (entry, "value", HR_VALUE_STRING);

  if (kind == HEADROOM_CURVE_THROUGHPUT)
    return get_number (entry, "workers");
  return text != NULL ? g_ascii_strtod (hr_value_get_string (text, NULL), NULL)
                      : get_number (entry, "value");
}

static gint
compare_points (gconstpointer a, gconstpointer b)
{
  double x = ((const HeadroomCurvePoint *) a)->x, y = ((const HeadroomCurvePoint *) b)->x;

  return (x > y) - (x < y);
}

static void
clear_point (gpointer data)
{
  g_free (((HeadroomCurvePoint *) data)->problem);
}

static void
add_point (HeadroomCurve *self, const HrValue *entry)
{
  const HrValue *part = kinds[self->kind].part != NULL
                            ? lookup (entry, kinds[self->kind].part, HR_VALUE_DICT)
                            : entry;
  HeadroomCurvePoint point = { .x = place_of (entry, self->kind),
                               .y = get_number (part, kinds[self->kind].key),
                               .second = get_number (part, kinds[self->kind].second_key) };
  HrValue *problem = lookup (entry, "error", HR_VALUE_STRING);

  if (!(point.x > 0) || !isfinite (point.x))
    return;
  if (point.second == 0)
    point.second = NAN; /* the system did not tell */
  if (problem != NULL)
    point.problem = g_strdup (hr_value_get_string (problem, NULL));
  g_array_append_val (self->points, point);
}

HeadroomCurve *
headroom_curve_new (const HrValue *model, HeadroomCurveKind kind)
{
  HrValue *part = NULL;
  HrValue *list = find_list (model, kind, &part);
  HeadroomCurve *self;

  if (list == NULL)
    return NULL;
  self = g_new0 (HeadroomCurve, 1);
  self->kind = kind;
  self->mark = kind == HEADROOM_CURVE_THROUGHPUT ? get_number (part, "knee") : NAN;
  self->complete = headroom_json_get_bool (part, "complete", TRUE);
  self->points = g_array_new (FALSE, FALSE, sizeof (HeadroomCurvePoint));
  g_array_set_clear_func (self->points, clear_point);
  for (gsize i = 0; i < hr_value_size (list); i++)
    add_point (self, hr_value_at (list, i));
  g_array_sort (self->points, compare_points);
  return self;
}

void
headroom_curve_free (HeadroomCurve *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->points);
  g_free (self);
}

const HeadroomCurvePoint *
headroom_curve_at (const HeadroomCurve *self, guint index)
{
  return &g_array_index (self->points, HeadroomCurvePoint, index);
}

guint
headroom_curve_count (const HeadroomCurve *self)
{
  guint n = 0;

  for (guint i = 0; i < self->points->len; i++)
    n += isfinite (headroom_curve_at (self, i)->y);
  return n;
}

/* ---- Files ---- */

/* Quoted where it has to be. */
static void
append_field (GString *csv, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "\"", -1);
  g_autofree char *doubled = g_strjoinv ("\"\"", parts);

  if (strpbrk (text, "\",\r\n") != NULL)
    g_string_append_printf (csv, "\"%s\"", doubled);
  else
    g_string_append (csv, text);
}

static void
append_line (GString *csv, const char *model, HeadroomCurveKind kind,
             const HeadroomCurvePoint *point, const char *name, double value)
{
  g_autofree char *x = headroom_json_format_number (point->x);
  g_autofree char *y = isfinite (value) ? headroom_json_format_number (value) : g_strdup ("");

  append_field (csv, model);
  g_string_append_printf (csv, ",%s,%s,%s,%s,", kinds[kind].variable, x, name, y);
  if (point->problem != NULL)
    append_field (csv, point->problem);
  g_string_append (csv, "\r\n");
}

static void
append_curve (GString *csv, const char *model, const HeadroomCurve *curve)
{
  for (guint i = 0; i < curve->points->len; i++) {
    const HeadroomCurvePoint *point = headroom_curve_at (curve, i);
    append_line (csv, model, curve->kind, point, kinds[curve->kind].name, point->y);
    if (kinds[curve->kind].second != NULL)
      append_line (csv, model, curve->kind, point, kinds[curve->kind].second, point->second);
  }
}

char *
headroom_curves_to_csv (const HrValue *report)
{
  GString *csv = g_string_new ("model,variable,value,figure,median,problem\r\n");
  HrValue *model;

  for (gsize i = 0; (model = headroom_curves_get_model (report, i)) != NULL; i++) {
    const char *name = headroom_json_get_string (model, "model");
    for (guint kind = 0; kind < HEADROOM_CURVE_N_KINDS; kind++) {
      g_autoptr (HeadroomCurve) curve = headroom_curve_new (model, kind);
      if (curve != NULL)
        append_curve (csv, name != NULL ? name : "", curve);
    }
  }
  return g_string_free (csv, FALSE);
}
