/* headroom-model-library.h: the models that can be chosen: those of the store, and files that were
 * opened.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Emits "listed" when the list is there anew, "failed" with the reason when it is not, and
 * "described" with a model's name and its longest context when it is known. Thread-safety: main
 * thread only, never blocks.
 */
#pragma once

#include "headroom-client.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define HEADROOM_TYPE_MODEL_LIBRARY (headroom_model_library_get_type ())
G_DECLARE_FINAL_TYPE (HeadroomModelLibrary, headroom_model_library, HEADROOM, MODEL_LIBRARY,
                      GObject)

HeadroomModelLibrary *headroom_model_library_new        (void);
void                  headroom_model_library_set_client (HeadroomModelLibrary *self,
                                                         HeadroomClient       *client);
GListModel           *headroom_model_library_get_models (HeadroomModelLibrary *self);
void                  headroom_model_library_add_file   (HeadroomModelLibrary *self,
                                                         const char           *path);
void                  headroom_model_library_refresh    (HeadroomModelLibrary *self);
void                  headroom_model_library_describe   (HeadroomModelLibrary *self,
                                                         const char           *model);

G_END_DECLS
