/* main.c: starts the program with a window, or says in one line why it cannot.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-application.h"
#include "headroom-locale.h"
#include "headroom-machine-rates.h"
#include "headroom-settings.h"

#include <glib/gi18n.h>

/* EX_UNAVAILABLE of sysexits.h: whoever starts the program may fall back to the terminal. */
#define EXIT_NO_DISPLAY 69

static gboolean
wants_no_display (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    if (g_str_equal (argv[i], "--help") || g_str_equal (argv[i], "-h") ||
        g_str_equal (argv[i], "--version"))
      return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (HeadroomApplication) application = NULL;
  g_autoptr (GSettings) settings = NULL;
  g_autoptr (GError) error = NULL;

  headroom_locale_init ();
  g_set_prgname ("headroom-app");

  if (!wants_no_display (argc, argv)) {
    if (!gtk_init_check ()) {
      g_printerr (
          "%s\n",
          _("headroom-app: no display to open a window on; “headroom run MODEL” chats in the terminal"));
      return EXIT_NO_DISPLAY;
    }
    settings = headroom_settings_new (&error);
    if (settings == NULL) {
      g_printerr ("headroom-app: %s\n", error->message);
      return 1;
    }
  }
  headroom_machine_rates_ensure ();
  application = headroom_application_new (settings);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
