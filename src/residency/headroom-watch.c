/* headroom-watch.c: see headroom-watch.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-watch.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "headroom-env.h"
#include "headroom-json.h"
#include "headroom-wire-time.h"

/* Readings in a row that make a crossing, and how far below the threshold it is over. */
#define READINGS_ABOVE 2
#define OVER_SHARE 0.95
/* More devices than that are not watched one by one. */
#define MAX_WATCHES (HEADROOM_WATCH_N + HR_MAX_DEVICES)

static const struct {
  const char *code, *variable, *unit;
  double usual, least, most;
  HeadroomReason reason; /* params: [device,] value, threshold */
  const char *advice;
} kinds[HEADROOM_WATCH_N] = {
  [HEADROOM_WATCH_DEVICE_MEMORY] = { "device-memory", "WATCH_DEVICE_MEMORY", "percent", 90, 1, 100,
                                     HEADROOM_REASON_WATCH_MEMORY,
                                     N_("Unload a model that is not needed, or choose a shorter context, a coarser cache or a "
                                         "smaller quantisation.") },
  [HEADROOM_WATCH_BUS] = { "bus", "WATCH_BUS", "percent", 70, 1, 100, HEADROOM_REASON_WATCH_BUS,
                           N_("More answers at once will each be slower. Fewer at once, or a smaller quantisation, "
                               "read less.") },
  [HEADROOM_WATCH_LATENCY] = { "latency", "WATCH_LATENCY", "times", 1.5, 1, 100,
                               HEADROOM_REASON_WATCH_LATENCY,
                               N_("Other programs keep the memory busy. Look for them, or wait until they are done.") },
  [HEADROOM_WATCH_SWAP] = { "swap", "WATCH_SWAP", "bytes", 512.0 * 1024 * 1024, 0, 1e15,
                            HEADROOM_REASON_WATCH_SWAP,
                            N_("Memory that has to come back from the disk makes answers stall. Unload a model or close "
                                "programs.") },
  [HEADROOM_WATCH_FRAGMENTATION] = { "fragmentation", "WATCH_FRAGMENTATION", "percent", 50, 1, 100,
                                     HEADROOM_REASON_WATCH_FRAGMENTATION,
                                     N_("A restart gives it back. Weights and caches are not part of it.") },
};

struct _HeadroomWatches {
  char *path;
  double thresholds[HEADROOM_WATCH_N];
  gboolean from_env[HEADROOM_WATCH_N];
  GPtrArray *watches; /* HeadroomWatch */
};

/* ---- Kinds ---- */

const char *
headroom_watch_code (HeadroomWatchKind kind)
{
  return kinds[kind].code;
}

const char *
headroom_watch_unit (HeadroomWatchKind kind)
{
  return kinds[kind].unit;
}

const char *
headroom_watch_advice (HeadroomWatchKind kind)
{
  return _(kinds[kind].advice);
}

gboolean
headroom_watch_parse_code (const char *code, HeadroomWatchKind *ret_kind)
{
  for (int i = 0; i < HEADROOM_WATCH_N; i++) {
    if (!g_str_equal (kinds[i].code, code))
      continue;
    *ret_kind = (HeadroomWatchKind) i;
    return TRUE;
  }
  return FALSE;
}

/* ---- Thresholds ---- */

static gboolean
is_possible (HeadroomWatchKind kind, double value)
{
  return value >= kinds[kind].least && value <= kinds[kind].most;
}

static gboolean
number_of (const HrValue *value, double *ret)
{
  if (value != NULL && hr_value_kind (value) == HR_VALUE_FLOAT)
    *ret = hr_value_get_float (value);
  else if (value != NULL && hr_value_kind (value) == HR_VALUE_INT)
    *ret = (double) hr_value_get_int (value);
  else
    return FALSE;
  return TRUE;
}

static HrValue *
read_settings (HeadroomWatches *self)
{
  g_autofree char *text = NULL;
  g_autoptr (HrValue) json = NULL;

  if (self->path != NULL && g_file_get_contents (self->path, &text, NULL, NULL))
    json = headroom_json_parse (text, -1, FALSE, NULL);
  if (json == NULL || hr_value_kind (json) != HR_VALUE_DICT)
    return hr_value_new_dict ();
  return g_steal_pointer (&json);
}

static void
read_thresholds (HeadroomWatches *self)
{
  g_autoptr (HrValue) json = read_settings (self);

  for (int kind = 0; kind < HEADROOM_WATCH_N; kind++) {
    g_autofree char *text = self->path != NULL ? headroom_env_dup (kinds[kind].variable) : NULL;
    double value;
    self->thresholds[kind] = kinds[kind].usual;
    if (number_of (hr_value_lookup (json, kinds[kind].code), &value) && is_possible (kind, value))
      self->thresholds[kind] = value;
    if (text == NULL)
      continue;
    self->from_env[kind] =
        g_ascii_isdigit (text[0]) && is_possible (kind, g_ascii_strtod (text, NULL));
    if (self->from_env[kind])
      self->thresholds[kind] = g_ascii_strtod (text, NULL);
    else
      g_warning ("%s: %s is no threshold", kinds[kind].variable, text);
  }
}

double
headroom_watches_get_threshold (HeadroomWatches *self, HeadroomWatchKind kind)
{
  return self->thresholds[kind];
}

gboolean
headroom_watches_set_threshold (HeadroomWatches *self, HeadroomWatchKind kind, double value,
                                GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->path != NULL ? self->path : "");
  g_autoptr (HrValue) json = NULL;
  g_autofree char *text = NULL;

  g_return_val_if_fail (self->path != NULL, FALSE);
  if (!is_possible (kind, value)) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS, _("%s can be %g to %g"), kinds[kind].code,
                 kinds[kind].least, kinds[kind].most);
    return FALSE;
  }
  if (self->from_env[kind]) {
    g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS, _("%s is set by the environment (%s)"),
                 kinds[kind].code, kinds[kind].variable);
    return FALSE;
  }
  json = read_settings (self);
  headroom_json_set_float (json, kinds[kind].code, value);
  text = headroom_json_print (json, HEADROOM_JSON_INDENT);
  g_mkdir_with_parents (folder, 0700);
  if (!g_file_set_contents (self->path, text, -1, error))
    return FALSE;
  self->thresholds[kind] = value;
  return TRUE;
}

/* ---- Readings ---- */

char *
headroom_watches_dup_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "headroom", "watches.json", NULL);
}

HeadroomWatches *
headroom_watches_new (const char *path)
{
  HeadroomWatches *self = g_new0 (HeadroomWatches, 1);

  self->path = g_strdup (path);
  self->watches = g_ptr_array_new_with_free_func (g_free);
  read_thresholds (self);
  return self;
}

void
headroom_watches_free (HeadroomWatches *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->watches);
  g_free (self->path);
  g_free (self);
}

/* NULL: there are as many as may be. */
static HeadroomWatch *
find (HeadroomWatches *self, HeadroomWatchKind kind, const char *device)
{
  HeadroomWatch *watch;

  for (guint i = 0; i < self->watches->len; i++) {
    watch = self->watches->pdata[i];
    if (watch->kind == kind && g_str_equal (watch->device, device))
      return watch;
  }
  if (self->watches->len >= MAX_WATCHES)
    return NULL;
  watch = g_new0 (HeadroomWatch, 1);
  watch->kind = kind;
  g_strlcpy (watch->device, device, sizeof watch->device);
  g_ptr_array_add (self->watches, watch);
  return watch;
}

const HeadroomWatch *
headroom_watches_feed (HeadroomWatches *self, HeadroomWatchKind kind, const char *device,
                       double value, gint64 now_ns)
{
  HeadroomWatch *watch = find (self, kind, device != NULL ? device : "");
  double threshold = self->thresholds[kind];

  if (watch == NULL)
    return NULL;
  watch->known = value >= 0;
  if (!watch->known)
    return NULL;
  watch->value = value;
  watch->history[watch->n_history++ % HEADROOM_WATCH_HISTORY] = (float) value;
  watch->n_above = value > threshold ? watch->n_above + 1 : 0;
  if (watch->crossed && value <= threshold * OVER_SHARE)
    watch->crossed = FALSE;
  if (watch->crossed || watch->n_above < READINGS_ABOVE)
    return NULL;
  watch->crossed = TRUE;
  watch->since_ns = now_ns;
  return watch;
}

void
headroom_watches_rest (HeadroomWatches *self)
{
  for (guint i = 0; i < self->watches->len; i++) {
    HeadroomWatch *watch = self->watches->pdata[i];
    watch->known = watch->crossed = FALSE;
    watch->n_above = 0;
  }
}

guint
headroom_watches_get_size (HeadroomWatches *self)
{
  return self->watches->len;
}

const HeadroomWatch *
headroom_watches_get (HeadroomWatches *self, guint index)
{
  return self->watches->pdata[index];
}

/* ---- Telling ---- */

static HrValue *
number (HeadroomWatchKind kind, double value)
{
  return g_str_equal (kinds[kind].unit, "bytes") ? hr_value_new_int ((gint64) value)
                                                 : hr_value_new_float (value);
}

HeadroomReason
headroom_watch_reason (HeadroomWatchKind kind)
{
  return kinds[kind].reason;
}

HrValue *
headroom_watches_dup_params (HeadroomWatches *self, const HeadroomWatch *watch)
{
  HrValue *params = hr_value_new_list ();

  if (watch->device[0] != '\0')
    hr_value_append (params, hr_value_new_string (watch->device, -1, false));
  hr_value_append (params, number (watch->kind, watch->value));
  hr_value_append (params, number (watch->kind, self->thresholds[watch->kind]));
  return params;
}

static HrValue *
history_to_json (const HeadroomWatch *watch)
{
  HrValue *list = hr_value_new_list ();
  guint n = MIN (watch->n_history, HEADROOM_WATCH_HISTORY);

  for (guint i = watch->n_history - n; i < watch->n_history; i++)
    hr_value_append (list, hr_value_new_float (watch->history[i % HEADROOM_WATCH_HISTORY]));
  return list;
}

static HrValue *
watch_to_json (HeadroomWatches *self, const HeadroomWatch *watch)
{
  HrValue *json = hr_value_new_dict ();
  g_autoptr (HrValue) params = headroom_watches_dup_params (self, watch);
  g_autofree char *text = headroom_reason_dup_text (kinds[watch->kind].reason, params);
  g_autofree char *since =
      watch->crossed ? headroom_wire_format_time (watch->since_ns, FALSE) : NULL;

  headroom_json_set_string (json, "code", kinds[watch->kind].code);
  headroom_json_set_string (json, "device", watch->device);
  headroom_json_set_string (json, "unit", kinds[watch->kind].unit);
  hr_value_set (json, "value",
                watch->known ? hr_value_new_float (watch->value) : hr_value_new_null ());
  headroom_json_set_float (json, "threshold", self->thresholds[watch->kind]);
  headroom_json_set_bool (json, "crossed", watch->crossed);
  hr_value_set (json, "since",
                since != NULL ? hr_value_new_string (since, -1, false) : hr_value_new_null ());
  headroom_json_set_string (json, "text", watch->known ? text : "");
  headroom_json_set_string (json, "reason", headroom_reason_code (kinds[watch->kind].reason));
  hr_value_set (json, "params", hr_value_ref (params));
  headroom_json_set_string (json, "advice", headroom_watch_advice (watch->kind));
  return json;
}

HrValue *
headroom_watches_to_json (HeadroomWatches *self, gboolean with_history)
{
  HrValue *list = hr_value_new_list ();

  for (guint i = 0; i < self->watches->len; i++) {
    const HeadroomWatch *watch = self->watches->pdata[i];
    HrValue *json = watch_to_json (self, watch);
    if (with_history)
      hr_value_set (json, "history", history_to_json (watch));
    hr_value_append (list, json);
  }
  return list;
}
