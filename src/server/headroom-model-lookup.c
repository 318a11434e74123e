/* headroom-model-lookup.c: see headroom-model-lookup.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-model-lookup.h"

#include <glib/gi18n-lib.h>

#include "headroom-wire.h"

/* Clients match these texts: the first of most routes, the second where weights are missing. */
#define NOT_FOUND "model '%s' not found"
#define NOT_PULLED "model \"%s\" not found, try pulling it first"

static gboolean
is_runnable (HeadroomModelEntry *entry, const char *name, GError **error)
{
  const char *path = headroom_model_entry_get_path (entry);

  if (path == NULL)
    g_set_error (error, HEADROOM_WIRE_ERROR, 400,
                 _("%s is not a GGUF model; only those can be run"), name);
  else if (!g_file_test (path, G_FILE_TEST_EXISTS))
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND, NOT_PULLED, name);
  else
    return TRUE;
  return FALSE;
}

static HeadroomModelEntry *
find (HeadroomExchange *exchange, const char *name, GError **error)
{
  HeadroomStore *store = headroom_exchange_get_service (exchange)->store;

  return headroom_exchange_is_local (exchange) ? headroom_store_resolve (store, name, error)
                                               : headroom_store_lookup (store, name, error);
}

HeadroomModelEntry *
headroom_model_lookup (HeadroomExchange *exchange, const char *name, GError **error)
{
  g_autoptr (HeadroomModelEntry) entry = find (exchange, name, error);

  return entry != NULL && is_runnable (entry, name, error) ? g_steal_pointer (&entry) : NULL;
}

HeadroomModelEntry *
headroom_model_lookup_for_vectors (HeadroomExchange *exchange, const char *name, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (HeadroomModelEntry) entry = find (exchange, name, &problem);

  if (entry != NULL)
    return is_runnable (entry, name, error) ? g_steal_pointer (&entry) : NULL;
  /* What is no name at all is only not found. */
  if (*name == '\0' ||
      g_error_matches (problem, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_INVALID_NAME))
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND, NOT_FOUND, name);
  else if (g_error_matches (problem, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND))
    g_set_error (error, HEADROOM_STORE_ERROR, HEADROOM_STORE_ERROR_NOT_FOUND, NOT_PULLED, name);
  else
    g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}
