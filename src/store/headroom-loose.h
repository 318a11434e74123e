/* headroom-loose.h: GGUF files that lie in a folder, as models.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How they are named is said in headroom-store.h. Private to src/store. Thread-safety: Safe, but
 * for the cache, which its owner locks.
 */
#pragma once

#include <gio/gio.h>

#include "headroom-model-entry.h"
#include "headroom-model-name.h"

G_BEGIN_DECLS

/* The name of a GGUF file as a model, or NULL if it is not one (mmproj, a later part of a split
 * model, no letters). has_tag: the file's name ends with a type label. */
HeadroomModelName *headroom_loose_name (const char *file_name) G_GNUC_WARN_UNUSED_RESULT;
/* An entry for the file at path; opens its header. */
HeadroomModelEntry *headroom_loose_load_entry (const char *path,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Entries of files that did not change since they were opened last. */
typedef GHashTable HeadroomLooseCache;
HeadroomLooseCache *headroom_loose_cache_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Appends an entry for each model in dir to entries, in the order of file names, and a sentence for
 * each that is not one to problems. A missing folder is an empty one. */
void headroom_loose_scan (const char *dir, HeadroomLooseCache *cache, GPtrArray *entries,
                          GPtrArray *problems);

/* "8.0B", "134.52M": as Ollama shows a number of parameters. */
char *headroom_format_parameters (guint64 n) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
