/* headroom-model-entry.h: what the store knows about one installed model.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immutable. Strings and values are borrowed from the entry. Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_TYPE_MODEL_ENTRY (headroom_model_entry_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomModelEntry, headroom_model_entry, HEADROOM, MODEL_ENTRY, GObject)

/* An entry for a model that no store has: a shape of the catalogue, or one that is only imagined.
 */
HeadroomModelEntry *headroom_model_entry_new_imagined (const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* "llama3.2:latest"; also the property "name". */
const char *headroom_model_entry_get_name (HeadroomModelEntry *self);
/* "registry.ollama.ai/library/llama3.2:latest"; a file opened by path has its path here. */
const char *headroom_model_entry_get_full_name (HeadroomModelEntry *self);
/* 64 lower-case hex digits: SHA-256 of the manifest. A loose file's is made from its path, size and
 * time, not its content. */
const char *headroom_model_entry_get_digest (HeadroomModelEntry *self);
guint64 headroom_model_entry_get_size (
    HeadroomModelEntry *self); /* bytes of all layers and the config */
gint64 headroom_model_entry_get_modified_ns (HeadroomModelEntry *self); /* since 1970 */
/* A GGUF file that lies in a folder or was named by its path; there is no manifest. */
gboolean headroom_model_entry_is_loose (HeadroomModelEntry *self);

const char *headroom_model_entry_get_path (
    HeadroomModelEntry *self); /* the GGUF, or NULL (not a GGUF model) */
const char *headroom_model_entry_get_projector_path (HeadroomModelEntry *self); /* or NULL */
const char *const *headroom_model_entry_get_adapter_paths (
    HeadroomModelEntry *self); /* NULL-terminated */
/* The same text for entries of the same weights, projector and adapters, which one loaded model can
 * serve;
 * NULL without a path. */
const char *headroom_model_entry_get_identity (HeadroomModelEntry *self);
/**
 * headroom_model_entry_open:
 *
 * Opens the model with the projector that lies beside it, if there is one. There must be a path.
 * Blocks.
 *
 * Returns: (transfer full): the model, or %NULL with the engine's error set
 */
HrModel *headroom_model_entry_open (HeadroomModelEntry *self,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *headroom_model_entry_get_template (
    HeadroomModelEntry *self); /* the TEMPLATE layer, or NULL */
const char *headroom_model_entry_get_system (HeadroomModelEntry *self);         /* or NULL */
const char *const *headroom_model_entry_get_licenses (
    HeadroomModelEntry *self); /* NULL-terminated, may be empty */
HrValue *headroom_model_entry_get_params (
    HeadroomModelEntry *self); /* dict of options, may be empty */
HrValue *headroom_model_entry_get_messages (
    HeadroomModelEntry *self); /* list of {role, content}, may be empty */

const char *headroom_model_entry_get_parent (HeadroomModelEntry *self);         /* "" if none */
const char *headroom_model_entry_get_format (HeadroomModelEntry *self);         /* "gguf" */
const char *headroom_model_entry_get_family (HeadroomModelEntry *self);         /* "llama" */
const char *const *headroom_model_entry_get_families (HeadroomModelEntry *self);
const char *headroom_model_entry_get_parameter_size (HeadroomModelEntry *self); /* "8.0B" */
const char *headroom_model_entry_get_quantization (HeadroomModelEntry *self);   /* "Q4_K_M" */
const char *headroom_model_entry_get_renderer (HeadroomModelEntry *self);       /* or NULL */
const char *headroom_model_entry_get_parser (HeadroomModelEntry *self);         /* or NULL */
const char *headroom_model_entry_get_requires (HeadroomModelEntry *self);       /* or NULL */
gint64 headroom_model_entry_get_context_length (HeadroomModelEntry *self);      /* 0: not said */
gint64 headroom_model_entry_get_embedding_length (HeadroomModelEntry *self);    /* 0: not said */
const char *const *headroom_model_entry_get_capabilities (
    HeadroomModelEntry *self); /* as the config says; may be empty */

G_END_DECLS
