/* architectures.h: every architecture that the engine runs, a line each, in the order of the alphabet.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For arch.h and arch.c, which say what HR_ARCH makes of a name.
 */
HR_ARCH(bailingmoe)
HR_ARCH(bailingmoe2)
HR_ARCH(bert)
HR_ARCH(deepseek)
HR_ARCH(dots1)
HR_ARCH(ernie4_5_moe)
HR_ARCH(falcon_h1)
HR_ARCH(glm4moe)
HR_ARCH(granite_hybrid)
HR_ARCH(jamba)
HR_ARCH(jina_bert_v2)
HR_ARCH(lfm2)
HR_ARCH(lfm2moe)
HR_ARCH(llama)
HR_ARCH(mamba)
HR_ARCH(mamba2)
HR_ARCH(minimax_m2)
HR_ARCH(nemotron_h)
HR_ARCH(nemotron_h_moe)
HR_ARCH(nomic_bert)
HR_ARCH(olmoe)
HR_ARCH(qwen2)
HR_ARCH(qwen2moe)
HR_ARCH(qwen3)
HR_ARCH(qwen3moe)
