/* headroom-wire-embed.h: requests for vectors, and their answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The bodies of POST /api/embed, /api/embeddings, /v1/embeddings and /v1/rerank as one struct. As
 * the rest of headroom-wire.h: pure functions. Thread-safety: Safe.
 */
#pragma once

#include "headroom-wire.h"

G_BEGIN_DECLS

/* Texts of one request. Their vectors are sent in one piece: more would be gigabytes. */
#define HEADROOM_WIRE_MAX_INPUTS 16384

typedef enum {
  HEADROOM_WIRE_EMBED,             /* POST /api/embed */
  HEADROOM_WIRE_EMBEDDINGS,        /* POST /api/embeddings, the older form */
  HEADROOM_WIRE_OPENAI_EMBEDDINGS, /* POST /v1/embeddings */
  HEADROOM_WIRE_RERANK,            /* POST /v1/rerank, as Jina's and Cohere's clients ask */
} HeadroomWireEmbedKind;

typedef struct {
  HeadroomWireEmbedKind kind;
  char *model;          /* as it was asked for; never NULL */
  GPtrArray *inputs;    /* HrValue strings, untrusted; none: only the model is loaded */
  HrValue *options;     /* dict, or NULL */
  gboolean has_keep_alive;
  gint64 keep_alive_ns;
  gboolean truncate;    /* TRUE unless switched off */
  gint64 dimensions;    /* 0: all */
  gboolean base64;      /* OPENAI_EMBEDDINGS: encoding_format */
  HrValue *query;       /* RERANK: what the inputs are compared with; never NULL there */
  gint64 top_n;         /* RERANK: how many are wanted */
  gboolean return_documents; /* RERANK: with their texts */
} HeadroomWireEmbedRequest;

HeadroomWireEmbedRequest *headroom_wire_parse_embed (HeadroomWireEmbedKind kind, const char *body,
                                                     gsize len,
                                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* documents are texts, or objects with a text. truncate is TRUE. */
HeadroomWireEmbedRequest *headroom_wire_parse_rerank (const char *body, gsize len,
                                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void headroom_wire_embed_request_free (HeadroomWireEmbedRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomWireEmbedRequest, headroom_wire_embed_request_free)

typedef struct {
  const float *const *vectors; /* [n_vectors][width] */
  gsize n_vectors, width;
  gint64 total_duration, load_duration; /* nanoseconds; 0: not said */
  gint64 prompt_eval_count;
} HeadroomWireVectors;

/**
 * headroom_wire_finish_vector:
 * @vector: the model's numbers, changed in place
 * @dimensions: how many of them to keep; 0: all
 * @normalise: whether it gets the length 1; always where it is cut
 * @ret_width: (inout): numbers of @vector
 *
 * Returns: %FALSE with @error set if a number is not finite
 */
gboolean headroom_wire_finish_vector (float *vector, gint64 dimensions, gboolean normalise,
                                      gsize *ret_width, GError **error);

char *headroom_wire_print_vectors (const HeadroomWireEmbedRequest *request,
                                   const HeadroomWireVectors *vectors) G_GNUC_WARN_UNUSED_RESULT;

/* scores: one for each input. The best first. */
char *headroom_wire_print_scores (const HeadroomWireEmbedRequest *request, const float *scores,
                                  gint64 n_tokens) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
