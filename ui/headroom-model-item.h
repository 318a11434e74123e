/* headroom-model-item.h: a model that can be chosen.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MODEL_ITEM (headroom_model_item_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomModelItem, headroom_model_item, HEADROOM, MODEL_ITEM, GObject)

HeadroomModelItem *headroom_model_item_new          (const char        *name,
                                                     const char        *subtitle);
const char        *headroom_model_item_get_name     (HeadroomModelItem *self);
const char        *headroom_model_item_get_title    (HeadroomModelItem *self);
const char        *headroom_model_item_get_subtitle (HeadroomModelItem *self);

/* What people call a model that the server calls so: a file by its name without folder and suffix,
 * a model of the store without the tag that all have. name: (nullable). */
char *headroom_model_dup_title (const char *name) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
