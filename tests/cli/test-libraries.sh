#!/bin/sh
# test-libraries.sh PROGRAM: the terminal program needs no window system.
#
# SPDX-License-Identifier: GPL-3.0-or-later
libraries=$(ldd "$1") || exit 1
if echo "$libraries" | grep -E 'libgtk|libgdk|libadwaita|libX11|libwayland|libcairo|libpango'; then
    echo "$1 links a window system"
    exit 1
fi
