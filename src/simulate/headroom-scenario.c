/* headroom-scenario.c: see headroom-scenario.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-scenario.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "headroom-catalogue.h"
#include "headroom-device-spec.h"
#include "headroom-json.h"
#include "headroom-quantity.h"
#include "headroom-wire-time.h"

#define DEFAULT_DISK 2e9
#define DEFAULT_MAX_QUEUE 512
#define DEFAULT_KEEP_ALIVE_NS (300 * HEADROOM_NSEC_PER_SEC)
/* A year: later than that nobody watches. */
#define LATEST_NS (G_GINT64_CONSTANT (366) * 24 * 3600 * HEADROOM_NSEC_PER_SEC)

static void
clear_model (gpointer data)
{
  HeadroomScenarioModel *model = data;

  g_free (model->name);
  hr_model_unref (model->shape);
}

HeadroomScenario *
headroom_scenario_new (const HrDevice *devices, gsize n_devices)
{
  HeadroomScenario *scenario = g_new0 (HeadroomScenario, 1);

  scenario->title = g_strdup ("");
  if (n_devices > 0)
    memcpy (scenario->devices, devices, n_devices * sizeof *devices);
  scenario->n_devices = n_devices;
  scenario->disk = DEFAULT_DISK;
  scenario->max_queue = DEFAULT_MAX_QUEUE;
  scenario->keep_alive_ns = DEFAULT_KEEP_ALIVE_NS;
  scenario->models = g_array_new (FALSE, FALSE, sizeof (HeadroomScenarioModel));
  g_array_set_clear_func (scenario->models, clear_model);
  scenario->requests = g_array_new (FALSE, FALSE, sizeof (HeadroomScenarioRequest));
  scenario->others = g_array_new (FALSE, FALSE, sizeof (HeadroomScenarioOthers));
  return scenario;
}

void
headroom_scenario_free (HeadroomScenario *scenario)
{
  if (scenario == NULL)
    return;
  g_free (scenario->title);
  g_array_unref (scenario->models);
  g_array_unref (scenario->requests);
  g_array_unref (scenario->others);
  g_free (scenario);
}

/* ---- Reading ---- */

static gboolean
fail (GError **error, const char *where, const char *what)
{
  g_set_error (error, HR_ERROR, HR_ERROR_SETTINGS, _("The scenario cannot be played: %s %s."),
               where, what);
  return FALSE;
}

static gboolean
check_keys (const HrValue *dict, const char *where, const char *const *known, GError **error)
{
  if (hr_value_kind (dict) != HR_VALUE_DICT)
    return fail (error, where, _("is no object"));
  for (gsize i = 0; i < hr_value_size (dict); i++) {
    const char *key;
    hr_value_entry (dict, i, &key);
    if (!g_strv_contains (known, key)) {
      g_autofree char *path = g_strdup_printf ("%s.%s", where, key);
      return fail (error, path, _("is not known"));
    }
  }
  return TRUE;
}

/* An optional whole number from min to max. */
static gboolean
read_count (const HrValue *dict, const char *where, const char *key, gint64 min, gint64 max,
            gint64 *value, GError **error)
{
  HrValue *found = hr_value_lookup (dict, key);
  g_autofree char *path = g_strdup_printf ("%s.%s", where, key);
  g_autofree char *range =
      g_strdup_printf (_("is no whole number from %" PRId64 " to %" PRId64), min, max);

  if (found == NULL)
    return TRUE;
  if (hr_value_kind (found) != HR_VALUE_INT || hr_value_get_int (found) < min ||
      hr_value_get_int (found) > max)
    return fail (error, path, range);
  *value = hr_value_get_int (found);
  return TRUE;
}

/* An optional time: seconds, or a duration such as "1h30m". */
static gboolean
read_time (const HrValue *dict, const char *where, const char *key, gint64 *ns, GError **error)
{
  HrValue *found = hr_value_lookup (dict, key);
  g_autofree char *path = g_strdup_printf ("%s.%s", where, key);
  gint64 value;

  if (found == NULL)
    return TRUE;
  if (!headroom_wire_parse_keep_alive (found, &value, NULL) || value > LATEST_NS)
    return fail (error, path, _("is no time between 0 and a year, such as \"90s\""));
  *ns = value;
  return TRUE;
}

static gboolean
read_keep_alive (const HrValue *dict, const char *where, gint64 *ns, gboolean *ret_given,
                 GError **error)
{
  HrValue *found = hr_value_lookup (dict, "keep_alive");
  g_autofree char *path = g_strdup_printf ("%s.keep_alive", where);

  *ret_given = found != NULL;
  if (found == NULL)
    return TRUE;
  /* "-1" and "-1s" are for ever, as in a request. */
  if (hr_value_kind (found) == HR_VALUE_STRING
          ? headroom_wire_parse_keep_alive_text (hr_value_get_string (found, NULL), ns, NULL)
          : headroom_wire_parse_keep_alive (found, ns, NULL))
    return TRUE;
  return fail (error, path, _("is no keep_alive"));
}

/* ---- The machine ---- */

static gboolean
read_devices (HeadroomScenario *s, const HrValue *json, GError **error)
{
  HrValue *list = hr_value_lookup (json, "devices");
  g_autoptr (GPtrArray) specs = g_ptr_array_new ();
  gint64 reserve = 20;

  if (list == NULL || hr_value_kind (list) != HR_VALUE_LIST || hr_value_size (list) == 0)
    return fail (error, "devices", _("is no list of devices"));
  for (gsize i = 0; i < hr_value_size (list); i++) {
    if (hr_value_kind (hr_value_at (list, i)) != HR_VALUE_STRING)
      return fail (error, "devices", _("is no list of devices"));
    g_ptr_array_add (specs, (gpointer) hr_value_get_string (hr_value_at (list, i), NULL));
  }
  g_ptr_array_add (specs, NULL);
  return read_count (json, "scenario", "reserve", 0, 100, &reserve, error) &&
         headroom_device_specs_parse ((const char *const *) specs->pdata, (int) reserve, s->devices,
                                      HR_MAX_DEVICES, &s->n_devices, error);
}

static gboolean
read_limits (HeadroomScenario *s, const HrValue *json, gint64 *parallel, GError **error)
{
  gint64 max_loaded = 0, max_queue = DEFAULT_MAX_QUEUE;
  HrValue *loaded = hr_value_lookup (json, "max_loaded");
  const char *disk = headroom_json_get_string (json, "disk");
  gboolean given, unlimited = loaded != NULL && hr_value_kind (loaded) == HR_VALUE_STRING &&
                              g_str_equal (hr_value_get_string (loaded, NULL), "unlimited");

  if ((!unlimited &&
       !read_count (json, "scenario", "max_loaded", 0, G_MAXINT, &max_loaded, error)) ||
      !read_count (json, "scenario", "max_queue", 1, G_MAXINT, &max_queue, error) ||
      !read_count (json, "scenario", "num_parallel", 1, HR_MAX_PARALLEL, parallel, error) ||
      !read_keep_alive (json, "scenario", &s->keep_alive_ns, &given, error))
    return FALSE;
  if (disk != NULL && (!headroom_quantity_parse (disk, "B/s", &s->disk) || s->disk < 1e6))
    return fail (error, "scenario.disk", _("is no rate such as \"2GB/s\""));
  s->max_loaded = unlimited ? G_MAXUINT : (guint) max_loaded;
  s->max_queue = (guint) max_queue;
  return TRUE;
}

/* ---- Other programs ---- */

static gboolean
find_device (const HeadroomScenario *s, const char *name, gsize *ret_index)
{
  for (gsize d = 0; name != NULL && d < s->n_devices; d++)
    if (g_str_equal (s->devices[d].name, name)) {
      *ret_index = d;
      return TRUE;
    }
  return FALSE;
}

static gboolean
read_other (HeadroomScenario *s, const HrValue *json, gsize index, GError **error)
{
  static const char *const known[] = { "at", "device", "bytes", NULL };
  g_autofree char *where = g_strdup_printf ("others[%" G_GSIZE_FORMAT "]", index);
  HeadroomScenarioOthers others = { 0 };
  const char *bytes;
  gint64 at_ns = 0;

  if (!check_keys (json, where, known, error) || !read_time (json, where, "at", &at_ns, error))
    return FALSE;
  if (!find_device (s, headroom_json_get_string (json, "device"), &others.device))
    return fail (error, where, _("names no device of the scenario"));
  bytes = headroom_json_get_string (json, "bytes");
  if (bytes == NULL || !headroom_quantity_parse_bytes (bytes, &others.bytes))
    return fail (error, where, _("has no size such as \"4.3GB\""));
  others.at_us = at_ns / 1000;
  g_array_append_val (s->others, others);
  return TRUE;
}

static gboolean
read_others (HeadroomScenario *s, const HrValue *json, GError **error)
{
  HrValue *list = hr_value_lookup (json, "others");

  if (list == NULL)
    return TRUE;
  if (hr_value_kind (list) != HR_VALUE_LIST)
    return fail (error, "others", _("is no list"));
  if (hr_value_size (list) > HEADROOM_SCENARIO_MAX_OTHERS)
    return fail (error, "others", _("are too many"));
  for (gsize i = 0; i < hr_value_size (list); i++)
    if (!read_other (s, hr_value_at (list, i), i, error))
      return FALSE;
  return TRUE;
}

/* ---- Models ---- */

static gboolean
read_shape (HeadroomScenarioModel *model, const HrValue *json, const char *where, GError **error)
{
  const char *shape = headroom_json_get_string (json, "shape"),
             *weights = headroom_json_get_string (json, "weights");
  const HeadroomCatalogueEntry *entry =
      headroom_catalogue_find (shape != NULL ? shape : model->name);
  g_autoptr (GError) local = NULL;

  if (entry == NULL)
    return fail (error, where, _("is not in the catalogue and has no bytes"));
  model->shape = headroom_catalogue_open (entry, weights, &local);
  if (model->shape == NULL || !hr_model_is_runnable (model->shape, &local))
    return fail (error, where, local->message);
  return TRUE;
}

static gboolean
read_model (HeadroomScenario *s, const char *name, const HrValue *json, GError **error)
{
  static const char *const known[] = { "bytes", "shape", "weights", NULL };
  g_autofree char *where = g_strdup_printf ("models.%s", name);
  const char *bytes =
      hr_value_kind (json) == HR_VALUE_DICT ? headroom_json_get_string (json, "bytes") : NULL;
  HeadroomScenarioModel model = { .name = g_strdup (name) };

  g_array_append_val (s->models, model);
  if (!check_keys (json, where, known, error))
    return FALSE;
  if (bytes == NULL)
    return read_shape (&g_array_index (s->models, HeadroomScenarioModel, s->models->len - 1), json,
                       where, error);
  if (!headroom_quantity_parse_bytes (
          bytes, &g_array_index (s->models, HeadroomScenarioModel, s->models->len - 1).bytes) ||
      g_array_index (s->models, HeadroomScenarioModel, s->models->len - 1).bytes == 0)
    return fail (error, where, _("has no size such as \"4.3GB\""));
  return TRUE;
}

static gboolean
read_models (HeadroomScenario *s, const HrValue *json, GError **error)
{
  HrValue *models = hr_value_lookup (json, "models");

  if (models == NULL || hr_value_kind (models) != HR_VALUE_DICT || hr_value_size (models) == 0)
    return fail (error, "models", _("is no object of models"));
  if (hr_value_size (models) > HEADROOM_SCENARIO_MAX_MODELS)
    return fail (error, "models", _("are too many"));
  for (gsize i = 0; i < hr_value_size (models); i++) {
    const char *name;
    HrValue *model = hr_value_entry (models, i, &name);
    if (!read_model (s, name, model, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- Requests ---- */

static gboolean
find_model (const HeadroomScenario *s, const char *name, guint *ret_index)
{
  for (guint i = 0; name != NULL && i < s->models->len; i++)
    if (g_str_equal (g_array_index (s->models, HeadroomScenarioModel, i).name, name)) {
      *ret_index = i;
      return TRUE;
    }
  return FALSE;
}

static gboolean
read_repeat (const HrValue *json, const char *where, gint64 *count, gint64 *every_ns,
             GError **error)
{
  static const char *const known[] = { "count", "every", NULL };
  HrValue *repeat = hr_value_lookup (json, "repeat");
  g_autofree char *path = g_strdup_printf ("%s.repeat", where);

  *count = 1;
  *every_ns = HEADROOM_NSEC_PER_SEC;
  if (repeat == NULL)
    return TRUE;
  return check_keys (repeat, path, known, error) &&
         read_count (repeat, path, "count", 1, HEADROOM_SCENARIO_MAX_REQUESTS, count, error) &&
         read_time (repeat, path, "every", every_ns, error);
}

static gboolean
read_numbers (HeadroomScenarioRequest *r, const HrValue *json, const char *where, gint64 parallel,
              GError **error)
{
  gint64 num_ctx = 0, prompt = 512, predict = 128, seconds_ns = 0;

  if (!read_count (json, where, "num_ctx", 1, G_MAXUINT32, &num_ctx, error) ||
      !read_count (json, where, "parallel", 1, HR_MAX_PARALLEL, &parallel, error) ||
      !read_count (json, where, "prompt", 1, G_MAXINT32, &prompt, error) ||
      !read_count (json, where, "predict", 1, G_MAXINT32, &predict, error) ||
      !read_time (json, where, "seconds", &seconds_ns, error))
    return FALSE;
  r->settings = (HrSettings){ .num_ctx = (guint32) num_ctx,
                              .parallel = (guint32) parallel,
                              .gpu_layers = -1 };
  r->prompt = (guint32) prompt;
  r->predict = (guint32) predict;
  r->seconds = (double) seconds_ns / 1e9;
  return TRUE;
}

static gboolean
read_request (HeadroomScenario *s, const HrValue *json, gsize index, gint64 parallel,
              GError **error)
{
  static const char *const known[] = { "at",      "model",    "client",  "keep_alive",
                                       "num_ctx", "parallel", "seconds", "prompt",
                                       "predict", "repeat",   NULL };
  g_autofree char *where = g_strdup_printf ("requests[%" G_GSIZE_FORMAT "]", index);
  HeadroomScenarioRequest r = { 0 };
  gint64 at_ns = 0, count, every_ns;
  const char *client;

  if (!check_keys (json, where, known, error) || !read_time (json, where, "at", &at_ns, error) ||
      !read_numbers (&r, json, where, parallel, error) ||
      !read_keep_alive (json, where, &r.keep_alive_ns, &r.has_keep_alive, error) ||
      !read_repeat (json, where, &count, &every_ns, error))
    return FALSE;
  if (!find_model (s, headroom_json_get_string (json, "model"), &r.model))
    return fail (error, where, _("names no model of the scenario"));
  if (s->requests->len + (guint64) count > HEADROOM_SCENARIO_MAX_REQUESTS)
    return fail (error, where, _("makes too many requests; there can be 100000 in all"));
  client = headroom_json_get_string (json, "client");
  g_strlcpy (r.client, client != NULL ? client : "", sizeof r.client);
  for (gint64 i = 0; i < count; i++) {
    r.at_us = (at_ns + i * every_ns) / 1000;
    g_array_append_val (s->requests, r);
  }
  return TRUE;
}

HeadroomScenario *
headroom_scenario_read (const HrValue *json, GError **error)
{
  static const char *const known[] = { "title",      "devices",      "reserve",   "disk",
                                       "max_loaded", "num_parallel", "max_queue", "keep_alive",
                                       "models",     "requests",     "others",    NULL };
  g_autoptr (HeadroomScenario) s = headroom_scenario_new (NULL, 0);
  HrValue *requests;
  gint64 parallel = 0;

  if (!check_keys (json, "scenario", known, error) || !read_devices (s, json, error) ||
      !read_limits (s, json, &parallel, error) || !read_models (s, json, error) ||
      !read_others (s, json, error))
    return NULL;
  requests = hr_value_lookup (json, "requests");
  if (requests == NULL || hr_value_kind (requests) != HR_VALUE_LIST) {
    fail (error, "requests", _("is no list of requests"));
    return NULL;
  }
  for (gsize i = 0; i < hr_value_size (requests); i++)
    if (!read_request (s, hr_value_at (requests, i), i, parallel, error))
      return NULL;
  if (headroom_json_get_string (json, "title") != NULL) {
    g_free (s->title);
    s->title = g_strdup (headroom_json_get_string (json, "title"));
  }
  return g_steal_pointer (&s);
}
