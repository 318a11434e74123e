/* headroom-model-wire.c: the JSON of /api/tags and /api/show, as the window reads it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-model-wire.h"

#include "headroom-memory.h"
#include "headroom-model-item.h"
#include "headroom-wire-util.h"

#define MAX_CTX_TOKENS G_MAXINT32

/* Such as "135M · Q4_1 · 92.1 MiB". */
static char *
make_subtitle (HrValue *model)
{
  HrValue *details = headroom_wire_get (model, "details");
  const char *parameters = headroom_wire_get_string (details, "parameter_size");
  const char *quantization = headroom_wire_get_string (details, "quantization_level");
  gint64 size = headroom_wire_get_int (model, "size");
  GString *text = g_string_new (NULL);

  if (parameters != NULL && *parameters != '\0')
    g_string_append_printf (text, "%s · ", parameters);
  if (quantization != NULL && *quantization != '\0')
    g_string_append_printf (text, "%s · ", quantization);
  if (size > 0) {
    g_autofree char *bytes = headroom_memory_format (size);
    g_string_append (text, bytes);
  } else if (text->len > 0)
    g_string_truncate (text, text->len - strlen (" · "));
  return g_string_free (text, FALSE);
}

/**
 * headroom_model_wire_parse_tags:
 * @text: what /api/tags answered
 * @error: return location
 *
 * Returns: (transfer full): a list of HeadroomModelItem, or %NULL
 */
GListModel *
headroom_model_wire_parse_tags (const char *text, GError **error)
{
  g_autoptr (HrValue) json = headroom_wire_parse (text, error);
  HrValue *models;
  GListStore *items;

  if (json == NULL)
    return NULL;
  models = headroom_wire_get (json, "models");
  items = g_list_store_new (HEADROOM_TYPE_MODEL_ITEM);
  for (gsize i = 0; i < headroom_wire_length (models); i++) {
    HrValue *model = headroom_wire_at (models, i);
    const char *name = headroom_wire_get_string (model, "name");
    g_autofree char *subtitle = make_subtitle (model);
    if (name != NULL) {
      g_autoptr (HeadroomModelItem) item = headroom_model_item_new (name, subtitle);
      g_list_store_append (items, item);
    }
  }
  return G_LIST_MODEL (items);
}

/**
 * headroom_model_wire_parse_max_ctx:
 * @text: what /api/show answered
 *
 * Returns: how many tokens the model was trained to see at once, 0 if the answer does not say
 */
guint
headroom_model_wire_parse_max_ctx (const char *text)
{
  g_autoptr (HrValue) json = headroom_wire_parse (text, NULL);
  HrValue *info = headroom_wire_get (json, "model_info");
  g_autofree char *key = NULL;
  gint64 tokens;

  key = g_strconcat (headroom_wire_get_string (info, "general.architecture"), ".context_length",
                     NULL);
  tokens = key != NULL ? headroom_wire_get_int (info, key) : 0;
  return CLAMP (tokens, 0, MAX_CTX_TOKENS);
}

/* The body {"model": NAME} that several requests have. */
char *
headroom_model_wire_named (const char *model)
{
  g_autoptr (HrValue) json = hr_value_new_dict ();

  headroom_json_set_string (json, "model", model);
  return headroom_json_print (json, HEADROOM_JSON_PLAIN);
}
