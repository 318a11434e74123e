/* headroom-line-reader.h: lines that a person edits, with history.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Readline does the editing; the main context keeps running meanwhile. There is one terminal, so
 * there is one reader.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reads the history of earlier times. Call once before the first line. */
void headroom_line_reader_open (void);
/* Writes the history, readable for this user only. */
void headroom_line_reader_close (void);
/* Whether lines are remembered from now on. */
void headroom_line_reader_set_history (gboolean remember);

/* The next line, without its newline; NULL at the end of input (Ctrl+D). Ctrl+C empties the line.
 */
char *headroom_line_reader_read (const char *prompt) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
