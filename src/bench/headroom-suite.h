/* headroom-suite.h: a model measured in several ways, into one report.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A server is asked first, and lets the model go again if it had not had it before; then comes what
 * loads the model in this process, so that it is in memory once where that is possible. The report
 * is saved after every part: whatever happens, what was measured until then is on disk.
 */
#pragma once

#include "headroom-bench-job.h"

G_BEGIN_DECLS

typedef enum {
  HEADROOM_SUITE_HEALTH = 1 << 0,     /* "health": one token, through the API */
  HEADROOM_SUITE_LATENCY = 1 << 1,    /* "latency": single requests, through the API */
  HEADROOM_SUITE_THROUGHPUT = 1 << 2, /* "throughput": several at once, through the API */
  HEADROOM_SUITE_SPEED = 1 << 3,      /* "speed": reading and generating */
  HEADROOM_SUITE_CONTEXTS = 1 << 4,   /* "sweeps", over num_ctx */
  HEADROOM_SUITE_ANSWERS = 1 << 5,    /* "sweeps", over num_predict */
  HEADROOM_SUITE_SETTINGS = 1 << 6,   /* "sweeps", over everything else */
  HEADROOM_SUITE_TUNE = 1 << 7,       /* "tune": what would be better; nothing is changed */
} HeadroomSuiteParts;

#define HEADROOM_SUITE_ALL ((1 << 8) - 1)
#define HEADROOM_SUITE_QUICK (HEADROOM_SUITE_ALL & ~(HEADROOM_SUITE_SETTINGS | HEADROOM_SUITE_TUNE))

typedef struct {
  GStrv models; /* as people name them; at least one */
  HeadroomSuiteParts parts;
  gboolean quick;      /* fewer rounds, fewer values */
  guint64 max_bytes;   /* of the search for settings: planned; 0: no bound */
  double max_first_ms; /* likewise, until the first token; 0: no bound */
  char *path;          /* where the report is saved; NULL: nowhere */
  char *title;         /* "title" of the report; NULL: it has none */
} HeadroomSuiteOptions;

HeadroomSuiteOptions *headroom_suite_options_new (
    const char *const *models, HeadroomSuiteParts parts) G_GNUC_WARN_UNUSED_RESULT;
void headroom_suite_options_free (HeadroomSuiteOptions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomSuiteOptions, headroom_suite_options_free)

/**
 * headroom_suite_run:
 * @options: (type HeadroomSuiteOptions): a HeadroomBenchJobFunc's data
 *
 * A part that fails says why in its place, and the others go on. "complete" says whether all of it
 * was measured, "error" why not, "unsaved" that the report could not be written: then nothing more
 * is measured.
 *
 * Returns: (transfer full) (nullable): as headroom_report_new(), with "settings": {"quick",
 * "parts"} and "models": [{"model", "health", "latency", …}]
 */
HrValue *headroom_suite_run (HeadroomBenchJob *job, gpointer options,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A model as a person named it, opened for measuring in this process. */
HrModel *headroom_suite_open_model (const char *name_or_path,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
