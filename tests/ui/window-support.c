/* window-support.c: opens the real window for a test and does what a person would do with it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "window-support.h"

#include "headroom-application.h"
#include "headroom-composer.h"
#include "headroom-message-row.h"
#include "headroom-model-chooser.h"
#include "headroom-settings.h"

#include <glib/gstdio.h>

#define GIB (1024.0 * 1024 * 1024)

/* ---- Time ------------------------------------------------------------------------------------ */

static gboolean
flag_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Lets the main loop run for a while. */
void
window_fixture_settle (WindowFixture *fixture, guint msec)
{
  gboolean over = FALSE;

  g_timeout_add (msec, flag_cb, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

/* ---- Widgets --------------------------------------------------------------------------------- */

static GtkWidget *
find (GtkWidget *widget, GType type, guint *nth)
{
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type) && (*nth)-- == 0)
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    GtkWidget *found = find (child, type, nth);
    if (found != NULL)
      return found;
  }
  return NULL;
}

/* The nth widget of a type, from top to bottom; NULL if there are fewer. */
GtkWidget *
window_find (GtkWidget *root, GType type, guint nth)
{
  return find (root, type, &nth);
}

static void
collect_text (GtkWidget *widget, GString *text)
{
  if (!gtk_widget_get_visible (widget))
    return;
  if (GTK_IS_LABEL (widget))
    g_string_append_printf (text, "%s\n", gtk_label_get_text (GTK_LABEL (widget)));
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect_text (child, text);
}

/* What a person can read below a widget, a line for each label. */
char *
window_dup_text (GtkWidget *root)
{
  GString *text = g_string_new (NULL);

  collect_text (root, text);
  return g_string_free (text, FALSE);
}

gboolean
window_shows (GtkWidget *root, const char *text)
{
  g_autofree char *seen = window_dup_text (root);

  return strstr (seen, text) != NULL;
}

GtkWidget *
window_find_button (GtkWidget *root, const char *text)
{
  for (guint i = 0;; i++) {
    GtkWidget *button = window_find (root, GTK_TYPE_BUTTON, i);
    if (button == NULL || g_strcmp0 (gtk_button_get_label (GTK_BUTTON (button)), text) == 0 ||
        g_strcmp0 (gtk_widget_get_tooltip_text (button), text) == 0)
      return button;
  }
}

void
window_click (GtkWidget *root, const char *text)
{
  GtkWidget *button = window_find_button (root, text);

  g_assert_nonnull (button);
  g_signal_emit_by_name (button, "clicked");
}

/* NULL: it has not been drawn yet. */
static GskRenderNode *
snapshot (GtkWidget *widget)
{
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (widget);
  GtkSnapshot *shot = gtk_snapshot_new ();

  gdk_paintable_snapshot (paintable, shot, gtk_widget_get_width (widget),
                          gtk_widget_get_height (widget));
  return gtk_snapshot_free_to_node (shot);
}

void
window_save_png (GtkWidget *widget, const char *file)
{
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);

  while ((node = snapshot (widget)) == NULL) {
    gtk_widget_queue_draw (widget);
    g_main_context_iteration (NULL, TRUE);
  }
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (gtk_widget_get_native (widget)),
                                         node, &GRAPHENE_RECT_INIT (0, 0, width, height));
  g_assert_true (gdk_texture_save_to_png (texture, file));
}

/* ---- Window ---------------------------------------------------------------------------------- */

/* The program itself, for its style sheet, icons and keys; not on the bus and without a session.
 * Once for a process. */
static GtkApplication *
get_application (GSettings *settings)
{
  static HeadroomApplication *application;
  g_autoptr (GError) error = NULL;

  if (application == NULL) {
    application = headroom_application_new (settings);
    g_application_set_flags (G_APPLICATION (application),
                             G_APPLICATION_NON_UNIQUE | G_APPLICATION_HANDLES_OPEN);
    g_assert_true (g_application_register (G_APPLICATION (application), NULL, &error));
  }
  return GTK_APPLICATION (application);
}

WindowFixture *
window_fixture_new (FakeEngine *take_engine, int width, int height)
{
  WindowFixture *fixture = g_new0 (WindowFixture, 1);
  GtkApplication *application;
  g_autoptr (GError) error = NULL;

  fixture->engine = take_engine;
  fixture->settings = headroom_settings_new (&error);
  g_assert_no_error (error);
  g_settings_set_int (fixture->settings, "window-width", width);
  g_settings_set_int (fixture->settings, "window-height", height);
  application = get_application (fixture->settings);
  fixture->window =
      g_object_ref (HEADROOM_WINDOW (headroom_window_new (application, fixture->settings)));
  gtk_window_present (GTK_WINDOW (fixture->window));
  if (take_engine != NULL) {
    g_autoptr (HeadroomClient) client = headroom_client_new_for_socket (take_engine->socket_path);
    window_fixture_set_client (fixture, client);
  }
  return fixture;
}

void
window_fixture_set_client (WindowFixture *fixture, HeadroomClient *client)
{
  g_set_object (&fixture->client, client);
  headroom_window_set_client (fixture->window, client);
}

void
window_fixture_free (WindowFixture *fixture)
{
  HeadroomWindow *window = fixture->window;

  gtk_window_destroy (GTK_WINDOW (window));
  g_object_add_weak_pointer (G_OBJECT (window), (gpointer *) &window);
  g_object_unref (fixture->window);
  window_fixture_wait_until (fixture, window == NULL); /* what is under way may hold it until it ends */
  g_clear_object (&fixture->client);
  g_clear_object (&fixture->settings);
  g_clear_pointer (&fixture->engine, fake_engine_free);
  g_free (fixture);
}

static GtkWidget *
composer_of (WindowFixture *fixture)
{
  return window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_COMPOSER, 0);
}

/* Types a message and sends it. */
void
window_fixture_type (WindowFixture *fixture, const char *text)
{
  HeadroomComposer *composer = HEADROOM_COMPOSER (composer_of (fixture));

  headroom_composer_set_text (composer, text);
  g_assert_true (headroom_composer_send (composer));
}

gboolean
window_fixture_is_busy (WindowFixture *fixture)
{
  GtkWidget *stack = window_find (composer_of (fixture), GTK_TYPE_STACK, 0);

  return g_str_equal (gtk_stack_get_visible_child_name (GTK_STACK (stack)), "stop");
}

/* Waits until no answer is on its way. */
void
window_fixture_wait_idle (WindowFixture *fixture)
{
  window_fixture_wait_until (fixture, !window_fixture_is_busy (fixture));
}

/* Which page is shown. */
const char *
window_fixture_get_page (WindowFixture *fixture)
{
  GtkWidget *stack;
  guint n = 0;

  do
    stack = window_find (GTK_WIDGET (fixture->window), GTK_TYPE_STACK, n++);
  while (gtk_stack_get_child_by_name (GTK_STACK (stack), "no-model") == NULL);
  return gtk_stack_get_visible_child_name (GTK_STACK (stack));
}

/* Waits until there is a model to ask. */
void
window_fixture_wait_model (WindowFixture *fixture)
{
  GtkWidget *chooser = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MODEL_CHOOSER, 0);

  window_fixture_wait_until (fixture, headroom_model_chooser_get_model (
                                          HEADROOM_MODEL_CHOOSER (chooser)) != NULL);
}

/* What a person reads in the last message. */
char *
window_fixture_dup_answer (WindowFixture *fixture)
{
  GtkWidget *row = NULL, *next;
  guint n = 0;

  while ((next = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MESSAGE_ROW, n++)) !=
         NULL)
    row = next;
  return row != NULL ? window_dup_text (row) : NULL;
}

gboolean
window_fixture_answer_has (WindowFixture *fixture, const char *text)
{
  g_autofree char *answer = window_fixture_dup_answer (fixture);

  return answer != NULL && strstr (answer, text) != NULL;
}

/* ---- Folders --------------------------------------------------------------------------------- */

/* With all that is in it; links are not followed. */
void
window_remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);
    if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
      window_remove_folder (child);
    else
      g_unlink (child);
  }
  g_rmdir (path);
}

/* ---- A typical engine ------------------------------------------------------------------------ */

char *
fake_plan (double weights_gib, double cache_gib, double compute_gib, gboolean fits)
{
  return g_strdup_printf (
      "{\"devices\":[{\"weights\":%.0f,\"cache\":%.0f,\"compute\":%.0f}],\"fits\":%s,\"reason\":%s}",
      weights_gib * GIB, cache_gib * GIB, compute_gib * GIB, fits ? "true" : "false",
      fits ? "null"
           : "\"The context tips it over: 16.3 GiB are needed, 11.2 GiB are free. A context of "
             "8192 tokens fits.\"");
}

FakeEngine *
fake_engine_new_typical (void)
{
  FakeEngine *engine = fake_engine_new ();

  engine->tags = g_strdup (
      "{\"models\":[{\"name\":\"smollm2:latest\",\"size\":98172000,\"details\":{\"parameter_size\":"
      "\"134.5M\",\"quantization_level\":\"Q4_1\"}},{\"name\":\"llama3.1:8b\",\"size\":4920000000,"
      "\"details\":{\"parameter_size\":\"8.0B\",\"quantization_level\":\"Q4_K_M\"}}]}");
  engine->show = g_strdup (
      "{\"model_info\":{\"general.architecture\":\"llama\",\"llama.context_length\":8192}}");
  engine->status = g_strdup_printf (
      "{\"devices\":[{\"name\":\"Memory\",\"kind\":\"cpu\",\"total\":%.0f,\"free\":%.0f,"
      "\"reserve\":%.0f,\"ours\":{\"weights\":%.0f,\"weights_mapped\":%.0f,\"cache\":%.0f,"
      "\"cache_reserved\":%.0f,\"compute\":%.0f}}]}",
      16 * GIB, 11.2 * GIB, 1.8 * GIB, 1.2 * GIB, 1.2 * GIB, 0.2 * GIB, 0.8 * GIB, 0.3 * GIB);
  engine->plan = fake_plan (1.2, 1.0, 0.3, TRUE);
  engine->answer = g_strdup (
      "A context of **32,768 tokens** takes about *4 GiB* here. The cache keeps two vectors for each token in each layer:\n\n"
      "1. the **key**, which later tokens compare with,\n2. the **value**, which they take over.\n\n"
      "```c\nsize_t bytes = 2 * n_layer * n_ctx * n_head_kv * head_dim * sizeof (uint16_t); /* f16 */\n"
      "printf (\"%zu\\n\", bytes);\n```\n\n"
      "| cache type | bytes per token |\n|---|---|\n| f16 | 131,072 |\n| q8_0 | 69,632 |\n\n"
      "> Half the context takes half the memory.\n\nSee the [paper](https://arxiv.org/abs/1706.03762) for `attention` itself.");
  return engine;
}
