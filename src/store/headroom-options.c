/* headroom-options.c: the table of options and how values enter it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every option is one line of the table: its name, kind, scope and the field that holds it. What
 * the numbers mean to the engine is decided in headroom_options_get_settings () and
 * headroom_options_get_request () alone.
 */
#include "headroom-options.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "headroom-env.h"

G_DEFINE_QUARK (headroom-options-error-quark, headroom_options_error)

#define N_(text) text
#define MIN_NUM_CTX 4        /* fewer cannot hold a prompt and an answer */
#define MAX_NUM_THREAD 4096
#define MAX_GPU_LAYERS 65536
#define MAX_UNKNOWN 16 /* names that are told to people */

typedef struct {
  HeadroomOptionInfo info;
  gsize offset;
} Option;

#define INT(scope, name, fallback, text) \
  { { #name, HEADROOM_OPTION_INT, HEADROOM_OPTION_##scope, fallback, text }, \
    G_STRUCT_OFFSET (HeadroomOptions, name) }
#define FLOAT(name, fallback, text) \
  { { #name, HEADROOM_OPTION_FLOAT, HEADROOM_OPTION_REQUEST, fallback, text }, \
    G_STRUCT_OFFSET (HeadroomOptions, name) }

static const Option options[] = {
  INT (LOAD, num_ctx, "", N_("Tokens that one conversation may hold")),
  INT (LOAD, num_batch, "512", N_("Prompt tokens read per step")),
  INT (LOAD, num_gpu, "-1", N_("Layers on the GPU; -1 is as many as fit")),
  INT (LOAD, main_gpu, "", N_("The one GPU to use")),
  INT (LOAD, num_thread, "0", N_("Processor threads; 0 is all cores that may be used")),
  INT (LOAD, parallel, "", N_("Conversations answered at the same time")),
  { { "use_mmap", HEADROOM_OPTION_BOOL, HEADROOM_OPTION_LOAD, "true",
      N_("Map weights from the file instead of copying them") },
    G_STRUCT_OFFSET (HeadroomOptions, use_mmap) },
  { { "kv_type", HEADROOM_OPTION_STRING, HEADROOM_OPTION_LOAD, "f16",
      N_("Number format of the key/value cache") },
    G_STRUCT_OFFSET (HeadroomOptions, kv_type) },
  INT (REQUEST, num_keep, "4", N_("Tokens kept at the start when the oldest are dropped")),
  INT (REQUEST, num_predict, "-1",
       N_("Tokens to answer with at most; -1 is until the model stops")),
  INT (REQUEST, seed, "-1", N_("Start of the random numbers; -1 draws one")),
  FLOAT (temperature, "0.8", N_("How freely the next token is drawn; 0 takes the likeliest")),
  INT (REQUEST, top_k, "40", N_("Draw among this many of the likeliest tokens")),
  FLOAT (top_p, "0.9", N_("Draw among the likeliest tokens that together have this probability")),
  FLOAT (min_p, "0", N_("Leave out tokens less likely than this share of the likeliest")),
  FLOAT (typical_p, "1", N_("Prefer tokens of typical surprise; 1 is off")),
  INT (REQUEST, repeat_last_n, "64", N_("How far back repetition is looked for; -1 is all")),
  FLOAT (repeat_penalty, "1", N_("Penalty for repeated tokens; 1 is off")),
  FLOAT (presence_penalty, "0", N_("Penalty for tokens that occurred")),
  FLOAT (frequency_penalty, "0", N_("Penalty that grows with each occurrence")),
  INT (REQUEST, mirostat, "0",
       N_("Steer towards a constant surprise; 0 is off, 1 and 2 are its versions")),
  FLOAT (mirostat_tau, "5", N_("The surprise that mirostat aims at")),
  FLOAT (mirostat_eta, "0.1", N_("How quickly mirostat adapts")),
  { { "stop", HEADROOM_OPTION_STRINGS, HEADROOM_OPTION_REQUEST, "",
      N_("Texts that end an answer") },
    G_STRUCT_OFFSET (HeadroomOptions, stop) },
};
G_STATIC_ASSERT (G_N_ELEMENTS (options) <= 64); /* HeadroomOptions.given */

/* Names that older Modelfiles and clients may still give; they mean nothing here. */
static const char *const obsolete[] = { "numa",       "low_vram",         "f16_kv",
                                        "vocab_only", "use_mlock",        "logits_all",
                                        "tfs_z",      "penalize_newline", "draft_num_predict",
                                        NULL };

const HeadroomOptionInfo *
headroom_options_get_table (gsize *ret_n)
{
  static HeadroomOptionInfo table[G_N_ELEMENTS (options)];
  static gsize ready = 0;

  if (g_once_init_enter (&ready)) {
    for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
      table[i] = options[i].info;
    g_once_init_leave (&ready, 1);
  }
  *ret_n = G_N_ELEMENTS (options);
  return table;
}

static const Option *
find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++) {
    if (strcmp (options[i].info.name, name) == 0)
      return &options[i];
  }
  return NULL;
}

const HeadroomOptionInfo *
headroom_options_find (const char *name)
{
  const Option *option = find (name);

  return option != NULL ? &option->info : NULL;
}

static gpointer
field (HeadroomOptions *self, const Option *option)
{
  return G_STRUCT_MEMBER_P (self, option->offset);
}

static void
mark_given (HeadroomOptions *self, const Option *option)
{
  self->given |= G_GUINT64_CONSTANT (1) << (option - options);
}

gboolean
headroom_options_is_given (const HeadroomOptions *self, const char *name)
{
  const Option *option = find (name);

  return option != NULL && (self->given >> (option - options) & 1) != 0;
}

HeadroomOptions *
headroom_options_new (void)
{
  HeadroomOptions *self = g_new (HeadroomOptions, 1);
  const HrSampling *s = &hr_sampling_default;

  *self = (HeadroomOptions){
    .num_gpu = -1,
    .main_gpu = -1,
    .use_mmap = TRUE,
    .num_keep = 4,
    .num_predict = -1,
    .seed = s->seed,
    .top_k = s->top_k,
    .repeat_last_n = s->repeat_last_n,
    .mirostat = s->mirostat,
    /* Through decimal text would give 0.8; through float 0.800000011920929, which people would be
       shown. */
    .temperature = 0.8,
    .top_p = 0.9,
    .min_p = 0,
    .typical_p = 1,
    .repeat_penalty = 1,
    .mirostat_tau = 5,
    .mirostat_eta = 0.1,
  };
  return self;
}

HeadroomOptions *
headroom_options_copy (const HeadroomOptions *self)
{
  HeadroomOptions *copy = g_memdup2 (self, sizeof *self);

  copy->kv_type = g_strdup (self->kv_type);
  copy->stop = g_strdupv (self->stop);
  return copy;
}

static void
clear (HeadroomOptions *self)
{
  g_clear_pointer (&self->kv_type, g_free);
  g_clear_pointer (&self->stop, g_strfreev);
}

void
headroom_options_free (HeadroomOptions *self)
{
  if (self == NULL)
    return;
  clear (self);
  g_free (self);
}

/* ---- Values from JSON ---- */

static gboolean
refuse_type (const char *name, const char *type, GError **error)
{
  g_set_error (error, HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_TYPE,
               "option \"%s\" must be %s", name, type);
  return FALSE;
}

static gint64
cut_to_int (double number)
{
  if (isnan (number))
    return 0;
  return number >= 9223372036854775807.0    ? G_MAXINT64
         : number <= -9223372036854775808.0 ? G_MININT64
                                            : (gint64) number;
}

static gboolean
set_strings (HeadroomOptions *self, const Option *option, const HrValue *value, GError **error)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  GStrv *strings = field (self, option);

  if (hr_value_kind (value) != HR_VALUE_LIST)
    return refuse_type (option->info.name, "of type array", error);
  for (size_t i = 0; i < hr_value_size (value); i++) {
    const HrValue *item = hr_value_at (value, i);
    if (hr_value_kind (item) != HR_VALUE_STRING)
      return refuse_type (option->info.name, "of an array of strings", error);
    g_strv_builder_add (builder, hr_value_get_string (item, NULL));
  }
  g_strfreev (*strings);
  *strings = g_strv_builder_end (builder);
  return TRUE;
}

static gboolean
set_value (HeadroomOptions *self, const Option *option, const HrValue *value, GError **error)
{
  HrValueKind kind = hr_value_kind (value);
  gboolean is_number = kind == HR_VALUE_INT || kind == HR_VALUE_FLOAT;
  gpointer target = field (self, option);

  switch (option->info.kind) {
  case HEADROOM_OPTION_INT:
    if (!is_number)
      return refuse_type (option->info.name, "of type integer", error);
    *(gint64 *) target =
        kind == HR_VALUE_INT ? hr_value_get_int (value) : cut_to_int (hr_value_get_float (value));
    break;
  case HEADROOM_OPTION_FLOAT:
    if (!is_number)
      return refuse_type (option->info.name, "of type float32", error);
    *(double *) target =
        kind == HR_VALUE_INT ? (double) hr_value_get_int (value) : hr_value_get_float (value);
    break;
  case HEADROOM_OPTION_BOOL:
    if (kind != HR_VALUE_BOOL)
      return refuse_type (option->info.name, "of type boolean", error);
    *(gboolean *) target = hr_value_get_bool (value);
    break;
  case HEADROOM_OPTION_STRING:
    if (kind != HR_VALUE_STRING)
      return refuse_type (option->info.name, "of type string", error);
    g_free (*(char **) target);
    *(char **) target = g_strdup (hr_value_get_string (value, NULL));
    break;
  case HEADROOM_OPTION_STRINGS:
    if (!set_strings (self, option, value, error))
      return FALSE;
    break;
  default:
    g_assert_not_reached ();
  }
  mark_given (self, option);
  return TRUE;
}

gboolean
headroom_options_merge (HeadroomOptions *self, const HrValue *dict, GError **error)
{
  if (dict == NULL || hr_value_kind (dict) == HR_VALUE_NULL)
    return TRUE;
  if (hr_value_kind (dict) != HR_VALUE_DICT) {
    g_set_error_literal (error, HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_TYPE,
                         "options must be an object");
    return FALSE;
  }
  g_autoptr(HeadroomOptions) merged = headroom_options_copy (self);
  for (size_t i = 0; i < hr_value_size (dict); i++) {
    const char *name;
    const HrValue *value = hr_value_entry (dict, i, &name);
    const Option *option = find (name);
    if (option == NULL || hr_value_kind (value) == HR_VALUE_NULL)
      continue;
    if (!set_value (merged, option, value, error))
      return FALSE;
  }
  clear (self);
  *self = *merged;
  merged->kv_type = NULL;
  merged->stop = NULL;
  return TRUE;
}

GStrv
headroom_options_dup_unknown (const HrValue *dict, guint *ret_n)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean is_dict = dict != NULL && hr_value_kind (dict) == HR_VALUE_DICT;
  guint n = 0;

  for (gsize i = 0; is_dict && i < hr_value_size (dict); i++) {
    const char *name;
    hr_value_entry (dict, i, &name);
    if (find (name) != NULL)
      continue;
    if (n++ < MAX_UNKNOWN)
      g_strv_builder_add (builder, name);
  }
  *ret_n = n;
  return n > 0 ? g_strv_builder_end (builder) : NULL;
}

/* ---- Values from text ---- */

static HrValue *
bool_from_text (const char *text)
{
  static const char *const yes[] = { "1", "t", "T", "true", "True", "TRUE", NULL };
  static const char *const no[] = { "0", "f", "F", "false", "False", "FALSE", NULL };

  if (g_strv_contains (yes, text))
    return hr_value_new_bool (true);
  return g_strv_contains (no, text) ? hr_value_new_bool (false) : NULL;
}

static HrValue *
float_from_text (const char *text)
{
  char *end;
  double number = g_ascii_strtod (text, &end);

  /* strtod takes leading spaces and hexadecimal too; nobody means them. */
  if (end == text || *end != '\0' || g_ascii_isspace (*text) || strpbrk (text, "xX") != NULL ||
      !isfinite (number))
    return NULL;
  return hr_value_new_float (number);
}

static HrValue *
int_from_text (const char *text)
{
  gint64 number;

  return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &number, NULL)
             ? hr_value_new_int (number)
             : NULL;
}

HrValue *
headroom_option_value_from_text (const char *name, const char *text, GError **error)
{
  static const char *const kinds[] = { "int", "float", "bool", "string", "string" };
  const Option *option = find (name);
  HrValue *value = NULL;

  if (option == NULL) {
    if (g_strv_contains (obsolete, name))
      return hr_value_new_null ();
    g_set_error (error, HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_VALUE,
                 "unknown parameter '%s'", name);
    return NULL;
  }
  switch (option->info.kind) {
  case HEADROOM_OPTION_INT:
    value = int_from_text (text);
    break;
  case HEADROOM_OPTION_FLOAT:
    value = float_from_text (text);
    break;
  case HEADROOM_OPTION_BOOL:
    value = bool_from_text (text);
    break;
  case HEADROOM_OPTION_STRING:
  case HEADROOM_OPTION_STRINGS:
  default:
    value = hr_value_new_string (text, -1, false);
    break;
  }
  if (value == NULL)
    g_set_error (error, HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_VALUE,
                 "invalid %s value [%s]", kinds[option->info.kind], text);
  return value;
}

gboolean
headroom_options_merge_text (HeadroomOptions *self, const char *name, const char *text,
                             GError **error)
{
  g_autoptr(HrValue) value = headroom_option_value_from_text (name, text, error);
  const Option *option = find (name);

  if (value == NULL)
    return FALSE;
  if (option == NULL) /* obsolete */
    return TRUE;
  if (option->info.kind != HEADROOM_OPTION_STRINGS)
    return set_value (self, option, value, error);

  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  GStrv *strings = field (self, option);
  if (*strings != NULL)
    g_strv_builder_addv (builder, (const char **) *strings);
  g_strv_builder_add (builder, text);
  g_strfreev (*strings);
  *strings = g_strv_builder_end (builder);
  mark_given (self, option);
  return TRUE;
}

HrValue *
headroom_options_dup_env (void)
{
  static const char *const numbers[][2] = { { "CONTEXT_LENGTH", "num_ctx" },
                                            { "NUM_PARALLEL", "parallel" } };
  g_autofree char *kv_type = headroom_env_dup ("KV_CACHE_TYPE");
  HrValue *dict = hr_value_new_dict ();

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
    guint64 number = headroom_env_get_uint (numbers[i][0], G_MAXUINT64);
    if (number != G_MAXUINT64)
      hr_value_set (dict, numbers[i][1], hr_value_new_int ((gint64) MIN (number, G_MAXINT64)));
  }
  if (kv_type != NULL) {
    g_autofree char *lower = g_ascii_strdown (kv_type, -1);
    hr_value_set (dict, "kv_type", hr_value_new_string (lower, -1, false));
  }
  return dict;
}

void
headroom_options_merge_env (HeadroomOptions *self)
{
  g_autoptr (HrValue) dict = headroom_options_dup_env ();
  guint64 given = self->given;

  /* Nothing in it can be of the wrong type. */
  headroom_options_merge (self, dict, NULL);
  self->given = given;
}

/* ---- What the engine is asked for ---- */

static gboolean
check_range (const char *name, gint64 value, gint64 min, gint64 max, GError **error)
{
  if (value >= min && value <= max)
    return TRUE;
  g_set_error (error, HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_VALUE,
               "option \"%s\" is %" G_GINT64_FORMAT "; it must be between %" G_GINT64_FORMAT
               " and %" G_GINT64_FORMAT,
               name, value, min, max);
  return FALSE;
}

gboolean
headroom_options_get_settings (const HeadroomOptions *self, guint32 n_ctx_train,
                               HrSettings *ret_settings, GError **error)
{
  HrSettings settings = { .kv_type = HR_KV_F16, .gpu_layers = -1 };
  gint64 num_ctx = n_ctx_train > 0 ? MIN (self->num_ctx, (gint64) n_ctx_train) : self->num_ctx;

  if (!check_range ("num_ctx", num_ctx, 0, G_MAXUINT32, error)
      || !check_range ("num_batch", self->num_batch, 0, HR_MAX_NUM_BATCH, error)
      || !check_range ("num_gpu", self->num_gpu, -1, MAX_GPU_LAYERS, error)
      || !check_range ("num_thread", self->num_thread, 0, MAX_NUM_THREAD, error)
      || !check_range ("parallel", self->parallel, 0, HR_MAX_PARALLEL, error))
    return FALSE;
  if (self->kv_type != NULL && !hr_kv_type_parse (self->kv_type, &settings.kv_type)) {
    g_set_error (error, HEADROOM_OPTIONS_ERROR, HEADROOM_OPTIONS_ERROR_VALUE,
                 "option \"kv_type\" is \"%s\"; it must be f16, f32, q8_0 or q4_0", self->kv_type);
    return FALSE;
  }
  settings.num_ctx = num_ctx == 0 ? 0 : (guint32) MAX (num_ctx, MIN_NUM_CTX);
  settings.num_batch = (guint32) self->num_batch;
  settings.parallel = (guint32) self->parallel;
  settings.gpu_layers = (gint32) self->num_gpu;
  settings.threads = (guint32) self->num_thread;
  *ret_settings = settings;
  return TRUE;
}

gboolean
headroom_options_get_request (const HeadroomOptions *self, HrRequestOptions *ret_request,
                              GError **error)
{
  if (!check_range ("mirostat", self->mirostat, 0, 2, error))
    return FALSE;
  ret_request->sampling = (HrSampling) {
    .temperature = (float) self->temperature,
    .top_k = (gint32) CLAMP (self->top_k, 0, G_MAXINT32),
    .top_p = (float) self->top_p,
    .min_p = (float) self->min_p,
    .typical_p = (float) self->typical_p,
    .repeat_last_n = (gint32) CLAMP (self->repeat_last_n, -1, G_MAXINT32),
    .repeat_penalty = (float) self->repeat_penalty,
    .presence_penalty = (float) self->presence_penalty,
    .frequency_penalty = (float) self->frequency_penalty,
    .mirostat = (gint32) self->mirostat,
    .mirostat_tau = (float) self->mirostat_tau,
    .mirostat_eta = (float) self->mirostat_eta,
    .seed = self->seed,
  };
  ret_request->stop = (const char *const *) self->stop;
  ret_request->num_predict = self->num_predict < -2 ? -1 : self->num_predict;
  return TRUE;
}
