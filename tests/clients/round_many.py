"""64 clients at once, half of which leave in the middle of their answers: nobody is lost, nothing leaks, and idle is idle.

    HEADROOM_SECONDS=120 round_many.py       (15 seconds unless said otherwise)

SPDX-License-Identifier: GPL-3.0-or-later
"""
import http.client
import json
import os
import random
import subprocess
import threading
import time
import urllib.parse

from common import TINY, URL, run

SECONDS = float(os.environ.get("HEADROOM_SECONDS", "15"))
PID = int(os.environ["HEADROOM_PID"])
CLIENTS = 64
SLACK = 2 << 20  # bytes: what a heap of small blocks does not give back
# libsoup before 3.4 keeps an object for every connection that there was.
KEPT = 4096 if subprocess.run(["pkg-config", "--atleast-version=3.4", "libsoup-3.0"], check=False).returncode else 0


def connect():
    return http.client.HTTPConnection(urllib.parse.urlsplit(URL).netloc, timeout=120)


def pss():
    with open(f"/proc/{PID}/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def cpu_seconds():
    with open(f"/proc/{PID}/stat", encoding="ascii") as line:
        return sum(int(word) for word in line.read().rsplit(")", 1)[1].split()[11:13]) / os.sysconf("SC_CLK_TCK")


def ask(draw, leaves):
    """One answer as a stream. Returns (total, of it before the prompt was begun) in seconds, or None for one that was left."""
    connection = connect()
    body = {"model": TINY, "prompt": f"hello {draw.random()}", "options": {"num_predict": draw.randrange(8, 64), "seed": 1}}
    begun = time.monotonic()
    connection.request("POST", "/api/generate", json.dumps(body))
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    last = answer.readline()
    while line := (b"" if leaves else answer.readline()):
        last = line
    connection.close()
    if leaves:
        return None
    record = json.loads(last)
    assert record["done"] and record["done_reason"] in ("stop", "length"), last
    worked = (record["prompt_eval_duration"] + record["eval_duration"]) / 1e9
    return time.monotonic() - begun, worked


def client(number, until, results, problems):
    draw = random.Random(number)
    try:
        while time.monotonic() < until:
            results.append(ask(draw, leaves=draw.random() < 0.5))
    except Exception as problem:  # noqa: BLE001: one lost request is the finding
        problems.append(f"client {number}: {problem!r}")


def status():
    connection = connect()
    connection.request("GET", "/headroom/status")
    return json.loads(connection.getresponse().read())


def wait_until_idle():
    for _ in range(200):
        if not any(model.get("requests") for model in status()["models"]):
            return
        time.sleep(0.1)
    raise AssertionError("requests are left that nobody waits for")


def crowd(seconds):
    results, problems, until = [], [], time.monotonic() + seconds
    threads = [threading.Thread(target=client, args=(i, until, results, problems)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until_idle()
    assert not problems, problems[:3]
    return results


def many():
    crowd(min(SECONDS, 10))  # every buffer has grown to what 64 clients need
    before = pss()
    results = crowd(SECONDS)
    after = pss()
    whole = sorted(total for total, _ in filter(None, results))
    worked = sum(work for _, work in filter(None, results)) / len(whole)
    print(f"# {len(whole)} answers, {len(results) - len(whole)} left; p50 {whole[len(whole) // 2]:.2f} s, "
          f"p99 {whole[len(whole) * 99 // 100]:.2f} s, {worked:.3f} s of work each; {before >> 10} -> {after >> 10} KiB")
    assert len(whole) > 50 and len(results) - len(whole) > 50
    assert after <= before * 1.02 + SLACK + len(results) * KEPT, (before, after)


def idle():
    before = cpu_seconds()
    time.sleep(10)
    used = (cpu_seconds() - before) / 10
    print(f"# {used * 100:.2f} % of a core with a model loaded")
    assert used < 0.01, used


run("many", [many, idle])
