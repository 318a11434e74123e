/* headroom-cmd-bench-compare.c: headroom bench compare
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli-bench.h"

#include "headroom-compare.h"
#include "headroom-json.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdio.h>

static HrValue *
read_report (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  HrValue *report;
  gsize len;

  if (!g_file_get_contents (path, &text, &len, error))
    return NULL;
  report = headroom_json_parse (text, (gssize) len, FALSE, error);
  if (report == NULL)
    g_prefix_error (error, _("%s is not a report: "), path);
  return report;
}

static const char *
word_of (const char *verdict)
{
  if (g_str_equal (verdict, "better"))
    return _("better");
  if (g_str_equal (verdict, "worse"))
    return _("worse");
  return g_str_equal (verdict, "same") ? _("no difference beyond noise") : _("too few values");
}

static void
print_figure (const HrValue *figure)
{
  printf ("%-48s  %6.3f  [%.3f, %.3f]  %s\n", headroom_json_get_string (figure, "name"),
          hr_value_get_float (hr_value_lookup (figure, "ratio")),
          hr_value_get_float (hr_value_lookup (figure, "low")),
          hr_value_get_float (hr_value_lookup (figure, "high")),
          word_of (headroom_json_get_string (figure, "verdict")));
}

static void
print_result (const HrValue *result)
{
  HrValue *figures = hr_value_lookup (result, "figures");
  HrValue *missing = hr_value_lookup (result, "missing");

  for (gsize i = 0; i < hr_value_size (figures); i++)
    print_figure (hr_value_at (figures, i));
  for (gsize i = 0; i < hr_value_size (missing); i++)
    printf ("%-48s  %s\n", hr_value_get_string (hr_value_at (missing, i), NULL),
            _("only in one of them"));
  /* Translators: how many figures of the second report are better, worse, not different. */
  printf (_("%" PRIi64 " better, %" PRIi64 " worse, %" PRIi64 " not different, %" PRIi64
            " with too few values"),
          headroom_json_get_int (result, "better", 0), headroom_json_get_int (result, "worse", 0),
          headroom_json_get_int (result, "same", 0), headroom_json_get_int (result, "too_few", 0));
  printf ("\n");
}

int
headroom_cmd_bench_compare (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = { { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print as JSON"),
                                     NULL },
                                   G_OPTION_ENTRY_NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (HrValue) first = NULL;
  g_autoptr (HrValue) second = NULL;
  g_autoptr (HrValue) result = NULL;

  if (!headroom_cli_parse (
          entries, _("A.json B.json"),
          _("Compares two reports: B's medians over A's, with the interval that noise leaves at 95 %."),
          2, 2, &argc, &argv))
    return HEADROOM_EXIT_USAGE;
  if ((first = read_report (argv[1], &error)) == NULL ||
      (second = read_report (argv[2], &error)) == NULL)
    return headroom_cli_fail (error);
  result = headroom_compare (first, second);
  if (hr_value_size (hr_value_lookup (result, "figures")) == 0) {
    headroom_cli_complain (_("the two reports have no figure in common"));
    return HEADROOM_EXIT_FAILURE;
  }
  if (json)
    headroom_cli_print_json (result, FALSE);
  else
    print_result (result);
  return HEADROOM_EXIT_OK;
}
