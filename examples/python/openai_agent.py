"""An agent in the OpenAI Agents SDK, whose tools are calls of one task. `pip install openai-agents`"""

from agents import Agent, Runner, TResponseInputItem, function_tool
from orders import INSTRUCTIONS, converse, open_refund_task, order_tools

with open_refund_task("1042") as task:
    tools = [function_tool(tool) for tool in order_tools(task)]
    agent = Agent("Refunds", model="gpt-5", instructions=INSTRUCTIONS, tools=[*tools])
    history: list[TResponseInputItem] = []

    def say(text: str) -> str:
        result = Runner.run_sync(agent, [*history, {"role": "user", "content": text}])
        history[:] = result.to_input_list()
        return str(result.final_output)

    converse(say)
