/* test-memory-drag.c: the num_ctx slider of the memory page under a real pointer, whose button is
 * down while the numbers are read.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pointer is the display's own, moved by xdotool: presses and motions reach the window as a
 * person's do.
 */
#include "headroom-catalogue.h"
#include "headroom-memory-page.h"
#include "memory-page-fixture.h"

#define N_PLACES 4 /* where the pointer rests on its way along the slider */

static char *pointer; /* xdotool; NULL: it is not here */

static void
run_pointer (const char *const *words)
{
  g_autoptr (GPtrArray) args = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  int status;

  g_ptr_array_add (args, pointer);
  for (; *words != NULL; words++)
    g_ptr_array_add (args, (gpointer) *words);
  g_ptr_array_add (args, NULL);
  g_assert_true (g_spawn_sync (NULL, (char **) args->pdata, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                               NULL, NULL, NULL, &status, &error));
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, &error));
}

/* Moves the pointer to a place in a widget; the window begins where the display does. */
static void
move_to (GtkWidget *widget, double x, double y)
{
  GtkNative *native = gtk_widget_get_native (widget);
  graphene_point_t place;
  double dx, dy;
  char left[32], top[32];

  g_assert_true (gtk_widget_compute_point (widget, GTK_WIDGET (native),
                                           &GRAPHENE_POINT_INIT ((float) x, (float) y), &place));
  gtk_native_get_surface_transform (native, &dx, &dy);
  g_snprintf (left, sizeof left, "%d", (int) (place.x + dx));
  g_snprintf (top, sizeof top, "%d", (int) (place.y + dy));
  run_pointer ((const char *const[]){ "mousemove", left, top, NULL });
}

/* Presses where the pointer is and moves on at once: a press that rests is a wish for fine steps. */
static void
press (void)
{
  run_pointer ((const char *const[]){ "mousedown", "1", "mousemove_relative", "--", "20", "0",
                                      "mousemove_relative", "--", "-20", "0", NULL });
}

#define THUMB 16 /* pixels */

/* About where the thumb's middle is at a fraction of the way. */
static double
place_of (GtkWidget *scale, double fraction)
{
  GdkRectangle trough;

  gtk_range_get_range_rect (GTK_RANGE (scale), &trough);
  return trough.x + THUMB / 2.0 + (trough.width - THUMB) * fraction;
}

/* The scale is seen whole, so that there is something to press on. */
static void
scroll_to (MemoryPageFixture *fixture, GtkWidget *scale)
{
  GtkWidget *scroller = window_find (fixture->page, GTK_TYPE_SCROLLED_WINDOW, 0);
  GtkAdjustment *down = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));
  graphene_rect_t bounds;

  window_fixture_wait_until (fixture->window,
                             gtk_widget_compute_bounds (scale, scroller, &bounds) &&
                                 bounds.size.height > 0);
  gtk_adjustment_set_value (down, gtk_adjustment_get_value (down) + bounds.origin.y -
                                      gtk_widget_get_height (scroller) / 2.0);
  window_fixture_wait_until (fixture->window,
                             gtk_widget_compute_bounds (scale, scroller, &bounds) &&
                                 bounds.origin.y >= 0 &&
                                 bounds.origin.y + bounds.size.height <=
                                     (float) gtk_widget_get_height (scroller));
}

/* A model of many stops, in place of the small one. */
static HrModel *
show_model (MemoryPageFixture *fixture, GtkWidget *row)
{
  g_autoptr (GError) error = NULL;
  const HeadroomCatalogueEntry *entry = headroom_catalogue_find ("llama3.1:8b");
  HrModel *model = headroom_catalogue_open (entry, NULL, &error);

  g_assert_no_error (error);
  headroom_plan_preview_take_model (
      headroom_memory_page_get_preview (HEADROOM_MEMORY_PAGE (fixture->page)), "llama3.1:8b",
      hr_model_ref (model));
  window_fixture_wait_until (fixture->window, window_shows (row, "per token"));
  return model;
}

/* The row says what the loader would take where the pointer has come to. */
static void
drag_to (MemoryPageFixture *fixture, HrModel *model, double fraction)
{
  HeadroomSliderRow *row = memory_page_get_slider (fixture, 0);
  GtkWidget *scale = GTK_WIDGET (headroom_slider_row_get_scale (row));
  guint before = headroom_slider_row_get_value (row);
  g_autoptr (HrPlan) plan = NULL;

  move_to (scale, place_of (scale, fraction), gtk_widget_get_height (scale) / 2.0);
  window_fixture_wait_until (fixture->window, headroom_slider_row_get_value (row) != before);
  window_fixture_settle (fixture->window, 100);
  plan = memory_page_plan_model (model, headroom_slider_row_get_value (row), 0, HR_KV_F16);
  memory_page_assert_bytes (GTK_WIDGET (row), hr_plan_get_bytes (plan, HR_ITEM_CACHE));
}

/* From the first stop to the last and back, with the button down all the way. */
static void
test_drag (MemoryPageFixture *fixture, gconstpointer data)
{
  HeadroomSliderRow *row = memory_page_get_slider (fixture, 0);
  GtkWidget *scale = GTK_WIDGET (headroom_slider_row_get_scale (row));
  g_autoptr (HrModel) model = NULL;
  guint first, last;

  if (pointer == NULL) {
    g_test_skip ("xdotool is not here to move the pointer");
    return;
  }
  model = show_model (fixture, GTK_WIDGET (row));
  gtk_range_set_value (GTK_RANGE (scale), 0);
  first = headroom_slider_row_get_value (row);
  scroll_to (fixture, scale);
  move_to (scale, place_of (scale, 0), gtk_widget_get_height (scale) / 2.0);
  window_fixture_settle (fixture->window, 100);
  press ();
  for (int place = 1; place <= N_PLACES; place++)
    drag_to (fixture, model, (double) place / N_PLACES);
  last = headroom_slider_row_get_value (row);
  g_assert_cmpuint (last, ==, hr_model_get_info (model)->n_ctx_train);
  drag_to (fixture, model, 0);
  run_pointer ((const char *const[]){ "mouseup", "1", NULL });
  window_fixture_settle (fixture->window, 100);
  move_to (scale, place_of (scale, 1), gtk_widget_get_height (scale) / 2.0);
  window_fixture_settle (fixture->window, 100);
  g_assert_cmpuint (headroom_slider_row_get_value (row), ==, first); /* it was let go */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ()) {
    g_print ("1..0 # SKIP no display\n");
    return 0;
  }
  adw_init ();
  pointer = g_find_program_in_path ("xdotool");
  g_test_add ("/memory-page/drag", MemoryPageFixture, NULL, memory_page_set_up, test_drag,
              memory_page_tear_down);
  return g_test_run ();
}
