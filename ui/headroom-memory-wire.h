/* headroom-memory-wire.h: the JSON of /headroom/status and /headroom/plan, as the window reads it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions between text and plain values.
 */
#pragma once

#include "headroom-json.h"
#include "headroom-memory.h"

G_BEGIN_DECLS

/* More devices than this are not shown; the widest machines sold have eight cards. */
#define HEADROOM_MEMORY_MAX_DEVICES 17

typedef struct {
  HeadroomMemoryDevice devices[HEADROOM_MEMORY_MAX_DEVICES];
  gsize n_devices;
  char *loading;        /* the model that is being loaded, or NULL */
  double loaded;        /* how much of it, 0 to 1 */
  GPtrArray *news;      /* of HrValue: events since the status before that people should know of */
  HrValue *watches;     /* what /headroom/watches answered, or NULL */
  HrValue *requests;    /* what /headroom/requests answered, or NULL */
  HrValue *status;      /* all that was heard, or NULL */
  char *last_event;     /* the time of the newest event that was heard of, or NULL */
} HeadroomMemoryReport;

typedef struct {
  gboolean known;
  gboolean fits;
  char
      *reason; /* why it does not fit and what would, or why there is no plan; NULL where it fits */
} HeadroomMemoryVerdict;

void      headroom_memory_report_clear     (HeadroomMemoryReport  *report);
gboolean  headroom_memory_wire_read_status (const char            *text,
                                            HeadroomMemoryReport  *report,
                                            GError               **error);
gboolean  headroom_memory_wire_read_plan   (const char            *text,
                                            HeadroomMemoryReport  *report,
                                            HeadroomMemoryVerdict *verdict,
                                            GError               **error);

G_END_DECLS
