/* headroom-scenario.h: a machine, models and requests in time, as a file describes them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * {"title": "...",
 *  "devices": ["host:cpu:64GiB", "card:gpu:16GB"],   SPECs of headroom-device-spec.h
 *  "reserve": 20,                                    percent of each device
 *  "disk": "2GB/s",                                  that loading reads
 *  "max_loaded": 2 | "unlimited", "num_parallel": 4, "max_queue": 512, "keep_alive": "5m",
 *  "models": {"qwen2.5:7b": {},
 *             "mine": {"bytes": "4.3GB"},
 *             "other": {"shape": "llama3.1:8b", "weights": "q8_0"}},
 *  "requests": [{"at": "10s", "model": "mine", "client": "a", "keep_alive": "-1", "num_ctx": 8192,
 *                "seconds": 5, "prompt": 512, "predict": 128,
 *                "repeat": {"count": 10, "every": "30s"}}],
 *  "others": [{"at": "1m", "device": "host", "bytes": "6GB"}]}
 *
 * A model without bytes is a shape of the catalogue, by its own name or by "shape". A request takes
 * "seconds", or as long as its prompt and answer are predicted to take. "others" are programs that
 * are not ours: from then on they take so much. Thread-safety: Safe once read.
 */
#pragma once

#include "hr.h"

G_BEGIN_DECLS

/* More requests than this, repeats included, are refused: a scenario is to be looked at. */
#define HEADROOM_SCENARIO_MAX_REQUESTS 100000
#define HEADROOM_SCENARIO_MAX_MODELS 1000
#define HEADROOM_SCENARIO_MAX_OTHERS 1000

typedef struct {
  char *name;
  HrModel *shape; /* NULL: bytes are all that is known */
  guint64 bytes;
} HeadroomScenarioModel;

typedef struct {
  gint64 at_us;
  guint model; /* index */
  char client[48];
  gboolean has_keep_alive;
  gint64 keep_alive_ns;
  HrSettings settings; /* what is asked for; 0: not said */
  double seconds;      /* 0: from prompt and predict */
  guint32 prompt, predict;
} HeadroomScenarioRequest;

/* From then on, programs that are not ours take so much of a device. */
typedef struct {
  gint64 at_us;
  gsize device; /* index */
  guint64 bytes;
} HeadroomScenarioOthers;

typedef struct {
  char *title;
  HrDevice devices[HR_MAX_DEVICES];
  gsize n_devices;
  double disk;
  guint max_loaded, max_queue; /* max_loaded G_MAXUINT: no limit */
  gint64 keep_alive_ns;
  GArray *models;   /* HeadroomScenarioModel */
  GArray *requests; /* HeadroomScenarioRequest, in the order of the file */
  GArray *others;   /* HeadroomScenarioOthers, the same */
} HeadroomScenario;

/* Nothing but a machine: a scenario to be filled in by hand. */
HeadroomScenario *headroom_scenario_new (const HrDevice *devices,
                                         gsize n_devices) G_GNUC_WARN_UNUSED_RESULT;
/* NULL with error (HR_ERROR_SETTINGS) that says where and what. */
HeadroomScenario *headroom_scenario_read (const HrValue *json,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void headroom_scenario_free (HeadroomScenario *scenario);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomScenario, headroom_scenario_free)

G_END_DECLS
