/* headroom-env.h: settings from the environment.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A setting NAME is read from HEADROOM_NAME, else from OLLAMA_NAME, so that an existing set-up
 * keeps working. Spaces and quotes around a value do not count; an empty value is as none.
 * Thread-safety: as getenv ().
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * headroom_env_dup:
 * @name: "MODELS", "HOST", "KEEP_ALIVE", ...
 *
 * Returns: (transfer full) (nullable): the value, or %NULL if there is none
 */
char *headroom_env_dup (const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* "1", "t", "true", "0", "f", "false" in any usual case; any other non-empty value is true. */
gboolean headroom_env_get_bool (const char *name, gboolean fallback);
/* fallback where it is not a whole number >= 0. */
guint64 headroom_env_get_uint (const char *name, guint64 fallback);

G_END_DECLS
