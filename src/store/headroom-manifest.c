/* headroom-manifest.c: see headroom-manifest.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headroom-json.h"
#include "headroom-store.h"

/* ---- Files ---- */

static char *
fail_read (const char *path, int error_number, GError **error)
{
  g_set_error (error, HEADROOM_STORE_ERROR,
               error_number == ENOENT ? HEADROOM_STORE_ERROR_NOT_FOUND : HEADROOM_STORE_ERROR_IO,
               "Cannot read %s: %s", path, g_strerror (error_number));
  return NULL;
}

char *
headroom_read_small_file (const char *path, gsize max, gsize *ret_len, gint64 *ret_modified_ns,
                          GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  gsize len = 0;

  if (fd < 0)
    return fail_read (path, errno, error);
  if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size > (off_t) max) {
    close (fd);
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_CORRUPT,
                 "%s is not a file of at most %" G_GSIZE_FORMAT " bytes", path, max);
    return NULL;
  }
  g_autofree char *text = g_malloc ((gsize) status.st_size + 1);
  while (len < (gsize) status.st_size) {
    gssize n = read (fd, text + len, (gsize) status.st_size - len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break; /* an error, or the file became shorter: what is missing shows when the text is parsed
              */
    len += (gsize) n;
  }
  close (fd);
  text[len] = '\0';
  if (ret_modified_ns != NULL)
    *ret_modified_ns =
        status.st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + status.st_mtim.tv_nsec;
  *ret_len = len;
  return g_steal_pointer (&text);
}

/* ---- Layers ---- */

HeadroomLayer *
headroom_layer_new (const char *media_type, const char *digest, guint64 size, const char *from)
{
  HeadroomLayer *layer = g_new0 (HeadroomLayer, 1);

  layer->media_type = g_strdup (media_type);
  layer->digest = g_strdup (digest);
  layer->size = size;
  layer->from = g_strdup (from);
  return layer;
}

void
headroom_layer_free (HeadroomLayer *layer)
{
  if (layer == NULL)
    return;
  g_free (layer->media_type);
  g_free (layer->digest);
  g_free (layer->from);
  g_free (layer);
}

const char *
headroom_layer_get_kind (const HeadroomLayer *layer)
{
  return g_str_has_prefix (layer->media_type, HEADROOM_MEDIA_PREFIX)
             ? layer->media_type + strlen (HEADROOM_MEDIA_PREFIX)
             : "";
}

static HeadroomLayer *
parse_layer (const HrValue *value, const char *what, GError **error)
{
  const char *digest = headroom_json_get_string (value, "digest");
  const char *media_type = headroom_json_get_string (value, "mediaType");
  gint64 size = headroom_json_get_int (value, "size", -1);

  if (digest == NULL || !headroom_digest_is_valid (digest)) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_CORRUPT,
                 "%s of the manifest has no valid digest", what);
    return NULL;
  }
  if (size < 0) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_CORRUPT,
                 "%s of the manifest has no valid size", what);
    return NULL;
  }
  return headroom_layer_new (media_type != NULL ? media_type : "", digest, (guint64) size,
                             headroom_json_get_string (value, "from"));
}

/* ---- Manifests ---- */

static gboolean
add_size (HeadroomManifest *manifest, const HeadroomLayer *layer, GError **error)
{
  if (g_uint64_checked_add (&manifest->size, manifest->size, layer->size) &&
      manifest->size <= G_MAXINT64)
    return TRUE;
  g_set_error_literal (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_CORRUPT,
                       "the sizes in the manifest are impossible");
  return FALSE;
}

static gboolean
parse_layers (HeadroomManifest *manifest, const HrValue *layers, GError **error)
{
  if (layers == NULL || hr_value_kind (layers) != HR_VALUE_LIST
      || hr_value_size (layers) > HEADROOM_MANIFEST_MAX_LAYERS) {
    g_set_error_literal (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_CORRUPT,
                         "the manifest has no list of layers, or too many");
    return FALSE;
  }
  for (size_t i = 0; i < hr_value_size (layers); i++) {
    g_autofree char *what = g_strdup_printf ("layer %zu", i);
    HeadroomLayer *layer = parse_layer (hr_value_at (layers, i), what, error);
    if (layer == NULL)
      return FALSE;
    g_ptr_array_add (manifest->layers, layer);
    if (!add_size (manifest, layer, error))
      return FALSE;
  }
  return TRUE;
}

HeadroomManifest *
headroom_manifest_parse (const char *text, gsize len, GError **error)
{
  g_autoptr(GError) json_error = NULL;
  g_autoptr(HrValue) root = headroom_json_parse (text, (gssize) len, FALSE, &json_error);
  g_autoptr(HeadroomManifest) manifest = g_new0 (HeadroomManifest, 1);

  manifest->layers = g_ptr_array_new_with_free_func ((GDestroyNotify) headroom_layer_free);
  if (root == NULL || hr_value_kind (root) != HR_VALUE_DICT) {
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_CORRUPT,
                 "the manifest is not a JSON object%s%s", json_error != NULL ? ": " : "",
                 json_error != NULL ? json_error->message : "");
    return NULL;
  }
  if (headroom_json_get_int (root, "schemaVersion", 0) != 2) {
    g_set_error_literal (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_CORRUPT,
                         "the manifest's schemaVersion is not 2");
    return NULL;
  }
  manifest->config = parse_layer (hr_value_lookup (root, "config"), "config", error);
  if (manifest->config == NULL || !add_size (manifest, manifest->config, error)
      || !parse_layers (manifest, hr_value_lookup (root, "layers"), error))
    return NULL;
  manifest->digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guint8 *) text, len);
  return g_steal_pointer (&manifest);
}

HeadroomManifest *
headroom_manifest_read (const char *path, GError **error)
{
  gsize len;
  gint64 modified_ns;
  g_autofree char *text =
      headroom_read_small_file (path, HEADROOM_MANIFEST_MAX_BYTES, &len, &modified_ns, error);
  HeadroomManifest *manifest = text != NULL ? headroom_manifest_parse (text, len, error) : NULL;

  if (manifest != NULL)
    manifest->modified_ns = modified_ns;
  return manifest;
}

void
headroom_manifest_free (HeadroomManifest *manifest)
{
  if (manifest == NULL)
    return;
  headroom_layer_free (manifest->config);
  g_ptr_array_unref (manifest->layers);
  g_free (manifest->digest);
  g_free (manifest);
}

void
headroom_manifest_foreach (const HeadroomManifest *manifest,
                           void (*func) (const HeadroomLayer *layer, gpointer data), gpointer data)
{
  func (manifest->config, data);
  for (guint i = 0; i < manifest->layers->len; i++)
    func (g_ptr_array_index (manifest->layers, i), data);
}

static HrValue *
layer_value (const HeadroomLayer *layer)
{
  HrValue *value = hr_value_new_dict ();

  headroom_json_set_string (value, "mediaType", layer->media_type);
  headroom_json_set_string (value, "digest", layer->digest);
  headroom_json_set_int (value, "size", (gint64) layer->size);
  headroom_json_set_string (value, "from", layer->from);
  return value;
}

char *
headroom_manifest_print (const HeadroomLayer *config, GPtrArray *layers)
{
  g_autoptr(HrValue) root = hr_value_new_dict ();
  HrValue *list = hr_value_new_list ();

  headroom_json_set_int (root, "schemaVersion", 2);
  headroom_json_set_string (root, "mediaType", HEADROOM_MEDIA_MANIFEST);
  hr_value_set (root, "config", layer_value (config));
  for (guint i = 0; i < layers->len; i++)
    hr_value_append (list, layer_value (g_ptr_array_index (layers, i)));
  hr_value_set (root, "layers", list);
  return headroom_json_print (root, HEADROOM_JSON_ESCAPE_HTML);
}
