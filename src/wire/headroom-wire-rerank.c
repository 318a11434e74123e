/* headroom-wire-rerank.c: POST /v1/rerank: texts put in the order in which they answer a question.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * {"model", "query", "documents", "top_n", "return_documents"} ->
 * {"model", "object": "list", "usage", "results": [{"index", "relevance_score", "document"?}]}
 */
#include "headroom-json.h"
#include "headroom-wire-embed.h"
#include "headroom-wire-private.h"

/* ---- Requests ---- */

/* A text, or an object with one. */
static const HrValue *
text_of (const HrValue *document)
{
  const HrValue *text =
      hr_value_kind (document) == HR_VALUE_DICT ? hr_value_lookup (document, "text") : document;

  return text != NULL && hr_value_kind (text) == HR_VALUE_STRING ? text : NULL;
}

static void
read_documents (HeadroomFields *fields, HeadroomWireEmbedRequest *request)
{
  const HrValue *list = headroom_fields_list (fields, "documents", "[]string");
  gsize n = list != NULL ? hr_value_size (list) : 0;

  if (n == 0)
    headroom_fields_fail (fields, 400, "\"documents\" must be a non-empty string array");
  if (n > HEADROOM_WIRE_MAX_INPUTS)
    headroom_fields_fail (fields, 400, "documents must not hold more than %d texts",
                          HEADROOM_WIRE_MAX_INPUTS);
  for (gsize i = 0; i < n && fields->error == NULL; i++) {
    const HrValue *text = text_of (hr_value_at (list, i));
    if (text != NULL)
      g_ptr_array_add (request->inputs, hr_value_ref ((HrValue *) text));
    else
      headroom_fields_fail (fields, 400, "a document must be a text, or an object with a text");
  }
}

HeadroomWireEmbedRequest *
headroom_wire_parse_rerank (const char *body, gsize len, GError **error)
{
  g_autoptr (HeadroomWireEmbedRequest) request = g_new0 (HeadroomWireEmbedRequest, 1);
  HeadroomFields fields;

  headroom_fields_init (&fields, "RerankRequest", body, len);
  request->kind = HEADROOM_WIRE_RERANK;
  request->truncate = TRUE;
  request->inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) hr_value_unref);
  request->model = headroom_fields_dup_string (&fields, "model");
  request->query = headroom_fields_ref_text (&fields, "query");
  read_documents (&fields, request);
  request->top_n = headroom_fields_int (&fields, "top_n", G_MAXINT64);
  request->return_documents = headroom_fields_bool (&fields, "return_documents", FALSE);
  if (request->model == NULL || *request->model == '\0')
    headroom_fields_fail (&fields, 400, "model is required");
  if (request->query == NULL)
    headroom_fields_fail (&fields, 400, "\"query\" must be provided");
  if (request->top_n < 1)
    headroom_fields_fail (&fields, 400, "top_n must be at least 1");
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&request) : NULL;
}

/* ---- Answers ---- */

/* The best first; of equal ones the earlier. */
static int
compare_ranks (gconstpointer a, gconstpointer b, gpointer data)
{
  const float *scores = data;
  guint first = *(const guint *) a, second = *(const guint *) b;

  if (scores[first] != scores[second])
    return scores[first] > scores[second] ? -1 : 1;
  return first < second ? -1 : 1;
}

static HrValue *
result_value (const HeadroomWireEmbedRequest *request, const float *scores, guint index)
{
  HrValue *result = hr_value_new_dict ();

  headroom_json_set_int (result, "index", index);
  headroom_json_set_float (result, "relevance_score", scores[index]);
  if (request->return_documents) {
    HrValue *document = hr_value_new_dict ();
    hr_value_set (document, "text", hr_value_ref (request->inputs->pdata[index]));
    hr_value_set (result, "document", document);
  }
  return result;
}

char *
headroom_wire_print_scores (const HeadroomWireEmbedRequest *request, const float *scores,
                            gint64 n_tokens)
{
  guint n = request->inputs->len;
  g_autofree guint *order = g_new (guint, n);
  g_autoptr (HrValue) answer = hr_value_new_dict ();
  HrValue *usage = hr_value_new_dict (), *results = hr_value_new_list ();

  for (guint i = 0; i < n; i++)
    order[i] = i;
  g_qsort_with_data (order, (int) n, sizeof *order, compare_ranks, (gpointer) scores);
  for (guint i = 0; i < n && i < request->top_n; i++)
    hr_value_append (results, result_value (request, scores, order[i]));
  headroom_json_set_int (usage, "prompt_tokens", n_tokens);
  headroom_json_set_int (usage, "total_tokens", n_tokens);
  headroom_json_set_string (answer, "model", request->model);
  headroom_json_set_string (answer, "object", "list");
  hr_value_set (answer, "usage", usage);
  hr_value_set (answer, "results", results);
  return headroom_json_print (answer, HEADROOM_JSON_ESCAPE_HTML);
}
