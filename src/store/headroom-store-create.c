/* headroom-store-create.c: making models.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A recipe collects the layers of the new model: its weights (headroom-store-weights.c), then what
 * the specification replaces or adds. Then come the config, which repeats what the weights' header
 * says, and the manifest.
 */
#include "headroom-store-recipe.h"

#include <string.h>

#include "headroom-json.h"
#include "headroom-loose.h"
#include "headroom-options.h"

/* ---- The other layers ---- */

static gboolean
add_text (HeadroomStoreRecipe *recipe, const char *kind, const char *text, GError **error)
{
  g_autofree char *media_type = g_strconcat (HEADROOM_MEDIA_PREFIX, kind, NULL);
  HeadroomLayer *layer =
      headroom_store_change_put (recipe->change, media_type, text, strlen (text), error);

  if (layer != NULL)
    g_ptr_array_add (recipe->layers, layer);
  return layer != NULL;
}

/* text NULL: the inherited one stays; "": none. */
static gboolean
replace_text (HeadroomStoreRecipe *recipe, const char *kind, const char *text, GError **error)
{
  if (text == NULL)
    return TRUE;
  headroom_recipe_remove_layers (recipe, kind);
  return *text == '\0' || add_text (recipe, kind, text, error);
}

static gboolean
add_params (HeadroomStoreRecipe *recipe, GError **error)
{
  HrValue *params = recipe->spec->params;
  HrValue *inherited = recipe->base != NULL ? headroom_model_entry_get_params (recipe->base) : NULL;
  g_autoptr(HrValue) merged = hr_value_new_dict ();
  g_autoptr(HeadroomOptions) checked = headroom_options_new ();
  const char *key;

  if (params == NULL || hr_value_size (params) == 0)
    return TRUE;
  if (!headroom_options_merge (checked, params, error))
    return FALSE;
  for (size_t i = 0; inherited != NULL && i < hr_value_size (inherited); i++) {
    HrValue *value = hr_value_entry (inherited, i, &key);
    hr_value_set (merged, key, hr_value_ref (value));
  }
  for (size_t i = 0; i < hr_value_size (params); i++) {
    HrValue *value = hr_value_entry (params, i, &key);
    hr_value_set (merged, key, hr_value_ref (value));
  }
  g_autofree char *text = headroom_json_print (merged, HEADROOM_JSON_ESCAPE_HTML);
  return replace_text (recipe, "params", text, error);
}

static gboolean
add_messages (HeadroomStoreRecipe *recipe, GError **error)
{
  if (recipe->spec->messages == NULL || hr_value_size (recipe->spec->messages) == 0)
    return TRUE;
  g_autofree char *text = headroom_json_print (recipe->spec->messages, HEADROOM_JSON_ESCAPE_HTML);
  return replace_text (recipe, "messages", text, error);
}

static gboolean
add_licenses (HeadroomStoreRecipe *recipe, GError **error)
{
  for (gsize i = 0; recipe->spec->licenses != NULL && recipe->spec->licenses[i] != NULL; i++) {
    if (!add_text (recipe, "license", recipe->spec->licenses[i], error))
      return FALSE;
  }
  return TRUE;
}

/* ---- Adapters ---- */

static HrModel *
open_base (HeadroomStoreRecipe *recipe, GError **error)
{
  g_autofree char *path = headroom_recipe_dup_blob_path (recipe, HEADROOM_MEDIA_MODEL);

  if (path != NULL)
    return hr_model_open (path, error);
  headroom_recipe_refuse (error, "an adapter needs a model of GGUF weights");
  return NULL;
}

/* Only what the model accepts is put beside it. */
static gboolean
import_adapter (HeadroomStoreRecipe *recipe, HrModel *base, const char *path, GError **error)
{
  HeadroomLayer *layer;

  if (!hr_model_add_adapter (base, path, error)) {
    headroom_recipe_accept (NULL, error);
    return FALSE;
  }
  layer = headroom_store_change_import (recipe->change, HEADROOM_MEDIA_ADAPTER, path, error);
  if (layer != NULL)
    g_ptr_array_add (recipe->layers, layer);
  return layer != NULL;
}

static gboolean
import_adapter_blob (HeadroomStoreRecipe *recipe, HrModel *base, const char *digest, GError **error)
{
  g_autofree char *path = headroom_store_dup_blob_path (recipe->change->store, digest);

  if (path != NULL)
    return import_adapter (recipe, base, path, error);
  g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID, "blob \"%s\" not found",
               digest);
  return FALSE;
}

static gboolean
add_adapters (HeadroomStoreRecipe *recipe, GError **error)
{
  const char *const *path = recipe->spec->adapter_paths, *const *digest =
                                                             recipe->spec->adapter_digests;
  g_autoptr(HrModel) base = NULL;

  if ((path == NULL || *path == NULL) && (digest == NULL || *digest == NULL))
    return TRUE;
  base = open_base (recipe, error);
  for (; base != NULL && path != NULL && *path != NULL; path++) {
    if (!import_adapter (recipe, base, *path, error))
      return FALSE;
  }
  for (; base != NULL && digest != NULL && *digest != NULL; digest++) {
    if (!import_adapter_blob (recipe, base, *digest, error))
      return FALSE;
  }
  return base != NULL;
}

/* ---- Config and manifest ---- */

static void
set_pick (HrValue *config, const char *key, const char *own, const char *inherited)
{
  headroom_json_set_string (config, key, own != NULL ? own : inherited);
}

/* A model of weights that are not GGUF keeps what its config says about them. */
static HrValue *
config_from_base (HeadroomStoreRecipe *recipe)
{
  HeadroomModelEntry *base = recipe->base;
  HrValue *config = hr_value_new_dict ();

  headroom_json_set_string (config, "model_format", headroom_model_entry_get_format (base));
  headroom_json_set_string (config, "model_family", headroom_model_entry_get_family (base));
  headroom_json_set_strv (config, "model_families", headroom_model_entry_get_families (base));
  headroom_json_set_string (config, "model_type", headroom_model_entry_get_parameter_size (base));
  headroom_json_set_string (config, "file_type", headroom_model_entry_get_quantization (base));
  return config;
}

static HrValue *
config_from_header (const HrModelInfo *info, gboolean has_projector)
{
  HrValue *config = hr_value_new_dict ();
  const char *const families[] = { info->architecture, has_projector ? "clip" : NULL, NULL };
  g_autofree char *size = headroom_format_parameters (info->n_params);

  headroom_json_set_string (config, "model_format", "gguf");
  headroom_json_set_string (config, "model_family", info->architecture);
  headroom_json_set_strv (config, "model_families", families);
  headroom_json_set_string (config, "model_type", size);
  headroom_json_set_string (config, "file_type", info->file_type);
  return config;
}

static HrValue *
make_config (HeadroomStoreRecipe *recipe, GError **error)
{
  const HeadroomModelSpec *spec = recipe->spec;
  HeadroomModelEntry *base = recipe->base;
  g_autofree char *path = headroom_recipe_dup_blob_path (recipe, HEADROOM_MEDIA_MODEL);
  g_autofree char *projector = headroom_recipe_dup_blob_path (recipe, HEADROOM_MEDIA_PROJECTOR);
  g_autoptr(HrModel) model = path != NULL ? hr_model_open (path, error) : NULL;
  HrValue *config;

  if (path != NULL && model == NULL)
    return NULL;
  if (model == NULL && base == NULL) {
    headroom_recipe_refuse (error, "the model has no weights");
    return NULL;
  }
  config = model != NULL ? config_from_header (hr_model_get_info (model), projector != NULL)
                         : config_from_base (recipe);
  set_pick (config, "renderer", spec->renderer,
            base != NULL ? headroom_model_entry_get_renderer (base) : NULL);
  set_pick (config, "parser", spec->parser,
            base != NULL ? headroom_model_entry_get_parser (base) : NULL);
  set_pick (config, "requires", spec->requires,
            base != NULL ? headroom_model_entry_get_requires (base) : NULL);
  if (base != NULL && headroom_model_entry_get_capabilities (base)[0] != NULL)
    headroom_json_set_strv (config, "capabilities", headroom_model_entry_get_capabilities (base));
  if (model != NULL) {
    headroom_json_set_int (config, "context_length", hr_model_get_info (model)->n_ctx_train);
    headroom_json_set_int (config, "embedding_length", hr_model_get_info (model)->n_embd);
  }
  headroom_json_set_string (config, "architecture", "amd64");
  headroom_json_set_string (config, "os", "linux");
  return config;
}

static gboolean
finish (HeadroomStoreRecipe *recipe, const HeadroomModelName *name, GError **error)
{
  g_autoptr(HrValue) config = make_config (recipe, error);
  g_autoptr(HeadroomLayer) layer = NULL;

  if (config == NULL)
    return FALSE;
  g_autofree char *config_text = headroom_json_print (config, HEADROOM_JSON_ESCAPE_HTML);
  layer = headroom_store_change_put (recipe->change, HEADROOM_MEDIA_CONFIG, config_text,
                                     strlen (config_text), error);
  if (layer == NULL || g_cancellable_set_error_if_cancelled (recipe->change->cancellable, error))
    return FALSE;
  g_autofree char *manifest_text = headroom_manifest_print (layer, recipe->layers);
  headroom_store_change_report (recipe->change, "writing manifest", NULL, 0, 0);
  return headroom_store_write_manifest (recipe->change->store, name, manifest_text, error);
}

static gboolean
follow (HeadroomStoreRecipe *recipe, const HeadroomModelName *name, GError **error)
{
  return headroom_recipe_take_weights (recipe, error) && add_adapters (recipe, error) &&
         replace_text (recipe, "template", recipe->spec->template_text, error) &&
         replace_text (recipe, "system", recipe->spec->system, error) &&
         add_licenses (recipe, error) && add_params (recipe, error) &&
         add_messages (recipe, error) && finish (recipe, name, error);
}

/* ---- Public ---- */

gboolean
headroom_store_create (HeadroomStore *self, const char *name, const HeadroomModelSpec *spec,
                       HeadroomStoreProgressFunc progress, gpointer data, GCancellable *cancellable,
                       GError **error)
{
  HeadroomStoreChange change = {
    .store = self, .progress = progress, .progress_data = data, .cancellable = cancellable
  };
  HeadroomStoreRecipe recipe = { .change = &change, .spec = spec };
  g_autoptr(HeadroomModelName) parsed = headroom_model_name_parse (name);
  gboolean success;

  g_return_val_if_fail (HEADROOM_IS_STORE (self), FALSE);

  if (parsed == NULL) {
    g_set_error_literal (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID_NAME,
                         "invalid model name");
    return FALSE;
  }
  recipe.layers = g_ptr_array_new_with_free_func ((GDestroyNotify) headroom_layer_free);
  success = headroom_store_change_begin (&change, error) && follow (&recipe, parsed, error);
  headroom_store_change_end (&change, success);
  g_ptr_array_unref (recipe.layers);
  g_clear_object (&recipe.base);
  headroom_manifest_free (recipe.inherited);
  if (success)
    headroom_store_change_report (&change, "success", NULL, 0, 0);
  return success;
}

/* What FROM means: a file if there is one (relative to the Modelfile's folder), else a model's
 * name. */
static char *
dup_from_path (const char *from, const char *base)
{
  g_autofree char *path = NULL;

  if (g_str_has_prefix (from, "~/"))
    path = g_build_filename (g_get_home_dir (), from + 2, NULL);
  else
    path = g_canonicalize_filename (from, base);
  return headroom_store_is_path (from) || g_file_test (path, G_FILE_TEST_IS_REGULAR)
             ? g_steal_pointer (&path)
             : NULL;
}

/* The files that FROM names, in order, and the one model in *ret_name (borrowed from froms). */
static GStrv
dup_from_paths (const char *const *froms, const char *base, const char **ret_name, GError **error)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  const char *name = NULL;

  for (; *froms != NULL; froms++) {
    g_autofree char *path = dup_from_path (*froms, base);
    if (path != NULL) {
      g_strv_builder_add (builder, path);
    } else if (name == NULL) {
      name = *froms;
    } else {
      headroom_recipe_refuse (error, "FROM names more than one model");
      return NULL;
    }
  }
  *ret_name = name;
  return g_strv_builder_end (builder);
}

static gboolean
find_adapters (GStrv adapters, const char *base, GError **error)
{
  for (char **adapter = adapters; *adapter != NULL; adapter++) {
    char *path = dup_from_path (*adapter, base);
    if (path == NULL)
      return headroom_recipe_refuse (error, "ADAPTER names no GGUF file");
    g_free (*adapter);
    *adapter = path;
  }
  return TRUE;
}

gboolean
headroom_store_create_from_modelfile (HeadroomStore *self, const char *name,
                                      const HeadroomModelfile *modelfile, const char *base,
                                      HeadroomStoreProgressFunc progress, gpointer data,
                                      GCancellable *cancellable, GError **error)
{
  const char *from_name = NULL;
  g_autoptr(HrValue) params = headroom_modelfile_dup_parameters (modelfile, error);
  g_autoptr(HrValue) messages = headroom_modelfile_dup_messages (modelfile);
  g_auto(GStrv) licenses = headroom_modelfile_dup_all (modelfile, "license");
  g_auto(GStrv) adapters = headroom_modelfile_dup_all (modelfile, "adapter");
  g_auto(GStrv) froms = headroom_modelfile_dup_all (modelfile, "from");
  g_auto(GStrv) paths = NULL;

  if (params == NULL)
    return FALSE;
  if (headroom_modelfile_get (modelfile, "draft") != NULL)
    return headroom_recipe_refuse (error, "DRAFT is not supported yet");
  paths = dup_from_paths ((const char *const *) froms, base, &from_name, error);
  if (paths == NULL || !find_adapters (adapters, base, error))
    return FALSE;
  const HeadroomModelSpec spec = {
    .from_name = from_name,
    .from_paths = (const char *const *) paths,
    .adapter_paths = (const char *const *) adapters,
    .template_text = headroom_modelfile_get (modelfile, "template"),
    .system = headroom_modelfile_get (modelfile, "system"),
    .params = params,
    .messages = messages,
    .licenses = (const char *const *) licenses,
    .renderer = headroom_modelfile_get (modelfile, "renderer"),
    .parser = headroom_modelfile_get (modelfile, "parser"),
    .requires = headroom_modelfile_get (modelfile, "requires"),
  };
  return headroom_store_create (self, name, &spec, progress, data, cancellable, error);
}
