/* headroom-residents-group.c: the models that are in memory, for how long, and what they are doing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-residents-group.h"

#include "headroom-resident-row.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

struct _HeadroomResidentsGroup {
  AdwPreferencesGroup parent_instance;
  GPtrArray *rows;      /* HeadroomResidentRow, one per model in the server's order */
  AdwActionRow *no_row; /* shown while there are none */
};

G_DEFINE_FINAL_TYPE (HeadroomResidentsGroup, headroom_residents_group, ADW_TYPE_PREFERENCES_GROUP)

enum { KEEP, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
keep_cb (HeadroomResidentsGroup *self, const char *model, const char *keep_alive)
{
  g_signal_emit (self, signals[KEEP], 0, model, keep_alive);
}

static GtkWidget *
new_row (HeadroomResidentsGroup *self)
{
  GtkWidget *row = headroom_resident_row_new ();

  g_signal_connect_object (row, "keep", G_CALLBACK (keep_cb), self, G_CONNECT_SWAPPED);
  return row;
}

static void
set_n_rows (HeadroomResidentsGroup *self, gsize n)
{
  while (self->rows->len > n) {
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self),
                                  self->rows->pdata[self->rows->len - 1]);
    g_ptr_array_set_size (self->rows, (int) self->rows->len - 1);
  }
  while (self->rows->len < n) {
    GtkWidget *row = new_row (self);
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
    g_ptr_array_add (self->rows, row);
  }
  gtk_widget_set_visible (GTK_WIDGET (self->no_row), n == 0);
}

/**
 * headroom_residents_group_set_models:
 * @self: a group
 * @models: (nullable): the list of models in the server's status
 * @requests: (nullable): the list of requests that are being answered
 * @now_us: microseconds since 1970
 */
void
headroom_residents_group_set_models (HeadroomResidentsGroup *self, const HrValue *models,
                                     const HrValue *requests, gint64 now_us)
{
  g_return_if_fail (HEADROOM_IS_RESIDENTS_GROUP (self));
  set_n_rows (self, headroom_wire_length (models));
  for (guint i = 0; i < self->rows->len; i++)
    headroom_resident_row_set_model (self->rows->pdata[i], headroom_wire_at (models, i), requests,
                                     now_us);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_residents_group_finalize (GObject *object)
{
  g_ptr_array_unref (HEADROOM_RESIDENTS_GROUP (object)->rows);
  G_OBJECT_CLASS (headroom_residents_group_parent_class)->finalize (object);
}

static void
headroom_residents_group_class_init (HeadroomResidentsGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_residents_group_finalize;
  signals[KEEP] = g_signal_new ("keep", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
}

static void
headroom_residents_group_init (HeadroomResidentsGroup *self)
{
  self->rows = g_ptr_array_new ();
  self->no_row = ADW_ACTION_ROW (adw_action_row_new ());
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Models in Memory"));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->no_row), _("None"));
  adw_action_row_set_subtitle (self->no_row, _("The first question to a model loads it."));
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (self->no_row));
}

GtkWidget *
headroom_residents_group_new (void)
{
  return g_object_new (HEADROOM_TYPE_RESIDENTS_GROUP, NULL);
}
