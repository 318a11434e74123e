/* headroom-wire.c: what both protocols share: requests as structs, statuses, messages as template
 * variables.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-wire.h"

#include <string.h>

#include "headroom-json.h"
#include "headroom-modelfile.h"
#include "headroom-store.h"
#include "headroom-wire-private.h"

G_DEFINE_QUARK (headroom-wire-error-quark, headroom_wire_error)

#define STATUS_CLIENT_CLOSED 499

/* ---- Statuses ---- */

static guint
store_status (int code)
{
  switch ((HeadroomStoreError) code) {
  case HEADROOM_STORE_ERROR_NOT_FOUND:
    return 404;
  case HEADROOM_STORE_ERROR_INVALID_NAME:
  case HEADROOM_STORE_ERROR_INVALID:
    return 400;
  case HEADROOM_STORE_ERROR_CORRUPT:
  case HEADROOM_STORE_ERROR_NO_SPACE:
  case HEADROOM_STORE_ERROR_IO:
  default:
    return 500;
  }
}

static guint
engine_status (int code)
{
  switch ((HrError) code) {
  case HR_ERROR_TEMPLATE:
  case HR_ERROR_SETTINGS:
  case HR_ERROR_TOO_LONG:
    return 400;
  case HR_ERROR_BUSY:
    return 409;
  case HR_ERROR_CANCELLED:
    return STATUS_CLIENT_CLOSED;
  case HR_ERROR_FILE:
  case HR_ERROR_FORMAT:
  case HR_ERROR_UNSUPPORTED:
  case HR_ERROR_MEMORY:
  case HR_ERROR_INTERNAL:
  default:
    return 500;
  }
}

guint
headroom_wire_status (const GError *error)
{
  if (error->domain == HEADROOM_WIRE_ERROR)
    return (guint) error->code;
  if (error->domain == HEADROOM_STORE_ERROR)
    return store_status (error->code);
  if (error->domain == HR_ERROR)
    return engine_status (error->code);
  if (error->domain == HEADROOM_JSON_ERROR || error->domain == HEADROOM_MODELFILE_ERROR
      || g_error_matches (error, HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_VALUE))
    return 400;
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? STATUS_CLIENT_CLOSED : 500;
}

/* ---- Requests ---- */

const char *
headroom_think_name (HeadroomThink think)
{
  static const char *const names[] = { NULL, NULL, NULL, "low", "medium", "high", "max" };

  return names[think];
}

gboolean
headroom_think_is_on (HeadroomThink think)
{
  return think != HEADROOM_THINK_UNSET && think != HEADROOM_THINK_OFF;
}

gboolean
headroom_think_parse (const char *name, HeadroomThink *ret_think)
{
  for (HeadroomThink think = HEADROOM_THINK_LOW; think <= HEADROOM_THINK_MAX; think++) {
    if (strcmp (headroom_think_name (think), name) == 0) {
      *ret_think = think;
      return TRUE;
    }
  }
  return FALSE;
}

void
headroom_wire_request_free (HeadroomWireRequest *request)
{
  if (request == NULL)
    return;
  g_free (request->model);
  hr_value_unref (request->prompt);
  hr_value_unref (request->suffix);
  hr_value_unref (request->system);
  hr_value_unref (request->template_text);
  g_clear_pointer (&request->context, g_array_unref);
  g_clear_pointer (&request->images, g_ptr_array_unref);
  hr_value_unref (request->messages);
  hr_value_unref (request->tools);
  hr_value_unref (request->options);
  hr_value_unref (request->format);
  hr_value_unref (request->lora);
  g_free (request->grammar);
  g_free (request->only_tool);
  g_free (request);
}

gboolean
headroom_wire_kind_has_prompt (HeadroomWireKind kind)
{
  return kind == HEADROOM_WIRE_GENERATE || kind == HEADROOM_WIRE_COMPLETION;
}

void
headroom_wire_stream_clear (HeadroomWireOpenaiStream *stream)
{
  if (stream->block_text != NULL)
    g_string_free (g_steal_pointer (&stream->block_text), TRUE);
  g_clear_pointer (&stream->output, hr_value_unref);
}

/* ---- Messages ---- */

HrValue *
headroom_role_value (const char *role)
{
  static const char *const known[] = { "system", "user", "assistant", "tool", NULL };
  g_autofree char *lower = g_ascii_strdown (role, -1);

  return hr_value_new_string (lower, -1, g_strv_contains (known, lower));
}

static HrValue *
message_from_value (const char *role, HrValue *take_content)
{
  HrValue *message = hr_value_new_dict ();

  hr_value_set (message, "role", headroom_role_value (role));
  hr_value_set (message, "content", take_content);
  return message;
}

HrValue *
headroom_message_new (const char *role, const char *content, gboolean trusted)
{
  return message_from_value (role, hr_value_new_string (content, -1, trusted));
}

HrValue *
headroom_tool_new (HrValue *name, HrValue *description, HrValue *parameters)
{
  HrValue *tool = hr_value_new_dict (), *function = hr_value_new_dict ();

  headroom_json_set_string (tool, "type", "function");
  hr_value_set (function, "name", hr_value_ref (name));
  if (description != NULL)
    hr_value_set (function, "description", hr_value_ref (description));
  hr_value_set (function, "parameters",
                parameters != NULL ? hr_value_ref (parameters) : hr_value_new_dict ());
  hr_value_set (tool, "function", function);
  return tool;
}

static void
append_all (HrValue *list, const HrValue *items)
{
  for (size_t i = 0; items != NULL && i < hr_value_size (items); i++)
    hr_value_append (list, hr_value_ref (hr_value_at (items, i)));
}

/* The model's own MESSAGEs came from a file: what is not a message is left out. */
static void
append_model_messages (HrValue *list, HeadroomModelEntry *entry)
{
  const HrValue *messages = entry != NULL ? headroom_model_entry_get_messages (entry) : NULL;

  for (size_t i = 0; messages != NULL && i < hr_value_size (messages); i++) {
    const HrValue *message = hr_value_at (messages, i);
    const char *role = headroom_json_get_string (message, "role");
    const char *content = headroom_json_get_string (message, "content");
    if (role != NULL && content != NULL)
      hr_value_append (list, headroom_message_new (role, content, FALSE));
  }
}

static gboolean
starts_with_system (const HrValue *messages)
{
  if (messages == NULL || hr_value_size (messages) == 0)
    return FALSE;
  return g_strcmp0 (headroom_json_get_string (hr_value_at (messages, 0), "role"), "system") == 0;
}

static HrValue *
all_messages (const HeadroomWireRequest *request, HeadroomModelEntry *entry)
{
  const char *system = entry != NULL ? headroom_model_entry_get_system (entry) : NULL;
  HrValue *list = hr_value_new_list ();

  if (request->system != NULL)
    hr_value_append (list, message_from_value ("system", hr_value_ref (request->system)));
  else if (system != NULL && *system != '\0' && !starts_with_system (request->messages))
    hr_value_append (list, headroom_message_new ("system", system, FALSE));
  if (request->context == NULL)
    append_model_messages (list, entry);
  append_all (list, request->messages);
  if (request->prompt != NULL)
    hr_value_append (list, message_from_value ("user", hr_value_ref (request->prompt)));
  return list;
}

HrValue *
headroom_wire_dup_template_vars (const HeadroomWireRequest *request, HeadroomModelEntry *entry)
{
  HrValue *vars = hr_value_new_dict ();
  const char *effort = headroom_think_name (request->think);

  hr_value_set (vars, "messages", all_messages (request, entry));
  /* Templates may ask whether these are none, so they are defined. */
  hr_value_set (vars, "tools",
                request->tools != NULL ? hr_value_ref (request->tools) : hr_value_new_null ());
  hr_value_set (vars, "documents", hr_value_new_null ());
  hr_value_set (vars, "add_generation_prompt", hr_value_new_bool (true));
  if (request->think != HEADROOM_THINK_UNSET)
    hr_value_set (vars, "enable_thinking",
                  hr_value_new_bool (headroom_think_is_on (request->think)));
  if (effort != NULL)
    hr_value_set (vars, "reasoning_effort", hr_value_new_string (effort, -1, true));
  return vars;
}
