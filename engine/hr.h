/* hr.h: the engine's public face. GGUF in, tokens out.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Three nouns: a *model* (an opened file: header, tokenizer, template; no weights in memory), a
 * *plan* (every buffer that running it would take, on which device, in bytes) and a *runner* (the
 * plan allocated, a thread that owns it, and slots that answer requests). What they run on is in
 * hr-machine.h, which comes with this one. Nothing outside engine/ includes another header of it.
 *
 * Errors are GErrors of the domain HR_ERROR whose message says what is wrong and what to do. The
 * engine never prints, never exits and never aborts on input. Sizes are bytes unless a name says
 * otherwise.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hr-machine.h"

G_BEGIN_DECLS

#define HR_ERROR (hr_error_quark())
GQuark hr_error_quark(void);

typedef enum {
    HR_ERROR_FILE,        /* cannot be read, truncated, not a GGUF file */
    HR_ERROR_FORMAT,      /* a GGUF file that contradicts itself */
    HR_ERROR_UNSUPPORTED, /* architecture, tensor type or tokenizer that this build does not know */
    HR_ERROR_TEMPLATE,    /* the chat template failed (parse, raise_exception, a limit) */
    HR_ERROR_SETTINGS,    /* a setting is out of range */
    HR_ERROR_MEMORY,      /* does not fit, or an allocation failed */
    HR_ERROR_TOO_LONG,    /* the prompt does not fit in num_ctx */
    HR_ERROR_CANCELLED,
    HR_ERROR_BUSY,        /* something that runs has to end first */
    HR_ERROR_INTERNAL,
} HrError;

/* ---- Values
 * ------------------------------------------------------------------------------------------------------
 * What templates compute with, and how metadata is handed out: JSON's kinds, with integers apart
 * from floats and strings that remember which of their bytes came from people. Immutable once
 * shared; reference counted. Thread-safety: Safe once built (reference counts are atomic).
 */
typedef struct HrValue HrValue;

typedef enum {
    HR_VALUE_UNDEFINED,
    HR_VALUE_NULL,
    HR_VALUE_BOOL,
    HR_VALUE_INT,
    HR_VALUE_FLOAT,
    HR_VALUE_STRING,
    HR_VALUE_LIST,
    HR_VALUE_DICT, /* keeps insertion order */
    HR_VALUE_CALLABLE,
} HrValueKind;

HrValue *hr_value_new_null(void) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_value_new_bool(bool value) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_value_new_int(int64_t value) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_value_new_float(double value) G_GNUC_WARN_UNUSED_RESULT;
/* len -1: NUL-terminated. trusted: the text is ours or the model file's, and may spell control
 * tokens; text from a person or a program is not trusted, wherever a template carries it. */
HrValue *hr_value_new_string(const char *text, gssize len, bool trusted) G_GNUC_WARN_UNUSED_RESULT;
/* Two strings as one, each byte as trusted as it was. */
HrValue *hr_value_new_concatenated(const HrValue *a, const HrValue *b) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_value_new_list(void) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_value_new_dict(void) G_GNUC_WARN_UNUSED_RESULT;
void hr_value_append(HrValue *list, HrValue *take_item);                   /* takes the item */
void hr_value_set(HrValue *dict, const char *key,
                  HrValue *take_value); /* takes the value; replaces in place */
HrValue *hr_value_ref(HrValue *value);
void hr_value_unref(HrValue *value); /* NULL is a no-op */

HrValueKind hr_value_kind(const HrValue *value);
bool hr_value_get_bool(const HrValue *value);
int64_t hr_value_get_int(const HrValue *value);
double hr_value_get_float(const HrValue *value);
const char *hr_value_get_string(const HrValue *value,
                                size_t *ret_len); /* borrowed; ret_len may be NULL */
size_t hr_value_size(const HrValue *value);                             /* list or dict: entries */
HrValue *hr_value_at(const HrValue *list, size_t index);                /* borrowed */
HrValue *hr_value_entry(const HrValue *dict, size_t index,
                        const char **ret_key);                  /* borrowed, in insertion order */
HrValue *hr_value_lookup(const HrValue *dict, const char *key); /* borrowed, NULL if absent */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrValue, hr_value_unref)

/* ---- Models
 * ------------------------------------------------------------------------------------------------------
 * Opening reads the header only (milliseconds, whatever the file's size). Thread-safety: Safe after
 * opening.
 */
typedef struct HrModel HrModel;

/* How the rows of a text's tokens become its vector: not at all (a row per token), their mean, the
 * first, the last, or the scores that a classifier gives to one of them. */
typedef enum {
    HR_POOLING_NONE,
    HR_POOLING_MEAN,
    HR_POOLING_CLS,
    HR_POOLING_LAST,
    HR_POOLING_RANK
} HrPooling;

typedef struct {
    const char *architecture; /* "llama" */
    const char *name;         /* general.name, or "" */
    const char *file_type;    /* "Q4_K_M", from the tensors where the label is missing */
    uint64_t file_bytes;      /* all parts of a split file */
    uint64_t n_params;        /* elements of all tensors */
    uint32_t n_layer, n_embd, n_head, n_head_kv, n_vocab;
    uint32_t n_ctx_train;
    uint32_t n_expert, n_expert_used; /* of each mixture; 0: no mixtures */
    bool embeds;              /* gives vectors instead of text: hr_runner_embed */
    HrPooling pooling;        /* if it does */
    uint32_t
        n_output; /* if it does and is runnable: width of a vector, or scores (HR_POOLING_RANK) */
} HrModelInfo;

HrModel *hr_model_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same from the beginning of a file (magic to the last tensor's description), which is enough
 * for everything but running: a shape without weights. name stands where the path would. */
HrModel *hr_model_open_header(GBytes *header, const char *name,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool hr_model_has_weights(const HrModel *model);
/* The same for a model that sees images with the help of another file (NULL: none). Fails if that
 * file is damaged, unknown or made for another model. */
HrModel *hr_model_open_with_projector(const char *path, const char *projector,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether prompts may have images; if not, error (may be NULL) says why. */
bool hr_model_sees_images(const HrModel *model, GError **error);
HrModel *hr_model_ref(HrModel *model);
void hr_model_unref(HrModel *model);
const HrModelInfo *hr_model_get_info(const HrModel *model);
const char *hr_model_get_path(const HrModel *model);
/* Adds a LoRA adapter from a GGUF file (general.type "adapter"); its number is that of those before
 * it. To be done before the model is planned, by the one who opened it. HR_ERROR_FORMAT or
 * _UNSUPPORTED names the key or tensor that is for another base. */
bool hr_model_add_adapter(HrModel *model, const char *path, GError **error);
size_t hr_model_n_adapters(const HrModel *model);
/* True if the architecture is one that this build can run; otherwise sets error
 * (HR_ERROR_UNSUPPORTED, names what is missing). Planning and metadata need no supported
 * architecture. */
bool hr_model_is_runnable(const HrModel *model, GError **error);
/* The architectures that this build runs, index by index: as files name them, and models that
 * people know ("": none). False behind the last. */
typedef struct {
    const char *name, *models;
} HrArchitecture;
bool hr_architecture(size_t index, HrArchitecture *ret_architecture);

/* Metadata in file order, an array's value as HR_VALUE_NULL. To be looked at from any thread; nothing
 * in it may be changed or referenced. */
const HrValue *hr_model_get_metadata(const HrModel *model);
/* The same, for its owner to change. with_arrays: with what is in the arrays, read from the file. */
HrValue *hr_model_dup_metadata(const HrModel *model, bool with_arrays) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    const char *name;
    const char *type;   /* "Q4_K" */
    uint64_t dims[4];   /* fastest first */
    uint32_t n_dims;
    uint64_t bytes;
} HrTensorInfo;
/* The types of tensors by name, "Q4_K": its number in files, numbers in a block, bytes of a block.
 */
bool hr_tensor_type_find(const char *name, uint32_t *ret_id, uint32_t *ret_block,
                         uint32_t *ret_block_bytes);
size_t hr_model_n_tensors(const HrModel *model);
HrTensorInfo hr_model_tensor(const HrModel *model, size_t index); /* borrowed strings */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrModel, hr_model_unref)

/* ---- Images
 * ------------------------------------------------------------------------------------------------------
 * Pixels as models are shown them: 8 bits each of red, green and blue, sRGB. Decoding files is not
 * the engine's work. Filled by whoever made it, immutable once shared; reference counted.
 * Thread-safety: Safe once filled.
 */
typedef struct HrImage HrImage;

#define HR_MAX_IMAGE_SIDE 16384       /* what WebP can be at most, and more than any camera's */
#define HR_MAX_IMAGE_PIXELS 50000000  /* the largest cameras of phones; 150 MB */

HrImage *hr_image_new(uint32_t width, uint32_t height,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT; /* black */
HrImage *hr_image_ref(HrImage *image);
void hr_image_unref(HrImage *image);
uint32_t hr_image_get_width(const HrImage *image);
uint32_t hr_image_get_height(const HrImage *image);
uint8_t *hr_image_get_row(HrImage *image,
                          uint32_t y); /* [width][3]; rows follow each other without a gap */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrImage, hr_image_unref)

/* ---- Text and tokens
 * ---------------------------------------------------------------------------------------------
 */
typedef int32_t HrToken;

/* A run of bytes of a prompt. trusted: control tokens are recognised in it. */
typedef struct {
    size_t start, len;
    bool trusted;
} HrSpan;

typedef struct {
    GString *text;
    GArray *spans; /* HrSpan, in order, covering text exactly */
} HrPrompt;
HrPrompt *hr_prompt_new(void) G_GNUC_WARN_UNUSED_RESULT;
void hr_prompt_append(HrPrompt *prompt, const char *text, gssize len, bool trusted);
/* A string, each byte as trusted as it is there. */
void hr_prompt_append_value(HrPrompt *prompt, const HrValue *string);
void hr_prompt_free(HrPrompt *prompt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrPrompt, hr_prompt_free)

/* Token ids of a prompt as a GArray of HrToken. add_special: BOS and EOS where the model's
 * tokenizer adds them, unless the text spells them already. Fails with HR_ERROR_UNSUPPORTED where
 * the tokenizer is of no known kind. */
GArray *hr_model_tokenize(const HrModel *model, const HrPrompt *prompt, bool add_special,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The bytes of a token (not NUL-terminated; may be part of a character). special: control tokens as
 * their text, else "". */
const char *hr_model_token_bytes(const HrModel *model, HrToken token, bool special,
                                 size_t *ret_len);
GString *hr_model_detokenize(const HrModel *model, const HrToken *tokens, size_t n,
                             bool special) G_GNUC_WARN_UNUSED_RESULT;
bool hr_model_has_tokenizer(const HrModel *model, GError **error);
bool hr_model_adds_bos(const HrModel *model);

/* What a model is shown of images: cut into views as its family wants it, and how many places they
 * take in a prompt. Making it looks at every pixel: a worker's job. Immutable, reference counted.
 * HR_ERROR_UNSUPPORTED if the model sees no images. */
typedef struct HrSights HrSights;
HrSights *hr_sights_new(const HrModel *model, HrImage *const *images, size_t n_images,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
HrSights *hr_sights_ref(HrSights *sights);
void hr_sights_unref(HrSights *sights);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrSights, hr_sights_unref)
/* What stands for image number index in the text of a prompt, in trusted spans alone. */
char *hr_sights_dup_mark(size_t index) G_GNUC_WARN_UNUSED_RESULT;
/* As hr_model_tokenize, with images where prompt has their marks: tokens below zero stand for their
 * rows and are made from their pixels, so that prompts can be compared. ret_shown (full): the
 * images that are there, in order, for HrRequestOptions. */
GArray *hr_model_tokenize_shown(const HrModel *model, const HrPrompt *prompt, HrSights *sights,
                                bool add_special, HrSights **ret_shown,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The chat template in the file, or NULL. */
const char *hr_model_get_template(const HrModel *model);
/* Renders a template (NULL: the file's own) with vars, a dict of the variables that Hugging Face's
 * environment has (messages, tools, add_generation_prompt, ...); bos_token and eos_token are filled
 * in from the model where absent. */
HrPrompt *hr_model_render(const HrModel *model, const char *template_text, HrValue *vars,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same without a model. */
HrPrompt *hr_template_render_text(const char *template_text, HrValue *vars,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- Grammars
 * ----------------------------------------------------------------------------------------------------
 * What an answer may look like. Immutable; reference counted. Thread-safety: Safe.
 */
typedef struct HrGrammar HrGrammar;

/* Rules in GBNF; the one named root is the whole. HR_ERROR_SETTINGS says in which line what is
 * wrong. */
HrGrammar *hr_grammar_new_gbnf(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* JSON that a JSON schema allows, between two fixed texts (NULL: none). schema: a dict or a bool.
 * HR_ERROR_SETTINGS where it contradicts itself, can never be met, or says what no grammar can.
 * Pure: the schema is not kept. */
HrGrammar *hr_grammar_new_schema(const char *before, HrValue *schema, const char *behind,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
HrGrammar *hr_grammar_ref(HrGrammar *grammar);
void hr_grammar_unref(HrGrammar *grammar);
/* NULL-terminated, borrowed: keywords of the schema that answers are not held to. */
const char *const *hr_grammar_get_ignored(const HrGrammar *grammar);
/* Whether the whole text is one that the grammar allows. */
bool hr_grammar_matches(const HrGrammar *grammar, const char *text, size_t len);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrGrammar, hr_grammar_unref)

/* ---- Plans
 * -------------------------------------------------------------------------------------------------------
 * A plan lists every buffer that running a model with given settings takes. The loader allocates
 * exactly this list. Making one takes well under a millisecond and touches no weights.
 * Thread-safety: Safe (immutable).
 */
typedef enum { HR_KV_F16, HR_KV_F32, HR_KV_Q8_0, HR_KV_Q4_0 } HrKvType;
const char *hr_kv_type_name(HrKvType type);
bool hr_kv_type_parse(const char *name, HrKvType *ret_type);

typedef struct {
    uint32_t num_ctx; /* tokens per slot; 0: HR_DEFAULT_NUM_CTX, at most what the model was trained
                         for */
    uint32_t parallel;  /* slots; 0: 1 */
    uint32_t num_batch; /* prompt tokens per step at most; 0: 512 */
    HrKvType kv_type;
    int32_t gpu_layers;   /* the last so many layers; -1: as many as fit; without a GPU device all
                             layers are on the CPU */
    uint32_t cpu_experts; /* of the layers on a GPU, the first so many leave their experts with the
                             host; gpu_layers -1 chooses */
    uint64_t weights_bytes; /* what all weights take together, spread over the tensors by their
                               sizes; 0: what the tensors say */
    uint32_t threads;   /* 0: cores that this process may use */
    bool all_logits; /* room for the logits of every token of a step (perplexity, debug logits) */
} HrSettings;
#define HR_DEFAULT_NUM_CTX 4096
#define HR_DEFAULT_NUM_BATCH 512
#define HR_MAX_PARALLEL 256
#define HR_MAX_NUM_BATCH 16384
#define HR_MAX_THREADS 256

typedef enum {
    HR_ITEM_WEIGHTS, /* mapped from the file, or moved out of it */
    HR_ITEM_CACHE,   /* reserved; committed as it fills */
    HR_ITEM_COMPUTE, /* the arena of the largest step, and per-thread scratch */
    HR_ITEM_OUTPUT,  /* logits */
    HR_ITEM_PROJECTOR, /* what turns images into rows: its weights and its arena */
    HR_ITEM_STAGING, /* rows on their way between devices */
    HR_ITEM_DRIVER,  /* what a GPU's driver keeps for itself */
    HR_ITEM_N_KINDS,
} HrItemKind;
const char *hr_item_kind_name(HrItemKind kind);

typedef struct {
    HrItemKind kind;
    const char
        *name; /* "blk.3", "token_embd", "keys and values", "activations", ...; owned by the plan */
    int32_t layer;    /* -1: no layer's */
    uint32_t device;  /* index into the plan's devices */
    uint64_t bytes;
} HrPlanItem;

typedef struct HrPlan HrPlan;
/* devices[0] is the host. Fails only for settings out of range or a model that cannot be run; a
 * plan that does not fit is still a plan. */
HrPlan *hr_plan_new(HrModel *model, const HrSettings *settings, const HrDevice *devices,
                    size_t n_devices, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A plan of the same model on the same devices: cheaper, because parts that are the same are
 * shared. plan is not one of items. Thread-safety: like reading plan. */
HrPlan *hr_plan_new_like(const HrPlan *plan, const HrSettings *settings,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A plan of items that are known already, for machines and models that are only imagined. Names are
 * copied. */
HrPlan *hr_plan_new_of_items(const HrPlanItem *items, size_t n_items, const HrSettings *settings,
                             const HrDevice *devices, size_t n_devices) G_GNUC_WARN_UNUSED_RESULT;
HrPlan *hr_plan_ref(HrPlan *plan);
void hr_plan_unref(HrPlan *plan);
const HrSettings *hr_plan_get_settings(const HrPlan *plan); /* every field resolved */
size_t hr_plan_n_items(const HrPlan *plan);
const HrPlanItem *hr_plan_get_item(const HrPlan *plan, size_t index);
size_t hr_plan_n_devices(const HrPlan *plan);
const HrDevice *hr_plan_get_device(const HrPlan *plan, size_t index);
uint64_t hr_plan_get_bytes(const HrPlan *plan, HrItemKind kind); /* HR_ITEM_N_KINDS: all */
uint64_t hr_plan_get_device_bytes(const HrPlan *plan, size_t device);
/* What one more position of one slot takes, far from the ends of windows. */
uint64_t hr_plan_get_cache_bytes_per_token(const HrPlan *plan);
uint32_t hr_plan_n_layers(const HrPlan *plan);
/* What keeps layers of the model off this machine's GPUs, "mixtures of experts"; NULL: nothing. */
const char *hr_plan_get_gpu_why(const HrPlan *plan);
/* Why not all layers are on GPUs. */
typedef enum {
    HR_GPU_HAS_ALL,
    HR_GPU_ABSENT,      /* no device of the plan is a GPU */
    HR_GPU_LACKS,       /* hr_plan_get_gpu_why says what */
    HR_GPU_FEWER_ASKED, /* gpu_layers says so */
    HR_GPU_FULL,        /* there is no room for more */
} HrGpuState;
HrGpuState hr_plan_get_gpu_state(const HrPlan *plan);
uint32_t hr_plan_get_layer_device(const HrPlan *plan, uint32_t layer);
/* The largest num_ctx, in whole pages, that would fit with everything else as it is; 0: none. */
uint32_t hr_plan_largest_num_ctx(const HrPlan *plan);
/* Whether every device's items stay within free - reserve; if not, error (HR_ERROR_MEMORY) says by
 * how much and what would fit. */
bool hr_plan_fits(const HrPlan *plan, GError **error);

/* What a step moves and computes on each device, and how long that takes at the devices' rates. */
typedef struct {
    uint32_t n_tokens;  /* that a step reads */
    uint32_t n_slots;   /* that they belong to, evenly */
    uint32_t n_outputs; /* tokens whose logits are wanted */
    uint32_t depth;     /* positions that each slot holds already */
} HrStepShape;
typedef struct {
    double bytes, operations; /* weights and cache that are read; two for each multiplication with
                                 its addition */
    double seconds;           /* 0: the device's rates are not known */
} HrStepCost;
/* costs: [n_devices]; false if a device that has work has no rates (seconds are then 0). The way
 * between devices counts for the one that is not the host. */
bool hr_plan_predict_step(const HrPlan *plan, const HrStepShape *shape, HrStepCost *ret_costs);

/* One piece of work that a step gives to a GPU. */
typedef struct {
    const char *shader, *op; /* names, for people; they live as long as the program */
    int32_t layer;           /* -1: behind the layers */
    uint32_t groups;         /* workgroups */
    bool waits;              /* for what was written before it */
    uint64_t weight_bytes;   /* of matrices that it reads, as often as it does */
    uint64_t cache_bytes;    /* of keys and values that it reads, once each */
} HrGpuDispatch;
/* What a GPU with all the layers that one can take would be given for a step, in order, as a GArray
 * of HrGpuDispatch. No GPU is needed. HR_ERROR_UNSUPPORTED says why none could take any layer. */
GArray *hr_plan_list_dispatches(const HrPlan *plan, const HrStepShape *shape,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes of all matrices of the products that those layers compute, each once. */
uint64_t hr_plan_get_matrix_bytes(const HrPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrPlan, hr_plan_unref)

/* ---- Runners
 * -----------------------------------------------------------------------------------------------------
 * A runner owns one loaded model and one thread. Every call below is safe from any thread; events
 * arrive on the GMainContext given with the request, in order.
 */
typedef struct HrRunner HrRunner;
typedef struct HrRequest HrRequest;

typedef struct {
    float temperature;       /* <= 0: the most likely token */
    int32_t top_k;           /* <= 0: all */
    float top_p, min_p, typical_p;
    int32_t repeat_last_n;   /* 0: none, -1: num_ctx */
    float repeat_penalty, presence_penalty, frequency_penalty;
    int32_t mirostat;        /* 0, 1, 2 */
    float mirostat_tau, mirostat_eta;
    int64_t seed;            /* < 0: drawn */
} HrSampling;
/* temperature 0.8, top_k 40, top_p 0.9, min_p 0, typical_p 1, repeat_last_n 64, repeat_penalty 1,
 * penalties 0, mirostat 0 (tau 5, eta 0.1), seed -1. */
extern const HrSampling hr_sampling_default;

typedef struct {
    const HrToken *tokens; /* the whole prompt; copied */
    size_t n_tokens;
    HrSampling sampling;
    const char *const
        *stop; /* NULL-terminated or NULL; copied. A stop string is not part of the answer */
    int64_t num_predict;     /* -1: until the model stops (or the context is full), -2: until the
                                context is full, n >= 0 */
    int32_t top_logprobs;    /* -1: none; 0: the chosen token's; n: and the n most likely */
    bool ignore_eos;
    bool drafts; /* tokens that are likely to come, by what came before, may be read ahead of their
                    draw: faster where an answer repeats its prompt, the same text everywhere */
    const float *adapters; /* how much of each of the model's adapters counts, 1 as it was trained;
                              copied. NULL: 1 for all */
    /* Called on the runner's thread before each draw, with the raw logits [n_vocab]; may lower
     * them. NULL: none. */
    void (*mask)(float *logits, size_t n_vocab, void *data);
    void *mask_data;
    HrGrammar *grammar;        /* what the answer is held to, or NULL; a reference is taken */
    const char *grammar_after; /* the text behind which it holds; NULL: from the start. Copied */
    bool grammar_again; /* with grammar_after: once it is met, the answer goes on freely until that
                           text comes again */
    HrSights *sights;   /* what the tokens below zero stand for, or NULL; a reference is taken */
    bool shift; /* where the context is full, forget tokens behind the first n_keep and go on; not
                   with images */
    uint32_t n_keep;
    bool special_text; /* control tokens in the answer are shown as their text (but for those that
                          end it) */
} HrRequestOptions;

typedef enum { HR_DONE_STOP, HR_DONE_LENGTH, HR_DONE_CANCELLED, HR_DONE_ERROR } HrDoneReason;

typedef struct {
    HrToken token;
    float logprob;
} HrTokenProb;

typedef struct {
    uint32_t n_prompt;        /* tokens of the prompt */
    uint32_t n_cached;        /* of them, not read again because a slot held them */
    uint32_t n_generated;
    uint32_t n_drafted, n_taken; /* tokens that were read ahead, and those of them that were drawn */
    uint32_t n_ahead;            /* requests that waited for a slot when this one came */
    int64_t queue_us, prompt_us, generate_us;
} HrTimings;

typedef enum {
    HR_EVENT_PROMPT, /* n_read of n_prompt tokens are read; the first one comes with the slot */
    HR_EVENT_TOKEN,  /* a token was drawn; text is what may be shown now (whole characters, no part
                        of a stop string; may be "") */
    HR_EVENT_VECTOR, /* of hr_runner_embed: vector */
    HR_EVENT_DONE,   /* last event, always sent exactly once */
} HrEventKind;

typedef struct {
    HrEventKind kind;
    /* PROMPT */
    uint32_t n_read, n_prompt;
    /* TOKEN */
    HrToken token;
    const char *text; /* valid UTF-8 */
    size_t text_len;
    float logprob;
    const HrTokenProb *top; /* [n_top], most likely first */
    size_t n_top;
    /* VECTOR: [n_vectors, width], not normalised; one, but for HR_POOLING_NONE */
    const float *vectors;
    size_t n_vectors, width;
    /* DONE; text holds what was still held back */
    HrDoneReason reason;
    const GError *error; /* with HR_DONE_ERROR */
    HrTimings timings;
    uint64_t seed; /* the one that was used */
    bool steered;  /* the grammar was ended early, for want of tokens */
    uint32_t n_forgotten; /* tokens of prompt and answer that `shift` left out */
} HrEvent;
typedef void (*HrEventFunc)(const HrEvent *event, void *data);

/* fraction 0..1 while loading; return false to stop. Called on the loading thread. */
typedef bool (*HrProgressFunc)(double fraction, void *data);

/* Allocates the plan and starts the thread. Blocks while loading (a worker's job, not the
 * window's). Refuses a plan that does not fit before anything is allocated, unless force. */
HrRunner *hr_runner_new(HrModel *model, HrPlan *plan, bool force, HrProgressFunc progress,
                        void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Cancels what is running, joins the thread, frees everything. Requests get their DONE event first.
 */
void hr_runner_free(HrRunner *runner);
HrModel *hr_runner_get_model(const HrRunner *runner);
HrPlan *hr_runner_get_plan(const HrRunner *runner); /* borrowed until the next resize */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrRunner, hr_runner_free)

/* Makes a loaded model what plan says, between two steps: num_ctx, parallel, num_batch and the
 * cache's type may be others; the model, its weights with their places and the threads are the
 * same. Weights stay where they are, running answers go on, and what slots hold of prefixes that
 * still fit stays. Another type rounds what is held into it (progress is told then; it cannot be
 * stopped). Fewer slots keep those that work and those that were used last. Blocks for at most a
 * step; the runner must not be freed meanwhile. Fails with everything as it was: HR_ERROR_MEMORY
 * (as hr_runner_new; force), HR_ERROR_BUSY where a running answer would not fit (says what would),
 * HR_ERROR_SETTINGS where the model has to be loaded again for it. */
bool hr_runner_resize(HrRunner *runner, HrPlan *plan, bool force, HrProgressFunc progress,
                      void *data, GError **error);
/* Whether the answers that run and wait as far as is known would fit in; false with HR_ERROR_BUSY.
 * Does not wait; hr_runner_resize looks again. */
bool hr_runner_may_resize(HrRunner *runner, const HrSettings *settings, GError **error);
/* Gives back, soon, the cache of slots that are idle; where caches are parked, to files for two
 * seconds at most. See HrRunnerStats.releasing. */
void hr_runner_release_idle(HrRunner *runner);

/* Caches in files: what a slot held is found again by later requests that begin the same way, also
 * after the model was unloaded. */
typedef enum {
    HR_PARK_STORED,   /* n_tokens are in a file now, of bytes */
    HR_PARK_RESTORED, /* n_tokens were read back, of bytes */
    HR_PARK_FAILED,   /* they could not be written: problem says why. Nothing is lost but time */
    HR_PARK_IGNORED,  /* a file, problem, is damaged or of another cache; it is not used */
} HrParkNote;
typedef void (*HrParkNoteFunc)(HrParkNote note, uint32_t n_tokens, uint64_t bytes,
                               const char *problem, void *data);
typedef struct {
    const char *folder;   /* made, for its owner only, if it is not there */
    const char *identity; /* of the model: of another file it is another one */
    uint64_t max_bytes;   /* of all files in the folder; those that were of use longest ago go first */
    HrParkNoteFunc note;  /* called on the runner's thread; or NULL */
    void *data;
    GDestroyNotify destroy; /* of data; or NULL */
} HrParkingOptions;
/* From now on what slots hold goes to files before it is thrown away. Copied. Call it before the first
 * request. */
void hr_runner_set_parking(HrRunner *runner, const HrParkingOptions *options);

/* A GPU that fails in the middle: what is done then, and who is told. */
typedef enum {
    HR_GPU_LOST_MOVED,   /* its layers are on the host now */
    HR_GPU_LOST_REBUILT, /* they are on the device again, which was opened anew */
    HR_GPU_LOST_STUCK,   /* neither was possible: what is asked of the model fails */
} HrGpuLost;
/* plan: as it is now; why: what failed. */
typedef void (*HrGpuLostFunc)(HrGpuLost what, HrPlan *plan, const char *why, void *data);
typedef struct {
    bool go_on; /* answers that run go on with the host, which reads again what they hold; otherwise
                   they end with the reason, and the device is opened anew */
    HrGpuLostFunc note; /* called on the runner's thread; or NULL */
    void *data;
    GDestroyNotify destroy; /* of data; or NULL */
} HrGpuLostOptions;
/* Without it who runs is told what failed, and nothing else is done. Copied. Call it before the
 * first request. */
void hr_runner_set_gpu_lost(HrRunner *runner, const HrGpuLostOptions *options);

/* Queues a request. context NULL: events are called on the runner's thread itself. Fails
 * (HR_ERROR_TOO_LONG, _SETTINGS) before queueing. */
HrRequest *hr_runner_submit(HrRunner *runner, const HrRequestOptions *options,
                            GMainContext *context, HrEventFunc func, void *data,
                            GDestroyNotify destroy, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Queues a text to be turned into a vector by a model that embeds: a VECTOR event, then DONE. Fails
 * before queueing: HR_ERROR_TOO_LONG for more tokens than num_ctx, HR_ERROR_UNSUPPORTED if the
 * model generates text. (hr_runner_submit refuses models that embed likewise.) A model whose tokens
 * see the whole text computes it in one step, with other queued texts as far as num_batch goes. */
HrRequest *hr_runner_embed(HrRunner *runner, const HrToken *tokens, size_t n_tokens,
                           GMainContext *context, HrEventFunc func, void *data,
                           GDestroyNotify destroy, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Asks for an early end; the DONE event still comes, within 250 ms. */
void hr_request_cancel(HrRequest *request);
HrRequest *hr_request_ref(HrRequest *request);
void hr_request_unref(HrRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HrRequest, hr_request_unref)

typedef struct {
    uint32_t n_positions; /* held, also between requests */
    bool active;          /* it works */
} HrSlotStats;

typedef struct {
    uint32_t n_active;   /* slots that work */
    uint32_t n_queued;   /* requests without a slot */
    uint32_t n_slots;
    uint64_t cached_tokens;          /* positions held by all slots, shared pages once */
    uint64_t cache_committed_bytes;  /* of HR_ITEM_CACHE, what is really taken */
    uint64_t weights_moved_bytes; /* of HR_ITEM_WEIGHTS, what was moved out of the mapped file: the
                                     system counts it as taken */
    bool releasing; /* the cache of idle slots is on its way back; see hr_runner_release_idle */
    uint64_t bytes_read; /* weights and cache that all steps so far have read from memory */
    uint64_t allocated[HR_ITEM_N_KINDS]; /* the engine allocator's own ledger */
    double tokens_per_second;        /* of the last answer; 0 if none */
    HrSlotStats slots[HR_MAX_PARALLEL]; /* [n_slots] */
} HrRunnerStats;
void hr_runner_get_stats(HrRunner *runner, HrRunnerStats *ret_stats);
/* Of what was allocated of each kind, what is really taken: weights as they are, cache that is
 * filled, buffers that some step has touched. Asks the kernel, for some 0.1 ms. */
void hr_runner_get_committed(HrRunner *runner, uint64_t ret_bytes[HR_ITEM_N_KINDS]);
/* Seconds that one load from anywhere among the weights takes now, in a tenth of a millisecond or
 * so: to be compared with HrMachineRates.latency. 0: the weights were not moved, or are so few that
 * caches could hold them. */
double hr_runner_sample_latency(HrRunner *runner);
/* While answers are generated a step may take so many times as long because it also reads a prompt;
 * 1 or more, 2 unless it is set. Answers stay fluent with a small one, prompts are read sooner with
 * a large one; the texts are the same. */
void hr_runner_set_stretch(HrRunner *runner, double stretch);
/* The ledger item by item, in the plan's order and form (borrowed until the runner is resized or
 * freed). */
size_t hr_runner_n_allocations(const HrRunner *runner);
const HrPlanItem *hr_runner_get_allocation(const HrRunner *runner, size_t index);

/* Feeds tokens to slot 0 of an idle runner and hands out their logits, for perplexity and
 * debugging. from_start: forget the slot's past first. func is called in order for each position
 * with logits [n_vocab] (only the last position unless the plan has all_logits). Blocks. */
typedef void (*HrLogitsFunc)(uint32_t position, const float *logits, size_t n_vocab, void *data);
bool hr_runner_evaluate(HrRunner *runner, const HrToken *tokens, size_t n, bool from_start,
                        HrLogitsFunc func, void *data, GError **error);

/* The same in other ways, which must not change a bit of the answer. tokens are the whole of what
 * the slot reads. */
typedef struct {
    uint32_t slot;
    uint32_t chunk;  /* tokens of the slot in a step at most; 0: as many as fit */
    uint32_t n_keep; /* at most so many of the first tokens are taken from what the slot holds,
                        where it holds them */
    bool company; /* meanwhile, in the same steps, all other slots read the tokens from the last to
                     the first */
} HrEvaluateOptions;
bool hr_runner_evaluate_as(HrRunner *runner, const HrToken *tokens, size_t n,
                           const HrEvaluateOptions *options, HrLogitsFunc func, void *data,
                           GError **error);

G_END_DECLS
