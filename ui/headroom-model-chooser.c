/* headroom-model-chooser.c: chooses one of the models.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-model-chooser.h"

#include <glib/gi18n.h>

#define TITLE_MAX_CHARS 28

struct _HeadroomModelChooser
{
  GtkWidget parent_instance;
  GtkDropDown *drop_down;
  GListStore *models;
};

G_DEFINE_FINAL_TYPE (HeadroomModelChooser, headroom_model_chooser, GTK_TYPE_WIDGET)

enum { PROP_0, PROP_MODEL, N_PROPS };
static GParamSpec *props[N_PROPS];

/* ---- Rows ------------------------------------------------------------------------------------ */

static GtkWidget *
new_label (const char *css_class)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  return label;
}

static void
setup_button_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *title = new_label (NULL);

  gtk_label_set_max_width_chars (GTK_LABEL (title), TITLE_MAX_CHARS);
  gtk_list_item_set_child (item, title);
}

static void
bind_button_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  HeadroomModelItem *model = gtk_list_item_get_item (item);

  gtk_label_set_text (GTK_LABEL (gtk_list_item_get_child (item)),
                      headroom_model_item_get_title (model));
}

static void
setup_row_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *title = new_label (NULL), *subtitle = new_label ("caption");

  gtk_label_set_max_width_chars (GTK_LABEL (title), TITLE_MAX_CHARS);
  gtk_widget_add_css_class (subtitle, "dim-label");
  gtk_widget_add_css_class (subtitle, "numeric");
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), subtitle);
  gtk_list_item_set_child (item, box);
}

static void
bind_row_cb (GtkSignalListItemFactory *factory, GtkListItem *item)
{
  HeadroomModelItem *model = gtk_list_item_get_item (item);
  GtkWidget *box = gtk_list_item_get_child (item);
  GtkWidget *subtitle = gtk_widget_get_last_child (box);

  gtk_label_set_text (GTK_LABEL (gtk_widget_get_first_child (box)),
                      headroom_model_item_get_title (model));
  gtk_label_set_text (GTK_LABEL (subtitle), headroom_model_item_get_subtitle (model));
  gtk_widget_set_visible (subtitle, *headroom_model_item_get_subtitle (model) != '\0');
}

static GtkListItemFactory *
new_factory (GCallback setup, GCallback bind)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", setup, NULL);
  g_signal_connect (factory, "bind", bind, NULL);
  return factory;
}

/* ---- Widget ---------------------------------------------------------------------------------- */

static void
selected_cb (HeadroomModelChooser *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MODEL]);
}

static void
headroom_model_chooser_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_MODEL)
    g_value_set_string (value, headroom_model_chooser_get_model (HEADROOM_MODEL_CHOOSER (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
headroom_model_chooser_dispose (GObject *object)
{
  HeadroomModelChooser *self = HEADROOM_MODEL_CHOOSER (object);

  if (self->drop_down != NULL) {
    g_signal_handlers_disconnect_by_data (self->drop_down, self);
    gtk_widget_unparent (GTK_WIDGET (self->drop_down));
    self->drop_down = NULL;
  }
  g_clear_object (&self->models);
  G_OBJECT_CLASS (headroom_model_chooser_parent_class)->dispose (object);
}

static void
headroom_model_chooser_class_init (HeadroomModelChooserClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = headroom_model_chooser_get_property;
  object_class->dispose = headroom_model_chooser_dispose;
  props[PROP_MODEL] =
      g_param_spec_string ("model", NULL, NULL, NULL,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
headroom_model_chooser_init (HeadroomModelChooser *self)
{
  g_autoptr (GtkListItemFactory) button =
      new_factory (G_CALLBACK (setup_button_cb), G_CALLBACK (bind_button_cb));
  g_autoptr (GtkListItemFactory) row =
      new_factory (G_CALLBACK (setup_row_cb), G_CALLBACK (bind_row_cb));
  GtkWidget *drop_down;

  self->models = g_list_store_new (HEADROOM_TYPE_MODEL_ITEM);
  drop_down = gtk_drop_down_new (G_LIST_MODEL (g_object_ref (self->models)), NULL);
  self->drop_down = GTK_DROP_DOWN (drop_down);
  gtk_drop_down_set_factory (self->drop_down, button);
  gtk_drop_down_set_list_factory (self->drop_down, row);
  gtk_widget_set_tooltip_text (drop_down, _("Model (Ctrl+L)"));
  gtk_widget_add_css_class (drop_down, "headroom-chooser");
  gtk_widget_set_valign (drop_down, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (drop_down), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Model"), -1);
  g_signal_connect_swapped (drop_down, "notify::selected-item", G_CALLBACK (selected_cb), self);
  gtk_widget_set_parent (drop_down, GTK_WIDGET (self));
}

/**
 * headroom_model_chooser_set_models:
 * @self: a chooser
 * @models: a list of HeadroomModelItem; copied
 *
 * Replaces the list. What was chosen stays chosen where the new list has it.
 */
void
headroom_model_chooser_set_models (HeadroomModelChooser *self, GListModel *models)
{
  g_autofree char *chosen = NULL;
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);

  g_return_if_fail (HEADROOM_IS_MODEL_CHOOSER (self));
  chosen = g_strdup (headroom_model_chooser_get_model (self));
  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    g_ptr_array_add (items, g_list_model_get_item (models, i));
  g_object_freeze_notify (G_OBJECT (self));
  g_list_store_splice (self->models, 0, g_list_model_get_n_items (G_LIST_MODEL (self->models)),
                       items->pdata, items->len);
  headroom_model_chooser_choose (self, chosen);
  g_object_thaw_notify (G_OBJECT (self));
  gtk_widget_set_visible (GTK_WIDGET (self->drop_down), items->len > 0);
}

/* Returns: (transfer none) (nullable): the chosen model */
HeadroomModelItem *
headroom_model_chooser_get_chosen (HeadroomModelChooser *self)
{
  g_return_val_if_fail (HEADROOM_IS_MODEL_CHOOSER (self), NULL);
  return self->drop_down != NULL ? gtk_drop_down_get_selected_item (self->drop_down) : NULL;
}

/* Returns: (transfer none) (nullable): the chosen model's name, as the API calls it */
const char *
headroom_model_chooser_get_model (HeadroomModelChooser *self)
{
  HeadroomModelItem *item = headroom_model_chooser_get_chosen (self);

  return item != NULL ? headroom_model_item_get_name (item) : NULL;
}

/**
 * headroom_model_chooser_choose:
 * @self: a chooser
 * @name: (nullable): a name; one without a tag means the tag "latest"
 *
 * Returns: whether the list has it
 */
gboolean
headroom_model_chooser_choose (HeadroomModelChooser *self, const char *name)
{
  g_autofree char *latest = NULL;

  g_return_val_if_fail (HEADROOM_IS_MODEL_CHOOSER (self), FALSE);
  latest = g_strconcat (name != NULL ? name : "", ":latest", NULL);
  for (guint i = 0; name != NULL && i < g_list_model_get_n_items (G_LIST_MODEL (self->models));
       i++) {
    g_autoptr (HeadroomModelItem) item = g_list_model_get_item (G_LIST_MODEL (self->models), i);
    const char *have = headroom_model_item_get_name (item);
    if (g_strcmp0 (have, name) == 0 || g_strcmp0 (have, latest) == 0) {
      gtk_drop_down_set_selected (self->drop_down, i);
      return TRUE;
    }
  }
  return FALSE;
}

/* Opens the list, for the keyboard. */
void
headroom_model_chooser_popup (HeadroomModelChooser *self)
{
  g_return_if_fail (HEADROOM_IS_MODEL_CHOOSER (self));
  gtk_widget_grab_focus (GTK_WIDGET (self->drop_down));
  gtk_widget_activate (GTK_WIDGET (self->drop_down));
}
