/* headroom-wire-embed.c: see headroom-wire-embed.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-wire-embed.h"

#include <math.h>
#include <string.h>

#include "headroom-json.h"
#include "headroom-wire-private.h"

#define MIN_NORM 1e-12

/* ---- Requests ---- */

void
headroom_wire_embed_request_free (HeadroomWireEmbedRequest *request)
{
  if (request == NULL)
    return;
  g_free (request->model);
  g_clear_pointer (&request->inputs, g_ptr_array_unref);
  g_clear_pointer (&request->options, hr_value_unref);
  g_clear_pointer (&request->query, hr_value_unref);
  g_free (request);
}

static void
add_input (HeadroomFields *fields, HeadroomWireEmbedRequest *request, const HrValue *item)
{
  if (hr_value_kind (item) != HR_VALUE_STRING)
    headroom_fields_fail (fields, 400, "invalid input type");
  else
    g_ptr_array_add (request->inputs, hr_value_ref ((HrValue *) item));
}

/* A text or a list of texts. An empty text alone is none. */
static void
read_input (HeadroomFields *fields, HeadroomWireEmbedRequest *request)
{
  const HrValue *input = headroom_fields_any (fields, "input");
  gsize len;

  if (input == NULL)
    return;
  if (hr_value_kind (input) == HR_VALUE_STRING) {
    hr_value_get_string (input, &len);
    if (len > 0)
      add_input (fields, request, input);
  } else if (hr_value_kind (input) != HR_VALUE_LIST) {
    headroom_fields_fail (fields, 400, "invalid input type");
  } else if (hr_value_size (input) > HEADROOM_WIRE_MAX_INPUTS) {
    headroom_fields_fail (fields, 400, "input must not hold more than %d texts",
                          HEADROOM_WIRE_MAX_INPUTS);
  } else {
    for (gsize i = 0; i < hr_value_size (input); i++)
      add_input (fields, request, hr_value_at (input, i));
  }
}

static void
read_prompt (HeadroomFields *fields, HeadroomWireEmbedRequest *request)
{
  HrValue *prompt = headroom_fields_ref_text (fields, "prompt");

  if (prompt != NULL)
    g_ptr_array_add (request->inputs, prompt);
}

static void
read_own (HeadroomFields *fields, HeadroomWireEmbedRequest *request)
{
  const HrValue *options = headroom_fields_dict (fields, "options", "map[string]interface {}");
  const HrValue *keep_alive = headroom_fields_any (fields, "keep_alive");
  g_autoptr(GError) error = NULL;

  request->options = options != NULL ? hr_value_ref ((HrValue *) options) : NULL;
  request->has_keep_alive = keep_alive != NULL;
  if (keep_alive != NULL &&
      !headroom_wire_parse_keep_alive (keep_alive, &request->keep_alive_ns, &error))
    headroom_fields_fail (fields, 400, "%s", error->message);
}

static void
read_openai (HeadroomFields *fields, HeadroomWireEmbedRequest *request)
{
  g_autofree char *format = headroom_fields_dup_string (fields, "encoding_format");

  request->base64 = g_strcmp0 (format, "base64") == 0;
  if (format != NULL && *format != '\0' && !request->base64 && !g_str_equal (format, "float"))
    headroom_fields_fail (
        fields, 400,
        "Invalid value for 'encoding_format' = %s. Supported values: ['float', 'base64'].", format);
  if (fields->error == NULL && request->inputs->len == 0) {
    const HrValue *input = headroom_fields_any (fields, "input");
    if (input == NULL || hr_value_kind (input) == HR_VALUE_LIST)
      headroom_fields_fail (fields, 400, "invalid input");
  }
}

HeadroomWireEmbedRequest *
headroom_wire_parse_embed (HeadroomWireEmbedKind kind, const char *body, gsize len, GError **error)
{
  static const char *const names[] = { "EmbedRequest", "EmbeddingRequest", "EmbedRequest" };
  g_autoptr(HeadroomWireEmbedRequest) request = g_new0 (HeadroomWireEmbedRequest, 1);
  HeadroomFields fields;

  headroom_fields_init (&fields, names[kind], body, len);
  request->kind = kind;
  request->inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) hr_value_unref);
  request->model = headroom_fields_dup_string (&fields, "model");
  if (request->model == NULL)
    request->model = g_strdup ("");
  request->truncate =
      kind == HEADROOM_WIRE_EMBEDDINGS || headroom_fields_bool (&fields, "truncate", TRUE);
  request->dimensions =
      kind == HEADROOM_WIRE_EMBEDDINGS ? 0 : headroom_fields_int (&fields, "dimensions", 0);
  if (kind == HEADROOM_WIRE_EMBEDDINGS)
    read_prompt (&fields, request);
  else
    read_input (&fields, request);
  if (kind == HEADROOM_WIRE_OPENAI_EMBEDDINGS)
    read_openai (&fields, request);
  else
    read_own (&fields, request);
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&request) : NULL;
}

/* ---- Vectors ---- */

gboolean
headroom_wire_finish_vector (float *vector, gint64 dimensions, gboolean normalise, gsize *ret_width,
                             GError **error)
{
  gboolean cut = dimensions > 0 && (guint64) dimensions < *ret_width;
  double squares = 0;

  if (cut)
    *ret_width = (gsize) dimensions;
  for (gsize i = 0; i < *ret_width; i++)
    squares += (double) vector[i] * vector[i];
  if (!isfinite (squares)) {
    g_set_error_literal (error, HEADROOM_WIRE_ERROR, 400, "embedding contains NaN or Inf values");
    return FALSE;
  }
  for (gsize i = 0; (cut || normalise) && i < *ret_width; i++)
    vector[i] = (float) (vector[i] / MAX (sqrt (squares), MIN_NORM));
  return TRUE;
}

/* The fewest digits that read back as the same float. */
static void
append_float (GString *json, float number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  for (int digits = 6; digits <= 9; digits++) {
    char format[] = { '%', '.', (char) ('0' + digits), 'g', '\0' };
    g_ascii_formatd (text, sizeof text, format, number);
    if ((float) g_ascii_strtod (text, NULL) == number)
      break;
  }
  g_string_append (json, text);
}

static void
append_vector (GString *json, const float *vector, gsize width)
{
  g_string_append_c (json, '[');
  for (gsize i = 0; i < width; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    append_float (json, vector[i]);
  }
  g_string_append_c (json, ']');
}

static void
append_base64 (GString *json, const float *vector, gsize width)
{
  g_autofree guint32 *little = g_new (guint32, width);
  g_autofree char *text = NULL;

  for (gsize i = 0; i < width; i++) {
    guint32 bits;
    memcpy (&bits, &vector[i], sizeof bits);
    little[i] = GUINT32_TO_LE (bits);
  }
  text = g_base64_encode ((const guchar *) little, width * sizeof *little);
  g_string_append_printf (json, "\"%s\"", text);
}

static void
append_string (GString *json, const char *text)
{
  g_autoptr(HrValue) value = hr_value_new_string (text, -1, false);
  g_autofree char *quoted = headroom_json_print (value, HEADROOM_JSON_ESCAPE_HTML);

  g_string_append (json, quoted);
}

static void
append_number (GString *json, const char *name, gint64 number)
{
  if (number != 0)
    g_string_append_printf (json, ",\"%s\":%" G_GINT64_FORMAT, name, number);
}

static void
append_embed (GString *json, const HeadroomWireEmbedRequest *request,
              const HeadroomWireVectors *vectors)
{
  g_string_append (json, "{\"model\":");
  append_string (json, request->model);
  g_string_append (json, ",\"embeddings\":[");
  for (gsize i = 0; i < vectors->n_vectors; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    append_vector (json, vectors->vectors[i], vectors->width);
  }
  g_string_append_c (json, ']');
  append_number (json, "total_duration", vectors->total_duration);
  append_number (json, "load_duration", vectors->load_duration);
  append_number (json, "prompt_eval_count", vectors->prompt_eval_count);
  g_string_append_c (json, '}');
}

static void
append_embeddings (GString *json, const HeadroomWireVectors *vectors)
{
  g_string_append (json, "{\"embedding\":");
  if (vectors->n_vectors > 0)
    append_vector (json, vectors->vectors[0], vectors->width);
  else
    g_string_append (json, "[]");
  g_string_append_c (json, '}');
}

static void
append_openai (GString *json, const HeadroomWireEmbedRequest *request,
               const HeadroomWireVectors *vectors)
{
  g_string_append (json, "{\"object\":\"list\",\"data\":[");
  for (gsize i = 0; i < vectors->n_vectors; i++) {
    g_string_append_printf (json, "%s{\"object\":\"embedding\",\"embedding\":", i > 0 ? "," : "");
    if (request->base64)
      append_base64 (json, vectors->vectors[i], vectors->width);
    else
      append_vector (json, vectors->vectors[i], vectors->width);
    g_string_append_printf (json, ",\"index\":%" G_GSIZE_FORMAT "}", i);
  }
  g_string_append (json, "],\"model\":");
  append_string (json, request->model);
  g_string_append_printf (json,
                          ",\"usage\":{\"prompt_tokens\":%" G_GINT64_FORMAT
                          ",\"total_tokens\":%" G_GINT64_FORMAT "}}",
                          vectors->prompt_eval_count, vectors->prompt_eval_count);
}

char *
headroom_wire_print_vectors (const HeadroomWireEmbedRequest *request,
                             const HeadroomWireVectors *vectors)
{
  GString *json = g_string_new (NULL);

  if (request->kind == HEADROOM_WIRE_EMBED)
    append_embed (json, request, vectors);
  else if (request->kind == HEADROOM_WIRE_EMBEDDINGS)
    append_embeddings (json, vectors);
  else
    append_openai (json, request, vectors);
  return g_string_free (json, FALSE);
}
