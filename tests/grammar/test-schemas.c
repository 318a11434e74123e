/* test-schemas.c: a thousand schemas that nobody thought of, each met by a model with made-up
 * weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Such a model would never end a string by itself: that the answers are whole shows that the
 * grammar ends them within their limit.
 */
#include <string.h>

#include "headroom-json.h"
#include "random-schema.h"
#include "tiny-model.h"
#include "validator.h"

#define N_SCHEMAS 1000
#define NUM_PREDICT 160

typedef struct {
  GString *text;
  HrDoneReason reason;
  char *error;
  gboolean done;
} Answer;

static void
on_event (const HrEvent *event, void *data)
{
  Answer *answer = data;

  if (event->text != NULL)
    g_string_append_len (answer->text, event->text, (gssize) event->text_len);
  if (event->kind != HR_EVENT_DONE)
    return;
  answer->done = TRUE;
  answer->reason = event->reason;
  answer->error = event->error != NULL ? g_strdup (event->error->message) : NULL;
}

static HrRunner *
new_runner (char **ret_path)
{
  static const HrSettings settings = { .num_ctx = 512, .parallel = 1, .threads = 1 };
  const HrDevice device = { .name = "host", .total = 64ull << 30, .free = 64ull << 30 };
  g_autoptr (GError) error = NULL;
  TinyModel tiny = tiny_model_default;

  tiny.n_layer = 1;
  *ret_path = tiny_model_new (&tiny);
  g_autoptr (HrModel) model = hr_model_open (*ret_path, &error);
  g_assert_no_error (error);
  g_autoptr (HrPlan) plan = hr_plan_new (model, &settings, &device, 1, &error);
  g_assert_no_error (error);
  HrRunner *runner = hr_runner_new (model, plan, false, NULL, NULL, &error);
  g_assert_no_error (error);
  return runner;
}

static void
answer_clear (Answer *answer)
{
  g_string_free (answer->text, TRUE);
  g_free (answer->error);
}

static void
ask (HrRunner *runner, GMainContext *context, HrGrammar *grammar, gint64 num_predict, gint64 seed,
     Answer *ret_answer)
{
  static const HrToken prompt[] = { 65, 66, 67 };
  HrRequestOptions options = { .tokens = prompt,
                               .n_tokens = 3,
                               .sampling = hr_sampling_default,
                               .num_predict = num_predict,
                               .top_logprobs = -1,
                               .grammar = grammar };
  g_autoptr (GError) error = NULL;

  options.sampling.temperature = 1.5f;
  options.sampling.top_k = 0;
  options.sampling.top_p = 1;
  options.sampling.seed = seed;
  *ret_answer = (Answer) { .text = g_string_new (NULL) };
  g_autoptr (HrRequest) request G_GNUC_UNUSED =
      hr_runner_submit (runner, &options, context, on_event, ret_answer, NULL, &error);
  g_assert_no_error (error);
  while (!ret_answer->done)
    g_main_context_iteration (context, TRUE);
}

static void
test_random (void)
{
  g_autofree char *path = NULL;
  g_autoptr (HrRunner) runner = new_runner (&path);
  g_autoptr (GMainContext) context = g_main_context_new ();
  guint n_met = 0;

  for (guint i = 0; i < N_SCHEMAS; i++) {
    g_autoptr (HrValue) schema = random_schema_new (i);
    g_autofree char *shown = headroom_json_print (schema, HEADROOM_JSON_PLAIN);
    g_autoptr (GError) error = NULL;
    g_autoptr (HrGrammar) grammar = hr_grammar_new_schema (NULL, schema, NULL, &error);
    Answer answer;

    if (grammar == NULL) { /* some contradict themselves */
      g_test_message ("schema %u: %s: %s", i, error->message, shown);
      continue;
    }
    g_assert_null (hr_grammar_get_ignored (grammar)[0]);
    ask (runner, context, grammar, NUM_PREDICT, i, &answer);
    g_autoptr (HrValue) value =
        headroom_json_parse (answer.text->str, (gssize) answer.text->len, FALSE, &error);
    if (value == NULL)
      g_error ("schema %u: %s: %s: %s: %s", i, error->message, answer.error, shown,
               answer.text->str);
    g_autofree char *problem = validate (schema, schema, value);
    if (problem != NULL)
      g_error ("schema %u: %s: %s: %s", i, problem, shown, answer.text->str);
    g_assert_true (hr_grammar_matches (grammar, answer.text->str, answer.text->len));
    n_met++;
    answer_clear (&answer);
  }
  g_test_message ("%u schemas met", n_met);
  g_assert_cmpuint (n_met, >, N_SCHEMAS * 95 / 100);
  g_clear_pointer (&runner, hr_runner_free);
  tiny_model_remove (g_steal_pointer (&path));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/grammar/schemas/random", test_random);
  return g_test_run ();
}
