# test.sh: every suite, in the builds it has to pass in, and one line that says how it went.
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
# build-test   gcc, warnings as errors, everything; the window's suites in a display of their own
# build-asan   engine and core under AddressSanitizer and UndefinedBehaviorSanitizer
#              (HEADROOM_TEST_BRIEF: what takes long there tries fewer sizes, every kind of them)
# build-clang  clang, warnings as errors, everything; the fuzz targets for a bounded time

run_tests() { # [NAME...]
    need_packages build run test || return 1
    get_model || echo "dev: tests that need the chat model are skipped" >&2
    state=$(mktemp -d)
    trap 'rm -rf "$state"' EXIT
    trap 'exit 130' INT TERM
    : >"$state/logs"
    test_in_gcc_build "$@"
    if [ $# -eq 0 ]; then
        test_in_sanitized_build
        test_in_clang_build
    fi
    # shellcheck disable=SC2046 # one word per log
    python3 scripts/summary.py $(cat "$state/logs")
}

# Runs a command away from the settings, data and servers of whoever calls it.
apart() {
    mkdir -p "$state/runtime" && chmod 700 "$state/runtime"
    env $(env | sed -n 's/^\(\(OLLAMA\|HEADROOM\)_[A-Z_]*\)=.*/-u \1/p') \
        XDG_DATA_HOME="$state/data" XDG_CONFIG_HOME="$state/config" XDG_CACHE_HOME="$state/cache" \
        XDG_STATE_HOME="$state/state" XDG_RUNTIME_DIR="$state/runtime" GSETTINGS_BACKEND=memory \
        HEADROOM_TEST_MODEL="$(model_path)" ${HEADROOM_SHARED:+HEADROOM_SHARED="$HEADROOM_SHARED"} \
        ${HEADROOM_TEST_BRIEF:+HEADROOM_TEST_BRIEF=1} "$@"
}

# Builds a folder and remembers a failure to do so as a failed test. Nothing else stops on it.
build_for_test() { # FOLDER [OPTION...]
    echo "dev: building $1" >&2
    build_folder "$@" || {
        echo "$1" >>"$state/logs"
        return 1
    }
}

# Runs the tests of a folder; LABEL names the log.
meson_test() { # FOLDER LABEL [ARGUMENT...]
    folder=$1 label=$2
    shift 2
    rm -f "$folder/meson-logs/$label".*
    apart $wrapper meson test -C "$folder" --no-rebuild --logbase "$label" --print-errorlogs "$@" || true
    echo "$folder/meson-logs/$label" >>"$state/logs"
}

on_a_display() {
    # libadwaita asks the session bus for the colour scheme; the cairo renderer needs no GPU and starts fastest.
    wrapper="env GSK_RENDERER=cairo GDK_BACKEND=x11 NO_AT_BRIDGE=0 dbus-run-session -- xvfb-run -a"
    "$@"
    wrapper=
}
wrapper=

test_in_gcc_build() { # [NAME...]
    build_for_test build-test -Dwerror=true -Dapp=enabled -Ddebug=false || return 0
    if [ $# -gt 0 ]; then
        on_a_display meson_test build-test chosen "$@"
        return
    fi
    meson_test build-test programs --no-suite window
    on_a_display meson_test build-test window --suite window
}

test_in_sanitized_build() {
    # -O1 finds the same errors and compiles in half the time.
    build_for_test build-asan -Dwerror=true -Dapp=disabled -Db_sanitize=address,undefined -Db_lundef=false \
        -Doptimization=1 -Dc_args=-g1 || return 0
    (
        export HEADROOM_TEST_BRIEF=1
        export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
        # gcc 14 keeps frames for that on a heap aligned to 32 bytes, and copies 64-byte structures there with AVX-512.
        export ASAN_OPTIONS=detect_stack_use_after_return=0
        meson_test build-asan sanitized --timeout-multiplier 4
    )
}

test_in_clang_build() {
    (CC="$(command -v ccache || true) clang" && export CC &&
        build_for_test build-clang -Dwerror=true -Dapp=enabled -Dfuzz=true -Doptimization=1 -Ddebug=false) || return 0
    meson_test build-clang fuzz --suite fuzz
}
