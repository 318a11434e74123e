/* vocab-files.h: finding the vocabularies and the model that tokenizer tests read, which live
 * beside the source.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "tokenizer/tokenizer.h"

/* The folder of vocabularies, or NULL. Transfer full. */
char *vocab_files_dup_folder(void);
/* Names ("gpt-2") of the vocabularies that are there, in order. Transfer full; empty if the folder
 * is missing. */
char **vocab_files_dup_names(void);
/* The tokenizer of a vocabulary, or of the file at an absolute path; aborts with the error's
 * message if it is broken. */
HrTokenizer *vocab_files_open(const char *name);
/* Ids of text as one span. */
GArray *vocab_files_encode(const HrTokenizer *tokenizer, const char *text, size_t len,
                           bool trusted);
