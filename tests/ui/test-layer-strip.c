/* test-layer-strip.c: the boundary between what graphics cards have of a model and the rest, moved
 * by keys and pointer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-catalogue.h"
#include "headroom-device-spec.h"
#include "headroom-layer-strip.h"

#include <adwaita.h>

#define MODEL "qwen2.5:7b" /* 28 layers */
#define N_LAYERS 28
#define WIDTH 560

typedef struct {
  GtkWidget *window;
  HeadroomLayerStrip *strip;
  HrModel *model;
  guint moved, dropped; /* the last number of layers */
  guint n_dropped;
} Fixture;

static HrPlan *
new_plan (Fixture *f, gint32 gpu_layers, gboolean with_gpu)
{
  const char *specs[] = { "host:cpu:64GiB:40GB/s", with_gpu ? "card:gpu:24GiB:400GB/s" : NULL,
                          NULL };
  HrSettings settings = { .num_ctx = 4096, .gpu_layers = gpu_layers };
  HrDevice devices[4];
  gsize n = 0;
  HrPlan *plan;

  g_assert_true (headroom_device_specs_parse (specs, 20, devices, 4, &n, NULL));
  plan = hr_plan_new (f->model, &settings, devices, n, NULL);
  g_assert_nonnull (plan);
  return plan;
}

static void
moved_cb (Fixture *f, guint n_layers)
{
  f->moved = n_layers;
}

static void
dropped_cb (Fixture *f, guint n_layers)
{
  f->dropped = n_layers;
  f->n_dropped++;
}

static void
show (Fixture *f, gint32 gpu_layers, gboolean with_gpu)
{
  g_autoptr (HrPlan) plan = new_plan (f, gpu_layers, with_gpu);

  headroom_layer_strip_set_plan (f->strip, plan);
}

static void
setup (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->model = headroom_catalogue_open (headroom_catalogue_find (MODEL), NULL, &error);
  g_assert_no_error (error);
  f->window = gtk_window_new ();
  f->strip = HEADROOM_LAYER_STRIP (headroom_layer_strip_new ());
  gtk_window_set_default_size (GTK_WINDOW (f->window), WIDTH, 60);
  gtk_window_set_child (GTK_WINDOW (f->window), GTK_WIDGET (f->strip));
  g_signal_connect_swapped (f->strip, "moved", G_CALLBACK (moved_cb), f);
  g_signal_connect_swapped (f->strip, "dropped", G_CALLBACK (dropped_cb), f);
  gtk_window_present (GTK_WINDOW (f->window));
  while (gtk_widget_get_width (GTK_WIDGET (f->strip)) == 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (f->window));
  hr_model_unref (f->model);
}

static GtkEventController *
find_controller (Fixture *f, GType type)
{
  g_autoptr (GListModel) list = gtk_widget_observe_controllers (GTK_WIDGET (f->strip));

  for (guint i = 0; i < g_list_model_get_n_items (list); i++) {
    g_autoptr (GtkEventController) controller = g_list_model_get_item (list, i);
    if (G_TYPE_CHECK_INSTANCE_TYPE (controller, type))
      return controller; /* the widget keeps it */
  }
  g_assert_not_reached ();
}

static gboolean
press (Fixture *f, guint keyval)
{
  gboolean handled = FALSE;

  g_signal_emit_by_name (find_controller (f, GTK_TYPE_EVENT_CONTROLLER_KEY), "key-pressed", keyval,
                         0, (GdkModifierType) 0, &handled);
  return handled;
}

/* Every key, from where the boundary is; the plan that comes of it is the window's affair. */
static void
test_keys (Fixture *f, gconstpointer data)
{
  show (f, 10, TRUE);
  g_assert_true (gtk_widget_get_focusable (GTK_WIDGET (f->strip)));
  g_assert_true (press (f, GDK_KEY_Left));
  g_assert_cmpuint (f->dropped, ==, 11);
  show (f, 11, TRUE);
  g_assert_true (press (f, GDK_KEY_Right));
  g_assert_cmpuint (f->dropped, ==, 10);
  g_assert_true (press (f, GDK_KEY_Home));
  g_assert_cmpuint (f->dropped, ==, N_LAYERS);
  g_assert_true (press (f, GDK_KEY_End));
  g_assert_cmpuint (f->dropped, ==, 0);
  g_assert_false (press (f, GDK_KEY_a));
  g_assert_cmpuint (f->n_dropped, ==, 4);
  show (f, 0, TRUE);
  g_assert_true (press (f, GDK_KEY_Right)); /* there is nothing left to take away */
  g_assert_cmpuint (f->n_dropped, ==, 4);
}

/* The boundary goes to where the pointer is, and is meant once it is let go of. */
static void
test_pointer (Fixture *f, gconstpointer data)
{
  double width = gtk_widget_get_width (GTK_WIDGET (f->strip));
  GtkEventController *drag = find_controller (f, GTK_TYPE_GESTURE_DRAG);

  show (f, 10, TRUE);
  g_signal_emit_by_name (drag, "drag-begin", width / 2, 5.0);
  g_assert_cmpuint (f->moved, ==, N_LAYERS / 2);
  g_assert_cmpuint (f->n_dropped, ==, 0);
  g_signal_emit_by_name (drag, "drag-end", 0.0, 0.0);
  g_assert_cmpuint (f->dropped, ==, N_LAYERS / 2);
  g_signal_emit_by_name (drag, "drag-begin", width + 50, 5.0);
  g_signal_emit_by_name (drag, "drag-end", 0.0, 0.0);
  g_assert_cmpuint (f->dropped, ==, 0);
  g_signal_emit_by_name (drag, "drag-begin", -50.0, 5.0);
  g_signal_emit_by_name (drag, "drag-end", 0.0, 0.0);
  g_assert_cmpuint (f->dropped, ==, N_LAYERS);
}

/* Without a card there is nothing to move, and nothing to stop at with the keys. */
static void
test_no_gpu (Fixture *f, gconstpointer data)
{
  show (f, 0, FALSE);
  g_assert_false (gtk_widget_get_focusable (GTK_WIDGET (f->strip)));
  g_assert_false (press (f, GDK_KEY_Left));
  g_signal_emit_by_name (find_controller (f, GTK_TYPE_GESTURE_DRAG), "drag-begin", 5.0, 5.0);
  g_assert_cmpuint (f->n_dropped, ==, 0);
}

static void
test_accessible (Fixture *f, gconstpointer data)
{
  show (f, 10, TRUE);
  g_assert_cmpint (gtk_accessible_get_accessible_role (GTK_ACCESSIBLE (f->strip)), ==,
                   GTK_ACCESSIBLE_ROLE_SLIDER);
  g_assert_nonnull (
      g_strstr_len (headroom_layer_strip_get_text (f->strip), -1, "10 layers on card"));
}

#define CASE(name, func) g_test_add ("/layer-strip/" name, Fixture, NULL, setup, func, teardown)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ()) {
    g_print ("1..0 # SKIP no display\n");
    return 0;
  }
  adw_init ();
  CASE ("keys", test_keys);
  CASE ("pointer", test_pointer);
  CASE ("no-gpu", test_no_gpu);
  CASE ("accessible", test_accessible);
  return g_test_run ();
}
