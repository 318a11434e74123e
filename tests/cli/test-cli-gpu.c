/* test-cli-gpu.c: what the terminal says about GPUs, on Mesa's software device; skipped where that
 * is not installed. No figure is asserted that a machine decides.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli-run.h"

#include "headroom-json.h"

#include <string.h>

static HrValue *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  HrValue *value = headroom_json_parse (text, -1, FALSE, &error);

  g_assert_no_error (error);
  return value;
}

/* The name of the device, or NULL after having skipped the test. */
static char *
find_gpu (void)
{
  g_autoptr (CliResult) result = cli_run ("debug", "devices", "--json");
  g_autoptr (HrValue) answer = parse (result->out);
  HrValue *gpus = hr_value_lookup (answer, "gpus");

  for (gsize i = 0; i < hr_value_size (gpus); i++)
    if (headroom_json_get_bool (hr_value_at (gpus, i), "used", FALSE))
      return g_strdup (headroom_json_get_string (hr_value_at (gpus, i), "name"));
  g_test_skip ("no Vulkan device for tests; Debian's mesa-vulkan-drivers has one");
  return NULL;
}

/* ---- plan and show ---- */

static void
test_plan (void)
{
  g_autofree char *name = find_gpu ();
  g_autoptr (CliResult) one = NULL, all = NULL, json = NULL;
  g_autoptr (HrValue) plan = NULL;

  if (name == NULL)
    return;
  one = cli_run ("plan", cli_tiny_model (), "--gpu-layers", "1");
  all = cli_run ("plan", cli_tiny_model (), "--gpu-layers", "2");
  json = cli_run ("plan", cli_tiny_model (), "--gpu-layers", "1", "--json");
  cli_assert_status (one, 0);
  cli_assert_contains (one->out, "1 of 2 layers: host");
  cli_assert_contains (one->out,
                       "1 of 2 layers stay with the processor: that is what was asked for.");
  g_assert_null (strstr (all->out, "stay with the processor"));
  plan = parse (json->out);
  cli_assert_contains (headroom_json_get_string (plan, "gpu_why"), "asked for");
  g_assert_cmpuint (hr_value_size (hr_value_lookup (plan, "devices")), ==, 2);
  g_assert_cmpuint (hr_value_size (hr_value_lookup (plan, "gpus")), >=, 1);
}

/* A machine that is only described says nothing of this one's GPUs. */
static void
test_plan_elsewhere (void)
{
  g_autoptr (CliResult) none =
      cli_run ("plan", cli_tiny_model (), "--device", "host:cpu:8GiB:40GB/s");
  g_autoptr (CliResult) full =
      cli_run ("plan", "qwen2.5:7b", "--num-ctx", "4096", "--device", "host:cpu:64GiB:40GB/s",
               "--device", "card:gpu:4GiB:400GB/s", "--json");
  g_autoptr (HrValue) plan = NULL;

  cli_assert_status (none, 0);
  g_assert_null (strstr (none->out, "GPU"));
  cli_assert_status (full, 0);
  plan = parse (full->out);
  cli_assert_contains (headroom_json_get_string (plan, "gpu_why"), "no room for more");
  g_assert_null (hr_value_lookup (plan, "gpus"));
}

static void
test_why_none (void)
{
  g_autofree char *before = g_strdup (g_getenv ("HEADROOM_VULKAN_DEVICE"));
  g_autoptr (CliResult) plan = NULL, show = NULL;
  g_autoptr (HrValue) shown = NULL;

  g_setenv ("HEADROOM_VULKAN_DEVICE", "none", TRUE);
  plan = cli_run ("plan", cli_tiny_model ());
  show = cli_run ("show", cli_tiny_model (), "--effective", "--json");
  g_setenv ("HEADROOM_VULKAN_DEVICE", before, TRUE);
  cli_assert_status (plan, 0);
  cli_assert_status (show, 0);
  cli_assert_contains (plan->out, "No GPU is used: ");
  shown = parse (show->out);
  cli_assert_contains (headroom_json_get_string (shown, "gpu_why"), "No GPU is used: ");
}

/* ---- ps ---- */

static GSubprocess *
start_server (void)
{
  GSubprocess *server = cli_start ("serve", "--host", "127.0.0.1:0", NULL);
  g_autoptr (GDataInputStream) err =
      g_data_input_stream_new (g_subprocess_get_stderr_pipe (server));
  g_autofree char *line = g_data_input_stream_read_line_utf8 (err, NULL, NULL, NULL);

  g_assert_nonnull (line);
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (err), FALSE);
  return server;
}

/* Both parts of "48%/52% CPU/GPU" are what the plan says. */
static void
test_ps (void)
{
  g_autofree char *name = find_gpu ();
  g_autoptr (GSubprocess) server = NULL;
  g_autoptr (CliResult) run = NULL, text = NULL, json = NULL, planned = NULL;
  g_autoptr (HrValue) answer = NULL, plan = NULL;
  g_autofree char *shares = NULL;
  HrValue *model;
  HrValue *gpu;
  double size, vram;
  int cpu;

  if (name == NULL)
    return;
  server = start_server ();
  run = cli_run ("run", "-o", "num_predict=2", "-o", "num_gpu=1", "-o", "num_ctx=512",
                 "--keepalive", "-1", cli_tiny_model (), "Hello");
  cli_assert_status (run, 0);
  json = cli_run ("ps", "--json");
  text = cli_run ("ps");
  answer = parse (json->out);
  model = hr_value_at (hr_value_lookup (answer, "models"), 0);
  size = (double) headroom_json_get_int (model, "size", 0);
  vram = (double) headroom_json_get_int (model, "size_vram", 0);
  g_assert_cmpfloat (vram, >, 0);
  g_assert_cmpfloat (vram, <, size);
  cpu = (int) (100 * (size - vram) / size + 0.5);
  shares = g_strdup_printf ("%d%%/%d%% CPU/GPU", cpu, 100 - cpu);
  cli_assert_contains (text->out, shares);

  planned = cli_run ("plan", cli_tiny_model (), "--num-ctx", "512", "--gpu-layers", "1", "--json");
  plan = parse (planned->out);
  gpu = hr_value_at (hr_value_lookup (plan, "devices"), 1);
  g_assert_cmpfloat (vram, ==, (double) headroom_json_get_int (gpu, "used", 0));
  g_subprocess_send_signal (server, 15);
  g_subprocess_wait (server, NULL, NULL);
}

/* ---- bench ---- */

static void
test_speed (void)
{
  g_autofree char *name = find_gpu (), *path = cli_path ("cache/headroom/gpu-rates.json");
  g_autoptr (CliResult) json = NULL, text = NULL, wrong = NULL;
  g_autoptr (HrValue) rows = NULL;

  if (name == NULL)
    return;
  json = cli_run ("bench", "speed", "--model", cli_tiny_model (), "--device", "gpu", "-p", "8",
                  "-n", "4", "--json");
  text = cli_run ("bench", "speed", "--model", cli_tiny_model (), "--device", "gpu", "-p", "0",
                  "-n", "4");
  wrong = cli_run ("bench", "speed", "--model", cli_tiny_model (), "--device", "tpu");
  cli_assert_status (json, 0);
  rows = parse (json->out);
  g_assert_cmpuint (hr_value_size (rows), ==, 2);
  for (gsize i = 0; i < 2; i++)
    g_assert_cmpfloat (hr_value_get_float (
                           hr_value_lookup (hr_value_at (rows, i), "gpu_memory_share")),
                       >, 0);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  cli_assert_status (text, 0);
  cli_assert_contains (text->out, "of the GPU’s memory");
  cli_assert_status (wrong, 2);
  cli_assert_contains (wrong->err, "--device is tpu");
}

/* Who asks for a GPU and cannot have it is told why, and nothing is timed instead. */
static void
test_speed_refused (void)
{
  g_autofree char *before = g_strdup (g_getenv ("HEADROOM_VULKAN_DEVICE"));
  g_autoptr (CliResult) refused = NULL;

  g_setenv ("HEADROOM_VULKAN_DEVICE", "none", TRUE);
  refused = cli_run ("bench", "speed", "--model", cli_tiny_model (), "--device", "gpu");
  g_setenv ("HEADROOM_VULKAN_DEVICE", before, TRUE);
  cli_assert_status (refused, 1);
  g_assert_cmpstr (refused->out, ==, "");
  cli_assert_contains (refused->err, "No GPU is used: ");
}

/* What helps, and nothing that anybody wrote: neither the prompt nor the model's file is in it. */
static void
test_report (void)
{
  g_autoptr (GSubprocess) server = start_server ();
  g_autoptr (CliResult) run = cli_run ("run", "-o", "num_predict=2", "--keepalive", "-1",
                                       cli_tiny_model (), "a secret between us");
  g_autofree char *path = cli_path ("report.json"), *text = NULL;
  g_autoptr (CliResult) written = NULL;
  g_autoptr (HrValue) report = NULL;
  HrValue *models;

  g_setenv ("HEADROOM_API_KEY", "sesame", TRUE);
  written = cli_run ("debug", "report", "-o", path);
  g_unsetenv ("HEADROOM_API_KEY");
  g_subprocess_send_signal (server, 15);
  g_subprocess_wait (server, NULL, NULL);
  cli_assert_status (run, 0);
  cli_assert_status (written, 0);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  report = parse (text);
  models = hr_value_lookup (hr_value_lookup (report, "server"), "models");
  g_assert_cmpuint (hr_value_size (models), ==, 1);
  g_assert_nonnull (hr_value_lookup (hr_value_at (models, 0), "settings"));
  g_assert_nonnull (hr_value_lookup (report, "gpus"));
  g_assert_cmpstr (headroom_json_get_string (hr_value_lookup (report, "settings"),
                                             "HEADROOM_API_KEY"),
                   ==, "(set)");
  g_assert_null (strstr (text, "secret"));
  g_assert_null (strstr (text, "sesame"));
  g_assert_null (strstr (text, cli_tiny_model ()));
  g_assert_null (strstr (text, ".gguf"));
}

static void
test_machine (void)
{
  g_autofree char *name = find_gpu ();
  g_autoptr (CliResult) result = NULL;
  g_autoptr (HrValue) list = NULL;
  HrValue *gpu;

  if (name == NULL)
    return;
  result = cli_run ("bench", "machine", "-t", "1", "--json");
  cli_assert_status (result, 0);
  list = parse (result->out);
  gpu = hr_value_at (list, hr_value_size (list) - 1);
  g_assert_cmpstr (headroom_json_get_string (gpu, "gpu"), ==, name);
  g_assert_cmpfloat (hr_value_get_float (hr_value_lookup (gpu, "bandwidth_bytes_per_second")), >,
                     0);
}

int
main (int argc, char **argv)
{
  cli_init (&argc, &argv);
  g_test_add_func ("/cli/gpu/plan", test_plan);
  g_test_add_func ("/cli/gpu/plan-elsewhere", test_plan_elsewhere);
  g_test_add_func ("/cli/gpu/why-none", test_why_none);
  g_test_add_func ("/cli/gpu/ps", test_ps);
  g_test_add_func ("/cli/gpu/speed", test_speed);
  g_test_add_func ("/cli/gpu/speed-refused", test_speed_refused);
  g_test_add_func ("/cli/gpu/machine", test_machine);
  g_test_add_func ("/cli/gpu/report", test_report);
  return g_test_run ();
}
