/* headroom-options.h: the options of a model and of a request, by name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Merged in the order: defaults, environment, the model's parameters, the request. Names that are
 * not in the table are ignored, null values are skipped, integers accept floats (cut).
 * Thread-safety: a HeadroomOptions belongs to one thread.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

#define HEADROOM_OPTIONS_ERROR (headroom_options_error_quark ())
GQuark headroom_options_error_quark (void);

typedef enum {
  HEADROOM_OPTIONS_ERROR_TYPE,  /* option "temperature" must be of type float32 */
  HEADROOM_OPTIONS_ERROR_VALUE, /* of the right type, but out of range */
} HeadroomOptionsError;

typedef enum {
  HEADROOM_OPTION_INT,
  HEADROOM_OPTION_FLOAT,
  HEADROOM_OPTION_BOOL,
  HEADROOM_OPTION_STRING,
  HEADROOM_OPTION_STRINGS,
} HeadroomOptionKind;

typedef enum {
  HEADROOM_OPTION_LOAD, /* decides how the model is loaded: another value may need another plan */
  HEADROOM_OPTION_REQUEST, /* decides one answer */
} HeadroomOptionScope;

typedef struct {
  const char *name;
  HeadroomOptionKind kind;
  HeadroomOptionScope scope;
  const char *fallback;    /* the default as text, "" if there is none */
  const char *description; /* one untranslated sentence; mark with _() where shown */
} HeadroomOptionInfo;

/* The table, in the order in which people are shown it. */
const HeadroomOptionInfo *headroom_options_get_table (gsize *ret_n);
/* Borrowed, or NULL if the name is unknown. */
const HeadroomOptionInfo *headroom_options_find (const char *name);

typedef struct {
  /* LOAD */
  gint64 num_ctx;     /* 0: as the machine and the model allow */
  gint64 num_batch;   /* 0: automatic */
  gint64 num_gpu;     /* -1: as many layers as fit */
  gint64 main_gpu;    /* -1: not said */
  gint64 num_thread;  /* 0: automatic */
  gint64 parallel;    /* 0: automatic; Headroom's own */
  gboolean use_mmap;  /* TRUE unless switched off */
  char *kv_type;      /* "f16", "f32", "q8_0", "q4_0"; Headroom's own */
  /* REQUEST */
  gint64 num_keep, num_predict, seed, top_k, repeat_last_n, mirostat;
  double temperature, top_p, min_p, typical_p, repeat_penalty, presence_penalty, frequency_penalty;
  double mirostat_tau, mirostat_eta;
  GStrv stop;         /* NULL: none */
  guint64 given;      /* bit i: entry i of the table was set by a merge */
} HeadroomOptions;

HeadroomOptions *headroom_options_new (void) G_GNUC_WARN_UNUSED_RESULT; /* the defaults */
HeadroomOptions *headroom_options_copy (const HeadroomOptions *self) G_GNUC_WARN_UNUSED_RESULT;
void headroom_options_free (HeadroomOptions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomOptions, headroom_options_free)

/* CONTEXT_LENGTH, NUM_PARALLEL, KV_CACHE_TYPE (see headroom-env.h). */
void headroom_options_merge_env (HeadroomOptions *self);
HrValue *headroom_options_dup_env (void) G_GNUC_WARN_UNUSED_RESULT; /* the same as a dict */
/* dict: option names and values; NULL or null: nothing. On failure self is as it was. */
gboolean headroom_options_merge (HeadroomOptions *self, const HrValue *dict, GError **error);
/* One option from text, as PARAMETER and the terminal's /set give it; "stop" appends. Errors:
 * unknown parameter 'x', invalid int value [x]. */
gboolean headroom_options_merge_text (HeadroomOptions *self, const char *name, const char *text,
                                      GError **error);
/* The value that such a text stands for (stop: a string), or NULL with error. */
HrValue *headroom_option_value_from_text (const char *name, const char *text,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The names in a dict (or NULL) that no option has, the first 16; NULL if there is none. ret_n: how
 * many there are. */
GStrv headroom_options_dup_unknown (const HrValue *dict, guint *ret_n) G_GNUC_WARN_UNUSED_RESULT;
gboolean headroom_options_is_given (const HeadroomOptions *self, const char *name);

/**
 * headroom_options_get_settings:
 * @n_ctx_train: the longest context that the model was trained for, or 0
 * @ret_settings: (out): filled in; num_ctx 0 leaves the choice to the planner
 *
 * What the model is to be loaded with. A context longer than @n_ctx_train becomes that long (the
 * plan shows it); a negative or impossible setting is an error.
 */
gboolean headroom_options_get_settings (const HeadroomOptions *self, guint32 n_ctx_train,
                                        HrSettings *ret_settings, GError **error);
/* Sampling, stop and num_predict of a request. ret_request->stop is borrowed from self; tokens,
 * mask and logprobs are left alone. */
gboolean headroom_options_get_request (const HeadroomOptions *self, HrRequestOptions *ret_request,
                                       GError **error);

G_END_DECLS
