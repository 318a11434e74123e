/* headroom-lora.c: see headroom-lora.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-lora.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "headroom-wire.h"

/* Of a digest: as many as people are shown of one. */
#define SHORTEST_DIGEST 12

/* Whether text is the digest in a blob's path, with or without "sha256:", or how it begins. */
static gboolean
is_digest_of (const char *text, const char *path)
{
  g_autofree char *file = g_path_get_basename (path);
  const char *hex = g_str_has_prefix (text, "sha256:") || g_str_has_prefix (text, "sha256-")
                        ? text + strlen ("sha256:")
                        : text;

  return g_str_has_prefix (file, "sha256-") && strlen (hex) >= SHORTEST_DIGEST &&
         g_ascii_strncasecmp (file + strlen ("sha256-"), hex, strlen (hex)) == 0;
}

/* -1: it has none of that name. */
static gint64
find_adapter (const char *const *paths, gsize n, const HrValue *name)
{
  if (hr_value_kind (name) == HR_VALUE_INT) {
    gint64 index = hr_value_get_int (name);
    return index >= 0 && (guint64) index < n ? index : -1;
  }
  for (gsize i = 0; i < n; i++)
    if (is_digest_of (hr_value_get_string (name, NULL), paths[i]))
      return (gint64) i;
  return -1;
}

static float
scale_of (const HrValue *wanted)
{
  const HrValue *scale = hr_value_lookup (wanted, "scale");

  if (scale == NULL)
    return 1;
  return hr_value_kind (scale) == HR_VALUE_INT ? (float) hr_value_get_int (scale)
                                               : (float) hr_value_get_float (scale);
}

gboolean
headroom_lora_dup_scales (HeadroomModelEntry *entry, const HrValue *lora, float **ret_scales,
                          GError **error)
{
  const char *const *paths = headroom_model_entry_get_adapter_paths (entry);
  gsize n = g_strv_length ((char **) paths);
  g_autofree float *scales = NULL;

  if (lora == NULL) {
    *ret_scales = NULL;
    return TRUE;
  }
  scales = g_new0 (float, n + 1);
  for (gsize i = 0; i < hr_value_size (lora); i++) {
    const HrValue *wanted = hr_value_at (lora, i);
    gint64 index = find_adapter (paths, n, hr_value_lookup (wanted, "adapter"));
    if (index < 0) {
      g_set_error (error, HEADROOM_WIRE_ERROR, 400,
                   _("headroom.lora: %s has no such adapter; it has %u"),
                   headroom_model_entry_get_name (entry), (guint) n);
      return FALSE;
    }
    scales[index] = scale_of (wanted);
  }
  *ret_scales = g_steal_pointer (&scales);
  return TRUE;
}
