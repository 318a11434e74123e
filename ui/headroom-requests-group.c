/* headroom-requests-group.c: the answers that are on their way, and a button to stop each.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-requests-group.h"

#include "headroom-wire-util.h"

#include <glib/gi18n.h>

struct _HeadroomRequestsGroup
{
  AdwPreferencesGroup parent_instance;
  GPtrArray *rows;      /* AdwActionRow, one per request in the server's order */
  AdwActionRow *no_row; /* shown while there are none */
};

G_DEFINE_FINAL_TYPE (HeadroomRequestsGroup, headroom_requests_group, ADW_TYPE_PREFERENCES_GROUP)

enum { STOP, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- Words ----------------------------------------------------------------------------------- */

static char *
progress_text (const HrValue *request)
{
  const char *state = headroom_wire_get_string (request, "state");
  int prompt = (int) headroom_wire_get_int (request, "prompt_tokens"),
      read = (int) headroom_wire_get_int (request, "read_tokens"),
      place = (int) headroom_wire_get_int (request, "queue_place");
  int generated = (int) headroom_wire_get_int (request, "generated_tokens");

  double speed = headroom_wire_get_double (request, "tokens_per_second");

  if (g_strcmp0 (state, "answering") == 0 && speed > 0)
    /* Translators: tokens of an answer so far, and how many come each second */
    return g_strdup_printf (_("%'d tokens answered, %.1f each second"), generated, speed);
  if (g_strcmp0 (state, "answering") == 0)
    /* Translators: tokens of an answer so far */
    return g_strdup_printf (g_dngettext (NULL, "%'d token answered", "%'d tokens answered",
                                         (gulong) generated),
                            generated);
  if (g_strcmp0 (state, "reading") == 0)
    /* Translators: tokens of a question that are read, of how many */
    return g_strdup_printf (_("%'d of %'d tokens read"), read, prompt);
  if (place > 0)
    /* Translators: a request that waits, and its place among those that wait for the same model */
    return g_strdup_printf (_("waiting, number %d in the queue"), place);
  return g_strdup (_("waiting"));
}

static char *
describe (const HrValue *request)
{
  g_autofree char *progress = progress_text (request);
  int num_ctx = (int) headroom_wire_get_int (request, "num_ctx");
  double seconds = (double) headroom_wire_get_int (request, "running_ms") / 1000;

  if (num_ctx == 0)
    /* Translators: what a request is doing, and for how many seconds */
    return g_strdup_printf (_("%s · %.0f s"), progress, seconds);
  /* Translators: what a request is doing, its context in tokens, and seconds since it came */
  return g_strdup_printf (_("%s · context %'d · %.0f s"), progress, num_ctx, seconds);
}

static char *
title_of (const HrValue *request)
{
  const char *client = headroom_wire_get_string (request, "client"),
             *model = headroom_wire_get_string (request, "model");

  if (client == NULL || *client == '\0')
    client = _("A program");
  /* Translators: a program, and the model that it asks */
  return g_strdup_printf (_("%s asks %s"), client, model != NULL ? model : "");
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void
stop_cb (GtkWidget *button, GtkWidget *row)
{
  guint64 *id = g_object_get_data (G_OBJECT (row), "id");

  g_signal_emit (gtk_widget_get_ancestor (row, HEADROOM_TYPE_REQUESTS_GROUP), signals[STOP], 0,
                 *id);
}

static AdwActionRow *
new_row (void)
{
  AdwActionRow *row = ADW_ACTION_ROW (adw_action_row_new ());
  GtkWidget *button = gtk_button_new_from_icon_name ("headroom-stop-symbolic");

  gtk_widget_set_tooltip_text (button, _("Stop This Answer"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Stop This Answer"), -1);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  adw_action_row_add_suffix (row, button);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  g_object_set_data_full (G_OBJECT (row), "id", g_new0 (guint64, 1), g_free);
  g_signal_connect_object (button, "clicked", G_CALLBACK (stop_cb), row, 0);
  return row;
}

static void
set_n_rows (HeadroomRequestsGroup *self, gsize n)
{
  while (self->rows->len > n) {
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self),
                                  self->rows->pdata[self->rows->len - 1]);
    g_ptr_array_set_size (self->rows, (int) self->rows->len - 1);
  }
  while (self->rows->len < n) {
    AdwActionRow *row = new_row ();
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (row));
    g_ptr_array_add (self->rows, row);
  }
  gtk_widget_set_visible (GTK_WIDGET (self->no_row), n == 0);
}

/**
 * headroom_requests_group_set_requests:
 * @self: a group
 * @requests: (nullable): the list that the server gave
 */
void
headroom_requests_group_set_requests (HeadroomRequestsGroup *self, const HrValue *requests)
{
  g_return_if_fail (HEADROOM_IS_REQUESTS_GROUP (self));
  set_n_rows (self, headroom_wire_length (requests));
  for (guint i = 0; i < self->rows->len; i++) {
    const HrValue *request = headroom_wire_at (requests, i);
    g_autofree char *title = title_of (request), *text = describe (request);
    *(guint64 *) g_object_get_data (self->rows->pdata[i], "id") =
        (guint64) headroom_wire_get_int (request, "id");
    adw_preferences_row_set_title (self->rows->pdata[i], title);
    adw_action_row_set_subtitle (self->rows->pdata[i], text);
  }
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_requests_group_finalize (GObject *object)
{
  g_ptr_array_unref (HEADROOM_REQUESTS_GROUP (object)->rows);
  G_OBJECT_CLASS (headroom_requests_group_parent_class)->finalize (object);
}

static void
headroom_requests_group_class_init (HeadroomRequestsGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_requests_group_finalize;
  signals[STOP] = g_signal_new ("stop", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 1, G_TYPE_UINT64);
}

static void
headroom_requests_group_init (HeadroomRequestsGroup *self)
{
  self->rows = g_ptr_array_new ();
  self->no_row = ADW_ACTION_ROW (adw_action_row_new ());
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Answers on Their Way"));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->no_row), _("None"));
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), GTK_WIDGET (self->no_row));
}

GtkWidget *
headroom_requests_group_new (void)
{
  return g_object_new (HEADROOM_TYPE_REQUESTS_GROUP, NULL);
}
