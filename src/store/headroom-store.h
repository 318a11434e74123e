/* headroom-store.h: the models on this machine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The layout is Ollama's, read and written in place, so that both programs share one store:
 *
 *   ROOT/manifests/<host>/<namespace>/<model>/<tag>   JSON: {"schemaVersion":2, "config":{...},
 * "layers":[...]} ROOT/blobs/sha256-<64 hex>                        config, GGUF, template, system,
 * params, messages, license ROOT/blobs/sha256-<random>                        while being written
 *
 * ROOT is HEADROOM_MODELS or OLLAMA_MODELS; else ~/.ollama/models where that exists; else
 * $XDG_DATA_HOME/headroom/models.
 *
 * Beside that, every *.gguf in $XDG_DATA_HOME/headroom/models is a model without a manifest (a
 * *loose* file). Its name is the file's without .gguf, in lower case, other characters than
 * letters, digits, '_', '-' and '.' as '-'. A type label at its end becomes the tag, else the tag
 * is "latest": SmolLM2-135M-Instruct.Q4_1.gguf is smollm2-135m-instruct:q4_1. Asked for without a
 * tag, a file without a label is meant, else the only file of that name. Parts of a split model
 * after the first and files that start with mmproj are not models. A manifest of the same name
 * wins.
 *
 * All calls block on the disk: the window calls them from a worker. Thread-safety: Safe. Several
 * programs may use one store: files appear complete or not at all, and changes hold a lock on
 * ROOT/blobs.
 */
#pragma once

#include <gio/gio.h>

#include "headroom-model-entry.h"
#include "headroom-modelfile.h"

G_BEGIN_DECLS

#define HEADROOM_STORE_ERROR (headroom_store_error_quark ())
GQuark headroom_store_error_quark (void);

typedef enum {
  HEADROOM_STORE_ERROR_NOT_FOUND,    /* model 'x' not found */
  HEADROOM_STORE_ERROR_INVALID_NAME, /* invalid model name */
  HEADROOM_STORE_ERROR_CORRUPT,      /* a manifest or a blob that cannot be what it says */
  HEADROOM_STORE_ERROR_INVALID,      /* what is to be created contradicts itself */
  HEADROOM_STORE_ERROR_NO_SPACE,
  HEADROOM_STORE_ERROR_IO,
} HeadroomStoreError;

#define HEADROOM_TYPE_STORE (headroom_store_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomStore, headroom_store, HEADROOM, STORE, GObject)

/**
 * headroom_store_new:
 * @root: (nullable): the store's folder, or %NULL for the one that the environment names
 * @loose: (nullable): the folder of loose files; %NULL with a @root: none, without: the default
 */
HeadroomStore *headroom_store_new (const char *root, const char *loose) G_GNUC_WARN_UNUSED_RESULT;
const char *headroom_store_get_root (HeadroomStore *self);
const char *headroom_store_get_loose_dir (HeadroomStore *self); /* or NULL */

/**
 * headroom_store_list:
 * @ret_problems: (out) (optional): sentences about files that should have been models, for the log;
 * GPtrArray of char *
 *
 * Returns: (transfer full) (element-type HeadroomModelEntry): newest first
 */
GPtrArray *headroom_store_list (HeadroomStore *self,
                                GPtrArray **ret_problems) G_GNUC_WARN_UNUSED_RESULT;

/**
 * headroom_store_lookup:
 * @name: as a client gave it; letter case does not matter
 *
 * Finds a model by name. Never opens a path: safe for names that came over the network.
 *
 * Returns: (transfer full) (nullable): the model, or %NULL with @error set ("model 'x' not found")
 */
HeadroomModelEntry *headroom_store_lookup (HeadroomStore *self, const char *name, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* A GGUF file by its path (a person's word, not a client's). */
HeadroomModelEntry *headroom_store_open_file (HeadroomStore *self, const char *path, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* What a person typed: a path if it starts with '/', './', '../' or '~' or ends in .gguf, else a
 * name. */
HeadroomModelEntry *headroom_store_resolve (HeadroomStore *self, const char *name_or_path,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean headroom_store_is_path (const char *name_or_path);

/* What a model is made of. Every field is borrowed and may be NULL; what is NULL is inherited from
 * from_name. */
typedef struct {
  const char *from_name;            /* an installed model, or one of the files below */
  const char *const *from_paths;    /* GGUF files, ... */
  const char *const *from_digests;  /* ... and blobs that are here: a model, and a projector, told
                                     * apart by their headers; one may come without the other */
  const char *template_text;
  const char *system;
  HrValue *params;         /* dict; merged over the inherited ones */
  HrValue *messages;       /* list of {role, content} */
  const char *const *adapter_paths;   /* LoRA adapters: GGUF files, ... */
  const char *const *adapter_digests; /* ... and blobs that are here; added to the inherited ones */
  const char *const *licenses; /* added to the inherited ones */
  const char *renderer, *parser, *requires;
} HeadroomModelSpec;

/* status: "using existing layer sha256:...", "writing manifest", "success", or "copying model" with
 * bytes; digest NULL and total 0 where they mean nothing. Called on the calling thread. */
typedef void (*HeadroomStoreProgressFunc) (const char *status, const char *digest,
                                           guint64 completed, guint64 total, gpointer data);

/**
 * headroom_store_create:
 * @name: the new model's name; an existing model of that name is replaced
 *
 * Writes blobs and then the manifest. Fails without a trace other than unreferenced blobs, which it
 * removes.
 */
gboolean headroom_store_create (HeadroomStore *self, const char *name,
                                const HeadroomModelSpec *spec, HeadroomStoreProgressFunc progress,
                                gpointer data, GCancellable *cancellable, GError **error);
/**
 * headroom_store_create_from_modelfile:
 * @base: the folder that relative paths in FROM start from
 *
 * The same from a parsed Modelfile. FROM is a path if a file of that name exists, else a model's
 * name.
 */
gboolean headroom_store_create_from_modelfile (HeadroomStore *self, const char *name,
                                               const HeadroomModelfile *modelfile, const char *base,
                                               HeadroomStoreProgressFunc progress, gpointer data,
                                               GCancellable *cancellable, GError **error);
/* INVALID_NAME: source "x" is invalid, destination "x" is invalid. A loose file is linked or copied
 * into a blob. */
gboolean headroom_store_copy (HeadroomStore *self, const char *source, const char *destination,
                              GError **error);
/* Removes the manifest and the blobs that no other manifest names; a loose file itself. Says
 * nothing to who runs it. */
gboolean headroom_store_delete (HeadroomStore *self, const char *name, GError **error);
/* NULL if there is no such blob or the digest is malformed. */
char *headroom_store_dup_blob_path (HeadroomStore *self,
                                    const char *digest) G_GNUC_WARN_UNUSED_RESULT;

/* The text of a Modelfile that would make this model again; what /api/show and `show --modelfile`
 * print. */
char *headroom_model_entry_dup_modelfile (HeadroomModelEntry *entry) G_GNUC_WARN_UNUSED_RESULT;
/* "%-30s value" lines of the parameters; "" if there are none. */
char *headroom_model_entry_dup_parameters_text (HeadroomModelEntry *entry)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
