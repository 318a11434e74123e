/* write-model.c: a model file of a catalogue entry's shape with made-up weights, for measuring.
 *
 *   write-model NAME QUANTISATION FILE
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What it says is nonsense; how long that takes does not depend on it. Blocks are drawn once for each
 * type and repeated, with scales that keep numbers small. It has no tokenizer.
 */
#include "headroom-catalogue.h"

#include <stdio.h>
#include <string.h>

#define ALIGNMENT 32
/* Blocks that are drawn of a type; no row is a whole number of them, so rows differ. */
#define N_BLOCKS 4099
#define HALF_SMALL 0x0900   /* 1.5e-4 as a 16-bit float */
#define HALF_SMALLER 0x1480 /* 1.1e-3: the minimum that centres it */

typedef struct {
  const char *type;
  guint32 bytes;      /* of a block */
  int d, dmin;        /* where its 16-bit scales are; -1: none */
} Form;

static const Form forms[] = {
  { "Q4_K", 144, 0, 2 },  { "Q5_K", 176, 0, 2 },  { "Q6_K", 210, 208, -1 },
  { "Q8_0", 34, 0, -1 },  { "Q4_0", 18, 0, -1 },  { "F16", 2, 0, -1 },
  { "Q5_0", 22, 0, -1 },  { "Q4_1", 20, 0, 2 },   { "Q5_1", 24, 0, 2 },
};

static void
put_half (guint8 *block, int at, guint16 half)
{
  if (at >= 0)
    memcpy (block + at, &half, sizeof half);
}

/* N_BLOCKS blocks of a type. */
static guint8 *
draw (const Form *form)
{
  guint8 *blocks = g_malloc ((gsize) form->bytes * N_BLOCKS);
  guint32 state = 2463534242u;

  for (gsize i = 0; i < (gsize) form->bytes * N_BLOCKS; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    blocks[i] = (guint8) (state >> 11);
  }
  for (guint b = 0; b < N_BLOCKS; b++) {
    put_half (blocks + (gsize) b * form->bytes, form->d, HALF_SMALL);
    put_half (blocks + (gsize) b * form->bytes, form->dmin, HALF_SMALLER);
  }
  return blocks;
}

static gboolean
write_ones (FILE *file, guint64 n)
{
  const float one = 1;

  for (guint64 i = 0; i < n; i++)
    if (fwrite (&one, sizeof one, 1, file) != 1)
      return FALSE;
  return TRUE;
}

static gboolean
write_blocks (FILE *file, const Form *form, guint64 bytes)
{
  g_autofree guint8 *blocks = draw (form);
  guint64 most = (guint64) form->bytes * N_BLOCKS;

  for (guint64 done = 0; done < bytes; done += most)
    if (fwrite (blocks, MIN (most, bytes - done), 1, file) != 1)
      return FALSE;
  return TRUE;
}

static gboolean
write_tensor (FILE *file, const HrTensorInfo *tensor)
{
  static const guint8 zeros[ALIGNMENT];
  gsize padding = (ALIGNMENT - tensor->bytes % ALIGNMENT) % ALIGNMENT;
  gboolean ok = FALSE;

  if (g_str_equal (tensor->type, "F32"))
    ok = write_ones (file, tensor->bytes / sizeof (float));
  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    if (g_str_equal (tensor->type, forms[i].type))
      ok = write_blocks (file, &forms[i], tensor->bytes);
  if (!ok)
    g_printerr ("write-model: %s of type %s could not be written\n", tensor->name, tensor->type);
  return ok && (padding == 0 || fwrite (zeros, padding, 1, file) == 1);
}

static gboolean
write_model (FILE *file, GBytes *header, const HrModel *model)
{
  gsize n;
  const void *data = g_bytes_get_data (header, &n);
  gboolean ok = fwrite (data, n, 1, file) == 1;

  for (; ok && n % ALIGNMENT != 0; n++)
    ok = fputc (0, file) == 0;
  for (gsize i = 0; ok && i < hr_model_n_tensors (model); i++) {
    HrTensorInfo tensor = hr_model_tensor (model, i);
    ok = write_tensor (file, &tensor);
  }
  return ok;
}

int
main (int argc, char **argv)
{
  const HeadroomCatalogueEntry *entry = argc == 4 ? headroom_catalogue_find (argv[1]) : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) header = NULL;
  g_autoptr (HrModel) model = NULL;
  guint64 bytes = 0;
  FILE *file;
  gboolean ok;

  if (entry == NULL) {
    g_printerr ("usage: write-model NAME QUANTISATION FILE\n");
    return 2;
  }
  header = headroom_catalogue_write_header (entry, argv[2], &bytes, &error);
  model = header != NULL ? headroom_catalogue_open (entry, argv[2], &error) : NULL;
  if (model == NULL || (file = fopen (argv[3], "wb")) == NULL) {
    g_printerr ("write-model: %s\n", error != NULL ? error->message : argv[3]);
    return 1;
  }
  ok = write_model (file, header, model);
  ok = fclose (file) == 0 && ok;
  return ok ? 0 : 1;
}
