/* headroom-line-reader.c: lines that a person edits, with history.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-line-reader.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#define HISTORY_LINES 1000

/* Readline's handler gets no data of ours: what it found is handed over here. */
static struct {
  char *line; /* malloc'ed */
  gboolean finished;
  gboolean remember;
} reader;

static char *
dup_history_path (void)
{
  return g_build_filename (g_get_user_state_dir (), "headroom", "history", NULL);
}

void
headroom_line_reader_open (void)
{
  g_autofree char *path = dup_history_path ();

  rl_readline_name = (char *) "headroom";
  rl_catch_signals = 0; /* the main context hears them */
  if (!isatty (STDOUT_FILENO))
    rl_outstream = stderr;
  rl_bind_key ('\t', rl_insert);
  using_history ();
  stifle_history (HISTORY_LINES);
  read_history (path); /* there may be none yet */
  reader.remember = TRUE;
}

void
headroom_line_reader_close (void)
{
  g_autofree char *path = dup_history_path ();
  g_autofree char *folder = g_path_get_dirname (path);

  if (g_mkdir_with_parents (folder, 0700) == 0 && write_history (path) == 0)
    g_chmod (path, 0600);
}

void
headroom_line_reader_set_history (gboolean remember)
{
  reader.remember = remember;
}

static void
on_line (char *line)
{
  rl_callback_handler_remove ();
  reader.line = line;
  reader.finished = TRUE;
}

static gboolean
on_input (int fd, GIOCondition condition, gpointer data)
{
  if (!reader.finished)
    rl_callback_read_char ();
  return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt (gpointer data)
{
  gboolean empty = rl_end == 0;

  rl_callback_sigcleanup ();
  rl_replace_line ("", 0);
  fprintf (rl_outstream, "\n");
  if (empty)
    fprintf (rl_outstream, "%s\n", _("Ctrl+D or /bye leaves."));
  rl_on_new_line ();
  rl_redisplay ();
  return G_SOURCE_CONTINUE;
}

char *
headroom_line_reader_read (const char *prompt)
{
  guint input = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, NULL);
  guint interrupt = g_unix_signal_add (SIGINT, on_interrupt, NULL);
  char *line;

  reader.finished = FALSE;
  rl_callback_handler_install (prompt, on_line);
  while (!reader.finished)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (input);
  g_source_remove (interrupt);
  if (reader.line == NULL)
    return NULL;
  if (reader.remember && *reader.line != '\0')
    add_history (reader.line);
  line = g_strdup (reader.line);
  free (g_steal_pointer (&reader.line));
  return line;
}
