/* headroom-forecast.c: who would have to leave memory for a plan.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-forecast.h"

#include "headroom-eviction.h"
#include "headroom-wire-util.h"

/* ---- Who is there ---------------------------------------------------------------------------- */

static void
tenant_free (gpointer data)
{
  HeadroomTenant *self = data;

  g_free (self->name);
  g_free (self->path);
  g_free (self);
}

static guint64
read_bytes (const HrValue *value)
{
  return value != NULL && hr_value_kind (value) == HR_VALUE_INT
             ? (guint64) MAX (hr_value_get_int (value), 0)
             : 0;
}

static HeadroomTenant *
read_tenant (const HrValue *json)
{
  HeadroomTenant *self = g_new0 (HeadroomTenant, 1);
  const HrValue *bytes = headroom_wire_get (json, "device_bytes"),
                *until = headroom_wire_get (json, "until");

  self->name = g_strdup (headroom_wire_get_string (json, "name"));
  self->path = g_strdup (headroom_wire_get_string (json, "path"));
  for (gsize d = 0; d < MIN (headroom_wire_length (bytes), HEADROOM_MEMORY_MAX_DEVICES); d++)
    self->device_bytes[d] = read_bytes (headroom_wire_at (bytes, d));
  self->load_bytes = read_bytes (headroom_wire_get (headroom_wire_get (json, "bytes"), "weights"));
  self->idle_ms = headroom_wire_get_int (json, "idle_ms");
  self->is_busy = headroom_wire_get_int (json, "requests") > 0 ||
                  g_strcmp0 (headroom_wire_get_string (json, "state"), "ready") != 0;
  self->is_pinned = until == NULL || hr_value_kind (until) == HR_VALUE_NULL;
  return self;
}

HeadroomTenancy *
headroom_tenancy_new (const HrValue *status)
{
  HeadroomTenancy *self = g_new0 (HeadroomTenancy, 1);
  const HrValue *models = headroom_wire_get (status, "models");
  gint64 max_loaded = headroom_wire_get_int (status, "max_loaded");

  self->tenants = g_ptr_array_new_with_free_func (tenant_free);
  self->max_loaded = max_loaded > 0 && max_loaded < G_MAXUINT ? (guint) max_loaded : G_MAXUINT;
  for (gsize i = 0; i < headroom_wire_length (models); i++)
    g_ptr_array_add (self->tenants, read_tenant (headroom_wire_at (models, i)));
  return self;
}

HeadroomTenancy *
headroom_tenancy_copy (const HeadroomTenancy *self)
{
  HeadroomTenancy *copy = headroom_tenancy_new (NULL);

  copy->max_loaded = self->max_loaded;
  for (guint i = 0; i < self->tenants->len; i++) {
    HeadroomTenant *tenant = g_memdup2 (self->tenants->pdata[i], sizeof (HeadroomTenant));
    tenant->name = g_strdup (tenant->name);
    tenant->path = g_strdup (tenant->path);
    g_ptr_array_add (copy->tenants, tenant);
  }
  return copy;
}

void
headroom_tenancy_free (HeadroomTenancy *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->tenants);
  g_free (self);
}

/* Who is idle longer than whom may change every moment without mattering; that somebody is idle
 * matters. */
gboolean
headroom_tenancy_equal (const HeadroomTenancy *a, const HeadroomTenancy *b)
{
  if (a->tenants->len != b->tenants->len || a->max_loaded != b->max_loaded)
    return FALSE;
  for (guint i = 0; i < a->tenants->len; i++) {
    const HeadroomTenant *x = a->tenants->pdata[i], *y = b->tenants->pdata[i];
    if (g_strcmp0 (x->name, y->name) != 0 ||
        memcmp (x->device_bytes, y->device_bytes, sizeof x->device_bytes) != 0 ||
        x->is_busy != y->is_busy || x->is_pinned != y->is_pinned)
      return FALSE;
  }
  return TRUE;
}

const HeadroomTenant *
headroom_tenancy_find (const HeadroomTenancy *self, const char *model)
{
  for (guint i = 0; i < self->tenants->len; i++) {
    const HeadroomTenant *tenant = self->tenants->pdata[i];
    if (g_strcmp0 (tenant->name, model) == 0 || g_strcmp0 (tenant->path, model) == 0)
      return tenant;
  }
  return NULL;
}

/* ---- Who would go ---------------------------------------------------------------------------- */

typedef struct {
  HeadroomEvictionCandidate candidate; /* first: what is sorted are pointers to it */
  const HeadroomTenant *tenant;
  gboolean is_gone;
} Candidate;

/* Those who stay whatever happens have no candidate. */
static GArray *
list_candidates (const HeadroomTenancy *self, const HeadroomTenant *same)
{
  GArray *list = g_array_new (FALSE, TRUE, sizeof (Candidate));

  for (guint i = 0; i < self->tenants->len; i++) {
    const HeadroomTenant *tenant = self->tenants->pdata[i];
    Candidate c = { .tenant = tenant,
                    .candidate = { .load_bytes = tenant->load_bytes,
                                   .last_used_us = -tenant->idle_ms * 1000 } };
    if (tenant != same && !tenant->is_pinned)
      g_array_append_val (list, c);
  }
  return list;
}

/* What a plan lacks on a device beside the tenants that are left. */
static guint64
shortage (const HeadroomTenancy *self, const HrPlan *plan, const HeadroomTenant *same,
          const GArray *list, gsize d)
{
  const HrDevice *device = hr_plan_get_device (plan, d);
  guint64 room = device->free > device->reserve ? device->free - device->reserve : 0;
  guint64 need = hr_plan_get_device_bytes (plan, d);

  for (guint i = 0; i < self->tenants->len; i++) {
    const HeadroomTenant *tenant = self->tenants->pdata[i];
    if (tenant != same)
      need += tenant->device_bytes[MIN (d, HEADROOM_MEMORY_MAX_DEVICES - 1)];
  }
  for (guint i = 0; i < list->len; i++) {
    const Candidate *c = &g_array_index (list, Candidate, i);
    if (c->is_gone)
      need -= c->tenant->device_bytes[MIN (d, HEADROOM_MEMORY_MAX_DEVICES - 1)];
  }
  return need > room ? need - room : 0;
}

/* Marks who goes for one device; FALSE: not even all of them would be enough. */
static gboolean
choose_on (GArray *list, gsize d, guint64 need_bytes, gsize need_models, gboolean even_busy)
{
  g_autofree HeadroomEvictionCandidate **candidates =
      g_new (HeadroomEvictionCandidate *, list->len + 1);
  gsize n = 0;

  for (guint i = 0; i < list->len; i++) {
    Candidate *c = &g_array_index (list, Candidate, i);
    if (c->is_gone || (c->tenant->is_busy && !even_busy))
      continue;
    c->candidate.bytes = c->tenant->device_bytes[MIN (d, HEADROOM_MEMORY_MAX_DEVICES - 1)];
    c->candidate.chosen = FALSE;
    candidates[n++] = &c->candidate;
  }
  if (!headroom_eviction_choose (candidates, n, need_bytes, need_models))
    return FALSE;
  for (guint i = 0; i < list->len; i++) {
    Candidate *c = &g_array_index (list, Candidate, i);
    c->is_gone = c->is_gone || c->candidate.chosen;
  }
  return TRUE;
}

static gboolean
make_room (const HeadroomTenancy *self, const HrPlan *plan, const HeadroomTenant *same,
           GArray *list, gboolean even_busy)
{
  guint n_others = self->tenants->len - (same != NULL);
  gsize too_many = n_others >= self->max_loaded ? n_others - self->max_loaded + 1 : 0;

  for (gsize d = 0; d < hr_plan_n_devices (plan); d++) {
    guint64 need_bytes = shortage (self, plan, same, list, d);
    gsize need_models = d == 0 ? too_many : 0;
    if ((need_bytes > 0 || need_models > 0) &&
        !choose_on (list, d, need_bytes, need_models, even_busy))
      return FALSE;
  }
  return TRUE;
}

HeadroomForecastKind
headroom_forecast (const HeadroomTenancy *self, const HrPlan *plan, const char *model,
                   GPtrArray **ret_names)
{
  const HeadroomTenant *same = headroom_tenancy_find (self, model);
  g_autoptr (GArray) idle = list_candidates (self, same);
  g_autoptr (GArray) all = list_candidates (self, same);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  HeadroomForecastKind kind;

  if (make_room (self, plan, same, idle, FALSE)) {
    for (guint i = 0; i < idle->len; i++)
      if (g_array_index (idle, Candidate, i).is_gone)
        g_ptr_array_add (names, g_strdup (g_array_index (idle, Candidate, i).tenant->name));
    kind = names->len > 0 ? HEADROOM_FORECAST_EVICTS : HEADROOM_FORECAST_BESIDE;
  } else {
    kind = make_room (self, plan, same, all, TRUE) ? HEADROOM_FORECAST_WAITS
                                                   : HEADROOM_FORECAST_IMPOSSIBLE;
  }
  if (ret_names != NULL)
    *ret_names = g_steal_pointer (&names);
  return kind;
}
