"""Random schemas over HTTP, judged by the Python package jsonschema, which knows nothing of grammars.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import random

import jsonschema
import ollama

from common import TINY, run

client = ollama.Client()
N_SCHEMAS = 120


def leaf(rand):
    kind = rand.randrange(6)
    if kind == 0:
        low = rand.randrange(-1000, 1000)
        return {"type": rand.choice(["integer", "number"]), "minimum": low, "maximum": low + rand.randrange(1, 500)}
    if kind == 1:
        return {"type": "string", "minLength": rand.randrange(4), "maxLength": 4 + rand.randrange(20)}
    if kind == 2:
        return {"type": "string", "pattern": rand.choice([r"^[a-z]{2,5}$", r"^\d{3}-\d{2}$", r"^(foo|ba[rz])+$", r"^[^\"]{0,3}$"])}
    if kind == 3:
        return {"type": "string", "format": rand.choice(["date", "time", "date-time", "uuid", "ipv4", "ipv6", "email"])}
    if kind == 4:
        return {"enum": rand.sample(["red", 3, None, True, 1.5, [1], {"k": []}], 3)}
    return {"type": rand.choice(["boolean", "null"])}


def schema(rand, depth):
    kind = rand.randrange(5) if depth else 0
    if kind <= 1:
        return leaf(rand)
    if kind == 2:
        return {"type": "array", "items": schema(rand, depth - 1), "minItems": rand.randrange(3), "maxItems": 3}
    if kind == 3:
        return {"anyOf": [schema(rand, depth - 1) for _ in range(2)]}
    names = rand.sample(["a", "ab", "größe", "x y", "id"], rand.randrange(1, 4))
    return {"type": "object", "properties": {name: schema(rand, depth - 1) for name in names},
            "required": [name for name in names if rand.random() < 0.6], "additionalProperties": rand.random() < 0.3}


def schemas():
    for seed in range(N_SCHEMAS):
        one = schema(random.Random(seed), 3)
        answer = client.generate(TINY, "a", format=one if "type" in one or "anyOf" in one or "enum" in one else {}, options={"num_predict": 300, "seed": seed})
        value = json.loads(answer.response)
        jsonschema.validate(value, one, format_checker=jsonschema.FormatChecker())


run("schemas", [schemas])
