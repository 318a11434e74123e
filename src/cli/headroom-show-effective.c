/* headroom-show-effective.c: headroom show MODEL --effective
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every setting with its value, who set it, and what that overrode; and what the planner makes of
 * them on this machine.
 */
#include "headroom-show-effective.h"

#include "headroom-cli.h"
#include "headroom-device-spec.h"
#include "headroom-effective.h"
#include "headroom-fit.h"
#include "headroom-gpu-reason.h"
#include "headroom-json.h"
#include "headroom-plan-json.h"
#include "headroom-plan-text.h"

#include <glib/gi18n.h>
#include <stdio.h>

#define COLUMNS 4

/* As people would write it; null is left to the planner. */
static char *
dup_value (const HrValue *value)
{
  if (value == NULL || hr_value_kind (value) == HR_VALUE_NULL)
    return g_strdup (_("automatic"));
  if (hr_value_kind (value) == HR_VALUE_STRING)
    return g_strdup (hr_value_get_string (value, NULL));
  return headroom_json_print (value, HEADROOM_JSON_PLAIN);
}

/* "0.8 (default), 0.5 (modelfile)" */
static char *
dup_overrode (const HrValue *list)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < hr_value_size (list); i++) {
    HrValue *other = hr_value_at (list, i);
    g_autofree char *value = dup_value (hr_value_lookup (other, "value"));
    g_string_append_printf (text, "%s%s (%s)", i > 0 ? ", " : "", value,
                            headroom_json_get_string (other, "source"));
  }
  return g_string_free (text, FALSE);
}

static void
print_settings (const HrValue *settings)
{
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  const char *const heading[COLUMNS] = { _("SETTING"), _("VALUE"), _("FROM"), _("OVERRODE") };

  for (gsize c = 0; c < COLUMNS; c++)
    g_ptr_array_add (cells, g_strdup (heading[c]));
  for (gsize i = 0; i < hr_value_size (settings); i++) {
    HrValue *setting = hr_value_at (settings, i);
    g_ptr_array_add (cells, g_strdup (headroom_json_get_string (setting, "name")));
    g_ptr_array_add (cells, dup_value (hr_value_lookup (setting, "value")));
    g_ptr_array_add (cells, g_strdup (headroom_json_get_string (setting, "source")));
    g_ptr_array_add (cells, dup_overrode (hr_value_lookup (setting, "overrode")));
  }
  headroom_cli_print_table ((const char *const *) cells->pdata, cells->len, COLUMNS);
}

static void
print_planned (const HeadroomFit *fit)
{
  const HrSettings *s = hr_plan_get_settings (fit->plan);
  g_autofree char *reason = headroom_gpu_reason (fit->plan, TRUE);

  printf ("\n");
  printf (_("On this machine now: num_ctx %u, parallel %u, num_batch %u, kv_type %s, "
            "gpu_layers %d, num_thread %u"),
          s->num_ctx, s->parallel, s->num_batch, hr_kv_type_name (s->kv_type), s->gpu_layers,
          s->threads);
  printf ("\n");
  if (reason != NULL)
    printf ("  %s\n", reason);
  for (guint i = 0; i < fit->steps->len; i++)
    printf ("  %s\n", (const char *) fit->steps->pdata[i]);
}

static HeadroomFit *
fit_here (HrModel *model, const HeadroomOptions *options, GError **error)
{
  HrDevice devices[HR_MAX_DEVICES];
  HrSettings settings;
  gsize n;

  if (!headroom_options_get_settings (options, 0, &settings, error) ||
      !headroom_device_specs_parse (NULL, -1, devices, HR_MAX_DEVICES, &n, error))
    return NULL;
  return headroom_fit_new (model, &settings, devices, n, error);
}

/* With the settings that the model would be loaded with. */
static HeadroomFit *
fit_entry (HeadroomModelEntry *entry, HrModel *model, HeadroomEffective *effective, GError **error)
{
  if (!headroom_effective_add (effective, HEADROOM_SOURCE_MODELFILE,
                               headroom_model_entry_get_params (entry), error))
    return NULL;
  return fit_here (model, headroom_effective_get_options (effective), error);
}

void
headroom_show_memory (HeadroomModelEntry *entry, HrModel *model)
{
  g_autoptr (HeadroomEffective) effective = headroom_effective_new ();
  g_autoptr (HeadroomFit) fit = fit_entry (entry, model, effective, NULL);
  const HrSettings *s;

  if (fit == NULL)
    return;
  s = hr_plan_get_settings (fit->plan);
  printf ("\n  ");
  /* Translators: tokens of an answer's context, and answers at once */
  printf (_("Memory, with num_ctx %u × parallel %u"), s->num_ctx, s->parallel);
  printf ("\n");
  headroom_plan_print_sum (model, fit->plan);
}

gboolean
headroom_show_effective (HeadroomModelEntry *entry, HrModel *model, gboolean json, GError **error)
{
  g_autoptr (HeadroomEffective) effective = headroom_effective_new ();
  g_autoptr (HeadroomFit) fit = NULL;
  g_autoptr (HrValue) settings = NULL;

  fit = fit_entry (entry, model, effective, error);
  if (fit == NULL)
    return FALSE;
  settings = headroom_effective_to_json (effective);
  if (json) {
    g_autoptr (HrValue) document = hr_value_new_dict ();
    headroom_json_set_string (document, "model", headroom_model_entry_get_name (entry));
    hr_value_set (document, "settings", g_steal_pointer (&settings));
    hr_value_set (document, "planned",
                  headroom_settings_to_json (hr_plan_get_settings (fit->plan)));
    headroom_gpu_add_to_json (document, fit->plan, TRUE);
    hr_value_set (document, "steps", headroom_fit_steps_to_json (fit->steps));
    headroom_cli_print_json (document, FALSE);
  } else {
    print_settings (settings);
    print_planned (fit);
  }
  return TRUE;
}
