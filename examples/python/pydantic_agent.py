"""An agent in Pydantic AI, whose tools are calls of one task. `pip install pydantic-ai`"""

from collections.abc import Callable

from orders import INSTRUCTIONS, converse, open_refund_task, order_tools
from pydantic_ai import Agent, ModelMessage
from pydantic_ai.models import Model
from remit_sdk import Task


def conversation(model: str | Model, task: Task) -> Callable[[str], str]:
    """Answers what the agent says to each message of the person."""
    agent = Agent(model, tools=order_tools(task), instructions=INSTRUCTIONS)
    history: list[ModelMessage] = []

    def say(text: str) -> str:
        result = agent.run_sync(text, message_history=history)
        history[:] = result.all_messages()
        return result.output

    return say


if __name__ == "__main__":
    with open_refund_task("1042") as task:
        converse(conversation("openai:gpt-5", task))
