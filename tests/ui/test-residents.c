/* test-residents.c: models in memory, in the real window in front of the real engine: eviction with
 * its toast, pinning, unloading, and settings that are applied to a loaded model.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two tiny models with made-up weights, of which only one may be in memory at a time.
 */
#include "headroom-cost-group.h"
#include "headroom-json.h"
#include "headroom-memory-page.h"
#include "headroom-resident-row.h"
#include "headroom-session.h"
#include "headroom-slider-row.h"
#include "headroom-slot-strip.h"
#include "tiny-model.h"
#include "window-support.h"

#include <glib/gstdio.h>

static char *folder; /* of loose models */
static HeadroomSession *session;

/* ---- Set-up ---------------------------------------------------------------------------------- */

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  session = headroom_session_open_finish (result, &error);
  g_assert_no_error (error);
}

static void
open_session (void)
{
  g_autofree char *root = g_build_filename (folder, "store", NULL);
  g_autofree char *first = g_build_filename (folder, "first.gguf", NULL),
                  *second = g_build_filename (folder, "second.gguf", NULL);
  g_autoptr (HeadroomStore) store = headroom_store_new (root, folder);

  tiny_model_write (&tiny_model_default, first);
  tiny_model_write (&tiny_model_default, second);
  headroom_session_open_for_store_async (store, HEADROOM_SESSION_PLAIN, NULL, opened_cb, NULL);
  while (session == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static WindowFixture *
open_window (void)
{
  WindowFixture *fixture = window_fixture_new (NULL, 800, 640);

  g_settings_reset (fixture->settings, "num-ctx");
  g_settings_reset (fixture->settings, "last-model");
  window_fixture_set_client (fixture, headroom_session_get_client (session));
  window_fixture_wait_model (fixture);
  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-page", "s", "memory");
  return fixture;
}

/* ---- The engine ------------------------------------------------------------------------------ */

static HrValue *
ask (const char *method, const char *path, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request (headroom_session_get_client (session), method,
                                                   path, body, NULL, &error);
  HrValue *json;

  g_assert_no_error (error);
  json = headroom_json_parse (text, -1, FALSE, &error);
  g_assert_no_error (error);
  return json;
}

/* As another program does, which knows nothing of the window. */
static void
load (const char *model, const char *rest)
{
  g_autofree char *body = g_strdup_printf ("{\"model\":\"%s\",\"stream\":false%s}", model, rest);
  g_autoptr (HrValue) answer = ask ("POST", "/api/generate", body);

  g_assert_null (headroom_json_get_string (answer, "error"));
}

/* The only model in memory, or NULL; with what was heard, which the caller frees. */
static HrValue *
find_only (HrValue **ret_status)
{
  HrValue *models;

  *ret_status = ask ("GET", "/headroom/status", NULL);
  models = hr_value_lookup (*ret_status, "models");
  return hr_value_size (models) == 1 ? hr_value_at (models, 0) : NULL;
}

static gboolean
is_loaded (const char *name, gboolean pinned)
{
  g_autoptr (HrValue) status = NULL;
  HrValue *model = find_only (&status);

  return model != NULL && g_str_has_prefix (headroom_json_get_string (model, "name"), name) &&
         g_str_equal (headroom_json_get_string (model, "state"), "ready") &&
         (hr_value_kind (hr_value_lookup (model, "until")) == HR_VALUE_NULL) == pinned;
}

static gint64
loaded_num_ctx (void)
{
  g_autoptr (HrValue) status = NULL;
  HrValue *model = find_only (&status);

  return model != NULL ? headroom_json_get_int (hr_value_lookup (model, "settings"), "num_ctx", 0)
                       : 0;
}

static gboolean
is_empty (void)
{
  g_autoptr (HrValue) status = ask ("GET", "/headroom/status", NULL);

  return hr_value_size (hr_value_lookup (status, "models")) == 0;
}

static gboolean
has_event (const char *kind)
{
  g_autoptr (HrValue) status = ask ("GET", "/headroom/status", NULL);
  HrValue *events = hr_value_lookup (status, "events");

  for (size_t i = 0; i < hr_value_size (events); i++)
    if (g_str_equal (headroom_json_get_string (hr_value_at (events, i), "kind"), kind))
      return TRUE;
  return FALSE;
}

/* ---- Widgets --------------------------------------------------------------------------------- */

static GtkWidget *
find_button (GtkWidget *root, const char *text)
{
  for (guint i = 0;; i++) {
    GtkWidget *button = window_find (root, GTK_TYPE_BUTTON, i);
    if (button == NULL || g_strcmp0 (gtk_button_get_label (GTK_BUTTON (button)), text) == 0 ||
        g_strcmp0 (gtk_widget_get_tooltip_text (button), text) == 0)
      return button;
  }
}

static void
click (GtkWidget *root, const char *text)
{
  GtkWidget *button = find_button (root, text);

  g_assert_nonnull (button);
  g_signal_emit_by_name (button, "clicked");
}

static GtkWidget *
get_row (WindowFixture *fixture)
{
  return window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_RESIDENT_ROW, 0);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

/* Another program's model takes the place of one that is here: what, for whom, and both ways back.
 */
static void
test_eviction (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  GtkWidget *window = GTK_WIDGET (fixture->window);

  load ("first", "");
  window_fixture_wait_until (fixture, get_row (fixture) != NULL &&
                                          window_shows (get_row (fixture), "first"));
  load ("second", "");
  window_fixture_wait_until (fixture,
                             window_shows (window, "first:latest was unloaded for second"));
  click (window, "_Reload");
  window_fixture_wait_until (fixture, is_loaded ("first", FALSE));
  window_fixture_wait_until (fixture,
                             window_shows (window, "second:latest was unloaded for first"));
  click (window, "Load second:latest again and keep it in memory");
  window_fixture_wait_until (fixture, is_loaded ("second", TRUE));
  window_fixture_wait_until (fixture, window_shows (get_row (fixture), "stays"));
}

static void
test_pin_and_unload (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();

  window_fixture_wait_until (fixture, get_row (fixture) != NULL &&
                                          window_shows (get_row (fixture), "stays"));
  click (get_row (fixture), "Let It Go When Idle");
  window_fixture_wait_until (fixture, is_loaded ("second", FALSE));
  window_fixture_wait_until (fixture, window_shows (get_row (fixture), "goes in"));
  click (get_row (fixture), "Unload");
  window_fixture_wait_until (fixture, is_empty ());
  window_fixture_wait_until (fixture, get_row (fixture) == NULL);
}

/* What a slot holds is told by its number and drawn; bytes are the plan's. */
static void
test_details (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  g_autoptr (HrValue) status = NULL;
  g_autofree char *bytes = NULL;
  GtkWidget *slots;

  load ("first", ",\"prompt\":\"Hello\",\"options\":{\"num_predict\":4,\"num_ctx\":512}");
  window_fixture_wait_until (fixture, get_row (fixture) != NULL &&
                                          window_shows (get_row (fixture), "first"));
  slots = window_find (get_row (fixture), HEADROOM_TYPE_SLOT_STRIP, 0);
  window_fixture_wait_until (fixture,
                             strstr (headroom_slot_strip_get_text (HEADROOM_SLOT_STRIP (slots)),
                                     "of 512 tokens") != NULL);
  g_assert_true (gtk_test_accessible_has_property (GTK_ACCESSIBLE (slots),
                                                   GTK_ACCESSIBLE_PROPERTY_DESCRIPTION));
  bytes = headroom_memory_format_exact (
      (guint64) headroom_json_get_int (hr_value_lookup (find_only (&status), "bytes"), "total", 0));
  g_assert_true (window_shows (get_row (fixture), bytes));
}

/* Applying another context changes the model that is loaded, in its place. */
static void
test_apply (void)
{
  g_autoptr (WindowFixture) fixture = open_window ();
  GtkWidget *page = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_PAGE, 0);
  GtkWidget *cost = window_find (page, HEADROOM_TYPE_COST_GROUP, 0);
  HeadroomSliderRow *row = HEADROOM_SLIDER_ROW (window_find (page, HEADROOM_TYPE_SLIDER_ROW, 0));
  g_autofree char *path = g_build_filename (folder, "first.gguf", NULL);

  load ("first", ",\"options\":{\"num_ctx\":512}");
  headroom_window_choose_model (fixture->window, path);
  window_fixture_wait_until (fixture, *headroom_slider_row_get_cost (row) != '\0' &&
                                          is_loaded ("first", FALSE));
  window_fixture_wait_until (fixture, window_shows (get_row (fixture), "first"));
  headroom_slider_row_set_value (row, 1024);
  click (cost, "_Apply");
  window_fixture_wait_until (fixture, loaded_num_ctx () == 1024);
  window_fixture_settle (fixture, 500); /* the last request about it is on its way */
  g_assert_true (has_event ("resize"));
  g_assert_false (has_event ("reload"));
  g_assert_cmpint (g_settings_get_int (fixture->settings, "num-ctx"), ==, 1024);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ()) {
    g_print ("1..0 # SKIP no display\n");
    return 0;
  }
  adw_init ();
  folder = g_dir_make_tmp ("headroom-residents-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("XDG_RUNTIME_DIR", folder, TRUE);
  g_setenv ("XDG_STATE_HOME", folder, TRUE);
  g_setenv ("XDG_CONFIG_HOME", folder, TRUE);
  g_setenv ("XDG_CACHE_HOME", folder, TRUE);
  g_setenv ("HEADROOM_MAX_LOADED_MODELS", "1", TRUE);
  g_chmod (folder, 0700);
  open_session ();
  g_test_add_func ("/residents/eviction", test_eviction);
  g_test_add_func ("/residents/pin-and-unload", test_pin_and_unload);
  g_test_add_func ("/residents/details", test_details);
  g_test_add_func ("/residents/apply", test_apply);
  status = g_test_run ();
  headroom_session_close (session);
  g_clear_object (&session);
  window_remove_folder (folder);
  return status;
}
