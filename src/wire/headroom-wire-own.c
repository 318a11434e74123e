/* headroom-wire-own.c: what Headroom adds to requests for text, under "headroom" in each family.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * {"lora": [{"adapter": 0, or "sha256:...", "scale": 0.5}]}. Which adapters a model has is not
 * known here.
 */
#include <math.h>

#include "headroom-json.h"
#include "headroom-wire-private.h"

/* More than a model can have, and few enough to look through. */
#define MAX_ADAPTERS 64
/* What is beyond is no degree of an adapter any more, and may be infinite in a product. */
#define MAX_SCALE 100.0

static gboolean
is_adapter (const HrValue *value)
{
  return value != NULL &&
         (hr_value_kind (value) == HR_VALUE_INT || hr_value_kind (value) == HR_VALUE_STRING);
}

static gboolean
is_scale (const HrValue *value)
{
  if (value == NULL || hr_value_kind (value) == HR_VALUE_INT)
    return value == NULL || ABS (hr_value_get_int (value)) <= MAX_SCALE;
  return hr_value_kind (value) == HR_VALUE_FLOAT && fabs (hr_value_get_float (value)) <= MAX_SCALE;
}

static void
check_adapter (HeadroomFields *fields, const HrValue *value)
{
  gboolean is_dict = hr_value_kind (value) == HR_VALUE_DICT;

  if (!is_dict || !is_adapter (hr_value_lookup (value, "adapter")))
    headroom_fields_fail (fields, 400,
                          "an entry of headroom.lora needs an adapter: its number or its digest");
  else if (!is_scale (hr_value_lookup (value, "scale")))
    headroom_fields_fail (fields, 400, "the scale of an adapter must be a number up to %g",
                          MAX_SCALE);
}

void
headroom_read_own (HeadroomFields *fields, HeadroomWireRequest *request)
{
  const HrValue *own = headroom_fields_dict (fields, "headroom", "headroom.Own");
  HeadroomFields inner = headroom_fields_inner (fields, own, "headroom.");
  const HrValue *lora = headroom_fields_list (&inner, "lora", "[]headroom.Lora");

  headroom_fields_merge (fields, &inner);
  if (lora == NULL)
    return;
  if (hr_value_size (lora) > MAX_ADAPTERS)
    headroom_fields_fail (fields, 400, "headroom.lora must not hold more than %d adapters",
                          MAX_ADAPTERS);
  for (gsize i = 0; i < hr_value_size (lora); i++)
    check_adapter (fields, hr_value_at (lora, i));
  request->lora = hr_value_ref ((HrValue *) lora);
}
