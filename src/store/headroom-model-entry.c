/* headroom-model-entry.c: see headroom-model-entry.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-model-entry-private.h"

enum {
  PROP_0,
  PROP_NAME,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (HeadroomModelEntry, headroom_model_entry, G_TYPE_OBJECT)

static void
headroom_model_entry_finalize (GObject *object)
{
  HeadroomModelEntry *self = HEADROOM_MODEL_ENTRY (object);
  char *const texts[] = {
    self->name,           self->full_name,     self->digest,         self->path,
    self->projector_path, self->template_text, self->system,         self->parent,
    self->format,         self->family,        self->parameter_size, self->quantization,
    self->renderer,       self->parser,        self->requires,       self->identity,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_ptr_array_unref (self->licenses);
  g_ptr_array_unref (self->adapter_paths);
  hr_value_unref (self->params);
  hr_value_unref (self->messages);
  g_strfreev (self->families);
  g_strfreev (self->capabilities);
  G_OBJECT_CLASS (headroom_model_entry_parent_class)->finalize (object);
}

static void
headroom_model_entry_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  HeadroomModelEntry *self = HEADROOM_MODEL_ENTRY (object);

  switch (prop_id) {
  case PROP_NAME:
    g_value_set_string (value, self->name);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
headroom_model_entry_class_init (HeadroomModelEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = headroom_model_entry_finalize;
  object_class->get_property = headroom_model_entry_get_property;
  properties[PROP_NAME] =
      g_param_spec_string ("name", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
headroom_model_entry_init (HeadroomModelEntry *self)
{
  self->licenses = g_ptr_array_new_with_free_func (g_free);
  self->adapter_paths = g_ptr_array_new_with_free_func (g_free);
}

HeadroomModelEntry *
headroom_model_entry_new (void)
{
  return g_object_new (HEADROOM_TYPE_MODEL_ENTRY, NULL);
}

HeadroomModelEntry *
headroom_model_entry_new_imagined (const char *name)
{
  HeadroomModelEntry *self = headroom_model_entry_new ();

  self->name = g_strdup (name);
  self->path = g_strdup_printf ("imagined/%s", name);
  headroom_model_entry_seal (self);
  return self;
}

/* Makes what may not be NULL empty. */
void
headroom_model_entry_seal (HeadroomModelEntry *self)
{
  char **const texts[] = {
    &self->name,   &self->full_name, &self->digest,         &self->parent,
    &self->format, &self->family,    &self->parameter_size, &self->quantization,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    if (*texts[i] == NULL)
      *texts[i] = g_strdup ("");
  }
  if (self->params == NULL)
    self->params = hr_value_new_dict ();
  if (self->messages == NULL)
    self->messages = hr_value_new_list ();
  if (self->families == NULL)
    self->families = g_new0 (char *, 1);
  if (self->capabilities == NULL)
    self->capabilities = g_new0 (char *, 1);
  g_ptr_array_add (self->licenses, NULL);
  g_ptr_array_add (self->adapter_paths, NULL);
  if (self->path != NULL) {
    g_autoptr (GString) identity = g_string_new (self->path);
    if (self->projector_path != NULL)
      g_string_append_printf (identity, "\n%s", self->projector_path);
    for (guint i = 0; i + 1 < self->adapter_paths->len; i++)
      g_string_append_printf (identity, "\n%s",
                              (char *) g_ptr_array_index (self->adapter_paths, i));
    self->identity = g_string_free (g_steal_pointer (&identity), FALSE);
  }
}

const char *
headroom_model_entry_get_name (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->name;
}

const char *
headroom_model_entry_get_full_name (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->full_name;
}

const char *
headroom_model_entry_get_digest (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->digest;
}

guint64
headroom_model_entry_get_size (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), 0);

  return self->size;
}

gint64
headroom_model_entry_get_modified_ns (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), 0);

  return self->modified_ns;
}

const char *
headroom_model_entry_get_path (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->path;
}

HrModel *
headroom_model_entry_open (HeadroomModelEntry *self, GError **error)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self) && self->path != NULL, NULL);

  g_autoptr(HrModel) model = hr_model_open_with_projector (self->path, self->projector_path, error);

  for (guint i = 0; model != NULL && i + 1 < self->adapter_paths->len; i++) {
    if (!hr_model_add_adapter (model, g_ptr_array_index (self->adapter_paths, i), error))
      return NULL;
  }
  return g_steal_pointer (&model);
}

const char *const *
headroom_model_entry_get_adapter_paths (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return (const char *const *) self->adapter_paths->pdata;
}

const char *
headroom_model_entry_get_identity (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->identity;
}

const char *
headroom_model_entry_get_projector_path (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->projector_path;
}

const char *
headroom_model_entry_get_template (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->template_text;
}

const char *
headroom_model_entry_get_system (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->system;
}

HrValue *
headroom_model_entry_get_params (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->params;
}

HrValue *
headroom_model_entry_get_messages (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->messages;
}

const char *
headroom_model_entry_get_parent (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->parent;
}

const char *
headroom_model_entry_get_format (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->format;
}

const char *
headroom_model_entry_get_family (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->family;
}

const char *
headroom_model_entry_get_parameter_size (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->parameter_size;
}

const char *
headroom_model_entry_get_quantization (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->quantization;
}

const char *
headroom_model_entry_get_renderer (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->renderer;
}

const char *
headroom_model_entry_get_parser (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->parser;
}

const char *
headroom_model_entry_get_requires (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return self->requires;
}

gint64
headroom_model_entry_get_context_length (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), 0);

  return self->context_length;
}

gint64
headroom_model_entry_get_embedding_length (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), 0);

  return self->embedding_length;
}

gboolean
headroom_model_entry_is_loose (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), FALSE);

  return self->is_loose;
}

const char *const *
headroom_model_entry_get_licenses (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return (const char *const *) self->licenses->pdata;
}

const char *const *
headroom_model_entry_get_families (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return (const char *const *) self->families;
}

const char *const *
headroom_model_entry_get_capabilities (HeadroomModelEntry *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ENTRY (self), NULL);

  return (const char *const *) self->capabilities;
}
