/* headroom-cmd-list.c: headroom list [PREFIX]
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-cli.h"

#include "headroom-cli-text.h"
#include "headroom-wire.h"

#include <glib/gi18n.h>
#include <stdio.h>

#define N_COLUMNS 4
#define SHORT_DIGEST 12

static gboolean
has_prefix (HeadroomModelEntry *entry, const char *prefix)
{
  return prefix == NULL ||
         g_ascii_strncasecmp (headroom_model_entry_get_name (entry), prefix, strlen (prefix)) == 0;
}

static void
print_table (GPtrArray *entries, const char *prefix)
{
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  const char *headings[N_COLUMNS] = { _("NAME"), _("ID"), _("SIZE"), _("MODIFIED") };

  for (guint i = 0; i < N_COLUMNS; i++)
    g_ptr_array_add (cells, g_strdup (headings[i]));
  for (guint i = 0; i < entries->len; i++) {
    HeadroomModelEntry *entry = entries->pdata[i];
    if (!has_prefix (entry, prefix))
      continue;
    g_ptr_array_add (cells, g_strdup (headroom_model_entry_get_name (entry)));
    g_ptr_array_add (cells, g_strndup (headroom_model_entry_get_digest (entry), SHORT_DIGEST));
    g_ptr_array_add (cells, headroom_text_size (headroom_model_entry_get_size (entry)));
    g_ptr_array_add (cells, headroom_text_distance (headroom_model_entry_get_modified_ns (entry)));
  }
  headroom_cli_print_table ((const char *const *) cells->pdata, cells->len, N_COLUMNS);
}

int
headroom_cmd_list (int argc, char **argv)
{
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Print what /api/tags answers"), NULL },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (HeadroomStore) store = NULL;
  g_autoptr (GPtrArray) models = NULL;
  g_autoptr (GPtrArray) problems = NULL;

  if (!headroom_cli_parse (entries, _("[PREFIX]"),
                           _("Lists the models on this computer, newest first."), 0, 1, &argc,
                           &argv))
    return HEADROOM_EXIT_USAGE;
  store = headroom_store_new (NULL, NULL);
  models = headroom_store_list (store, &problems);
  for (guint i = 0; problems != NULL && i < problems->len; i++)
    headroom_cli_complain ("%s", (const char *) problems->pdata[i]);
  if (json) {
    g_autofree char *text = headroom_wire_print_tags (models);
    puts (text);
  } else {
    print_table (models, argc > 1 ? argv[1] : NULL);
  }
  return HEADROOM_EXIT_OK;
}
