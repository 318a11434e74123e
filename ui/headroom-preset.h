/* headroom-preset.h: settings for a purpose, by name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safety: Safe.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a preset sets; 0 and NULL leave a setting as it is. */
typedef struct {
  const char *id;         /* as it is stored and asked for; NULL: a proposal for one machine */
  guint num_ctx;          /* tokens of each answer */
  guint parallel;         /* answers at once */
  const char *keep_alive; /* as requests say it */
  int num_predict;        /* tokens of an answer at most; -1: no limit */
} HeadroomPreset;

/* Those with a name, in the order in which people see them; NULL: there are no more. */
const HeadroomPreset *headroom_preset_get   (gsize       index);
/* NULL: there is none. id: (nullable). */
const HeadroomPreset *headroom_preset_find  (const char *id);
/* What people call it. */
const char           *headroom_preset_title (const char *id);

G_END_DECLS
