/* headroom-gguf-header.c: see headroom-gguf-header.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-gguf-header.h"

#include <string.h>

#define ALIGNMENT 32
#define VERSION 3

enum { KIND_U32 = 4, KIND_F32 = 6, KIND_BOOL = 7, KIND_STRING = 8, KIND_ARRAY = 9 };

struct _HeadroomGgufHeader {
  GByteArray *entries, *tensors;
  guint64 n_entries, n_tensors, offset;
};

HeadroomGgufHeader *
headroom_gguf_header_new (void)
{
  HeadroomGgufHeader *self = g_new0 (HeadroomGgufHeader, 1);

  self->entries = g_byte_array_new ();
  self->tensors = g_byte_array_new ();
  return self;
}

void
headroom_gguf_header_free (HeadroomGgufHeader *self)
{
  if (self == NULL)
    return;
  g_byte_array_unref (self->entries);
  g_byte_array_unref (self->tensors);
  g_free (self);
}

static void
put_u32 (GByteArray *bytes, guint32 number)
{
  number = GUINT32_TO_LE (number);
  g_byte_array_append (bytes, (const guint8 *) &number, sizeof number);
}

static void
put_u64 (GByteArray *bytes, guint64 number)
{
  number = GUINT64_TO_LE (number);
  g_byte_array_append (bytes, (const guint8 *) &number, sizeof number);
}

static void
put_string (GByteArray *bytes, const char *text)
{
  put_u64 (bytes, strlen (text));
  g_byte_array_append (bytes, (const guint8 *) text, (guint) strlen (text));
}

/* ---- Metadata ---- */

/* The kind in the file, or 0. */
static guint32
kind_of (const HrValue *value)
{
  switch (hr_value_kind (value)) {
  case HR_VALUE_BOOL:
    return KIND_BOOL;
  case HR_VALUE_INT:
    return hr_value_get_int (value) >= 0 && hr_value_get_int (value) <= G_MAXUINT32 ? KIND_U32 : 0;
  case HR_VALUE_FLOAT:
    return KIND_F32;
  case HR_VALUE_STRING:
    return KIND_STRING;
  case HR_VALUE_LIST:
    return hr_value_size (value) > 0 && kind_of (hr_value_at (value, 0)) < KIND_STRING ? KIND_ARRAY
                                                                                       : 0;
  default:
    return 0;
  }
}

static void
put_scalar (GByteArray *bytes, const HrValue *value)
{
  float number;
  guint32 bits;

  switch (hr_value_kind (value)) {
  case HR_VALUE_BOOL:
    g_byte_array_append (bytes, &(guint8) { hr_value_get_bool (value) }, 1);
    break;
  case HR_VALUE_FLOAT:
    number = (float) hr_value_get_float (value);
    memcpy (&bits, &number, sizeof bits);
    put_u32 (bytes, bits);
    break;
  case HR_VALUE_STRING:
    put_string (bytes, hr_value_get_string (value, NULL));
    break;
  default:
    put_u32 (bytes, (guint32) hr_value_get_int (value));
  }
}

void
headroom_gguf_header_set (HeadroomGgufHeader *self, const char *key, const HrValue *value)
{
  guint32 kind = kind_of (value);

  if (kind == 0)
    return;
  put_string (self->entries, key);
  put_u32 (self->entries, kind);
  if (kind == KIND_ARRAY) {
    put_u32 (self->entries, kind_of (hr_value_at (value, 0)));
    put_u64 (self->entries, hr_value_size (value));
    for (gsize i = 0; i < hr_value_size (value); i++)
      put_scalar (self->entries, hr_value_at (value, i));
  } else {
    put_scalar (self->entries, value);
  }
  self->n_entries++;
}

/* ---- Tensors ---- */

gboolean
headroom_gguf_header_add_tensor (HeadroomGgufHeader *self, const char *name, const guint64 *dims,
                                 guint n_dims, const char *type)
{
  guint32 id, block, block_bytes;
  guint64 bytes;

  if (!hr_tensor_type_find (type, &id, &block, &block_bytes) || dims[0] % block != 0)
    return FALSE;
  put_string (self->tensors, name);
  put_u32 (self->tensors, n_dims);
  bytes = dims[0] / block * block_bytes;
  put_u64 (self->tensors, dims[0]);
  for (guint i = 1; i < n_dims; i++) {
    put_u64 (self->tensors, dims[i]);
    bytes *= dims[i];
  }
  put_u32 (self->tensors, id);
  put_u64 (self->tensors, self->offset);
  self->offset += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  self->n_tensors++;
  return TRUE;
}

guint64
headroom_gguf_header_get_data_bytes (const HeadroomGgufHeader *self)
{
  return self->offset;
}

GBytes *
headroom_gguf_header_write (const HeadroomGgufHeader *self)
{
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *) "GGUF", 4);
  put_u32 (bytes, VERSION);
  put_u64 (bytes, self->n_tensors);
  put_u64 (bytes, self->n_entries);
  g_byte_array_append (bytes, self->entries->data, self->entries->len);
  g_byte_array_append (bytes, self->tensors->data, self->tensors->len);
  while (bytes->len % ALIGNMENT != 0)
    g_byte_array_append (bytes, (const guint8 *) "", 1);
  return g_byte_array_free_to_bytes (bytes);
}
