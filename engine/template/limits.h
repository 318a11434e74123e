/* limits.h: what a template may take. Templates come with files from anywhere, so each of these is
 * an error, never a crash.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <stddef.h>

/* Bytes of source. The longest known template is 20 KiB; its tree takes some 30 times as much
 * memory. */
#define HR_TEMPLATE_MAX_SOURCE (1u << 20)

/* Brackets, blocks and operators inside of one another while parsing. People stop at 20; a level
 * takes about 1 KiB of stack. */
#define HR_TEMPLATE_MAX_NESTING 150

/* Expressions and statements under evaluation at once, macro calls included. A recursive macro that
 * spells a JSON schema takes about 10 for each level. */
#define HR_TEMPLATE_MAX_DEPTH 1200

/* Bytes of a name. Looking one up costs its length, each time. */
#define HR_TEMPLATE_MAX_NAME 256

/* Bytes of a message about what is missing: undefined values keep theirs, and a template makes as
 * many as it likes. */
#define HR_TEMPLATE_MAX_MESSAGE 400

/* Nodes evaluated, list items touched, 32-byte pieces of text looked at: a second or two at the
 * worst. A conversation of 2000 messages takes some 500 000. */
#define HR_TEMPLATE_MAX_STEPS 10000000u

/* Bytes of text and lists built while rendering, counted when made and never given back, so that
 * memory and time have one bound. The longest prompts are a few MiB and pass through some ten
 * copies. */
#define HR_TEMPLATE_MAX_WORK_BYTES ((size_t)256 << 20)

/* Bytes of the prompt: more than 10 million tokens. */
#define HR_TEMPLATE_MAX_OUTPUT ((size_t)64 << 20)

/* Items of a range, the same as in Jinja2's sandbox. */
#define HR_TEMPLATE_MAX_RANGE 100000

/* Bytes or items that one repetition ("ab" * n), padding or indentation may make: far beyond any
 * layout. */
#define HR_TEMPLATE_MAX_REPEAT ((size_t)1 << 20)

/* The limits that tests lower. */
typedef struct {
    size_t steps, depth, work_bytes, output_bytes;
} HrTemplateLimits;

#define HR_TEMPLATE_DEFAULT_LIMITS                                                                \
    ((HrTemplateLimits){HR_TEMPLATE_MAX_STEPS, HR_TEMPLATE_MAX_DEPTH, HR_TEMPLATE_MAX_WORK_BYTES, \
                        HR_TEMPLATE_MAX_OUTPUT})
