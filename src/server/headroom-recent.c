/* headroom-recent.c: see headroom-recent.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-recent.h"

#include "headroom-json.h"
#include "headroom-wire-time.h"

void
headroom_recent_init (HeadroomRecent *self)
{
  g_queue_init (&self->entries);
}

void
headroom_recent_clear (HeadroomRecent *self)
{
  g_queue_clear_full (&self->entries, (GDestroyNotify) hr_value_unref);
}

static HrValue *
entry_new (const HeadroomRecentRequest *request)
{
  HrValue *entry = hr_value_new_dict ();
  g_autofree char *time = headroom_wire_format_time (headroom_wire_now (), FALSE);

  headroom_json_set_int (entry, "id", (gint64) request->id);
  headroom_json_set_string (entry, "time", time);
  headroom_json_set_string (entry, "path", request->path);
  headroom_json_set_string (entry, "client", request->client);
  headroom_json_set_string (entry, "model", request->model != NULL ? request->model : "");
  headroom_json_set_int (entry, "status", request->status);
  headroom_json_set_int (entry, "prompt_tokens", request->n_prompt);
  headroom_json_set_int (entry, "generated_tokens", request->n_generated);
  headroom_json_set_int (entry, "running_ms", request->running_us / 1000);
  headroom_json_set_string (entry, "problem", request->problem);
  if (request->unknown_options != NULL)
    headroom_json_set_strv (entry, "unknown_options", request->unknown_options);
  return entry;
}

void
headroom_recent_note (HeadroomRecent *self, const HeadroomRecentRequest *request)
{
  if (request->model == NULL && request->problem == NULL)
    return;
  if (g_queue_get_length (&self->entries) >= HEADROOM_RECENT_MAX)
    hr_value_unref (g_queue_pop_head (&self->entries));
  g_queue_push_tail (&self->entries, entry_new (request));
}

HrValue *
headroom_recent_to_value (const HeadroomRecent *self)
{
  HrValue *list = hr_value_new_list ();

  for (GList *l = self->entries.head; l != NULL; l = l->next)
    hr_value_append (list, hr_value_ref (l->data));
  return list;
}
