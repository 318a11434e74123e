/* test-split.c: where each family of pre-tokenizers cuts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The expected words are what a general regular-expression engine makes of the published
 * expressions.
 */
#include "tokenizer/split.h"

#include <glib.h>
#include <string.h>

#define CUT "¦"
#define N_TEXTS 11

typedef struct {
    const char *name;
    const char *words[N_TEXTS]; /* the text, with CUT between words */
} Family;

static const Family families[] = {
    {"gpt-2", {
         "Hello¦ ¦ world¦'s¦ 123¦\n\n¦ x",
         "I¦'¦M¦ don¦'t¦ YOU¦'¦LL¦ '¦tis",
         "1234567¦ a¦1¦b¦22",
         "  \n \t\n ¦ end¦  ",
         "foo¦.¦bar¦/¦baz¦//¦ ...¦\n¦!¦\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ 日本ABC",
         "naïve¦ e¦\u0301¦té¦ ह¦ि¦न¦्¦द¦ी",
         "x¦ ¦ 日本語¦、¦ok¦\u3000¦한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0¦b¦\r\n\r¦\n¦c",
         "Ж¦2½٣¦ d¦'¦Été",
     }},
    {"smollm", {
         "Hello¦ ¦ world¦'s¦ ¦1¦2¦3¦\n\n¦ x",
         "I¦'¦M¦ don¦'t¦ YOU¦'¦LL¦ '¦tis",
         "1¦2¦3¦4¦5¦6¦7¦ a¦1¦b¦2¦2",
         "  \n \t\n ¦ end¦  ",
         "foo¦.¦bar¦/¦baz¦//¦ ...¦\n¦!¦\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ 日本ABC",
         "naïve¦ e¦\u0301¦té¦ ह¦ि¦न¦्¦द¦ी",
         "x¦ ¦ 日本語¦、¦ok¦\u3000¦한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0¦b¦\r\n\r¦\n¦c",
         "Ж¦2¦½¦٣¦ d¦'¦Été",
     }},
    {"llama-bpe", {
         "Hello¦ ¦ world¦'s¦ ¦123¦\n\n¦ x",
         "I¦'M¦ don¦'t¦ YOU¦'LL¦ '¦tis",
         "123¦456¦7¦ a¦1¦b¦22",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ 日本ABC",
         "naïve¦ e¦\u0301té¦ ह¦िन¦्द¦ी",
         "x¦ ¦ 日本語¦、ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2½٣¦ d¦'Été",
     }},
    {"qwen2", {
         "Hello¦ ¦ world¦'s¦ ¦1¦2¦3¦\n\n¦ x",
         "I¦'M¦ don¦'t¦ YOU¦'LL¦ '¦tis",
         "1¦2¦3¦4¦5¦6¦7¦ a¦1¦b¦2¦2",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ 日本ABC",
         "naïve¦ e¦\u0301té¦ ह¦िन¦्द¦ी",
         "x¦ ¦ 日本語¦、ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2¦½¦٣¦ d¦'Été",
     }},
    {"qwen35", {
         "Hello¦ ¦ world¦'s¦ ¦1¦2¦3¦\n\n¦ x",
         "I¦'M¦ don¦'t¦ YOU¦'LL¦ '¦tis",
         "1¦2¦3¦4¦5¦6¦7¦ a¦1¦b¦2¦2",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ 日本ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦ ¦ 日本語¦、ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2¦½¦٣¦ d¦'Été",
     }},
    {"gpt-4o", {
         "Hello¦ ¦ world's¦ ¦123¦\n\n¦ x",
         "I'M¦ don't¦ YOU'LL¦ '¦tis",
         "123¦456¦7¦ a¦1¦b¦22",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camel¦Case¦XMLHttp¦ École¦À¦ 日本¦ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦ ¦ 日本語¦、ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2½٣¦ d¦'Été",
     }},
    {"tekken", {
         "Hello¦ ¦ world¦'s¦ ¦1¦2¦3¦\n\n¦ x",
         "I¦'M¦ don¦'t¦ YOU¦'LL¦ '¦tis",
         "1¦2¦3¦4¦5¦6¦7¦ a¦1¦b¦2¦2",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camel¦Case¦XMLHttp¦ École¦À¦ 日本¦ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦ ¦ 日本語¦、ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2¦½¦٣¦ d¦'Été",
     }},
    {"deepseek-v3", {
         "Hello¦ ¦ world¦'s¦ ¦123¦\n\n¦ x",
         "I¦'M¦ don¦'t¦ YOU¦'LL¦ '¦tis",
         "123¦456¦7¦ a¦1¦b¦22",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ ¦日本¦ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦  ¦日本語¦、¦ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2½٣¦ d¦'¦Été",
     }},
    {"deepseek-llm", {
         "Hello¦ ¦ world¦'¦s¦ ¦123¦\n¦\n¦ x",
         "I¦'¦M¦ don¦'¦t¦ YOU¦'¦LL¦ '¦tis",
         "1234567¦ a¦1¦b¦22",
         "  ¦\n¦ \t¦\n¦ ¦ end¦  ",
         "foo¦.¦bar¦/¦baz¦//¦ ...¦\n¦!¦\n",
         "camelCaseXMLHttp¦ É¦cole¦À¦ ¦日本¦ABC",
         "na¦ï¦ve¦ e¦\u0301¦t¦é¦ ¦हिन्दी",
         "x¦  ¦日本語¦、¦ok¦\u3000¦한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r¦\n¦\r¦\n¦c",
         "Ж¦2½٣¦ d¦'¦É¦t¦é",
     }},
    {"deepseek-coder", {
         "Hello¦ ¦ world¦'¦s¦ ¦1¦2¦3¦\n¦\n¦ x",
         "I¦'¦M¦ don¦'¦t¦ YOU¦'¦LL¦ '¦tis",
         "1¦2¦3¦4¦5¦6¦7¦ a¦1¦b¦2¦2",
         "  ¦\n¦ \t¦\n¦ ¦ end¦  ",
         "foo¦.¦bar¦/¦baz¦//¦ ...¦\n¦!¦\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ ¦日本¦ABC",
         "naïve¦ e¦\u0301¦té¦ ¦ह¦ि¦न¦्¦द¦ी",
         "x¦ ¦ ¦日本語¦、¦ok¦\u3000한국",
         "<|¦a¦|> $¦5¦ + `¦c¦`",
         "a¦\u00a0b¦\r¦\n¦\r¦\n¦c",
         "Ж¦2¦½¦٣¦ d¦'¦Été",
     }},
    {"falcon", {
         "Hello¦ ¦ world¦'¦s¦ ¦123¦\n\n¦ x",
         "I¦'¦M¦ don¦'¦t¦ YOU¦'¦LL¦ ¦'¦tis",
         "123¦456¦7¦ a¦1¦b¦22",
         "  \n \t\n ¦ end¦  ",
         "foo¦.¦bar¦/¦baz¦//¦ ¦...¦\n¦!¦\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ 日本ABC",
         "naïve¦ e¦\u0301¦té¦ ह¦ि¦न¦्¦द¦ी",
         "x¦ ¦ 日本語¦、¦ok¦\u3000¦한국",
         "<|¦a¦|>¦ ¦$¦5¦ ¦+¦ ¦`¦c¦`",
         "a¦\u00a0¦b¦\r\n\r¦\n¦c",
         "Ж¦2½٣¦ d¦'¦Été",
     }},
    {"default", {
         "Hello¦ ¦ world¦'¦s¦ ¦123¦\n\n¦ x",
         "I¦'¦M¦ don¦'¦t¦ YOU¦'¦LL¦ ¦'¦tis",
         "123¦456¦7¦ a¦1¦b¦22",
         "  \n \t\n ¦ end¦  ",
         "foo¦.¦bar¦/¦baz¦//¦ ¦...¦\n¦!¦\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ 日本ABC",
         "naïve¦ e¦\u0301¦té¦ ह¦ि¦न¦्¦द¦ी",
         "x¦ ¦ 日本語¦、¦ok¦\u3000¦한국",
         "<|¦a¦|>¦ ¦$¦5¦ ¦+¦ `¦c¦`",
         "a¦\u00a0¦b¦\r\n\r¦\n¦c",
         "Ж¦2½٣¦ d¦'¦Été",
     }},
    {"bloom", {
         "Hello¦ ¦ world's¦ 123¦\n\n¦ x",
         "I'M¦ don't¦ YOU'LL¦ 'tis",
         "1234567¦ a1b22",
         "  \n \t\n ¦ end¦  ",
         "foo¦.¦bar/baz//¦ ...\n!\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ 日本ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦ ¦ 日本語¦、¦ok¦\u3000¦한국",
         "<¦|¦a¦|¦>¦ $5¦ +¦ `c`",
         "a¦\u00a0¦b¦\r\n\r\n¦c",
         "Ж2½٣¦ d'Été",
     }},
    {"afmoe", {
         "Hello¦ ¦ world¦'s¦ ¦123¦\n\n¦ x",
         "I¦'M¦ don¦'t¦ YOU¦'LL¦ '¦tis",
         "1¦234¦567¦ a¦1¦b¦22",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ ¦日本¦ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦  ¦日本語¦、¦ok¦\u3000¦한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2¦½¦٣¦ d¦'¦Été",
     }},
    {"tiny_aya", {
         "Hello¦ ¦ world's¦ ¦123¦\n\n¦ x",
         "I'M¦ don't¦ YOU'LL¦ '¦tis",
         "1¦234¦567¦ a¦1¦b¦22",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camel¦Case¦XMLHttp¦ École¦À¦ 日本¦ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦ ¦ 日本語¦、ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2¦½¦٣¦ d¦'Été",
     }},
    {"kimi-k2", {
         "Hello¦ ¦ world's¦ ¦123¦\n\n¦ x",
         "I'M¦ don't¦ YOU'LL¦ '¦tis",
         "123¦456¦7¦ a¦1¦b¦22",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camel¦Case¦XMLHttp¦ École¦À¦ ¦日本¦ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦ ¦ ¦日本語¦、ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2½٣¦ d¦'Été",
     }},
    {"youtu", {
         "Hello¦ ¦ world's¦ ¦1¦2¦3¦\n\n¦ x",
         "I'M¦ don't¦ YOU'LL¦ '¦tis",
         "1¦2¦3¦4¦5¦6¦7¦ a¦1¦b¦2¦2",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camel¦Case¦XMLHttp¦ École¦À¦ ¦日本¦ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦  ¦日本語¦、¦ok¦\u3000¦한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2¦½¦٣¦ d¦'Été",
     }},
    {"exaone-moe", {
         "Hello¦ ¦ world¦'s¦ ¦1¦2¦3¦\n\n¦ x",
         "I¦'M¦ don¦'t¦ YOU¦'LL¦ '¦tis",
         "1¦2¦3¦4¦5¦6¦7¦ a¦1¦b¦2¦2",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camelCaseXMLHttp ÉcoleÀ 日本ABC",
         "naïve e\u0301té हिन्दी",
         "x¦ ¦ 日本語¦、ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2¦½¦٣¦ d¦'Été",
     }},
    {"jais-2", {
         "Hello¦ ¦ world¦'s¦ ¦123¦\n\n¦ x",
         "I¦'M¦ don¦'t¦ YOU¦'LL¦ '¦tis",
         "123¦456¦7¦ a¦1¦b¦22",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ 日本ABC",
         "naïve¦ e¦\u0301té¦ ह¦िन¦्द¦ी",
         "x¦ ¦ 日本語¦、ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2½٣¦ d¦'Été",
     }},
    {"k2-horizon", {
         "Hello¦ ¦ world¦'s¦ ¦123¦\n\n¦ x",
         "I¦'M¦ don¦'t¦ YOU¦'LL¦ '¦tis",
         "123¦456¦7¦ a¦1¦b¦22",
         "  \n \t\n¦ ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...\n¦!\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ 日本ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦ ¦ 日本語¦、ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r\n\r\n¦c",
         "Ж¦2½٣¦ d¦'Été",
     }},
    {"spark2_5", {
         "Hello¦ ¦ world¦'s¦ ¦1¦2¦3¦\n¦\n¦ x",
         "I¦'M¦ don¦'t¦ YOU¦'LL¦ '¦tis",
         "1¦2¦3¦4¦5¦6¦7¦ a¦1¦b¦2¦2",
         "  \n \t\n ¦ end¦  ",
         "foo¦.bar¦/baz¦//¦ ...¦\n¦!¦\n",
         "camelCaseXMLHttp¦ ÉcoleÀ¦ ¦日本¦ABC",
         "naïve¦ e\u0301té¦ हिन्दी",
         "x¦  ¦日本語¦、¦ok¦\u3000한국",
         "<|¦a¦|>¦ $¦5¦ +¦ `¦c¦`",
         "a¦\u00a0b¦\r¦\n¦\r¦\n¦c",
         "Ж¦2¦½¦٣¦ d¦'¦Été",
     }},
};

typedef struct {
    const char *text;
    const HrRune *runes;
    size_t at, n_words;
    GString *words;
} Collector;

static void collect(size_t begin, size_t end, void *data)
{
    Collector *collector = data;

    g_assert_cmpuint(begin, <, end);
    if (collector->n_words++ > 0)
        g_string_append(collector->words, CUT);
    for (size_t i = begin; i < end; i++) {
        size_t len = hr_rune_bytes(collector->runes[i]);

        g_string_append_len(collector->words, collector->text + collector->at, (gssize)len);
        collector->at += len;
    }
}

/* The text with its cuts. */
static char *split(const char *name, const char *text)
{
    const HrPretokenizer *pretokenizer = hr_pretokenizer_find(name);
    size_t len = strlen(text), n;
    g_autofree HrRune *runes = g_new(HrRune, len + 1);
    Collector collector = {.text = text, .runes = runes, .words = g_string_new(NULL)};

    g_assert_nonnull(pretokenizer);
    n = hr_runes_from_utf8(text, len, runes);
    hr_pretokenizer_split(pretokenizer, runes, n, collect, &collector);
    g_assert_cmpuint(collector.at, ==, len);
    return g_string_free(collector.words, FALSE);
}

static char *without_cuts(const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, CUT, -1);

    return g_strjoinv("", parts);
}

static void test_family(const void *data)
{
    const Family *family = data;

    for (size_t i = 0; i < N_TEXTS; i++) {
        g_autofree char *text = without_cuts(family->words[i]);
        g_autofree char *words = split(family->name, text);

        g_assert_cmpstr(words, ==, family->words[i]);
    }
}

/* Names that mean the same rules. */
static void test_names(void)
{
    static const char *const same[][4] = {
        {"llama-bpe", "llama3", "llama-v3", "falcon3"},
        {"qwen2", "deepseek-r1-qwen", "stablelm2", "megrez"},
        {"gpt-2", "mpt", "olmo", "phi-2"},
        {"smollm", "starcoder", "refact", "command-r"},
        {"gpt-4o", "llama4", "gpt-4o", "llama4"},
        {"glm4", "glm5", "glm4", "glm5"},
        {"tiny_aya", "cohere2moe", "tiny_aya", "cohere2moe"},
        {"gemma4", "granite-embed-multi-311m", "gemma4", "gemma4"},
        {"mmbert", "sarvam-moe", "mmbert", "sarvam-moe"},
        {"chatglm-bpe", "dbrx", "smaug-bpe", "dbrx"},
        {"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(same[i]); j++) {
            g_assert_nonnull(hr_pretokenizer_find(same[i][j]));
            g_assert_true(hr_pretokenizer_find(same[i][j]) == hr_pretokenizer_find(same[i][0]));
        }
    }
    g_assert_true(hr_pretokenizer_find("llama-bpe")->ignore_merges);
    g_assert_true(hr_pretokenizer_find("llama-bpe")->adds_bos);
    g_assert_true(hr_pretokenizer_find("tekken")->ignore_merges);
    g_assert_false(hr_pretokenizer_find("gpt-4o")->ignore_merges);
    g_assert_false(hr_pretokenizer_find("qwen2")->adds_bos);
    g_assert_true(hr_pretokenizer_find("gemma4")->adds_bos);
    g_assert_false(hr_pretokenizer_find("mmbert")->adds_bos);
    g_assert_null(hr_pretokenizer_find(""));
    g_assert_null(hr_pretokenizer_find("gpt"));
}

/* Runs that make a backtracking engine go over the text again from each character: seconds here
 * would be hours. */
static void test_long_runs(const void *data)
{
    static const char *const units[] = {" ", "\n", " \n",    "a",  "A",  "aA",   "'",
                                        "!", "1",  "\u0301", "日", " a", "\xff", "／"};
    const Family *family = data;

    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *words = NULL;

        while (text->len < 1u << 18)
            g_string_append(text, units[i]);
        g_string_append(text, "x");
        words = split(family->name, text->str);
    }
}

/* ---- Characters ---- */

static void test_runes_invalid(void)
{
    static const char *const texts[] = {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                        "\xe2\x82", "\x80",         "\xf8\x88\x80\x80\x80"};
    HrRune runes[8];

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        size_t len = strlen(texts[i]);

        g_assert_cmpuint(hr_runes_from_utf8(texts[i], len, runes), ==, len);
        for (size_t j = 0; j < len; j++) {
            g_assert_true(runes[j] & HR_RUNE_INVALID);
            g_assert_cmpuint(hr_rune_bytes(runes[j]), ==, 1);
        }
    }
    g_assert_cmpuint(hr_runes_from_utf8("\xef\xbf\xbd", 3, runes), ==,
                     1); /* U+FFFD itself is a character */
    g_assert_false(runes[0] & HR_RUNE_INVALID);
}

static void test_runes_classes(void)
{
    static const struct {
        uint32_t code;
        HrRune classes;
    } cases[] = {
        {'a', HR_RUNE_LETTER | HR_RUNE_LOWER},
        {0x1c5, HR_RUNE_LETTER | HR_RUNE_UPPER},
        {0x65e5, HR_RUNE_LETTER},
        {0x1d43, HR_RUNE_LETTER},
        {'7', HR_RUNE_NUMBER},
        {0xbd, HR_RUNE_NUMBER},
        {0x2167, HR_RUNE_NUMBER},
        {'_', HR_RUNE_PUNCT},
        {'$', HR_RUNE_SYMBOL},
        {0x301, HR_RUNE_MARK},
        {'\n', HR_RUNE_SPACE | HR_RUNE_NEWLINE},
        {0x0b, HR_RUNE_SPACE},
        {0x85, HR_RUNE_SPACE},
        {0x1c, 0},
        {0x200b, 0},
        {0x3000, HR_RUNE_SPACE},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmphex(hr_rune_classify(cases[i].code), ==, cases[i].code | cases[i].classes);
}

static void add(const char *kind, const Family *family, GTestDataFunc func)
{
    g_autofree char *path = g_strdup_printf("/tokenizer/split/%s%s", kind, family->name);

    g_test_add_data_func(path, family, func);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        add("", &families[i], test_family);
        add("long-runs/", &families[i], test_long_runs);
    }
    g_test_add_func("/tokenizer/split/names", test_names);
    g_test_add_func("/tokenizer/runes/invalid", test_runes_invalid);
    g_test_add_func("/tokenizer/runes/classes", test_runes_classes);
    return g_test_run();
}
