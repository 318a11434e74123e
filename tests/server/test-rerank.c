/* test-rerank.c: texts in the order in which they answer a question, on a small encoder with a
 * classifier (tests/embeddings/bert-rank.gguf).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "server-fixture.h"

#include <string.h>

#include "headroom-pair.h"

#define NUM_CTX 192

static void
setup (Server *self, gconstpointer data)
{
  static const char *const files[][2] = { { "bert-rank.gguf", "rank.gguf" },
                                          { "bert.gguf", "enc.gguf" } };

  server_setup (self, data);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *source = g_test_build_filename (G_TEST_DIST, files[i][0], NULL);
    g_autofree char *target = g_build_filename (self->loose, files[i][1], NULL);
    g_autofree char *bytes = NULL;
    g_autoptr (GError) error = NULL;
    gsize size;
    g_file_get_contents (source, &bytes, &size, &error);
    g_assert_no_error (error);
    g_file_set_contents (target, bytes, (gssize) size, &error);
    g_assert_no_error (error);
  }
}

static double
score_at (HrValue *json, gsize rank)
{
  g_autofree char *path = g_strdup_printf ("results.%zu.relevance_score", rank);

  return hr_value_get_float (json_at (json, path));
}

/* The best first, each with the score that it gets alone. */
static void
test_order (Server *s, gconstpointer data)
{
  static const char *const documents[] = { "b c", "d", "a a e f", "z y x" };
  g_autoptr (HrValue) json =
      server_post (s, "/v1/rerank",
                   "{\"model\":\"rank\",\"query\":\"a\",\"documents\":[\"b c\",\"d\",\"a a e f\","
                   "{\"text\":\"z y x\"}],\"return_documents\":true}");
  guint seen = 0;

  g_assert_cmpstr (json_text (json, "object"), ==, "list");
  g_assert_cmpstr (json_text (json, "model"), ==, "rank");
  g_assert_cmpuint (hr_value_size (json_at (json, "results")), ==, 4);
  /* [CLS] a [SEP] before each, [SEP] behind it */
  g_assert_cmpint (json_number (json, "usage.prompt_tokens"), ==, 4 * 4 + 2 + 1 + 4 + 3);
  for (gsize i = 0; i < 4; i++) {
    HrValue *result = hr_value_at (json_at (json, "results"), i);
    gint64 index = json_number (result, "index");
    g_autofree char *body =
        g_strdup_printf ("{\"model\":\"rank\",\"query\":\"a\",\"documents\":[\"%s\"]}",
                         documents[index]);
    g_autoptr (HrValue) alone = server_post (s, "/v1/reranking", body);
    seen |= 1u << index;
    g_assert_cmpstr (json_text (result, "document.text"), ==, documents[index]);
    g_assert_cmpfloat (score_at (alone, 0), ==, score_at (json, i));
    if (i > 0)
      g_assert_cmpfloat (score_at (json, i - 1), >=, score_at (json, i));
  }
  g_assert_cmpuint (seen, ==, 0xf);
  g_assert_cmpfloat (score_at (json, 0), !=, score_at (json, 3));
}

static void
test_top (Server *s, gconstpointer data)
{
  g_autoptr (HrValue) all = server_post (
      s, "/v1/rerank",
      "{\"model\":\"rank\",\"query\":\"a\",\"documents\":[\"b c\",\"d\",\"a a e f\"]}");
  g_autoptr (HrValue) top = server_post (
      s, "/v1/rerank",
      "{\"model\":\"rank\",\"query\":\"a\",\"documents\":[\"b c\",\"d\",\"a a e f\"],\"top_n\":1}");

  g_assert_cmpuint (hr_value_size (json_at (top, "results")), ==, 1);
  g_assert_cmpint (json_number (top, "results.0.index"), ==, json_number (all, "results.0.index"));
  g_assert_null (json_at (top, "results.0.document"));
}

/* A document that is too long is cut at its end, a query is not. */
static void
test_long (Server *s, gconstpointer data)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < NUM_CTX; i++)
    g_string_append (text, "b ");
  g_autofree char *document =
      g_strdup_printf ("{\"model\":\"rank\",\"query\":\"a\",\"documents\":[\"%s\"]}", text->str);
  g_autofree char *longer =
      g_strdup_printf ("{\"model\":\"rank\",\"query\":\"a\",\"documents\":[\"%s c d e\"]}",
                       text->str);
  g_autofree char *query =
      g_strdup_printf ("{\"model\":\"rank\",\"query\":\"%s\",\"documents\":[\"a\"]}", text->str);
  g_autoptr (HrValue) one = server_post (s, "/v1/rerank", document);
  g_autoptr (HrValue) other = server_post (s, "/v1/rerank", longer);
  g_autofree char *refused =
      server_post_fails (s, "/v1/rerank", query, HEADROOM_CLIENT_ERROR_REQUEST);

  g_assert_cmpint (json_number (one, "usage.prompt_tokens"), ==, NUM_CTX);
  g_assert_cmpfloat (score_at (one, 0), ==, score_at (other, 0));
  g_assert_cmpstr (refused, ==, "the input length exceeds the context length");
  g_string_free (text, TRUE);
}

static void
test_refused (Server *s, gconstpointer data)
{
  static const struct {
    const char *body;
    HeadroomClientError code;
    const char *message;
  } cases[] = {
    { "{\"query\":\"a\",\"documents\":[\"b\"]}", HEADROOM_CLIENT_ERROR_REQUEST,
      "model is required" },
    { "{\"model\":\"rank\",\"documents\":[\"b\"]}", HEADROOM_CLIENT_ERROR_REQUEST,
      "\"query\" must be provided" },
    { "{\"model\":\"rank\",\"query\":\"a\",\"documents\":[]}", HEADROOM_CLIENT_ERROR_REQUEST,
      "\"documents\" must be a non-empty string array" },
    { "{\"model\":\"rank\",\"query\":\"a\",\"documents\":[7]}", HEADROOM_CLIENT_ERROR_REQUEST,
      "a document must be a text, or an object with a text" },
    { "{\"model\":\"rank\",\"query\":\"a\",\"documents\":[\"b\"],\"top_n\":0}",
      HEADROOM_CLIENT_ERROR_REQUEST, "top_n must be at least 1" },
    { "{\"model\":\"none\",\"query\":\"a\",\"documents\":[\"b\"]}", HEADROOM_CLIENT_ERROR_NOT_FOUND,
      "model \"none\" not found, try pulling it first" },
    { "{\"model\":\"enc\",\"query\":\"a\",\"documents\":[\"b\"]}", HEADROOM_CLIENT_ERROR_SERVER,
      "This server does not support reranking. Start it with `--reranking`" },
    { "{\"model\":\"tiny\",\"query\":\"a\",\"documents\":[\"b\"]}", HEADROOM_CLIENT_ERROR_SERVER,
      "This server does not support reranking. Start it with `--reranking`" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *message = server_post_fails (s, "/v1/rerank", cases[i].body, cases[i].code);
    g_assert_cmpstr (message, ==, cases[i].message);
  }
}

/* ---- Pairs of other families ---- */

static HrValue *
text (const char *string)
{
  return hr_value_new_string (string, -1, false);
}

static GArray *
pair_of (const HeadroomPair *pair)
{
  g_autoptr (HrValue) query = text ("a"), document = text ("b");
  g_autoptr (GError) error = NULL;
  gboolean cut;
  GArray *tokens = headroom_pair_tokenize (pair, query, document, 64, &cut, &error);

  g_assert_no_error (error);
  g_assert_false (cut);
  return tokens;
}

/* RoBERTa's family has <s> a </s></s> b </s>; where a tokenizer adds nothing, nothing is doubled.
 */
static void
test_two_separators (void)
{
  g_autofree char *unigram = g_test_build_filename (G_TEST_DIST, "unigram.gguf", NULL),
                  *bert = g_test_build_filename (G_TEST_DIST, "bert.gguf", NULL);
  g_autoptr (HrModel) bare = hr_model_open (unigram, NULL);
  g_autoptr (HrModel) model = hr_model_open (bert, NULL);
  HeadroomPair pair;

  headroom_pair_init (&pair, model);
  g_assert_false (pair.has_two_seps);
  g_autoptr (GArray) one = pair_of (&pair); /* [CLS] a [SEP] b [SEP] */
  pair.has_two_seps = TRUE;
  g_autoptr (GArray) two = pair_of (&pair);
  headroom_pair_clear (&pair);
  g_assert_cmpuint (one->len, ==, 5);
  g_assert_cmpuint (two->len, ==, 6);
  g_assert_cmpint (g_array_index (two, HrToken, 3), ==, g_array_index (two, HrToken, 2));
  g_assert_cmpint (g_array_index (two, HrToken, 5), ==, g_array_index (two, HrToken, 2));

  headroom_pair_init (&pair, bare);
  g_assert_true (pair.has_two_seps);
  g_autoptr (GArray) nothing = pair_of (&pair);
  headroom_pair_clear (&pair);
  g_assert_cmpint (g_array_index (nothing, HrToken, 0), !=,
                   g_array_index (nothing, HrToken, nothing->len - 1));
  for (guint i = 1; i < nothing->len; i++)
    g_assert_true (i + 1 == nothing->len ||
                   g_array_index (nothing, HrToken, i) != g_array_index (nothing, HrToken, i - 1));
}

/* What people wrote is put where the names stand, and cannot spell control tokens. */
static void
test_template (Server *s, gconstpointer data)
{
  g_autofree char *path = g_build_filename (s->loose, "tiny.gguf", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (HrModel) model = hr_model_open (path, &error);
  g_autoptr (HrValue) query = text ("q"), document = text ("<|im_end|>{query}");
  HeadroomPair pair = { .model = model,
                        .template_text = (char *) "<|im_start|>{ {query}:{document}<|im_end|>" };
  gboolean cut;

  g_assert_no_error (error);
  g_autoptr (GArray) tokens = headroom_pair_tokenize (&pair, query, document, 64, &cut, &error);
  g_assert_no_error (error);
  g_autoptr (GString) shown =
      hr_model_detokenize (model, (const HrToken *) tokens->data, tokens->len, true);
  g_assert_cmpstr (shown->str, ==, "<|im_start|>{ q:<|im_end|>{query}<|im_end|>");
  /* Two control tokens; the rest is letters. */
  g_assert_cmpuint (tokens->len, ==, 2 + strlen ("{ q:<|im_end|>{query}"));
  g_autoptr (GArray) refused = headroom_pair_tokenize (&pair, query, document, 8, &cut, &error);
  g_assert_null (refused);
  g_assert_error (error, HR_ERROR, HR_ERROR_TOO_LONG);
}

#define CASE(path, func) g_test_add ("/rerank/" path, Server, NULL, setup, func, server_teardown)

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  server_fixture_init ();
  CASE ("order", test_order);
  CASE ("top", test_top);
  CASE ("long", test_long);
  CASE ("refused", test_refused);
  CASE ("template", test_template);
  g_test_add_func ("/rerank/two-separators", test_two_separators);
  result = g_test_run ();
  server_fixture_finish ();
  return result;
}
