/* headroom-memory-monitor.h: keeps knowing what the memory is used for, and what the chosen
 * settings would need.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asks the engine once a second while running, and at once when the model or the settings change.
 * Emits "changed" with every answer, and "news" with a sentence for each thing that the engine did
 * with the memory and that the user should know. Thread-safety: main thread only, never blocks.
 */
#pragma once

#include "headroom-client.h"
#include "headroom-memory-wire.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MEMORY_MONITOR (headroom_memory_monitor_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomMemoryMonitor, headroom_memory_monitor, HEADROOM, MEMORY_MONITOR,
                      GObject)

HeadroomMemoryMonitor       *headroom_memory_monitor_new         (GSettings             *settings);
void                         headroom_memory_monitor_set_client  (HeadroomMemoryMonitor *self,
                                                                  HeadroomClient        *client);
void                         headroom_memory_monitor_set_model   (HeadroomMemoryMonitor *self,
                                                                  const char            *model);
void                         headroom_memory_monitor_set_running (HeadroomMemoryMonitor *self,
                                                                  gboolean               running);
const HeadroomMemoryReport  *headroom_memory_monitor_get_report  (HeadroomMemoryMonitor *self);
gboolean                      headroom_memory_monitor_is_loaded   (HeadroomMemoryMonitor *self,
                                                                   const char            *model);
const HeadroomMemoryVerdict *headroom_memory_monitor_get_verdict (HeadroomMemoryMonitor *self);
char *headroom_memory_monitor_dup_cost (HeadroomMemoryMonitor *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
