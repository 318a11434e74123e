/* memory-page-fixture.c: see memory-page-fixture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "memory-page-fixture.h"

#include "headroom-cost-chart.h"
#include "headroom-fit.h"
#include "headroom-memory-page.h"
#include "tiny-model.h"

static gboolean
is_planned (MemoryPageFixture *fixture)
{
  GtkWidget *landscape = window_find (fixture->page, HEADROOM_TYPE_COST_CHART, 0);
  gsize n;

  headroom_cost_chart_get_points (HEADROOM_COST_CHART (landscape), &n);
  return n > 0;
}

void
memory_page_set_up (MemoryPageFixture *fixture, gconstpointer data)
{
  fixture->model = tiny_model_new (&tiny_model_default);
  fixture->window = window_fixture_new (fake_engine_new_typical (), 800, 700);
  window_fixture_wait_model (fixture->window);
  fixture->page = window_find (GTK_WIDGET (fixture->window->window), HEADROOM_TYPE_MEMORY_PAGE, 0);
  gtk_widget_activate_action (GTK_WIDGET (fixture->window->window), "win.show-page", "s", "memory");
  headroom_window_choose_model (fixture->window->window, fixture->model);
  window_fixture_wait_until (fixture->window, is_planned (fixture));
}

void
memory_page_tear_down (MemoryPageFixture *fixture, gconstpointer data)
{
  window_fixture_free (fixture->window);
  tiny_model_remove (fixture->model);
}

HeadroomSliderRow *
memory_page_get_slider (MemoryPageFixture *fixture, guint nth)
{
  return HEADROOM_SLIDER_ROW (window_find (fixture->page, HEADROOM_TYPE_SLIDER_ROW, nth));
}

HrPlan *
memory_page_plan_model (HrModel *model, guint num_ctx, guint parallel, HrKvType kv_type)
{
  g_autoptr (GError) error = NULL;
  HrSettings settings = {
    .num_ctx = num_ctx, .parallel = parallel, .num_batch = 512, .kv_type = kv_type, .gpu_layers = -1
  };
  HrDevice device = {
    .name = "Memory", .kind = HR_DEVICE_CPU, .total = 16ull << 30, .free = 12ull << 30
  };
  HrPlan *plan = headroom_plan_new (model, &settings, &device, 1, &error);

  g_assert_no_error (error);
  return plan;
}

HrPlan *
memory_page_plan (MemoryPageFixture *fixture, guint num_ctx, guint parallel, HrKvType kv_type)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HrModel) model = hr_model_open (fixture->model, &error);

  g_assert_no_error (error);
  return memory_page_plan_model (model, num_ctx, parallel, kv_type);
}

void
memory_page_assert_bytes (GtkWidget *widget, guint64 bytes)
{
  g_autofree char *text = headroom_memory_format (bytes);

  g_assert_true (window_shows (widget, text));
}
