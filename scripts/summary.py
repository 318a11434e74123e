#!/usr/bin/env python3
"""Counts the results of several runs of `meson test` and prints the failures and one line.

    summary.py LOG...

A LOG is the path of a run's logs without their suffix (.json, .junit.xml). One that does not exist stands for a build that
failed. A test that speaks TAP counts as many times as it has cases. Exits 1 if anything failed.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import collections
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

GOOD = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}


def suites(log):
    """Maps a test's name to what it said, once for each test of that name: lists of (case, state)."""
    said = collections.defaultdict(collections.deque)
    path = pathlib.Path(str(log) + ".junit.xml")
    if not path.exists():
        return said
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        listed = []
        for case in suite.iter("testcase"):
            kinds = {child.tag for child in case}
            state = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
            listed.append((case.get("name").split(" ", 1)[-1], state))
        said[suite.get("name").split(".", 1)[-1]].append(listed)
    return said


def tests(log):
    """Yields (test, result) for each test program."""
    with open(str(log) + ".json") as lines:
        for line in lines:
            test = json.loads(line)
            yield test["name"], test["result"]


def count(log, total, failures):
    if not pathlib.Path(str(log) + ".json").exists():
        total["failed"] += 1
        failures.append(f"{log}: was not built, or its tests did not run")
        return
    said = suites(log)
    for test, result in tests(log):
        listed = said[test].popleft() if said[test] else []
        for case, state in listed:
            total[state] += 1
            if state == "failed":
                failures.append(f"{log}: {test} {case}")
        bad = result not in GOOD | SKIPPED
        if bad and not any(state == "failed" for _, state in listed):
            total["failed"] += 1
            failures.append(f"{log}: {test} ({result})")
        elif not listed:
            total["skipped" if result in SKIPPED else "passed"] += 1


def main():
    total, failures = collections.Counter(), []
    for log in sys.argv[1:]:
        count(log, total, failures)
    for failure in failures:
        print("failed:", failure)
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] else 0


sys.exit(main())
