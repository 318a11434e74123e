"""What the rounds of the clients share: a count of checks, and where the server is.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import sys
import traceback

URL = os.environ["OLLAMA_HOST"]
TINY = "tiny"      # weights made up: only the form of its answers is looked at
CALLER = "caller"  # the same, with a template that knows tools and thinking
LIMIT = {"num_predict": 60, "seed": 1}
TOOL = {"type": "function", "function": {
    "name": "weather", "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string", "enum": ["Rom", "Bonn"]}}, "required": ["city"]}}}
PERSON = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 120}},
          "required": ["name", "age"]}


def run(name, rounds):
    """Runs each function; prints TAP; exits 1 if one failed."""
    failed = 0
    print(f"1..{len(rounds)}")
    for number, function in enumerate(rounds, 1):
        try:
            function()
            print(f"ok {number} {name}/{function.__name__}")
        except Exception:  # noqa: BLE001: whatever a client throws is a failed round
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} {name}/{function.__name__}")
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
