"""The script as a model of LangChain."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from script import next_step


class Scripted(BaseChatModel):
    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> Scripted:
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        last = messages[-1]
        step = next_step("person" if last.type == "human" else "tool", last.text)
        if isinstance(step, str):
            message = AIMessage(step)
        else:
            name, arguments = step
            message = AIMessage(
                "", tool_calls=[{"name": name, "args": arguments, "id": f"call_{len(messages)}"}]
            )
        return ChatResult(generations=[ChatGeneration(message=message)])
