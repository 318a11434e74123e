/* headroom-effective.c: see headroom-effective.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-effective.h"

#include "headroom-env.h"
#include "headroom-json.h"

#define KEEP_ALIVE "keep_alive"
#define DEFAULT_KEEP_ALIVE "5m"

typedef struct {
  char *source;
  HrValue *values; /* a dict of what this layer sets */
} Layer;

struct _HeadroomEffective {
  GArray *layers; /* Layer, the weakest first */
  HeadroomOptions *options;
};

static void
clear_layer (gpointer data)
{
  Layer *layer = data;

  g_free (layer->source);
  hr_value_unref (layer->values);
}

/* ---- Layers ---- */

static void
take_layer (HeadroomEffective *self, const char *source, HrValue *take_values)
{
  Layer layer = { g_strdup (source), take_values };

  g_array_append_val (self->layers, layer);
}

static HrValue *
defaults (void)
{
  HrValue *values = hr_value_new_dict ();
  gsize n;
  const HeadroomOptionInfo *table = headroom_options_get_table (&n);

  for (gsize i = 0; i < n; i++) {
    HrValue *value = table[i].fallback[0] != '\0'
                         ? headroom_option_value_from_text (table[i].name, table[i].fallback, NULL)
                         : NULL;
    hr_value_set (values, table[i].name, value != NULL ? value : hr_value_new_null ());
  }
  headroom_json_set_string (values, KEEP_ALIVE, DEFAULT_KEEP_ALIVE);
  return values;
}

HeadroomEffective *
headroom_effective_new (void)
{
  HeadroomEffective *self = g_new0 (HeadroomEffective, 1);
  g_autofree char *keep_alive = headroom_env_dup ("KEEP_ALIVE");
  HrValue *environment = headroom_options_dup_env ();

  if (keep_alive != NULL)
    headroom_json_set_string (environment, KEEP_ALIVE, keep_alive);
  self->layers = g_array_new (FALSE, FALSE, sizeof (Layer));
  g_array_set_clear_func (self->layers, clear_layer);
  self->options = headroom_options_new ();
  headroom_options_merge_env (self->options);
  take_layer (self, HEADROOM_SOURCE_DEFAULT, defaults ());
  take_layer (self, HEADROOM_SOURCE_ENVIRONMENT, environment);
  return self;
}

void
headroom_effective_free (HeadroomEffective *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->layers);
  headroom_options_free (self->options);
  g_free (self);
}

gboolean
headroom_effective_add (HeadroomEffective *self, const char *source, const HrValue *dict,
                        GError **error)
{
  HrValue *values;

  if (!headroom_options_merge (self->options, dict, error))
    return FALSE;
  values = hr_value_new_dict ();
  for (gsize i = 0; dict != NULL && i < hr_value_size (dict); i++) {
    const char *name;
    HrValue *value = hr_value_entry (dict, i, &name);
    if (hr_value_kind (value) != HR_VALUE_NULL &&
        (headroom_options_find (name) != NULL || g_str_equal (name, KEEP_ALIVE)))
      hr_value_set (values, name, hr_value_ref (value));
  }
  take_layer (self, source, values);
  return TRUE;
}

const HeadroomOptions *
headroom_effective_get_options (HeadroomEffective *self)
{
  return self->options;
}

/* ---- Telling ---- */

static HrValue *
source_to_json (const Layer *layer, HrValue *value)
{
  HrValue *json = hr_value_new_dict ();

  headroom_json_set_string (json, "source", layer->source);
  hr_value_set (json, "value", hr_value_ref (value));
  return json;
}

static HrValue *
setting_to_json (HeadroomEffective *self, const char *name)
{
  HrValue *json = hr_value_new_dict (), *overrode = hr_value_new_list ();
  gboolean found = FALSE;

  headroom_json_set_string (json, "name", name);
  for (guint i = self->layers->len; i-- > 0;) {
    const Layer *layer = &g_array_index (self->layers, Layer, i);
    HrValue *value = hr_value_lookup (layer->values, name);
    if (value == NULL)
      continue;
    if (found) {
      hr_value_append (overrode, source_to_json (layer, value));
    } else {
      hr_value_set (json, "value", hr_value_ref (value));
      headroom_json_set_string (json, "source", layer->source);
    }
    found = TRUE;
  }
  hr_value_set (json, "overrode", overrode);
  return json;
}

HrValue *
headroom_effective_to_json (HeadroomEffective *self)
{
  HrValue *list = hr_value_new_list ();
  gsize n;
  const HeadroomOptionInfo *table = headroom_options_get_table (&n);

  for (gsize i = 0; i < n; i++)
    hr_value_append (list, setting_to_json (self, table[i].name));
  hr_value_append (list, setting_to_json (self, KEEP_ALIVE));
  return list;
}
