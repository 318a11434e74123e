/* headroom-prompt.c: see headroom-prompt.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-prompt.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "headroom-infill.h"
#include "headroom-json.h"
#include "headroom-pictures.h"

/* Clients match these texts. */
#define TOO_LONG                                                                                                   \
  "the prompt is longer than the context length currently available to the model; shorten the prompt, adjust the " \
  "context length in settings, or use a model with a longer context length"
#define NO_IMAGES \
  "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"

typedef struct {
  const HeadroomWireRequest *request;
  HeadroomModelEntry *entry;
  HrModel *model;
  const char *template_text; /* NULL: the model has none */
  HeadroomSpeechForm form;
  gboolean thinks;
  guint32 num_ctx;
  guint max_tokens;
  gint64 num_keep;
  HrSights *sights;          /* NULL: no images */
  GCancellable *cancellable;
} Builder;

void
headroom_prompt_free (HeadroomPrompt *prompt)
{
  if (prompt == NULL)
    return;
  g_clear_pointer (&prompt->tokens, g_array_unref);
  g_clear_pointer (&prompt->sights, hr_sights_unref);
  headroom_constraint_clear (&prompt->constraint);
  g_free (prompt->text);
  g_free (prompt);
}

/* ---- What the model can do ---- */

static gboolean
refuse (GError **error, guint status, const char *format, const char *name)
{
  g_autofree char *message = g_strdup_printf ("%s%s", name, format);

  g_set_error_literal (error, HEADROOM_WIRE_ERROR, (int) status, message);
  return FALSE;
}

/* The engine knows why, where the model has a part for it. */
static gboolean
can_see (const Builder *b, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_auto (GStrv) capabilities = headroom_wire_dup_capabilities (b->entry, b->model);

  if (hr_model_sees_images (b->model, &problem))
    return TRUE;
  if (!g_strv_contains ((const char *const *) capabilities, "vision"))
    return refuse (error, 500, "", NO_IMAGES);
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

gboolean
headroom_prompt_check_images (const HeadroomWireRequest *request, HeadroomModelEntry *entry,
                              GCancellable *cancellable, GError **error)
{
  g_autoptr (HrModel) model = NULL;

  if (!headroom_pictures_are_in (request))
    return TRUE;
  if (!headroom_pictures_check (request, cancellable, error))
    return FALSE;
  model = headroom_model_entry_open (entry, error);
  return model != NULL && can_see (&(Builder){ .entry = entry, .model = model }, error);
}

static gboolean
is_able (const Builder *b, GError **error)
{
  const HeadroomWireRequest *request = b->request;
  g_auto (GStrv) capabilities = headroom_wire_dup_capabilities (b->entry, b->model);
  const char *const *have = (const char *const *) capabilities;
  /* A file's full name is its path, which is nobody's business. */
  const char *full = headroom_model_entry_is_loose (b->entry)
                         ? headroom_model_entry_get_name (b->entry)
                         : headroom_model_entry_get_full_name (b->entry);
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", request->model);
  gboolean is_chat = !headroom_wire_kind_has_prompt (request->kind);

  if (!g_strv_contains (have, "completion"))
    return refuse (error, 400, is_chat ? " does not support chat" : " does not support generate",
                   quoted);
  /* Anthropic's clients ask for thoughts without knowing the model. */
  if (headroom_think_is_on (request->think) && request->kind != HEADROOM_WIRE_ANTHROPIC &&
      !g_strv_contains (have, "thinking"))
    return refuse (error, 400, " does not support thinking", quoted);
  if (request->tools != NULL && hr_value_size (request->tools) > 0 &&
      !g_strv_contains (have, "tools"))
    return refuse (error, 400, " does not support tools", full);
  if (request->suffix != NULL && !headroom_infill_is_possible (b->model))
    return refuse (error, 400, " does not support insert", full);
  return !headroom_pictures_are_in (request) || can_see (b, error);
}

/* A template in a request or a TEMPLATE layer is ours if it has statements; Go's have none of that
 * form. */
static gboolean
is_jinja (const char *text)
{
  return strstr (text, "{%") != NULL;
}

static gboolean
find_template (Builder *b, GError **error)
{
  const char *given = b->request->template_text != NULL
                          ? hr_value_get_string (b->request->template_text, NULL)
                          : NULL;
  const char *layer = headroom_model_entry_get_template (b->entry);

  if (given != NULL && !is_jinja (given))
    return refuse (error, 400, "",
                   _("Templates in Go's language are not supported; give one in Jinja, or none"));
  b->template_text = given != NULL                       ? given
                     : layer != NULL && is_jinja (layer) ? layer
                                                         : hr_model_get_template (b->model);
  return TRUE;
}

/* ---- Rendering ---- */

static const char *
message_role (const HrValue *message)
{
  const char *role = headroom_json_get_string (message, "role");

  return role != NULL ? role : "";
}

/* The messages without the n oldest that may go: the system's and the last stay. */
static HrValue *
without_oldest (HrValue *messages, gsize n_drop)
{
  HrValue *kept = hr_value_new_list ();
  gsize n = hr_value_size (messages);

  for (gsize i = 0; i < n; i++) {
    HrValue *message = hr_value_at (messages, i);
    if (n_drop > 0 && i + 1 < n && !g_str_equal (message_role (message), "system"))
      n_drop--;
    else
      hr_value_append (kept, hr_value_ref (message));
  }
  return kept;
}

static gsize
count_droppable (HrValue *messages)
{
  gsize n = hr_value_size (messages), count = 0;

  for (gsize i = 0; i + 1 < n; i++)
    count += !g_str_equal (message_role (hr_value_at (messages, i)), "system");
  return count;
}

static HrValue *
vars_with_messages (HrValue *vars, HrValue *take_messages)
{
  HrValue *copy = hr_value_new_dict ();

  for (gsize i = 0; i < hr_value_size (vars); i++) {
    const char *key;
    HrValue *value = hr_value_entry (vars, i, &key);
    hr_value_set (copy, key, hr_value_ref (value));
  }
  hr_value_set (copy, "messages", take_messages);
  return copy;
}

static HrPrompt *
concatenate (HrValue *messages)
{
  HrPrompt *prompt = hr_prompt_new ();

  for (gsize i = 0; i < hr_value_size (messages); i++) {
    HrValue *content = hr_value_lookup (hr_value_at (messages, i), "content");
    if (i > 0)
      hr_prompt_append (prompt, "\n\n", -1, false);
    if (content != NULL && hr_value_kind (content) == HR_VALUE_STRING)
      hr_prompt_append_value (prompt, content);
  }
  return prompt;
}

static HrPrompt *
render (const Builder *b, HrValue *vars, GError **error)
{
  if (b->template_text == NULL)
    return concatenate (hr_value_lookup (vars, "messages"));
  return hr_model_render (b->model, b->template_text, vars, error);
}

/* Raw: the client has written the control tokens itself. */
static HrPrompt *
raw_prompt (const HeadroomWireRequest *request)
{
  HrPrompt *prompt = hr_prompt_new ();
  gsize len = 0;
  const char *text = request->prompt != NULL ? hr_value_get_string (request->prompt, &len) : "";

  headroom_pictures_append_marks (request, prompt);
  hr_prompt_append (prompt, text, (gssize) len, true);
  return prompt;
}

/* ---- Fitting ---- */

/* What the answer begins with, if the request decides that, belongs to the prompt. */
static gboolean
constrain (const Builder *b, HrPrompt *rendered, HeadroomPrompt *prompt, GError **error)
{
  const HeadroomConstraint *constraint = &prompt->constraint;

  prompt->form = b->form;
  prompt->thinks = b->thinks;
  prompt->starts_inside =
      b->thinks && b->form.thinking != NULL &&
      headroom_thinking_is_open_at_end (b->form.thinking, rendered->text->str, rendered->text->len);
  if (!headroom_constraint_init (&prompt->constraint, b->request, &b->form, b->thinks,
                                 prompt->starts_inside, error))
    return FALSE;
  if (constraint->prefix != NULL)
    hr_prompt_append (rendered, constraint->prefix, -1, true);
  return TRUE;
}

static HeadroomPrompt *
finish (const Builder *b, HrPrompt *rendered, GError **error)
{
  const GArray *context = b->request->context;
  gboolean continues = context != NULL && context->len > 0;
  g_autoptr (HeadroomPrompt) prompt = g_new0 (HeadroomPrompt, 1);

  if (!constrain (b, rendered, prompt, error))
    return NULL;
  prompt->tokens = b->sights != NULL ? hr_model_tokenize_shown (b->model, rendered, b->sights,
                                                                !continues, &prompt->sights, error)
                                     : hr_model_tokenize (b->model, rendered, !continues, error);
  if (prompt->tokens == NULL)
    return NULL;
  if (continues)
    g_array_prepend_vals (prompt->tokens, context->data, context->len);
  prompt->text = g_strndup (rendered->text->str, rendered->text->len);
  return g_steal_pointer (&prompt);
}

static HeadroomPrompt *
try_without (const Builder *b, HrValue *vars, gsize n_drop, GError **error)
{
  HrValue *messages = hr_value_lookup (vars, "messages");
  g_autoptr (HrValue) fewer = NULL;
  g_autoptr (HrPrompt) rendered = NULL;
  HeadroomPrompt *prompt;

  if (g_cancellable_set_error_if_cancelled (b->cancellable, error))
    return NULL;
  fewer = n_drop > 0 ? vars_with_messages (vars, without_oldest (messages, n_drop))
                     : hr_value_ref (vars);
  rendered = render (b, fewer, error);
  prompt = rendered != NULL ? finish (b, rendered, error) : NULL;
  if (prompt != NULL)
    prompt->n_dropped = (guint) n_drop;
  return prompt;
}

static gboolean
fits (const Builder *b, const HeadroomPrompt *prompt)
{
  return prompt->tokens->len <= b->max_tokens;
}

/* The fewest messages to leave out, by halving. A template that refuses what is left (roles must
 * alternate) counts as too long: with one message less it may agree. */
static HeadroomPrompt *
drop_until_it_fits (const Builder *b, HrValue *vars, GError **error)
{
  gsize low = 1, high = count_droppable (hr_value_lookup (vars, "messages"));
  g_autoptr (HeadroomPrompt) best = NULL;

  while (low <= high) {
    gsize middle = low + (high - low) / 2;
    g_autoptr (HeadroomPrompt) prompt = try_without (b, vars, middle, NULL);
    if (g_cancellable_set_error_if_cancelled (b->cancellable, error))
      return NULL;
    if (prompt != NULL && fits (b, prompt)) {
      g_clear_pointer (&best, headroom_prompt_free);
      best = g_steal_pointer (&prompt);
      high = middle - 1;
    } else {
      low = middle + 1;
    }
  }
  if (best == NULL)
    g_set_error_literal (error, HEADROOM_WIRE_ERROR, 400, TOO_LONG);
  return g_steal_pointer (&best);
}

static HeadroomPrompt *
build_raw (const Builder *b, GError **error)
{
  g_autoptr (HrPrompt) rendered = raw_prompt (b->request);

  return finish (b, rendered, error);
}

/* The text around a gap: no template, no thoughts. */
static HeadroomPrompt *
build_infill (const Builder *b, GError **error)
{
  g_autoptr (HeadroomPrompt) prompt = g_new0 (HeadroomPrompt, 1);
  g_autoptr (HrPrompt) nothing = hr_prompt_new ();

  if (!constrain (b, nothing, prompt, error))
    return NULL;
  prompt->tokens = headroom_infill_tokenize (b->model, b->request->prompt, b->request->suffix,
                                             &prompt->text, error);
  return prompt->tokens != NULL ? g_steal_pointer (&prompt) : NULL;
}

/* As clients know it: about half of the window is left, the first tokens and the last. */
static void
cut_middle (const Builder *b, HeadroomPrompt *prompt)
{
  gint64 keep =
      b->num_keep < 0 ? (gint64) prompt->tokens->len : b->num_keep + hr_model_adds_bos (b->model);
  gint64 total;

  keep = MIN (keep, (gint64) b->num_ctx / 2);
  total = (gint64) b->num_ctx - MAX (((gint64) b->num_ctx - keep) / 2, 1);
  prompt->n_cut = prompt->tokens->len - (guint) total;
  g_array_remove_range (prompt->tokens, (guint) keep, prompt->n_cut);
}

static HeadroomPrompt *
shorten (const Builder *b, HrValue *vars, HeadroomPrompt *take_prompt, GError **error)
{
  g_autoptr (HeadroomPrompt) whole = take_prompt;
  g_autoptr (HeadroomPrompt) shorter = NULL;

  if (vars != NULL && b->request->truncate) {
    shorter = drop_until_it_fits (b, vars, error);
    if (shorter != NULL || b->request->shift != 1)
      return g_steal_pointer (&shorter);
    g_clear_error (error);
  }
  if (b->request->truncate && b->request->shift == 1 && b->num_ctx > 8 && b->sights == NULL) {
    cut_middle (b, whole);
    return g_steal_pointer (&whole);
  }
  g_set_error_literal (error, HEADROOM_WIRE_ERROR, 400, TOO_LONG);
  return NULL;
}

static HeadroomPrompt *
build (const Builder *b, GError **error)
{
  const HeadroomWireRequest *request = b->request;
  gboolean is_infill = request->suffix != NULL, is_plain = request->raw || is_infill;
  g_autoptr (HrValue) vars = is_plain ? NULL : headroom_wire_dup_template_vars (request, b->entry);
  g_autoptr (HeadroomPrompt) prompt = NULL;

  if (vars != NULL && b->sights != NULL)
    hr_value_set (vars, "messages",
                  headroom_pictures_mark (request, hr_value_lookup (vars, "messages")));
  /* Models that can think do so unless they are told otherwise; templates know the switch by two
   * names. */
  if (vars != NULL && b->thinks && request->think == HEADROOM_THINK_UNSET)
    hr_value_set (vars, "enable_thinking", hr_value_new_bool (true));
  if (vars != NULL && headroom_speech_form_can_think (&b->form))
    hr_value_set (vars, "thinking", hr_value_new_bool (b->thinks));
  prompt = is_infill      ? build_infill (b, error)
           : request->raw ? build_raw (b, error)
                          : try_without (b, vars, 0, error);
  if (prompt == NULL || fits (b, prompt))
    return g_steal_pointer (&prompt);
  return shorten (b, vars, g_steal_pointer (&prompt), error);
}

HeadroomPrompt *
headroom_prompt_new (const HeadroomWireRequest *request, HeadroomModelEntry *entry, HrModel *model,
                     guint32 num_ctx, gint64 num_keep, GCancellable *cancellable, GError **error)
{
  /* One position is left for the answer. */
  Builder b = { .request = request,
                .entry = entry,
                .model = model,
                .num_ctx = num_ctx,
                .num_keep = num_keep,
                .max_tokens = num_ctx > 1 ? num_ctx - 1 : 0,
                .cancellable = cancellable };
  g_autoptr (HrSights) sights = NULL;

  if (!is_able (&b, error) || !find_template (&b, error))
    return NULL;
  if (headroom_pictures_are_in (request)) {
    sights = headroom_pictures_prepare (request, model, cancellable, error);
    if (sights == NULL)
      return NULL;
  }
  b.sights = sights;
  b.form =
      headroom_speech_form_of (request->raw || request->suffix != NULL ? NULL : b.template_text);
  b.thinks = headroom_speech_form_can_think (&b.form) && request->think != HEADROOM_THINK_OFF;
  return build (&b, error);
}
