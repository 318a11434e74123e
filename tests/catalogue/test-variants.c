/* test-variants.c: one model in several quantisations, and which of them fits best.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-variants.h"

#define GIB (G_GUINT64_CONSTANT (1) << 30)

static const HeadroomCatalogueEntry *
find_entry (const char *name)
{
  const HeadroomCatalogueEntry *entry = headroom_catalogue_find (name);

  if (entry == NULL)
    g_error ("%s is not in the catalogue", name);
  return entry;
}

static HrDevice
device_of (HrDeviceKind kind, guint64 bytes)
{
  return (HrDevice){ .name = "Memory", .kind = kind, .total = bytes, .free = bytes };
}

/* A model is known again in every quantisation; models that were made from it are built alike and
 * may stand for it. */
static void
test_recognise (void)
{
  static const char *const weights[] = { NULL, "Q2_K", "F16" };
  const HeadroomCatalogueEntry *entry = find_entry ("llama3.1:8b");

  for (gsize i = 0; i < G_N_ELEMENTS (weights); i++) {
    g_autoptr (GError) error = NULL;
    HrModel *model = headroom_catalogue_open (entry, weights[i], &error), *same;
    g_assert_no_error (error);
    g_assert_nonnull (headroom_variants_recognise (model));
    same = headroom_catalogue_open (headroom_variants_recognise (model), weights[i], &error);
    g_assert_no_error (error);
    g_assert_cmpuint (hr_model_get_info (same)->n_params, ==, hr_model_get_info (model)->n_params);
    hr_model_unref (same);
    hr_model_unref (model);
  }
}

static void
assert_best (const char *name, const HrDevice *devices, gsize n_devices, const char *expected)
{
  HrSettings settings = { .num_ctx = 4096, .parallel = 1, .num_batch = 512, .gpu_layers = -1 };
  g_autoptr (GArray) variants =
      headroom_variants_new (find_entry (name), &settings, devices, n_devices);
  const HeadroomVariant *best = headroom_variants_find_best (variants);
  guint64 last = 0;

  g_assert_cmpuint (variants->len, ==, 7);
  for (guint i = 0; i < variants->len; i++) {
    const HeadroomVariant *variant = &g_array_index (variants, HeadroomVariant, i);
    g_assert_cmpuint (variant->total, >, variant->weights);
    g_assert_cmpuint (variant->weights, >, last);
    last = variant->weights;
  }
  g_assert_cmpstr (best != NULL ? best->label : NULL, ==, expected);
}

/* On a host the most precise one that fits is best: 8 bits of 8 billion are 7.95 GiB. */
static void
test_host (void)
{
  HrDevice large = device_of (HR_DEVICE_CPU, 64 * GIB), middle = device_of (HR_DEVICE_CPU, 7 * GIB),
           small = device_of (HR_DEVICE_CPU, 2 * GIB);

  assert_best ("llama3.1:8b", &large, 1, "Q8_0");
  assert_best ("llama3.1:8b", &middle, 1, "Q6_K");
  assert_best ("llama3.1:8b", &small, 1, NULL);
}

/* Where all layers of a coarser one fit on the card, precision that sends some to the host is no
 * use. */
static void
test_card (void)
{
  HrDevice devices[] = { device_of (HR_DEVICE_CPU, 64 * GIB), device_of (HR_DEVICE_GPU, 7 * GIB) };

  assert_best ("llama3.1:8b", devices, G_N_ELEMENTS (devices), "Q6_K");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/variants/recognise", test_recognise);
  g_test_add_func ("/variants/host", test_host);
  g_test_add_func ("/variants/card", test_card);
  return g_test_run ();
}
