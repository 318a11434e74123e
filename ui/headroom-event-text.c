/* headroom-event-text.c: the server's events in words, in this program's language.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-event-text.h"

#include "headroom-memory.h"
#include "headroom-reason.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

const char *
headroom_event_text_kind (const char *kind)
{
  static const struct {
    const char *kind, *title;
  } titles[] = {
    { "load", N_("Loaded") },         { "unload", N_("Unloaded") },
    { "evict", N_("Evicted") },       { "refuse", N_("Refused") },
    { "reload", N_("Loaded Again") }, { "queue", N_("Waiting") },
    { "resize", N_("Resized") },      { "truncate", N_("Shortened") },
    { "drop", N_("Given Up") },       { "advise", N_("Advice") },
    { "fallback", N_("Made Do") },    { "pressure", N_("Memory Is Short") },
    { "watch", N_("Watch") },         { "park", N_("Set Aside") },
  };

  for (gsize i = 0; kind != NULL && i < G_N_ELEMENTS (titles); i++)
    if (g_str_equal (titles[i].kind, kind))
      return _(titles[i].title);
  return kind;
}

static gboolean
read_code (const HrValue *event, HeadroomReason *ret_reason)
{
  const char *code = headroom_wire_get_string (event, "code");

  return code != NULL && headroom_reason_parse_code (code, ret_reason);
}

char *
headroom_event_text_dup_reason (const HrValue *event)
{
  const HrValue *params = headroom_wire_get (event, "params");
  const char *text = headroom_wire_get_string (event, "reason");
  HeadroomReason reason;

  if (params != NULL && hr_value_kind (params) == HR_VALUE_LIST && read_code (event, &reason))
    return headroom_reason_dup_text (reason, params);
  return g_strdup (text != NULL ? text : "");
}

gboolean
headroom_event_text_is_loss (const HrValue *event)
{
  return g_strcmp0 (headroom_wire_get_string (event, "kind"), "evict") == 0 &&
         headroom_wire_get_string (event, "model") != NULL;
}

/* For whom a model had to go; NULL: not for another model. */
static const char *
find_guest (const HrValue *event)
{
  const HrValue *params = headroom_wire_get (event, "params"),
                *first = headroom_wire_at (params, 0);
  HeadroomReason reason;

  if (first == NULL || hr_value_kind (first) != HR_VALUE_STRING || !read_code (event, &reason) ||
      (reason != HEADROOM_REASON_ROOM && reason != HEADROOM_REASON_TOO_MANY))
    return NULL;
  return hr_value_get_string (first, NULL);
}

char *
headroom_event_text_dup_news (const HrValue *event)
{
  const char *model = headroom_wire_get_string (event, "model"), *guest = find_guest (event);
  g_autofree char *reason = headroom_event_text_dup_reason (event);
  g_autofree char *bytes = headroom_memory_format (MAX (headroom_wire_get_int (event, "bytes"), 0));

  if (headroom_event_text_is_loss (event) && guest != NULL)
    /* Translators: a model, the one that took its place, and how much memory that freed */
    return g_strdup_printf (_("%s was unloaded for %s, %s freed"), model, guest, bytes);
  if (model == NULL || *model == '\0')
    return g_steal_pointer (&reason);
  /* Translators: a model, and a sentence about it */
  return g_strdup_printf (_("%s: %s"), model, reason);
}
