/* headroom-model-library.c: the models that can be chosen.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-model-library.h"

#include "headroom-model-item.h"
#include "headroom-model-wire.h"

#include <glib/gi18n.h>

struct _HeadroomModelLibrary
{
  GObject parent_instance;
  HeadroomClient *client;
  GCancellable *cancellable;
  GListStore *models;
  GPtrArray *files; /* HeadroomModelItem; opened by path, the store does not list them */
};

G_DEFINE_FINAL_TYPE (HeadroomModelLibrary, headroom_model_library, G_TYPE_OBJECT)

enum { LISTED, FAILED, DESCRIBED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
headroom_model_library_dispose (GObject *object)
{
  HeadroomModelLibrary *self = HEADROOM_MODEL_LIBRARY (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (headroom_model_library_parent_class)->dispose (object);
}

static void
headroom_model_library_finalize (GObject *object)
{
  HeadroomModelLibrary *self = HEADROOM_MODEL_LIBRARY (object);

  g_object_unref (self->models);
  g_ptr_array_unref (self->files);
  G_OBJECT_CLASS (headroom_model_library_parent_class)->finalize (object);
}

static void
headroom_model_library_class_init (HeadroomModelLibraryClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = headroom_model_library_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_model_library_finalize;
  signals[LISTED] =
      g_signal_new ("listed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[DESCRIBED] = g_signal_new ("described", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_UINT);
}

static void
headroom_model_library_init (HeadroomModelLibrary *self)
{
  self->models = g_list_store_new (HEADROOM_TYPE_MODEL_ITEM);
  self->files = g_ptr_array_new_with_free_func (g_object_unref);
}

HeadroomModelLibrary *
headroom_model_library_new (void)
{
  return g_object_new (HEADROOM_TYPE_MODEL_LIBRARY, NULL);
}

void
headroom_model_library_set_client (HeadroomModelLibrary *self, HeadroomClient *client)
{
  g_return_if_fail (HEADROOM_IS_MODEL_LIBRARY (self));
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  g_set_object (&self->client, client);
}

/* Returns: (transfer none): a list of HeadroomModelItem */
GListModel *
headroom_model_library_get_models (HeadroomModelLibrary *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_LIBRARY (self), NULL);
  return G_LIST_MODEL (self->models);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static gboolean
has_file (HeadroomModelLibrary *self, const char *path)
{
  for (guint i = 0; i < self->files->len; i++)
    if (g_str_equal (headroom_model_item_get_name (self->files->pdata[i]), path))
      return TRUE;
  return FALSE;
}

/**
 * headroom_model_library_add_file:
 * @self: a library
 * @path: an absolute path
 *
 * Adds a file to the list; headroom_model_library_refresh() shows it. Whether it is a model is
 * found when it is used.
 */
void
headroom_model_library_add_file (HeadroomModelLibrary *self, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_return_if_fail (HEADROOM_IS_MODEL_LIBRARY (self));
  if (!has_file (self, path))
    g_ptr_array_add (self->files, headroom_model_item_new (path, folder));
}

/* ---- Asking the engine ----------------------------------------------------------------------- */

static void
take_list (HeadroomModelLibrary *self, GListModel *listed)
{
  g_list_store_remove_all (self->models);
  for (guint i = 0; i < g_list_model_get_n_items (listed); i++) {
    g_autoptr (HeadroomModelItem) item = g_list_model_get_item (listed, i);
    g_list_store_append (self->models, item);
  }
  for (guint i = 0; i < self->files->len; i++)
    g_list_store_append (self->models, self->files->pdata[i]);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomModelLibrary) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, &error);
  g_autoptr (GListModel) listed =
      text != NULL ? headroom_model_wire_parse_tags (text, &error) : NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (listed == NULL) {
    g_signal_emit (self, signals[FAILED], 0, error->message);
    return;
  }
  take_list (self, listed);
  g_signal_emit (self, signals[LISTED], 0);
}

/* Asks for the list; "listed" or "failed" follows, unless the client is replaced first. */
void
headroom_model_library_refresh (HeadroomModelLibrary *self)
{
  g_return_if_fail (HEADROOM_IS_MODEL_LIBRARY (self));
  if (self->client != NULL)
    headroom_client_request_async (self->client, "GET", "/api/tags", NULL, self->cancellable,
                                   listed_cb, g_object_ref (self));
}

typedef struct {
  HeadroomModelLibrary *self;
  char *model;
} Described;

static void
described_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Described *data = user_data;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, NULL);
  guint max_ctx = text != NULL ? headroom_model_wire_parse_max_ctx (text) : 0;

  if (max_ctx > 0)
    g_signal_emit (data->self, signals[DESCRIBED], 0, data->model, max_ctx);
  g_object_unref (data->self);
  g_free (data->model);
  g_free (data);
}

/* Asks about one model; "described" follows where the engine knows it. What is wrong with a model
 * its plan tells. */
void
headroom_model_library_describe (HeadroomModelLibrary *self, const char *model)
{
  g_autofree char *body = headroom_model_wire_named (model);
  Described *data;

  g_return_if_fail (HEADROOM_IS_MODEL_LIBRARY (self));
  if (self->client == NULL)
    return;
  data = g_new (Described, 1);
  data->self = g_object_ref (self);
  data->model = g_strdup (model);
  headroom_client_request_async (self->client, "POST", "/api/show", body, self->cancellable,
                                 described_cb, data);
}
