# run.sh: opens the window, or a chat in the terminal where there is no display.
#
# SPDX-License-Identifier: GPL-3.0-or-later

NO_DISPLAY=69 # what headroom-app exits with when no window can be opened

run_program() { # [-- ARGS]
    need_packages build || return 1
    build_program || return 1
    if [ "${1:-}" = -- ]; then
        shift
        exec build/headroom "$@"
    fi
    need_packages run && get_model || true
    if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
        status=0
        build/headroom-app || status=$?
        [ "$status" -eq "$NO_DISPLAY" ] || return "$status"
    fi
    run_in_terminal
}

run_in_terminal() {
    model=$(model_path)
    if [ ! -f "$model" ]; then
        echo "dev: no display for the window, and no model for the terminal: ./dev run -- run FILE.gguf" >&2
        return 1
    fi
    echo "dev: no display for the window: this is the chat in the terminal" >&2
    if [ -t 0 ]; then
        exec build/headroom run "$model"
    fi
    exec build/headroom run "$model" "Say hello in one short sentence." </dev/null
}
