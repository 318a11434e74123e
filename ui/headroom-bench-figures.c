/* headroom-bench-figures.c: see headroom-bench-figures.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-bench-figures.h"

#include "headroom-advice.h"
#include "headroom-memory.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

/* A comparison of two whole suites has some dozens. */
#define MAX_VERDICTS 60

/* ---- Rows ------------------------------------------------------------------------------------ */

static GtkWidget *
new_group (const char *title)
{
  GtkWidget *group = adw_preferences_group_new ();

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), title);
  return group;
}

static AdwActionRow *
add_row (GtkWidget *group, const char *title, const char *text)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  if (text != NULL)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
  return ADW_ACTION_ROW (row);
}

static gboolean
is_dict (const HrValue *value)
{
  return value != NULL && hr_value_kind (value) == HR_VALUE_DICT;
}

/* ---- Advice ---------------------------------------------------------------------------------- */

GtkWidget *
headroom_bench_figures_new_advice (const HrValue *model)
{
  g_autoptr (GPtrArray) advice = headroom_advice_new (model);
  GtkWidget *group;

  if (advice->len == 0)
    return NULL;
  group = new_group (_("What This Means"));
  for (guint i = 0; i < advice->len; i++)
    add_row (group, advice->pdata[i], NULL);
  return group;
}

/* ---- Single requests and speeds -------------------------------------------------------------- */

static gboolean
supports (const HrValue *summary, const char *key)
{
  const HrValue *list = headroom_wire_get (summary, "unsupported");

  for (gsize i = 0; i < headroom_wire_length (list); i++) {
    const HrValue *name = headroom_wire_at (list, i);
    if (hr_value_kind (name) == HR_VALUE_STRING &&
        g_str_equal (hr_value_get_string (name, NULL), key))
      return FALSE;
  }
  return headroom_wire_get (summary, key) != NULL;
}

/* "345 ms", or a dash where so few values say nothing of it. */
static char *
dup_figure (const HrValue *summary, const char *name, const char *unit)
{
  g_autofree char *key = g_strdup_printf ("%s_%s", name, unit);

  return supports (summary, key) ? g_strdup_printf ("%.1f", headroom_wire_get_double (summary, key))
                                 : g_strdup ("–");
}

static void
add_summary (GtkWidget *group, const char *title, const HrValue *summary)
{
  g_autofree char *p50 = dup_figure (summary, "p50", "ms"),
                  *p95 = dup_figure (summary, "p95", "ms"),
                  *p99 = dup_figure (summary, "p99", "ms"),
                  *min = dup_figure (summary, "min", "ms"),
                  *max = dup_figure (summary, "max", "ms"), *text = NULL;

  if (headroom_wire_length (headroom_wire_get (summary, "samples")) == 0)
    return;
  /* Translators: times in milliseconds; 95 % are shorter than the second, 99 % than the third */
  text = g_strdup_printf (_("Median %s ms · 95 %%: %s · 99 %%: %s · from %s to %s"), p50, p95, p99,
                          min, max);
  add_row (group, title, text);
}

GtkWidget *
headroom_bench_figures_new_latency (const HrValue *model)
{
  const HrValue *latency = headroom_wire_get (model, "latency");
  double load_ms = headroom_wire_get_double (latency, "cold_load_ms");
  GtkWidget *group;

  if (headroom_wire_get (latency, "total") == NULL)
    return NULL;
  group = new_group (_("Single Requests"));
  adw_preferences_group_set_description (
      ADW_PREFERENCES_GROUP (group),
      _("One after another. A dash stands where so few requests say nothing about it."));
  add_summary (group, _("Whole Answer"), headroom_wire_get (latency, "total"));
  add_summary (group, _("First Byte"), headroom_wire_get (latency, "first_byte"));
  add_summary (group, _("Each Token"), headroom_wire_get (latency, "per_token"));
  if (load_ms > 0) {
    g_autofree char *text = g_strdup_printf (_("%.0f ms"), load_ms);
    add_row (group, _("Loading Before"), text);
  }
  return group;
}

GtkWidget *
headroom_bench_figures_new_speed (const HrValue *model)
{
  const HrValue *speed = headroom_wire_get (model, "speed");
  GtkWidget *group;

  if (headroom_wire_length (speed) == 0)
    return NULL;
  group = new_group (_("Reading and Writing"));
  for (gsize i = 0; i < headroom_wire_length (speed); i++) {
    const HrValue *one = headroom_wire_at (speed, i);
    const char *name = headroom_wire_get_string (one, "name");
    g_autofree char *text =
        g_strdup_printf (_("%.1f tokens/s"), headroom_wire_get_double (one, "p50_tokens_per_sec"));
    add_row (group, name != NULL ? name : "", text);
  }
  return group;
}

/* ---- Problems -------------------------------------------------------------------------------- */

GtkWidget *
headroom_bench_figures_new_problems (const HrValue *model)
{
  GtkWidget *group = NULL;
  const char *key;

  for (gsize i = 0; is_dict (model) && i < hr_value_size (model); i++) {
    const HrValue *part = hr_value_entry (model, i, &key);
    const char *error = is_dict (part) ? headroom_wire_get_string (part, "error") : NULL;
    if (error == NULL)
      continue;
    if (group == NULL)
      group = new_group (_("Not Measured, or Not All of It"));
    add_row (group, key, error);
  }
  return group;
}

/* ---- The machine ----------------------------------------------------------------------------- */

static void
add_rate (GtkWidget *group, const char *title, double rate, char *take_text)
{
  g_autofree char *text = take_text;

  if (rate > 0)
    add_row (group, title, text);
}

static void
add_operations (GtkWidget *group, const char *title, double rate)
{
  add_rate (group, title, rate, g_strdup_printf (_("%.2f tera-operations/s"), rate * 1e-12));
}

static void
add_rates (GtkWidget *group, const HrValue *rates)
{
  double read = headroom_wire_get_double (rates, "read_bytes_per_second");
  double latency = headroom_wire_get_double (rates, "latency_seconds");

  add_rate (group, _("Reading Memory"), read, g_strdup_printf (_("%.1f GB/s"), read * 1e-9));
  add_operations (group, _("Arithmetic on Bytes"),
                  headroom_wire_get_double (rates, "int8_operations_per_second"));
  add_operations (group, _("Arithmetic on bfloat16"),
                  headroom_wire_get_double (rates, "bf16_operations_per_second"));
  add_operations (group, _("Arithmetic on Floats"),
                  headroom_wire_get_double (rates, "float32_operations_per_second"));
  add_rate (group, _("Waiting for Memory"), latency,
            g_strdup_printf (_("%.0f ns"), latency * 1e9));
}

GtkWidget *
headroom_bench_figures_new_machine (const HrValue *report)
{
  const HrValue *machine = headroom_wire_get (report, "machine");
  const HrValue *rates = headroom_wire_get (machine, "rates");
  const char *processor = headroom_wire_get_string (machine, "processor");
  const char *kernels = headroom_wire_get_string (machine, "kernels");
  g_autofree char *memory = NULL, *text = NULL;
  GtkWidget *group;

  if (!is_dict (machine))
    return NULL;
  group = new_group (_("The Computer"));
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group),
                                         _("What it reached on its own, just before."));
  memory = headroom_memory_format ((guint64) headroom_wire_get_int (machine, "memory_bytes"));
  /* Translators: cores, memory, and the name of a set of instructions */
  text = g_strdup_printf (_("%d cores, %s, %s"), (int) headroom_wire_get_int (machine, "cores"),
                          memory, kernels != NULL ? kernels : "–");
  add_row (group, processor != NULL ? processor : "", text);
  add_rates (group, rates);
  return group;
}

/* ---- Two runs -------------------------------------------------------------------------------- */

static const char *
word_of (const char *verdict)
{
  if (g_strcmp0 (verdict, "better") == 0)
    return _("better");
  if (g_strcmp0 (verdict, "worse") == 0)
    return _("worse");
  return g_strcmp0 (verdict, "same") == 0 ? _("no difference beyond noise") : _("too few values");
}

static void
add_verdict (GtkWidget *group, const HrValue *figure)
{
  const char *name = headroom_wire_get_string (figure, "name");
  g_autofree char *text = g_strdup_printf (
      /* Translators: a verdict such as "better"; a ratio, and what it lies between */
      _("%s: %.3f times, between %.3f and %.3f"),
      word_of (headroom_wire_get_string (figure, "verdict")),
      headroom_wire_get_double (figure, "ratio"), headroom_wire_get_double (figure, "low"),
      headroom_wire_get_double (figure, "high"));

  add_row (group, name != NULL ? name : "", text);
}

GtkWidget *
headroom_bench_figures_new_verdict (const HrValue *comparison)
{
  const HrValue *figures = headroom_wire_get (comparison, "figures");
  GtkWidget *group = new_group (_("Compared with the Other Run"));
  g_autofree char *text = g_strdup_printf (
      _("%d better, %d worse, %d not different, %d with too few values. Figures of this run over the other’s, and what noise leaves of them at 95 %%."),
      (int) headroom_wire_get_int (comparison, "better"),
      (int) headroom_wire_get_int (comparison, "worse"),
      (int) headroom_wire_get_int (comparison, "same"),
      (int) headroom_wire_get_int (comparison, "too_few"));

  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group), text);
  for (gsize i = 0; i < MIN (headroom_wire_length (figures), MAX_VERDICTS); i++)
    add_verdict (group, headroom_wire_at (figures, i));
  if (headroom_wire_length (figures) == 0)
    add_row (group, _("The two have no figure in common"), NULL);
  return group;
}

char *
headroom_bench_figures_dup_time (const char *iso8601)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = iso8601 != NULL ? g_date_time_new_from_iso8601 (iso8601, utc) : NULL;
  g_autoptr (GDateTime) local = time != NULL ? g_date_time_to_local (time) : NULL;

  return local != NULL ? g_date_time_format (local, "%x %R") : g_strdup ("");
}
