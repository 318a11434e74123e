/* engine-support.h: the real engine for tests of the window, in a folder of its own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One per process: a session finds its folders through the environment.
 */
#pragma once

#include "headroom-json.h"
#include "headroom-session.h"
#include "tiny-model.h"
#include "window-support.h"

G_BEGIN_DECLS

typedef struct {
  char *folder; /* of loose models, and of everything that the engine writes */
  HeadroomSession *session; /* NULL before it is opened */
} EngineFixture;

/* The chat model's file, or NULL; before engine_fixture_init(), which moves the folder of models. */
char          *engine_find_real_model      (void) G_GNUC_WARN_UNUSED_RESULT;
/* A folder for models, also where the window looks for them by itself, which the environment names from now on. Before gtk_init_check(): where
 * things are kept is read once. */
void           engine_fixture_init         (EngineFixture   *fixture);
char          *engine_fixture_dup_path     (EngineFixture   *fixture,
                                            const char      *file);
void           engine_fixture_add          (EngineFixture   *fixture,
                                            const char      *file,
                                            const TinyModel *model);
/* Starts the engine in this process. */
void           engine_fixture_open         (EngineFixture   *fixture);
/* Ends it and removes the folder. */
void           engine_fixture_clear        (EngineFixture   *fixture);
/* A window with a model, in front of the engine, with the settings that everybody begins with. */
WindowFixture *engine_fixture_open_window  (EngineFixture   *fixture);

/* What the engine answers; never an error. */
HrValue       *engine_fixture_ask          (EngineFixture   *fixture,
                                            const char      *method,
                                            const char      *path,
                                            const char      *body);
/* Loads a model as another program does, which knows nothing of the window; rest: more of the
 * request, such as ",\"keep_alive\":-1". */
void           engine_fixture_load         (EngineFixture   *fixture,
                                            const char      *model,
                                            const char      *rest);
/* Of how many models the engine says that they are in memory. */
gsize          engine_fixture_count_models (EngineFixture   *fixture);
/* What it says of one in memory, whose name begins so; NULL: it is not there. */
HrValue       *engine_fixture_find_model   (EngineFixture   *fixture,
                                            const char      *name);
gboolean       engine_fixture_has_event    (EngineFixture   *fixture,
                                            const char      *kind);

G_END_DECLS
