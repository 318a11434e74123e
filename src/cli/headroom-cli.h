/* headroom-cli.h: what the commands of the terminal program share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One file per command, one function per file: headroom_cmd_<name> (argc, argv), where argv[0] is
 * the command's name and the result is the exit status. Data goes to stdout, words for people go to
 * stderr. A command that is to be found by people stands in the table of headroom-cli.c.
 *
 * Thread-safety: the main thread's.
 */
#pragma once

#include <gio/gio.h>

#include "headroom-client.h"
#include "headroom-store.h"
#include "hr.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_EXIT_OK = 0,
  HEADROOM_EXIT_FAILURE = 1,
  HEADROOM_EXIT_USAGE = 2,       /* arguments that make no sense; nothing was done */
  HEADROOM_EXIT_DOES_NOT_FIT = 3, /* the model would not fit into memory with these settings */
} HeadroomExit;

typedef struct {
  const char *name;
  const char *arguments; /* after the options: "MODEL|FILE [PROMPT]" */
  const char *summary;   /* one line, marked with N_() */
  int (*run) (int argc, char **argv);
} HeadroomCommand;

int headroom_cli_main (int argc, char **argv);
/* Dispatches argv[1] over a table; command NULL terminates. prefix: "headroom", "headroom debug".
 */
int headroom_cli_dispatch (const HeadroomCommand *commands, const char *prefix, const char *summary,
                           int argc, char **argv);

/**
 * headroom_cli_parse:
 * @summary: what the command does, as its --help says it
 * @arguments: what stands after the options, for --help
 * @min: fewest arguments
 * @max: most arguments, or -1
 *
 * Reads the options of a command; what is left in @argv from 1 on are its arguments. Says what is
 * wrong, if anything.
 *
 * Returns: whether the command may go on; else it ends with %HEADROOM_EXIT_USAGE
 */
gboolean headroom_cli_parse (const GOptionEntry *entries, const char *arguments,
                             const char *summary, int min, int max, int *argc, char ***argv);

/* "headroom: sentence" on stderr. */
void headroom_cli_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The same with an error's message; returns the exit status that it stands for. */
int headroom_cli_fail (const GError *error);

/* Whether words on this descriptor may be dimmed and coloured: a terminal, and NO_COLOR is not set.
 */
gboolean headroom_cli_may_colour (int fd);

/* Writes a document as JSON and a newline to stdout. */
void headroom_cli_print_json (const HrValue *value, gboolean indent);
/* All of stdin, or NULL with error. */
GString *headroom_cli_read_stdin (GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Rows of n_columns cells, left-aligned, four spaces apart; the first row is the heading. */
void headroom_cli_print_table (const char *const *cells, gsize n_cells, gsize n_columns);

/* ---- Models ---- */

/* A model as the person named it, a path or a name of the store. */
HrModel *headroom_cli_open_model (const char *name_or_path,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for planning only: also a model of the catalogue, of which there is only the shape.
 * weights: (nullable): a quantisation of such a model, or a size, which goes to ret_bytes */
HrModel *headroom_cli_open_shape (const char *name_or_path, const char *weights, guint64 *ret_bytes,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Which name the server is to be asked for: an absolute path for a file, else the name as it is. */
char *headroom_cli_dup_served_name (const char *name_or_path) G_GNUC_WARN_UNUSED_RESULT;
/* A runner for a command of its own, without a server. Fails where it does not fit. */
HrRunner *headroom_cli_new_runner (HrModel *model, const HrSettings *settings,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checks what --kv-type was given; NULL is the default. */
gboolean headroom_cli_parse_kv_type (const char *text, HrKvType *ret_type, GError **error);
/* What an option for a number is set to before options are read. */
#define HEADROOM_NOT_GIVEN G_MININT64
/* Checks that a count is 1 to max; HEADROOM_NOT_GIVEN becomes 0, which leaves the choice to the
 * engine. */
gboolean headroom_cli_parse_count (const char *option, gint64 value, gint64 max, guint32 *ret_count,
                                   GError **error);

/* ---- The server ---- */

/* A client of the server that runs, without starting one; NULL with error. */
HeadroomClient *headroom_cli_find_server (GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Asks the server to unload a model. */
gboolean headroom_cli_unload (HeadroomClient *client, const char *model, GError **error);

/* ---- Commands ---- */

int headroom_cmd_bench (int argc, char **argv);
int headroom_cmd_bench_compare (int argc, char **argv);
int headroom_cmd_bench_latency (int argc, char **argv);
int headroom_cmd_bench_machine (int argc, char **argv);
int headroom_cmd_bench_suite (int argc, char **argv);
int headroom_cmd_bench_sweep (int argc, char **argv);
int headroom_cmd_bench_throughput (int argc, char **argv);
int headroom_cmd_bench_tune (int argc, char **argv);
int headroom_cmd_cp (int argc, char **argv);
int headroom_cmd_create (int argc, char **argv);
int headroom_cmd_debug (int argc, char **argv);
int headroom_cmd_events (int argc, char **argv);
int headroom_cmd_list (int argc, char **argv);
int headroom_cmd_perplexity (int argc, char **argv);
int headroom_cmd_plan (int argc, char **argv);
int headroom_cmd_ps (int argc, char **argv);
int headroom_cmd_resize (int argc, char **argv);
int headroom_cmd_rm (int argc, char **argv);
int headroom_cmd_run (int argc, char **argv);
int headroom_cmd_serve (int argc, char **argv);
int headroom_cmd_show (int argc, char **argv);
int headroom_cmd_simulate (int argc, char **argv);
int headroom_cmd_stop (int argc, char **argv);
int headroom_cmd_version (int argc, char **argv);

G_END_DECLS
