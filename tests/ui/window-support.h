/* window-support.h: opens the real window for a test and does what a person would do with it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "fake-engine.h"
#include "headroom-window.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* Lets the main loop run until something is so; fails where it takes longer than the slowest
 * machine could need. */
#define window_fixture_wait_until(fixture, condition) \
  G_STMT_START { \
    gint64 wait_deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC; \
    while (!(condition)) { \
      if (g_get_monotonic_time () > wait_deadline) \
        g_error ("waited in vain for: %s", #condition); \
      window_fixture_settle (fixture, 10); \
    } \
  } G_STMT_END

typedef struct {
  FakeEngine *engine; /* owned, or NULL */
  HeadroomClient *client;
  GSettings *settings;
  HeadroomWindow *window;
} WindowFixture;

/* engine: taken; NULL for a window without a client. Fits the window's size before it is shown. */
WindowFixture *window_fixture_new            (FakeEngine     *take_engine,
                                              int             width,
                                              int             height);
void           window_fixture_set_client     (WindowFixture  *fixture,
                                              HeadroomClient *client);
void           window_fixture_free           (WindowFixture  *fixture);
void           window_fixture_settle         (WindowFixture  *fixture,
                                              guint           msec);
void           window_fixture_type           (WindowFixture  *fixture,
                                              const char     *text);
void           window_fixture_wait_model     (WindowFixture  *fixture);
gboolean       window_fixture_is_busy        (WindowFixture  *fixture);
void           window_fixture_wait_idle      (WindowFixture  *fixture);
const char    *window_fixture_get_page       (WindowFixture  *fixture);
char          *window_fixture_dup_answer     (WindowFixture  *fixture);
gboolean       window_fixture_answer_has     (WindowFixture  *fixture,
                                              const char     *text);
gboolean       window_shows                  (GtkWidget      *root,
                                              const char     *text);
GtkWidget     *window_find                   (GtkWidget      *root,
                                              GType           type,
                                              guint           nth);
char          *window_dup_text               (GtkWidget      *root);
/* By its label or its tooltip; NULL: there is none. */
GtkWidget     *window_find_button            (GtkWidget      *root,
                                              const char     *text);
void           window_click                  (GtkWidget      *root,
                                              const char     *text);
void           window_remove_folder          (const char     *path);
void           window_save_png               (GtkWidget      *widget,
                                              const char     *file);

/* An engine on a 16 GiB machine with one small model. */
FakeEngine    *fake_engine_new_typical       (void);
char          *fake_plan                     (double          weights_gib,
                                              double          cache_gib,
                                              double          compute_gib,
                                              gboolean        fits);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WindowFixture, window_fixture_free)

G_END_DECLS
