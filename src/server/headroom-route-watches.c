/* headroom-route-watches.c: what is watched, and thresholds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-router.h"

#include <glib/gi18n-lib.h>

#include "headroom-json.h"
#include "headroom-wire.h"

static HeadroomWatches *
watches_of (HeadroomExchange *exchange)
{
  return headroom_residency_get_watches (headroom_exchange_get_service (exchange)->residency);
}

static void
reply_watches (HeadroomExchange *exchange)
{
  HeadroomResidency *residency = headroom_exchange_get_service (exchange)->residency;
  g_autoptr (GPtrArray) residents = headroom_residency_dup_residents (residency);
  g_autoptr (HrValue) json = hr_value_new_dict ();
  g_autoptr (HrValue) thresholds = hr_value_new_dict ();
  g_autofree char *text = NULL;

  for (int kind = 0; kind < HEADROOM_WATCH_N; kind++)
    headroom_json_set_float (thresholds, headroom_watch_code (kind),
                             headroom_watches_get_threshold (watches_of (exchange), kind));
  headroom_json_set_bool (json, "reading", residents->len > 0);
  headroom_json_set_int (json, "every_seconds", HEADROOM_WATCH_SECONDS);
  hr_value_set (json, "thresholds", g_steal_pointer (&thresholds));
  hr_value_set (json, "watches", headroom_watches_to_json (watches_of (exchange), TRUE));
  text = headroom_json_print (json, HEADROOM_JSON_PLAIN);
  headroom_exchange_reply_json (exchange, SOUP_STATUS_OK, text);
}

void
headroom_route_watches (HeadroomExchange *exchange)
{
  reply_watches (exchange);
}

/* ---- Setting ---- */

typedef struct {
  HeadroomWatchKind kind;
  double value;
} Threshold;

static gboolean
read_threshold (const char *code, const HrValue *value, Threshold *ret, GError **error)
{
  gboolean is_int = hr_value_kind (value) == HR_VALUE_INT;

  if (!headroom_watch_parse_code (code, &ret->kind)) {
    g_set_error (error, HEADROOM_WIRE_ERROR, 400, _("There is no watch called %s"), code);
    return FALSE;
  }
  if (!is_int && hr_value_kind (value) != HR_VALUE_FLOAT) {
    g_set_error (error, HEADROOM_WIRE_ERROR, 400, _("The threshold of %s is no number"), code);
    return FALSE;
  }
  ret->value = is_int ? (double) hr_value_get_int (value) : hr_value_get_float (value);
  return TRUE;
}

/* {"CODE": NUMBER, ...}; all of them are looked at before one is set. */
static GArray *
read_thresholds (HeadroomExchange *exchange, GError **error)
{
  gsize len;
  const char *body = headroom_exchange_get_body (exchange, &len);
  g_autoptr (HrValue) json = headroom_json_parse (body, (gssize) len, FALSE, error);
  HrValue *dict = json != NULL && hr_value_kind (json) == HR_VALUE_DICT
                      ? hr_value_lookup (json, "thresholds")
                      : NULL;
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (Threshold));

  if (json == NULL)
    return NULL;
  if (dict == NULL || hr_value_kind (dict) != HR_VALUE_DICT) {
    g_set_error_literal (error, HEADROOM_WIRE_ERROR, 400, "thresholds is required");
    return NULL;
  }
  for (gsize i = 0; i < hr_value_size (dict); i++) {
    const char *code;
    HrValue *value = hr_value_entry (dict, i, &code);
    Threshold threshold;
    if (!read_threshold (code, value, &threshold, error))
      return NULL;
    g_array_append_val (list, threshold);
  }
  return g_steal_pointer (&list);
}

void
headroom_route_set_watches (HeadroomExchange *exchange)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) list = NULL;

  if (!headroom_exchange_is_local (exchange)) {
    headroom_exchange_reply_problem (exchange, SOUP_STATUS_FORBIDDEN,
                                     _("Only programs of this user can set thresholds"));
    return;
  }
  list = read_thresholds (exchange, &error);
  for (guint i = 0; list != NULL && i < list->len; i++) {
    const Threshold *threshold = &g_array_index (list, Threshold, i);
    if (!headroom_watches_set_threshold (watches_of (exchange), threshold->kind, threshold->value,
                                         &error))
      break;
  }
  if (error != NULL)
    headroom_exchange_reply_error (exchange, error);
  else
    reply_watches (exchange);
}
