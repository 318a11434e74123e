/* headroom-ask.c: see headroom-ask.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-ask.h"

#include "headroom-json.h"

#define SEED 1 /* the same answer to the same prompt */

typedef struct {
  HeadroomAsked asked;
  HeadroomAskedFunc func;
  gpointer data;
} Asking;

/* ---- What is asked ---- */

static char *
body_of (const HeadroomQuestion *question)
{
  g_autoptr (HrValue) body = hr_value_new_dict ();
  HrValue *options = hr_value_new_dict ();

  headroom_json_set_string (body, "model", question->model);
  headroom_json_set_string (body, "prompt", question->prompt);
  headroom_json_set_bool (body, "stream", TRUE);
  headroom_json_set_int (options, "num_predict", question->num_predict);
  if (question->num_ctx > 0)
    headroom_json_set_int (options, "num_ctx", question->num_ctx);
  headroom_json_set_int (options, "seed", SEED);
  hr_value_set (body, "options", options);
  return headroom_json_print (body, HEADROOM_JSON_PLAIN);
}

char *
headroom_ask_prompt (guint number, guint n_words)
{
  static const char *const words[] = { "house", "river", "green", "walks", "seven", "under",
                                       "light", "paper", "sound", "stone", "north", "early" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (number);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%u.", number);
  for (guint i = 0; i + 2 < n_words; i++)
    g_string_append_printf (text, " %s",
                            words[g_rand_int_range (rand, 0, G_N_ELEMENTS (words))]);
  return g_string_free (text, FALSE);
}

/* ---- What comes ---- */

static void
on_line (const char *line, gpointer data)
{
  Asking *asking = data;
  HeadroomAsked *asked = &asking->asked;
  g_autoptr (HrValue) record = NULL;

  if (asked->first_us == 0)
    asked->first_us = g_get_monotonic_time ();
  asked->n_lines++;
  if (strstr (line, "\"done\":true") == NULL)
    return;
  record = headroom_json_parse (line, -1, FALSE, NULL);
  if (record == NULL || hr_value_kind (record) != HR_VALUE_DICT)
    return;
  asked->n_lines--; /* the last record holds no token of its own */
  asked->n_prompt = headroom_json_get_int (record, "prompt_eval_count", 0);
  asked->n_tokens = headroom_json_get_int (record, "eval_count", -1);
  g_free (asked->done_reason);
  asked->done_reason = g_strdup (headroom_json_get_string (record, "done_reason"));
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Asking *asking = user_data;

  headroom_client_stream_finish (HEADROOM_CLIENT (source), result, &asking->asked.error);
  asking->asked.end_us = g_get_monotonic_time ();
  asking->func (&asking->asked, asking->data);
  g_free (asking->asked.done_reason);
  g_clear_error (&asking->asked.error);
  g_free (asking);
}

void
headroom_ask (HeadroomClient *client, const HeadroomQuestion *question, GCancellable *cancellable,
              HeadroomAskedFunc func, gpointer data)
{
  g_autofree char *body = body_of (question);
  Asking *asking = g_new0 (Asking, 1);

  asking->func = func;
  asking->data = data;
  asking->asked.n_tokens = -1;
  asking->asked.begin_us = g_get_monotonic_time ();
  headroom_client_stream_async (client, "/api/generate", body, on_line, asking, cancellable,
                                done_cb, asking);
}

/* ---- The model itself ---- */

static gboolean
is_named (const HrValue *entry, const char *model)
{
  const char *name = headroom_json_get_string (entry, "name");
  g_autofree char *latest = g_strconcat (model, ":latest", NULL);

  return g_strcmp0 (name, model) == 0 || g_strcmp0 (name, latest) == 0;
}

gboolean
headroom_ask_is_loaded (HeadroomClient *client, const char *model, GCancellable *cancellable,
                        GError **error)
{
  g_autofree char *text =
      headroom_client_request (client, "GET", "/api/ps", NULL, cancellable, error);
  g_autoptr (HrValue) answer = text != NULL ? headroom_json_parse (text, -1, FALSE, error) : NULL;
  HrValue *models = answer != NULL && hr_value_kind (answer) == HR_VALUE_DICT
                        ? hr_value_lookup (answer, "models")
                        : NULL;

  if (models == NULL || hr_value_kind (models) != HR_VALUE_LIST)
    return FALSE;
  for (gsize i = 0; i < hr_value_size (models); i++)
    if (hr_value_kind (hr_value_at (models, i)) == HR_VALUE_DICT &&
        is_named (hr_value_at (models, i), model))
      return TRUE;
  return FALSE;
}

gboolean
headroom_ask_load (HeadroomClient *client, const char *model, gint64 keep_alive_s,
                   GCancellable *cancellable, GError **error)
{
  g_autoptr (HrValue) body = hr_value_new_dict ();
  g_autofree char *text = NULL;
  g_autofree char *answer = NULL;

  headroom_json_set_string (body, "model", model);
  headroom_json_set_bool (body, "stream", FALSE);
  if (keep_alive_s >= 0)
    headroom_json_set_int (body, "keep_alive", keep_alive_s);
  text = headroom_json_print (body, HEADROOM_JSON_PLAIN);
  answer = headroom_client_request (client, "POST", "/api/generate", text, cancellable, error);
  return answer != NULL;
}
