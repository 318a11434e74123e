/* headroom-modelfile.h: the text that describes a model to create.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   # comment
 *   FROM ./model.gguf
 *   PARAMETER num_ctx 8192
 *   SYSTEM """You are
 *   brief."""
 *   MESSAGE user Hello
 *
 * Instruction names in any case; a value goes to the end of its line, or stands in "..." or
 * """...""" and may then span lines. This file knows the grammar only; what FROM means is the
 * store's affair. Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

#include "hr.h"

G_BEGIN_DECLS

/* A Modelfile may carry a licence and a long SYSTEM. */
#define HEADROOM_MODELFILE_MAX_BYTES (16u * 1024 * 1024)

#define HEADROOM_MODELFILE_ERROR (headroom_modelfile_error_quark ())
GQuark headroom_modelfile_error_quark (void);

typedef enum {
  HEADROOM_MODELFILE_ERROR_SYNTAX,
  HEADROOM_MODELFILE_ERROR_NO_FROM,
  HEADROOM_MODELFILE_ERROR_PARAMETER,
} HeadroomModelfileError;

typedef struct {
  char *keyword; /* lower-case instruction; "parameter" and "message" carry name as well */
  char *name;    /* the parameter's name, the message's role, or NULL */
  char *value;
  guint line;    /* from 1 */
} HeadroomModelfileCommand;

typedef struct {
  GPtrArray *commands; /* HeadroomModelfileCommand, in file order; at least one "from" */
} HeadroomModelfile;

/**
 * headroom_modelfile_parse:
 * @text: UTF-8, a byte order mark is skipped
 * @len: bytes of @text, or -1
 *
 * Returns: (transfer full) (nullable): the commands, or %NULL with @error set
 */
HeadroomModelfile *headroom_modelfile_parse (const char *text, gssize len,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
void headroom_modelfile_free (HeadroomModelfile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HeadroomModelfile, headroom_modelfile_free)

/* The last value of an instruction, borrowed, or NULL. */
const char *headroom_modelfile_get (const HeadroomModelfile *self, const char *keyword);
/* All values of an instruction. */
GStrv headroom_modelfile_dup_all (const HeadroomModelfile *self,
                                  const char *keyword) G_GNUC_WARN_UNUSED_RESULT;
/* PARAMETERs as a dict of typed options ("stop" gathers all its values), or NULL with error:
 * unknown parameter 'x', invalid float value [x]. */
HrValue *headroom_modelfile_dup_parameters (const HeadroomModelfile *self,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* MESSAGEs as a list of {role, content}. */
HrValue *headroom_modelfile_dup_messages (const HeadroomModelfile *self) G_GNUC_WARN_UNUSED_RESULT;
/* text as a value of a Modelfile, quoted where it must be. */
char *headroom_modelfile_quote (const char *text) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
