/* memory-page-fixture.h: the memory page in the real window, over the header of a small model.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-slider-row.h"
#include "hr.h"
#include "window-support.h"

typedef struct {
  WindowFixture *window;
  GtkWidget *page;
  char *model; /* its file */
} MemoryPageFixture;

/* For g_test_add. The page shows the model's plan when they return. */
void memory_page_set_up (MemoryPageFixture *fixture, gconstpointer data);
void memory_page_tear_down (MemoryPageFixture *fixture, gconstpointer data);

/* 0: num_ctx, 1: parallel, ... */
HeadroomSliderRow *memory_page_get_slider (MemoryPageFixture *fixture, guint nth);

/* The plan that a loader would make for the machine that the made-up engine tells of. */
HrPlan *memory_page_plan_model (HrModel *model, guint num_ctx, guint parallel, HrKvType kv_type);
HrPlan *memory_page_plan (MemoryPageFixture *fixture, guint num_ctx, guint parallel,
                          HrKvType kv_type);

/* Somewhere in widget these bytes are written as the window writes bytes. */
void memory_page_assert_bytes (GtkWidget *widget, guint64 bytes);
