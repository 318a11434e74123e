/* headroom-log-group.c: the last requests that the server has answered, newest first.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-log-group.h"

#include "headroom-wire-util.h"

#include <glib/gi18n.h>

/* The server keeps more; a list longer than this is not read. */
#define MAX_ROWS 20
#define STATUS_CLIENT_LEFT 499

struct _HeadroomLogGroup {
  AdwPreferencesGroup parent_instance;
  GPtrArray *rows; /* GtkWidget */
  gint64 newest;   /* id of the request that is shown first; -1: nothing was shown yet */
};

G_DEFINE_FINAL_TYPE (HeadroomLogGroup, headroom_log_group, ADW_TYPE_PREFERENCES_GROUP)

/* ---- Words ----------------------------------------------------------------------------------- */

/* "python-httpx" of "python-httpx/0.28 (linux)". */
static char *
dup_program (const HrValue *request)
{
  const char *client = headroom_wire_get_string (request, "client");

  if (client == NULL || *client == '\0')
    return g_strdup (_("A program"));
  return g_strndup (client, strcspn (client, "/ ("));
}

static char *
title_of (const HrValue *request)
{
  const char *model = headroom_wire_get_string (request, "model"),
             *path = headroom_wire_get_string (request, "path");
  g_autofree char *program = dup_program (request);

  /* Translators: a program, and the model or the route that it asked */
  return g_strdup_printf (_("%s asked %s"), program,
                          model != NULL && *model != '\0' ? model
                          : path != NULL                  ? path
                                                          : "");
}

/* What became of it. */
static char *
outcome_of (const HrValue *request)
{
  const char *problem = headroom_wire_get_string (request, "problem");
  int read = (int) headroom_wire_get_int (request, "prompt_tokens"),
      generated = (int) headroom_wire_get_int (request, "generated_tokens");

  if (headroom_wire_get_int (request, "status") == STATUS_CLIENT_LEFT)
    return g_strdup (_("stopped before its end"));
  if (problem != NULL)
    return g_strdup (problem);
  if (read == 0 && generated == 0)
    return g_strdup (_("done"));
  /* Translators: tokens of a question, and of its answer */
  return g_strdup_printf (_("%'d tokens read, %'d answered"), read, generated);
}

/* "a, b", or NULL. */
static char *
dup_unknown_options (const HrValue *request)
{
  const HrValue *list = headroom_wire_get (request, "unknown_options");
  GString *names = g_string_new (NULL);

  for (gsize i = 0; i < headroom_wire_length (list); i++) {
    const HrValue *name = headroom_wire_at (list, i);
    if (hr_value_kind (name) == HR_VALUE_STRING)
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "",
                              hr_value_get_string (name, NULL));
  }
  return g_string_free (names, names->len == 0);
}

static char *
text_of (const HrValue *request)
{
  g_autofree char *outcome = outcome_of (request), *unknown = dup_unknown_options (request);
  double seconds = (double) headroom_wire_get_int (request, "running_ms") / 1000;

  if (unknown != NULL)
    /* Translators: what became of a request, how long it took, and names of options that it gave */
    return g_strdup_printf (_("%s · %.1f s · options that are not known: %s"), outcome, seconds,
                            unknown);
  /* Translators: what became of a request, and how long it took */
  return g_strdup_printf (_("%s · %.1f s"), outcome, seconds);
}

static char *
time_of (const HrValue *request)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  const char *text = headroom_wire_get_string (request, "time");
  g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;
  g_autoptr (GDateTime) local = time != NULL ? g_date_time_to_local (time) : NULL;

  return local != NULL ? g_date_time_format (local, "%X") : g_strdup ("");
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static GtkWidget *
new_row (const HrValue *request)
{
  GtkWidget *row = adw_action_row_new (), *label;
  g_autofree char *title = title_of (request), *text = text_of (request), *time = time_of (request);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  label = gtk_label_new (time);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_widget_add_css_class (label, "numeric");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), label);
  return row;
}

static void
add_row (HeadroomLogGroup *self, GtkWidget *row)
{
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_ptr_array_add (self->rows, row);
}

static void
show_rows (HeadroomLogGroup *self, const HrValue *recent)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);
  for (gsize i = headroom_wire_length (recent); i-- > 0 && self->rows->len < MAX_ROWS;)
    add_row (self, new_row (headroom_wire_at (recent, i)));
  if (self->rows->len == 0) {
    GtkWidget *row = adw_action_row_new ();
    adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _("Nothing yet"));
    add_row (self, row);
  }
}

/**
 * headroom_log_group_set_requests:
 * @self: a group
 * @recent: (nullable): the list that the server gave, oldest first
 */
void
headroom_log_group_set_requests (HeadroomLogGroup *self, const HrValue *recent)
{
  gsize n = headroom_wire_length (recent);
  gint64 newest = n > 0 ? headroom_wire_get_int (headroom_wire_at (recent, n - 1), "id") : 0;

  g_return_if_fail (HEADROOM_IS_LOG_GROUP (self));
  if (newest == self->newest)
    return;
  self->newest = newest;
  show_rows (self, recent);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_log_group_finalize (GObject *object)
{
  g_ptr_array_unref (HEADROOM_LOG_GROUP (object)->rows);
  G_OBJECT_CLASS (headroom_log_group_parent_class)->finalize (object);
}

static void
headroom_log_group_class_init (HeadroomLogGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_log_group_finalize;
}

static void
headroom_log_group_init (HeadroomLogGroup *self)
{
  self->rows = g_ptr_array_new ();
  self->newest = -1;
  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Answered Before"));
  show_rows (self, NULL);
}

GtkWidget *
headroom_log_group_new (void)
{
  return g_object_new (HEADROOM_TYPE_LOG_GROUP, NULL);
}
