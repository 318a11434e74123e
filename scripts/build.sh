# build.sh: build folders, one per purpose.
#
# SPDX-License-Identifier: GPL-3.0-or-later

# Sets up FOLDER with the options given, once, and builds it.
build_folder() { # FOLDER [OPTION...]
    folder=$1
    shift
    if [ ! -f "$folder/build.ninja" ]; then
        rm -rf "$folder"
        meson setup "$folder" "$@" >"$folder.log" 2>&1 || {
            cat "$folder.log" >&2
            rm -f "$folder.log"
            return 1
        }
        rm -f "$folder.log"
    fi
    ninja -C "$folder" >&2
}

build_program() {
    build_folder build -Dapp=enabled
}
