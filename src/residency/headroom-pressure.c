/* headroom-pressure.c: gives memory back when others need it, before the system has to take it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plans leave the reserve to others. Once others have taken most of it, or programs spend their
 * time waiting for memory, this looks for what is cheapest to have back: first what the relief
 * function knows (parked caches), then idle models as headroom_eviction_choose () says, then a
 * model that is only on its way in. Busy and pinned models stay; if nothing else is left, that is
 * told.
 */
#include "headroom-residency-private.h"

#include <glib/gi18n-lib.h>

/* Short enough that a program that takes a gigabyte a second does not reach the end of the reserve
 * unseen, once part of it is gone. */
#define PULSE_US G_USEC_PER_SEC
#define HURRIED_PULSE_US (G_USEC_PER_SEC / 5)

/* Of the last ten seconds, how many percent somebody waited for memory before that counts. */
#define STALLED_PERCENT 20.0
/* The average of ten seconds takes so long to show what giving back has done. */
#define REST_US (10 * G_USEC_PER_SEC)

/* Of the reserve, what has to be left to others, and what is made free once it is not. */
#define FLOOR_DIVISOR 4
#define GOAL_DIVISOR 2
/* Without a reserve: of the host's memory, what the system needs to live. */
#define BARE_DIVISOR 128
#define BARE_MOST (G_GUINT64_CONSTANT (256) << 20)

void
headroom_residency_set_relief_func (HeadroomResidency *self, HeadroomReliefFunc func, gpointer data)
{
  self->pressure.relief = func;
  self->pressure.relief_data = data;
}

/* ---- What is short ---- */

static guint64
bare_need (const HrDevice *device)
{
  return device->kind == HR_DEVICE_CPU ? MIN (device->total / BARE_DIVISOR, BARE_MOST) : 0;
}

static guint64
missing (const HrDevice *device)
{
  guint64 floor = MAX (device->reserve / FLOOR_DIVISOR, bare_need (device));
  guint64 goal = MAX (device->reserve / GOAL_DIVISOR, 2 * bare_need (device));

  return device->free < floor ? goal - device->free : 0;
}

static gboolean
is_stalled (const HrPressure *pressure, const HrDevice *host)
{
  return pressure->some_percent >= STALLED_PERCENT &&
         host->free < MAX (host->reserve, bare_need (host));
}

/* ---- Who goes ---- */

/* Bytes that the system really gets back. */
static void
count_taken (GArray *list, gsize device)
{
  for (guint i = 0; i < list->len; i++) {
    HeadroomCandidate *c = &g_array_index (list, HeadroomCandidate, i);
    c->candidate.bytes -= MIN (c->candidate.bytes,
                               headroom_resident_get_promised_bytes (c->resident, device));
  }
}

static void
choose_all (GArray *list)
{
  for (guint i = 0; i < list->len; i++) {
    HeadroomCandidate *c = &g_array_index (list, HeadroomCandidate, i);
    c->candidate.chosen = c->candidate.bytes > 0;
  }
}

static void
tell_eviction (HeadroomResidency *self, const HeadroomCandidate *c, const HrDevice *device,
               const HrPressure *stalls)
{
  const char *name = headroom_model_entry_get_name (c->resident->entry);

  if (stalls != NULL)
    headroom_residency_tell (self, HEADROOM_EVENT_EVICT, name, "", c->candidate.bytes,
                             HEADROOM_REASON_STALLS, stalls->some_percent);
  else
    headroom_residency_tell (self, HEADROOM_EVENT_EVICT, name, "", c->candidate.bytes,
                             HEADROOM_REASON_PRESSURE, device->free, device->name);
}

/* stalls: what made it necessary, or NULL: memory of the device is short. Returns whether any went.
 */
static gboolean
evict_chosen (HeadroomResidency *self, GArray *list, const HrDevice *device,
              const HrPressure *stalls)
{
  gboolean any = FALSE;

  for (guint i = 0; i < list->len; i++) {
    HeadroomCandidate *c = &g_array_index (list, HeadroomCandidate, i);
    if (!c->candidate.chosen)
      continue;
    tell_eviction (self, c, device, stalls);
    headroom_residency_start_unload (self, c->resident);
    any = TRUE;
  }
  return any;
}

static void
tell_helpless (HeadroomResidency *self, const HrDevice *device)
{
  if (self->pressure.told)
    return;
  self->pressure.told = TRUE;
  headroom_residency_tell (self, HEADROOM_EVENT_ADVISE, "", "", device->free,
                           HEADROOM_REASON_HELPLESS, device->free, device->name);
}

/* Nobody has had an answer from it yet. What was to be had when it was planned is gone. */
static gboolean
stop_load (HeadroomResidency *self, const HrDevice *device, gsize d)
{
  HeadroomResident *resident = self->loading;
  g_autofree char *left = g_format_size_full (device->free, G_FORMAT_SIZE_IEC_UNITS);
  g_autoptr (GError) error = NULL;

  if (resident == NULL || resident->state != HEADROOM_RESIDENT_LOADING ||
      headroom_resident_get_bytes (resident, d) == 0)
    return FALSE;
  if (g_cancellable_is_cancelled (resident->cancellable)) /* it is about to end */
    return TRUE;
  error = g_error_new (HEADROOM_RESIDENCY_ERROR, HEADROOM_RESIDENCY_ERROR_NO_MEMORY,
                       _("Loading %s was given up: other programs took the memory meanwhile, and "
                         "only %s were left on %s"),
                       headroom_model_entry_get_name (resident->entry), left, device->name);
  headroom_residency_tell (self, HEADROOM_EVENT_REFUSE,
                           headroom_model_entry_get_name (resident->entry),
                           resident->demand.client,
                           hr_plan_get_bytes (resident->plan, HR_ITEM_N_KINDS),
                           HEADROOM_REASON_LOAD_SQUEEZED, device->free, device->name);
  g_cancellable_cancel (resident->cancellable);
  headroom_residency_fail (self, resident->entry, TRUE, error);
  return TRUE;
}

static void
free_some (HeadroomResidency *self, const HrDevice *device, gsize d, guint64 need_bytes)
{
  g_autoptr (GArray) idle = NULL;

  if (self->pressure.relief != NULL) {
    guint64 had = self->pressure.relief (self, d, need_bytes, self->pressure.relief_data);
    need_bytes -= MIN (need_bytes, had);
  }
  if (need_bytes == 0)
    return;
  idle = headroom_candidates_list (self, NULL, d, FALSE);
  count_taken (idle, d);
  if (!headroom_candidates_choose (idle, need_bytes, 0))
    choose_all (idle);
  if (!evict_chosen (self, idle, device, NULL) && !stop_load (self, device, d))
    tell_helpless (self, device);
}

static void
free_for_stalls (HeadroomResidency *self, const HrDevice *host, const HrPressure *pressure)
{
  gint64 now_us = headroom_machine_now_us (self->machine);
  g_autoptr (GArray) idle = NULL;

  if (now_us < self->pressure.rest_until_us || !is_stalled (pressure, host))
    return;
  if (self->pressure.relief != NULL &&
      self->pressure.relief (self, 0, 1, self->pressure.relief_data) > 0) {
    self->pressure.rest_until_us = now_us + REST_US;
    return;
  }
  idle = headroom_candidates_list (self, NULL, 0, FALSE);
  count_taken (idle, 0);
  if (headroom_candidates_choose (idle, 1, 1) && evict_chosen (self, idle, host, pressure))
    self->pressure.rest_until_us = now_us + REST_US;
}

/* ---- Looking ---- */

/* Returns whether memory is so scarce that the next look should be soon. */
static gboolean
look (HeadroomResidency *self)
{
  HrDevice devices[HEADROOM_MAX_DEVICES];
  gsize n = headroom_residency_probe_devices (self, devices, G_N_ELEMENTS (devices));
  HrPressure pressure;
  gboolean scarce = FALSE, short_of = FALSE;

  headroom_machine_read_pressure (self->machine, &pressure);
  headroom_vigil_keep (self, devices, n, &pressure);
  /* What is on its way out has not come back yet. */
  self->pressure.again =
      headroom_residency_something_leaves (self) || headroom_parking_is_relieving (self);
  if (self->pressure.again)
    return TRUE;
  for (gsize d = 0; d < n; d++) {
    guint64 need = missing (&devices[d]);
    scarce |= devices[d].free < devices[d].reserve;
    short_of |= need > 0;
    if (need > 0)
      free_some (self, &devices[d], d, need);
  }
  self->pressure.again = short_of;
  if (!short_of)
    self->pressure.told = FALSE;
  if (n > 0 && !short_of)
    free_for_stalls (self, &devices[0], &pressure);
  return scarce;
}

void
headroom_pressure_look_again (HeadroomResidency *self)
{
  if (self->pressure.again && !self->closed)
    look (self);
}

static void arm (HeadroomResidency *self, gint64 us);

static gboolean
pulse_cb (gpointer data)
{
  HeadroomResidency *self = data;

  g_clear_pointer (&self->pressure.pulse, g_source_unref);
  if (g_hash_table_size (self->residents) > 0)
    arm (self, look (self) ? HURRIED_PULSE_US : PULSE_US);
  return G_SOURCE_REMOVE;
}

static void
arm (HeadroomResidency *self, gint64 us)
{
  self->pressure.pulse = headroom_machine_new_pulse (self->machine, us);
  g_source_set_static_name (self->pressure.pulse, "headroom-pressure");
  g_source_set_callback (self->pressure.pulse, pulse_cb, self, NULL);
  g_source_attach (self->pressure.pulse, self->context);
}

void
headroom_pressure_watch (HeadroomResidency *self)
{
  if (self->pressure.pulse == NULL)
    arm (self, PULSE_US);
}

void
headroom_pressure_stop (HeadroomResidency *self)
{
  if (self->pressure.pulse == NULL)
    return;
  g_source_destroy (self->pressure.pulse);
  g_clear_pointer (&self->pressure.pulse, g_source_unref);
}
