/* headroom-virtual-machine.h: a clock that jumps and devices that are only described.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nothing is loaded and nothing is waited for: time stands still while the main context has work,
 * and then goes on to the next thing that is due. Models are shapes of the catalogue, or sizes that
 * somebody quotes. Thread-safety: belongs to the main context that made it.
 */
#pragma once

#include "headroom-machine.h"

G_BEGIN_DECLS

/* Nanoseconds since 1970 when its clock starts: a monday, so that simulated days look like days. */
#define HEADROOM_VIRTUAL_BEGINNING_NS (G_GINT64_CONSTANT (1767571200) * 1000000000)

#define HEADROOM_TYPE_VIRTUAL_MACHINE (headroom_virtual_machine_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomVirtualMachine, headroom_virtual_machine, HEADROOM, VIRTUAL_MACHINE,
                      HeadroomMachine)

/* devices: the host first; copied, with their reserves. disk: bytes per second that loading reads.
 */
HeadroomVirtualMachine *headroom_virtual_machine_new (const HrDevice *devices, gsize n_devices,
                                                      double disk) G_GNUC_WARN_UNUSED_RESULT;

/**
 * headroom_virtual_machine_add_model:
 * @name: what it is called
 * @shape: (nullable): its shape; NULL: only its size is known
 * @bytes: of its weights, if there is no shape; they lie on one device
 *
 * Returns: (transfer full): an entry as a store would have it
 */
HeadroomModelEntry *headroom_virtual_machine_add_model (HeadroomVirtualMachine *self,
                                                        const char *name, HrModel *shape,
                                                        guint64 bytes) G_GNUC_WARN_UNUSED_RESULT;

/* Runs the context until it has nothing to do, then goes on to what is due next. FALSE: nothing is.
 */
gboolean headroom_virtual_machine_step (HeadroomVirtualMachine *self);

/* What programs that are not ours take of a device, and how long programs wait for memory: whoever
 * looks at the machine is told. */
void headroom_virtual_machine_set_others (HeadroomVirtualMachine *self, gsize device,
                                          guint64 bytes);
guint64 headroom_virtual_machine_get_others (HeadroomVirtualMachine *self, gsize device);
/* What is filled of a model's cache, beside what it takes anyway. */
/* Caches that are given up go to files first, which takes so long. */
void headroom_virtual_machine_set_release_time (HeadroomVirtualMachine *self, gint64 us);
void headroom_virtual_machine_set_filled (HeadroomVirtualMachine *self, HeadroomModelEntry *entry,
                                          guint64 bytes);
void headroom_virtual_machine_set_pressure (HeadroomVirtualMachine *self,
                                            const HrPressure *pressure);
void headroom_virtual_machine_set_vitals (HeadroomVirtualMachine *self,
                                          const HeadroomVitals *vitals);
/* Another rate from now on; 0: the disk does not answer. */
void headroom_virtual_machine_set_disk (HeadroomVirtualMachine *self, double disk);

/* Told when the memory of a model is free again, before anybody takes it. */
typedef void (*HeadroomVirtualFreedFunc) (const char *model, gpointer data);
void headroom_virtual_machine_set_freed_func (HeadroomVirtualMachine *self,
                                              HeadroomVirtualFreedFunc func, gpointer data);

/* Bytes that models have now on a device, whether filled or promised. */
guint64 headroom_virtual_machine_get_used (HeadroomVirtualMachine *self, gsize device);
gsize headroom_virtual_machine_n_devices (HeadroomVirtualMachine *self);
const HrDevice *headroom_virtual_machine_get_device (HeadroomVirtualMachine *self, gsize device);

G_END_DECLS
