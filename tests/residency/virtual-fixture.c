/* virtual-fixture.c: see virtual-fixture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "virtual-fixture.h"

void
virtual_init (Virtual *self, guint64 host_bytes, const HeadroomResidencyLimits *limits)
{
  HeadroomResidencyLimits usual = { .keep_alive_ns = HEADROOM_FOREVER - 1, .max_loaded = 8,
                                    .max_queue = 8 };
  HrDevice host = { .name = "host", .kind = HR_DEVICE_CPU, .total = host_bytes,
                    .free = host_bytes, .reserve = host_bytes / 5 };

  self->machine = headroom_virtual_machine_new (&host, 1, 1e9);
  self->residency = headroom_residency_new_on (HEADROOM_MACHINE (self->machine),
                                               limits != NULL ? limits : &usual);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

void
virtual_clear (Virtual *self)
{
  headroom_residency_close (self->residency);
  g_assert_finalize_object (g_steal_pointer (&self->residency));
  g_assert_finalize_object (g_steal_pointer (&self->machine));
  g_hash_table_unref (self->entries);
}

void
virtual_add (Virtual *self, const char *name, guint64 bytes)
{
  g_hash_table_insert (self->entries, g_strdup (name),
                       headroom_virtual_machine_add_model (self->machine, name, NULL, bytes));
}

static void
asked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Asked *asked = data;

  asked->lease =
      headroom_residency_acquire_finish (HEADROOM_RESIDENCY (source), result, &asked->error);
  asked->done = TRUE;
}

static Asked *
ask (Virtual *self, const char *name, const HrSettings *settings, const gint64 *keep_alive_ns)
{
  HeadroomDemand demand = { .settings = *settings };
  Asked *asked = g_new0 (Asked, 1);

  headroom_residency_acquire_async (self->residency, g_hash_table_lookup (self->entries, name),
                                    &demand, keep_alive_ns, NULL, asked_cb, asked);
  return asked;
}

Asked *
virtual_ask (Virtual *self, const char *name, const gint64 *keep_alive_ns)
{
  return ask (self, name, &(HrSettings){ .num_ctx = 2048, .parallel = 1, .gpu_layers = -1 },
              keep_alive_ns);
}

Asked *
virtual_ask_for (Virtual *self, const char *name, const HrSettings *settings)
{
  return ask (self, name, settings, NULL);
}

void
virtual_wait_for (Virtual *self, Asked *asked)
{
  while (!asked->done)
    g_assert_true (headroom_virtual_machine_step (self->machine));
}

void
asked_free (Asked *asked)
{
  g_clear_pointer (&asked->lease, headroom_lease_free);
  g_clear_error (&asked->error);
  g_free (asked);
}

void
virtual_use (Virtual *self, const char *name, const gint64 *keep_alive_ns)
{
  Asked *asked = virtual_ask (self, name, keep_alive_ns);

  virtual_wait_for (self, asked);
  g_assert_no_error (asked->error);
  asked_free (asked);
}

static gboolean
passed_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

void
virtual_pass (Virtual *self, gint64 us)
{
  g_autoptr (GSource) source =
      headroom_machine_new_timeout (HEADROOM_MACHINE (self->machine), us);
  gboolean passed = FALSE;

  g_source_set_callback (source, passed_cb, &passed, NULL);
  g_source_attach (source, NULL);
  while (!passed)
    g_assert_true (headroom_virtual_machine_step (self->machine));
}

gboolean
virtual_has (Virtual *self, const char *name)
{
  g_autoptr (GPtrArray) residents = headroom_residency_dup_residents (self->residency);

  for (guint i = 0; i < residents->len; i++) {
    HeadroomResident *resident = residents->pdata[i];
    if (g_str_equal (headroom_model_entry_get_name (resident->entry), name))
      return resident->state == HEADROOM_RESIDENT_READY;
  }
  return FALSE;
}

char *
virtual_story (Virtual *self)
{
  GListModel *events = headroom_residency_get_events (self->residency);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (events); i++) {
    g_autoptr (HeadroomEvent) event = g_list_model_get_item (events, i);
    g_string_append_printf (text, "%s%s %s", i > 0 ? ", " : "",
                            headroom_event_get_kind_name (event),
                            headroom_event_get_model (event));
    g_assert_cmpuint (strlen (headroom_event_get_reason (event)), >, 10);
    g_assert_null (strchr (headroom_event_get_reason (event), '{'));
  }
  return g_string_free (text, FALSE);
}

void
virtual_assert_story (Virtual *self, const char *expected)
{
  g_autofree char *told = virtual_story (self);

  g_assert_cmpstr (told, ==, expected);
}

guint
virtual_count (Virtual *self, const char *code)
{
  GListModel *events = headroom_residency_get_events (self->residency);
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (events); i++) {
    g_autoptr (HeadroomEvent) event = g_list_model_get_item (events, i);
    n += g_str_equal (headroom_reason_code (headroom_event_get_code (event)), code);
  }
  return n;
}
