/* headroom-machine.h: what the residency needs of the world: time, memory, and models that come and
 * go.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This class is the machine at hand. HeadroomVirtualMachine has a clock and devices of its own, so
 * that the same residency can be watched deciding about hardware that is not here. Thread-safety:
 * belongs to the main context that made it.
 */
#pragma once

#include "headroom-fit.h"
#include "headroom-resident.h"

G_BEGIN_DECLS

#define HEADROOM_TYPE_MACHINE (headroom_machine_get_type ())
G_DECLARE_DERIVABLE_TYPE (HeadroomMachine, headroom_machine, HEADROOM, MACHINE, GObject)

/* What watches are read from, beside devices and pressure. */
typedef struct {
  guint64 bytes_read;             /* by the steps of all models so far */
  double bandwidth;               /* that memory delivers in a second; 0: it was never measured */
  double latency, idle_latency; /* seconds of a load from memory, now and when the machine is idle;
                                   0: not known */
  guint64 heap_bytes, heap_unused; /* of the allocator of small things; 0: it does not tell */
} HeadroomVitals;

struct _HeadroomMachineClass {
  GObjectClass parent_class;

  gboolean is_imagined; /* nothing that happens there belongs into the log */

  gint64 (*now_us) (HeadroomMachine *self);  /* monotonic */
  gint64 (*now_ns) (HeadroomMachine *self);  /* since 1970 */
  /* A source, not attached, that is dispatched once us microseconds have passed. */
  GSource *(*new_timeout) (HeadroomMachine *self, gint64 us);
  /* The same for a look at the machine: after that time, or where readings are only described, once
   * they change. */
  GSource *(*new_pulse) (HeadroomMachine *self, gint64 us);
  /* Lets time pass until something on the context has happened. */
  void (*wait) (HeadroomMachine *self, GMainContext *context);
  gsize (*probe) (HeadroomMachine *self, HrDevice *devices, gsize max);
  void (*read_pressure) (HeadroomMachine *self, HrPressure *ret_pressure);
  /* residents: of HeadroomResident, those that are here. */
  void (*read_vitals) (HeadroomMachine *self, GPtrArray *residents, HeadroomVitals *ret_vitals);
  HeadroomFit *(*fit) (HeadroomMachine *self, HrModel *model, const HrSettings *asked,
                       const HrDevice *devices, gsize n_devices, GError **error);
  /* Reads the header; the task returns an HrModel. */
  void (*open) (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task);
  /* Allocates resident->plan and reads the weights; the task returns an HrRunner, or NULL on
   * machines without. */
  void (*load) (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task);
  /* Makes resident->runner what resident->next_plan says; the task returns TRUE. */
  void (*resize) (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task);
  /* Gives back, soon, what is filled of the cache of a model that is idle; returns how much. */
  guint64 (*release_cache) (HeadroomMachine *self, HeadroomResident *resident);
  /* Whether that is still on its way. */
  gboolean (*is_releasing) (HeadroomMachine *self, HeadroomResident *resident);
  /* Frees a runner (NULL on machines without); the task returns TRUE. */
  void (*unload) (HeadroomMachine *self, HeadroomResident *resident, HrRunner *take_runner,
                  GTask *take_task);
};

/* Whether the processor does what a GPU fails to do; GPU_LOST=fail says that it should not. */
gboolean headroom_machine_goes_on_without_gpu (void);

HeadroomMachine *headroom_machine_new (void) G_GNUC_WARN_UNUSED_RESULT;

gint64 headroom_machine_now_us (HeadroomMachine *self);
gint64 headroom_machine_now_ns (HeadroomMachine *self);
GSource *headroom_machine_new_timeout (HeadroomMachine *self, gint64 us) G_GNUC_WARN_UNUSED_RESULT;
GSource *headroom_machine_new_pulse (HeadroomMachine *self, gint64 us) G_GNUC_WARN_UNUSED_RESULT;
void headroom_machine_wait (HeadroomMachine *self, GMainContext *context);
gsize headroom_machine_probe (HeadroomMachine *self, HrDevice *devices, gsize max);
void headroom_machine_read_pressure (HeadroomMachine *self, HrPressure *ret_pressure);
void headroom_machine_read_vitals (HeadroomMachine *self, GPtrArray *residents,
                                   HeadroomVitals *ret_vitals);
HeadroomFit *headroom_machine_fit (HeadroomMachine *self, HrModel *model, const HrSettings *asked,
                                   const HrDevice *devices, gsize n_devices,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
void headroom_machine_open (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task);
void headroom_machine_load (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task);
void headroom_machine_resize (HeadroomMachine *self, HeadroomResident *resident, GTask *take_task);
guint64 headroom_machine_release_cache (HeadroomMachine *self, HeadroomResident *resident);
gboolean headroom_machine_is_releasing (HeadroomMachine *self, HeadroomResident *resident);
void headroom_machine_unload (HeadroomMachine *self, HeadroomResident *resident,
                              HrRunner *take_runner, GTask *take_task);

G_END_DECLS
