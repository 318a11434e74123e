/* headroom-effective-group.c: the settings that hold for the chosen model, who set each, and what
 * that overrode.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-effective-group.h"

#include "headroom-preset.h"
#include "headroom-wire-util.h"

#include <glib/gi18n.h>

#define PRESET_PREFIX "preset "

struct _HeadroomEffectiveGroup {
  AdwPreferencesGroup parent_instance;
  AdwExpanderRow *expander;
  GPtrArray *rows;   /* AdwActionRow, one per setting */
  GPtrArray *values; /* GtkLabel, likewise */
  char *asked;       /* the request that was sent last, and what was known then */
  GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE (HeadroomEffectiveGroup, headroom_effective_group, ADW_TYPE_PREFERENCES_GROUP)

/* ---- Words ----------------------------------------------------------------------------------- */

static char *
dup_source (const char *source)
{
  static const struct {
    const char *source, *title;
  } titles[] = {
    { "request", N_("this window") },
    { "modelfile", N_("the model’s own file") },
    { "environment", N_("the environment") },
    { "default", N_("Headroom’s default") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (titles); i++)
    if (g_strcmp0 (titles[i].source, source) == 0)
      return g_strdup (_ (titles[i].title));
  if (source != NULL && g_str_has_prefix (source, PRESET_PREFIX))
    /* Translators: a preset such as "For a chat" */
    return g_strdup_printf (_("the proposal “%s”"),
                            headroom_preset_title (source + strlen (PRESET_PREFIX)));
  return g_strdup (source);
}

static char *
dup_value (const HrValue *value)
{
  if (value == NULL || hr_value_kind (value) == HR_VALUE_NULL)
    return g_strdup (_("automatic"));
  if (hr_value_kind (value) == HR_VALUE_STRING)
    return g_strdup (hr_value_get_string (value, NULL));
  if (hr_value_kind (value) == HR_VALUE_FLOAT)
    return g_strdup_printf ("%g", hr_value_get_float (value));
  return headroom_json_print (value, HEADROOM_JSON_PLAIN);
}

/* Such as "From this window instead of 2048 (the model's own file), automatic (Headroom's
 * default)". */
static char *
describe (const HrValue *setting)
{
  const HrValue *overrode = headroom_wire_get (setting, "overrode");
  g_autofree char *source = dup_source (headroom_wire_get_string (setting, "source"));
  g_autoptr (GString) others = g_string_new (NULL);

  for (gsize i = 0; i < headroom_wire_length (overrode); i++) {
    const HrValue *other = headroom_wire_at (overrode, i);
    g_autofree char *value = dup_value (headroom_wire_get (other, "value")),
                    *from = dup_source (headroom_wire_get_string (other, "source"));
    /* Translators: a value, and who had set it */
    g_string_append_printf (others, _("%s%s (%s)"), i > 0 ? ", " : "", value, from);
  }
  if (others->len == 0)
    /* Translators: who set a value */
    return g_strdup_printf (_("From %s"), source);
  /* Translators: who set a value, and which values that replaced */
  return g_strdup_printf (_("From %s, instead of %s"), source, others->str);
}

/* What was chosen where it is left open: settings that plans have go by the same names but one. */
static char *
describe_value (const HrValue *setting, const HrValue *planned)
{
  const char *name = headroom_wire_get_string (setting, "name");
  HrValue *value = headroom_wire_get (setting, "value"),
          *chosen =
              headroom_wire_get (planned, g_strcmp0 (name, "num_gpu") == 0 ? "gpu_layers" : name);
  g_autofree char *text = dup_value (value);
  g_autofree char *choice = NULL;

  if (chosen == NULL || (value != NULL && hr_value_kind (value) != HR_VALUE_NULL))
    return g_steal_pointer (&text);
  choice = dup_value (chosen);
  /* Translators: a value that Headroom chose */
  return g_strdup_printf (_("%s (chosen here)"), choice);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void
set_n_rows (HeadroomEffectiveGroup *self, gsize n)
{
  while (self->rows->len < n) {
    GtkWidget *row = adw_action_row_new (), *value = gtk_label_new (NULL);
    adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
    gtk_widget_add_css_class (value, "numeric");
    adw_action_row_add_suffix (ADW_ACTION_ROW (row), value);
    adw_expander_row_add_row (self->expander, row);
    g_ptr_array_add (self->rows, row);
    g_ptr_array_add (self->values, value);
  }
  for (guint i = 0; i < self->rows->len; i++)
    gtk_widget_set_visible (self->rows->pdata[i], i < n);
}

static void
show_setting (HeadroomEffectiveGroup *self, guint row, const HrValue *setting,
              const HrValue *planned)
{
  const char *name = headroom_wire_get_string (setting, "name");
  g_autofree char *text = describe (setting), *value = describe_value (setting, planned);

  adw_preferences_row_set_title (self->rows->pdata[row], name != NULL ? name : "");
  adw_action_row_set_subtitle (self->rows->pdata[row], text);
  gtk_label_set_text (self->values->pdata[row], value);
}

static gboolean
is_set (const HrValue *setting)
{
  return g_strcmp0 (headroom_wire_get_string (setting, "source"), "default") != 0;
}

/* Those that somebody set come first. */
static guint
show_settings (HeadroomEffectiveGroup *self, const HrValue *settings, const HrValue *planned,
               gboolean set, guint row)
{
  for (gsize i = 0; i < headroom_wire_length (settings); i++) {
    const HrValue *setting = headroom_wire_at (settings, i);
    if (is_set (setting) == set)
      show_setting (self, row++, setting, planned);
  }
  return row;
}

/**
 * headroom_effective_group_set_settings:
 * @self: a group
 * @effective: (nullable): what /headroom/effective answered
 */
void
headroom_effective_group_set_settings (HeadroomEffectiveGroup *self, const HrValue *effective)
{
  const HrValue *settings = headroom_wire_get (effective, "settings"),
                *planned = headroom_wire_get (effective, "planned");
  gsize n = headroom_wire_length (settings);
  g_autofree char *text = NULL;
  guint n_set;

  g_return_if_fail (HEADROOM_IS_EFFECTIVE_GROUP (self));
  set_n_rows (self, n);
  n_set = show_settings (self, settings, planned, TRUE, 0);
  show_settings (self, settings, planned, FALSE, n_set);
  /* Translators: a number of settings, of how many */
  text = g_strdup_printf (_("%u of %u differ from Headroom’s defaults or were chosen"), n_set,
                          (guint) n);
  adw_expander_row_set_subtitle (self->expander, text);
  gtk_widget_set_visible (GTK_WIDGET (self), n > 0);
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (HeadroomEffectiveGroup) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = headroom_client_request_finish (HEADROOM_CLIENT (source), result, &error);
  g_autoptr (HrValue) json = text != NULL ? headroom_wire_parse (text, NULL) : NULL;

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    headroom_effective_group_set_settings (self, json);
}

/**
 * headroom_effective_group_ask:
 * @self: a group
 * @client: a client
 * @body: the request whose settings are to be explained
 * @last_event: (nullable): when something happened last: models that come and go change what is
 * planned
 *
 * Asks the server, if that was not asked last time.
 */
void
headroom_effective_group_ask (HeadroomEffectiveGroup *self, HeadroomClient *client,
                              const char *body, const char *last_event)
{
  g_autofree char *asked = g_strconcat (body, "\n", last_event, NULL);

  g_return_if_fail (HEADROOM_IS_EFFECTIVE_GROUP (self));
  if (g_strcmp0 (asked, self->asked) == 0)
    return;
  g_free (self->asked);
  self->asked = g_steal_pointer (&asked);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  headroom_client_request_async (client, "POST", "/headroom/effective", body, self->cancellable,
                                 answered_cb, g_object_ref (self));
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_effective_group_dispose (GObject *object)
{
  HeadroomEffectiveGroup *self = HEADROOM_EFFECTIVE_GROUP (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (headroom_effective_group_parent_class)->dispose (object);
}

static void
headroom_effective_group_finalize (GObject *object)
{
  HeadroomEffectiveGroup *self = HEADROOM_EFFECTIVE_GROUP (object);

  g_ptr_array_unref (self->rows);
  g_ptr_array_unref (self->values);
  g_free (self->asked);
  G_OBJECT_CLASS (headroom_effective_group_parent_class)->finalize (object);
}

static void
headroom_effective_group_class_init (HeadroomEffectiveGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_effective_group_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_effective_group_finalize;
}

static void
headroom_effective_group_init (HeadroomEffectiveGroup *self)
{
  GtkWidget *expander = adw_expander_row_new ();

  self->rows = g_ptr_array_new ();
  self->values = g_ptr_array_new ();
  self->expander = ADW_EXPANDER_ROW (expander);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (expander),
                                 _("Settings in Effect and Where They Come From"));
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), expander);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

GtkWidget *
headroom_effective_group_new (void)
{
  return g_object_new (HEADROOM_TYPE_EFFECTIVE_GROUP, NULL);
}
