/* headroom-tune-apply.c: see headroom-tune-apply.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-tune-apply.h"

#include "headroom-json.h"
#include "headroom-store.h"

#include <glib/gi18n.h>

#define BEFORE "before-tune"

/* A parameter of models by the name of a setting, or NULL. */
static const char *
parameter_of (const char *setting)
{
  if (g_strcmp0 (setting, "num_batch") == 0)
    return "num_batch";
  return g_strcmp0 (setting, "threads") == 0 ? "num_thread" : NULL;
}

static char *
dup_before_name (const char *model)
{
  g_auto (GStrv) parts = g_strsplit (model, ":", 2);

  return g_strdup_printf ("%s:%s%s%s", parts[0], parts[1] != NULL ? parts[1] : "",
                          parts[1] != NULL ? "-" : "", BEFORE);
}

static gboolean
check_model (const char *model, GError **error)
{
  if (!headroom_store_is_path (model))
    return TRUE;
  g_set_error (error, HEADROOM_CLIENT_ERROR, HEADROOM_CLIENT_ERROR_REQUEST,
               _("%s is a file, which has no parameters: give it a name first (headroom create)"),
               model);
  return FALSE;
}

static gboolean
ask (HeadroomClient *client, const char *method, const char *path, HrValue *take_body,
     GCancellable *cancellable, GError **error)
{
  g_autoptr (HrValue) body = take_body;
  g_autofree char *text = headroom_json_print (body, HEADROOM_JSON_PLAIN);
  g_autofree char *answer =
      headroom_client_request (client, method, path, text, cancellable, error);

  return answer != NULL;
}

static gboolean
copy (HeadroomClient *client, const char *from, const char *to, GCancellable *cancellable,
      GError **error)
{
  HrValue *body = hr_value_new_dict ();

  headroom_json_set_string (body, "source", from);
  headroom_json_set_string (body, "destination", to);
  return ask (client, "POST", "/api/copy", body, cancellable, error);
}

static HrValue *
creation_of (const char *model, const HrValue *changes)
{
  HrValue *body = hr_value_new_dict ();
  HrValue *parameters = hr_value_new_dict ();

  headroom_json_set_string (body, "model", model);
  headroom_json_set_string (body, "from", model);
  headroom_json_set_bool (body, "stream", FALSE);
  for (gsize i = 0; i < hr_value_size (changes); i++) {
    HrValue *change = hr_value_at (changes, i);
    const char *name = parameter_of (headroom_json_get_string (change, "setting"));
    const char *to = headroom_json_get_string (change, "to");
    if (name != NULL && to != NULL)
      headroom_json_set_int (parameters, name, g_ascii_strtoll (to, NULL, 10));
  }
  hr_value_set (body, "parameters", parameters);
  return body;
}

gboolean
headroom_tune_apply (HeadroomClient *client, const char *model, const HrValue *changes,
                     GCancellable *cancellable, GError **error)
{
  g_autofree char *before = dup_before_name (model);

  return check_model (model, error) && copy (client, model, before, cancellable, error) &&
         ask (client, "POST", "/api/create", creation_of (model, changes), cancellable, error);
}

gboolean
headroom_tune_undo (HeadroomClient *client, const char *model, GCancellable *cancellable,
                    GError **error)
{
  g_autofree char *before = dup_before_name (model);
  HrValue *body;

  if (!check_model (model, error))
    return FALSE;
  if (!copy (client, before, model, cancellable, error)) {
    g_prefix_error (error, _("there is nothing to put back: "));
    return FALSE;
  }
  body = hr_value_new_dict ();
  headroom_json_set_string (body, "model", before);
  return ask (client, "DELETE", "/api/delete", body, cancellable, error);
}
