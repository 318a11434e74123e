/* engine-support.c: the real engine for tests of the window, in a folder of its own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "engine-support.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define REAL_MODEL "SmolLM2-135M-Instruct.Q4_1.gguf"

/* ---- Set-up ---------------------------------------------------------------------------------- */

char *
engine_find_real_model (void)
{
  const char *named = g_getenv ("HEADROOM_TEST_MODEL");
  g_autofree char *path =
      named != NULL
          ? g_strdup (named)
          : g_build_filename (g_get_user_data_dir (), "headroom", "models", REAL_MODEL, NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer (&path) : NULL;
}

void
engine_fixture_init (EngineFixture *fixture)
{
  static const char *const variables[] = { "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME",
                                           "XDG_CACHE_HOME", "XDG_DATA_HOME" };
  g_autofree char *own = NULL, *models = NULL;
  g_autoptr (GError) error = NULL;

  fixture->session = NULL;
  fixture->folder = g_dir_make_tmp ("headroom-engine-XXXXXX", &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (variables); i++)
    g_setenv (variables[i], fixture->folder, TRUE);
  g_chmod (fixture->folder, 0700);
  own = engine_fixture_dup_path (fixture, "headroom");
  models = g_build_filename (own, "models", NULL);
  g_assert_cmpint (g_mkdir (own, 0700), ==, 0);
  g_assert_cmpint (symlink (fixture->folder, models), ==, 0);
}

char *
engine_fixture_dup_path (EngineFixture *fixture, const char *file)
{
  return g_build_filename (fixture->folder, file, NULL);
}

void
engine_fixture_add (EngineFixture *fixture, const char *file, const TinyModel *model)
{
  g_autofree char *path = engine_fixture_dup_path (fixture, file);

  tiny_model_write (model, path);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  EngineFixture *fixture = user_data;
  g_autoptr (GError) error = NULL;

  fixture->session = headroom_session_open_finish (result, &error);
  g_assert_no_error (error);
}

void
engine_fixture_open (EngineFixture *fixture)
{
  g_autofree char *root = engine_fixture_dup_path (fixture, "store");
  g_autoptr (HeadroomStore) store = headroom_store_new (root, fixture->folder);

  headroom_session_open_for_store_async (store, HEADROOM_SESSION_PLAIN, NULL, opened_cb, fixture);
  while (fixture->session == NULL)
    g_main_context_iteration (NULL, TRUE);
}

void
engine_fixture_clear (EngineFixture *fixture)
{
  if (fixture->session != NULL)
    headroom_session_close (fixture->session);
  g_clear_object (&fixture->session);
  window_remove_folder (fixture->folder);
  g_clear_pointer (&fixture->folder, g_free);
}

WindowFixture *
engine_fixture_open_window (EngineFixture *fixture)
{
  static const char *const keys[] = { "num-ctx", "last-model", "parallel", "keep-alive" };
  WindowFixture *window = window_fixture_new (NULL, 800, 640);

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    g_settings_reset (window->settings, keys[i]);
  window_fixture_set_client (window, headroom_session_get_client (fixture->session));
  window_fixture_wait_model (window);
  return window;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

HrValue *
engine_fixture_ask (EngineFixture *fixture, const char *method, const char *path, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request (headroom_session_get_client (fixture->session),
                                                   method, path, body, NULL, &error);
  HrValue *json;

  g_assert_no_error (error);
  json = headroom_json_parse (text, -1, FALSE, &error);
  g_assert_no_error (error);
  return json;
}

void
engine_fixture_load (EngineFixture *fixture, const char *model, const char *rest)
{
  g_autofree char *body = g_strdup_printf ("{\"model\":\"%s\",\"stream\":false%s}", model, rest);
  g_autoptr (HrValue) answer = engine_fixture_ask (fixture, "POST", "/api/generate", body);

  g_assert_null (headroom_json_get_string (answer, "error"));
}

gsize
engine_fixture_count_models (EngineFixture *fixture)
{
  g_autoptr (HrValue) status = engine_fixture_ask (fixture, "GET", "/headroom/status", NULL);

  return hr_value_size (hr_value_lookup (status, "models"));
}

HrValue *
engine_fixture_find_model (EngineFixture *fixture, const char *name)
{
  g_autoptr (HrValue) status = engine_fixture_ask (fixture, "GET", "/headroom/status", NULL);
  HrValue *models = hr_value_lookup (status, "models");

  for (gsize i = 0; i < hr_value_size (models); i++) {
    HrValue *model = hr_value_at (models, i);
    if (g_str_has_prefix (headroom_json_get_string (model, "name"), name))
      return hr_value_ref (model);
  }
  return NULL;
}

gboolean
engine_fixture_has_event (EngineFixture *fixture, const char *kind)
{
  g_autoptr (HrValue) status = engine_fixture_ask (fixture, "GET", "/headroom/status", NULL);
  HrValue *events = hr_value_lookup (status, "events");

  for (gsize i = 0; i < hr_value_size (events); i++)
    if (g_str_equal (headroom_json_get_string (hr_value_at (events, i), "kind"), kind))
      return TRUE;
  return FALSE;
}
