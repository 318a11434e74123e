/* headroom-openapi.c: see headroom-openapi.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line per operation: what it reads is a list of fields, NAME:TYPE, with ! behind those that
 * have to be there. TYPE is string, text (a string or null), integer, number, boolean, object,
 * array, or any.
 */
#include "headroom-openapi.h"

#include <string.h>

#include "headroom-json.h"
#include "headroom-router.h"

#define TEXT_FIELDS                                                                                                    \
  "stream:boolean format:any keep_alive:any options:object think:any truncate:boolean shift:boolean logprobs:boolean " \
  "top_logprobs:integer grammar:string headroom:object"
#define OPENAI_FIELDS                                                                                              \
  "stream:boolean stream_options:object max_tokens:integer temperature:number top_p:number seed:integer stop:any " \
  "frequency_penalty:number presence_penalty:number headroom:object"

typedef enum {
  JSON,
  LINES,
  EVENTS,
  TEXT,
  EMPTY
} Answer; /* LINES, EVENTS: of a stream; JSON of a whole */

typedef struct {
  const char *method, *path, *summary, *fields; /* fields NULL: no body */
  Answer answer;
  const char *answer_fields; /* of the JSON, all of them always there */
} Operation;

static const Operation operations[] = {
  { "get", "/", "Says that the server is there", NULL, TEXT },
  { "get", "/api/version", "The version of the interface, and of Headroom", NULL, JSON,
    "version:string headroom:string" },
  { "get", "/api/status", "Whether services elsewhere are used: never", NULL, JSON,
    "cloud:object" },
  { "get", "/api/tags", "Models that are installed", NULL, JSON, "models:array" },
  { "get", "/api/ps", "Models that are in memory", NULL, JSON, "models:array memory:object" },
  { "post", "/api/show", "What a model is", "model:string! verbose:boolean", JSON,
    "details:object model_info:object" },
  { "post", "/api/generate", "An answer to a prompt",
    "model:string! prompt:string suffix:string system:string template:string context:array raw:boolean images:array " TEXT_FIELDS,
    LINES, "model:string created_at:string done:boolean" },
  { "post", "/api/chat", "An answer in a conversation",
    "model:string! messages:array tools:array tool_choice:any " TEXT_FIELDS, LINES,
    "model:string created_at:string message:object done:boolean" },
  { "post", "/api/embed", "Vectors of texts",
    "model:string! input:any truncate:boolean dimensions:integer keep_alive:any options:object",
    JSON, "model:string embeddings:array" },
  { "post", "/api/embeddings", "The vector of a text, as older clients ask for it",
    "model:string! prompt:string keep_alive:any options:object", JSON, "embedding:array" },
  { "post", "/api/create", "A new model of one that is here, or of an uploaded file",
    "model:string! from:string files:object template:string system:string parameters:object messages:array license:any stream:boolean",
    LINES, "status:string" },
  { "post", "/api/copy", "A model under another name", "source:string! destination:string!",
    EMPTY },
  { "delete", "/api/delete", "Removes a model", "model:string!", EMPTY },
  { "head", "/api/blobs/{digest}", "Whether a file was uploaded", NULL, EMPTY },
  { "post", "/api/blobs/{digest}", "Uploads a file", "", EMPTY },
  { "post", "/api/pull", "Answers that there is no registry", "model:string! stream:boolean", LINES,
    "status:string" },
  { "post", "/api/push", "Answers that there is no registry", "model:string! stream:boolean", LINES,
    "status:string" },
  { "post", "/api/me", "Answers that there is no account", NULL, JSON },
  { "post", "/api/signout", "Answers that there is no account", NULL, JSON },
  { "post", "/api/experimental/web_search", "Answers that nothing elsewhere is searched", NULL,
    JSON },
  { "post", "/api/experimental/web_fetch", "Answers that nothing elsewhere is fetched", NULL,
    JSON },
  { "get", "/v1/models", "Models that are installed", NULL, JSON, "object:string" },
  { "get", "/v1/models/{model}", "One of them", NULL, JSON,
    "id:string object:string created:integer owned_by:string" },
  { "post", "/v1/chat/completions", "An answer in a conversation",
    "model:string! messages:array! tools:array tool_choice:any response_format:object reasoning_effort:string logprobs:boolean top_logprobs:integer " OPENAI_FIELDS,
    EVENTS, "id:string object:string created:integer model:string choices:array usage:object" },
  { "post", "/v1/completions", "What follows a prompt",
    "model:string! prompt:any! suffix:string logprobs:integer " OPENAI_FIELDS, EVENTS,
    "id:string object:string created:integer model:string choices:array usage:object" },
  { "post", "/v1/responses", "An answer as a list of items",
    "model:string! input:any! instructions:string max_output_tokens:integer temperature:number top_p:number reasoning:object text:object tools:array tool_choice:any stream:boolean headroom:object",
    EVENTS, "id:string object:string status:string output:array" },
  { "post", "/v1/embeddings", "Vectors of texts",
    "model:string! input:any! dimensions:integer encoding_format:string", JSON,
    "object:string data:array model:string usage:object" },
  { "post", "/v1/rerank", "Texts in the order in which they answer a question",
    "model:string! query:string! documents:array! top_n:integer return_documents:boolean", JSON,
    "model:string object:string usage:object results:array" },
  { "post", "/v1/reranking", "The same under its other name",
    "model:string! query:string! documents:array! top_n:integer return_documents:boolean", JSON,
    "model:string object:string usage:object results:array" },
  { "post", "/v1/messages", "An answer in a conversation, as Anthropic's clients ask for it",
    "model:string! max_tokens:integer! messages:array! system:any tools:array tool_choice:object thinking:object temperature:number top_p:number top_k:integer stop_sequences:array stream:boolean headroom:object",
    EVENTS, "id:string type:string role:string content:array usage:object" },
  { "get", "/headroom/status", "Devices, models in memory and what happened", NULL, JSON,
    "devices:array models:array events:array watches:array" },
  { "post", "/headroom/plan", "What a model would take, before it is loaded",
    "model:string! options:object", JSON, "model:string settings:object items:array" },
  { "post", "/headroom/resize", "Other settings for a model that is loaded",
    "model:string! num_ctx:integer parallel:integer num_batch:integer kv_type:string", JSON,
    "model:string settings:object bytes:object seconds:number" },
  { "post", "/headroom/effective", "Where each setting comes from, and what it overrode",
    "model:string! options:object preset:object", JSON,
    "model:string settings:array planned:object steps:array loaded:object" },
  { "get", "/headroom/events", "What happens, line by line", NULL, LINES },
  { "get", "/headroom/watches", "What is watched, and its history", NULL, JSON,
    "reading:boolean every_seconds:integer thresholds:object watches:array" },
  { "post", "/headroom/watches", "Sets thresholds; over the unix socket only", "thresholds:object!",
    JSON, "reading:boolean every_seconds:integer thresholds:object watches:array" },
  { "get", "/headroom/listen", "Where the server is reached, and who is answered there", NULL, JSON,
    "uris:array others:string needs_key:boolean reach:string fixed:boolean" },
  { "post", "/headroom/listen",
    "Has the server listen elsewhere as well; over the unix socket only", "host:string reach:string", JSON,
    "uri:string uris:array others:string needs_key:boolean reach:string fixed:boolean" },
  { "delete", "/headroom/listen",
    "Has the server be reached over its unix socket alone; over the unix socket only", NULL,
    EMPTY },
  { "get", "/headroom/requests", "Requests that are being answered", NULL, JSON, "requests:array" },
  { "delete", "/headroom/requests/{id}", "Cancels one", NULL, EMPTY },
  { "get", "/headroom/metrics", "Counters and gauges for Prometheus", NULL, TEXT },
  { "get", "/headroom/openapi.json", "This document", NULL, JSON,
    "openapi:string info:object paths:object" },
};

/* ---- Schemas ---- */

static HrValue *
schema_of_type (const char *type)
{
  HrValue *schema = hr_value_new_dict ();

  if (!g_str_equal (type, "any"))
    headroom_json_set_string (schema, "type", type);
  if (g_str_equal (type, "array"))
    hr_value_set (schema, "items", hr_value_new_dict ());
  return schema;
}

static HrValue *
object_schema (const char *fields, gboolean all_required)
{
  HrValue *schema = schema_of_type ("object"), *properties = hr_value_new_dict ();
  g_autoptr (HrValue) required = hr_value_new_list ();
  g_auto (GStrv) parts = g_strsplit (fields != NULL ? fields : "", " ", -1);

  for (char **part = parts; *part != NULL; part++) {
    char *colon = strchr (*part, ':');
    gboolean must = all_required;
    if (colon == NULL)
      continue;
    *colon = '\0';
    if (g_str_has_suffix (colon + 1, "!")) {
      must = TRUE;
      colon[strlen (colon + 1)] = '\0';
    }
    hr_value_set (properties, *part, schema_of_type (colon + 1));
    if (must)
      hr_value_append (required, hr_value_new_string (*part, -1, false));
  }
  hr_value_set (schema, "properties", properties);
  if (hr_value_size (required) > 0)
    hr_value_set (schema, "required", hr_value_ref (required));
  return schema;
}

static void
add_content (HrValue *holder, const char *media_type, HrValue *take_schema)
{
  HrValue *content = hr_value_lookup (holder, "content"), *media = hr_value_new_dict ();

  if (content == NULL) {
    content = hr_value_new_dict ();
    hr_value_set (holder, "content", content);
  }
  hr_value_set (media, "schema", take_schema);
  hr_value_set (content, media_type, media);
}

/* ---- Operations ---- */

static HrValue *
good_response (const Operation *operation)
{
  HrValue *response = hr_value_new_dict ();

  headroom_json_set_string (response, "description", "Done");
  if (operation->answer == TEXT)
    add_content (response, "text/plain", schema_of_type ("string"));
  if (operation->answer == JSON ||
      ((operation->answer == LINES || operation->answer == EVENTS) && operation->fields != NULL))
    add_content (response, "application/json", object_schema (operation->answer_fields, TRUE));
  if (operation->answer == LINES)
    add_content (response, "application/x-ndjson", schema_of_type ("string"));
  if (operation->answer == EVENTS)
    add_content (response, "text/event-stream", schema_of_type ("string"));
  return response;
}

static HrValue *
bad_response (const Operation *operation)
{
  HrValue *response = hr_value_new_dict ();

  headroom_json_set_string (response, "description", "Why not");
  if (!g_str_equal (operation->method, "head"))
    add_content (response, "application/json", object_schema ("error:any", TRUE));
  return response;
}

static HrValue *
request_body (const Operation *operation)
{
  HrValue *body = hr_value_new_dict ();
  gboolean is_bytes = *operation->fields == '\0';

  headroom_json_set_bool (body, "required", TRUE);
  if (is_bytes) {
    HrValue *bytes = schema_of_type ("string");
    headroom_json_set_string (bytes, "format", "binary");
    add_content (body, "application/octet-stream", bytes);
  } else {
    add_content (body, "application/json", object_schema (operation->fields, FALSE));
  }
  return body;
}

static HrValue *
parameters_of (const char *path)
{
  const char *open = strchr (path, '{'), *close = open != NULL ? strchr (open, '}') : NULL;
  HrValue *list, *parameter;

  if (close == NULL)
    return NULL;
  g_autofree char *name = g_strndup (open + 1, (gsize) (close - open - 1));
  list = hr_value_new_list ();
  parameter = hr_value_new_dict ();
  headroom_json_set_string (parameter, "name", name);
  headroom_json_set_string (parameter, "in", "path");
  headroom_json_set_bool (parameter, "required", TRUE);
  hr_value_set (parameter, "schema", schema_of_type ("string"));
  hr_value_append (list, parameter);
  return list;
}

static HrValue *
operation_value (const Operation *operation)
{
  HrValue *value = hr_value_new_dict (), *responses = hr_value_new_dict (),
          *parameters = parameters_of (operation->path);

  headroom_json_set_string (value, "summary", operation->summary);
  if (parameters != NULL)
    hr_value_set (value, "parameters", parameters);
  if (operation->fields != NULL)
    hr_value_set (value, "requestBody", request_body (operation));
  hr_value_set (responses, "200", good_response (operation));
  if (g_str_equal (operation->path, "/api/blobs/{digest}") &&
      g_str_equal (operation->method, "post")) {
    HrValue *created = hr_value_new_dict ();
    headroom_json_set_string (created, "description", "Uploaded");
    hr_value_set (responses, "201", created);
  }
  hr_value_set (responses, "default", bad_response (operation));
  hr_value_set (value, "responses", responses);
  return value;
}

HrValue *
headroom_openapi_new (void)
{
  HrValue *root = hr_value_new_dict (), *info = hr_value_new_dict (), *paths = hr_value_new_dict ();

  headroom_json_set_string (root, "openapi", "3.0.3");
  headroom_json_set_string (info, "title", "Headroom");
  headroom_json_set_string (info, "version", HEADROOM_VERSION);
  hr_value_set (root, "info", info);
  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++) {
    HrValue *path = hr_value_lookup (paths, operations[i].path);
    if (path == NULL) {
      path = hr_value_new_dict ();
      hr_value_set (paths, operations[i].path, path);
    }
    hr_value_set (path, operations[i].method, operation_value (&operations[i]));
  }
  hr_value_set (root, "paths", paths);
  return root;
}

GStrv
headroom_openapi_dup_operations (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++) {
    g_autofree char *method = g_ascii_strup (operations[i].method, -1);
    g_autofree char *name = g_strconcat (method, " ", operations[i].path, NULL);
    g_strv_builder_add (builder, name);
  }
  return g_strv_builder_end (builder);
}

void
headroom_route_openapi (HeadroomExchange *exchange)
{
  g_autoptr (HrValue) document = headroom_openapi_new ();
  g_autofree char *json = headroom_json_print (document, HEADROOM_JSON_PLAIN);

  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, json);
}
