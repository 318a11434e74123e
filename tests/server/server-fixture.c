/* server-fixture.c: see server-fixture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "server-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tiny-model.h"

static char *runtime_dir;

void
server_fixture_init (void)
{
  runtime_dir = g_dir_make_tmp ("headroom-run-XXXXXX", NULL);
  g_setenv ("XDG_RUNTIME_DIR", runtime_dir, TRUE);
  g_setenv ("XDG_DATA_HOME", runtime_dir, TRUE);
  g_setenv ("XDG_STATE_HOME", runtime_dir, TRUE);
  g_setenv ("XDG_CONFIG_HOME", runtime_dir, TRUE);
  g_setenv ("XDG_CACHE_HOME", runtime_dir, TRUE);
  g_unsetenv ("OLLAMA_HOST");
  g_unsetenv ("HEADROOM_HOST");
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);
    if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
      remove_tree (child);
    else
      g_unlink (child);
  }
  g_rmdir (path);
}

void
server_fixture_finish (void)
{
  remove_tree (runtime_dir);
  g_free (runtime_dir);
}

/* ---- Stores ---- */

static void
add_model (const char *loose, const char *name, const TinyModel *model)
{
  g_autofree char *file = g_strconcat (name, ".gguf", NULL);
  g_autofree char *path = g_build_filename (loose, file, NULL);

  tiny_model_write (model, path);
}

HeadroomStore *
server_store_new (char **ret_root, char **ret_loose)
{
  g_autoptr (GError) error = NULL;

  *ret_root = g_dir_make_tmp ("headroom-store-XXXXXX", &error);
  g_assert_no_error (error);
  *ret_loose = g_dir_make_tmp ("headroom-loose-XXXXXX", &error);
  g_assert_no_error (error);
  add_model (*ret_loose, "tiny", &tiny_model_default);
  add_model (*ret_loose, "other", &tiny_model_default);
  return headroom_store_new (*ret_root, *ret_loose);
}

void
server_store_remove (char *take_root, char *take_loose)
{
  remove_tree (take_root);
  remove_tree (take_loose);
  g_free (take_root);
  g_free (take_loose);
}

void
server_add_endless_models (const char *loose)
{
  TinyModel slow = tiny_model_default, endless = tiny_model_default;

  endless.n_ctx = 8192;
  endless.std = 0;
  add_model (loose, "endless", &endless);

  slow.type = HR_TYPE_Q8_0;
  slow.n_layer = 6;
  slow.n_embd = 512;
  slow.n_ff = 1536;
  slow.n_head = slow.n_head_kv = 8;
  slow.head_dim = 64;
  slow.n_ctx = 16384;
  slow.std = 0;
  add_model (loose, "slow", &slow);
}

/* ---- Servers ---- */

void
server_setup (Server *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUri) uri = NULL;

  self->store = server_store_new (&self->root, &self->loose);
  self->server = headroom_server_new (self->store);
  headroom_server_set_silence_seconds (self->server, 1);
  headroom_server_start (self->server, &error);
  g_assert_no_error (error);
  self->uri = headroom_server_listen (self->server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  self->socket_path = headroom_server_dup_socket_path (self->store, &error);
  g_assert_no_error (error);
  uri = g_uri_parse (self->uri, G_URI_FLAGS_NONE, &error);
  g_assert_no_error (error);
  self->port = (guint16) g_uri_get_port (uri);
  self->client = headroom_client_new_for_uri (self->uri);
  self->local = headroom_client_new_for_socket (self->socket_path);
}

void
server_teardown (Server *self, gconstpointer data)
{
  g_clear_object (&self->client);
  g_clear_object (&self->local);
  headroom_server_stop (self->server);
  g_assert_false (g_file_test (self->socket_path, G_FILE_TEST_EXISTS));
  g_assert_finalize_object (self->server);
  g_clear_object (&self->store);
  server_store_remove (self->root, self->loose);
  g_free (self->uri);
  g_free (self->socket_path);
}

/* ---- Asking ---- */

static HrValue *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  HrValue *json = headroom_json_parse (text, -1, FALSE, &error);

  g_assert_no_error (error);
  return json;
}

static HrValue *
ask (HeadroomClient *client, const char *method, const char *path, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request (client, method, path, body, NULL, &error);

  g_assert_no_error (error);
  return parse (text);
}

HrValue *
server_post (Server *self, const char *path, const char *body)
{
  return ask (self->client, "POST", path, body);
}

HrValue *
server_get (Server *self, const char *path)
{
  return ask (self->client, "GET", path, NULL);
}

char *
server_post_fails (Server *self, const char *path, const char *body, HeadroomClientError code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request (self->client, "POST", path, body, NULL, &error);

  g_assert_null (text);
  g_assert_error (error, HEADROOM_CLIENT_ERROR, (int) code);
  return g_strdup (error->message);
}

static void
keep_line (const char *line, gpointer data)
{
  if (g_str_has_prefix (line, "event: ")) /* the data names its type as well */
    return;
  g_ptr_array_add (data, g_str_equal (line, "[DONE]") ? hr_value_new_string (line, -1, false)
                                                      : parse (line));
}

GPtrArray *
server_stream (Server *self, const char *path, const char *body)
{
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) hr_value_unref);
  g_autoptr (GError) error = NULL;

  headroom_client_stream (self->client, path, body, keep_line, records, NULL, &error);
  g_assert_no_error (error);
  return records;
}

HrValue *
json_at (HrValue *value, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, ".", -1);

  for (char **part = parts; *part != NULL && value != NULL; part++) {
    if (hr_value_kind (value) == HR_VALUE_LIST) {
      gsize index = (gsize) g_ascii_strtoull (*part, NULL, 10);
      value = index < hr_value_size (value) ? hr_value_at (value, index) : NULL;
    } else {
      value = hr_value_kind (value) == HR_VALUE_DICT ? hr_value_lookup (value, *part) : NULL;
    }
  }
  return value;
}

const char *
json_text (HrValue *value, const char *path)
{
  HrValue *found = json_at (value, path);

  return found != NULL && hr_value_kind (found) == HR_VALUE_STRING
             ? hr_value_get_string (found, NULL)
             : NULL;
}

gint64
json_number (HrValue *value, const char *path)
{
  HrValue *found = json_at (value, path);

  g_assert_nonnull (found);
  return hr_value_get_int (found);
}

/* ---- Waiting ---- */

void
server_wait_until (Server *self, gboolean (*condition) (HrValue *status, gpointer data),
                   gpointer data)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_SECONDS * G_USEC_PER_SEC;

  for (;;) {
    g_autoptr (HrValue) status = ask (self->local, "GET", "/headroom/status", NULL);
    if (condition (status, data))
      return;
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    g_usleep (10 * 1000);
  }
}

static guint64
count (HrValue *status, const char *what)
{
  HrValue *models = json_at (status, "models");
  guint64 n = 0;

  for (gsize i = 0; i < hr_value_size (models); i++) {
    HrValue *value = json_at (hr_value_at (models, i), what);
    n += value != NULL ? (guint64) hr_value_get_int (value) : 0;
  }
  return n;
}

gboolean
nothing_runs (HrValue *status, gpointer data)
{
  return count (status, "slots.active") == 0 && count (status, "slots.queued") == 0 &&
         count (status, "requests") == 0;
}

gboolean
something_runs (HrValue *status, gpointer data)
{
  return count (status, "slots.active") > 0;
}

gboolean
nothing_is_loaded (HrValue *status, gpointer data)
{
  return hr_value_size (json_at (status, "models")) == 0;
}

/* ---- Raw bytes ---- */

static char *
exchange (Server *self, const char *text, gssize len, gboolean whole)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection =
    g_socket_client_connect_to_host (client, "127.0.0.1", self->port, NULL, &error);
  GString *answer = g_string_new (NULL);
  char buffer[4096];
  gssize n;

  g_assert_no_error (error);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), text,
                             len < 0 ? strlen (text) : (gsize) len, NULL, NULL, NULL);
  g_socket_set_timeout (g_socket_connection_get_socket (connection), 5);
  while ((whole || strstr (answer->str, "\r\n\r\n") == NULL) &&
         (n = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), buffer,
                                   sizeof buffer, NULL, NULL)) > 0)
    g_string_append_len (answer, buffer, n);
  return g_string_free (answer, FALSE);
}

char *
server_raw (Server *self, const char *text, gssize len)
{
  return exchange (self, text, len, FALSE);
}

char *
server_raw_whole (Server *self, const char *text, gssize len)
{
  return exchange (self, text, len, TRUE);
}

guint
server_ask (Server *self, const char *method, const char *path, const char *headers,
            const char *body, char **ret_body)
{
  g_autofree char *text = g_strdup_printf (
      "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%sContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      method, path, headers, strlen (body), body);
  g_autofree char *answer = server_raw_whole (self, text, -1);
  const char *end = strstr (answer, "\r\n\r\n");

  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 ") && end != NULL);
  *ret_body = g_strdup (end + strlen ("\r\n\r\n"));
  return (guint) g_ascii_strtoull (answer + strlen ("HTTP/1.1 "), NULL, 10);
}

GSocketConnection *
server_connect (Server *s)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", s->port, NULL, &error);

  g_assert_no_error (error);
  g_socket_set_timeout (g_socket_connection_get_socket (connection), PATIENCE_SECONDS);
  return connection;
}

gboolean
server_send (GSocketConnection *connection, const char *text, gsize len)
{
  return g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), text,
                                    len, NULL, NULL, NULL);
}
