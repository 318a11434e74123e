/* headroom-sum-group.c: where the memory of a model goes, as a sum that a person can check.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-sum-group.h"

#include "headroom-landscape.h"
#include "headroom-memory.h"

#include <glib/gi18n.h>
#include <inttypes.h>

typedef enum {
  ROW_FILE,
  ROW_WEIGHTS,
  ROW_CACHE,
  ROW_BOOK,
  ROW_COMPUTE,
  ROW_OUTPUT,
  ROW_PROJECTOR,
  ROW_STAGING,
  ROW_DRIVER,
  ROW_TOTAL,
  N_ROWS
} Row;

struct _HeadroomSumGroup
{
  AdwPreferencesGroup parent_instance;
  AdwActionRow *rows[N_ROWS];
  GtkLabel *bytes[N_ROWS];
};

G_DEFINE_FINAL_TYPE (HeadroomSumGroup, headroom_sum_group, ADW_TYPE_PREFERENCES_GROUP)

static void
show_row (HeadroomSumGroup *self, Row row, guint64 bytes, char *take_formula)
{
  g_autofree char *formula = take_formula, *rounded = headroom_memory_format (bytes);
  g_autofree char *exact = headroom_memory_format_exact (bytes);

  adw_action_row_set_subtitle (self->rows[row], formula);
  gtk_label_set_text (self->bytes[row], rounded);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->bytes[row]), exact);
}

static char *
weights_formula (HrModel *model)
{
  const HrModelInfo *info = hr_model_get_info (model);

  /* Translators: how many numbers a model has, its type such as Q4_K_M, and bits per number */
  return g_strdup_printf (
      _("%'" PRIu64
         " numbers as %s, %.2f bits each. A smaller type of the same model takes less."),
      info->n_params, info->file_type,
      info->n_params > 0 ? 8.0 * (double) info->file_bytes / (double) info->n_params : 0);
}

static char *
cache_formula (HrPlan *plan)
{
  const HrSettings *settings = hr_plan_get_settings (plan);

  /* Translators: bytes per token, tokens per answer, answers at once, and the number type */
  return g_strdup_printf (
      _("%'" PRIu64
         " B per token × %'u tokens × %u answers at once, as %s. A shorter context, fewer "
         "answers at once or a smaller type takes less."),
      hr_plan_get_cache_bytes_per_token (plan), settings->num_ctx, settings->parallel,
      hr_kv_type_name (settings->kv_type));
}

/* Keys and values as wide as the model, 16 bits each, in every layer: the formula of the first
 * transformers, which people know. */
static void
show_book (HeadroomSumGroup *self, HrModel *model, HrPlan *plan)
{
  const HrModelInfo *info = hr_model_get_info (model);
  const HrSettings *settings = hr_plan_get_settings (plan);
  guint64 book = headroom_textbook_cache_bytes (model, settings),
          real = hr_plan_get_bytes (plan, HR_ITEM_CACHE);
  gboolean differs = book > real + real / 10 || real > book + book / 10;

  gtk_widget_set_visible (GTK_WIDGET (self->rows[ROW_BOOK]), differs);
  if (differs)
    show_row (
        self, ROW_BOOK, book,
        g_strdup_printf (
            _("2 × %u layers × %u wide × 2 B × %'u tokens × %u. This model keeps less than that, and what it keeps "
               "is the line above."),
            info->n_layer, info->n_embd, settings->num_ctx, settings->parallel));
}

static char *
compute_formula (HrPlan *plan)
{
  const HrSettings *settings = hr_plan_get_settings (plan);

  return g_strdup_printf (
      _("Steps of up to %'u tokens on %u threads. Fewer tokens per step take less and read prompts more slowly."),
      settings->num_batch, settings->threads);
}

static char *
output_formula (const HrModelInfo *info, HrPlan *plan)
{
  guint64 row = MAX (info->n_vocab, 1) * sizeof (float);

  return g_strdup_printf (_("%'u possible next tokens × %u places in a step × 4 B"),
                          info->n_vocab,
                          (guint) (hr_plan_get_bytes (plan, HR_ITEM_OUTPUT) / row));
}

/* What few models and machines have. */
static void
show_rare (HeadroomSumGroup *self, HrPlan *plan, Row row, HrItemKind kind, const char *formula)
{
  guint64 bytes = hr_plan_get_bytes (plan, kind);

  gtk_widget_set_visible (GTK_WIDGET (self->rows[row]), bytes > 0);
  if (bytes > 0)
    show_row (self, row, bytes, g_strdup (formula));
}

/**
 * headroom_sum_group_set_plan:
 * @self: a group
 * @model: (nullable): the model of @plan
 * @plan: (nullable): what to explain
 */
void
headroom_sum_group_set_plan (HeadroomSumGroup *self, HrModel *model, HrPlan *plan)
{
  const HrModelInfo *info;

  g_return_if_fail (HEADROOM_IS_SUM_GROUP (self));
  gtk_widget_set_visible (GTK_WIDGET (self), model != NULL && plan != NULL);
  if (model == NULL || plan == NULL)
    return;
  info = hr_model_get_info (model);
  show_row (self, ROW_FILE, info->file_bytes,
            g_strdup (_("On disk. Mapped, not copied: pages that nothing uses cost nothing.")));
  show_row (self, ROW_WEIGHTS, hr_plan_get_bytes (plan, HR_ITEM_WEIGHTS), weights_formula (model));
  show_row (self, ROW_CACHE, hr_plan_get_bytes (plan, HR_ITEM_CACHE), cache_formula (plan));
  show_book (self, model, plan);
  show_row (self, ROW_COMPUTE, hr_plan_get_bytes (plan, HR_ITEM_COMPUTE), compute_formula (plan));
  show_row (self, ROW_OUTPUT, hr_plan_get_bytes (plan, HR_ITEM_OUTPUT),
            output_formula (info, plan));
  show_rare (
      self, plan, ROW_PROJECTOR, HR_ITEM_PROJECTOR,
      _("Weights and buffers of the part that reads images. A model that reads text only does without."));
  show_rare (
      self, plan, ROW_STAGING, HR_ITEM_STAGING,
      _("Rows on their way from one device to the other. A model that fits on one device needs none."));
  show_rare (self, plan, ROW_DRIVER, HR_ITEM_DRIVER,
             _("What the graphics card’s driver keeps for itself while a model is on it."));
  show_row (self, ROW_TOTAL, hr_plan_get_bytes (plan, HR_ITEM_N_KINDS),
            g_strdup (_("All but the first line")));
}

static void
headroom_sum_group_class_init (HeadroomSumGroupClass *klass)
{
}

static void
headroom_sum_group_init (HeadroomSumGroup *self)
{
  const char *titles[N_ROWS] = {
    [ROW_FILE] = _("File"),           [ROW_WEIGHTS] = _("Weights in memory"),
    [ROW_CACHE] = _("Cache"),         [ROW_BOOK] = _("Cache by the textbook’s formula"),
    [ROW_COMPUTE] = _("Compute"),     [ROW_OUTPUT] = _("Output"),
    [ROW_PROJECTOR] = _("Projector"), [ROW_STAGING] = _("Between devices"),
    [ROW_DRIVER] = _("Driver"),       [ROW_TOTAL] = _("Sum"),
  };

  adw_preferences_group_set_title (ADW_PREFERENCES_GROUP (self), _("Where Does It Go?"));
  for (int row = 0; row < N_ROWS; row++) {
    GtkWidget *widget = adw_action_row_new (), *label = gtk_label_new (NULL);
    self->rows[row] = ADW_ACTION_ROW (widget);
    self->bytes[row] = GTK_LABEL (label);
    gtk_widget_add_css_class (label, "numeric");
    gtk_widget_add_css_class (label, row == ROW_BOOK || row == ROW_FILE ? "dim-label" : "heading");
    adw_preferences_row_set_title (ADW_PREFERENCES_ROW (widget), titles[row]);
    adw_action_row_add_suffix (self->rows[row], label);
    adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), widget);
  }
}

GtkWidget *
headroom_sum_group_new (void)
{
  return g_object_new (HEADROOM_TYPE_SUM_GROUP, NULL);
}
