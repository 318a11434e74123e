/* headroom-pair.c: see headroom-pair.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   BERT:     [CLS] query [SEP] document [SEP]
 *   RoBERTa:  <s> query </s></s> document </s>
 *   others:   as the file's template "rerank" says
 */
#include "headroom-pair.h"

#include <string.h>

#include "headroom-json.h"

#define TEMPLATE_KEY "tokenizer.chat_template.rerank"
#define TOO_LONG "the input length exceeds the context length"

void
headroom_pair_init (HeadroomPair *self, HrModel *model)
{
  const HrValue *metadata = hr_model_get_metadata (model);

  self->model = model;
  self->template_text = g_strdup (headroom_json_get_string (metadata, TEMPLATE_KEY));
  self->has_two_seps =
      g_strcmp0 (headroom_json_get_string (metadata, "tokenizer.ggml.model"), "t5") == 0;
}

void
headroom_pair_clear (HeadroomPair *self)
{
  g_clear_pointer (&self->template_text, g_free);
}

static GArray *
tokenize (const HeadroomPair *self, const HrValue *text, gboolean add_special, GError **error)
{
  g_autoptr (HrPrompt) prompt = hr_prompt_new ();

  hr_prompt_append_value (prompt, text);
  return hr_model_tokenize (self->model, prompt, add_special, error);
}

static gboolean
refuse_length (GError **error)
{
  g_set_error_literal (error, HR_ERROR, HR_ERROR_TOO_LONG, TOO_LONG);
  return FALSE;
}

/* ---- By a template ---- */

/* What people wrote stands in place of the two names; the rest is the model's own. */
static GArray *
fill_template (const HeadroomPair *self, const HrValue *query, const HrValue *document,
               guint max_tokens, GError **error)
{
  g_autoptr (HrPrompt) prompt = hr_prompt_new ();
  g_autoptr (GArray) tokens = NULL;
  const char *at = self->template_text, *brace;

  while ((brace = strchr (at, '{')) != NULL) {
    gboolean is_query = g_str_has_prefix (brace, "{query}"),
             is_document = g_str_has_prefix (brace, "{document}");
    gsize n_mark = is_query ? strlen ("{query}") : is_document ? strlen ("{document}") : 1;
    hr_prompt_append (prompt, at, brace - at + (is_query || is_document ? 0 : 1), true);
    if (is_query || is_document)
      hr_prompt_append_value (prompt, is_query ? query : document);
    at = brace + n_mark;
  }
  hr_prompt_append (prompt, at, -1, true);
  tokens = hr_model_tokenize (self->model, prompt, true, error);
  if (tokens == NULL || (tokens->len > max_tokens && !refuse_length (error)))
    return NULL;
  return g_steal_pointer (&tokens);
}

/* ---- By control tokens ---- */

/* Cuts the end of a document, in front of the control tokens behind it. */
static gboolean
shorten (GArray *tail, guint n_plain, guint n_over, GError **error)
{
  if (n_over >= n_plain)
    return refuse_length (error);
  g_array_remove_range (tail, n_plain - n_over, n_over);
  return TRUE;
}

/* Control tokens that the tokenizer puts behind a text. */
static guint
count_behind (const HeadroomPair *self, const GArray *tokens, const GArray *plain)
{
  guint n_special = tokens->len > plain->len ? tokens->len - plain->len : 0;

  return n_special - MIN (n_special, hr_model_adds_bos (self->model) ? 1 : 0);
}

static GArray *
join (const HeadroomPair *self, const HrValue *query, const HrValue *document, guint max_tokens,
      gboolean *ret_cut, GError **error)
{
  g_autoptr (GArray) head = tokenize (self, query, TRUE, error);
  g_autoptr (GArray) bare = head != NULL ? tokenize (self, query, FALSE, error) : NULL;
  g_autoptr (GArray) tail = bare != NULL ? tokenize (self, document, TRUE, error) : NULL;
  g_autoptr (GArray) plain = tail != NULL ? tokenize (self, document, FALSE, error) : NULL;
  guint n;

  if (plain == NULL)
    return NULL;
  if (hr_model_adds_bos (self->model) && tail->len > plain->len)
    g_array_remove_index (tail, 0);
  if (self->has_two_seps && count_behind (self, head, bare) > 0) {
    HrToken separator = g_array_index (head, HrToken, head->len - 1);
    g_array_append_val (head, separator);
  }
  n = head->len + tail->len;
  *ret_cut = n > max_tokens;
  if (n > max_tokens && !shorten (tail, plain->len, n - max_tokens, error))
    return NULL;
  g_array_append_vals (head, tail->data, tail->len);
  return g_steal_pointer (&head);
}

GArray *
headroom_pair_tokenize (const HeadroomPair *self, const HrValue *query, const HrValue *document,
                        guint max_tokens, gboolean *ret_cut, GError **error)
{
  *ret_cut = FALSE;
  return self->template_text != NULL ? fill_template (self, query, document, max_tokens, error)
                                     : join (self, query, document, max_tokens, ret_cut, error);
}
