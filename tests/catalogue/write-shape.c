/* write-shape.c: writes a GGUF file with the shape of a model of the catalogue and holes for
 * weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   write-shape NAME QUANTISATION FILE     for other programs to look at; the file takes no room on
 * the disk write-shape --list                     the names
 */
#include "headroom-catalogue.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static gboolean
write_file (const char *path, GBytes *header, guint64 data_bytes)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  gsize size;
  const void *bytes = g_bytes_get_data (header, &size);
  gboolean written = fd >= 0 && write (fd, bytes, size) == (gssize) size &&
                     ftruncate (fd, (off_t) (size + data_bytes)) == 0;

  if (fd >= 0)
    close (fd);
  return written;
}

int
main (int argc, char **argv)
{
  const HeadroomCatalogueEntry *entry = argc == 4 ? headroom_catalogue_find (argv[1]) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) header = NULL;
  guint64 data_bytes;

  if (argc == 2 && g_str_equal (argv[1], "--list")) {
    for (gsize i = 0; i < headroom_catalogue_get_size (); i++)
      printf ("%s %s\n", headroom_catalogue_get (i)->name, headroom_catalogue_get (i)->weights);
    return 0;
  }
  if (entry == NULL) {
    fprintf (stderr, "write-shape NAME QUANTISATION FILE, with a name of --list\n");
    return 2;
  }
  header = headroom_catalogue_write_header (entry, argv[2], &data_bytes, &error);
  if (header == NULL || !write_file (argv[3], header, data_bytes)) {
    fprintf (stderr, "%s: %s\n", argv[3], error != NULL ? error->message : "cannot be written");
    return 1;
  }
  printf ("%" G_GUINT64_FORMAT "\n", data_bytes);
  return 0;
}
