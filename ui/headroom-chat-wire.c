/* headroom-chat-wire.c: the JSON of /api/chat, as the window asks and hears it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-chat-wire.h"

#include "headroom-wire-util.h"

#include <glib/gi18n.h>

static HrValue *
message_to_json (HeadroomChatMessage *message)
{
  gboolean is_user = headroom_chat_message_get_role (message) == HEADROOM_ROLE_USER;
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_string (json, "role", is_user ? "user" : "assistant");
  headroom_json_set_string (json, "content", headroom_chat_message_get_text (message));
  return json;
}

/* What a person left as it is, the model's own parameters and the environment may decide. */
static void
set_load_options (HrValue *json, const HeadroomAskOptions *options)
{
  if (options->parallel > 0)
    headroom_json_set_int (json, "parallel", options->parallel);
  if (options->num_batch > 0 && options->num_batch != HR_DEFAULT_NUM_BATCH)
    headroom_json_set_int (json, "num_batch", options->num_batch);
  if (options->gpu_layers >= 0)
    headroom_json_set_int (json, "num_gpu", options->gpu_layers);
  if (options->kv_type != NULL && *options->kv_type != '\0')
    headroom_json_set_string (json, "kv_type", options->kv_type);
}

static HrValue *
options_to_json (const HeadroomAskOptions *options)
{
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_int (json, "num_ctx", options->num_ctx);
  headroom_json_set_float (json, "temperature", options->temperature);
  headroom_json_set_int (json, "num_predict", options->num_predict);
  set_load_options (json, options);
  return json;
}

/* "5m", or a number of seconds. */
static void
set_keep_alive (HrValue *json, const char *keep_alive)
{
  gint64 seconds;

  if (g_ascii_string_to_signed (keep_alive, 10, -1, G_MAXINT32, &seconds, NULL))
    headroom_json_set_int (json, "keep_alive", seconds);
  else
    headroom_json_set_string (json, "keep_alive", keep_alive);
}

/**
 * headroom_load_request:
 * @model: a model
 * @options: (nullable): how it shall be loaded; %NULL leaves it as it is
 * @keep_alive: for how long it stays: "5m", "-1" for ever, "0" not at all
 *
 * Returns: (transfer full): the body of a request to /api/generate that asks nothing
 */
char *
headroom_load_request (const char *model, const HeadroomAskOptions *options, const char *keep_alive)
{
  g_autoptr (HrValue) json = hr_value_new_dict ();

  headroom_json_set_string (json, "model", model);
  headroom_json_set_bool (json, "stream", FALSE);
  set_keep_alive (json, keep_alive);
  if (options != NULL) {
    HrValue *loading = options_to_json (options);
    /* Here it is said, too, that the planner shall choose: that may move layers. */
    headroom_json_set_int (loading, "num_gpu", options->gpu_layers);
    hr_value_set (json, "options", loading);
  }
  return headroom_json_print (json, HEADROOM_JSON_PLAIN);
}

static HrValue *
preset_to_json (const HeadroomPreset *preset)
{
  HrValue *json = hr_value_new_dict (), *options = hr_value_new_dict ();

  headroom_json_set_string (json, "name", preset->id);
  if (preset->parallel > 0)
    headroom_json_set_int (options, "parallel", preset->parallel);
  headroom_json_set_int (options, "num_predict", preset->num_predict);
  hr_value_set (json, "options", options);
  if (preset->keep_alive != NULL)
    set_keep_alive (json, preset->keep_alive);
  return json;
}

/* The options without those that are as the preset has them. */
static HrValue *
own_options (const HeadroomAskOptions *options, const HeadroomPreset *preset)
{
  g_autoptr (HrValue) all = options_to_json (options);
  HrValue *own = hr_value_new_dict ();

  for (gsize i = 0; i < hr_value_size (all); i++) {
    const char *name;
    HrValue *value = hr_value_entry (all, i, &name);
    if ((g_str_equal (name, "parallel") && options->parallel == (int) preset->parallel) ||
        (g_str_equal (name, "num_predict") && options->num_predict == preset->num_predict))
      continue;
    hr_value_set (own, name, hr_value_ref (value));
  }
  return own;
}

/**
 * headroom_effective_request:
 * @options: how the window asks
 * @preset: (nullable): what was applied last; what is still as it said comes from it
 *
 * Returns: (transfer full): the body of a request to /headroom/effective or /headroom/plan
 */
char *
headroom_effective_request (const HeadroomAskOptions *options, const HeadroomPreset *preset)
{
  g_autoptr (HrValue) json = hr_value_new_dict ();

  headroom_json_set_string (json, "model", options->model);
  hr_value_set (json, "options",
                preset != NULL ? own_options (options, preset) : options_to_json (options));
  if (preset != NULL)
    hr_value_set (json, "preset", preset_to_json (preset));
  if (options->keep_alive != NULL &&
      (preset == NULL || g_strcmp0 (preset->keep_alive, options->keep_alive) != 0))
    set_keep_alive (json, options->keep_alive);
  return headroom_json_print (json, HEADROOM_JSON_PLAIN);
}

/**
 * headroom_chat_request:
 * @messages: a list of HeadroomChatMessage
 * @n_messages: how many of them to send; answers without text are left out
 * @options: how to ask
 *
 * Returns: (transfer full): the body of a request
 */
char *
headroom_chat_request (GListModel *messages, guint n_messages, const HeadroomAskOptions *options)
{
  g_autoptr (HrValue) json = hr_value_new_dict ();
  HrValue *list = hr_value_new_list ();

  for (guint i = 0; i < n_messages; i++) {
    g_autoptr (HeadroomChatMessage) message = g_list_model_get_item (messages, i);
    if (*headroom_chat_message_get_text (message) != '\0')
      hr_value_append (list, message_to_json (message));
  }
  headroom_json_set_string (json, "model", options->model);
  hr_value_set (json, "messages", list);
  headroom_json_set_bool (json, "stream", TRUE);
  hr_value_set (json, "options", options_to_json (options));
  if (options->keep_alive != NULL)
    set_keep_alive (json, options->keep_alive);
  return headroom_json_print (json, HEADROOM_JSON_PLAIN);
}

static void
read_times (const HrValue *json, HeadroomChatMessageTimes *ret_times)
{
  ret_times->prompt_tokens = headroom_wire_get_int (json, "prompt_eval_count");
  ret_times->answer_tokens = headroom_wire_get_int (json, "eval_count");
  ret_times->prompt_ns = headroom_wire_get_int (json, "prompt_eval_duration");
  ret_times->answer_ns = headroom_wire_get_int (json, "eval_duration");
  ret_times->load_ns = headroom_wire_get_int (json, "load_duration");
  ret_times->cut_short = g_strcmp0 (headroom_wire_get_string (json, "done_reason"), "length") == 0;
}

/**
 * headroom_chat_line_parse:
 * @line: one line of the answer
 * @ret_line: (out): what it says; to be cleared
 * @error: return location
 *
 * Returns: whether the line is what an answer consists of
 */
gboolean
headroom_chat_line_parse (const char *line, HeadroomChatLine *ret_line, GError **error)
{
  g_autoptr (HrValue) json = headroom_wire_parse (line, error);
  const char *text;

  if (json == NULL)
    return FALSE;
  text = headroom_wire_get_string (headroom_wire_get (json, "message"), "content");
  ret_line->text = g_strdup (text != NULL ? text : "");
  ret_line->error = g_strdup (headroom_wire_get_string (json, "error"));
  ret_line->done = headroom_wire_get_bool (json, "done");
  if (ret_line->done)
    read_times (json, &ret_line->times);
  return TRUE;
}

void
headroom_chat_line_clear (HeadroomChatLine *line)
{
  g_clear_pointer (&line->text, g_free);
  g_clear_pointer (&line->error, g_free);
}
