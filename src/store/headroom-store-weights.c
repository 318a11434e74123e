/* headroom-store-weights.c: what a new model's weights are made of.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An installed model, GGUF files, or both: which file is the model and which one helps it to see
 * images is in their headers, whatever they are called and in whatever order they come.
 */
#include "headroom-store-recipe.h"

#include <string.h>

#define ARCHITECTURE_OF_PROJECTORS "clip"

gboolean
headroom_recipe_refuse (GError **error, const char *message)
{
  g_set_error_literal (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID, message);
  return FALSE;
}

HrModel *
headroom_recipe_accept (HrModel *take_model, GError **error)
{
  if (take_model == NULL && error != NULL &&
      (g_error_matches (*error, HR_ERROR, HR_ERROR_FILE) ||
       g_error_matches (*error, HR_ERROR, HR_ERROR_FORMAT) ||
       g_error_matches (*error, HR_ERROR, HR_ERROR_UNSUPPORTED))) {
    (*error)->domain = HEADROOM_STORE_ERROR;
    (*error)->code = HEADROOM_STORE_ERROR_INVALID;
  }
  return take_model;
}

void
headroom_recipe_remove_layers (HeadroomStoreRecipe *recipe, const char *kind)
{
  for (guint i = recipe->layers->len; i-- > 0;) {
    if (strcmp (headroom_layer_get_kind (g_ptr_array_index (recipe->layers, i)), kind) == 0)
      g_ptr_array_remove_index (recipe->layers, i);
  }
}

char *
headroom_recipe_dup_blob_path (HeadroomStoreRecipe *recipe, const char *media_type)
{
  for (guint i = 0; i < recipe->layers->len; i++) {
    const HeadroomLayer *layer = g_ptr_array_index (recipe->layers, i);
    if (strcmp (layer->media_type, media_type) == 0)
      return headroom_store_dup_blob_path (recipe->change->store, layer->digest);
  }
  return NULL;
}

/* ---- Files ---- */

typedef struct {
  char *model, *projector; /* paths, or NULL */
} Sources;

static void
sources_clear (Sources *sources)
{
  g_free (sources->model);
  g_free (sources->projector);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sources, sources_clear)

static gboolean
sort_file (Sources *sources, const char *path, GError **error)
{
  g_autoptr(HrModel) model = headroom_recipe_accept (hr_model_open (path, error), error);
  gboolean is_projector;
  char **place;

  if (model == NULL)
    return FALSE;
  is_projector =
      g_str_equal (hr_model_get_info (model)->architecture, ARCHITECTURE_OF_PROJECTORS);
  place = is_projector ? &sources->projector : &sources->model;
  if (*place != NULL)
    return headroom_recipe_refuse (
        error,
        is_projector
            ? "the files are more than one projector (general.architecture clip)"
            : "the files are more than one model; parts of a split one have to be joined first");
  *place = g_strdup (path);
  return TRUE;
}

static gboolean
sort_blob (HeadroomStoreRecipe *recipe, Sources *sources, const char *digest, GError **error)
{
  g_autofree char *path = headroom_store_dup_blob_path (recipe->change->store, digest);

  if (!headroom_digest_is_valid (digest))
    return headroom_recipe_refuse (error, "invalid digest format");
  if (path != NULL)
    return sort_file (sources, path, error);
  g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID, "blob \"%s\" not found",
               digest);
  return FALSE;
}

static gboolean
sort_files (HeadroomStoreRecipe *recipe, Sources *sources, GError **error)
{
  const char *const *path = recipe->spec->from_paths, *const *digest = recipe->spec->from_digests;

  if ((path != NULL && *path != NULL) || (digest != NULL && *digest != NULL))
    headroom_store_change_report (recipe->change, "parsing GGUF", NULL, 0, 0);
  for (; path != NULL && *path != NULL; path++) {
    if (!sort_file (sources, *path, error))
      return FALSE;
  }
  for (; digest != NULL && *digest != NULL; digest++) {
    if (!sort_blob (recipe, sources, *digest, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
import (HeadroomStoreRecipe *recipe, const char *media_type, const char *path, GError **error)
{
  HeadroomLayer *layer = headroom_store_change_import (recipe->change, media_type, path, error);

  if (layer != NULL)
    g_ptr_array_add (recipe->layers, layer);
  return layer != NULL;
}

static gboolean
import_model (HeadroomStoreRecipe *recipe, const char *path, GError **error)
{
  if (g_regex_match_simple ("-[0-9]{5}-of-[0-9]{5}\\.gguf$", path, G_REGEX_CASELESS, 0))
    return headroom_recipe_refuse (
        error, "A split GGUF file cannot be put into the store; join its parts first");
  return import (recipe, HEADROOM_MEDIA_MODEL, path, error);
}

/* Only one that the model sees with is put beside it, in place of what it had. */
static gboolean
import_projector (HeadroomStoreRecipe *recipe, const char *path, GError **error)
{
  g_autofree char *weights = headroom_recipe_dup_blob_path (recipe, HEADROOM_MEDIA_MODEL);
  g_autoptr(HrModel) model = NULL;

  if (weights == NULL)
    return headroom_recipe_refuse (error, "a projector needs a model of GGUF weights beside it");
  model = headroom_recipe_accept (hr_model_open_with_projector (weights, path, error), error);
  if (model == NULL)
    return FALSE;
  headroom_recipe_remove_layers (recipe, "projector");
  return import (recipe, HEADROOM_MEDIA_PROJECTOR, path, error);
}

/* ---- An installed model ---- */

static void
inherit_layers (HeadroomStoreRecipe *recipe, const char *model_from)
{
  for (guint i = 0; i < recipe->inherited->layers->len; i++) {
    const HeadroomLayer *layer = g_ptr_array_index (recipe->inherited->layers, i);
    const char *from =
        strcmp (layer->media_type, HEADROOM_MEDIA_MODEL) == 0 ? model_from : layer->from;
    g_ptr_array_add (recipe->layers,
                     headroom_layer_new (layer->media_type, layer->digest, layer->size, from));
  }
}

static gboolean
take_loose (HeadroomStoreRecipe *recipe, GError **error)
{
  const char *projector = headroom_model_entry_get_projector_path (recipe->base);

  headroom_store_change_report (recipe->change, "parsing GGUF", NULL, 0, 0);
  return import_model (recipe, headroom_model_entry_get_path (recipe->base), error) &&
         (projector == NULL || import_projector (recipe, projector, error));
}

static gboolean
take_installed (HeadroomStoreRecipe *recipe, GError **error)
{
  g_autoptr(HeadroomModelName) name = NULL;
  g_autofree char *manifest_path = NULL;

  recipe->base = headroom_store_lookup (recipe->change->store, recipe->spec->from_name, error);
  if (recipe->base == NULL)
    return FALSE;
  if (headroom_model_entry_is_loose (recipe->base))
    return take_loose (recipe, error);
  name = headroom_model_name_parse (headroom_model_entry_get_full_name (recipe->base));
  manifest_path = name != NULL ? headroom_store_find_manifest (recipe->change->store, name) : NULL;
  if (manifest_path == NULL) {
    headroom_store_set_not_found (error, recipe->spec->from_name);
    return FALSE;
  }
  recipe->inherited = headroom_manifest_read (manifest_path, error);
  if (recipe->inherited != NULL)
    inherit_layers (recipe, headroom_model_entry_get_name (recipe->base));
  return recipe->inherited != NULL;
}

/* ---- Public ---- */

gboolean
headroom_recipe_take_weights (HeadroomStoreRecipe *recipe, GError **error)
{
  g_auto(Sources) sources = { 0 };

  if (!sort_files (recipe, &sources, error))
    return FALSE;
  if (sources.model != NULL && recipe->spec->from_name != NULL)
    return headroom_recipe_refuse (error, "the model is named twice, by 'from' and by a file");
  if (sources.model == NULL && recipe->spec->from_name == NULL)
    return headroom_recipe_refuse (
        error, sources.projector != NULL
                   ? "a projector needs a model beside it: name one by 'from', or its file"
                   : "neither 'from' or 'files' was specified");
  if (sources.model != NULL ? !import_model (recipe, sources.model, error)
                            : !take_installed (recipe, error))
    return FALSE;
  return sources.projector == NULL || import_projector (recipe, sources.projector, error);
}
