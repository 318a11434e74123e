/* headroom-model-name.h: names of models and digests of blobs, and which are well-formed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   [scheme://][host/][namespace/]model[:tag]
 *
 * Split at the last ':' after the last '/', then at '/' from the right. Each part starts with a
 * letter, a digit or '_' and goes on with these, '-' and '.' (a namespace has no '.', a host may
 * have ':'), 80 bytes at most, a host 350. So no part can climb out of a folder. Thread-safety:
 * Safe.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define HEADROOM_DEFAULT_HOST "registry.ollama.ai"
#define HEADROOM_DEFAULT_NAMESPACE "library"
#define HEADROOM_DEFAULT_TAG "latest"

typedef struct {
  char *scheme, *host, *space, *model, *tag; /* no part is NULL; defaults are filled in */
  gboolean has_tag;                          /* the tag was spelled */
} HeadroomModelName;

/**
 * headroom_model_name_parse:
 *
 * Returns: (transfer full) (nullable): the parts of @text, or %NULL if it is not well-formed
 */
HeadroomModelName *headroom_model_name_parse (const char *text) G_GNUC_WARN_UNUSED_RESULT;
void headroom_model_name_free (HeadroomModelName *name);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomModelName, headroom_model_name_free)

/* "llama3.2:latest": without host and namespace where they are the defaults. */
char *headroom_model_name_dup_display (const HeadroomModelName *name) G_GNUC_WARN_UNUSED_RESULT;
/* "registry.ollama.ai/library/llama3.2:latest" */
char *headroom_model_name_dup_full (const HeadroomModelName *name) G_GNUC_WARN_UNUSED_RESULT;
/* The same model, whatever the case of its letters. */
gboolean headroom_model_name_equal (const HeadroomModelName *a, const HeadroomModelName *b);
/* Whether a text is well-formed as a part of its own (manifest folders are read with these). */
gboolean headroom_model_name_is_host (const char *text);
gboolean headroom_model_name_is_space (const char *text);
gboolean headroom_model_name_is_part (const char *text); /* model or tag */

/* "sha256:<64 hex>" or "sha256-<64 hex>". */
gboolean headroom_digest_is_valid (const char *digest);
/* "sha256-<64 lower-case hex>", the blob's file name. digest must be valid. */
char *headroom_digest_dup_file_name (const char *digest) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
