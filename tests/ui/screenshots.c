/* screenshots.c: draws the window at several widths, light and dark, into PNG files, to be looked
 * at.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ui-screenshots FOLDER [SCENE]: with what a made-up engine says. Not a test by itself: it shows
 * what tests cannot judge. ui-screenshots --real STORE FILE.png [MEMORY.png]: with the real engine
 * and the first model in a folder, as the README shows it. The page of memory finds the model where
 * STORE is $XDG_DATA_HOME/headroom/models.
 */
#include "fake-engine.h"
#include "headroom-composer.h"
#include "headroom-memory-page.h"
#include "headroom-session.h"
#include "headroom-window.h"
#include "window-support.h"

typedef struct {
  const char *name;
  void (*prepare) (FakeEngine *engine);
  gboolean asks;     /* a question is sent and its answer waited for */
  const char *popover; /* an action that opens one, drawn into a file of its own */
  const char *page;    /* of the window; NULL: the chat */
  double scroll;       /* how far down, 0 to 1 */
} Scene;

static void
prepare_nothing (FakeEngine *engine)
{
}

static void
prepare_no_model (FakeEngine *engine)
{
  g_free (engine->tags);
  engine->tags = g_strdup ("{\"models\":[]}");
}

static void
prepare_failure (FakeEngine *engine)
{
  engine->chat_error = g_strdup (
      "{\"error\":\"llama3.1:70b needs 39.6 GiB and 9.8 GiB are free. Choose a context of at most "
      "2048 tokens, or a smaller model.\"}");
}

static void
prepare_misfit (FakeEngine *engine)
{
  g_free (engine->plan);
  engine->plan = fake_plan (12.0, 4.0, 0.3, FALSE);
}

static void
prepare_requests (FakeEngine *engine)
{
  engine->requests = g_strdup (
      "{\"requests\":[{\"id\":7,\"client\":\"python3\",\"model\":\"llama3.1:8b\",\"state\":\"answering\","
      "\"num_ctx\":8192,\"prompt_tokens\":310,\"read_tokens\":310,\"generated_tokens\":42,"
      "\"running_ms\":3900},{\"id\":8,\"client\":\"code\",\"model\":\"qwen2.5:7b\",\"state\":\"reading\","
      "\"num_ctx\":32768,\"prompt_tokens\":12040,\"read_tokens\":5120,\"running_ms\":2100}]}");
}

static const Scene scenes[] = {
  { "empty", prepare_nothing, FALSE, NULL },
  { "no-model", prepare_no_model, FALSE, NULL },
  { "chat", prepare_nothing, TRUE, NULL },
  { "failed", prepare_failure, TRUE, NULL },
  { "misfit", prepare_misfit, TRUE, NULL },
  { "settings", prepare_nothing, FALSE, "win.settings" },
  { "memory", prepare_misfit, FALSE, "win.memory" },
  { "page-server", prepare_requests, FALSE, NULL, "server", 0 },
  { "page-memory", prepare_nothing, FALSE, NULL, "memory", 0 },
  { "page-memory-end", prepare_nothing, FALSE, NULL, "memory", 1 },
  { "page-memory-middle", prepare_nothing, FALSE, NULL, "memory", 0.33 },
};

static GtkWidget *
find_open_popover (GtkWidget *widget)
{
  if (GTK_IS_POPOVER (widget) && gtk_widget_get_mapped (widget))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    GtkWidget *found = find_open_popover (child);
    if (found != NULL)
      return found;
  }
  return NULL;
}

/* Turns to a page with the model that HEADROOM_TEST_MODEL names, so that there is something to
 * plan. */
static void
show_page (WindowFixture *fixture, const Scene *scene)
{
  const char *model = g_getenv ("HEADROOM_TEST_MODEL");
  GtkWidget *page;
  GtkAdjustment *adjustment;

  if (model != NULL)
    headroom_window_choose_model (fixture->window, model);
  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-page", "s", scene->page);
  window_fixture_settle (fixture, 900);
  if (!g_str_equal (scene->page, "memory")) {
    headroom_window_set_server_uri (fixture->window, "http://127.0.0.1:11434");
    window_fixture_settle (fixture, 1500);
    return;
  }
  page = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_PAGE, 0);
  adjustment = gtk_scrolled_window_get_vadjustment (
      GTK_SCROLLED_WINDOW (window_find (page, GTK_TYPE_SCROLLED_WINDOW, 0)));
  gtk_adjustment_set_value (adjustment, scene->scroll * gtk_adjustment_get_upper (adjustment));
  window_fixture_settle (fixture, 300);
}

static void
shoot (const Scene *scene, const char *folder, int width, int height, gboolean dark)
{
  g_autoptr (WindowFixture) fixture = NULL;
  g_autofree char *file =
      g_strdup_printf ("%s/%s-%d-%s.png", folder, scene->name, width, dark ? "dark" : "light");
  FakeEngine *engine = fake_engine_new_typical ();
  GtkWidget *target;

  scene->prepare (engine);
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      dark ? ADW_COLOR_SCHEME_FORCE_DARK
                                           : ADW_COLOR_SCHEME_FORCE_LIGHT);
  fixture = window_fixture_new (engine, width, height);
  window_fixture_settle (fixture, 700);
  if (scene->asks) {
    window_fixture_type (fixture, "How much memory does a context of 32k tokens take, and why?");
    window_fixture_settle (fixture, 300);
    window_fixture_wait_idle (fixture);
    window_fixture_settle (fixture, 400);
  }
  if (scene->page != NULL)
    show_page (fixture, scene);
  target = GTK_WIDGET (fixture->window);
  if (scene->popover != NULL) {
    gtk_widget_activate_action (target, scene->popover, NULL);
    window_fixture_settle (fixture, 400);
    target = find_open_popover (target);
  }
  if (target == NULL)
    g_printerr ("%s: nothing to draw\n", file);
  else
    window_save_png (target, file);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  *(HeadroomSession **) user_data = headroom_session_open_finish (result, &error);
  g_assert_no_error (error);
}

/* memory_file: (nullable): where the page of memory is drawn to, too */
static void
shoot_real (const char *models, const char *file, const char *memory_file)
{
  g_autofree char *root = g_build_filename (models, "store", NULL);
  g_autoptr (HeadroomStore) store = headroom_store_new (root, models);
  g_autoptr (HeadroomSession) session = NULL;
  g_autoptr (WindowFixture) fixture = NULL;

  headroom_session_open_for_store_async (store, HEADROOM_SESSION_PLAIN, NULL, opened_cb, &session);
  while (session == NULL)
    g_main_context_iteration (NULL, TRUE);
  fixture = window_fixture_new (NULL, 1280, 800);
  g_settings_set_double (fixture->settings, "temperature", 0);
  window_fixture_set_client (fixture, headroom_session_get_client (session));
  window_fixture_wait_model (fixture);
  window_fixture_type (fixture, "List three facts about the ocean.");
  window_fixture_wait_idle (fixture);
  window_fixture_type (fixture, "Write a Python function that adds two numbers.");
  window_fixture_wait_idle (fixture);
  window_fixture_settle (fixture, 2000);
  window_save_png (GTK_WIDGET (fixture->window), file);
  if (memory_file != NULL) {
    gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-page", "s", "memory");
    window_fixture_settle (fixture, 3000);
    window_save_png (GTK_WIDGET (fixture->window), memory_file);
  }
}

int
main (int argc, char **argv)
{
  static const int sizes[][2] = { { 360, 640 }, { 800, 700 }, { 1280, 800 } };

  if (argc < 2 || !gtk_init_check ()) {
    g_printerr ("usage: ui-screenshots FOLDER [SCENE] (with a display)\n");
    return 1;
  }
  adw_init ();
  if (argc >= 4 && g_str_equal (argv[1], "--real")) {
    shoot_real (argv[2], argv[3], argc > 4 ? argv[4] : NULL);
    return 0;
  }
  g_mkdir_with_parents (argv[1], 0755);
  for (gsize i = 0; i < G_N_ELEMENTS (scenes); i++)
    for (gsize size = 0; size < G_N_ELEMENTS (sizes); size++)
      for (int dark = 0; dark < 2; dark++)
        if (argc < 3 || g_str_equal (argv[2], scenes[i].name))
          shoot (&scenes[i], argv[1], sizes[size][0], sizes[size][1], dark);
  return 0;
}
