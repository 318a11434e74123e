/* headroom-manifest.h: one manifest file, read with suspicion and written as Ollama writes it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A manifest may come from any registry, so every digest is checked by its form, every size for its
 * sign and the sum for overflow, and counts and lengths are capped. Private to src/store.
 * Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "headroom-model-entry.h"
#include "headroom-model-name.h"

G_BEGIN_DECLS

#define HEADROOM_MANIFEST_MAX_BYTES \
  (1024 * 1024) /* real ones have 1 KB; of safetensors models 300 KB */
#define HEADROOM_MANIFEST_MAX_LAYERS 16384              /* one per tensor of a safetensors model */
#define HEADROOM_SMALL_BLOB_MAX_BYTES \
  (16 * 1024 * 1024) /* config, template, system, params, messages, license */

#define HEADROOM_MEDIA_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define HEADROOM_MEDIA_CONFIG "application/vnd.docker.container.image.v1+json"
#define HEADROOM_MEDIA_PREFIX "application/vnd.ollama.image."
#define HEADROOM_MEDIA_MODEL HEADROOM_MEDIA_PREFIX "model"
#define HEADROOM_MEDIA_ADAPTER HEADROOM_MEDIA_PREFIX "adapter"
#define HEADROOM_MEDIA_PROJECTOR HEADROOM_MEDIA_PREFIX "projector"

typedef struct {
  char *media_type;
  char *digest; /* valid */
  guint64 size;
  char *from;   /* or NULL */
} HeadroomLayer;

HeadroomLayer *headroom_layer_new (const char *media_type, const char *digest, guint64 size,
                                   const char *from) G_GNUC_WARN_UNUSED_RESULT;
void headroom_layer_free (HeadroomLayer *layer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomLayer, headroom_layer_free)
/* "template" for application/vnd.ollama.image.template; "" for other types. */
const char *headroom_layer_get_kind (const HeadroomLayer *layer);

typedef struct {
  HeadroomLayer *config;
  GPtrArray *layers;     /* HeadroomLayer */
  guint64 size;          /* bytes of all */
  char *digest;          /* SHA-256 of the text, hex */
  gint64 modified_ns;
} HeadroomManifest;

HeadroomManifest *headroom_manifest_read (const char *path,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
HeadroomManifest *headroom_manifest_parse (const char *text, gsize len,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void headroom_manifest_free (HeadroomManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomManifest, headroom_manifest_free)
char *headroom_manifest_print (const HeadroomLayer *config,
                               GPtrArray *layers) G_GNUC_WARN_UNUSED_RESULT;
/* Calls func for the config and every layer. */
void headroom_manifest_foreach (const HeadroomManifest *manifest,
                                void (*func) (const HeadroomLayer *layer, gpointer data),
                                gpointer data);

/* A whole regular file of at most max bytes, NUL-terminated; fifos and devices are refused without
 * waiting for them. */
char *headroom_read_small_file (const char *path, gsize max, gsize *ret_len,
                                gint64 *ret_modified_ns, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An entry for a manifest; blobs is the folder of blobs. */
HeadroomModelEntry *headroom_manifest_load_entry (const HeadroomManifest *manifest,
                                                  const HeadroomModelName *name, const char *blobs,
                                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
