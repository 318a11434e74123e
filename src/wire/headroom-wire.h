/* headroom-wire.h: requests and answers as structs, and the texts they travel as.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure functions between JSON and structs: no sockets, no models, no state. headroom-wire-ollama.c
 * speaks /api, headroom-wire-openai.c speaks /v1; both fill the same HeadroomWireRequest. Whether a
 * model exists or can think is not known here.
 *
 * Errors are HEADROOM_WIRE_ERROR with the HTTP status as the code; headroom_wire_status () gives
 * the status of any error that a handler may meet. Every returned text is UTF-8 without a newline
 * at its end unless said otherwise. Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "headroom-model-entry.h"
#include "headroom-options.h"
#include "headroom-wire-time.h"
#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_WIRE_ERROR (headroom_wire_error_quark ())
GQuark headroom_wire_error_quark (void);
/* 4xx or 5xx: of a wire, JSON, option, store or engine error; 499 for a cancelled one; else 500. */
guint headroom_wire_status (const GError *error);

/* ---- Requests for text ---- */

typedef enum {
  HEADROOM_THINK_UNSET,
  HEADROOM_THINK_OFF,
  HEADROOM_THINK_ON,
  HEADROOM_THINK_LOW,
  HEADROOM_THINK_MEDIUM,
  HEADROOM_THINK_HIGH,
  HEADROOM_THINK_MAX,
} HeadroomThink;
const char *headroom_think_name (
    HeadroomThink think); /* "low" ... "max"; NULL for the first three */
gboolean headroom_think_is_on (HeadroomThink think);

typedef enum {
  HEADROOM_WIRE_GENERATE, /* POST /api/generate */
  HEADROOM_WIRE_CHAT,     /* POST /api/chat */
  HEADROOM_WIRE_OPENAI,   /* POST /v1/chat/completions */
  HEADROOM_WIRE_COMPLETION, /* POST /v1/completions: like GENERATE */
  HEADROOM_WIRE_RESPONSES,  /* POST /v1/responses */
  HEADROOM_WIRE_ANTHROPIC,  /* POST /v1/messages */
} HeadroomWireKind;
/* Whether the request has a prompt; else it has messages. */
gboolean headroom_wire_kind_has_prompt (HeadroomWireKind kind);

typedef struct {
  HeadroomWireKind kind;
  char *model;              /* as it was asked for; never NULL */
  /* Texts are HrValue strings (they may hold U+0000), untrusted; NULL where absent or empty. */
  HrValue *prompt, *suffix, *system, *template_text; /* GENERATE */
  GArray *context;          /* GENERATE: HrToken of an earlier answer, or NULL */
  gboolean raw;             /* GENERATE */
  GPtrArray *images;        /* GENERATE: GBytes, or NULL */
  HrValue *messages;        /* CHAT, OPENAI: list of messages, see below; never NULL there */
  HrValue *tools;           /* CHAT, OPENAI: list as it came, or NULL */
  gboolean must_call;       /* the answer has to be a call of a tool */
  char *only_tool;          /* ... of this one, or NULL */
  HrValue *options;         /* dict for headroom_options_merge (), or NULL */
  HrValue *format;          /* NULL, the string "json" or a JSON schema (dict) */
  HrValue *lora;            /* list of {adapter: its number or digest, scale?}, or NULL */
  char *grammar;            /* GBNF, Headroom's own field; NULL: none */
  gboolean stream;
  gboolean has_keep_alive;
  gint64 keep_alive_ns;     /* 0: unload when idle; HEADROOM_FOREVER */
  HeadroomThink think;
  gboolean truncate;        /* TRUE unless switched off */
  int shift;                /* -1: not said */
  gboolean logprobs;
  int top_logprobs;         /* 0 to 20 */
  gboolean debug_render_only;
  gboolean include_usage;   /* OPENAI: stream_options.include_usage */
} HeadroomWireRequest;

/*
 * A message is a dict of the variables that templates know: role (in lower case; trusted if it is
 * system, user, assistant or tool), content (a string), and where given reasoning_content and
 * thinking (the same text), tool_calls
 * [{id?, type, function: {name, arguments (dict)}}], name, tool_call_id, images (list of base64
 * strings).
 */
HrValue *headroom_message_new (const char *role, const char *content,
                               gboolean trusted) G_GNUC_WARN_UNUSED_RESULT;

void headroom_wire_request_free (HeadroomWireRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomWireRequest, headroom_wire_request_free)

/* body: the whole request body. NULL with HEADROOM_WIRE_ERROR set. */
HeadroomWireRequest *headroom_wire_parse_generate (const char *body, gsize len, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
HeadroomWireRequest *headroom_wire_parse_chat (const char *body, gsize len,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
HeadroomWireRequest *headroom_wire_parse_openai_chat (const char *body, gsize len, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * headroom_wire_dup_template_vars:
 * @request: a chat request, or a generate request whose prompt becomes one user message
 * @entry: (nullable): the model: its own messages come first, its system message unless the request
 * brings one
 *
 * Returns: (transfer full): the dict of variables for hr_model_render (): messages, tools,
 * add_generation_prompt, and enable_thinking where the request says so
 */
HrValue *headroom_wire_dup_template_vars (const HeadroomWireRequest *request,
                                          HeadroomModelEntry *entry) G_GNUC_WARN_UNUSED_RESULT;

/* ---- Answers ---- */

typedef struct {
  const char *token; /* its text; may be part of a character */
  gsize token_len;
  float logprob;
} HeadroomWireProb;

typedef struct {
  HeadroomWireProb chosen;
  const HeadroomWireProb *top; /* [n_top], most likely first */
  gsize n_top;
} HeadroomWireLogprob;

/* Nanoseconds and tokens. Zero is "not said". */
typedef struct {
  gint64 total_duration, load_duration;
  gint64 prompt_eval_count, prompt_eval_duration;
  gint64 eval_count, eval_duration;
} HeadroomWireMetrics;

/* One record of a stream, or the whole answer. Borrowed pointers; zero-initialise and set what is
 * there. */
typedef struct {
  const char *model;        /* echoed as asked for */
  gint64 created_ns;        /* since 1970 */
  const char *text;         /* NULL is "" */
  gssize text_len;          /* 0 or -1: NUL-terminated (an answer may hold U+0000) */
  const char *thinking;     /* NULL or "": none */
  HrValue *tool_calls;      /* list as in a message, or NULL */
  gsize n_earlier_calls;    /* in earlier records of the stream */
  const HeadroomWireLogprob *logprobs; /* [n_logprobs] */
  gsize n_logprobs;
  gboolean done;
  const char *done_reason;  /* "stop", "length", "load", "unload", or NULL */
  gint64 n_prompt;          /* tokens; known before the metrics are */
  const HrToken *context;   /* GENERATE, [n_context] */
  gsize n_context;
  HeadroomWireMetrics metrics;
  const char *rendered_template; /* for debug_render_only, else NULL */
} HeadroomWireRecord;

/* {"model":...,"created_at":...,"response":...}; a line of a stream adds "\n". */
char *headroom_wire_print_generate (const HeadroomWireRecord *record) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_chat (const HeadroomWireRecord *record) G_GNUC_WARN_UNUSED_RESULT;
/* {"error":"..."} */
char *headroom_wire_print_error (const char *message) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_version (const char *version) G_GNUC_WARN_UNUSED_RESULT;

/* /api/tags: entries are HeadroomModelEntry. */
char *headroom_wire_print_tags (GPtrArray *entries) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
  HeadroomModelEntry *entry;
  guint64 size, size_vram; /* bytes */
  gint64 expires_ns;       /* since 1970; HEADROOM_FOREVER */
  gint64 context_length;   /* per slot */
} HeadroomWireRunning;
/* Of all models together, and of the process that has them. */
typedef struct {
  guint64 planned, allocated;
  guint64 unfilled;  /* cache that is allocated and not filled */
  guint64 untouched; /* of buffers that are allocated, what no step has needed yet */
  guint64 seen;     /* what the system counts for the process; 0: it does not tell */
} HeadroomWireFootprint;
/* footprint: (nullable) */
char *headroom_wire_print_ps (const HeadroomWireRunning *running, gsize n,
                              const HeadroomWireFootprint *footprint) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
  char *model;
  HrValue *system;         /* or NULL */
  HrValue *options;        /* dict or NULL */
  gboolean verbose;
} HeadroomWireShowRequest;
HeadroomWireShowRequest *headroom_wire_parse_show (const char *body, gsize len, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void headroom_wire_show_request_free (HeadroomWireShowRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomWireShowRequest, headroom_wire_show_request_free)
/* model: opened from the entry's path; NULL leaves model_info and tensors empty. capabilities:
 * NULL-terminated. */
char *headroom_wire_print_show (HeadroomModelEntry *entry, const HrModel *model,
                                const char *const *capabilities,
                                gboolean verbose) G_GNUC_WARN_UNUSED_RESULT;
/* What a model can do by its config, header and template: "completion", "tools", "insert",
 * "vision", "embedding", "thinking". */
GStrv headroom_wire_dup_capabilities (HeadroomModelEntry *entry,
                                      const HrModel *model) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
  char *model;             /* the new name */
  char *from;              /* an installed model, or NULL */
  GStrv file_digests;      /* of "files"; may be empty */
  GStrv adapter_digests;   /* of "adapters"; may be empty */
  char *template_text, *system, *renderer, *parser, *requires; /* or NULL */
  HrValue *params, *messages; /* or NULL */
  GStrv licenses;          /* or NULL */
  gboolean stream;
} HeadroomWireCreateRequest;
HeadroomWireCreateRequest *headroom_wire_parse_create (const char *body, gsize len, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void headroom_wire_create_request_free (HeadroomWireCreateRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomWireCreateRequest, headroom_wire_create_request_free)
/* {"status":"...","digest":"...","total":1,"completed":1}; digest NULL and zeros are left out. */
char *headroom_wire_print_status (const char *status, const char *digest, guint64 completed,
                                  guint64 total) G_GNUC_WARN_UNUSED_RESULT;

/* {"source","destination"}; names are checked by the store. */
gboolean headroom_wire_parse_copy (const char *body, gsize len, char **ret_source,
                                   char **ret_destination, GError **error);
/* {"model"} or the old {"name"}: delete, stop. */
char *headroom_wire_parse_delete (const char *body, gsize len,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- OpenAI ---- */

/* {"error":{"message":...,"type":...,"param":null,"code":null}} */
char *headroom_wire_print_openai_error (guint status,
                                        const char *message) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_openai_models (GPtrArray *entries) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_openai_model (HeadroomModelEntry *entry) G_GNUC_WARN_UNUSED_RESULT;
/* The whole answer. id: the number in "chatcmpl-7". */
char *headroom_wire_print_openai_completion (const HeadroomWireRecord *record,
                                             guint id) G_GNUC_WARN_UNUSED_RESULT;

/* What a stream of blocks has open. */
typedef enum {
  HEADROOM_BLOCK_NONE,
  HEADROOM_BLOCK_THINKING,
  HEADROOM_BLOCK_TEXT
} HeadroomWireBlock;

/* A stream in progress: what of it was already sent. Zero-initialise, then set id and created_ns
 * once. */
typedef struct {
  guint id;
  gint64 created_ns;
  gboolean include_usage;
  gboolean sent_role, sent_tool_calls;
  /* RESPONSES, ANTHROPIC: blocks, one after the other */
  gboolean started;
  HeadroomWireBlock block;
  guint n_blocks;          /* begun */
  guint n_events;
  GString *block_text;     /* of the open block, or NULL */
  HrValue *output;         /* RESPONSES: items that are complete, or NULL */
} HeadroomWireOpenaiStream;
void headroom_wire_stream_clear (HeadroomWireOpenaiStream *stream);
/* All events of one record, each "data: {...}\n\n"; a final record ends with "data: [DONE]\n\n".
 * May be "". */
char *headroom_wire_print_openai_chunks (
    HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record) G_GNUC_WARN_UNUSED_RESULT;
/* ---- The other two of OpenAI, and Anthropic's; each with the same four functions ---- */
HeadroomWireRequest *headroom_wire_parse_completion (const char *body, gsize len,
                                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_completion (const HeadroomWireRecord *record,
                                      HeadroomWireOpenaiStream *stream) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_completion_chunks (
    HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record) G_GNUC_WARN_UNUSED_RESULT;
HeadroomWireRequest *headroom_wire_parse_responses (const char *body, gsize len,
                                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_response (const HeadroomWireRecord *record,
                                    HeadroomWireOpenaiStream *stream) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_response_events (
    HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record) G_GNUC_WARN_UNUSED_RESULT;
HeadroomWireRequest *headroom_wire_parse_anthropic (const char *body, gsize len,
                                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_anthropic (const HeadroomWireRecord *record,
                                     HeadroomWireOpenaiStream *stream) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_anthropic_events (
    HeadroomWireOpenaiStream *stream, const HeadroomWireRecord *record) G_GNUC_WARN_UNUSED_RESULT;
/* {"type":"error","error":{"type","message"},"request_id"} */
char *headroom_wire_print_anthropic_error (guint status,
                                           const char *message) G_GNUC_WARN_UNUSED_RESULT;
char *headroom_wire_print_anthropic_stream_error (guint status,
                                                  const char *message) G_GNUC_WARN_UNUSED_RESULT;

/* An error in the middle of a stream: "data: {"error":...}\n\n". */
char *headroom_wire_print_openai_stream_error (guint status,
                                               const char *message) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
