/* headroom-event-text.c: the server's events in words, in this program's language.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-event-text.h"

#include "headroom-memory.h"
#include "headroom-model-item.h"
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

/* Whether the first parameter of a reason is the model for which something happened. */
static gboolean
has_guest (HeadroomReason reason)
{
  return reason == HEADROOM_REASON_ROOM || reason == HEADROOM_REASON_TOO_MANY;
}

/* The parameters with that model as people call it. */
static HrValue *
name_guest (const HrValue *params)
{
  HrValue *named = hr_value_new_list ();

  for (gsize i = 0; i < headroom_wire_length (params); i++) {
    HrValue *param = headroom_wire_at (params, i);
    g_autofree char *title = i == 0 && hr_value_kind (param) == HR_VALUE_STRING
                                 ? headroom_model_dup_title (hr_value_get_string (param, NULL))
                                 : NULL;
    hr_value_append (named,
                     title != NULL ? hr_value_new_string (title, -1, false) : hr_value_ref (param));
  }
  return named;
}

char *
headroom_event_text_dup_reason (const HrValue *event)
{
  const HrValue *params = headroom_wire_get (event, "params");
  const char *text = headroom_wire_get_string (event, "reason");
  HeadroomReason reason;

  if (params != NULL && hr_value_kind (params) == HR_VALUE_LIST && read_code (event, &reason)) {
    g_autoptr (HrValue) named = has_guest (reason) ? name_guest (params) : NULL;
    return headroom_reason_dup_text (reason, named != NULL ? named : params);
  }
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
      !has_guest (reason))
    return NULL;
  return hr_value_get_string (first, NULL);
}

char *
headroom_event_text_dup_news (const HrValue *event)
{
  const char *guest = find_guest (event);
  g_autofree char *model = headroom_model_dup_title (headroom_wire_get_string (event, "model")),
                  *guest_title = headroom_model_dup_title (guest),
                  *reason = headroom_event_text_dup_reason (event);
  g_autofree char *bytes = headroom_memory_format (MAX (headroom_wire_get_int (event, "bytes"), 0));

  if (headroom_event_text_is_loss (event) && guest != NULL)
    /* Translators: a model, the one that took its place, and how much memory that freed */
    return g_strdup_printf (_("%s was unloaded for %s, %s freed"), model, guest_title, bytes);
  if (*model == '\0')
    return g_steal_pointer (&reason);
  /* Translators: a model, and a sentence about it */
  return g_strdup_printf (_("%s: %s"), model, reason);
}
