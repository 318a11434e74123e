/* headroom-parking.c: caches that nobody uses now: where they are kept, and when they are given up.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine writes and reads the files, on the runner's thread; what it tells becomes events here.
 * Off unless PARKING says how many bytes they may take: they hold what people wrote.
 */
#include "headroom-residency-private.h"

/* ---- Telling ---- */

typedef struct {
  GWeakRef residency;
  GMainContext *context;
  char *model;
} Teller;

typedef struct {
  HeadroomResidency *residency; /* NULL: it is gone */
  char *model, *problem;
  HrParkNote note;
  guint n_tokens;
  guint64 bytes;
} Note;

static void
teller_free (gpointer data)
{
  Teller *teller = data;

  g_weak_ref_clear (&teller->residency);
  g_main_context_unref (teller->context);
  g_free (teller->model);
  g_free (teller);
}

static void
note_free (gpointer data)
{
  Note *note = data;

  g_clear_object (&note->residency);
  g_free (note->model);
  g_free (note->problem);
  g_free (note);
}

static gboolean
tell (gpointer data)
{
  Note *note = data;
  static const HeadroomReason reasons[] = {
    [HR_PARK_STORED] = HEADROOM_REASON_PARKED,
    [HR_PARK_RESTORED] = HEADROOM_REASON_UNPARKED,
    [HR_PARK_FAILED] = HEADROOM_REASON_PARK_FAILED,
    [HR_PARK_IGNORED] = HEADROOM_REASON_PARK_IGNORED,
  };

  if (note->problem != NULL)
    headroom_residency_tell (note->residency, HEADROOM_EVENT_PARK, note->model, "", note->bytes,
                             reasons[note->note], note->problem);
  else
    headroom_residency_tell (note->residency, HEADROOM_EVENT_PARK, note->model, "", note->bytes,
                             reasons[note->note], note->n_tokens, note->bytes);
  return G_SOURCE_REMOVE;
}

/* On the runner's thread. */
static void
note_cb (HrParkNote kind, uint32_t n_tokens, uint64_t bytes, const char *problem, void *data)
{
  Teller *teller = data;
  g_autoptr (GSource) source = NULL;
  Note *note = g_new0 (Note, 1);

  note->residency = g_weak_ref_get (&teller->residency);
  note->model = g_strdup (teller->model);
  note->problem = g_strdup (problem);
  note->note = kind;
  note->n_tokens = n_tokens;
  note->bytes = bytes;
  if (note->residency == NULL) {
    note_free (note);
    return;
  }
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "headroom-park");
  g_source_set_callback (source, tell, note, note_free);
  g_source_attach (source, teller->context);
}

/* ---- Files ---- */

void
headroom_parking_start (HeadroomResidency *self, HeadroomResident *resident)
{
  g_autofree char *folder = NULL, *identity = NULL;
  const char *digest = headroom_model_entry_get_digest (resident->entry);
  HrParkingOptions options = { 0 };
  Teller *teller;

  if (self->limits.parking_bytes == 0 || resident->runner == NULL)
    return;
  teller = g_new0 (Teller, 1);
  g_weak_ref_init (&teller->residency, self);
  teller->context = g_main_context_ref (self->context);
  teller->model = g_strdup (headroom_model_entry_get_name (resident->entry));
  folder = g_build_filename (g_get_user_cache_dir (), "headroom", "parked", NULL);
  identity = g_strconcat (headroom_model_entry_get_identity (resident->entry), "\n",
                          digest != NULL ? digest : "", NULL);
  options.folder = folder;
  options.identity = identity;
  options.max_bytes = self->limits.parking_bytes;
  options.note = note_cb;
  options.data = teller;
  options.destroy = teller_free;
  hr_runner_set_parking (resident->runner, &options);
}

/* ---- Giving up ---- */

/* What was given up last is not all back yet. */
gboolean
headroom_parking_is_relieving (HeadroomResidency *self)
{
  GHashTableIter iter;
  gpointer resident;

  g_hash_table_iter_init (&iter, self->residents);
  while (g_hash_table_iter_next (&iter, NULL, &resident))
    if (((HeadroomResident *) resident)->state == HEADROOM_RESIDENT_READY &&
        headroom_machine_is_releasing (self->machine, resident))
      return TRUE;
  return FALSE;
}

/* Of models that nobody uses now, all that is filled. */
guint64
headroom_parking_relieve (HeadroomResidency *self, gsize device, guint64 need_bytes, gpointer data)
{
  guint64 bytes = 0;
  GHashTableIter iter;
  gpointer value;

  if (device != 0)
    return 0;
  g_hash_table_iter_init (&iter, self->residents);
  while (bytes < need_bytes && g_hash_table_iter_next (&iter, NULL, &value)) {
    HeadroomResident *resident = value;
    guint64 filled;
    if (resident->state != HEADROOM_RESIDENT_READY || resident->n_leases > 0)
      continue;
    filled = headroom_machine_release_cache (self->machine, resident);
    if (filled == 0)
      continue;
    headroom_residency_tell (self, HEADROOM_EVENT_PARK,
                             headroom_model_entry_get_name (resident->entry), "", filled,
                             HEADROOM_REASON_CACHE_GIVEN_UP, filled);
    bytes += filled;
  }
  return bytes;
}
