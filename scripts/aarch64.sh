# aarch64.sh: the engine for 64-bit Arm, cross-built and tested in an emulator.
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
# build-aarch64   Debian's cross compiler, warnings as errors, the engine and its tests alone; run as a processor with byte
#                 products (every set of kernels), then as one without, where that matters

run_aarch64() {
    need_packages cross || return 1
    state=$(mktemp -d)
    trap 'rm -rf "$state"' EXIT
    trap 'exit 130' INT TERM
    : >"$state/logs"
    if build_for_test build-aarch64 --cross-file scripts/cross/aarch64.ini -Dcore=false -Dwerror=true -Ddebug=false -Doptimization=2; then
        export HEADROOM_TEST_BRIEF=1
        test_as max
        test_as cortex-a57 cpu-linear cpu-choice-neon test-vector test-evaluate test-runner test-peer
    fi
    # shellcheck disable=SC2046 # one word per log
    python3 scripts/summary.py $(cat "$state/logs")
}

test_as() { # PROCESSOR, as `qemu-aarch64 -cpu help` names it [NAME...]
    processor=$1
    shift
    echo "dev: testing as $processor" >&2
    (export QEMU_CPU="$processor" && meson_test build-aarch64 "$processor" --timeout-multiplier 10 "$@")
}
