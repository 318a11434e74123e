/* headroom-reason.c: see headroom-reason.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-reason.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Translators: {0} and {1} are filled in and may change places. Of [one|two|three], what changes
 * nothing is left out and the rest joined by commas. */
static const struct {
  const char *code, *types, *text;
} reasons[HEADROOM_REASON_N] = {
  [HEADROOM_REASON_ASKED] = { "asked", "uuf",
                              N_("A request asked for it; it was loaded with num_ctx {0} and parallel {1} in {2} s.") },
  [HEADROOM_REASON_REFUSED] = { "refused", "s", "{0}" },
  [HEADROOM_REASON_ROOM] = { "room", "sb",
                             N_("It was idle, and {0} needs {1} more memory than is free.") },
  [HEADROOM_REASON_TOO_MANY] = { "too-many", "s",
                                 N_("It was idle, and {0} would be one model too many (MAX_LOADED_MODELS).") },
  [HEADROOM_REASON_TOLD_TO_GO] = { "told-to-go", "",
                                   N_("It was asked to go as soon as it is idle (keep_alive 0).") },
  [HEADROOM_REASON_KEEP_ALIVE] = { "keep-alive", "s",
                                   N_("Nobody asked for it for {0} (keep_alive).") },
  [HEADROOM_REASON_OTHER_SETTINGS] = { "other-settings", "s", N_("It is loaded again: {0}.") },
  [HEADROOM_REASON_BUSY] = { "busy", "",
                             N_("It waits until a model that is busy now has answered.") },
  [HEADROOM_REASON_MESSAGES_CUT] = { "messages-cut", "uu",
                                     N_("Messages of a conversation were left out, the oldest first ({0}): they did not fit in num_ctx {1}.") },
  [HEADROOM_REASON_TOKENS_CUT] = { "tokens-cut", "uu",
                                   N_("{0} tokens were cut out of a prompt that did not fit in num_ctx {1}.") },
  [HEADROOM_REASON_TEXTS_CUT] = { "texts-cut", "uu",
                                  N_("Texts were cut to num_ctx {1} before they became vectors ({0}).") },
  [HEADROOM_REASON_READER_LEFT] = { "reader-left", "",
                                    N_("A client stopped reading its answer; it was disconnected.") },
  [HEADROOM_REASON_PRESSURE] = { "pressure", "bs",
                                 N_("It was idle, and other programs need the memory: only {0} were left on {1}.") },
  [HEADROOM_REASON_STALLS] = { "stalls", "f",
                               N_("It was idle, and programs waited for memory in {0} percent of the last ten seconds.") },
  [HEADROOM_REASON_HELPLESS] = { "helpless", "bs",
                                 N_("Only {0} are left on {1}, and no model may go: all are busy or pinned.") },
  [HEADROOM_REASON_LOAD_STALLED] = { "load-stalled", "s",
                                     N_("Loading it did not get on for {0} (LOAD_TIMEOUT); the disk or network may be stuck.") },
  [HEADROOM_REASON_LOAD_SQUEEZED] = { "load-squeezed", "bs",
                                      N_("Loading it was given up: other programs took the memory meanwhile, and only {0} were left on {1}.") },
  [HEADROOM_REASON_WATCH_MEMORY] = { "watch-memory", "sff",
                                     N_("{1} percent of the memory of {0} are in use; the threshold is {2}.") },
  [HEADROOM_REASON_WATCH_BUS] = { "watch-bus", "ff",
                                  N_("Answers take {0} percent of what memory can deliver; the threshold is {1}.") },
  [HEADROOM_REASON_WATCH_LATENCY] = { "watch-latency", "ff",
                                      N_("Memory takes {0} times as long to answer as on the idle machine; the threshold is {1}.") },
  [HEADROOM_REASON_WATCH_SWAP] = { "watch-swap", "bb",
                                   N_("{0} of swap are in use; the threshold is {1}.") },
  [HEADROOM_REASON_WATCH_FRAGMENTATION] = { "watch-fragmentation", "ff",
                                            N_("{0} percent of what the program keeps for small things is unused; the threshold is {1}.") },
  [HEADROOM_REASON_DIFFERENT_SIZES] = { "different-sizes", "u",
                                        N_("Clients keep asking for different num_ctx; {0} for "
                                            "all of them would do for each, without resizing.") },
  [HEADROOM_REASON_RESIZED] = { "resized", "uuuussuu",
                                N_("It was resized while it stays loaded: [num_ctx {1} instead of {0}|"
                                    "parallel {3} instead of {2}|num_batch {7} instead of {6}|"
                                    "a {5} cache instead of {4}].") },
  [HEADROOM_REASON_LAYERS_ASKED] = { "layers-asked", "uuu",
                                     N_("{0} of its layers moved while it stays loaded, as was asked for: {2} are on GPUs instead of {1}.") },
  [HEADROOM_REASON_LAYERS_FIT] = { "layers-fit", "uuu",
                                   N_("{0} of its layers moved to GPUs while it stays loaded, because there is room for them: {2} instead of {1}.") },
  [HEADROOM_REASON_LAYERS_LEFT] = { "layers-left", "uuu",
                                    N_("{0} of its layers left the GPUs while it stays loaded, because there is no room for them any more: {2} instead of {1}.") },
  [HEADROOM_REASON_GPU_LOST_MOVED] = { "gpu-lost-moved", "s",
                                       N_("A GPU failed ({0}). Its layers are with the processor now, and answers go on there; “headroom resize --gpu-layers” brings them back.") },
  [HEADROOM_REASON_GPU_LOST_REBUILT] = { "gpu-lost-rebuilt", "s",
                                         N_("A GPU failed ({0}). Answers that ran have ended with that; the device was opened anew and has its layers again.") },
  [HEADROOM_REASON_GPU_LOST_STUCK] = { "gpu-lost-stuck", "s",
                                       N_("A GPU failed ({0}), and there is no room for its layers elsewhere: the model has to be unloaded.") },
  [HEADROOM_REASON_GPU_REFUSED] = { "gpu-refused", "s",
                                    N_("A GPU could not take its layers ({0}): it was loaded for the processor alone.") },
  [HEADROOM_REASON_PARKED] = { "parked", "ub",
                               N_("{0} tokens that nobody uses now were put into a file of {1}.") },
  [HEADROOM_REASON_UNPARKED] = { "unparked", "ub",
                                 N_("{0} tokens were read back from a file ({1}) instead of being computed again.") },
  [HEADROOM_REASON_PARK_FAILED] = { "park-failed", "s",
                                    N_("A cache could not be put into a file ({0}); it will be computed again when it is needed.") },
  [HEADROOM_REASON_PARK_IGNORED] = { "park-ignored", "s",
                                     N_("{0} is damaged or of another version; it was not used.") },
  [HEADROOM_REASON_CACHE_GIVEN_UP] = { "cache-given-up", "b",
                                       N_("Its idle cache of {0} was given up, because other programs need the memory.") },
  [HEADROOM_REASON_LOOP] = { "loop", "u",
                             N_("An answer goes round in circles: the same words again and again ({0} tokens).") },
  [HEADROOM_REASON_LOOP_ENDED] = { "loop-ended", "u",
                                   N_("An answer without a limit (num_predict) was ended: the same words came again and again ({0} tokens).") },
};

const char *
headroom_reason_code (HeadroomReason reason)
{
  return reasons[reason].code;
}

gboolean
headroom_reason_parse_code (const char *code, HeadroomReason *ret_reason)
{
  for (int i = 0; i < HEADROOM_REASON_N; i++) {
    if (!g_str_equal (reasons[i].code, code))
      continue;
    *ret_reason = (HeadroomReason) i;
    return TRUE;
  }
  return FALSE;
}

HrValue *
headroom_reason_new (HeadroomReason reason, va_list args)
{
  HrValue *params = hr_value_new_list ();
  guint64 bytes;

  for (const char *type = reasons[reason].types; *type != '\0'; type++) {
    switch (*type) {
    case 's':
      hr_value_append (params, hr_value_new_string (va_arg (args, const char *), -1, false));
      break;
    case 'u':
      hr_value_append (params, hr_value_new_int (va_arg (args, guint)));
      break;
    case 'b':
      bytes = va_arg (args, guint64);
      hr_value_append (params, hr_value_new_int ((gint64) MIN (bytes, G_MAXINT64)));
      break;
    default:
      hr_value_append (params, hr_value_new_float (va_arg (args, double)));
    }
  }
  return params;
}

static void
append_param (GString *text, char type, const HrValue *param)
{
  if (param == NULL)
    return;
  if (hr_value_kind (param) == HR_VALUE_STRING) {
    g_string_append (text, hr_value_get_string (param, NULL));
  } else if (hr_value_kind (param) == HR_VALUE_FLOAT) {
    g_string_append_printf (text, "%.1f", hr_value_get_float (param));
  } else if (type == 'b') {
    g_autofree char *size =
        g_format_size_full ((guint64) hr_value_get_int (param), G_FORMAT_SIZE_IEC_UNITS);
    g_string_append (text, size);
  } else {
    g_string_append_printf (text, "%" G_GINT64_FORMAT, hr_value_get_int (param));
  }
}

/* Of the parameter that a text has here; G_MAXSIZE: it has none. */
static gsize
find_param (const char *at)
{
  return at[0] == '{' && g_ascii_isdigit (at[1]) && at[2] == '}' ? (gsize) (at[1] - '0')
                                                                 : G_MAXSIZE;
}

/* Up to one of the ends; returns where that is. */
static const char *
append_part (GString *text, const char *at, const char *ends, const char *types,
             const HrValue *params)
{
  for (; *at != '\0' && strchr (ends, *at) == NULL; at++) {
    gsize index = find_param (at);
    if (index == G_MAXSIZE) {
      g_string_append_c (text, *at);
      continue;
    }
    if (index < strlen (types) && index < hr_value_size (params))
      append_param (text, types[index], hr_value_at (params, index));
    at += 2;
  }
  return at;
}

static gboolean
is_same (const HrValue *a, const HrValue *b)
{
  return hr_value_kind (a) == HR_VALUE_STRING
             ? g_strcmp0 (hr_value_get_string (a, NULL), hr_value_get_string (b, NULL)) == 0
             : hr_value_get_int (a) == hr_value_get_int (b);
}

/* Whether the parameters of a part are two that differ. */
static gboolean
tells_change (const char *at, const HrValue *params)
{
  const HrValue *first = NULL;

  for (; *at != '\0' && strchr ("|]", *at) == NULL; at++) {
    gsize index = find_param (at);
    if (index == G_MAXSIZE)
      continue;
    if (index >= hr_value_size (params))
      return FALSE;
    if (first == NULL)
      first = hr_value_at (params, index);
    else if (!is_same (first, hr_value_at (params, index)))
      return TRUE;
  }
  return FALSE;
}

/* at: behind the bracket; returns where the list ends. */
static const char *
append_changes (GString *text, const char *at, const char *types, const HrValue *params)
{
  gboolean more = FALSE;

  for (;; at++) {
    if (tells_change (at, params)) {
      if (more)
        g_string_append (text, ", ");
      at = append_part (text, at, "|]", types, params);
      more = TRUE;
    } else {
      at += strcspn (at, "|]");
    }
    if (*at != '|')
      return at;
  }
}

char *
headroom_reason_dup_text (HeadroomReason reason, const HrValue *params)
{
  const char *types = reasons[reason].types;
  GString *text = g_string_new (NULL);
  const char *at = _(reasons[reason].text);

  while (*(at = append_part (text, at, "[", types, params)) != '\0') {
    at = append_changes (text, at + 1, types, params);
    if (*at == ']')
      at++;
  }
  return g_string_free (text, FALSE);
}
