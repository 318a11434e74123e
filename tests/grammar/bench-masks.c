/* bench-masks.c: what holding an answer to a schema costs per token: bench-masks VOCABULARY.gguf.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draws with random logits; prints the mean and the longest time of a mask, and how many tokens the
 * vocabulary has.
 */
#include <math.h>

#include "grammar/matcher.h"
#include "headroom-json.h"
#include "model/model.h"

#define N_TOKENS 200

static const char schema_text[] =
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"age\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":150},"
    "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"maxLength\":40}},\"address\":{\"type\":\"object\",\"properties\":{"
    "\"street\":{\"type\":\"string\"},\"zip\":{\"type\":\"string\",\"pattern\":\"^[0-9]{5}$\"},\"kind\":{\"enum\":[\"home\",\"work\"]}},"
    "\"required\":[\"street\",\"zip\",\"kind\"]}},\"required\":[\"name\",\"age\",\"tags\",\"address\"]}";

static HrToken
pick (const float *logits, gsize n, GRand *rand)
{
  gsize start = (gsize) g_rand_int_range (rand, 0, (gint32) n);

  for (gsize i = 0; i < n; i++)
    if (logits[(start + i) % n] > -INFINITY)
      return (HrToken) ((start + i) % n);
  return -1;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HrModel) model = hr_model_open (argc > 1 ? argv[1] : "", &error);
  const HrTokenizer *tokenizer = model != NULL ? hr_model_get_tokenizer (model, &error) : NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  gint64 total = 0, longest = 0, started;
  guint n_drawn = 0;

  if (tokenizer == NULL) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  gsize n = hr_tokenizer_size (tokenizer);
  started = g_get_monotonic_time ();
  g_autoptr (HrVocabTrie) trie = hr_vocab_trie_new (tokenizer, &error);
  g_print ("%" G_GSIZE_FORMAT " tokens, sorted in %.1f ms, %u nodes\n", n,
           (double) (g_get_monotonic_time () - started) / 1e3, trie->all.n_nodes);
  g_autoptr (HrValue) schema = headroom_json_parse (schema_text, -1, FALSE, NULL);
  started = g_get_monotonic_time ();
  g_autoptr (HrGrammar) grammar = hr_grammar_new_schema (NULL, schema, NULL, &error);
  g_print ("schema read in %.2f ms\n", (double) (g_get_monotonic_time () - started) / 1e3);
  g_autofree float *logits = g_new (float, n);
  for (guint round = 0; round < 5; round++) {
    g_autoptr (HrMatcher) matcher = hr_matcher_new (grammar, tokenizer, trie, NULL, false);
    GString *text = g_string_new (NULL);
    for (guint i = 0; i < N_TOKENS && !hr_matcher_is_over (matcher); i++, n_drawn++) {
      for (gsize k = 0; k < n; k++)
        logits[k] = 0;
      started = g_get_monotonic_time ();
      hr_matcher_mask (matcher, logits, n, N_TOKENS - i);
      gint64 spent = g_get_monotonic_time () - started;
      total += spent;
      longest = MAX (longest, spent);
      HrToken token = pick (logits, n, rand);
      hr_matcher_accept (matcher, token);
      gsize len;
      const char *bytes = hr_tokenizer_bytes (tokenizer, token, false, &len);
      g_string_append_len (text, bytes, (gssize) len);
    }
    g_print ("%.150s...\n", text->str);
    g_string_free (text, TRUE);
  }
  g_print ("%u tokens: %.1f us each, at most %.1f us\n", n_drawn, (double) total / n_drawn,
           (double) longest);
  return 0;
}
