"""The Python client `openai`.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import json

import openai
from pydantic import BaseModel

from common import CALLER, TINY, TOOL, URL, run

client = openai.OpenAI(base_url=URL + "/v1", api_key="none")
USER = [{"role": "user", "content": "hello"}]


class Person(BaseModel):
    name: str
    age: int


def chat():
    answer = client.chat.completions.create(model=TINY, messages=USER, max_tokens=8, temperature=0, logprobs=True, top_logprobs=2)
    assert answer.choices[0].finish_reason in ("stop", "length") and answer.usage.total_tokens > 0
    assert answer.choices[0].logprobs.content is not None


def stream():
    chunks = list(client.chat.completions.create(model=TINY, messages=USER, max_tokens=8, temperature=0, stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].usage.completion_tokens > 0 and chunks[-1].choices == []


def tools():
    answer = client.chat.completions.create(model=CALLER, messages=USER, max_tokens=300, tools=[TOOL], tool_choice="required")
    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == "weather" and json.loads(call.function.arguments)["city"] in ("Rom", "Bonn")
    history = USER + [answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    client.chat.completions.create(model=CALLER, messages=history, max_tokens=8, tools=[TOOL])


def tools_stream():
    arguments, name, reason = "", None, None
    for chunk in client.chat.completions.create(model=CALLER, messages=USER, max_tokens=300, tools=[TOOL], tool_choice="required", stream=True):
        for call in chunk.choices[0].delta.tool_calls or []:
            name = call.function.name or name
            arguments += call.function.arguments
        reason = chunk.choices[0].finish_reason or reason
    assert name == "weather" and json.loads(arguments)["city"] in ("Rom", "Bonn") and reason == "tool_calls"


def parse():
    answer = client.chat.completions.parse(model=TINY, messages=USER, response_format=Person, max_tokens=4000)
    assert isinstance(answer.choices[0].message.parsed, Person)


def completions():
    assert client.completions.create(model=TINY, prompt="a", max_tokens=8).usage.completion_tokens > 0
    assert list(client.completions.create(model=TINY, prompt="a", max_tokens=8, stream=True))


def responses():
    answer = client.responses.create(model=TINY, input="hello", max_output_tokens=8)
    assert answer.status in ("completed", "incomplete") and isinstance(answer.output_text, str)
    kinds = [event.type for event in client.responses.create(model=TINY, input="hello", max_output_tokens=8, stream=True)]
    assert kinds[0] == "response.created" and kinds[-1] in ("response.completed", "response.incomplete")
    tool = dict(type="function", **TOOL["function"])
    called = client.responses.create(model=CALLER, input="hello", max_output_tokens=300, tools=[tool], tool_choice="required")
    call = next(item for item in called.output if item.type == "function_call")
    assert json.loads(call.arguments)["city"] in ("Rom", "Bonn")
    with client.responses.stream(model=TINY, input="hello", max_output_tokens=8) as stream_:
        for _ in stream_:
            pass
        assert stream_.get_final_response().id


def models():
    assert any(model.id == "tiny:latest" for model in client.models.list())
    assert client.models.retrieve(TINY).object == "model"


def errors():
    for call, kind in ((lambda: client.chat.completions.create(model="none", messages=USER), openai.NotFoundError),
                       (lambda: client.chat.completions.create(model=TINY, messages=[]), openai.BadRequestError),
                       (lambda: client.models.retrieve("none"), openai.NotFoundError)):
        try:
            call()
        except kind as error:
            assert error.body["message"]
        else:
            raise AssertionError("no error")


run("openai", [chat, stream, tools, tools_stream, parse, completions, responses, models, errors])
