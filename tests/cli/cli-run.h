/* cli-run.h: runs the built program in a home of its own and keeps what it said.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
  int status; /* exit status; -1: ended by a signal */
  char *out;
  char *err;
} CliResult;

void cli_result_free (CliResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CliResult, cli_result_free)

/* Call first in main (): makes the home and points the environment at it. Removes both when the
 * program ends. */
void cli_init (int *argc, char ***argv);
/* A path in the home. */
char *cli_path (const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* A file in the home; returns its path. */
char *cli_write_file (const char *name, const char *data, gssize len) G_GNUC_WARN_UNUSED_RESULT;
/* The tiny model, written once. Borrowed. */
const char *cli_tiny_model (void);
/* A real model, or NULL after having skipped the test. */
const char *cli_real_model (void);

/* input NULL: standard input is empty. args: words up to NULL. */
CliResult *cli_run_with_input (const char *input,
                               ...) G_GNUC_NULL_TERMINATED G_GNUC_WARN_UNUSED_RESULT;
#define cli_run(...) cli_run_with_input (NULL, __VA_ARGS__, NULL)
/* Starts it and does not wait; it is killed when the thread that started it ends, however. */
GSubprocess *cli_start (const char *first, ...) G_GNUC_NULL_TERMINATED G_GNUC_WARN_UNUSED_RESULT;

#define cli_assert_status(result, wanted) \
  G_STMT_START { \
    if ((result)->status != (wanted)) \
      g_test_message ("stdout: %s\nstderr: %s", (result)->out, (result)->err); \
    g_assert_cmpint ((result)->status, ==, (wanted)); \
  } G_STMT_END
#define cli_assert_contains(text, part) \
  G_STMT_START { \
    if (strstr (text, part) == NULL) \
      g_test_message ("“%s” is not in: %s", part, text); \
    g_assert_nonnull (strstr (text, part)); \
  } G_STMT_END

G_END_DECLS
