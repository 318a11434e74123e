/* headroom-cli-util.c: options, words for people, and data for programs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include "headroom-json.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

gboolean
headroom_cli_parse (const GOptionEntry *entries, const char *arguments, const char *summary,
                    int min, int max, int *argc, char ***argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (arguments);
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (context, summary);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, argc, argv, &error)) {
    headroom_cli_complain ("%s", error->message);
  } else {
    /* A lone "--" is left in place by the parser. */
    if (*argc > 1 && g_str_equal ((*argv)[1], "--")) {
      (*argv)[1] = (*argv)[0];
      (*argc)--;
      (*argv)++;
    }
    if (*argc - 1 >= min && (max < 0 || *argc - 1 <= max))
      return TRUE;
    if (*argc - 1 < min)
      headroom_cli_complain (_("too few arguments: %s"), arguments);
    else
      headroom_cli_complain (_("too many arguments, from “%s” on"), (*argv)[max + 1]);
  }
  g_printerr (_("“%s --help” says how it is used."), g_get_prgname ());
  g_printerr ("\n");
  return FALSE;
}

void
headroom_cli_complain (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_printerr ("headroom: %s\n", text);
}

int
headroom_cli_fail (const GError *error)
{
  headroom_cli_complain ("%s", error->message);
  if (g_error_matches (error, HR_ERROR, HR_ERROR_MEMORY))
    return HEADROOM_EXIT_DOES_NOT_FIT;
  if (g_error_matches (error, HR_ERROR, HR_ERROR_SETTINGS) || error->domain == G_OPTION_ERROR)
    return HEADROOM_EXIT_USAGE;
  return HEADROOM_EXIT_FAILURE;
}

gboolean
headroom_cli_may_colour (int fd)
{
  const char *no_color = g_getenv ("NO_COLOR");

  return isatty (fd) && (no_color == NULL || *no_color == '\0') &&
         g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

void
headroom_cli_print_json (const HrValue *value, gboolean indent)
{
  g_autofree char *text =
      headroom_json_print (value, indent ? HEADROOM_JSON_INDENT : HEADROOM_JSON_PLAIN);

  puts (text);
}

GString *
headroom_cli_read_stdin (GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char chunk[65536];
  ssize_t n;

  while ((n = read (STDIN_FILENO, chunk, sizeof chunk)) != 0) {
    if (n > 0) {
      g_string_append_len (text, chunk, n);
    } else if (errno != EINTR) {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   _("Standard input cannot be read: %s"), g_strerror (errno));
      return NULL;
    }
  }
  return g_steal_pointer (&text);
}

static void
measure_columns (const char *const *cells, gsize n_cells, gsize n_columns, gsize *widths)
{
  for (gsize i = 0; i < n_cells; i++)
    widths[i % n_columns] = MAX (widths[i % n_columns], (gsize) g_utf8_strlen (cells[i], -1));
}

void
headroom_cli_print_table (const char *const *cells, gsize n_cells, gsize n_columns)
{
  g_autofree gsize *widths = g_new0 (gsize, n_columns);

  measure_columns (cells, n_cells, n_columns, widths);
  for (gsize i = 0; i < n_cells; i++) {
    gboolean last = i % n_columns == n_columns - 1;
    gsize padding = last ? 0 : widths[i % n_columns] - (gsize) g_utf8_strlen (cells[i], -1) + 4;
    printf ("%s%*s%s", cells[i], (int) padding, "", last ? "\n" : "");
  }
}
