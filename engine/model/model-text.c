/* model-text.c: a model's tokenizer and chat template, behind hr.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model/model.h"

const HrTokenizer *hr_model_get_tokenizer(HrModel *model, GError **error)
{
    g_mutex_lock(&model->lock);
    if (!model->tokenizer && !model->tokenizer_error) {
        model->tokenizer = hr_tokenizer_new(model->gguf, &model->tokenizer_error);
        hr_gguf_give_back_header(model->gguf);
    }
    if (model->tokenizer_error && error)
        *error = g_error_copy(model->tokenizer_error);
    const HrTokenizer *tokenizer = model->tokenizer;
    g_mutex_unlock(&model->lock);
    return tokenizer;
}

/* What is made on first use does not change what the model is. */
static const HrTokenizer *tokenizer_of(const HrModel *model, GError **error)
{
    return hr_model_get_tokenizer((HrModel *)model, error);
}

GArray *hr_model_tokenize(const HrModel *model, const HrPrompt *prompt, bool add_special,
                          GError **error)
{
    const HrTokenizer *tokenizer = tokenizer_of(model, error);
    if (!tokenizer)
        return NULL;
    g_autoptr(GArray) ids = g_array_new(false, false, sizeof(HrToken));
    if (!hr_tokenizer_encode(tokenizer, prompt->text->str, (const HrSpan *)prompt->spans->data,
                             prompt->spans->len, add_special, ids, error))
        return NULL;
    return g_steal_pointer(&ids);
}

const char *hr_model_token_bytes(const HrModel *model, HrToken token, bool special, size_t *ret_len)
{
    const HrTokenizer *tokenizer = tokenizer_of(model, NULL);
    if (tokenizer && token >= 0 && (size_t)token < hr_tokenizer_size(tokenizer))
        return hr_tokenizer_bytes(tokenizer, token, special, ret_len);
    *ret_len = 0;
    return "";
}

GString *hr_model_detokenize(const HrModel *model, const HrToken *tokens, size_t n, bool special)
{
    const HrTokenizer *tokenizer = tokenizer_of(model, NULL);
    return tokenizer ? hr_tokenizer_decode(tokenizer, tokens, n, special) : g_string_new(NULL);
}

bool hr_model_has_tokenizer(const HrModel *model, GError **error)
{
    return tokenizer_of(model, error) != NULL;
}

bool hr_model_adds_bos(const HrModel *model)
{
    const HrTokenizer *tokenizer = tokenizer_of(model, NULL);
    return tokenizer && hr_tokenizer_adds_bos(tokenizer);
}

const char *hr_model_get_template(const HrModel *model)
{
    return hr_gguf_get_string(model->gguf, "tokenizer.chat_template", NULL);
}

/* ---- Rendering ---- */

static void set_token_var(const HrModel *model, HrValue *vars, const char *name, HrToken token)
{
    if (hr_value_lookup(vars, name))
        return;
    size_t len = 0;
    const char *bytes = token >= 0 ? hr_model_token_bytes(model, token, true, &len) : "";
    hr_value_set(vars, name, hr_value_new_string(bytes, (gssize)len, true));
}

/* The file's own template, parsed once. */
static const HrTemplate *own_template(HrModel *model, GError **error)
{
    const char *source = hr_model_get_template(model);
    if (!source) {
        g_set_error(error, HR_ERROR, HR_ERROR_TEMPLATE, "The model file carries no chat template.");
        return NULL;
    }
    g_mutex_lock(&model->lock);
    if (!model->tmpl)
        model->tmpl = hr_template_new(source, -1, error);
    const HrTemplate *tmpl = model->tmpl;
    g_mutex_unlock(&model->lock);
    return tmpl;
}

HrPrompt *hr_model_render(const HrModel *model, const char *template_text, HrValue *vars,
                          GError **error)
{
    g_autoptr(HrTemplate) given = template_text ? hr_template_new(template_text, -1, error) : NULL;
    const HrTemplate *tmpl = template_text ? given : own_template((HrModel *)model, error);
    if (!tmpl)
        return NULL;
    const HrTokenizer *tokenizer = tokenizer_of(model, NULL);
    set_token_var(model, vars, "bos_token", tokenizer ? hr_tokenizer_bos(tokenizer) : -1);
    set_token_var(model, vars, "eos_token", tokenizer ? hr_tokenizer_eos(tokenizer) : -1);
    return hr_template_render(tmpl, vars, g_get_real_time() / G_USEC_PER_SEC, error);
}
