/* headroom-infill.c: see headroom-infill.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-infill.h"

typedef struct {
  char *before, *behind, *middle; /* the marks' texts */
} Marks;

static void
marks_clear (Marks *marks)
{
  g_free (marks->before);
  g_free (marks->behind);
  g_free (marks->middle);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Marks, marks_clear)

static char *
dup_token (const HrModel *model, const HrValue *metadata, const char *key, const char *old_key)
{
  const HrValue *id = hr_value_lookup (metadata, key);
  gsize len;

  if (id == NULL)
    id = hr_value_lookup (metadata, old_key);
  if (id == NULL || hr_value_kind (id) != HR_VALUE_INT || hr_value_get_int (id) < 0 ||
      hr_value_get_int (id) > G_MAXINT32)
    return NULL;
  const char *text = hr_model_token_bytes (model, (HrToken) hr_value_get_int (id), true, &len);
  return len > 0 ? g_strndup (text, len) : NULL;
}

static gboolean
is_one_token (const HrModel *model, const char *text)
{
  g_autoptr (HrPrompt) prompt = hr_prompt_new ();
  g_autoptr (GArray) tokens = NULL;

  hr_prompt_append (prompt, text, -1, true);
  tokens = hr_model_tokenize (model, prompt, false, NULL);
  return tokens != NULL && tokens->len == 1;
}

static gboolean
find_marks (const HrModel *model, Marks *ret_marks)
{
  static const char *const families[][3] = {
    { "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>" }, /* Qwen, Granite */
    { "<fim_prefix>", "<fim_suffix>", "<fim_middle>" },       /* StarCoder */
    { "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>" },  /* DeepSeek Coder */
    { "<PRE>", "<SUF>", "<MID>" },                            /* Code Llama */
    { "▁<PRE>", "▁<SUF>", "▁<MID>" },
  };
  const HrValue *metadata = hr_model_get_metadata (model);

  ret_marks->before = dup_token (model, metadata, "tokenizer.ggml.fim_pre_token_id",
                                 "tokenizer.ggml.prefix_token_id");
  ret_marks->behind = dup_token (model, metadata, "tokenizer.ggml.fim_suf_token_id",
                                 "tokenizer.ggml.suffix_token_id");
  ret_marks->middle = dup_token (model, metadata, "tokenizer.ggml.fim_mid_token_id",
                                 "tokenizer.ggml.middle_token_id");
  if (ret_marks->before != NULL && ret_marks->behind != NULL && ret_marks->middle != NULL)
    return TRUE;
  marks_clear (ret_marks);
  *ret_marks = (Marks) { 0 };
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++) {
    if (!is_one_token (model, families[i][0]) || !is_one_token (model, families[i][1]) ||
        !is_one_token (model, families[i][2]))
      continue;
    *ret_marks =
        (Marks){ g_strdup (families[i][0]), g_strdup (families[i][1]), g_strdup (families[i][2]) };
    return TRUE;
  }
  return FALSE;
}

gboolean
headroom_infill_is_possible (const HrModel *model)
{
  g_auto (Marks) marks = { 0 };

  return hr_model_has_tokenizer (model, NULL) && find_marks (model, &marks);
}

static void
append (HrPrompt *prompt, const HrValue *text)
{
  gsize len = 0;
  const char *bytes = text != NULL ? hr_value_get_string (text, &len) : "";

  hr_prompt_append (prompt, bytes, (gssize) len, false);
}

GArray *
headroom_infill_tokenize (const HrModel *model, const HrValue *prompt, const HrValue *suffix,
                          char **ret_text, GError **error)
{
  g_auto (Marks) marks = { 0 };
  g_autoptr (HrPrompt) whole = hr_prompt_new ();
  GArray *tokens;

  if (find_marks (model, &marks))
    hr_prompt_append (whole, marks.before, -1, true);
  append (whole, prompt);
  hr_prompt_append (whole, marks.behind != NULL ? marks.behind : "", -1, true);
  append (whole, suffix);
  hr_prompt_append (whole, marks.middle != NULL ? marks.middle : "", -1, true);
  tokens = hr_model_tokenize (model, whole, true, error);
  if (tokens != NULL)
    *ret_text = g_strndup (whole->text->str, whole->text->len);
  return tokens;
}
