/* tokenizer.h: text to token ids and back, by what the file's metadata says.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Built once per model from tokenizer.ggml.*; immutable after that. Thread-safety: Safe.
 */
#pragma once

#include "gguf/gguf.h"
#include "hr.h"

typedef struct HrTokenizer HrTokenizer;

/* HR_ERROR_UNSUPPORTED names a model or pre-tokenizer that is not known; HR_ERROR_FORMAT the key
 * that is wrong. Keeps no reference to gguf. */
HrTokenizer *hr_tokenizer_new(const HrGguf *gguf, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void hr_tokenizer_free(HrTokenizer *tokenizer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrTokenizer, hr_tokenizer_free)

/* Bytes of the tables that hr_tokenizer_new makes of this header; 0: none. is_shape: a header that
 * may say how many tokens there are without naming them, for which they are estimated. */
uint64_t hr_tokenizer_planned_bytes(const HrGguf *gguf, bool is_shape);
/* The same of tables that are there. */
uint64_t hr_tokenizer_held_bytes(const HrTokenizer *tokenizer);

/* Ids of the text that spans cover from its start (NULL and 0: no text), appended to ret_ids
 * (GArray of HrToken). Control tokens are recognised in trusted spans only; user-defined tokens
 * everywhere. The text is split and merged as a whole: a span border is no token border by itself
 * unless a control token stands there. add_special: BOS/EOS where the model adds them and the text
 * does not begin/end with them. Bytes that are not UTF-8 are kept where the vocabulary has them.
 * Time: n log n. Fails with HR_ERROR_MEMORY or HR_ERROR_TOO_LONG only; ret_ids is as before then.
 */
bool hr_tokenizer_encode(const HrTokenizer *tokenizer, const char *text, const HrSpan *spans,
                         size_t n_spans, bool add_special, GArray *ret_ids, GError **error);
/* Bytes of one token as it stands in running text (SPM: U+2581 is a space; the space that SPM puts
 * before the first word of a text is the caller's to drop, see hr_tokenizer_decode). special:
 * control tokens as text, otherwise "". Borrowed. */
const char *hr_tokenizer_bytes(const HrTokenizer *tokenizer, HrToken token, bool special,
                               size_t *ret_len);
GString *hr_tokenizer_decode(const HrTokenizer *tokenizer, const HrToken *tokens, size_t n,
                             bool special) G_GNUC_WARN_UNUSED_RESULT;

size_t hr_tokenizer_size(const HrTokenizer *tokenizer);
HrToken hr_tokenizer_bos(const HrTokenizer *tokenizer); /* -1: none */
HrToken hr_tokenizer_eos(const HrTokenizer *tokenizer); /* -1: none */
bool hr_tokenizer_adds_bos(const HrTokenizer *tokenizer);
bool hr_tokenizer_adds_eos(const HrTokenizer *tokenizer);
/* Ends an answer: eos, eot, eom and the tokens that families use for it. */
bool hr_tokenizer_is_end(const HrTokenizer *tokenizer, HrToken token);
bool hr_tokenizer_is_control(const HrTokenizer *tokenizer, HrToken token);
/* A sentence about something in the file that was guessed, or NULL. */
const char *hr_tokenizer_note(const HrTokenizer *tokenizer);
