/* virtual-fixture.h: a residency on a machine that is only described, and requests of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-residency.h"
#include "headroom-virtual-machine.h"
#include "headroom-wire-time.h"

#define GB G_GUINT64_CONSTANT (1000000000)
#define SECOND G_USEC_PER_SEC

typedef struct {
  HeadroomVirtualMachine *machine;
  HeadroomResidency *residency;
  GHashTable *entries; /* name -> HeadroomModelEntry */
} Virtual;

/* host of so many bytes, a fifth of it in reserve; loading reads 1 GB a second. */
void virtual_init (Virtual *self, guint64 host_bytes, const HeadroomResidencyLimits *limits);
void virtual_clear (Virtual *self);
void virtual_add (Virtual *self, const char *name, guint64 bytes);

typedef struct {
  gboolean done;
  HeadroomLease *lease;
  GError *error;
} Asked;

/* Asks for a model; keep_alive_ns as in headroom_residency_acquire_async (). */
Asked *virtual_ask (Virtual *self, const char *name, const gint64 *keep_alive_ns);
/* The same, for settings. */
Asked *virtual_ask_for (Virtual *self, const char *name, const HrSettings *settings);
/* Lets time pass until it is answered. */
void virtual_wait_for (Virtual *self, Asked *asked);
void asked_free (Asked *asked); /* the model becomes idle */
/* Asks, waits, lets go: the model is idle. */
void virtual_use (Virtual *self, const char *name, const gint64 *keep_alive_ns);
/* Everything that happens at once has happened, and us microseconds have passed. */
void virtual_pass (Virtual *self, gint64 us);

gboolean virtual_has (Virtual *self, const char *name);
/* "load a, evict b, ...", and how many there are of a code. */
char *virtual_story (Virtual *self);
void virtual_assert_story (Virtual *self, const char *expected);
guint virtual_count (Virtual *self, const char *code);
