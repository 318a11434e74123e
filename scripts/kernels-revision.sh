#!/bin/sh
# kernels-revision.sh FOLDER BUILT_WITH HEADER DEPFILE: writes a header that names the state of the folder's sources, and of which
# files it speaks. What was measured of kernels is measured again once that is another.
#
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
LC_ALL=C
export LC_ALL
revision=$({ printf '%s\n' "$2" && cat "$1"/*.[ch] "$1"/meson.build; } | cksum | tr ' ' '-')
printf '/* Made by scripts/kernels-revision.sh. */\n#define HR_KERNELS_REVISION "%s"\n' "$revision" >"$3"
printf '%s:' "$3" >"$4"
for file in "$1"/*.[ch] "$1"/meson.build; do
    printf ' %s' "$file" | sed 's/\(.\) /\1\\ /g' >>"$4"
done
