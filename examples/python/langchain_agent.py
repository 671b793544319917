"""An agent in LangChain (and so in LangGraph), whose tools are calls of one task. `pip install langchain langchain-openai`"""

from collections.abc import Callable
from typing import Any

from langchain.agents import create_agent
from langchain.chat_models import BaseChatModel
from langchain.messages import AnyMessage, HumanMessage
from orders import INSTRUCTIONS, converse, open_refund_task, order_tools
from remit_sdk import Task


def conversation(model: str | BaseChatModel, task: Task) -> Callable[[str], str]:
    """Answers what the agent says to each message of the person."""
    agent = create_agent(model, tools=order_tools(task), system_prompt=INSTRUCTIONS)
    messages: list[AnyMessage | dict[str, Any]] = []

    def say(text: str) -> str:
        messages.append(HumanMessage(text))
        result = agent.invoke({"messages": messages})
        messages[:] = result["messages"]
        return str(result["messages"][-1].text)

    return say


if __name__ == "__main__":
    with open_refund_task("1042") as task:
        converse(conversation("openai:gpt-5", task))
