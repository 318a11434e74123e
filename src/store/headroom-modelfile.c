/* headroom-modelfile.c: see headroom-modelfile.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The text is first made plain (UTF-8, no byte order mark, no unprintable characters), then walked
 * line by line. A value that opens with a quote is complete at the first line end that the same
 * quote precedes; until then lines are joined.
 */
#include "headroom-modelfile.h"

#include <string.h>

#include "headroom-options.h"

G_DEFINE_QUARK (headroom-modelfile-error-quark, headroom_modelfile_error)

#define TRIPLE "\"\"\""

static const char *const keywords[] = { "from",      "license", "template", "system",
                                        "adapter",   "draft",   "renderer", "parser",
                                        "parameter", "message", "requires", NULL };
static const char *const roles[] = { "system", "user", "assistant", NULL };

typedef struct {
  char **lines;
  guint at; /* index of the line being read */
} Reader;

static void
command_free (gpointer data)
{
  HeadroomModelfileCommand *command = data;

  g_free (command->keyword);
  g_free (command->name);
  g_free (command->value);
  g_free (command);
}

/* ---- Plain text ---- */

static char *
dup_utf8 (const char *text, gsize len, GError **error)
{
  if (len >= 2 && (memcmp (text, "\xff\xfe", 2) == 0 || memcmp (text, "\xfe\xff", 2) == 0))
    return g_convert (text, (gssize) len, "UTF-8", "UTF-16", NULL, NULL, error);
  if (len >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0) {
    text += 3;
    len -= 3;
  }
  const char *end;
  if (!g_utf8_validate_len (text, len, &end)) {
    g_set_error (error, HEADROOM_MODELFILE_ERROR, HEADROOM_MODELFILE_ERROR_SYNTAX,
                 "the Modelfile is not UTF-8 text (byte %" G_GSIZE_FORMAT ")",
                 (gsize) (end - text));
    return NULL;
  }
  return g_strndup (text, len);
}

static char *
dup_printable (const char *text)
{
  GString *printable = g_string_sized_new (strlen (text));

  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c)) {
    gunichar rune = g_utf8_get_char (c);
    if (g_unichar_isprint (rune) || rune == '\n' || rune == '\t' ||
        rune == 0x200d /* joins emoji */)
      g_string_append_unichar (printable, rune);
  }
  return g_string_free (printable, FALSE);
}

/* ---- Commands ---- */

static const char *
skip_blanks (const char *text)
{
  while (*text == ' ' || *text == '\t')
    text++;
  return text;
}

/* The word at *text in *ret_word; *text moves behind it and the blanks that follow. */
static char *
take_word (const char **text)
{
  gsize len = strcspn (*text, " \t");
  char *word = g_strndup (*text, len);

  *text = skip_blanks (*text + len);
  return word;
}

/* The value without its quotes, or NULL if a quote is still open. */
static char *
dup_unquoted (const char *text)
{
  g_autofree char *trimmed = g_strstrip (g_strdup (text));
  gsize len = strlen (trimmed);

  if (g_str_has_prefix (trimmed, TRIPLE))
    return len >= 6 && g_str_has_suffix (trimmed, TRIPLE) ? g_strndup (trimmed + 3, len - 6) : NULL;
  if (trimmed[0] == '"')
    return len >= 2 && trimmed[len - 1] == '"' ? g_strndup (trimmed + 1, len - 2) : NULL;
  return g_steal_pointer (&trimmed);
}

static char *
read_value (Reader *reader, const char *first, GError **error)
{
  g_autoptr(GString) text = g_string_new (first);
  char *value;

  while ((value = dup_unquoted (text->str)) == NULL) {
    if (reader->lines[reader->at + 1] == NULL) {
      g_set_error_literal (error, HEADROOM_MODELFILE_ERROR, HEADROOM_MODELFILE_ERROR_SYNTAX,
                           "unexpected EOF");
      return NULL;
    }
    reader->at++;
    g_string_append_printf (text, "\n%s", reader->lines[reader->at]);
  }
  return value;
}

static gboolean
refuse (GError **error, guint line, const char *what)
{
  g_set_error (error, HEADROOM_MODELFILE_ERROR, HEADROOM_MODELFILE_ERROR_SYNTAX, "(line %u): %s",
               line, what);
  return FALSE;
}

static gboolean
read_command (Reader *reader, HeadroomModelfile *self, GError **error)
{
  const char *rest = skip_blanks (reader->lines[reader->at]);
  HeadroomModelfileCommand *command;
  guint line = reader->at + 1;

  if (*rest == '\0' || *rest == '#')
    return TRUE;
  command = g_new0 (HeadroomModelfileCommand, 1);
  g_ptr_array_add (self->commands, command);
  g_autofree char *word = take_word (&rest);
  command->keyword = g_ascii_strdown (word, -1);
  command->line = line;
  if (!g_strv_contains (keywords, command->keyword))
    return refuse (
        error, line,
        "command must be one of \"from\", \"license\", \"template\", \"system\", \"adapter\", \"draft\", \"renderer\", "
        "\"parser\", \"parameter\", \"message\", or \"requires\"");
  if (strcmp (command->keyword, "parameter") == 0 || strcmp (command->keyword, "message") == 0)
    command->name = take_word (&rest);
  if (strcmp (command->keyword, "message") == 0 && !g_strv_contains (roles, command->name))
    return refuse (error, line,
                   "message role must be one of \"system\", \"user\", or \"assistant\"");
  if (*rest == '\0')
    return refuse (error, line, "the command has no value");
  command->value = read_value (reader, rest, error);
  return command->value != NULL;
}

HeadroomModelfile *
headroom_modelfile_parse (const char *text, gssize len, GError **error)
{
  g_autoptr(HeadroomModelfile) self = g_new0 (HeadroomModelfile, 1);
  gsize n_bytes = len < 0 ? strlen (text) : (gsize) len;

  self->commands = g_ptr_array_new_with_free_func (command_free);
  if (n_bytes > HEADROOM_MODELFILE_MAX_BYTES) {
    g_set_error (error, HEADROOM_MODELFILE_ERROR, HEADROOM_MODELFILE_ERROR_SYNTAX,
                 "a Modelfile may have at most %u bytes", HEADROOM_MODELFILE_MAX_BYTES);
    return NULL;
  }
  g_autofree char *utf8 = dup_utf8 (text, n_bytes, error);
  if (utf8 == NULL)
    return NULL;
  g_autofree char *printable = dup_printable (utf8);
  g_auto(GStrv) lines = g_strsplit (printable, "\n", -1);
  for (Reader reader = { .lines = lines }; reader.lines[reader.at] != NULL; reader.at++) {
    if (!read_command (&reader, self, error))
      return NULL;
  }
  if (headroom_modelfile_get (self, "from") == NULL) {
    g_set_error_literal (error, HEADROOM_MODELFILE_ERROR, HEADROOM_MODELFILE_ERROR_NO_FROM,
                         "no FROM line");
    return NULL;
  }
  return g_steal_pointer (&self);
}

void
headroom_modelfile_free (HeadroomModelfile *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->commands);
  g_free (self);
}

/* ---- Asking ---- */

const char *
headroom_modelfile_get (const HeadroomModelfile *self, const char *keyword)
{
  for (guint i = self->commands->len; i-- > 0;) {
    const HeadroomModelfileCommand *command = g_ptr_array_index (self->commands, i);
    if (strcmp (command->keyword, keyword) == 0)
      return command->value;
  }
  return NULL;
}

GStrv
headroom_modelfile_dup_all (const HeadroomModelfile *self, const char *keyword)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < self->commands->len; i++) {
    const HeadroomModelfileCommand *command = g_ptr_array_index (self->commands, i);
    if (strcmp (command->keyword, keyword) == 0)
      g_strv_builder_add (builder, command->value);
  }
  return g_strv_builder_end (builder);
}

HrValue *
headroom_modelfile_dup_parameters (const HeadroomModelfile *self, GError **error)
{
  g_autoptr(HrValue) dict = hr_value_new_dict ();
  HrValue *stop = NULL; /* belongs to dict */

  for (guint i = 0; i < self->commands->len; i++) {
    const HeadroomModelfileCommand *command = g_ptr_array_index (self->commands, i);
    if (strcmp (command->keyword, "parameter") != 0)
      continue;
    g_autoptr (HrValue) value =
        headroom_option_value_from_text (command->name, command->value, error);
    if (value == NULL) {
      g_prefix_error (error, "(line %u): ", command->line);
      return NULL;
    }
    if (strcmp (command->name, "stop") != 0) {
      if (hr_value_kind (value) != HR_VALUE_NULL)
        hr_value_set (dict, command->name, g_steal_pointer (&value));
      continue;
    }
    if (stop == NULL)
      hr_value_set (dict, "stop", stop = hr_value_new_list ());
    hr_value_append (stop, g_steal_pointer (&value));
  }
  return g_steal_pointer (&dict);
}

HrValue *
headroom_modelfile_dup_messages (const HeadroomModelfile *self)
{
  HrValue *list = hr_value_new_list ();

  for (guint i = 0; i < self->commands->len; i++) {
    const HeadroomModelfileCommand *command = g_ptr_array_index (self->commands, i);
    if (strcmp (command->keyword, "message") != 0)
      continue;
    HrValue *message = hr_value_new_dict ();
    hr_value_set (message, "role", hr_value_new_string (command->name, -1, true));
    hr_value_set (message, "content", hr_value_new_string (command->value, -1, false));
    hr_value_append (list, message);
  }
  return list;
}

char *
headroom_modelfile_quote (const char *text)
{
  if (strpbrk (text, "\n\"") != NULL)
    return g_strconcat (TRIPLE, text, TRIPLE, NULL);
  if (*text == '\0' || g_ascii_isspace (text[0]) || g_ascii_isspace (text[strlen (text) - 1]))
    return g_strconcat ("\"", text, "\"", NULL);
  return g_strdup (text);
}
