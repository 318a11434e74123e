/* headroom-model-entry-private.h: the fields of an entry, filled in by the store.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-model-entry.h"

G_BEGIN_DECLS

struct _HeadroomModelEntry {
  GObject parent_instance;

  char *name, *full_name, *digest;
  guint64 size;
  gint64 modified_ns;
  gboolean is_loose;
  char *path, *projector_path, *template_text, *system;
  GPtrArray *adapter_paths; /* char *, NULL-terminated once finished */
  char *identity;           /* path and adapters */
  GPtrArray *licenses; /* char *, NULL-terminated once finished */
  HrValue *params, *messages;
  char *parent, *format, *family, *parameter_size, *quantization, *renderer, *parser, *requires;
  GStrv families, capabilities;
  gint64 context_length, embedding_length;
};

/* Empty, for its maker to fill in; then headroom_model_entry_seal () once. */
HeadroomModelEntry *headroom_model_entry_new (void) G_GNUC_WARN_UNUSED_RESULT;
void headroom_model_entry_seal (HeadroomModelEntry *self);

G_END_DECLS
