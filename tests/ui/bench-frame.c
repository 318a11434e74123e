/* bench-frame.c: how much work the memory page does for a frame while a slider is dragged.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench-frame [CATALOGUE-NAME [STEPS]]: drags sliders of the page over all their stops, one stop
 * per frame, with a model that has 80 layers (llama3.1:70b) on two cards and a host, and prints
 * how much processor time of the main thread the handlers and the frame took together, layout and
 * drawing included. Not a test: times depend on the machine. Needs a display (xvfb-run will do).
 */
#include "headroom-catalogue.h"
#include "headroom-memory-page.h"
#include "headroom-slider-row.h"
#include "window-support.h"

#include <stdlib.h>
#include <time.h>

#define DEFAULT_STEPS 400

typedef struct {
  gint64 began_us;
  double frame_ms; /* of the last one; negative: not drawn yet */
} Frame;

/* Processor time of this thread: what others do on the machine does not count. */
static gint64
work_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
before_paint_cb (GdkFrameClock *clock, Frame *frame)
{
  frame->began_us = work_us ();
}

static void
after_paint_cb (GdkFrameClock *clock, Frame *frame)
{
  frame->frame_ms = (double) (work_us () - frame->began_us) / 1000;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* One stop further, there and back again; returns milliseconds. */
static double
step (GtkAdjustment *thumb, Frame *frame, int index, double *ret_handlers_ms)
{
  int n = (int) gtk_adjustment_get_upper (thumb), stop = index % (2 * n);
  gint64 start = work_us ();
  double handlers_ms;

  frame->frame_ms = -1;
  gtk_adjustment_set_value (thumb, stop <= n ? stop : 2 * n - stop);
  handlers_ms = (double) (work_us () - start) / 1000;
  while (frame->frame_ms < 0)
    g_main_context_iteration (NULL, TRUE);
  *ret_handlers_ms = handlers_ms;
  return handlers_ms + frame->frame_ms;
}

static void
drag (GtkWidget *page, Frame *frame, guint row_index, const char *name, int n_steps)
{
  HeadroomSliderRow *row =
      HEADROOM_SLIDER_ROW (window_find (page, HEADROOM_TYPE_SLIDER_ROW, row_index));
  GtkAdjustment *thumb = gtk_range_get_adjustment (GTK_RANGE (headroom_slider_row_get_scale (row)));
  g_autofree double *ms = g_new (double, n_steps), *handlers = g_new (double, n_steps);

  for (int i = 0; i < n_steps; i++)
    ms[i] = step (thumb, frame, i + 1, &handlers[i]);
  qsort (ms, (size_t) n_steps, sizeof *ms, compare);
  qsort (handlers, (size_t) n_steps, sizeof *handlers, compare);
  g_print ("%-9s %d frames: p50 %.2f ms, p99 %.2f ms, max %.2f ms; of it plans and texts p50 %.2f ms, "
           "p99 %.2f ms\n",
           name, n_steps, ms[n_steps / 2], ms[n_steps * 99 / 100], ms[n_steps - 1],
           handlers[n_steps / 2], handlers[n_steps * 99 / 100]);
}

/* A host of 256 GiB and two cards of 48. */
static FakeEngine *
new_engine (void)
{
  FakeEngine *engine = fake_engine_new_typical ();

  g_free (engine->status);
  engine->status = g_strdup (
      "{\"devices\":[{\"name\":\"Memory\",\"kind\":\"cpu\",\"total\":274877906944,\"free\":257698037760,"
      "\"reserve\":54975581388,\"ours\":{}},{\"name\":\"Card 1\",\"kind\":\"gpu\",\"total\":51539607552,"
      "\"free\":51539607552,\"reserve\":5153960755,\"ours\":{}},{\"name\":\"Card 2\",\"kind\":\"gpu\","
      "\"total\":51539607552,\"free\":51539607552,\"reserve\":5153960755,\"ours\":{}}]}");
  return engine;
}

int
main (int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : "llama3.1:70b";
  int n_steps = argc > 2 ? MAX (atoi (argv[2]), 10) : DEFAULT_STEPS;
  const HeadroomCatalogueEntry *entry = headroom_catalogue_find (name);
  g_autoptr (WindowFixture) fixture = NULL;
  g_autoptr (GError) error = NULL;
  HrModel *model = entry != NULL ? headroom_catalogue_open (entry, NULL, &error) : NULL;
  HeadroomPlanPreview *preview;
  Frame frame = { 0 };
  GdkFrameClock *clock;
  GtkWidget *page;

  if (model == NULL || !gtk_init_check ()) {
    g_printerr ("usage: bench-frame [CATALOGUE-NAME [STEPS]] (with a display)\n");
    return 1;
  }
  adw_init ();
  fixture = window_fixture_new (new_engine (), 1000, 800);
  window_fixture_wait_model (fixture);
  page = window_find (GTK_WIDGET (fixture->window), HEADROOM_TYPE_MEMORY_PAGE, 0);
  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-page", "s", "memory");
  window_fixture_settle (fixture, 1500);
  preview = headroom_memory_page_get_preview (HEADROOM_MEMORY_PAGE (page));
  headroom_plan_preview_take_model (preview, name, model);
  window_fixture_wait_until (fixture, headroom_plan_preview_get_survey (preview) != NULL &&
                                          headroom_plan_preview_get_advice (preview) != NULL);
  window_fixture_settle (fixture, 1000);
  clock = gtk_widget_get_frame_clock (GTK_WIDGET (fixture->window));
  g_signal_connect (clock, "before-paint", G_CALLBACK (before_paint_cb), &frame);
  g_signal_connect (clock, "after-paint", G_CALLBACK (after_paint_cb), &frame);
  g_print ("%s, %u layers\n", name, hr_model_get_info (model)->n_layer);
  drag (page, &frame, 0, "num_ctx", n_steps);
  drag (page, &frame, 1, "parallel", n_steps);
  return 0;
}
