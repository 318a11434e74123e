#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes fixtures: the headers of tiny models, and what another engine answers on their made-up weights.

    regenerate.py build/tests/architectures/write-fixture-model "llama-server" MODEL.gguf|FIXTURE.txt ...

The models are those that llama.cpp's test-llama-archs writes; only their headers are used (fixture.h says what takes the place
of the weights). The second argument is the command of its server, which is run without flash attention and with a cache of floats,
because its flash attention keeps queries and running sums in 16 bits. Keys that say nothing (0, false, none) are left out,
unless the server wants them. A fixture may be named as well: its header stays and is answered again, which is how variants that no file
was written of are made (change the header, let it be answered).
"""
import importlib.util, math, shlex, socket, struct, subprocess, sys, tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("peer", HERE.parent / "engine" / "regenerate-peer.py")
peer = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(peer)
peer.TOP = 16
POSITIONS = [0, 1, 3, 15, 31, 32, 33, 47, 63, 64, 71]
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
NAMES = {"I": "u32", "i": "i32", "f": "f32", "?": "bool"}
ONLY = {"xielu.": "apertus", "deepstack_mapping": "granite", "section_order": "qwen4exp"}  # long keys of single architectures


class Reader:
    """Just enough of the container for headers."""
    def __init__(self, path):
        self.data, self.at = path.read_bytes()[:1 << 20], 4
        _, n_tensors, n_entries = self.take("<IQQ")
        self.entries = [self.entry() for _ in range(n_entries)]
        self.tensors = [self.tensor() for _ in range(n_tensors)]

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values if len(values) > 1 else values[0]

    def string(self):
        n = self.take("<Q")
        self.at += n
        return self.data[self.at - n: self.at].decode()

    def value(self, kind):
        return self.string() if kind == 8 else self.take("<" + SCALARS[kind])

    def entry(self):
        key, kind = self.string(), self.take("<I")
        if kind != 9:
            return key, "string" if kind == 8 else NAMES.get(SCALARS[kind]), self.value(kind)
        element, n = self.take("<IQ")
        return key, "strings" if element == 8 else NAMES.get(SCALARS[element], "?") + "s", [self.value(element) for _ in range(n)]

    def tensor(self):
        name, n_dims = self.string(), self.take("<I")
        dims = [self.take("<Q") for _ in range(n_dims)]
        self.take("<IQ")
        return name, dims


def says_something(value):
    values = value if isinstance(value, list) else [value]
    return any(v not in (0, -1, "") for v in values)


def write(value):
    if isinstance(value, float):
        return repr(value) if math.isinf(value) else f"{value:.9g}"
    return str(int(value)) if isinstance(value, (bool, int)) else value


def header_lines(reader, architecture, all_keys):
    for key, kind, value in reader.entries:
        foreign = any(part in key and not architecture.startswith(owner) for part, owner in ONLY.items())
        if key.startswith("tokenizer.") or key == "general.name" or foreign or kind == "strings" or value == []:
            continue
        if all_keys or says_something(value):
            yield " ".join([kind, key, *map(write, value if isinstance(value, list) else [value])])
    for name, dims in reader.tensors:
        if not name.endswith(("_scale", ".scale")) or "layer_output_scale" in name:
            yield " ".join(["tensor", name, *map(str, dims)])


def answers(command, writer, text):
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        model = str(Path(folder) / "model.gguf")
        tokens = subprocess.run([writer, model], input=text, text=True, check=True, capture_output=True).stdout
        tokens = [int(t) for t in tokens.split(",")]
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        options = ["-m", model, "--port", str(port), "-c", "256", "-np", "1", "--no-warmup", "-fa", "off", "-ctk", "f32", "-ctv", "f32"]
        server = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            peer.wait_until_ready(port, server)
            for position in range(POSITIONS[-1] + 1):  # one by one: it reads several wrongly for some architectures
                top = peer.top_tokens(port, tokens[: position + 1])
                if position in POSITIONS:
                    yield " ".join(["answer", str(position), *(f"{t['id']}:{t['logprob']:.5f}" for t in top)])
        finally:
            server.terminate()
            server.wait()


def headers(path):
    if path.suffix == ".txt":
        yield "".join(line for line in path.open() if not line.startswith("answer "))
        return
    reader = Reader(path)
    architecture = next(value for key, _, value in reader.entries if key == "general.architecture")
    for all_keys in (False, True):
        yield "\n".join(header_lines(reader, architecture, all_keys)) + "\n"


def fixture(command, writer, path):
    for text in headers(path):
        try:
            return text + "\n".join(answers(command, writer, text)) + "\n"
        except SystemExit:
            continue
    return None


def main():
    writer, command = sys.argv[1], shlex.split(sys.argv[2])
    for path in map(Path, sys.argv[3:]):
        text = fixture(command, writer, path)
        if text:
            (HERE / "fixtures" / f"{path.stem}.txt").write_text(text)
        print(path.stem, f"{len(text)} bytes" if text else "no answers", flush=True)


if __name__ == "__main__":
    main()
