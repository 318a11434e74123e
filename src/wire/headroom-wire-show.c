/* headroom-wire-show.c: POST /api/show, and what a model can do.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "headroom-infill.h"
#include "headroom-json.h"
#include "headroom-store.h"
#include "headroom-speech.h"
#include "headroom-wire-private.h"

HeadroomWireShowRequest *
headroom_wire_parse_show (const char *body, gsize len, GError **error)
{
  g_autoptr(HeadroomWireShowRequest) request = g_new0 (HeadroomWireShowRequest, 1);
  HeadroomFields fields;

  headroom_fields_init (&fields, "ShowRequest", body, len);
  request->model = headroom_fields_dup_string (&fields, "model");
  if (request->model == NULL || *request->model == '\0') {
    g_free (request->model);
    request->model = headroom_fields_dup_string (&fields, "name");
  }
  request->system = headroom_fields_ref_text (&fields, "system");
  request->verbose = headroom_fields_bool (&fields, "verbose", FALSE);
  const HrValue *options = headroom_fields_dict (&fields, "options", "map[string]interface {}");
  request->options = options != NULL ? hr_value_ref ((HrValue *) options) : NULL;
  if (request->model == NULL || *request->model == '\0')
    headroom_fields_fail (&fields, 400, "model is required");
  return headroom_fields_finish (&fields, error) ? g_steal_pointer (&request) : NULL;
}

void
headroom_wire_show_request_free (HeadroomWireShowRequest *request)
{
  if (request == NULL)
    return;
  g_free (request->model);
  hr_value_unref (request->system);
  hr_value_unref (request->options);
  g_free (request);
}

/* ---- Capabilities ---- */

static HrValue *
lookup_architecture_key (const HrValue *metadata, const HrModel *model, const char *key)
{
  g_autofree char *full = g_strconcat (hr_model_get_info (model)->architecture, ".", key, NULL);

  return hr_value_lookup (metadata, full);
}

/* A layer in Jinja is what conversations go through; one in Go's language only where the file has
 * no template. */
static const char *
choose_template (HeadroomModelEntry *entry, const HrModel *model)
{
  const char *own = model != NULL ? hr_model_get_template (model) : NULL;
  const char *layer = headroom_model_entry_get_template (entry);

  if (layer != NULL && (own == NULL || strstr (layer, "{%") != NULL))
    return layer;
  return own != NULL ? own : "";
}

GStrv
headroom_wire_dup_capabilities (HeadroomModelEntry *entry, const HrModel *model)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  const HrValue *metadata = model != NULL ? hr_model_get_metadata (model) : NULL;
  const char *const *configured = headroom_model_entry_get_capabilities (entry);
  const char *layer = headroom_model_entry_get_template (entry);
  const char *template = choose_template (entry, model);
  HeadroomSpeechForm form = headroom_speech_form_of (template);
  gboolean embeds =
      model != NULL && lookup_architecture_key (metadata, model, "pooling_type") != NULL;
  const struct {
    const char *name;
    gboolean present;
  } derived[] = {
    { "completion", !embeds },
    { "embedding", embeds },
    { "tools", !embeds && strstr (template, "tools") != NULL },
    { "insert", (layer != NULL && g_regex_match_simple ("suffix", layer, G_REGEX_CASELESS, 0)) ||
                    (!embeds && model != NULL && headroom_infill_is_possible (model)) },
    { "vision", headroom_model_entry_get_projector_path (entry) != NULL ||
                    (model != NULL &&
                     lookup_architecture_key (metadata, model, "vision.block_count") != NULL) },
    { "thinking", headroom_speech_form_can_think (&form) },
  };

  for (gsize i = 0; configured[i] != NULL; i++)
    g_strv_builder_add (builder, configured[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (derived); i++) {
    if (derived[i].present && !g_strv_contains (configured, derived[i].name))
      g_strv_builder_add (builder, derived[i].name);
  }
  return g_strv_builder_end (builder);
}

/* ---- The answer ---- */

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The header's keys in alphabetical order, as clients know them, without the template (it has its
 * own field). */
static HrValue *
model_info_value (const HrModel *model, gboolean verbose)
{
  g_autoptr(HrValue) metadata = hr_model_dup_metadata (model, verbose);
  g_autoptr(GPtrArray) keys = g_ptr_array_new ();
  HrValue *info = hr_value_new_dict ();

  hr_value_set (metadata, "general.parameter_count",
                hr_value_new_int ((gint64) hr_model_get_info (model)->n_params));
  for (size_t i = 0; i < hr_value_size (metadata); i++) {
    const char *key;
    hr_value_entry (metadata, i, &key);
    if (strcmp (key, "general.name") != 0 && strcmp (key, "tokenizer.chat_template") != 0)
      g_ptr_array_add (keys, (gpointer) key);
  }
  g_ptr_array_sort (keys, compare_keys);
  for (guint i = 0; i < keys->len; i++) {
    const char *key = g_ptr_array_index (keys, i);
    hr_value_set (info, key, hr_value_ref (hr_value_lookup (metadata, key)));
  }
  return info;
}

static HrValue *
tensors_value (const HrModel *model)
{
  HrValue *list = hr_value_new_list ();

  for (size_t i = 0; i < hr_model_n_tensors (model); i++) {
    HrTensorInfo tensor = hr_model_tensor (model, i);
    HrValue *value = hr_value_new_dict (), *shape = hr_value_new_list ();
    headroom_json_set_string (value, "name", tensor.name);
    headroom_json_set_string (value, "type", tensor.type);
    for (guint d = 0; d < tensor.n_dims; d++)
      hr_value_append (shape, hr_value_new_int ((gint64) tensor.dims[d]));
    hr_value_set (value, "shape", shape);
    hr_value_append (list, value);
  }
  return list;
}

static void
set_nonempty (HrValue *dict, const char *key, const char *text)
{
  if (text != NULL && *text != '\0')
    headroom_json_set_string (dict, key, text);
}

static void
set_texts (HrValue *value, HeadroomModelEntry *entry, const HrModel *model)
{
  g_autofree char *license = g_strjoinv ("\n", (char **) headroom_model_entry_get_licenses (entry));
  g_autofree char *modelfile = headroom_model_entry_dup_modelfile (entry);
  g_autofree char *parameters = headroom_model_entry_dup_parameters_text (entry);

  set_nonempty (value, "license", license);
  set_nonempty (value, "modelfile", modelfile);
  set_nonempty (value, "parameters", parameters);
  set_nonempty (value, "template", choose_template (entry, model));
  set_nonempty (value, "system", headroom_model_entry_get_system (entry));
}

char *
headroom_wire_print_show (HeadroomModelEntry *entry, const HrModel *model,
                          const char *const *capabilities, gboolean verbose)
{
  g_autoptr(HrValue) value = hr_value_new_dict ();
  HrValue *messages = headroom_model_entry_get_messages (entry);
  g_autofree char *modified =
      headroom_wire_format_time (headroom_model_entry_get_modified_ns (entry), TRUE);

  set_texts (value, entry, model);
  hr_value_set (value, "details", headroom_details_value (entry, TRUE));
  if (hr_value_size (messages) > 0)
    hr_value_set (value, "messages", hr_value_ref (messages));
  hr_value_set (value, "model_info",
                model != NULL ? model_info_value (model, verbose) : hr_value_new_dict ());
  if (model != NULL && hr_model_n_tensors (model) > 0)
    hr_value_set (value, "tensors", tensors_value (model));
  headroom_json_set_strv (value, "capabilities", capabilities);
  headroom_json_set_string (value, "modified_at", modified);
  set_nonempty (value, "requires", headroom_model_entry_get_requires (entry));
  return headroom_json_print (value, HEADROOM_JSON_ESCAPE_HTML);
}
