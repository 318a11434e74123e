/* headroom-harmony.h: answers in channels, as gpt-oss writes them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   <|channel|>analysis<|message|>thoughts<|end|>
 *   <|start|>assistant<|channel|>commentary to=functions.name
 * <|constrain|>json<|message|>{...}<|call|>
 *   <|start|>assistant<|channel|>final<|message|>text<|return|>
 *
 * Marks may arrive in pieces; <|return|> and <|call|> end the answer and may not arrive at all.
 * Thread-safety: belongs to one thread.
 */
#pragma once

#include <glib.h>

#include "hr.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_HARMONY_HEADER,
  HEADROOM_HARMONY_THOUGHT,
  HEADROOM_HARMONY_TEXT,
  HEADROOM_HARMONY_CALL
} HeadroomHarmonyState;

typedef struct {
  HeadroomHarmonyState state;
  HrValue *tools; /* or NULL */
  GString *held;
  GString *header;
} HeadroomHarmony;

void headroom_harmony_init (HeadroomHarmony *self, HrValue *tools);
void headroom_harmony_finish (HeadroomHarmony *self);
/* As headroom_tool_parser_feed (), with thoughts apart. */
void headroom_harmony_feed (HeadroomHarmony *self, const char *text, gsize len, gboolean last,
                            GString *ret_thought, GString *ret_text, HrValue *ret_calls);

G_END_DECLS
