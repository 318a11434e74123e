#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes peer.txt: what another engine answers on the tiny models of peer-cases.c.

    regenerate-peer.py build/tests/engine/write-peer-models "llama-server" > tests/engine/peer.txt

The second argument is the command of a llama.cpp server; it may have arguments. It is run without flash attention and
with a cache of floats, because its flash attention keeps queries and running sums of values in 16 bits: that alone is a
mean KL of 1e-5, a hundred times what two float implementations differ by.

One line per case and position: the case, the position, then id:log-probability of the most likely tokens.
"""
import json, shlex, socket, subprocess, sys, tempfile, time, urllib.request
from pathlib import Path

POSITIONS = [0, 1, 2, 3, 7, 15, 31, 40, 63, 64, 65, 80, 96, 112, 127, 128, 140, 149]
TOP = 24


def ask(port, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", data), timeout=60) as answer:
        return json.load(answer)


def top_tokens(port, tokens):
    """The probabilities are those before any bias. None come with a token that is no text: then another is forced."""
    body = {"prompt": tokens, "n_predict": 1, "n_probs": TOP, "temperature": 0, "ignore_eos": True}
    for forced in [None, *range(33, 127)]:
        answer = ask(port, "/completion", body if forced is None else {**body, "logit_bias": [[forced - 33, 1000]]})
        if "completion_probabilities" in answer:
            return answer["completion_probabilities"][0]["top_logprobs"]
    raise SystemExit("the server gives no probabilities")


def wait_until_ready(port, server):
    for _ in range(300):
        if server.poll() is not None:
            raise SystemExit("the server ended")
        try:
            return ask(port, "/health")
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def write_case(command, model, adapters, tokens):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-m", model, "--port", str(port), "-c", "1024", "-np", "1", "--no-warmup", "-fa", "off", "-ctk", "f32", "-ctv", "f32"]
    for adapter in adapters:
        options += ["--lora", adapter]
    server = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(port, server)
        for position in POSITIONS:
            top = top_tokens(port, tokens[: position + 1])
            print(Path(model).stem, position, *(f"{t['id']}:{t['logprob']:.6f}" for t in top))
    finally:
        server.terminate()
        server.wait()


def main():
    writer, command = sys.argv[1], shlex.split(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        first, *models = subprocess.run([writer, folder], check=True, capture_output=True, text=True).stdout.splitlines()
        for line in models:
            model, *adapters = line.split("\t")
            write_case(command, model, adapters, [int(t) for t in first.split(",")])


if __name__ == "__main__":
    main()
