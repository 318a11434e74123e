/* test-modelfile.c: the grammar of Modelfiles.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "headroom-json.h"
#include "headroom-modelfile.h"

static void
test_all (void)
{
  const char *text = "\xef\xbb\xbf# a comment\r\n"
                     "from ./model.gguf\r\n"
                     "\n"
                     "  PARAMETER num_ctx 8192\n"
                     "Parameter\ttemperature 0.5\n"
                     "PARAMETER stop \"<|end|>\"\n"
                     "PARAMETER stop a b\n"
                     "PARAMETER temperature 0.7\n"
                     "PARAMETER use_mmap false\n"
                     "PARAMETER mirostat 2\n"
                     "PARAMETER numa true\n"
                     "SYSTEM \"\"\"You are\nbrief.\n# not a comment\"\"\"\n"
                     "TEMPLATE \"one line\"\n"
                     "LICENSE first\n"
                     "LICENSE '''second'''\n"
                     "MESSAGE user Hello there\n"
                     "MESSAGE assistant \"Hi\nyou\"\n"
                     "RENDERER qwen3";
  g_autoptr(GError) error = NULL;
  g_autoptr(HeadroomModelfile) file = headroom_modelfile_parse (text, -1, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (headroom_modelfile_get (file, "from"), ==, "./model.gguf");
  g_assert_cmpstr (headroom_modelfile_get (file, "system"), ==, "You are\nbrief.\n# not a comment");
  g_assert_cmpstr (headroom_modelfile_get (file, "template"), ==, "one line");
  g_assert_cmpstr (headroom_modelfile_get (file, "renderer"), ==, "qwen3");
  g_assert_null (headroom_modelfile_get (file, "parser"));
  g_auto(GStrv) licenses = headroom_modelfile_dup_all (file, "license");
  g_assert_cmpuint (g_strv_length (licenses), ==, 2);
  g_assert_cmpstr (licenses[1], ==, "'''second'''");

  g_autoptr(HrValue) parameters = headroom_modelfile_dup_parameters (file, &error);
  g_assert_no_error (error);
  g_autofree char *json = headroom_json_print (parameters, HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (
      json, ==,
      "{\"num_ctx\":8192,\"temperature\":0.7,\"stop\":[\"<|end|>\",\"a b\"],\"use_mmap\":false,\"mirostat\":2}");
  g_autoptr(HrValue) messages = headroom_modelfile_dup_messages (file);
  g_autofree char *messages_json = headroom_json_print (messages, HEADROOM_JSON_PLAIN);
  g_assert_cmpstr (
      messages_json, ==,
      "[{\"role\":\"user\",\"content\":\"Hello there\"},{\"role\":\"assistant\",\"content\":\"Hi\\nyou\"}]");
}

#define COMMANDS                                                                                                               \
  "command must be one of \"from\", \"license\", \"template\", \"system\", \"adapter\", \"draft\", \"renderer\", \"parser\", " \
  "\"parameter\", \"message\", or \"requires\""

static void
test_refusals (void)
{
  static const struct {
    const char *text, *message;
  } bad[] = {
    { "", "no FROM line" },
    { "# only this", "no FROM line" },
    { "SYSTEM hi", "no FROM line" },
    { "FROM x\nFETCH y", "(line 2): " COMMANDS },
    { "FROM\nSYSTEM a", "(line 1): the command has no value" },
    { "FROM x\nMESSAGE robot hi",
      "(line 2): message role must be one of \"system\", \"user\", or \"assistant\"" },
    { "FROM x\nSYSTEM \"\"\"open\nagain", "unexpected EOF" },
    { "FROM x\nSYSTEM \"open", "unexpected EOF" },
    { "FROM \xff", "the Modelfile is not UTF-8 text (byte 5)" },
  };
  static const struct {
    const char *text, *message;
  } bad_parameters[] = {
    { "FROM x\nPARAMETER nonsense 1", "(line 2): unknown parameter 'nonsense'" },
    { "FROM x\nPARAMETER num_ctx many", "(line 2): invalid int value [many]" },
    { "FROM x\nPARAMETER num_ctx 1.5", "(line 2): invalid int value [1.5]" },
    { "FROM x\nPARAMETER temperature hot", "(line 2): invalid float value [hot]" },
    { "FROM x\nPARAMETER temperature 0x10", "(line 2): invalid float value [0x10]" },
    { "FROM x\nPARAMETER use_mmap perhaps", "(line 2): invalid bool value [perhaps]" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null (headroom_modelfile_parse (bad[i].text, -1, &error));
    g_assert_cmpstr (error->message, ==, bad[i].message);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (bad_parameters); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr (HeadroomModelfile) file =
        headroom_modelfile_parse (bad_parameters[i].text, -1, &error);
    g_assert_no_error (error);
    g_assert_null (headroom_modelfile_dup_parameters (file, &error));
    g_assert_cmpstr (error->message, ==, bad_parameters[i].message);
  }
}

static void
test_utf16 (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr (HeadroomModelfile) file = headroom_modelfile_parse ("\xff\xfe"
                                                                 "F\0R\0O\0M\0 \0x\0",
                                                                 14, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (headroom_modelfile_get (file, "from"), ==, "x");
}

static void
test_quote (void)
{
  static const char *const texts[] = { "plain",           "",      " lead", "two\nlines",
                                       "with \"quotes\"", "tail\t" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *quoted = headroom_modelfile_quote (texts[i]);
    g_autofree char *text = g_strdup_printf ("FROM x\nSYSTEM %s\n", quoted);
    g_autoptr(GError) error = NULL;
    g_autoptr(HeadroomModelfile) file = headroom_modelfile_parse (text, -1, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (headroom_modelfile_get (file, "system"), ==, texts[i]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/modelfile/all", test_all);
  g_test_add_func ("/store/modelfile/refusals", test_refusals);
  g_test_add_func ("/store/modelfile/utf16", test_utf16);
  g_test_add_func ("/store/modelfile/quote", test_quote);
  return g_test_run ();
}
