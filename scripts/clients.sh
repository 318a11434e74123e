# clients.sh: real clients, from their registries, against a server on made-up models.
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
# They are installed once, into a folder of the user's cache, and looked for again when the list below changes. Where they cannot be
# installed (no network, no npm) their rounds are skipped, and that is said.

CLIENTS_PYTHON="ollama==0.6.* openai==2.* anthropic langchain-ollama litellm mcp llm llm-ollama jsonschema schemathesis==4.*"
CLIENTS_NODE="ollama@0.6"

clients_folder() {
    echo "${XDG_CACHE_HOME:-$HOME/.cache}/headroom/clients"
}

# Installs what is missing. Returns 1 if there is no Python client to be had.
install_clients() {
    folder=$(clients_folder)
    wanted="$CLIENTS_PYTHON $CLIENTS_NODE"
    [ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || return 0
    mkdir -p "$folder"
    echo "dev: installing clients into $folder, once" >&2
    [ -x "$folder/venv/bin/pip" ] || python3 -m venv "$folder/venv" >"$folder/log" 2>&1 || {
        echo "dev: no virtual environment could be made: $(tail -n 1 "$folder/log")" >&2
        return 1
    }
    # shellcheck disable=SC2086 # a list of names
    "$folder/venv/bin/pip" -q --disable-pip-version-check --retries 1 --timeout 30 install $CLIENTS_PYTHON >"$folder/log" 2>&1 || {
        echo "dev: the Python clients could not be installed: $(tail -n 1 "$folder/log")" >&2
        return 1
    }
    if command -v npm >/dev/null; then
        # shellcheck disable=SC2086
        npm install --silent --no-audit --no-fund --prefix "$folder" $CLIENTS_NODE >"$folder/log" 2>&1 ||
            echo "dev: the JavaScript client could not be installed: $(tail -n 1 "$folder/log")" >&2
    fi
    echo "$wanted" >"$folder/installed"
}

# Answers when the server does.
wait_for_server() { # URL
    for _ in $(seq 100); do
        python3 -c "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()" "$1" 2>/dev/null && return 0
        sleep 0.1
    done
    return 1
}

free_port() {
    python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
}

# Two models without sense: "tiny", and "caller", whose template knows tools and thinking.
make_client_models() { # BUILD FOLDER URL
    mkdir -p "$2/data/headroom/models"
    "$1/tests/cli/write-tiny-model" "$2/data/headroom/models/tiny.gguf" || return 1
}

make_caller() { # URL
    python3 - "$1" <<'PYTHON'
import json, sys, urllib.request
template = ("{% for m in messages %}{{ m.role }}: {{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>{{ c.function.name }}</tool_call>"
            "{% endfor %}\n{% endfor %}{{ tools }}{% if false %}<tool_call>{% endif %}assistant:")
body = json.dumps({"model": "caller", "from": "tiny", "template": template, "stream": False}).encode()
print(urllib.request.urlopen(sys.argv[1] + "/api/create", body).read().decode())
PYTHON
}

run_rounds() { # FOLDER URL
    failed=0
    for round in ollama openai anthropic others schemas; do
        "$clients/venv/bin/python" "tests/clients/round_$round.py" || failed=1
    done
    if [ -d "$clients/node_modules/ollama" ] && command -v node >/dev/null; then
        HEADROOM_NODE_FOLDER=$clients node tests/clients/round_ollama.mjs || failed=1
    else
        echo "dev: SKIPPED: the JavaScript client (npm is not here)" >&2
    fi
    tests/server/storm --seconds 120 build-test/headroom build-test/tests/cli/write-tiny-model || failed=1
    run_ollama_suite build-test "$clients" || failed=1
    # Last, because it also deletes what it finds.
    "$clients/venv/bin/python" tests/clients/round_openapi.py || failed=1
    return $failed
}

run_clients() {
    need_packages build run || return 1
    command -v npm >/dev/null || need_packages clients || echo "dev: the JavaScript client needs npm" >&2
    install_clients || {
        echo "dev: SKIPPED: clients could not be installed; nothing was tested" >&2
        return 0
    }
    clients=$(clients_folder) chat_model=$(model_path)
    get_model || echo "dev: rounds that need the chat model are skipped" >&2
    build_folder build-test -Dwerror=true -Dapp=enabled -Ddebug=false || return 1
    scratch=$(mktemp -d)
    url=http://127.0.0.1:$(free_port)
    make_client_models build-test "$scratch" || return 1
    # Away from the settings, data and servers of whoever calls it.
    for name in $(env | sed -n 's/^\(\(OLLAMA\|HEADROOM\)_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
    export XDG_DATA_HOME="$scratch/data" XDG_RUNTIME_DIR="$scratch" XDG_CONFIG_HOME="$scratch/config"
    export XDG_CACHE_HOME="$scratch/cache" XDG_STATE_HOME="$scratch/state" HEADROOM_MODELS="$scratch/store"
    export OLLAMA_HOST="$url" HEADROOM_HOST="${url#http://}" HEADROOM_TINY_GGUF="$scratch/data/headroom/models/tiny.gguf"
    export LITELLM_LOCAL_MODEL_COST_MAP=True
    build-test/headroom serve >"$scratch/log" 2>&1 &
    server=$!
    trap 'kill "$server" 2>/dev/null; rm -rf "$scratch"' EXIT
    status=1
    if wait_for_server "$url" && make_caller "$url"; then
        run_rounds "$scratch" "$url" && status=0
    else
        echo "dev: the server did not start" >&2
    fi
    [ $status -eq 0 ] || tail -n 20 "$scratch/log" >&2
    return $status
}
