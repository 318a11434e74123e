/* headroom-catalogue.c: see headroom-catalogue.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-catalogue.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "headroom-catalogue-resources.h"
#include "headroom-gguf-header.h"
#include "headroom-json.h"
#include "headroom-recipe.h"
#include "headroom-shape.h"

#define FOLDER "/io/github/headroom/Headroom/catalogue"

/* ---- Reading ---- */

static int
compare_names (const void *a, const void *b)
{
  return g_strcmp0 (((const HeadroomCatalogueEntry *) a)->name,
                    ((const HeadroomCatalogueEntry *) b)->name);
}

/* Entries stay for as long as the process, each with its part of the document. */
static void
read_file (GResource *resource, const char *file, GArray *entries)
{
  g_autofree char *path = g_strconcat (FOLDER "/", file, NULL);
  g_autoptr (GBytes) bytes =
      g_resource_lookup_data (resource, path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_autoptr (HrValue) json = headroom_json_parse (g_bytes_get_data (bytes, NULL),
                                                  (gssize) g_bytes_get_size (bytes), TRUE, NULL);
  HrValue *list = json != NULL ? hr_value_lookup (json, "entries") : NULL;

  for (gsize i = 0; list != NULL && i < hr_value_size (list); i++) {
    HrValue *item = hr_value_at (list, i);
    HeadroomCatalogueEntry entry = { headroom_json_get_string (item, "name"),
                                     headroom_json_get_string (item, "architecture"),
                                     headroom_json_get_string (item, "weights"),
                                     headroom_json_get_string (item, "source"),
                                     hr_value_ref (item) };
    g_array_append_val (entries, entry);
  }
}

static gpointer
read_all (gpointer unused)
{
  GResource *resource = headroom_catalogue_get_resource ();
  g_auto (GStrv) files =
      g_resource_enumerate_children (resource, FOLDER, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  GArray *entries = g_array_new (FALSE, FALSE, sizeof (HeadroomCatalogueEntry));

  for (gsize i = 0; files != NULL && files[i] != NULL; i++)
    read_file (resource, files[i], entries);
  g_array_sort (entries, compare_names);
  return entries;
}

static GArray *
all (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, read_all, NULL);
}

gsize
headroom_catalogue_get_size (void)
{
  return all ()->len;
}

const HeadroomCatalogueEntry *
headroom_catalogue_get (gsize index)
{
  return &g_array_index (all (), HeadroomCatalogueEntry, index);
}

static gboolean
is_called (const HeadroomCatalogueEntry *entry, const char *name)
{
  HrValue *aliases = hr_value_lookup (entry->json, "aliases");

  if (g_ascii_strcasecmp (entry->name, name) == 0)
    return TRUE;
  for (gsize i = 0; aliases != NULL && i < hr_value_size (aliases); i++)
    if (g_ascii_strcasecmp (hr_value_get_string (hr_value_at (aliases, i), NULL), name) == 0)
      return TRUE;
  return FALSE;
}

const HeadroomCatalogueEntry *
headroom_catalogue_find (const char *name)
{
  g_autofree char *short_name = g_str_has_suffix (name, ":latest")
                                    ? g_strndup (name, strlen (name) - strlen (":latest"))
                                    : g_strdup (name);

  for (gsize i = 0; i < headroom_catalogue_get_size (); i++)
    if (is_called (headroom_catalogue_get (i), short_name))
      return headroom_catalogue_get (i);
  return NULL;
}

gboolean
headroom_catalogue_check (const HrValue *json, GError **error)
{
  static const char *const texts[] = { "name", "architecture", "weights", "source" };
  HrValue *hparams =
      hr_value_kind (json) == HR_VALUE_DICT ? hr_value_lookup (json, "hparams") : NULL;
  g_autoptr (GArray) tensors = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (hr_value_kind (json) != HR_VALUE_DICT ||
        headroom_json_get_string (json, texts[i]) == NULL) {
      g_set_error (error, HR_ERROR, HR_ERROR_FORMAT, _("The entry has no %s."), texts[i]);
      return FALSE;
    }
  if (hparams == NULL || hr_value_kind (hparams) != HR_VALUE_DICT) {
    g_set_error (error, HR_ERROR, HR_ERROR_FORMAT, _("The entry has no %s."), "hparams");
    return FALSE;
  }
  tensors = headroom_shape_new (headroom_json_get_string (json, "architecture"), hparams, error);
  return tensors != NULL;
}

/* ---- Writing ---- */

static void
set_text (HeadroomGgufHeader *header, const char *key, const char *text)
{
  g_autoptr (HrValue) value = hr_value_new_string (text, -1, true);

  headroom_gguf_header_set (header, key, value);
}

/* What the planner counts for the tower that comes with a model that sees images. */
static void
set_projector (HeadroomGgufHeader *header, const HeadroomCatalogueEntry *entry)
{
  HrValue *bytes = hr_value_lookup (entry->json, "projector_bytes");

  if (bytes != NULL)
    headroom_gguf_header_set (header, "headroom.projector_bytes", bytes);
}

static void
set_hparams (HeadroomGgufHeader *header, const HeadroomCatalogueEntry *entry,
             const HrValue *hparams, const char *weights)
{
  g_autoptr (HrValue) file_type = hr_value_new_int (headroom_recipe_file_type (weights));

  set_text (header, "general.architecture", entry->architecture);
  headroom_gguf_header_set (header, "general.file_type", file_type);
  set_text (header, "general.name", entry->name);
  for (gsize i = 0; i < hr_value_size (hparams); i++) {
    const char *name;
    HrValue *value = hr_value_entry (hparams, i, &name);
    g_autofree char *key = g_strdup_printf ("%s.%s", entry->architecture, name);
    headroom_gguf_header_set (header, key, value);
  }
}

static gboolean
has_output (const GArray *tensors)
{
  for (guint i = 0; i < tensors->len; i++)
    if (g_str_equal (g_array_index (tensors, HeadroomShapeTensor, i).name, "output.weight"))
      return TRUE;
  return FALSE;
}

static HeadroomRecipe
recipe_of (const HeadroomCatalogueEntry *entry, const HrValue *hparams, const GArray *tensors,
           const char *weights)
{
  gint64 heads = headroom_json_get_int (hparams, "attention.head_count", 1);
  gint64 kv_heads = headroom_json_get_int (hparams, "attention.head_count_kv", heads);

  return (HeadroomRecipe){ .label = weights,
                           .architecture = entry->architecture,
                           .n_layers = (guint) headroom_json_get_int (hparams, "block_count", 0),
                           .n_experts = (guint) headroom_json_get_int (hparams, "expert_count", 0),
                           .heads_per_kv = (guint) (heads / MAX (kv_heads, 1)),
                           .tied = !has_output (tensors) };
}

GBytes *
headroom_catalogue_write_header (const HeadroomCatalogueEntry *entry, const char *weights,
                                 guint64 *ret_data_bytes, GError **error)
{
  const HrValue *hparams = hr_value_lookup (entry->json, "hparams");
  g_autoptr (HeadroomGgufHeader) header = headroom_gguf_header_new ();
  g_autoptr (GArray) tensors = NULL;
  const char *label = weights != NULL ? weights : entry->weights;
  HeadroomRecipe recipe;

  if (!headroom_recipe_is_known (label)) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS, _("“%s” is no quantisation; there are %s"),
                 label, headroom_recipe_list ());
    return NULL;
  }
  if ((tensors = headroom_shape_new (entry->architecture, hparams, error)) == NULL)
    return NULL;
  recipe = recipe_of (entry, hparams, tensors, label);
  set_hparams (header, entry, hparams, label);
  set_projector (header, entry);
  for (guint i = 0; i < tensors->len; i++) {
    const HeadroomShapeTensor *t = &g_array_index (tensors, HeadroomShapeTensor, i);
    if (!headroom_gguf_header_add_tensor (header, t->name, t->dims, t->n_dims,
                                          headroom_recipe_type (&recipe, t))) {
      g_set_error (error, HR_ERROR, HR_ERROR_FORMAT, _("%s of %s cannot be stored as %s."),
                   t->name, entry->name, headroom_recipe_type (&recipe, t));
      return NULL;
    }
  }
  if (ret_data_bytes != NULL)
    *ret_data_bytes = headroom_gguf_header_get_data_bytes (header);
  return headroom_gguf_header_write (header);
}

HrModel *
headroom_catalogue_open (const HeadroomCatalogueEntry *entry, const char *weights, GError **error)
{
  g_autoptr (GBytes) header = headroom_catalogue_write_header (entry, weights, NULL, error);

  return header != NULL ? hr_model_open_header (header, entry->name, error) : NULL;
}
