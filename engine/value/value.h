/* value.h: what the engine itself may do with HrValue beyond hr.h: build text byte by byte, tuples,
 * dicts keyed by any value, objects of other parts, comparison and Python's two spellings of a
 * value.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Strings are UTF-8 bytes (an invalid byte counts as one character) and carry, for each byte,
 * whether it is trusted. A string whose bytes are all alike carries one flag, a mixed one a mask of
 * the same length. Everything here is heap memory owned by reference counts. Thread-safety: as hr.h
 * says of values; HrText and HrBudget belong to one thread.
 */
#pragma once

#include "hr.h"

typedef struct HrDict HrDict;
typedef struct HrReaper HrReaper;

/* What kind of Python object a list or a string stands for. */
typedef enum {
    HR_FORM_PLAIN,     /* list, str, dict */
    HR_FORM_TUPLE,     /* list: immutable and hashable */
    HR_FORM_GENERATOR, /* list: can be walked once */
    HR_FORM_KEYS,      /* list: dict.keys() and so on */
    HR_FORM_VALUES,
    HR_FORM_ITEMS,
    HR_FORM_RANGE,
    HR_FORM_MARKUP,    /* str: text that the `safe` or `escape` filter vouched for */
} HrForm;

/* Behaviour of an HR_VALUE_CALLABLE. data belongs to the value. */
typedef struct {
    const char *type_name; /* Python's name of the type, for messages: "Macro" */
    /* Frees data. Values held by it go through hr_value_reap, so that freeing never recurses. */
    void (*free)(void *data, HrReaper *reaper);
    const struct HrObjectBehaviour *behaviour; /* what the part that made it can do with it */
} HrObjectClass;

/* What one rendering may still take. Shared by everything that it builds. */
typedef struct {
    size_t bytes_left;
    bool exhausted;
} HrBudget;

/* Takes bytes off the budget (NULL: no limit). False, for good, once it is used up. */
bool hr_budget_charge(HrBudget *budget, size_t bytes);

struct HrValue {
    gatomicrefcount refs;
    uint8_t kind; /* HrValueKind */
    uint8_t form; /* HrForm */
    bool grouped; /* HR_FORM_TUPLE: a group of the groupby filter, with names for its two items */
    HrValue *next_dead; /* while it is being freed */
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct {
            char *bytes;    /* [len] and a NUL */
            uint8_t *trust; /* [len], 1: trusted; NULL: all bytes are as `trusted` says */
            size_t len, n_chars;
            bool trusted;
        } string;
        struct {
            HrValue **items;
            size_t n, capacity;
            int64_t *range; /* HR_FORM_RANGE: start, stop, step, which say how it prints */
        } list;
        HrDict *dict;
        struct {
            const HrObjectClass *class;
            void *data;
        } object;
        struct {
            char *message; /* what using it says, owned */
            bool unsafe;   /* stands for an attribute that templates may not touch */
        } undefined;
    };
};

/* Thread-safety of all constructors: Safe. All return a new reference. */
HrValue *hr_value_new_undefined(const char *message) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_value_new_form(HrForm form) G_GNUC_WARN_UNUSED_RESULT; /* an empty list of that form */
HrValue *hr_value_new_range(int64_t start, int64_t stop,
                            int64_t step) G_GNUC_WARN_UNUSED_RESULT; /* without its items */
HrValue *hr_value_new_tuple2(HrValue *take_first, HrValue *take_second) G_GNUC_WARN_UNUSED_RESULT;
HrValue *hr_value_new_object(const HrObjectClass *class, void *take_data) G_GNUC_WARN_UNUSED_RESULT;
/* The data of an object of that class, or NULL. */
void *hr_value_object(const HrValue *value, const HrObjectClass *class);
/* Drops a reference from inside HrObjectClass.free. NULL is a no-op. */
void hr_value_reap(HrReaper *reaper, HrValue *take_value);

/* ---- Text: a string under construction ---- */
typedef struct {
    char *bytes;
    uint8_t *trust; /* NULL while all bytes are alike */
    size_t len, capacity;
    bool trusted;
    bool failed; /* out of budget or memory; appending is a no-op then */
    HrBudget *budget;
} HrText;

void hr_text_init(HrText *text, HrBudget *budget);
void hr_text_append(HrText *text, const char *bytes, gssize len, bool trusted);
/* Bytes [start, start + len) of a string, each trusted as it is there. */
void hr_text_append_slice(HrText *text, const HrValue *string, size_t start, size_t len);
void hr_text_append_string(HrText *text, const HrValue *string);
void hr_text_append_char(HrText *text, gunichar c, bool trusted);
/* Turns the text into a string value and empties it. NULL if anything failed. */
HrValue *hr_text_finish(HrText *text) G_GNUC_WARN_UNUSED_RESULT;
void hr_text_clear(HrText *text);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HrText, hr_text_clear)

/* Whether byte i of a string is trusted. */
bool hr_string_trusted_at(const HrValue *string, size_t i);
/* Length in bytes of the character that starts at byte i (1 for an invalid byte); i < string
 * length. */
size_t hr_string_char_len(const HrValue *string, size_t i);
/* Byte offset of character n (the length if n is beyond the end). */
size_t hr_string_offset(const HrValue *string, size_t n);
/* The code point at byte i; an invalid byte is U+DC80 + (byte - 0x80), which no valid text holds.
 */
gunichar hr_string_char(const HrValue *string, size_t i);
bool hr_string_equal(const HrValue *string, const char *text);

/* ---- Dicts: keys are any hashable value; 1, 1.0 and True are one key, as in Python ---- */
HrDict *hr_dict_new(void);
/* Frees the table; keys and values go to the reaper. */
void hr_dict_free(HrDict *dict, HrReaper *reaper);
size_t hr_dict_size(const HrDict *dict);
HrValue *hr_dict_key_at(const HrDict *dict, size_t index);   /* borrowed */
HrValue *hr_dict_value_at(const HrDict *dict, size_t index); /* borrowed */
HrValue *hr_dict_find(const HrDict *dict, const HrValue *key);
HrValue *hr_dict_find_text(const HrDict *dict, const char *key, size_t len);
void hr_dict_insert(HrDict *dict, HrValue *take_key, HrValue *take_value);
/* The same on a HR_VALUE_DICT. */
HrValue *hr_value_dict_find(const HrValue *dict, const HrValue *key); /* borrowed, NULL if absent */
HrValue *hr_value_dict_key(const HrValue *dict, size_t index);       /* borrowed */
void hr_value_dict_insert(HrValue *dict, HrValue *take_key, HrValue *take_value);

/* ---- Comparison ----
 * How deeply nested values may be compared, hashed or printed: far beyond what messages or tool
 * schemas hold, and far below what a thread's stack takes. */
#define HR_VALUE_MAX_DEPTH 200

/* False as well where the values are nested too deeply to tell. */
bool hr_value_equal(const HrValue *a, const HrValue *b);
/* Nodes of the value's tree, shared ones counted each time, and 32-byte pieces of its strings,
 * taken off limit: what is left of it, 0 once it is used up. What comparing it may cost. */
size_t hr_value_count(const HrValue *value, size_t limit);
/* Whether the value may be a dict's key. Tuples of more than HR_VALUE_MAX_KEY_NODES nodes may not.
 */
#define HR_VALUE_MAX_KEY_NODES 1000
bool hr_value_hashable(const HrValue *value);
uint64_t hr_value_hash(const HrValue *value, uint64_t seed);
/* Orders numbers, strings and lists or tuples among themselves. False where Python has no order for
 * the pair. */
bool hr_value_compare(const HrValue *a, const HrValue *b, int *ret_order);
/* Python's truth value. */
bool hr_value_truthy(const HrValue *value);
/* Python's name of the value's type: "str", "NoneType", "list". */
const char *hr_value_type_name(const HrValue *value);

/* ---- Spelling ----
 * Python's repr() and str(). False where the value is nested too deeply. */
bool hr_text_append_repr(HrText *text, const HrValue *value);
bool hr_text_append_str(HrText *text, const HrValue *value);
/* Python's repr of a float, whatever the locale. size of buf at least HR_FLOAT_REPR_MAX. */
#define HR_FLOAT_REPR_MAX 48
void hr_float_repr(double value, char *buf);
