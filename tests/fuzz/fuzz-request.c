/* fuzz-request.c: any bytes as the body of a request, to one parser after the other.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is taken for a request is made into what the server makes of it next: a template's
 * variables.
 */
#include "fuzz.h"

#include "headroom-wire-embed.h"
#include "headroom-wire.h"

static void
assert_refusal (const GError *error)
{
  guint status = headroom_wire_status (error);

  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_true (*error->message != '\0');
  g_assert_cmpuint (status, >=, 400);
  g_assert_cmpuint (status, <, 600);
}

static void
parse_text (HeadroomWireRequest *(*parse) (const char *body, gsize len, GError **error),
            const char *body, gsize len)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeadroomWireRequest) request = parse (body, len, &error);

  g_assert_true ((request == NULL) == (error != NULL));
  if (request == NULL) {
    assert_refusal (error);
    return;
  }
  g_autoptr (HrValue) vars = headroom_wire_dup_template_vars (request, NULL);
  g_assert_nonnull (hr_value_lookup (vars, "messages"));
}

static void
parse_vectors (HeadroomWireEmbedKind kind, const char *body, gsize len)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeadroomWireEmbedRequest) request =
      headroom_wire_parse_embed (kind, body, len, &error);

  g_assert_true ((request == NULL) == (error != NULL));
  if (request == NULL)
    assert_refusal (error);
}

static void
parse_rerank (const char *body, gsize len)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (HeadroomWireEmbedRequest) request = headroom_wire_parse_rerank (body, len, &error);

  g_assert_true ((request == NULL) == (error != NULL));
  if (request == NULL)
    assert_refusal (error);
}

static void
parse_managing (const char *body, gsize len)
{
  g_autoptr (GError) create_error = NULL, show_error = NULL, copy_error = NULL, delete_error = NULL;
  g_autoptr (HeadroomWireCreateRequest) create =
      headroom_wire_parse_create (body, len, &create_error);
  g_autoptr (HeadroomWireShowRequest) show = headroom_wire_parse_show (body, len, &show_error);
  g_autofree char *source = NULL, *destination = NULL;
  g_autofree char *model = headroom_wire_parse_delete (body, len, &delete_error);

  headroom_wire_parse_copy (body, len, &source, &destination, &copy_error);
  g_assert_true ((create == NULL) == (create_error != NULL));
  g_assert_true ((show == NULL) == (show_error != NULL));
  g_assert_true ((source == NULL) == (copy_error != NULL));
  g_assert_true ((model == NULL) == (delete_error != NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *body = (const char *) data;

  parse_text (headroom_wire_parse_generate, body, size);
  parse_text (headroom_wire_parse_chat, body, size);
  parse_text (headroom_wire_parse_openai_chat, body, size);
  parse_text (headroom_wire_parse_completion, body, size);
  parse_text (headroom_wire_parse_responses, body, size);
  parse_text (headroom_wire_parse_anthropic, body, size);
  for (HeadroomWireEmbedKind kind = HEADROOM_WIRE_EMBED; kind <= HEADROOM_WIRE_OPENAI_EMBEDDINGS;
       kind++)
    parse_vectors (kind, body, size);
  parse_rerank (body, size);
  parse_managing (body, size);
  return 0;
}
