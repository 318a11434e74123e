"""The Python client `anthropic`.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import anthropic

from common import CALLER, TINY, TOOL, URL, run

client = anthropic.Anthropic(base_url=URL, api_key="none")
USER = [{"role": "user", "content": "hello"}]
WEATHER = {"name": "weather", "description": "d", "input_schema": TOOL["function"]["parameters"]}


def messages():
    answer = client.messages.create(model=TINY, max_tokens=8, system="Be brief.", messages=USER)
    assert answer.stop_reason in ("end_turn", "max_tokens") and answer.usage.output_tokens >= 0 and answer.content[0].type == "text"


def stream():
    with client.messages.stream(model=TINY, max_tokens=8, messages=USER) as events:
        text = "".join(events.text_stream)
        final = events.get_final_message()
    assert "".join(block.text for block in final.content if block.type == "text") == text and final.stop_reason


def tools():
    answer = client.messages.create(model=CALLER, max_tokens=300, messages=USER, tools=[WEATHER], tool_choice={"type": "any"})
    call = answer.content[-1]
    assert answer.stop_reason == "tool_use" and call.type == "tool_use" and call.input["city"] in ("Rom", "Bonn")
    history = USER + [{"role": "assistant", "content": answer.content},
                      {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]}]
    assert client.messages.create(model=CALLER, max_tokens=8, messages=history, tools=[WEATHER]).role == "assistant"


def tools_stream():
    with client.messages.stream(model=CALLER, max_tokens=300, messages=USER, tools=[WEATHER], tool_choice={"type": "any"}) as events:
        final = events.get_final_message()
    assert final.content[-1].input["city"] in ("Rom", "Bonn")


def errors():
    for call, kind in ((lambda: client.messages.create(model="none", max_tokens=8, messages=USER), anthropic.NotFoundError),
                       (lambda: client.messages.create(model=TINY, max_tokens=8, messages=[]), anthropic.BadRequestError)):
        try:
            call()
        except kind as error:
            assert error.body["type"] == "error"
        else:
            raise AssertionError("no error")


run("anthropic", [messages, stream, tools, tools_stream, errors])
