/* headroom-wire-fields.h: taking typed fields out of a request, with the words in which Go refuses
 * wrong types.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The first error sticks; the rest of the fields then read as absent, so that a parser checks once,
 * at its end. Absent and null are the same. Keys match exactly, else in any case. Private to
 * src/wire. Thread-safety: one thread.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

typedef struct {
  HrValue *root;           /* owned: the whole request */
  const HrValue *dict;     /* what fields are taken from */
  const char *type_name;   /* "ChatRequest" */
  const char *path;        /* "messages." in front of names in errors, or "" */
  GError *error;
} HeadroomFields;

/* Parses body into root; on failure the error sticks and every field is absent. */
void headroom_fields_init (HeadroomFields *fields, const char *type_name, const char *body,
                           gsize len);
/* The same view of a value inside: an object of a list. */
HeadroomFields headroom_fields_inner (const HeadroomFields *fields, const HrValue *dict,
                                      const char *path);
/* Gives the sticky error, if any, to error and frees root. TRUE if there was none. */
gboolean headroom_fields_finish (HeadroomFields *fields, GError **error);
/* Sticks an error of ours, unless one sticks. */
void headroom_fields_fail (HeadroomFields *fields, guint status, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
/* An inner view's error becomes the outer's. */
void headroom_fields_merge (HeadroomFields *fields, HeadroomFields *inner);

const HrValue *headroom_fields_any (HeadroomFields *fields,
                                    const char *name); /* borrowed, NULL if absent or null */
gboolean headroom_fields_bool (HeadroomFields *fields, const char *name, gboolean fallback);
gint64 headroom_fields_int (HeadroomFields *fields, const char *name, gint64 fallback);
char *headroom_fields_dup_string (HeadroomFields *fields, const char *name)
    G_GNUC_WARN_UNUSED_RESULT; /* NULL if absent; no U+0000 */
HrValue *headroom_fields_ref_text (HeadroomFields *fields, const char *name)
    G_GNUC_WARN_UNUSED_RESULT; /* NULL if absent or "" */
/* NULL if absent; go_type names the type in the error: "[]api.Message". */
const HrValue *headroom_fields_list (HeadroomFields *fields, const char *name, const char *go_type);
const HrValue *headroom_fields_dict (HeadroomFields *fields, const char *name, const char *go_type);
/* "json: cannot unmarshal string into Go struct field ChatRequest.name of type go_type" */
void headroom_fields_refuse_type (HeadroomFields *fields, const char *name, const HrValue *value,
                                  const char *go_type);
/* Strict standard base64; the error is illegal base64 data at input byte N. */
GBytes *headroom_fields_decode_base64 (HeadroomFields *fields,
                                       const HrValue *text) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
