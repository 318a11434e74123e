/* headroom-limits.c: what the environment allows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-residency.h"

#include "headroom-env.h"
#include "headroom-quantity.h"
#include "headroom-wire-time.h"

#define DEFAULT_KEEP_ALIVE_NS (5 * 60 * HEADROOM_NSEC_PER_SEC)
#define DEFAULT_LOAD_TIMEOUT_NS (5 * 60 * HEADROOM_NSEC_PER_SEC)
#define DEFAULT_MAX_QUEUE 512

static gint64
duration_from_env (const char *name, gint64 fallback_ns)
{
  g_autofree char *text = headroom_env_dup (name);
  gint64 duration_ns = fallback_ns;

  if (text != NULL && !headroom_wire_parse_keep_alive_text (text, &duration_ns, NULL))
    g_warning ("%s: %s is not a duration", name, text);
  return duration_ns;
}

static guint64
bytes_from_env (const char *name)
{
  g_autofree char *text = headroom_env_dup (name);
  guint64 bytes = 0;

  if (text != NULL && !headroom_quantity_parse_bytes (text, &bytes))
    g_warning ("%s: %s is not an amount of memory", name, text);
  return bytes;
}

void
headroom_residency_limits_init_from_env (HeadroomResidencyLimits *ret_limits)
{
  *ret_limits = (HeadroomResidencyLimits) {
    .keep_alive_ns = duration_from_env ("KEEP_ALIVE", DEFAULT_KEEP_ALIVE_NS),
    .load_timeout_ns = duration_from_env ("LOAD_TIMEOUT", DEFAULT_LOAD_TIMEOUT_NS),
    .parking_bytes = bytes_from_env ("PARKING"),
  };
  ret_limits->max_loaded = (guint) MIN (headroom_env_get_uint ("MAX_LOADED_MODELS", 0), G_MAXUINT);
  ret_limits->max_queue =
      (guint) CLAMP (headroom_env_get_uint ("MAX_QUEUE", DEFAULT_MAX_QUEUE), 1, G_MAXINT);
}
