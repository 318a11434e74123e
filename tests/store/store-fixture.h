/* store-fixture.h: a store in a temporary folder, made by hand the way Ollama makes it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-store.h"

typedef struct {
  char *dir;   /* temporary */
  char *root;  /* dir/store */
  char *loose; /* dir/loose */
  HeadroomStore *store;
} StoreFixture;

void store_fixture_init (StoreFixture *fixture);
void store_fixture_clear (StoreFixture *fixture); /* removes everything */

/* A path below dir, its folders made. */
char *store_fixture_path (StoreFixture *fixture, const char *relative);
void store_fixture_write (StoreFixture *fixture, const char *relative, const char *text,
                          gssize len);
/* A small llama model's GGUF file; seed makes its bytes differ. */
void store_fixture_write_gguf (StoreFixture *fixture, const char *relative, guint32 seed);
/* Writes a blob and returns its digest ("sha256:..."). */
char *store_fixture_blob (StoreFixture *fixture, const char *text, gssize len);
/* Writes manifests/<name> ("registry.ollama.ai/library/m/latest"). layers: pairs of kind and text,
 * NULL at the end; "model" is a GGUF. */
void store_fixture_manifest (StoreFixture *fixture, const char *name, ...) G_GNUC_NULL_TERMINATED;
guint store_fixture_count_blobs (StoreFixture *fixture);
