/* headroom-store.c: where the store is, and finding models in it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nothing of the manifests is kept: each call reads the folders, because other programs write there
 * too.
 */
#include "headroom-store.h"

#include <string.h>
#include <sys/stat.h>

#include "headroom-env.h"
#include "headroom-loose.h"
#include "headroom-store-private.h"

struct _HeadroomStore {
  GObject parent_instance;

  char *root, *manifests, *blobs, *loose_dir;
  GMutex lock;               /* guards loose_cache */
  HeadroomLooseCache *loose_cache;
};

G_DEFINE_FINAL_TYPE (HeadroomStore, headroom_store, G_TYPE_OBJECT)
G_DEFINE_QUARK (headroom-store-error-quark, headroom_store_error)

static void
headroom_store_finalize (GObject *object)
{
  HeadroomStore *self = HEADROOM_STORE (object);

  g_free (self->root);
  g_free (self->manifests);
  g_free (self->blobs);
  g_free (self->loose_dir);
  g_hash_table_unref (self->loose_cache);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (headroom_store_parent_class)->finalize (object);
}

static void
headroom_store_class_init (HeadroomStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_store_finalize;
}

static void
headroom_store_init (HeadroomStore *self)
{
  g_mutex_init (&self->lock);
  self->loose_cache = headroom_loose_cache_new ();
}

static char *
dup_data_dir (void)
{
  return g_build_filename (g_get_user_data_dir (), "headroom", "models", NULL);
}

static char *
dup_default_root (void)
{
  g_autofree char *named = headroom_env_dup ("MODELS");
  g_autofree char *existing = g_build_filename (g_get_home_dir (), ".ollama", "models", NULL);

  if (named != NULL)
    return g_steal_pointer (&named);
  return g_file_test (existing, G_FILE_TEST_IS_DIR) ? g_steal_pointer (&existing) : dup_data_dir ();
}

HeadroomStore *
headroom_store_new (const char *root, const char *loose)
{
  HeadroomStore *self = g_object_new (HEADROOM_TYPE_STORE, NULL);
  g_autofree char *chosen = root != NULL ? g_strdup (root) : dup_default_root ();

  self->root = g_canonicalize_filename (chosen, NULL);
  self->manifests = g_build_filename (self->root, "manifests", NULL);
  self->blobs = g_build_filename (self->root, "blobs", NULL);
  self->loose_dir = loose != NULL  ? g_canonicalize_filename (loose, NULL)
                    : root == NULL ? dup_data_dir ()
                                   : NULL;
  return self;
}

const char *
headroom_store_get_root (HeadroomStore *self)
{
  g_return_val_if_fail (HEADROOM_IS_STORE (self), NULL);

  return self->root;
}

const char *
headroom_store_get_loose_dir (HeadroomStore *self)
{
  g_return_val_if_fail (HEADROOM_IS_STORE (self), NULL);

  return self->loose_dir;
}

const char *
headroom_store_get_blobs_dir (HeadroomStore *self)
{
  return self->blobs;
}

char *
headroom_store_dup_blob_path (HeadroomStore *self, const char *digest)
{
  g_return_val_if_fail (HEADROOM_IS_STORE (self), NULL);

  if (!headroom_digest_is_valid (digest))
    return NULL;
  g_autofree char *file_name = headroom_digest_dup_file_name (digest);
  g_autofree char *path = g_build_filename (self->blobs, file_name, NULL);
  return g_file_test (path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&path) : NULL;
}

/* ---- Walking over manifests ---- */

typedef struct {
  HeadroomManifestFunc func;
  gpointer data;
  GPtrArray *problems;
  gboolean complete;
} Walk;

static void
visit_manifest (Walk *walk, const char *path, const char *const *parts)
{
  g_autofree char *text = g_strdup_printf ("%s/%s/%s:%s", parts[0], parts[1], parts[2], parts[3]);
  g_autoptr(HeadroomModelName) name = headroom_model_name_parse (text);
  g_autoptr(GError) error = NULL;
  g_autoptr(HeadroomManifest) manifest = headroom_manifest_read (path, &error);

  if (name != NULL && manifest != NULL) {
    walk->func (manifest, name, walk->data);
    return;
  }
  walk->complete = FALSE;
  if (walk->problems != NULL)
    g_ptr_array_add (walk->problems,
                     g_strdup_printf ("%s: %s", path,
                                      error != NULL ? error->message : "not a model's name"));
}

/* Folders are host, namespace and model; below them tags are files. Hidden files are somebody
 * else's. */
static void
walk_folder (Walk *walk, const char *folder, const char **parts, guint level)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  const char *file_name;

  while (dir != NULL && (file_name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, file_name, NULL);
    if (file_name[0] == '.')
      continue;
    parts[level] = file_name;
    if (level < 3)
      walk_folder (walk, path, parts, level + 1);
    else
      visit_manifest (walk, path, parts);
  }
}

gboolean
headroom_store_foreach_manifest (HeadroomStore *self, HeadroomManifestFunc func, gpointer data,
                                 GPtrArray *problems)
{
  Walk walk = { .func = func, .data = data, .problems = problems, .complete = TRUE };
  const char *parts[4];

  walk_folder (&walk, self->manifests, parts, 0);
  return walk.complete;
}

/* The entry of folder that is spelled so, or else in another case. */
static char *
find_child (const char *folder, const char *part)
{
  g_autofree char *exact = g_build_filename (folder, part, NULL);
  g_autoptr(GDir) dir = NULL;
  const char *file_name;

  if (g_file_test (exact, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&exact);
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (file_name = g_dir_read_name (dir)) != NULL) {
    if (g_ascii_strcasecmp (file_name, part) == 0)
      return g_build_filename (folder, file_name, NULL);
  }
  return NULL;
}

char *
headroom_store_find_manifest (HeadroomStore *self, const HeadroomModelName *name)
{
  const char *const parts[] = { name->host, name->space, name->model, name->tag };
  g_autofree char *path = g_strdup (self->manifests);

  for (gsize i = 0; i < G_N_ELEMENTS (parts) && path != NULL; i++) {
    char *child = find_child (path, parts[i]);
    g_free (path);
    path = child;
  }
  return path != NULL && g_file_test (path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&path)
                                                                    : NULL;
}

/* ---- Listing ---- */

typedef struct {
  HeadroomStore *self;
  GPtrArray *entries, *problems;
} Listing;

static void
list_manifest (const HeadroomManifest *manifest, const HeadroomModelName *name, gpointer data)
{
  Listing *listing = data;
  g_autoptr(GError) error = NULL;
  HeadroomModelEntry *entry =
      headroom_manifest_load_entry (manifest, name, listing->self->blobs, &error);

  if (entry != NULL) {
    g_ptr_array_add (listing->entries, entry);
    return;
  }
  g_autofree char *display = headroom_model_name_dup_display (name);
  g_ptr_array_add (listing->problems, g_strdup_printf ("%s: %s", display, error->message));
}

static gboolean
has_name (GPtrArray *entries, guint n, const char *name)
{
  for (guint i = 0; i < n; i++) {
    if (g_ascii_strcasecmp (headroom_model_entry_get_name (g_ptr_array_index (entries, i)), name) ==
        0)
      return TRUE;
  }
  return FALSE;
}

static void
list_loose (Listing *listing)
{
  g_autoptr(GPtrArray) loose = g_ptr_array_new_with_free_func (g_object_unref);

  if (listing->self->loose_dir == NULL)
    return;
  g_mutex_lock (&listing->self->lock);
  headroom_loose_scan (listing->self->loose_dir, listing->self->loose_cache, loose,
                       listing->problems);
  g_mutex_unlock (&listing->self->lock);
  for (guint i = 0; i < loose->len; i++) {
    HeadroomModelEntry *entry = g_ptr_array_index (loose, i);
    const char *name = headroom_model_entry_get_name (entry);
    if (!has_name (listing->entries, listing->entries->len, name))
      g_ptr_array_add (listing->entries, g_object_ref (entry));
    else
      g_ptr_array_add (listing->problems,
                       g_strdup_printf ("%s: another model has the name %s already",
                                        headroom_model_entry_get_path (entry), name));
  }
}

static int
compare_newest_first (gconstpointer a, gconstpointer b)
{
  HeadroomModelEntry *first = *(HeadroomModelEntry *const *) a,
                     *second = *(HeadroomModelEntry *const *) b;
  gint64 difference =
      headroom_model_entry_get_modified_ns (second) - headroom_model_entry_get_modified_ns (first);

  if (difference != 0)
    return difference < 0 ? -1 : 1;
  return strcmp (headroom_model_entry_get_name (first), headroom_model_entry_get_name (second));
}

GPtrArray *
headroom_store_list (HeadroomStore *self, GPtrArray **ret_problems)
{
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  Listing listing = { .self = self,
                      .entries = g_ptr_array_new_with_free_func (g_object_unref),
                      .problems = problems };

  g_return_val_if_fail (HEADROOM_IS_STORE (self), NULL);

  headroom_store_foreach_manifest (self, list_manifest, &listing, problems);
  list_loose (&listing);
  g_ptr_array_sort (listing.entries, compare_newest_first);
  if (ret_problems != NULL)
    *ret_problems = g_steal_pointer (&problems);
  return listing.entries;
}

/* ---- Finding ---- */

void
headroom_store_set_not_found (GError **error, const char *name)
{
  g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND, "model '%s' not found",
               name);
}

static HeadroomModelEntry *
load_manifest_entry (HeadroomStore *self, const char *path, GError **error)
{
  g_autoptr(HeadroomManifest) manifest = headroom_manifest_read (path, error);
  g_auto(GStrv) parts = NULL;
  g_autoptr(HeadroomModelName) name = NULL;

  if (manifest == NULL)
    return NULL;
  /* The name as the folders spell it, not as it was asked for. */
  parts = g_strsplit (path + strlen (self->manifests) + 1, G_DIR_SEPARATOR_S, 4);
  g_autofree char *text = g_strdup_printf ("%s/%s/%s:%s", parts[0], parts[1], parts[2], parts[3]);
  name = headroom_model_name_parse (text);
  if (name == NULL) {
    headroom_store_set_not_found (error, text);
    return NULL;
  }
  return headroom_manifest_load_entry (manifest, name, self->blobs, error);
}

/* TRUE: the file's own name is the one asked for. Otherwise *ret_same_model says whether only the
 * tag was left open. */
static gboolean
matches_loose (const HeadroomModelName *wanted, HeadroomModelEntry *entry, gboolean *ret_same_model)
{
  g_autoptr (HeadroomModelName) name =
      headroom_model_name_parse (headroom_model_entry_get_name (entry));

  *ret_same_model = FALSE;
  if (name == NULL)
    return FALSE;
  if (headroom_model_name_equal (wanted, name))
    return TRUE;
  if (g_ascii_strcasecmp (wanted->tag, HEADROOM_DEFAULT_TAG) == 0) {
    g_free (name->tag);
    name->tag = g_strdup (wanted->tag);
    *ret_same_model = headroom_model_name_equal (wanted, name);
  }
  return FALSE;
}

static HeadroomModelEntry *
lookup_loose (HeadroomStore *self, const HeadroomModelName *wanted, const char *text,
              GError **error)
{
  Listing listing = { .self = self };
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GString) names = g_string_new (NULL);
  HeadroomModelEntry *only = NULL;
  guint n_same = 0;

  listing.entries = entries;
  listing.problems = problems;
  list_loose (&listing);
  for (guint i = 0; i < entries->len; i++) {
    HeadroomModelEntry *entry = g_ptr_array_index (entries, i);
    gboolean same_model;
    if (matches_loose (wanted, entry, &same_model))
      return g_object_ref (entry);
    if (same_model) {
      only = entry;
      g_string_append_printf (names, "%s%s", n_same++ > 0 ? ", " : "",
                              headroom_model_entry_get_name (entry));
    }
  }
  if (n_same == 1)
    return g_object_ref (only);
  if (n_same == 0)
    headroom_store_set_not_found (error, text);
  else
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND,
                 "model '%s' not found, choose one of %s", text, names->str);
  return NULL;
}

HeadroomModelEntry *
headroom_store_lookup (HeadroomStore *self, const char *name, GError **error)
{
  g_autoptr(HeadroomModelName) parsed = NULL;
  g_autofree char *path = NULL;

  g_return_val_if_fail (HEADROOM_IS_STORE (self), NULL);

  if (*name == '\0') {
    headroom_store_set_not_found (error, name);
    return NULL;
  }
  parsed = headroom_model_name_parse (name);
  if (parsed == NULL) {
    g_set_error_literal (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID_NAME,
                         "invalid model name");
    return NULL;
  }
  path = headroom_store_find_manifest (self, parsed);
  return path != NULL ? load_manifest_entry (self, path, error)
                      : lookup_loose (self, parsed, name, error);
}

HeadroomModelEntry *
headroom_store_open_file (HeadroomStore *self, const char *path, GError **error)
{
  g_return_val_if_fail (HEADROOM_IS_STORE (self), NULL);

  if (g_str_has_prefix (path, "~/")) {
    g_autofree char *expanded = g_build_filename (g_get_home_dir (), path + 2, NULL);
    return headroom_loose_load_entry (expanded, error);
  }
  return headroom_loose_load_entry (path, error);
}

gboolean
headroom_store_is_path (const char *name_or_path)
{
  gsize len = strlen (name_or_path);

  return g_str_has_prefix (name_or_path, "/") || g_str_has_prefix (name_or_path, "./")
         || g_str_has_prefix (name_or_path, "../") || g_str_has_prefix (name_or_path, "~")
         || (len > 5 && g_ascii_strcasecmp (name_or_path + len - 5, ".gguf") == 0);
}

HeadroomModelEntry *
headroom_store_resolve (HeadroomStore *self, const char *name_or_path, GError **error)
{
  return headroom_store_is_path (name_or_path)
             ? headroom_store_open_file (self, name_or_path, error)
             : headroom_store_lookup (self, name_or_path, error);
}
