/* headroom-cli-model.c: models and runners, as the commands ask for them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include "headroom-catalogue.h"
#include "headroom-quantity.h"
#include "headroom-recipe.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#define MAX_DEVICES 16

HrModel *
headroom_cli_open_model (const char *name_or_path, GError **error)
{
  g_autoptr (HeadroomStore) store = headroom_store_new (NULL, NULL);
  g_autoptr (HeadroomModelEntry) entry = headroom_store_resolve (store, name_or_path, error);

  if (entry == NULL)
    return NULL;
  if (headroom_model_entry_get_path (entry) == NULL) {
    g_set_error (error, HR_ERROR, HR_ERROR_UNSUPPORTED, _("“%s” is not a GGUF model"),
                 name_or_path);
    return NULL;
  }
  return headroom_model_entry_open (entry, error);
}

HrModel *
headroom_cli_open_shape (const char *name_or_path, const char *weights, guint64 *ret_bytes,
                         GError **error)
{
  const HeadroomCatalogueEntry *entry = headroom_catalogue_find (name_or_path);
  gboolean quantisation = weights != NULL && headroom_recipe_is_known (weights);
  g_autoptr (GError) local = NULL;
  HrModel *model;

  if (weights != NULL && !quantisation &&
      (!headroom_quantity_parse_bytes (weights, ret_bytes) || *ret_bytes == 0)) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
                 _("--weights is %s; it can be a size such as 202GB, or one of %s"), weights,
                 headroom_recipe_list ());
    return NULL;
  }
  /* What is here goes before what is only known, unless a quantisation is asked for that only a
   * shape can have. */
  if (!quantisation && (model = headroom_cli_open_model (name_or_path, &local)) != NULL)
    return model;
  if (entry != NULL)
    return headroom_catalogue_open (entry, quantisation ? weights : NULL, error);
  if (local == NULL) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
                 _("%s is not in the catalogue, and what is here has its own quantisation"),
                 name_or_path);
    return NULL;
  }
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

char *
headroom_cli_dup_served_name (const char *name_or_path)
{
  return headroom_store_is_path (name_or_path) ? g_canonicalize_filename (name_or_path, NULL)
                                               : g_strdup (name_or_path);
}

HrRunner *
headroom_cli_new_runner (HrModel *model, const HrSettings *settings, GError **error)
{
  HrDevice devices[MAX_DEVICES];
  g_autoptr (HrPlan) plan = NULL;

  if (!hr_model_is_runnable (model, error))
    return NULL;
  plan = hr_plan_new (model, settings, devices, hr_devices_probe (devices, G_N_ELEMENTS (devices)),
                      error);
  return plan != NULL ? hr_runner_new (model, plan, FALSE, NULL, NULL, error) : NULL;
}

gboolean
headroom_cli_parse_kv_type (const char *text, HrKvType *ret_type, GError **error)
{
  HrKvType type = HR_KV_F16;

  if (text != NULL && !hr_kv_type_parse (text, &type)) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
                 _("“%s” is not a cache type: f32, f16, q8_0 or q4_0"), text);
    return FALSE;
  }
  *ret_type = type;
  return TRUE;
}

gboolean
headroom_cli_parse_count (const char *option, gint64 value, gint64 max, guint32 *ret_count,
                          GError **error)
{
  gboolean given = value != HEADROOM_NOT_GIVEN;

  if (given && (value < 1 || value > max)) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS,
                 _("%s is %" PRId64 "; it can be 1 to %" PRId64), option, value, max);
    return FALSE;
  }
  *ret_count = given ? (guint32) value : 0;
  return TRUE;
}
