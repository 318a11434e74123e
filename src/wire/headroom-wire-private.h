/* headroom-wire-private.h: what the files of the wire formats share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "headroom-wire-fields.h"
#include "headroom-wire.h"

G_BEGIN_DECLS

/* A role in lower case, trusted if it is one that templates know. */
HrValue *headroom_role_value (const char *role) G_GNUC_WARN_UNUSED_RESULT;
/* "low", "medium", "high", "max". */
gboolean headroom_think_parse (const char *name, HeadroomThink *ret_think);
/* A tool call as templates know it. arguments: dict; id may be NULL. */
HrValue *headroom_tool_call_new (HrValue *id, const HrValue *name,
                                 const HrValue *arguments) G_GNUC_WARN_UNUSED_RESULT;

/* tool_choice: "none" takes the tools away; "required", "any" or a tool's name demand a call. As
 * OpenAI and Anthropic spell it. */
void headroom_read_tool_choice (HeadroomFields *fields, HeadroomWireRequest *request);

/* ---- headroom-wire-own.c ---- */
void headroom_read_own (HeadroomFields *fields, HeadroomWireRequest *request);

/* ---- headroom-wire-openai-request.c ---- */
/* A number or a text (list) of the request as an option of another name. */
void headroom_copy_number (HeadroomFields *fields, const char *name, HrValue *options,
                           const char *option, const char *go_type);
void headroom_copy_stop (HeadroomFields *fields, const char *name, HrValue *options);
HrValue *headroom_openai_read_options (HeadroomFields *fields) G_GNUC_WARN_UNUSED_RESULT;
HeadroomThink headroom_openai_read_effort (HeadroomFields *fields);
/* The text of a list of parts; pictures are appended to ret_images as base64. */
HrValue *headroom_openai_read_parts (HeadroomFields *fields, const HrValue *list,
                                     HrValue *ret_images) G_GNUC_WARN_UNUSED_RESULT;
/* The name of the function that the call of this id was of, from the messages before; borrowed, or
 * NULL. */
HrValue *headroom_find_tool_name (const HrValue *messages, const char *id);
/* {type: "function", function: {name, description, parameters}} */
HrValue *headroom_tool_new (HrValue *name, HrValue *description,
                            HrValue *parameters) G_GNUC_WARN_UNUSED_RESULT;

/* For printing. The text is "" where there is none. */
HrValue *headroom_record_text_value (const HeadroomWireRecord *record) G_GNUC_WARN_UNUSED_RESULT;
/* [{token, logprob, bytes, top_logprobs?}] */
HrValue *headroom_record_logprobs_value (const HeadroomWireRecord *record)
    G_GNUC_WARN_UNUSED_RESULT;
/* {parent_model, format, family, ...}; with_lengths: and what the window and the embedding hold. */
HrValue *headroom_details_value (HeadroomModelEntry *entry,
                                 gboolean with_lengths) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
