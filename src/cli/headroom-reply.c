/* headroom-reply.c: asks the server, and prints the answer while it comes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "headroom-reply.h"

#include "headroom-cli.h"
#include "headroom-json.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <unistd.h>

#define DIM "\033[2m"
#define PLAIN "\033[0m"
#define NSEC_PER_SEC 1e9

typedef struct {
  GString *text;
  gboolean thinking; /* what came last was a thought */
  gboolean dims;     /* stderr may be coloured */
  HrValue *last;     /* the record with done: true, or NULL */
} Printer;

/* ---- Thoughts and text ---- */

static void
print_thought (Printer *printer, const char *thought)
{
  if (!printer->thinking)
    g_printerr ("%s%s\n", printer->dims ? DIM : "", _("Thinking…"));
  g_printerr ("%s", thought);
  printer->thinking = TRUE;
}

static void
end_thought (Printer *printer)
{
  if (printer->thinking)
    g_printerr ("\n%s%s\n\n", _("…done thinking."), printer->dims ? PLAIN : "");
  printer->thinking = FALSE;
}

static void
print_text (Printer *printer, const char *text)
{
  end_thought (printer);
  g_string_append (printer->text, text);
  fputs (text, stdout);
  fflush (stdout);
}

static void
on_line (const char *line, gpointer user_data)
{
  Printer *printer = user_data;
  g_autoptr (HrValue) record = headroom_json_parse (line, -1, FALSE, NULL);
  HrValue *message = record != NULL ? hr_value_lookup (record, "message") : NULL;
  const char *thought;
  const char *text;

  if (record == NULL)
    return;
  thought = headroom_json_get_string (message != NULL ? message : record, "thinking");
  text = headroom_json_get_string (message != NULL ? message : record,
                                   message != NULL ? "content" : "response");
  if (thought != NULL && *thought != '\0')
    print_thought (printer, thought);
  if (text != NULL && *text != '\0')
    print_text (printer, text);
  if (headroom_json_get_bool (record, "done", FALSE)) {
    g_clear_pointer (&printer->last, hr_value_unref);
    printer->last = g_steal_pointer (&record);
  }
}

/* ---- Timings ---- */

static void
print_span (const char *label, gint64 ns)
{
  g_printerr ("%-22s %.3f s\n", label, (double) ns / NSEC_PER_SEC);
}

static void
print_rate (const char *label, gint64 tokens, gint64 ns)
{
  if (ns > 0)
    g_printerr ("%-22s %.2f tokens/s\n", label, (double) tokens * NSEC_PER_SEC / (double) ns);
}

static void
print_count (const char *label, gint64 tokens)
{
  g_printerr ("%-22s %" G_GINT64_FORMAT " token(s)\n", label, tokens);
}

/* The names are those of the API's fields, so they are not translated. */
static void
print_timings (const HrValue *record)
{
  gint64 prompt_tokens = headroom_json_get_int (record, "prompt_eval_count", 0);
  gint64 prompt_ns = headroom_json_get_int (record, "prompt_eval_duration", 0);
  gint64 tokens = headroom_json_get_int (record, "eval_count", 0);
  gint64 ns = headroom_json_get_int (record, "eval_duration", 0);

  g_printerr ("\n");
  print_span ("total duration:", headroom_json_get_int (record, "total_duration", 0));
  print_span ("load duration:", headroom_json_get_int (record, "load_duration", 0));
  print_count ("prompt eval count:", prompt_tokens);
  print_span ("prompt eval duration:", prompt_ns);
  print_rate ("prompt eval rate:", prompt_tokens, prompt_ns);
  print_count ("eval count:", tokens);
  print_span ("eval duration:", ns);
  print_rate ("eval rate:", tokens, ns);
}

/* An answer that was cut is never passed off as a whole one. */
static void
print_reason (const HrValue *record)
{
  const char *reason = headroom_json_get_string (record, "done_reason");

  if (g_strcmp0 (reason, "length") == 0)
    headroom_cli_complain (
        _("the answer was cut: it reached num_predict, or the end of the context"));
}

/* ---- Asking ---- */

static gboolean
on_interrupt (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_CONTINUE;
}

static void
finish (Printer *printer, gboolean verbose)
{
  end_thought (printer);
  if (printer->text->len > 0 && printer->text->str[printer->text->len - 1] != '\n')
    fputs ("\n", stdout);
  fflush (stdout);
  if (printer->last != NULL) {
    print_reason (printer->last);
    if (verbose)
      print_timings (printer->last);
  }
  g_clear_pointer (&printer->last, hr_value_unref);
}

gboolean
headroom_reply_print (HeadroomClient *client, const char *path, const HrValue *body,
                      gboolean verbose, HeadroomReply *ret_reply, GError **error)
{
  g_autofree char *text = headroom_json_print (body, HEADROOM_JSON_PLAIN);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) problem = NULL;
  Printer printer = { .text = g_string_new (NULL),
                      .dims = headroom_cli_may_colour (STDERR_FILENO) };
  guint interrupt = g_unix_signal_add (SIGINT, on_interrupt, cancellable);
  gboolean ok =
      headroom_client_stream (client, path, text, on_line, &printer, cancellable, &problem);

  g_source_remove (interrupt);
  finish (&printer, verbose);
  if (!ok && !g_cancellable_is_cancelled (cancellable)) {
    g_string_free (printer.text, TRUE);
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  *ret_reply = (HeadroomReply) { .text = printer.text, .stopped = !ok };
  return TRUE;
}

void
headroom_reply_clear (HeadroomReply *reply)
{
  if (reply->text != NULL)
    g_string_free (g_steal_pointer (&reply->text), TRUE);
}
