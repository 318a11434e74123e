/* headroom-forecast.h: who would have to leave memory for a plan.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The server's own rule (headroom-eviction.h) over what its status says of the models in
 * memory, so that a slider can tell without
 * asking. Pure functions.
 */
#pragma once

#include "headroom-json.h"
#include "headroom-memory-wire.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_FORECAST_BESIDE,     /* fits beside what is there */
  HEADROOM_FORECAST_EVICTS,     /* idle models go for it */
  HEADROOM_FORECAST_WAITS,      /* busy models would have to end first */
  HEADROOM_FORECAST_IMPOSSIBLE, /* pinned models, or too little memory */
} HeadroomForecastKind;

/* A model in memory, as much as counts here. */
typedef struct {
  char *name, *path;
  guint64 device_bytes[HEADROOM_MEMORY_MAX_DEVICES];
  guint64 load_bytes;
  gint64 idle_ms;
  gboolean is_busy, is_pinned;
} HeadroomTenant;

typedef struct {
  GPtrArray *tenants; /* HeadroomTenant */
  guint max_loaded;   /* G_MAXUINT: no limit */
} HeadroomTenancy;

/* status: (nullable): what the server said last */
HeadroomTenancy      *headroom_tenancy_new    (const HrValue         *status) G_GNUC_WARN_UNUSED_RESULT;
HeadroomTenancy      *headroom_tenancy_copy   (const HeadroomTenancy *self) G_GNUC_WARN_UNUSED_RESULT;
void                  headroom_tenancy_free   (HeadroomTenancy       *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomTenancy, headroom_tenancy_free)
/* Whether both would decide alike. */
gboolean              headroom_tenancy_equal  (const HeadroomTenancy *a,
                                               const HeadroomTenancy *b);
/* The tenant that a model is already; NULL: it is not in memory. */
const HeadroomTenant *headroom_tenancy_find   (const HeadroomTenancy *self,
                                               const char            *model);

/**
 * headroom_forecast:
 * @self: who is in memory
 * @plan: of @model, on devices that count what tenants have as free
 * @model: its name or path; if it is a tenant it is loaded again in its own place
 * @ret_names: (out) (optional): of char *: who would go; empty unless EVICTS
 */
HeadroomForecastKind  headroom_forecast       (const HeadroomTenancy *self,
                                               const HrPlan          *plan,
                                               const char            *model,
                                               GPtrArray            **ret_names);

G_END_DECLS
