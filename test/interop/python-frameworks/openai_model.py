"""The calls of the conversation as a model of the OpenAI Agents SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from agents import Model, ModelResponse, Usage
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)
from stranger_script import next_call


class Scripted(Model):
    async def get_response(self, system_instructions: Any, input: Any, *_: Any, **__: Any) -> ModelResponse:
        items = input if isinstance(input, list) else []
        outputs = [item for item in items if item.get("type") == "function_call_output"]
        call = next_call(not items or items[-1].get("role") == "user", len(outputs))
        if call is None:
            text = ResponseOutputText(text=str(outputs[-1]["output"]), type="output_text", annotations=[])
            said: Any = ResponseOutputMessage(
                id="said", content=[text], role="assistant", status="completed", type="message"
            )
        else:
            name, arguments = call
            said = ResponseFunctionToolCall(
                id=f"fc_{len(outputs)}",
                call_id=f"call_{len(outputs)}",
                name=name,
                arguments=json.dumps(arguments),
                type="function_call",
            )
        return ModelResponse(output=[said], usage=Usage(), response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        raise NotImplementedError
