/* headroom-window-private.h: what the files of the window share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-window.h"
#include "headroom-banner.h"
#include "headroom-bench-page.h"
#include "headroom-chat-view.h"
#include "headroom-composer.h"
#include "headroom-conversation.h"
#include "headroom-memory-monitor.h"
#include "headroom-memory-page.h"
#include "headroom-memory-strip.h"
#include "headroom-model-chooser.h"
#include "headroom-model-library.h"
#include "headroom-open-dialog.h"
#include "headroom-server-page.h"
#include "headroom-settings-popover.h"
#include "headroom-welcome.h"
#include "headroom-what-if-page.h"

G_BEGIN_DECLS

struct _HeadroomWindow
{
  AdwApplicationWindow parent_instance;
  GSettings *settings;
  HeadroomClient *client;
  HeadroomConversation *conversation;
  HeadroomMemoryMonitor *monitor;
  HeadroomSettingsPopover *popover;
  HeadroomModelLibrary *library;
  char *warning;      /* of a watch that is crossed; NULL: none is */
  char *wanted_model; /* to be chosen once the list is there */
  gboolean listed;    /* the list came at least once */

  AdwToastOverlay *toasts;
  HeadroomModelChooser *chooser;
  GtkMenuButton *settings_button;
  HeadroomBanner *banner;
  AdwFlap *flap;
  GtkToggleButton *pages_button;
  GtkStack *pages; /* chat, memory, what-if, benchmarks, server */
  HeadroomMemoryPage *memory_page;
  HeadroomWhatIfPage *what_if_page;
  HeadroomBenchPage *bench_page;
  HeadroomServerPage *server_page;
  GtkStack *stack; /* what the chat shows */
  AdwStatusPage *failed_page;
  HeadroomWelcome *welcome;
  HeadroomChatView *chat;
  HeadroomComposer *composer;
  HeadroomMemoryStrip *strip;
};

void               _headroom_window_install_actions (GtkWidgetClass *widget_class);
void               _headroom_window_show_toast      (HeadroomWindow *self,
                                                     const char     *text);
void               _headroom_window_watch_memory    (HeadroomWindow *self);
void               _headroom_window_reload_action   (GtkWidget      *widget,
                                                     const char     *name,
                                                     GVariant       *parameter);
void               _headroom_window_pin_action      (GtkWidget      *widget,
                                                     const char     *name,
                                                     GVariant       *parameter);
HeadroomAskOptions _headroom_window_get_ask_options (HeadroomWindow *self);

G_END_DECLS
