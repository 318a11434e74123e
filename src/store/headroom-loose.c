/* headroom-loose.c: see headroom-loose.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-loose.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "headroom-model-entry-private.h"
#include "headroom-projector.h"
#include "headroom-store.h"

#define SUFFIX ".gguf"
#define NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)

/* ---- Names ---- */

/* q4_0, q4_k_m, iq4_xs, tq1_0, mxfp4, bf16, f16, fp16, f32: how files call the type that they hold.
 */
static gboolean
is_type_label (const char *text)
{
  return g_regex_match_simple (
      "^(?:(?:iq|tq|q)[0-9]+(?:_[a-z0-9]+){0,3}|mxfp4(?:_moe)?|bf16|fp?16|fp?32)$", text, 0, 0);
}

/* 0 for a file that is not part of a split model, else the number in "-00002-of-00005", which is
 * cut off. */
static guint
cut_split_suffix (char *stem)
{
  gsize len = strlen (stem);

  if (len <= 15 || !g_regex_match_simple ("-[0-9]{5}-of-[0-9]{5}$", stem, 0, 0))
    return 0;
  stem[len - 15] = '\0';
  return (guint) g_ascii_strtoull (stem + len - 14, NULL, 10);
}

static void
replace_foreign (char *stem)
{
  for (char *c = stem; *c != '\0'; c++) {
    if (!g_ascii_isalnum (*c) && strchr ("_-.", *c) == NULL)
      *c = '-';
  }
}

/* Where the label's separator is, or NULL. Labels hold '_', so only '-' and '.' separate. */
static char *
find_label (char *stem)
{
  for (char *c = stem + strlen (stem); c-- > stem + 1;) {
    if (*c == '-' || *c == '.')
      return is_type_label (c + 1) ? c : NULL;
  }
  return NULL;
}

HeadroomModelName *
headroom_loose_name (const char *file_name)
{
  g_autofree char *stem = g_ascii_strdown (file_name, -1);
  char *label;

  if (!g_str_has_suffix (stem, SUFFIX) || g_str_has_prefix (stem, "mmproj"))
    return NULL;
  stem[strlen (stem) - strlen (SUFFIX)] = '\0';
  if (cut_split_suffix (stem) > 1)
    return NULL;
  replace_foreign (stem);
  label = find_label (stem);
  if (label != NULL)
    *label = '\0';
  g_autofree char *text =
      g_strconcat (stem, ":", label != NULL ? label + 1 : HEADROOM_DEFAULT_TAG, NULL);
  HeadroomModelName *name = headroom_model_name_parse (text);
  if (name != NULL)
    name->has_tag = label != NULL;
  return name;
}

/* ---- Entries ---- */

char *
headroom_format_parameters (guint64 n)
{
  static const struct {
    double unit;
    int decimals;
    char letter;
  } units[] = { { 1e12, 1, 'T' }, { 1e9, 1, 'B' }, { 1e6, 2, 'M' }, { 1e3, 0, 'K' } };

  for (gsize i = 0; i < G_N_ELEMENTS (units); i++) {
    double number = (double) n / units[i].unit;
    if (number >= 1)
      return g_strdup_printf ("%.*f%c", number == floor (number) ? 0 : units[i].decimals, number,
                              units[i].letter);
  }
  return g_strdup_printf ("%" G_GUINT64_FORMAT, n);
}

/* Stands for the content without reading it: changes when the file is another. */
static char *
dup_identity (const char *path, const struct stat *status)
{
  g_autofree char *text =
      g_strdup_printf ("%s\n%" G_GINT64_FORMAT "\n%" G_GINT64_FORMAT ".%09ld", path,
                       (gint64) status->st_size, (gint64) status->st_mtim.tv_sec,
                       status->st_mtim.tv_nsec);
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}

static void
fill_from_header (HeadroomModelEntry *entry, const HrModel *model)
{
  const HrModelInfo *info = hr_model_get_info (model);
  const char *const families[] = { info->architecture, NULL };

  entry->format = g_strdup ("gguf");
  entry->family = g_strdup (info->architecture);
  entry->families = g_strdupv ((char **) families);
  entry->parameter_size = headroom_format_parameters (info->n_params);
  entry->quantization = g_strdup (info->file_type);
  entry->size = info->file_bytes;
  entry->context_length = info->n_ctx_train;
  entry->embedding_length = info->n_embd;
}

HeadroomModelEntry *
headroom_loose_load_entry (const char *path, GError **error)
{
  g_autofree char *canonical = g_canonicalize_filename (path, NULL);
  g_autofree char *file_name = g_path_get_basename (canonical);
  g_autoptr(HeadroomModelName) name = headroom_loose_name (file_name);
  struct stat status;

  if (stat (canonical, &status) != 0) {
    g_set_error (error, HEADROOM_STORE_ERROR,
                 errno == ENOENT ? HEADROOM_STORE_ERROR_NOT_FOUND : HEADROOM_STORE_ERROR_IO,
                 "%s: %s", path, g_strerror (errno));
    return NULL;
  }
  g_autoptr(HrModel) model = hr_model_open (canonical, error);
  if (model == NULL)
    return NULL;
  HeadroomModelEntry *entry = headroom_model_entry_new ();
  fill_from_header (entry, model);
  entry->is_loose = TRUE;
  entry->name = name != NULL ? headroom_model_name_dup_display (name) : g_strdup (file_name);
  entry->digest = dup_identity (canonical, &status);
  entry->modified_ns = status.st_mtim.tv_sec * NSEC_PER_SEC + status.st_mtim.tv_nsec;
  entry->path = g_strdup (canonical);
  entry->projector_path = headroom_projector_dup_path_for (canonical);
  entry->full_name = g_steal_pointer (&canonical);
  headroom_model_entry_seal (entry);
  return entry;
}

/* ---- Folders ---- */

HeadroomLooseCache *
headroom_loose_cache_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

/* From the cache if size and time are still the same. */
static HeadroomModelEntry *
ref_entry (HeadroomLooseCache *cache, const char *path, GError **error)
{
  HeadroomModelEntry *entry = g_hash_table_lookup (cache, path);
  struct stat status;

  if (entry != NULL && stat (path, &status) == 0) {
    g_autofree char *identity = dup_identity (path, &status),
                    *projector = headroom_projector_dup_path_for (path);
    if (strcmp (identity, entry->digest) == 0 && g_strcmp0 (projector, entry->projector_path) == 0)
      return g_object_ref (entry);
  }
  entry = headroom_loose_load_entry (path, error);
  if (entry != NULL)
    g_hash_table_replace (cache, g_strdup (path), g_object_ref (entry));
  else
    g_hash_table_remove (cache, path);
  return entry;
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_gguf_files (const char *dir)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GDir) handle = g_dir_open (dir, 0, NULL);
  const char *file_name;

  while (handle != NULL && (file_name = g_dir_read_name (handle)) != NULL) {
    g_autoptr(HeadroomModelName) name = headroom_loose_name (file_name);
    g_autofree char *path = g_build_filename (dir, file_name, NULL);
    if (name != NULL && !headroom_projector_is_name (file_name) &&
        g_file_test (path, G_FILE_TEST_IS_REGULAR))
      g_ptr_array_add (names, g_steal_pointer (&path));
  }
  g_ptr_array_sort (names, compare_texts);
  return names;
}

void
headroom_loose_scan (const char *dir, HeadroomLooseCache *cache, GPtrArray *entries,
                     GPtrArray *problems)
{
  g_autofree char *canonical = g_canonicalize_filename (dir, NULL);
  g_autoptr(GPtrArray) files = list_gguf_files (canonical);

  for (guint i = 0; i < files->len; i++) {
    const char *path = g_ptr_array_index (files, i);
    g_autoptr(GError) error = NULL;
    HeadroomModelEntry *entry = ref_entry (cache, path, &error);
    if (entry != NULL)
      g_ptr_array_add (entries, entry);
    else
      g_ptr_array_add (problems, g_strdup_printf ("%s: %s", path, error->message));
  }
}
