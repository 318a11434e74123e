/* headroom-pictures.c: see headroom-pictures.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-pictures.h"

#include <string.h>

#include "headroom-image.h"
#include "headroom-json.h"

/* ---- Finding them ---- */

static gsize
count_images (const HrValue *message)
{
  const HrValue *images = hr_value_lookup (message, "images");

  return images != NULL && hr_value_kind (images) == HR_VALUE_LIST ? hr_value_size (images) : 0;
}

static gsize
count_prompt_images (const HeadroomWireRequest *request)
{
  return request->images != NULL ? request->images->len : 0;
}

gboolean
headroom_pictures_are_in (const HeadroomWireRequest *request)
{
  if (count_prompt_images (request) > 0)
    return TRUE;
  for (gsize i = 0; request->messages != NULL && i < hr_value_size (request->messages); i++)
    if (count_images (hr_value_at (request->messages, i)) > 0)
      return TRUE;
  return FALSE;
}

/* ---- Decoding ---- */

/* images NULL: it is only looked at. */
static gboolean
take_image (GPtrArray *images, GBytes *file, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (HrImage) image = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  image = headroom_image_decode (file, &problem);
  if (image == NULL) {
    if (problem->domain == HEADROOM_IMAGE_ERROR)
      g_set_error_literal (error, HEADROOM_WIRE_ERROR, 400, problem->message);
    else
      g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (images != NULL)
    g_ptr_array_add (images, g_steal_pointer (&image));
  return TRUE;
}

static gboolean
take_message_images (GPtrArray *images, const HrValue *message, GCancellable *cancellable,
                     GError **error)
{
  for (gsize i = 0; i < count_images (message); i++) {
    gsize len;
    guchar *bytes = g_base64_decode (
        hr_value_get_string (hr_value_at (hr_value_lookup (message, "images"), i), NULL), &len);
    g_autoptr (GBytes) file = g_bytes_new_take (bytes, len);
    if (!take_image (images, file, cancellable, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
take_images (GPtrArray *images, const HeadroomWireRequest *request, GCancellable *cancellable,
             GError **error)
{
  for (gsize i = 0; request->messages != NULL && i < hr_value_size (request->messages); i++)
    if (!take_message_images (images, hr_value_at (request->messages, i), cancellable, error))
      return FALSE;
  for (gsize i = 0; i < count_prompt_images (request); i++)
    if (!take_image (images, g_ptr_array_index (request->images, i), cancellable, error))
      return FALSE;
  return TRUE;
}

gboolean
headroom_pictures_check (const HeadroomWireRequest *request, GCancellable *cancellable,
                         GError **error)
{
  return take_images (NULL, request, cancellable, error);
}

HrSights *
headroom_pictures_prepare (const HeadroomWireRequest *request, const HrModel *model,
                           GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) hr_image_unref);

  return take_images (images, request, cancellable, error)
             ? hr_sights_new (model, (HrImage *const *) images->pdata, images->len, error)
             : NULL;
}

/* ---- Marking ---- */

/* Marks of n images from number *next on, then content. */
static HrValue *
with_marks (HrValue *content, gsize n, gsize *next)
{
  g_autoptr (GString) marks = g_string_new (NULL);
  g_autoptr (HrValue) before = NULL;

  for (gsize i = 0; i < n; i++) {
    g_autofree char *mark = hr_sights_dup_mark ((*next)++);
    g_string_append (marks, mark);
  }
  before = hr_value_new_string (marks->str, (gssize) marks->len, true);
  return hr_value_new_concatenated (before, content);
}

static HrValue *
copy_with_content (HrValue *message, HrValue *take_content)
{
  HrValue *copy = hr_value_new_dict ();

  for (gsize i = 0; i < hr_value_size (message); i++) {
    const char *key;
    HrValue *value = hr_value_entry (message, i, &key);
    if (strcmp (key, "images") != 0)
      hr_value_set (copy, key, hr_value_ref (value));
  }
  hr_value_set (copy, "content", take_content);
  return copy;
}

static gboolean
is_user (const HrValue *message)
{
  return g_strcmp0 (headroom_json_get_string (message, "role"), "user") == 0;
}

HrValue *
headroom_pictures_mark (const HeadroomWireRequest *request, HrValue *messages)
{
  gsize n = hr_value_size (messages), next = 0;
  HrValue *marked = hr_value_new_list ();

  for (gsize i = 0; i < n; i++) {
    HrValue *message = hr_value_at (messages, i), *content = hr_value_lookup (message, "content");
    gsize n_images = count_images (message) +
                     (i + 1 == n && is_user (message) ? count_prompt_images (request) : 0);
    if (n_images == 0 || content == NULL || hr_value_kind (content) != HR_VALUE_STRING)
      hr_value_append (marked, hr_value_ref (message));
    else
      hr_value_append (marked, copy_with_content (message, with_marks (content, n_images, &next)));
  }
  return marked;
}

void
headroom_pictures_append_marks (const HeadroomWireRequest *request, HrPrompt *prompt)
{
  for (gsize i = 0; i < count_prompt_images (request); i++) {
    g_autofree char *mark = hr_sights_dup_mark (i);
    hr_prompt_append (prompt, mark, -1, true);
  }
}
