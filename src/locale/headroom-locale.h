/* headroom-locale.h: finds the translations.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* To be called first in main (): sets the locale from the environment and binds the text domain.
 * Translations are where the program was built to be installed, or, where a copy of it lies
 * elsewhere, beside it (../share/locale). */
void headroom_locale_init (void);

G_END_DECLS
