/* headroom-cmd-show.c: headroom show MODEL|FILE, headroom show --architectures
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One part as it is (--modelfile, --parameters, ...), everything as JSON, or an overview for
 * people.
 */
#include "headroom-cli.h"

#include "headroom-cli-text.h"
#include "headroom-json.h"
#include "headroom-show-effective.h"
#include "headroom-wire.h"

#include <glib/gi18n.h>
#include <stdio.h>

#define EXCERPT_LINES 2

typedef struct {
  gboolean license, modelfile, parameters, template, system;
  gboolean verbose, json, architectures, effective;
} Wanted;

static void
print_field (const char *name, const char *value)
{
  int padding = 24 - (int) g_utf8_strlen (name, -1);

  printf ("    %s%*s%s\n", name, MAX (padding, 1), "", value);
}

static void
print_number (const char *name, guint64 number)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, number);

  print_field (name, text);
}

/* The first lines of a long text, indented. */
static void
print_excerpt (const char *heading, const char *text, guint max_lines)
{
  g_auto (GStrv) lines = NULL;

  if (text == NULL || *text == '\0')
    return;
  lines = g_strsplit (text, "\n", -1);
  printf ("\n  %s\n", heading);
  for (guint i = 0; lines[i] != NULL && i < max_lines; i++)
    printf ("    %s\n", lines[i]);
  if (g_strv_length (lines) > max_lines)
    printf ("    …\n");
}

static void
print_model (HeadroomModelEntry *entry, const HrModel *model)
{
  const HrModelInfo *info = hr_model_get_info (model);
  g_autofree char *params = headroom_text_count (info->n_params);
  g_autofree char *size = headroom_text_size (headroom_model_entry_get_size (entry));

  printf ("  %s\n", _("Model"));
  print_field (_("architecture"), info->architecture);
  print_field (_("parameters"), params);
  print_field (_("size"), size);
  print_number (_("context length"), info->n_ctx_train);
  print_number (_("embedding length"), info->n_embd);
  print_number (_("layers"), info->n_layer);
  print_field (_("quantization"), info->file_type);
}

static void
print_capabilities (HeadroomModelEntry *entry, const HrModel *model)
{
  g_auto (GStrv) names = headroom_wire_dup_capabilities (entry, model);

  printf ("\n  %s\n", _("Capabilities"));
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    printf ("    %s\n", names[i]);
}

static void
print_tensors (const HrModel *model)
{
  printf ("\n  %s\n", _("Tensors"));
  for (gsize i = 0; i < hr_model_n_tensors (model); i++) {
    HrTensorInfo tensor = hr_model_tensor (model, i);
    printf ("    %-32s  %-6s  [", tensor.name, tensor.type);
    for (guint d = 0; d < tensor.n_dims; d++)
      printf ("%s%" G_GUINT64_FORMAT, d > 0 ? " " : "", tensor.dims[d]);
    printf ("]\n");
  }
}

static void
print_overview (HeadroomModelEntry *entry, HrModel *model, gboolean verbose)
{
  g_autofree char *parameters = headroom_model_entry_dup_parameters_text (entry);
  const char *const *licenses = headroom_model_entry_get_licenses (entry);

  print_model (entry, model);
  print_capabilities (entry, model);
  headroom_show_memory (entry, model);
  print_excerpt (_("Parameters"), g_strchomp (parameters), G_MAXUINT);
  print_excerpt (_("System"), headroom_model_entry_get_system (entry), EXCERPT_LINES);
  print_excerpt (_("License"), licenses != NULL ? licenses[0] : NULL, EXCERPT_LINES);
  if (verbose)
    print_tensors (model);
}

/* The one part that was asked for; NULL: none was. */
static char *
dup_part (HeadroomModelEntry *entry, const HrModel *model, const Wanted *wanted)
{
  const char *template_text = headroom_model_entry_get_template (entry);

  if (wanted->modelfile)
    return headroom_model_entry_dup_modelfile (entry);
  if (wanted->parameters)
    return headroom_model_entry_dup_parameters_text (entry);
  if (wanted->template)
    return g_strdup (template_text != NULL ? template_text : hr_model_get_template (model));
  if (wanted->system)
    return g_strdup (headroom_model_entry_get_system (entry));
  return wanted->license ? g_strjoinv ("\n", (char **) headroom_model_entry_get_licenses (entry))
                         : NULL;
}

static gboolean
show (const char *name, const Wanted *wanted, gboolean wants_part, GError **error)
{
  g_autoptr (HeadroomStore) store = headroom_store_new (NULL, NULL);
  g_autoptr (HeadroomModelEntry) entry = headroom_store_resolve (store, name, error);
  g_autoptr (HrModel) model = NULL;

  if (entry == NULL)
    return FALSE;
  model = headroom_cli_open_model (name, error);
  if (model == NULL)
    return FALSE;
  if (wanted->effective)
    return headroom_show_effective (entry, model, wanted->json, error);
  if (wants_part) {
    g_autofree char *part = dup_part (entry, model, wanted);
    if (part != NULL)
      printf ("%s\n", g_strchomp (part));
  } else if (wanted->json) {
    g_auto (GStrv) capabilities = headroom_wire_dup_capabilities (entry, model);
    g_autofree char *text =
        headroom_wire_print_show (entry, model, (const char *const *) capabilities,
                                  wanted->verbose);
    puts (text);
  } else {
    print_overview (entry, model, wanted->verbose);
  }
  return TRUE;
}

static int
show_architectures (gboolean json)
{
  g_autoptr (HrValue) list = hr_value_new_list ();
  HrArchitecture architecture;

  for (gsize i = 0; hr_architecture (i, &architecture); i++) {
    HrValue *entry = hr_value_new_dict ();
    headroom_json_set_string (entry, "name", architecture.name);
    headroom_json_set_string (entry, "models", architecture.models);
    hr_value_append (list, entry);
    if (!json)
      printf ("%-20s  %s\n", architecture.name, architecture.models);
  }
  if (json)
    headroom_cli_print_json (list, FALSE);
  return HEADROOM_EXIT_OK;
}

int
headroom_cmd_show (int argc, char **argv)
{
  Wanted wanted = { 0 };
  const GOptionEntry entries[] = {
    { "license", 0, 0, G_OPTION_ARG_NONE, &wanted.license, N_("Print the license"), NULL },
    { "modelfile", 0, 0, G_OPTION_ARG_NONE, &wanted.modelfile,
      N_("Print a Modelfile that makes this model"), NULL },
    { "parameters", 0, 0, G_OPTION_ARG_NONE, &wanted.parameters, N_("Print the parameters"),
      NULL },
    { "template", 0, 0, G_OPTION_ARG_NONE, &wanted.template, N_("Print the chat template"), NULL },
    { "system", 0, 0, G_OPTION_ARG_NONE, &wanted.system, N_("Print the system message"), NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &wanted.verbose, N_("Also list the tensors"), NULL },
    { "architectures", 0, 0, G_OPTION_ARG_NONE, &wanted.architectures,
      N_("List the architectures that run here, without a model"), NULL },
    { "effective", 0, 0, G_OPTION_ARG_NONE, &wanted.effective,
      N_("Print every setting, where it comes from and what it overrode"), NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &wanted.json, N_("Print what /api/show answers"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GError) error = NULL;
  int n_parts;

  if (!headroom_cli_parse (entries, _("MODEL|FILE"), _("Shows what a model is."), 0, 1, &argc,
                           &argv))
    return HEADROOM_EXIT_USAGE;
  if (wanted.architectures && argc == 1)
    return show_architectures (wanted.json);
  if (wanted.architectures || argc == 1) {
    headroom_cli_complain (_("either a model or --architectures says what to show"));
    return HEADROOM_EXIT_USAGE;
  }
  n_parts = wanted.license + wanted.modelfile + wanted.parameters + wanted.template + wanted.system;
  if (n_parts + (wanted.effective || wanted.json) > 1) {
    headroom_cli_complain (_(
        "only one of --license, --modelfile, --parameters, --template, --system and --json at a time"));
    return HEADROOM_EXIT_USAGE;
  }
  return show (argv[1], &wanted, n_parts > 0, &error) ? HEADROOM_EXIT_OK
                                                      : headroom_cli_fail (error);
}
