/* test-cli-store.c: create, list, show, cp and rm, on a store of their own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli-run.h"

#include "headroom-json.h"

#include <string.h>

static void
create_from (const char *name, const char *modelfile)
{
  g_autoptr (CliResult) result = cli_run_with_input (modelfile, "create", name, "-f", "-", NULL);

  cli_assert_status (result, 0);
  g_assert_cmpstr (result->out, ==, "");
  cli_assert_contains (result->err, "success");
}

static void
remove_model (const char *name)
{
  g_autoptr (CliResult) result = cli_run ("rm", name);

  cli_assert_status (result, 0);
}

static void
test_create_and_show (void)
{
  g_autofree char *modelfile = g_strdup_printf (
      "FROM %s\nPARAMETER temperature 0.5\nPARAMETER stop Q:\nSYSTEM \"\"\"Be\nbrief.\"\"\"\n",
      cli_tiny_model ());
  g_autoptr (CliResult) overview = NULL;
  g_autoptr (CliResult) system = NULL;
  g_autoptr (CliResult) parameters = NULL;
  g_autoptr (CliResult) again = NULL;
  g_autoptr (CliResult) json = NULL;
  g_autoptr (HrValue) value = NULL;

  create_from ("pet", modelfile);
  overview = cli_run ("show", "pet");
  system = cli_run ("show", "--system", "pet");
  parameters = cli_run ("show", "--parameters", "pet");
  again = cli_run ("show", "--modelfile", "pet");
  json = cli_run ("show", "--json", "pet");
  cli_assert_status (overview, 0);
  cli_assert_contains (overview->out, "llama");
  cli_assert_contains (overview->out, "Capabilities\n    completion");
  g_assert_cmpstr (system->out, ==, "Be\nbrief.\n");
  cli_assert_contains (parameters->out, "temperature");
  cli_assert_contains (parameters->out, "Q:");
  cli_assert_contains (again->out, "FROM ");
  cli_assert_contains (again->out, "PARAMETER temperature 0.5");
  value = headroom_json_parse (json->out, -1, FALSE, NULL);
  g_assert_nonnull (value);
  g_assert_cmpstr (headroom_json_get_string (value, "system"), ==, "Be\nbrief.");
  remove_model ("pet");
}

static void
test_create_from_file (void)
{
  g_autofree char *path = cli_write_file ("Modelfile", "FROM ./tiny.gguf\n", -1);
  g_autoptr (CliResult) result = NULL;

  cli_tiny_model ();
  result = cli_run ("create", "beside", "--file", path);
  cli_assert_status (result, 0);
  remove_model ("beside");
}

typedef struct {
  const char *name, *modelfile, *complaint;
} Refusal;

static const Refusal refusals[] = {
  { "pet", "", "FROM" },
  { "pet", "PARAMETER temperature 1\n", "FROM" },
  { "pet", "FROM ./no-such-file.gguf\n", "no-such-file" },
  { "pet", "FROM tiny.gguf\nPARAMETER warmth 1\n", "warmth" },
  { "pet", "FROM tiny.gguf\nPARAMETER temperature warm\n", "warm" },
  { "pet", "FROM tiny.gguf\nSYSTEM \"\"\"without an end\n", "" },
  { "no good name", "FROM tiny.gguf\n", "name" },
  { "../climbs", "FROM tiny.gguf\n", "name" },
};

static void
test_refusal (gconstpointer data)
{
  const Refusal *refusal = data;
  g_autoptr (CliResult) result =
      cli_run_with_input (refusal->modelfile, "create", refusal->name, "-f", "-", NULL);
  g_autoptr (CliResult) list = cli_run ("list");

  cli_assert_status (result, 1);
  cli_assert_contains (result->err, "headroom: ");
  cli_assert_contains (result->err, refusal->complaint);
  g_assert_null (strstr (list->out, "pet"));
}

static void
test_list_copy_remove (void)
{
  g_autofree char *modelfile = g_strdup_printf ("FROM %s\n", cli_tiny_model ());
  g_autoptr (CliResult) both = NULL;
  g_autoptr (CliResult) some = NULL;
  g_autoptr (CliResult) none = NULL;
  g_autoptr (CliResult) json = NULL;

  create_from ("pet", modelfile);
  {
    g_autoptr (CliResult) copy = cli_run ("cp", "pet", "twin:v2");
    cli_assert_status (copy, 0);
    g_assert_cmpstr (copy->out, ==, "");
  }
  both = cli_run ("list");
  some = cli_run ("list", "TWIN");
  json = cli_run ("list", "--json");
  g_assert_true (g_str_has_prefix (both->out, "NAME"));
  cli_assert_contains (both->out, "pet:latest");
  cli_assert_contains (both->out, "twin:v2");
  cli_assert_contains (both->out, "ago");
  g_assert_null (strstr (some->out, "pet"));
  cli_assert_contains (some->out, "twin:v2");
  cli_assert_contains (json->out, "\"models\":[{");
  remove_model ("pet");
  remove_model ("twin:v2");
  none = cli_run ("list");
  g_assert_null (strchr (strchr (none->out, '\n') + 1, '\n'));
}

static void
test_unknown (void)
{
  g_autoptr (CliResult) removed = cli_run ("rm", "nobody");
  g_autoptr (CliResult) copied = cli_run ("cp", "nobody", "somebody");
  g_autoptr (CliResult) stopped = cli_run ("stop", "nobody");

  cli_assert_status (removed, 1);
  cli_assert_contains (removed->err, "nobody");
  cli_assert_status (copied, 1);
  cli_assert_contains (copied->err, "nobody");
  cli_assert_status (stopped, 1);
}

int
main (int argc, char **argv)
{
  cli_init (&argc, &argv);
  g_test_add_func ("/cli/store/create-and-show", test_create_and_show);
  g_test_add_func ("/cli/store/create-from-file", test_create_from_file);
  g_test_add_func ("/cli/store/list-copy-remove", test_list_copy_remove);
  g_test_add_func ("/cli/store/unknown", test_unknown);
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autofree char *path = g_strdup_printf ("/cli/store/refusal/%" G_GSIZE_FORMAT, i);
    g_test_add_data_func (path, &refusals[i], test_refusal);
  }
  return g_test_run ();
}
