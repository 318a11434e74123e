/* headroom-vigil.c: reads the watches while models are here, and tells when one is crossed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A reading every five seconds costs a few files of /proc and a tenth of a millisecond of loads,
 * and comes with the looks of headroom-pressure.c, which stop when the last model goes.
 */
#include "headroom-residency-private.h"

#define EVERY_US (HEADROOM_WATCH_SECONDS * G_USEC_PER_SEC)
/* An allocator that keeps less than this unused is not worth a word. */
#define LEAST_UNUSED_BYTES (G_GUINT64_CONSTANT (64) << 20)

static void
feed (HeadroomResidency *self, HeadroomWatchKind kind, const char *device, double value)
{
  gint64 now_ns = headroom_machine_now_ns (self->machine);
  const HeadroomWatch *crossed =
      headroom_watches_feed (self->watches, kind, device, value, now_ns);

  if (crossed != NULL)
    headroom_residency_tell_params (self, HEADROOM_EVENT_ADVISE, "", "", 0,
                                    headroom_watch_reason (kind),
                                    headroom_watches_dup_params (self->watches, crossed));
}

static void
feed_devices (HeadroomResidency *self, const HrDevice *devices, gsize n_devices)
{
  for (gsize d = 0; d < n_devices; d++) {
    guint64 total = MAX (devices[d].total, 1), used = total - MIN (total, devices[d].free);
    feed (self, HEADROOM_WATCH_DEVICE_MEMORY, devices[d].name,
          100 * (double) used / (double) total);
  }
}

/* What steps have read since the last reading; models that went took their count along. */
static void
feed_bus (HeadroomResidency *self, const HeadroomVitals *vitals, gint64 now_us)
{
  HeadroomVigil *vigil = &self->vigil;
  double seconds = (double) (now_us - vigil->read_us) / G_USEC_PER_SEC, value = -1;

  if (vigil->read_us > 0 && seconds > 0 && vitals->bandwidth > 0) {
    guint64 bytes = vitals->bytes_read - MIN (vitals->bytes_read, vigil->bytes_read);
    value = 100 * (double) bytes / seconds / vitals->bandwidth;
  }
  vigil->bytes_read = vitals->bytes_read;
  feed (self, HEADROOM_WATCH_BUS, NULL, value);
}

static void
feed_heap (HeadroomResidency *self, const HeadroomVitals *vitals)
{
  double share = -1;

  if (vitals->heap_bytes > 0)
    share = vitals->heap_unused < LEAST_UNUSED_BYTES
                ? 0
                : 100 * (double) vitals->heap_unused / (double) vitals->heap_bytes;
  feed (self, HEADROOM_WATCH_FRAGMENTATION, NULL, share);
}

void
headroom_vigil_keep (HeadroomResidency *self, const HrDevice *devices, gsize n_devices,
                     const HrPressure *pressure)
{
  gint64 now_us = headroom_machine_now_us (self->machine);
  g_autoptr (GPtrArray) residents = NULL;
  HeadroomVitals vitals;

  if (self->vigil.read_us > 0 && now_us - self->vigil.read_us < EVERY_US)
    return;
  residents = headroom_residency_dup_residents (self);
  headroom_machine_read_vitals (self->machine, residents, &vitals);
  feed_devices (self, devices, n_devices);
  feed_bus (self, &vitals, now_us);
  feed (self, HEADROOM_WATCH_LATENCY, NULL,
        vitals.latency > 0 && vitals.idle_latency > 0 ? vitals.latency / vitals.idle_latency : -1);
  feed (self, HEADROOM_WATCH_SWAP, NULL, (double) pressure->swap_used);
  feed_heap (self, &vitals);
  self->vigil.read_us = MAX (now_us, 1);
}

void
headroom_vigil_end (HeadroomResidency *self)
{
  headroom_watches_rest (self->watches);
  self->vigil = (HeadroomVigil) { 0 };
}
