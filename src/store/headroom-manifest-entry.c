/* headroom-manifest-entry.c: what a manifest's blobs say about a model.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The texts in these blobs came with the model. Still their strings are not trusted to spell
 * control tokens: the template alone is, and it is handed to the engine as a template.
 */
#include "headroom-manifest.h"

#include <string.h>

#include "headroom-json.h"
#include "headroom-model-entry-private.h"
#include "headroom-store.h"

typedef struct {
  HeadroomModelEntry *entry;
  const char *blobs;
} Loader;

static char *
dup_blob_path (const Loader *loader, const HeadroomLayer *layer)
{
  g_autofree char *name = headroom_digest_dup_file_name (layer->digest);

  return g_build_filename (loader->blobs, name, NULL);
}

/* A text layer. It must be UTF-8: it is shown, sent and tokenised. */
static char *
read_text (const Loader *loader, const HeadroomLayer *layer, GError **error)
{
  g_autofree char *path = dup_blob_path (loader, layer);
  gsize len;
  g_autofree char *text =
      headroom_read_small_file (path, HEADROOM_SMALL_BLOB_MAX_BYTES, &len, NULL, error);

  if (text == NULL)
    return NULL;
  if (!g_utf8_validate_len (text, len, NULL)) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_CORRUPT, "blob %s is not text",
                 layer->digest);
    return NULL;
  }
  return g_steal_pointer (&text);
}

static HrValue *
read_json (const Loader *loader, const HeadroomLayer *layer, HrValueKind kind, GError **error)
{
  g_autofree char *text = read_text (loader, layer, error);
  g_autoptr(GError) json_error = NULL;
  g_autoptr(HrValue) value = NULL;

  if (text == NULL)
    return NULL;
  value = headroom_json_parse (text, -1, FALSE, &json_error);
  if (value == NULL || hr_value_kind (value) != kind) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_CORRUPT,
                 "blob %s is not the JSON that it should be%s%s", layer->digest,
                 json_error != NULL ? ": " : "", json_error != NULL ? json_error->message : "");
    return NULL;
  }
  return g_steal_pointer (&value);
}

static GStrv
dup_strings (const HrValue *dict, const char *key)
{
  const HrValue *list = hr_value_lookup (dict, key);
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  for (size_t i = 0;
       list != NULL && hr_value_kind (list) == HR_VALUE_LIST && i < hr_value_size (list); i++) {
    const HrValue *item = hr_value_at (list, i);
    if (hr_value_kind (item) == HR_VALUE_STRING)
      g_strv_builder_add (builder, hr_value_get_string (item, NULL));
  }
  return g_strv_builder_end (builder);
}

static gboolean
read_config (const Loader *loader, const HeadroomLayer *config, GError **error)
{
  HeadroomModelEntry *entry = loader->entry;
  g_autoptr(HrValue) value = read_json (loader, config, HR_VALUE_DICT, error);

  if (value == NULL)
    return FALSE;
  entry->format = g_strdup (headroom_json_get_string (value, "model_format"));
  entry->family = g_strdup (headroom_json_get_string (value, "model_family"));
  entry->families = dup_strings (value, "model_families");
  entry->parameter_size = g_strdup (headroom_json_get_string (value, "model_type"));
  entry->quantization = g_strdup (headroom_json_get_string (value, "file_type"));
  entry->renderer = g_strdup (headroom_json_get_string (value, "renderer"));
  entry->parser = g_strdup (headroom_json_get_string (value, "parser"));
  entry->requires = g_strdup (headroom_json_get_string (value, "requires"));
  entry->capabilities = dup_strings (value, "capabilities");
  entry->context_length = headroom_json_get_int (value, "context_length", 0);
  entry->embedding_length = headroom_json_get_int (value, "embedding_length", 0);
  return TRUE;
}

/* ---- Layers ---- */

static gboolean
take_text (char **field, char *take_text_or_null)
{
  if (take_text_or_null == NULL)
    return FALSE;
  g_free (*field);
  *field = take_text_or_null;
  return TRUE;
}

static gboolean
take_value (HrValue **field, HrValue *take_value_or_null)
{
  if (take_value_or_null == NULL)
    return FALSE;
  hr_value_unref (*field);
  *field = take_value_or_null;
  return TRUE;
}

static gboolean
read_layer (const Loader *loader, const HeadroomLayer *layer, GError **error)
{
  HeadroomModelEntry *entry = loader->entry;
  const char *kind = headroom_layer_get_kind (layer);

  if (strcmp (kind, "model") == 0) {
    g_free (entry->parent);
    entry->parent = g_strdup (layer->from);
    return take_text (&entry->path, dup_blob_path (loader, layer));
  }
  if (strcmp (kind, "projector") == 0)
    return take_text (&entry->projector_path, dup_blob_path (loader, layer));
  if (strcmp (kind, "adapter") == 0) {
    char *adapter = dup_blob_path (loader, layer);
    if (adapter != NULL)
      g_ptr_array_add (entry->adapter_paths, adapter);
    return adapter != NULL;
  }
  if (strcmp (kind, "template") == 0 || strcmp (kind, "prompt") == 0)
    return take_text (&entry->template_text, read_text (loader, layer, error));
  if (strcmp (kind, "system") == 0)
    return take_text (&entry->system, read_text (loader, layer, error));
  if (strcmp (kind, "params") == 0)
    return take_value (&entry->params, read_json (loader, layer, HR_VALUE_DICT, error));
  if (strcmp (kind, "messages") == 0)
    return take_value (&entry->messages, read_json (loader, layer, HR_VALUE_LIST, error));
  if (strcmp (kind, "license") == 0) {
    char *license = read_text (loader, layer, error);
    if (license != NULL)
      g_ptr_array_add (entry->licenses, license);
    return license != NULL;
  }
  return TRUE;
}

HeadroomModelEntry *
headroom_manifest_load_entry (const HeadroomManifest *manifest, const HeadroomModelName *name,
                              const char *blobs, GError **error)
{
  g_autoptr(HeadroomModelEntry) entry = headroom_model_entry_new ();
  const Loader loader = { .entry = entry, .blobs = blobs };

  entry->name = headroom_model_name_dup_display (name);
  entry->full_name = headroom_model_name_dup_full (name);
  entry->digest = g_strdup (manifest->digest);
  entry->size = manifest->size;
  entry->modified_ns = manifest->modified_ns;
  if (!read_config (&loader, manifest->config, error))
    return NULL;
  for (guint i = 0; i < manifest->layers->len; i++) {
    if (!read_layer (&loader, g_ptr_array_index (manifest->layers, i), error))
      return NULL;
  }
  headroom_model_entry_seal (entry);
  return g_steal_pointer (&entry);
}
