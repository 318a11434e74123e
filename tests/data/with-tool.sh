#!/bin/sh
# with-tool.sh TOOL ARG...: runs a validator; a test is skipped, loudly, where it is not installed.
#
# SPDX-License-Identifier: GPL-3.0-or-later
if ! command -v "$1" >/dev/null; then
    echo "skipped: $1 is not installed"
    exit 77
fi
exec "$@"
