/* headroom-settings.c: finds the program's settings, installed or not, and reads them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-settings.h"

#include <glib/gi18n.h>

#define SCHEMA_ID "io.github.headroom.Headroom"

/* A program that runs from its build folder has its schema beside it, in data/. */
static GSettingsSchema *
lookup_beside_program (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program != NULL ? g_path_get_dirname (program) : NULL;
  g_autofree char *data = folder != NULL ? g_build_filename (folder, "data", NULL) : NULL;
  g_autoptr (GSettingsSchemaSource) source = NULL;

  if (data == NULL)
    return NULL;
  source =
      g_settings_schema_source_new_from_directory (data, g_settings_schema_source_get_default (),
                                                   FALSE, NULL);
  return source != NULL ? g_settings_schema_source_lookup (source, SCHEMA_ID, FALSE) : NULL;
}

/**
 * headroom_settings_new:
 * @error: return location
 *
 * Unlike g_settings_new() it does not abort where the schema is missing.
 *
 * Returns: (transfer full): the settings, or %NULL
 */
GSettings *
headroom_settings_new (GError **error)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, SCHEMA_ID, TRUE);
  if (schema == NULL)
    schema = lookup_beside_program ();
  if (schema == NULL) {
    g_set_error (
        error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        _("The settings schema %s is not installed: install Headroom, or start it from its build folder"),
        SCHEMA_ID);
    return NULL;
  }
  return g_settings_new_full (schema, NULL, NULL);
}

/* The values of such settings are few. */
static const char *
get_word (GSettings *settings, const char *key)
{
  g_autofree char *text = g_settings_get_string (settings, key);

  return g_intern_string (text);
}

HeadroomAskOptions
headroom_settings_get_ask_options (GSettings *settings, const char *model)
{
  return (HeadroomAskOptions){
    .model = model,
    .num_ctx = g_settings_get_int (settings, "num-ctx"),
    .temperature = g_settings_get_double (settings, "temperature"),
    .num_predict = g_settings_get_int (settings, "num-predict"),
    .parallel = g_settings_get_int (settings, "parallel"),
    .num_batch = g_settings_get_int (settings, "num-batch"),
    .gpu_layers = g_settings_get_int (settings, "gpu-layers"),
    .kv_type = get_word (settings, "kv-type"),
    .keep_alive = get_word (settings, "keep-alive"),
  };
}
