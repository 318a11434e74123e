/* fuzz-schema.c: any JSON as a schema; the grammar that it makes is walked along the JSON itself.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include "headroom-json.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (HrValue) schema =
      headroom_json_parse ((const char *) data, (gssize) size, FALSE, NULL);
  g_autoptr (GError) error = NULL;

  if (schema == NULL)
    return 0;
  g_autoptr (HrGrammar) grammar = hr_grammar_new_schema (NULL, schema, NULL, &error);
  g_assert_true ((grammar == NULL) == (error != NULL));
  if (grammar != NULL) {
    hr_grammar_matches (grammar, "{\"a\":[1,\"b\",null]}", 18);
    hr_grammar_matches (grammar, (const char *) data, MIN (size, 256));
  } else {
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  }
  return 0;
}
