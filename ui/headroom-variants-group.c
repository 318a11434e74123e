/* headroom-variants-group.c: the chosen model in other quantisations: which fits best here, and
 * what each would take.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-variants-group.h"

#include "headroom-store.h"
#include "headroom-variants.h"

#include <glib/gi18n.h>

/* Seven plans of seven models are too many while a slider moves. */
#define SETTLE_MSEC 400
/* Memory that comes and goes by less than this part of a device changes nothing. */
#define SMALL_CHANGE 256

struct _HeadroomVariantsGroup {
  AdwPreferencesGroup parent_instance;
  HeadroomPlanPreview *preview;
  AdwExpanderRow *expander;
  GPtrArray *rows;     /* AdwActionRow, one per quantisation */
  GPtrArray *prices;   /* GtkLabel, likewise */
  guint settling;      /* the timeout after which they are worked out */
  gboolean working;    /* a thread is at it */
  struct Query *asked; /* what was worked out last, or is now; NULL: nothing */
};

G_DEFINE_FINAL_TYPE (HeadroomVariantsGroup, headroom_variants_group, ADW_TYPE_PREFERENCES_GROUP)

enum { CHOSEN, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- On a thread ----------------------------------------------------------------------------- */

typedef struct Query {
  HrModel *model;
  HrSettings settings;
  HrDevice devices[HEADROOM_MEMORY_MAX_DEVICES];
  gsize n_devices;
} Query;

typedef struct {
  GArray *variants;      /* HeadroomVariant */
  GHashTable *installed; /* label -> name of a model on this computer */
} Answer;

static void
query_free (gpointer data)
{
  Query *query = data;

  if (query == NULL)
    return;
  hr_model_unref (query->model);
  g_free (query);
}

static Query *
query_new (HeadroomPlanPreview *preview, HrPlan *plan)
{
  Query *query = g_new0 (Query, 1);

  query->model = hr_model_ref (headroom_plan_preview_get_model (preview));
  query->settings = *headroom_plan_preview_get_settings (preview);
  query->n_devices = hr_plan_n_devices (plan);
  for (gsize i = 0; i < query->n_devices; i++)
    query->devices[i] = *hr_plan_get_device (plan, i);
  return query;
}

/* Whether the answers are the same but for memory that comes and goes. */
static gboolean
query_equal (const Query *a, const Query *b)
{
  if (a == NULL || a->model != b->model || a->n_devices != b->n_devices ||
      memcmp (&a->settings, &b->settings, sizeof a->settings) != 0)
    return FALSE;
  for (gsize i = 0; i < a->n_devices; i++) {
    guint64 x = a->devices[i].free, y = b->devices[i].free;
    if (MAX (x, y) - MIN (x, y) > a->devices[i].total / SMALL_CHANGE)
      return FALSE;
  }
  return TRUE;
}

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_array_unref (answer->variants);
  g_hash_table_unref (answer->installed);
  g_free (answer);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Answer, answer_free)

static gboolean
is_same_model (HeadroomModelEntry *entry, HeadroomModelEntry *other)
{
  return g_strcmp0 (headroom_model_entry_get_family (entry),
                    headroom_model_entry_get_family (other)) == 0 &&
         g_strcmp0 (headroom_model_entry_get_parameter_size (entry),
                    headroom_model_entry_get_parameter_size (other)) == 0 &&
         headroom_model_entry_get_embedding_length (entry) ==
             headroom_model_entry_get_embedding_length (other);
}

/* Models of the store that are the same but for their quantisation. */
static GHashTable *
find_installed (HrModel *model)
{
  GHashTable *installed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (HeadroomStore) store = headroom_store_new (NULL, NULL);
  g_autoptr (GPtrArray) entries = headroom_store_list (store, NULL);
  g_autoptr (HeadroomModelEntry) own =
      headroom_store_resolve (store, hr_model_get_path (model), NULL);

  for (guint i = 0; entries != NULL && own != NULL && i < entries->len; i++) {
    HeadroomModelEntry *entry = entries->pdata[i];
    if (is_same_model (entry, own))
      g_hash_table_insert (installed, g_strdup (headroom_model_entry_get_quantization (entry)),
                           g_strdup (headroom_model_entry_get_name (entry)));
  }
  return installed;
}

static void
price_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Query *query = task_data;
  const HeadroomCatalogueEntry *entry = headroom_variants_recognise (query->model);
  Answer *answer;

  if (entry == NULL) {
    g_task_return_pointer (task, NULL, NULL);
    return;
  }
  answer = g_new0 (Answer, 1);
  answer->variants =
      headroom_variants_new (entry, &query->settings, query->devices, query->n_devices);
  answer->installed = find_installed (query->model);
  g_task_return_pointer (task, answer, answer_free);
}

/* ---- Words ----------------------------------------------------------------------------------- */

static char *
describe (const HeadroomVariant *variant)
{
  g_autofree char *bytes = headroom_memory_format (variant->total);

  if (variant->predicted.tokens_per_second > 0)
    /* Translators: bytes with the chosen settings, and a speed */
    return g_strdup_printf (_("%s with these settings, about %.1f tokens/s"), bytes,
                            variant->predicted.tokens_per_second);
  /* Translators: bytes */
  return g_strdup_printf (_("%s with these settings"), bytes);
}

static char *
describe_best (const HeadroomVariant *best)
{
  g_autofree char *text = best != NULL ? describe (best) : NULL;

  if (best == NULL)
    return g_strdup (_("None of them fits with these settings"));
  /* Translators: a quantisation such as Q4_K_M, and what it takes */
  return g_strdup_printf (_("%s fits best: %s"), best->label, text);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void
activated_cb (HeadroomVariantsGroup *self, GtkWidget *row)
{
  const char *name = g_object_get_data (G_OBJECT (row), "name");

  if (name != NULL)
    g_signal_emit (self, signals[CHOSEN], 0, name);
}

static void
set_n_rows (HeadroomVariantsGroup *self, guint n)
{
  while (self->rows->len < n) {
    GtkWidget *row = adw_action_row_new (), *price = gtk_label_new (NULL);
    adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
    gtk_widget_add_css_class (price, "caption");
    gtk_widget_add_css_class (price, "dim-label");
    adw_action_row_add_suffix (ADW_ACTION_ROW (row), price);
    adw_expander_row_add_row (self->expander, row);
    g_signal_connect_object (row, "activated", G_CALLBACK (activated_cb), self, G_CONNECT_SWAPPED);
    g_ptr_array_add (self->rows, row);
    g_ptr_array_add (self->prices, price);
  }
  for (guint i = 0; i < self->rows->len; i++)
    gtk_widget_set_visible (self->rows->pdata[i], i < n);
}

static void
show_variant (HeadroomVariantsGroup *self, guint row, const HeadroomVariant *variant,
              const char *name, gboolean is_present)
{
  GtkWidget *widget = self->rows->pdata[row];
  g_autofree char *text = describe (variant);
  const char *remark = !variant->fits ? _("does not fit")
                       : is_present   ? _("chosen now")
                       : name != NULL ? _("on this computer")
                                      : "";

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (widget), variant->label);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (widget), text);
  gtk_label_set_text (self->prices->pdata[row], remark);
  g_object_set_data_full (G_OBJECT (widget), "name", g_strdup (name), g_free);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (widget), name != NULL && !is_present);
}

static void
show_answer (HeadroomVariantsGroup *self, const Answer *answer, const char *present)
{
  const HeadroomVariant *best = headroom_variants_find_best (answer->variants);
  g_autofree char *text = describe_best (best);

  set_n_rows (self, answer->variants->len);
  adw_expander_row_set_subtitle (self->expander, text);
  for (guint i = 0; i < answer->variants->len; i++) {
    const HeadroomVariant *variant = &g_array_index (answer->variants, HeadroomVariant, i);
    show_variant (self, i, variant, g_hash_table_lookup (answer->installed, variant->label),
                  g_strcmp0 (variant->label, present) == 0);
  }
}

/* ---- When it is worked out ------------------------------------------------------------------- */

static void
priced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  HeadroomVariantsGroup *self = HEADROOM_VARIANTS_GROUP (source);
  const Query *query = g_task_get_task_data (G_TASK (result));
  g_autoptr (Answer) answer = g_task_propagate_pointer (G_TASK (result), NULL);

  self->working = FALSE;
  if (self->asked->model != headroom_plan_preview_get_model (self->preview))
    return;
  gtk_widget_set_visible (GTK_WIDGET (self), answer != NULL && answer->variants->len > 0);
  if (answer != NULL)
    show_answer (self, answer, hr_model_get_info (query->model)->file_type);
}

static gboolean
settled_cb (gpointer user_data)
{
  HeadroomVariantsGroup *self = user_data;
  HrPlan *plan = headroom_plan_preview_get_plan (self->preview);
  Query *query = plan != NULL ? query_new (self->preview, plan) : NULL;
  g_autoptr (GTask) task = NULL;

  if (self->working && query != NULL && !query_equal (self->asked, query)) {
    query_free (query);
    return G_SOURCE_CONTINUE;
  }
  self->settling = 0;
  if (query == NULL || query_equal (self->asked, query)) {
    query_free (query);
    return G_SOURCE_REMOVE;
  }
  query_free (self->asked);
  self->asked = query;
  self->working = TRUE;
  task = g_task_new (self, NULL, priced_cb, NULL);
  g_task_set_source_tag (task, settled_cb);
  g_task_set_task_data (task, query_new (self->preview, plan), query_free);
  g_task_run_in_thread (task, price_thread);
  return G_SOURCE_REMOVE;
}

static void
previewed_cb (HeadroomVariantsGroup *self)
{
  HrModel *model = headroom_plan_preview_get_model (self->preview);

  if (self->asked == NULL || model != self->asked->model)
    gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  g_clear_handle_id (&self->settling, g_source_remove);
  self->settling = g_timeout_add (SETTLE_MSEC, settled_cb, self);
}

/* ---- Object ---------------------------------------------------------------------------------- */

static void
headroom_variants_group_dispose (GObject *object)
{
  HeadroomVariantsGroup *self = HEADROOM_VARIANTS_GROUP (object);

  g_clear_handle_id (&self->settling, g_source_remove);
  g_clear_object (&self->preview);
  G_OBJECT_CLASS (headroom_variants_group_parent_class)->dispose (object);
}

static void
headroom_variants_group_finalize (GObject *object)
{
  HeadroomVariantsGroup *self = HEADROOM_VARIANTS_GROUP (object);

  query_free (self->asked);
  g_ptr_array_unref (self->rows);
  g_ptr_array_unref (self->prices);
  G_OBJECT_CLASS (headroom_variants_group_parent_class)->finalize (object);
}

static void
headroom_variants_group_class_init (HeadroomVariantsGroupClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = headroom_variants_group_dispose;
  G_OBJECT_CLASS (klass)->finalize = headroom_variants_group_finalize;
  signals[CHOSEN] = g_signal_new ("chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
headroom_variants_group_init (HeadroomVariantsGroup *self)
{
  GtkWidget *expander = adw_expander_row_new ();

  self->rows = g_ptr_array_new ();
  self->prices = g_ptr_array_new ();
  self->expander = ADW_EXPANDER_ROW (expander);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (expander), _("Precision of the Model"));
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), expander);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

/**
 * headroom_variants_group_new:
 * @preview: whose model, settings and machine
 *
 * Returns: (transfer floating): a group, hidden while the model is not a well-known one
 */
GtkWidget *
headroom_variants_group_new (HeadroomPlanPreview *preview)
{
  HeadroomVariantsGroup *self = g_object_new (HEADROOM_TYPE_VARIANTS_GROUP, NULL);

  self->preview = g_object_ref (preview);
  g_signal_connect_object (preview, "changed", G_CALLBACK (previewed_cb), self, G_CONNECT_SWAPPED);
  previewed_cb (self);
  return GTK_WIDGET (self);
}
