"""langchain-ollama, litellm (as Ollama and as OpenAI) and llm with its Ollama plug-in: a round each.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
import os
import subprocess
import sys

from common import CALLER, PERSON, TINY, TOOL, URL, run

USER = [{"role": "user", "content": "hello"}]


def langchain():
    from langchain_ollama import ChatOllama, OllamaLLM
    model = ChatOllama(model=TINY, num_predict=20)
    assert model.invoke("hello").response_metadata["done"]
    assert list(model.stream("hello"))
    assert isinstance(OllamaLLM(model=TINY, num_predict=8).invoke("hello"), str)
    person = ChatOllama(model=TINY, num_predict=400).with_structured_output(PERSON, method="json_schema").invoke("who?")
    assert 0 <= person["age"] <= 120
    assert ChatOllama(model=CALLER, num_predict=20).bind_tools([TOOL]).invoke("hello") is not None


def litellm_as_ollama():
    import litellm
    for provider in ("ollama", "ollama_chat"):
        answer = litellm.completion(model=f"{provider}/{TINY}", messages=USER, api_base=URL, max_tokens=8)
        assert answer.choices[0].finish_reason and answer.usage.total_tokens > 0
        assert list(litellm.completion(model=f"{provider}/{TINY}", messages=USER, api_base=URL, max_tokens=8, stream=True))


def litellm_as_openai():
    import litellm
    answer = litellm.completion(model=f"openai/{CALLER}", messages=USER, api_base=URL + "/v1", api_key="none", max_tokens=300, tools=[TOOL],
                                tool_choice="required")
    assert json.loads(answer.choices[0].message.tool_calls[0].function.arguments)["city"] in ("Rom", "Bonn")


def llm():
    program = os.path.join(os.path.dirname(sys.executable), "llm")
    listed = subprocess.run([program, "models"], capture_output=True, text=True, timeout=120, check=True).stdout
    assert "tiny:latest" in listed, listed
    said = subprocess.run([program, "-m", "tiny:latest", "-o", "num_predict", "8", "--no-log", "hello"], capture_output=True, text=True, timeout=120, check=True)
    assert said.returncode == 0


run("others", [langchain, litellm_as_ollama, litellm_as_openai, llm])
