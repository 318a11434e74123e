/* test-cli-files.c: files that are no models, or models that cannot be run: each with a sentence
 * that says so.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli-run.h"

#include "tiny-model.h"

#include <string.h>

/* Every command that opens a model says the same. */
static void
assert_refused (const char *path, const char *complaint)
{
  g_autoptr (CliResult) plan = cli_run ("plan", path);
  g_autoptr (CliResult) show = cli_run ("show", path);
  g_autoptr (CliResult) logits = cli_run ("debug", "logits", path, "--tokens", "1");
  CliResult *const results[] = { plan, show, logits };

  for (gsize i = 0; i < G_N_ELEMENTS (results); i++) {
    cli_assert_status (results[i], 1);
    g_assert_cmpstr (results[i]->out, ==, "");
    cli_assert_contains (results[i]->err, complaint);
  }
}

static void
test_missing (void)
{
  assert_refused ("./no-such-model.gguf", "no-such-model.gguf");
}

static void
test_folder (void)
{
  g_autofree char *path = cli_path ("data");
  g_autoptr (CliResult) result = cli_run ("plan", path);

  cli_assert_status (result, 1);
  g_assert_cmpstr (result->out, ==, "");
}

static void
test_unknown_name (void)
{
  g_autoptr (CliResult) result = cli_run ("show", "nobody/has:this");

  cli_assert_status (result, 1);
  cli_assert_contains (result->err, "nobody/has:this");
}

static void
test_foreign (void)
{
  g_autofree char *path =
      cli_write_file ("foreign.gguf", "\177ELF, and then something else entirely", -1);

  assert_refused (path, "GGUF");
}

static void
test_empty (void)
{
  g_autofree char *path = cli_write_file ("empty.gguf", "", 0);

  assert_refused (path, "empty.gguf");
}

static void
test_truncated (void)
{
  g_autofree char *whole = NULL;
  gsize len;

  g_assert_true (g_file_get_contents (cli_tiny_model (), &whole, &len, NULL));
  for (gsize part = 1; part < 8; part++) {
    g_autofree char *path = cli_write_file ("cut.gguf", whole, (gssize) (len * part / 8));
    g_autoptr (CliResult) result = cli_run ("debug", "logits", path, "--tokens", "1");
    cli_assert_status (result, 1);
    g_assert_cmpstr (result->out, ==, "");
    g_assert_cmpuint (strlen (result->err), >, strlen ("headroom: ") + 10);
  }
}

/* It can be looked at, but not run. */
static void
test_unknown_architecture (void)
{
  TinyModel model = tiny_model_default;
  g_autofree char *path = cli_path ("strange.gguf");
  g_autoptr (CliResult) show = NULL;
  g_autoptr (CliResult) logits = NULL;

  model.arch = "perceptron9000";
  tiny_model_write (&model, path);
  show = cli_run ("show", path);
  cli_assert_status (show, 0);
  cli_assert_contains (show->out, "perceptron9000");
  logits = cli_run ("debug", "logits", path, "--tokens", "1");
  cli_assert_status (logits, 1);
  cli_assert_contains (logits->err, "perceptron9000");
}

int
main (int argc, char **argv)
{
  cli_init (&argc, &argv);
  g_test_add_func ("/cli/files/missing", test_missing);
  g_test_add_func ("/cli/files/folder", test_folder);
  g_test_add_func ("/cli/files/unknown-name", test_unknown_name);
  g_test_add_func ("/cli/files/foreign", test_foreign);
  g_test_add_func ("/cli/files/empty", test_empty);
  g_test_add_func ("/cli/files/truncated", test_truncated);
  g_test_add_func ("/cli/files/unknown-architecture", test_unknown_architecture);
  return g_test_run ();
}
