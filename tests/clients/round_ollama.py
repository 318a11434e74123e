"""The Python client `ollama`: every call that it has a use for here.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import asyncio

import ollama
from pydantic import BaseModel

from common import CALLER, LIMIT, TINY, TOOL, run

client = ollama.Client()


class Person(BaseModel):
    name: str
    age: int


def generate():
    answer = client.generate(TINY, "hello", options=LIMIT)
    assert answer.done and answer.done_reason in ("stop", "length") and answer.context and answer.eval_count > 0
    again = client.generate(TINY, "more", context=answer.context, options=LIMIT)
    assert again.prompt_eval_count > answer.prompt_eval_count


def generate_stream():
    parts = list(client.generate(TINY, "hello", stream=True, options=LIMIT))
    assert parts[-1].done and parts[-1].total_duration > 0 and not any(part.done for part in parts[:-1])


def chat_and_stream_agree():
    messages = [{"role": "user", "content": "hello"}]
    options = dict(LIMIT, temperature=0)
    whole = client.chat(TINY, messages, options=options).message.content
    streamed = "".join(part.message.content for part in client.chat(TINY, messages, stream=True, options=options))
    assert whole == streamed


def chat_async():
    async def ask():
        other = ollama.AsyncClient()
        answers = await asyncio.gather(*(other.chat(TINY, [{"role": "user", "content": str(i)}], options=LIMIT) for i in range(4)))
        assert all(answer.done for answer in answers)
        async for part in await other.chat(TINY, [{"role": "user", "content": "x"}], stream=True, options=LIMIT):
            last = part
        assert last.done

    asyncio.run(ask())


def logprobs():
    answer = client.generate(TINY, "a", logprobs=True, top_logprobs=3, options={"num_predict": 5, "temperature": 0})
    assert 1 <= len(answer.logprobs) <= 5
    for entry in answer.logprobs:
        assert entry.logprob <= 0 and len(entry.top_logprobs) == 3


def structured():
    answer = client.chat(TINY, [{"role": "user", "content": "who?"}], format=Person.model_json_schema(), options={"num_predict": 200})
    Person.model_validate_json(answer.message.content)
    assert client.generate(TINY, "a", format="json", options={"num_predict": 200}).response.startswith("{")


def weather(city: str) -> str:
    """The weather in a city.

    Args:
      city: the name of a city
    """
    return "sunny in " + city


def tools():
    answer = client.chat(CALLER, [{"role": "user", "content": "weather?"}], tools=[weather], options={"num_predict": 200})
    assert answer.done
    call = {"function": {"name": "weather", "arguments": {"city": "Rom"}}}
    history = [{"role": "user", "content": "weather?"}, {"role": "assistant", "content": "", "tool_calls": [call]},
               {"role": "tool", "content": weather("Rom"), "tool_name": "weather"}]
    assert client.chat(CALLER, history, tools=[TOOL], options=LIMIT).done


def tools_refused():
    try:
        client.chat(TINY, [{"role": "user", "content": "a"}], tools=[TOOL])
    except ollama.ResponseError as error:
        assert error.status_code == 400 and "does not support tools" in error.error
    else:
        raise AssertionError("a model without tools took them")


def models():
    names = [model.model for model in client.list().models]
    assert "tiny:latest" in names
    shown = client.show(TINY)
    assert shown.modelinfo["general.architecture"] == "llama" and "completion" in shown.capabilities
    client.copy(TINY, "copied")
    client.create("made", from_="copied", system="Be brief.", parameters={"temperature": 0.5, "stop": ["x"]})
    assert "Be brief." in client.show("made").modelfile and "temperature" in client.show("made").parameters
    client.generate("made", "a", options=LIMIT, keep_alive=60)
    assert any(model.size > 0 for model in client.ps().models)  # under the name by which these weights were loaded first
    client.generate("made", keep_alive=0)
    for name in ("made", "copied"):
        assert client.delete(name).status == "success"


def blob():
    import hashlib
    import os
    path = os.environ["HEADROOM_TINY_GGUF"]
    digest = client.create_blob(path)
    with open(path, "rb") as file:
        assert digest == "sha256:" + hashlib.sha256(file.read()).hexdigest()
    client.create("uploaded", files={"tiny.gguf": digest})
    assert client.generate("uploaded", "a", options=LIMIT).done
    client.delete("uploaded")


def embed():
    try:
        client.embed(TINY, "hello")
    except ollama.ResponseError as error:
        assert error.status_code in (400, 501)


def errors():
    for call, status in ((lambda: client.chat("none", []), 404), (lambda: client.show("none"), 404), (lambda: client.delete("none"), 404),
                         (lambda: client.generate(TINY, "a", options={"temperature": "hot"}), 500),
                         (lambda: client.generate(TINY, "a", format={"type": "nothing"}), 400)):
        try:
            call()
        except ollama.ResponseError as error:
            assert error.status_code == status, (error.status_code, status, error.error)
        else:
            raise AssertionError("no error")
    try:
        client.pull("none")
    except ollama.ResponseError as error:
        assert "registry" in error.error


run("ollama", [generate, generate_stream, chat_and_stream_agree, chat_async, logprobs, structured, tools, tools_refused, models, blob, embed, errors])
