/* headroom-what-if-form.c: what a person would like to know: on which machine, which models, asked
 * how often.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-what-if-form.h"

#include "headroom-catalogue.h"
#include "headroom-choice-row.h"
#include "headroom-contender-row.h"
#include "headroom-model-item.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#define MAX_CONTENDERS 12

#define OWN_SCENARIO ""
#define THIS_MACHINE "this"
#define OWN_MACHINE "own"

struct _HeadroomWhatIfForm {
  GtkBox parent_instance;
  HeadroomChoiceRow *scenario_row;
  GtkWidget *machine_group;
  HeadroomChoiceRow *machine_row;
  AdwEntryRow *specs_row;
  HeadroomChoiceRow *reserve_row;
  HeadroomChoiceRow *parallel_row;
  HeadroomChoiceRow *loaded_row;
  HeadroomChoiceRow *keep_row;
  HeadroomChoiceRow *hours_row;
  AdwPreferencesGroup *contenders_group;
  GtkWidget *add_button;
  GPtrArray *contenders; /* HeadroomContenderRow */
  GtkStringList *models; /* what can compete */
  GStrv this_machine;    /* SPECs of the devices here; NULL: not known yet */
  gboolean is_ready;     /* all rows are there */
};

G_DEFINE_FINAL_TYPE (HeadroomWhatIfForm, headroom_what_if_form, GTK_TYPE_BOX)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- What is chosen -------------------------------------------------------------------------- */

/* The scenarios that come with the program, by their files. */
static const struct {
  const char *file, *title;
} shipped[] = {
  { "five-models-16gb", N_("Five models on 16 GB, weights alone") },
  { "five-models-16gb-real", N_("Five models on 16 GB with their caches, two at most") },
  { "one-user-keep-alive-0", N_("One person all day, models go at once") },
  { "one-user-keep-alive-5m", N_("One person all day, models stay 5 minutes") },
  { "one-user-keep-alive-forever", N_("One person all day, models stay") },
  { "sixteen-clients-24gb-parallel-1", N_("16 programs on one 24 GB card, one answer at once") },
  { "sixteen-clients-24gb-parallel-2", N_("16 programs on one 24 GB card, 2 answers at once") },
  { "sixteen-clients-24gb-parallel-4", N_("16 programs on one 24 GB card, 4 answers at once") },
  { "sixteen-clients-24gb-parallel-8", N_("16 programs on one 24 GB card, 8 answers at once") },
  { "two-clients-num-ctx", N_("Two programs that want different contexts") },
  { "others-take-memory", N_("A compiler takes the memory of 16 GB") },
};

/* SPECs separated by blanks; what they mean, headroom-device-spec.h says. */
static const struct {
  const char *specs, *title;
} machines[] = {
  { "RTX4090:gpu:24GB:1008GB/s host:cpu:64GB:80GB/s", N_("A card of 24 GB, and 64 GB of memory") },
  { "RTX4070:gpu:12GB:504GB/s host:cpu:32GB:60GB/s", N_("A card of 12 GB, and 32 GB of memory") },
  { "host:cpu:16GB:50GB/s", N_("A laptop with 16 GB of memory") },
  { "8xL20:gpu:48GB:864GB/s host:cpu:512GB:80GB/s", N_("8 cards of 48 GB, and 512 GB of memory") },
};

static const struct {
  const char *model;
  guint every_seconds;
} first_contenders[] = {
  { "llama3.1:8b", 60 },
  { "qwen2.5:14b", 300 },
  { "nomic-embed-text:v1.5", 10 },
  { "mistral-small:24b", 1200 },
};

static gboolean
knows_machine (HeadroomWhatIfForm *self)
{
  return self->this_machine != NULL ||
         !g_str_equal (headroom_choice_row_get_value (self->machine_row), THIS_MACHINE);
}

static GStrv
dup_devices (HeadroomWhatIfForm *self)
{
  const char *machine = headroom_choice_row_get_value (self->machine_row);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) parts = NULL;

  if (g_str_equal (machine, THIS_MACHINE))
    return g_strdupv (self->this_machine);
  if (g_str_equal (machine, OWN_MACHINE))
    machine = gtk_editable_get_text (GTK_EDITABLE (self->specs_row));
  parts = g_strsplit (machine, " ", -1);
  for (char **part = parts; *part != NULL; part++)
    if (**part != '\0')
      g_strv_builder_add (builder, *part);
  return g_strv_builder_end (builder);
}

/**
 * headroom_what_if_form_dup_chosen:
 * @self: a form
 * @ret_problem: (out): why there is nothing to play
 *
 * Returns: (transfer full) (nullable): what is chosen row by row
 */
HeadroomWhatIf *
headroom_what_if_form_dup_chosen (HeadroomWhatIfForm *self, const char **ret_problem)
{
  HeadroomWhatIf *chosen;
  const char *loaded;

  g_return_val_if_fail (HEADROOM_IS_WHAT_IF_FORM (self), NULL);
  if (self->contenders->len == 0 || !knows_machine (self)) {
    *ret_problem = self->contenders->len == 0 ? _("No model is asked for anything.")
                                              : _("The memory of this computer is not known yet.");
    return NULL;
  }
  chosen = headroom_what_if_new ();
  loaded = headroom_choice_row_get_value (self->loaded_row);
  chosen->devices = dup_devices (self);
  chosen->reserve = headroom_choice_row_get_number (self->reserve_row);
  chosen->num_parallel = headroom_choice_row_get_number (self->parallel_row);
  chosen->max_loaded = g_str_equal (loaded, "unlimited")
                           ? G_MAXUINT
                           : headroom_choice_row_get_number (self->loaded_row);
  chosen->hours = headroom_choice_row_get_number (self->hours_row);
  g_free (chosen->keep_alive);
  chosen->keep_alive = g_strdup (headroom_choice_row_get_value (self->keep_row));
  for (guint i = 0; i < self->contenders->len; i++)
    headroom_contender_row_add_to (self->contenders->pdata[i], chosen);
  return chosen;
}

static void
chosen_cb (HeadroomWhatIfForm *self)
{
  gboolean is_own = *headroom_choice_row_get_value (self->scenario_row) == '\0';

  if (!self->is_ready)
    return;
  gtk_widget_set_visible (self->machine_group, is_own);
  gtk_widget_set_visible (GTK_WIDGET (self->contenders_group), is_own);
  gtk_widget_set_visible (GTK_WIDGET (self->specs_row),
                          g_str_equal (headroom_choice_row_get_value (self->machine_row),
                                       OWN_MACHINE));
  gtk_widget_set_sensitive (self->add_button, self->contenders->len < MAX_CONTENDERS);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* Returns: (transfer none): the name of a scenario that comes with the program, "" for what is
 * chosen row by row */
const char *
headroom_what_if_form_get_shipped (HeadroomWhatIfForm *self)
{
  g_return_val_if_fail (HEADROOM_IS_WHAT_IF_FORM (self), "");
  return headroom_choice_row_get_value (self->scenario_row);
}

/* ---- Contenders ------------------------------------------------------------------------------ */

static void
removed_cb (HeadroomWhatIfForm *self, HeadroomContenderRow *row)
{
  adw_preferences_group_remove (self->contenders_group, GTK_WIDGET (row));
  g_ptr_array_remove (self->contenders, row);
  chosen_cb (self);
}

static void
add_contender (HeadroomWhatIfForm *self, const char *model, guint every_seconds)
{
  GtkWidget *row = headroom_contender_row_new (model, every_seconds);

  headroom_contender_row_set_models (HEADROOM_CONTENDER_ROW (row), self->models);
  adw_preferences_group_add (self->contenders_group, row);
  g_ptr_array_add (self->contenders, row);
  g_signal_connect_object (row, "changed", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (row, "removed", G_CALLBACK (removed_cb), self, G_CONNECT_SWAPPED);
}

/* The first model that does not compete yet. */
static void
add_cb (HeadroomWhatIfForm *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->models));

  add_contender (self,
                 gtk_string_list_get_string (self->models, MIN (self->contenders->len, n - 1)),
                 300);
  chosen_cb (self);
}

/**
 * headroom_what_if_form_set_models:
 * @self: a page
 * @models: (nullable): HeadroomModelItem: the models on this computer, which come before those of
 * the catalogue
 */
void
headroom_what_if_form_set_models (HeadroomWhatIfForm *self, GListModel *models)
{
  g_return_if_fail (HEADROOM_IS_WHAT_IF_FORM (self));
  g_clear_object (&self->models);
  self->models = gtk_string_list_new (NULL);
  for (guint i = 0; models != NULL && i < g_list_model_get_n_items (models); i++) {
    g_autoptr (HeadroomModelItem) item = g_list_model_get_item (models, i);
    gtk_string_list_append (self->models, headroom_model_item_get_name (item));
  }
  for (gsize i = 0; i < headroom_catalogue_get_size (); i++)
    gtk_string_list_append (self->models, headroom_catalogue_get (i)->name);
  for (guint i = 0; i < self->contenders->len; i++)
    headroom_contender_row_set_models (self->contenders->pdata[i], self->models);
}

/**
 * headroom_what_if_form_set_devices:
 * @self: a page
 * @devices: (array length=n_devices): this machine
 * @n_devices: how many
 */
void
headroom_what_if_form_set_devices (HeadroomWhatIfForm *self, const HeadroomMemoryDevice *devices,
                                   gsize n_devices)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) specs = NULL;

  g_return_if_fail (HEADROOM_IS_WHAT_IF_FORM (self));
  for (gsize i = 0; i < n_devices; i++) {
    g_autofree char *name = g_strdelimit (g_strdup (devices[i].name), ":", ' ');
    g_autofree char *spec = g_strdup_printf ("%s:%s:%" PRIu64, name,
                                             devices[i].is_gpu ? "gpu" : "cpu", devices[i].total);
    g_strv_builder_add (builder, spec);
  }
  specs = g_strv_builder_end (builder);
  if (n_devices == 0 ||
      (self->this_machine != NULL &&
       g_strv_equal ((const char *const *) specs, (const char *const *) self->this_machine)))
    return;
  g_strfreev (self->this_machine);
  self->this_machine = g_steal_pointer (&specs);
  if (g_str_equal (headroom_choice_row_get_value (self->machine_row), THIS_MACHINE))
    chosen_cb (self);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static GtkWidget *
add_group (HeadroomWhatIfForm *self, const char *title, const char *description)
{
  GtkWidget *group = adw_preferences_group_new ();

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (group), title);
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (group), description);
  gtk_box_append (GTK_BOX (self), group);
  return group;
}

static HeadroomChoiceRow *
add_choice (HeadroomWhatIfForm *self, GtkWidget *group, const char *title)
{
  GtkWidget *row = headroom_choice_row_new (title);

  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), row);
  g_signal_connect_object (row, "notify::selected", G_CALLBACK (chosen_cb), self,
                           G_CONNECT_SWAPPED);
  return HEADROOM_CHOICE_ROW (row);
}

static void
add_numbers (HeadroomChoiceRow *row, const char *numbers)
{
  g_auto (GStrv) list = g_strsplit (numbers, " ", -1);

  for (char **number = list; *number != NULL; number++)
    headroom_choice_row_add (row, *number, *number);
}

/* libadwaita gives the button inside the row a tooltip alone. */
static void
name_apply_button (GtkWidget *widget)
{
  if (GTK_IS_BUTTON (widget))
    gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    _("Apply"), -1);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    name_apply_button (child);
}

static void
add_machine (HeadroomWhatIfForm *self)
{
  GtkWidget *group = add_group (self, _("Machine"), NULL), *specs = adw_entry_row_new ();

  self->machine_group = group;
  self->machine_row = add_choice (self, group, _("Hardware"));
  headroom_choice_row_add (self->machine_row, THIS_MACHINE, _("This computer"));
  for (gsize i = 0; i < G_N_ELEMENTS (machines); i++)
    headroom_choice_row_add (self->machine_row, machines[i].specs, _(machines[i].title));
  headroom_choice_row_add (self->machine_row, OWN_MACHINE, _("Other"));
  self->specs_row = ADW_ENTRY_ROW (specs);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (specs),
                                 _("Devices, such as L20:gpu:48GB:864GB/s host:cpu:256GB"));
  adw_entry_row_set_show_apply_button (self->specs_row, TRUE);
  name_apply_button (specs);
  gtk_editable_set_text (GTK_EDITABLE (specs), "2xL20:gpu:48GB:864GB/s host:cpu:256GB:80GB/s");
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (group), specs);
  g_signal_connect_object (specs, "apply", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
}

static void
add_rules (HeadroomWhatIfForm *self)
{
  self->reserve_row =
      add_choice (self, self->machine_group, _("Kept free for other programs, percent"));
  add_numbers (self->reserve_row, "20 10 5 0 30 50");
  self->parallel_row = add_choice (self, self->machine_group, _("Answers at once"));
  headroom_choice_row_add (self->parallel_row, "0", _("Automatic"));
  add_numbers (self->parallel_row, "1 2 4 8 16 32");
  self->loaded_row = add_choice (self, self->machine_group, _("Models in memory at most"));
  headroom_choice_row_add (self->loaded_row, "0", _("Automatic"));
  add_numbers (self->loaded_row, "1 2 3 4 6 8");
  headroom_choice_row_add (self->loaded_row, "unlimited", _("No limit"));
  self->keep_row =
      add_choice (self, self->machine_group, _("Stays in memory after the last answer"));
  headroom_choice_row_add_keep_alives (self->keep_row);
  headroom_choice_row_choose (self->keep_row, "5m");
  self->hours_row = add_choice (self, self->machine_group, _("Hours to play"));
  add_numbers (self->hours_row, "1 2 4 8 24");
}

static void
add_contenders (HeadroomWhatIfForm *self)
{
  self->contenders_group = ADW_PREFERENCES_GROUP (add_group (self, _("Who Asks for What"), NULL));
  self->add_button = gtk_button_new_with_mnemonic (_("A_dd"));
  gtk_widget_add_css_class (self->add_button, "flat");
  gtk_widget_set_valign (self->add_button, GTK_ALIGN_CENTER);
  adw_preferences_group_set_header_suffix (self->contenders_group, self->add_button);
  g_signal_connect_object (self->add_button, "clicked", G_CALLBACK (add_cb), self,
                           G_CONNECT_SWAPPED);
  for (gsize i = 0; i < G_N_ELEMENTS (first_contenders); i++)
    add_contender (self, first_contenders[i].model, first_contenders[i].every_seconds);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_what_if_form_finalize (GObject *object)
{
  HeadroomWhatIfForm *self = HEADROOM_WHAT_IF_FORM (object);

  g_clear_object (&self->models);
  g_strfreev (self->this_machine);
  g_ptr_array_unref (self->contenders);
  G_OBJECT_CLASS (headroom_what_if_form_parent_class)->finalize (object);
}

static void
headroom_what_if_form_class_init (HeadroomWhatIfFormClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = headroom_what_if_form_finalize;
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

static void
headroom_what_if_form_init (HeadroomWhatIfForm *self)
{
  GtkWidget *group;

  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 24);
  self->contenders = g_ptr_array_new ();
  headroom_what_if_form_set_models (self, NULL);
  group = add_group (
      self, _("What If"),
      _("Plays requests on a machine of your choice, by the rules that decide here. Nothing is loaded."));
  self->scenario_row = add_choice (self, group, _("Scenario"));
  headroom_choice_row_add (self->scenario_row, OWN_SCENARIO, _("Your own"));
  for (gsize i = 0; i < G_N_ELEMENTS (shipped); i++)
    headroom_choice_row_add (self->scenario_row, shipped[i].file, _(shipped[i].title));
  add_machine (self);
  add_rules (self);
  add_contenders (self);
  self->is_ready = TRUE;
  chosen_cb (self);
}

GtkWidget *
headroom_what_if_form_new (void)
{
  return g_object_new (HEADROOM_TYPE_WHAT_IF_FORM, NULL);
}
