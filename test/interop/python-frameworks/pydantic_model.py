"""The script as a model of Pydantic AI."""

from __future__ import annotations

from pydantic_ai import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from script import next_step


def _answer(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
    last = messages[-1].parts[-1]
    if isinstance(last, UserPromptPart):
        step = next_step("person", str(last.content))
    else:
        assert isinstance(last, ToolReturnPart), last
        step = next_step("tool", last.model_response_str())
    if isinstance(step, str):
        return ModelResponse(parts=[TextPart(step)])
    name, arguments = step
    return ModelResponse(parts=[ToolCallPart(name, arguments)])


Scripted = FunctionModel(_answer)
