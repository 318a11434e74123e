/* headroom-route-blob.c: uploading the files that models are made of.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A blob may be larger than memory: its body goes to the disk as it arrives, before there is an
 * exchange.
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-model-name.h"
#include "headroom-store-upload.h"
#include "headroom-wire.h"

#define BLOB_PATH "/api/blobs/"
#define UPLOAD_KEY "headroom-upload"

static void
got_chunk_cb (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  gsize len;
  const char *bytes = g_bytes_get_data (chunk, &len);

  headroom_store_upload_write (data, bytes, len);
}

gboolean
headroom_route_blob_begin (HeadroomService *service, SoupServerMessage *message, const char *path)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  goffset announced = soup_message_headers_get_content_length (headers);
  HeadroomStoreUpload *upload;
  g_autoptr (GError) error = NULL;

  if (!g_str_has_prefix (path, BLOB_PATH) ||
      !g_str_equal (soup_server_message_get_method (message), "POST"))
    return FALSE;
  soup_message_body_set_accumulate (body, FALSE);
  upload = headroom_store_upload_new (service->store, path + strlen (BLOB_PATH),
                                      (guint64) MAX (announced, 0), &error);
  if (upload == NULL) {
    g_object_set_data_full (G_OBJECT (message), UPLOAD_KEY "-error", g_steal_pointer (&error),
                            (GDestroyNotify) g_error_free);
    return TRUE;
  }
  g_object_set_data_full (G_OBJECT (message), UPLOAD_KEY, upload,
                          (GDestroyNotify) headroom_store_upload_free);
  g_signal_connect (message, "got-chunk", G_CALLBACK (got_chunk_cb), upload);
  return TRUE;
}

typedef struct {
  HeadroomStoreUpload *upload;
  gboolean was_there;
} Blob;

static void
blob_free (gpointer data)
{
  Blob *blob = data;

  headroom_store_upload_free (blob->upload);
  g_free (blob);
}

static gpointer
finish_work (HeadroomExchange *exchange, gpointer data, GError **error)
{
  Blob *blob = data;
  const char *digest = headroom_exchange_get_path (exchange) + strlen (BLOB_PATH);
  g_autofree char *there =
      headroom_store_dup_blob_path (headroom_exchange_get_service (exchange)->store, digest);

  blob->was_there = there != NULL;
  headroom_store_upload_finish (blob->upload, error);
  return NULL;
}

static void
finish_done (HeadroomExchange *exchange, gpointer take_result, gpointer take_data)
{
  headroom_exchange_reply (exchange,
                           ((Blob *) take_data)->was_there ? SOUP_STATUS_OK : SOUP_STATUS_CREATED,
                           NULL, NULL);
  blob_free (take_data);
}

void
headroom_route_blob_upload (HeadroomExchange *exchange)
{
  SoupServerMessage *message = headroom_exchange_get_message (exchange);
  GError *error = g_object_get_data (G_OBJECT (message), UPLOAD_KEY "-error");
  Blob *blob;

  if (error != NULL) {
    headroom_exchange_reply_error (exchange, error);
    return;
  }
  blob = g_new0 (Blob, 1);
  blob->upload = g_object_steal_data (G_OBJECT (message), UPLOAD_KEY);
  g_signal_handlers_disconnect_by_data (message, blob->upload);
  headroom_exchange_work (exchange, finish_work, finish_done, blob, blob_free, NULL);
}

void
headroom_route_blob_head (HeadroomExchange *exchange)
{
  const char *digest = headroom_exchange_get_path (exchange) + strlen (BLOB_PATH);
  g_autofree char *path = NULL, *message = NULL;

  if (!headroom_digest_is_valid (digest)) {
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_BAD_REQUEST, "invalid digest format");
    return;
  }
  path = headroom_store_dup_blob_path (headroom_exchange_get_service (exchange)->store, digest);
  message = g_strdup_printf ("blob \"%s\" not found", digest);
  if (path != NULL)
    headroom_exchange_reply (exchange, SOUP_STATUS_OK, NULL, NULL);
  else
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_NOT_FOUND, message);
}
