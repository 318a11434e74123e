#!/usr/bin/env python3
"""How benchmarks end that do not come to their end: Ctrl+C, a server that dies, a disk that is full, a model
that is too large or gone. What was measured until then is kept and marked.

    test-cli-bench-endings.py PROGRAM TINY_MODEL_WRITER

Speaks TAP. Nothing here depends on how fast the machine is: each step waits for the one before it.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

PROGRAM, WRITER = sys.argv[1:3]
HOME = pathlib.Path(tempfile.mkdtemp(prefix="headroom-endings-"))
MODEL = HOME / "tiny.gguf"
ENV = {"PATH": os.environ["PATH"], "HOME": str(HOME), "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(HOME / "run"),
       **{f"XDG_{name}_HOME": str(HOME / name.lower()) for name in ("DATA", "CONFIG", "CACHE", "STATE")},
       **{name: value for name, value in os.environ.items() if name.startswith(("ASAN", "UBSAN", "LSAN"))}}


class Bench:
    """A command whose stderr is a terminal, so that it tells its progress, and whose stdout is read whole."""

    def __init__(self, *args):
        self.fd, other = pty.openpty()
        self.process = subprocess.Popen([PROGRAM, "bench", *args], env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=other)
        os.close(other)
        self.err = ""

    def read(self):
        """Reads more of stderr; False where there is no more."""
        select.select([self.fd], [], [])
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.err += data.decode(errors="replace")
        return bool(data)

    def wait_for(self, pattern):
        while not re.search(pattern, self.err):
            assert self.read(), f"no “{pattern}” in: {self.err}"

    def end(self):
        while self.read():
            pass
        out = self.process.stdout.read().decode()
        os.close(self.fd)
        return self.process.wait(), out


def serve():
    """A server of its own, so that it can die; returns it and its address."""
    server = subprocess.Popen([PROGRAM, "serve", "--host", "127.0.0.1:0"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                              env={**ENV, "XDG_RUNTIME_DIR": str(HOME / "run2"), "HEADROOM_MODELS": str(HOME / "store2")})
    seen = ""
    for line in server.stderr:
        seen += line
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return server, found.group(0)
    raise AssertionError(f"no address in: {seen}")


def samples(report, key="total"):
    return len(report[key]["samples"])


def test_interrupt():
    """Ctrl+C: what was measured is printed and marked; the status is the shell's for it."""
    bench = Bench("latency", str(MODEL), "-r", "100000", "-p", "4", "-n", "2", "--json")
    bench.wait_for(r"requests 3/100000")
    bench.process.send_signal(signal.SIGINT)
    status, out = bench.end()
    report = json.loads(out)
    assert status == 130, status
    assert report["complete"] is False
    assert 3 <= samples(report) < 100000
    assert "stopped" in bench.err


def test_interrupt_sweep():
    """The same in what runs in this process: the points that are done stay."""
    bench = Bench("sweep", str(MODEL), "--values", ",".join(["16", "32"] * 2000), "-n", "2", "-r", "1", "--json")
    bench.wait_for(r"num_ctx 2/4000")
    bench.process.send_signal(signal.SIGINT)
    status, out = bench.end()
    report = json.loads(out)
    assert status == 130, status
    assert report["complete"] is False
    assert 2 <= len(report["points"]) < 4000


def test_server_dies():
    """A server that ends in the middle: what it answered is kept, and the sentence says what happened."""
    shutil.copy(MODEL, HOME / "data" / "headroom" / "models" / "tiny.gguf")
    for args, step, part in (("latency", "-r", "100000"), r"requests 3/100000", None), \
            (("throughput", "-w", ",".join(["1", "2"] * 100), "-s", "0.3"), r"levels 1/200", "levels"):
        server, address = serve()
        bench = Bench(args[0], "tiny", *args[1:], "-p", "4", "-n", "2", "--host", address, "--json")
        bench.wait_for(step)
        server.kill()
        status, out = bench.end()
        server.wait()
        server.stderr.close()
        report = json.loads(out)
        assert status == 1, status
        assert report["complete"] is False
        assert report["error"], report
        assert "not complete" in bench.err, bench.err
        assert (len(report[part]) if part else samples(report)) >= 1
        if part:
            assert report["levels"][0]["total_tokens"] > 0
            assert len(report["levels"]) < 200, "it went on against a server that is gone"


def test_disk_full():
    """A file that cannot grow any more: the report that was saved before stays whole, and what there is is printed."""
    path = HOME / "report.json"
    script = "trap '' XFSZ; ulimit -f 2; exec \"$@\""  # blocks of 512 or 1024 bytes: enough for a beginning
    done = subprocess.run(["sh", "-c", script, "sh", PROGRAM, "bench", "suite", "--quick", "-o", str(path), str(MODEL)], env=ENV,
                          capture_output=True, text=True)
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert "could not be saved" in done.stderr, done.stderr
    printed = json.loads(done.stdout)
    assert printed["complete"] is False and printed["unsaved"]
    assert printed["models"][0]["health"]["complete"] is True
    assert json.loads(path.read_text())["complete"] is False


def test_too_large():
    """More than the memory there is: that point says what it needs, and the others are measured; so does the server."""
    data, key = MODEL.read_bytes(), b"llama.context_length"
    at = data.index(key) + len(key) + 4  # behind the number of the value's kind
    (HOME / "long.gguf").write_bytes(data[:at] + struct.pack("<I", 1 << 24) + data[at + 4:])
    done = subprocess.run([PROGRAM, "bench", "sweep", str(HOME / "long.gguf"), "--over", "parallel", "--num-ctx", "16777216",
                           "--values", "256,1", "-p", "4", "-n", "2", "-r", "1", "--json"], env=ENV, capture_output=True, text=True)
    too_large, fits = json.loads(done.stdout)["points"]
    assert "needs" in too_large["error"], too_large
    assert "error" in fits or fits["answers"] == 1, fits  # a machine of 4 GiB refuses this, too
    served = subprocess.run([PROGRAM, "bench", "latency", str(HOME / "long.gguf"), "-r", "1", "--num-ctx", "16777216", "--json"],
                            env={**ENV, "HEADROOM_NUM_PARALLEL": "256"}, capture_output=True, text=True)
    assert served.returncode == 1 and "needs" in served.stderr, served.stderr
    assert json.loads(served.stdout)["complete"] is False


def test_missing():
    """A model that is not there: every kind says its name, and a suite goes on with the others."""
    for kind in "latency", "throughput", "sweep", "tune":
        done = subprocess.run([PROGRAM, "bench", kind, "no-such-model"], env=ENV, capture_output=True, text=True)
        assert done.returncode == 1 and "no-such-model" in done.stderr, (kind, done.stderr)


def main():
    for name in "run", "run2", "data/headroom/models":
        (HOME / name).mkdir(parents=True, mode=0o700)
    subprocess.run([WRITER, str(MODEL)], check=True)
    tests = [test_interrupt, test_interrupt_sweep, test_server_dies, test_disk_full, test_too_large, test_missing]
    print(f"1..{len(tests)}")
    failed = 0
    for i, test in enumerate(tests, 1):
        try:
            test()
            print(f"ok {i} /bench-endings/{test.__name__[5:]}", flush=True)
        except (AssertionError, KeyError, IndexError, ValueError) as error:
            failed += 1
            print("# " + str(error).replace("\n", "\n# "))
            print(f"not ok {i} /bench-endings/{test.__name__[5:]}", flush=True)
    shutil.rmtree(HOME, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
