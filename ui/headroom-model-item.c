/* headroom-model-item.c: a model that can be chosen.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-model-item.h"

struct _HeadroomModelItem
{
  GObject parent_instance;
  char *name;     /* what the API calls it: a name of the store, or the path of a file */
  char *title;    /* what people call it */
  char *subtitle;
};

G_DEFINE_FINAL_TYPE (HeadroomModelItem, headroom_model_item, G_TYPE_OBJECT)

static void
headroom_model_item_finalize (GObject *object)
{
  HeadroomModelItem *self = HEADROOM_MODEL_ITEM (object);

  g_free (self->name);
  g_free (self->title);
  g_free (self->subtitle);
  G_OBJECT_CLASS (headroom_model_item_parent_class)->finalize (object);
}

static void
headroom_model_item_class_init (HeadroomModelItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_model_item_finalize;
}

static void
headroom_model_item_init (HeadroomModelItem *self)
{
}

char *
headroom_model_dup_title (const char *name)
{
  gboolean is_path = name != NULL && g_path_is_absolute (name);
  char *title = is_path ? g_path_get_basename (name) : g_strdup (name != NULL ? name : "");
  gsize len = strlen (title);

  if (len > strlen (".gguf") && g_ascii_strcasecmp (title + len - strlen (".gguf"), ".gguf") == 0)
    title[len - strlen (".gguf")] = '\0';
  else if (g_str_has_suffix (title, ":latest"))
    title[len - strlen (":latest")] = '\0';
  return title;
}

/**
 * headroom_model_item_new:
 * @name: a name of the store, or the absolute path of a file
 * @subtitle: (nullable): size and form, in one line
 *
 * Returns: (transfer full): an item
 */
HeadroomModelItem *
headroom_model_item_new (const char *name, const char *subtitle)
{
  HeadroomModelItem *self = g_object_new (HEADROOM_TYPE_MODEL_ITEM, NULL);

  self->name = g_strdup (name);
  self->title = headroom_model_dup_title (name);
  self->subtitle = g_strdup (subtitle != NULL ? subtitle : "");
  return self;
}

const char *
headroom_model_item_get_name (HeadroomModelItem *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ITEM (self), NULL);
  return self->name;
}

const char *
headroom_model_item_get_title (HeadroomModelItem *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ITEM (self), NULL);
  return self->title;
}

const char *
headroom_model_item_get_subtitle (HeadroomModelItem *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_ITEM (self), NULL);
  return self->subtitle;
}
