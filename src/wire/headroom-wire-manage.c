/* headroom-wire-manage.c: the bodies of /api/create, /api/copy and /api/delete.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "headroom-json.h"
#include "headroom-model-name.h"
#include "headroom-wire-private.h"

/* "model", or "name" as older clients say. Never NULL. */
static char *
read_model (HeadroomFields *fields)
{
  g_autofree char *model = headroom_fields_dup_string (fields, "model");
  g_autofree char *name = headroom_fields_dup_string (fields, "name");

  if (model != NULL && *model != '\0')
    return g_steal_pointer (&model);
  return name != NULL ? g_steal_pointer (&name) : g_strdup ("");
}

char *
headroom_wire_parse_delete (const char *body, gsize len, GError **error)
{
  HeadroomFields fields;

  headroom_fields_init (&fields, "DeleteRequest", body, len);
  g_autofree char *model = read_model (&fields);
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&model) : NULL;
}

gboolean
headroom_wire_parse_copy (const char *body, gsize len, char **ret_source, char **ret_destination,
                          GError **error)
{
  HeadroomFields fields;

  headroom_fields_init (&fields, "CopyRequest", body, len);
  g_autofree char *source = headroom_fields_dup_string (&fields, "source");
  g_autofree char *destination = headroom_fields_dup_string (&fields, "destination");
  if (!headroom_fields_finish (&fields, error))
    return FALSE;
  *ret_source = source != NULL ? g_steal_pointer (&source) : g_strdup ("");
  *ret_destination = destination != NULL ? g_steal_pointer (&destination) : g_strdup ("");
  return TRUE;
}

/* ---- create ---- */

/* "" is as absent: it does not take away what is inherited. */
static char *
dup_nonempty (HeadroomFields *fields, const char *name)
{
  char *text = headroom_fields_dup_string (fields, name);

  if (text != NULL && *text == '\0')
    g_clear_pointer (&text, g_free);
  return text;
}

/* The digests of {name: digest}, in order. Names are the client's affair, unless they must be ones
 * that stay within a folder. */
static GStrv
read_digests (HeadroomFields *fields, const char *field, gboolean names_are_paths)
{
  const HrValue *files = headroom_fields_dict (fields, field, "map[string]string");
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  for (size_t i = 0; files != NULL && i < hr_value_size (files); i++) {
    const char *name;
    const HrValue *digest = hr_value_entry (files, i, &name);
    if (names_are_paths && (g_path_is_absolute (name) || strstr (name, "..") != NULL))
      headroom_fields_fail (fields, 400, "file path must be relative");
    else if (hr_value_kind (digest) != HR_VALUE_STRING)
      headroom_fields_refuse_type (fields, field, digest, "string");
    else if (!headroom_digest_is_valid (hr_value_get_string (digest, NULL)))
      headroom_fields_fail (fields, 400, "invalid digest format");
    else
      g_strv_builder_add (builder, hr_value_get_string (digest, NULL));
  }
  return g_strv_builder_end (builder);
}

static GStrv
read_licenses (HeadroomFields *fields)
{
  const HrValue *value = headroom_fields_any (fields, "license");
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  if (value == NULL)
    return NULL;
  if (hr_value_kind (value) == HR_VALUE_STRING)
    g_strv_builder_add (builder, hr_value_get_string (value, NULL));
  else if (hr_value_kind (value) != HR_VALUE_LIST)
    headroom_fields_fail (fields, 400, "license must be a string or a list of strings");
  for (size_t i = 0; hr_value_kind (value) == HR_VALUE_LIST && i < hr_value_size (value); i++) {
    const HrValue *item = hr_value_at (value, i);
    if (hr_value_kind (item) == HR_VALUE_STRING)
      g_strv_builder_add (builder, hr_value_get_string (item, NULL));
    else
      headroom_fields_fail (fields, 400, "license must be a string or a list of strings");
  }
  return g_strv_builder_end (builder);
}

static HrValue *
read_plain_message (HeadroomFields *fields, const HrValue *value)
{
  HeadroomFields inner = headroom_fields_inner (fields, value, "messages.");
  g_autofree char *role = headroom_fields_dup_string (&inner, "role");
  g_autofree char *content = headroom_fields_dup_string (&inner, "content");

  headroom_fields_merge (fields, &inner);
  return headroom_message_new (role != NULL ? role : "", content != NULL ? content : "", FALSE);
}

static HrValue *
read_plain_messages (HeadroomFields *fields)
{
  const HrValue *list = headroom_fields_list (fields, "messages", "[]api.Message");
  HrValue *messages;

  if (list == NULL)
    return NULL;
  messages = hr_value_new_list ();
  for (size_t i = 0; i < hr_value_size (list); i++) {
    if (hr_value_kind (hr_value_at (list, i)) == HR_VALUE_DICT)
      hr_value_append (messages, read_plain_message (fields, hr_value_at (list, i)));
    else
      headroom_fields_refuse_type (fields, "messages", hr_value_at (list, i), "api.Message");
  }
  return messages;
}

/* What this version cannot do is said, not skipped. */
static void
refuse_unsupported (HeadroomFields *fields)
{
  static const char *const unsupported[] = { "draft_files", "quantize", "quantization",
                                             "draft_quantize", "remote_host" };

  for (gsize i = 0; i < G_N_ELEMENTS (unsupported); i++) {
    const HrValue *value = headroom_fields_any (fields, unsupported[i]);
    gboolean is_empty =
        value != NULL &&
        ((hr_value_kind (value) == HR_VALUE_STRING && *hr_value_get_string (value, NULL) == '\0') ||
         (hr_value_kind (value) == HR_VALUE_DICT && hr_value_size (value) == 0));
    if (value != NULL && !is_empty)
      headroom_fields_fail (fields, 400, "%s is not supported yet", unsupported[i]);
  }
}

HeadroomWireCreateRequest *
headroom_wire_parse_create (const char *body, gsize len, GError **error)
{
  g_autoptr(HeadroomWireCreateRequest) request = g_new0 (HeadroomWireCreateRequest, 1);
  HeadroomFields fields;

  headroom_fields_init (&fields, "CreateRequest", body, len);
  request->model = read_model (&fields);
  request->from = dup_nonempty (&fields, "from");
  request->file_digests = read_digests (&fields, "files", TRUE);
  request->adapter_digests = read_digests (&fields, "adapters", FALSE);
  request->template_text = dup_nonempty (&fields, "template");
  request->system = dup_nonempty (&fields, "system");
  request->renderer = dup_nonempty (&fields, "renderer");
  request->parser = dup_nonempty (&fields, "parser");
  request->requires = dup_nonempty (&fields, "requires");
  request->licenses = read_licenses (&fields);
  request->messages = read_plain_messages (&fields);
  request->stream = headroom_fields_bool (&fields, "stream", TRUE);
  const HrValue *params = headroom_fields_dict (&fields, "parameters", "map[string]interface {}");
  request->params = params != NULL ? hr_value_ref ((HrValue *) params) : NULL;
  refuse_unsupported (&fields);
  if (request->from == NULL && request->file_digests[0] == NULL)
    headroom_fields_fail (&fields, 400, "neither 'from' or 'files' was specified");
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&request) : NULL;
}

void
headroom_wire_create_request_free (HeadroomWireCreateRequest *request)
{
  if (request == NULL)
    return;
  g_free (request->model);
  g_free (request->from);
  g_strfreev (request->file_digests);
  g_strfreev (request->adapter_digests);
  g_free (request->template_text);
  g_free (request->system);
  g_free (request->renderer);
  g_free (request->parser);
  g_free (request->requires);
  hr_value_unref (request->params);
  hr_value_unref (request->messages);
  g_strfreev (request->licenses);
  g_free (request);
}
