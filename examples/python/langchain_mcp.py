"""
An agent in LangChain with the tools of an MCP server behind Remit's gateway. LangChain opens a session for each call of a tool;
all of them are calls of one task, so no person is asked again. `pip install langchain langchain-mcp-adapters langchain-openai`
"""

import asyncio

from langchain.agents import create_agent
from langchain.chat_models import BaseChatModel
from langchain_mcp_adapters.client import MultiServerMCPClient
from orders import GATEWAY, ISSUER
from remit_sdk import AgentIdentity, AsyncTask, open_async_task
from remit_sdk.mcp1 import task_clients
from sign_in import id_token


async def answer(model: str | BaseChatModel, task: AsyncTask, question: str) -> str:
    servers = MultiServerMCPClient(
        {
            "desk": {
                "transport": "streamable_http",
                "url": f"{GATEWAY}/desk",
                "httpx_client_factory": task_clients(task),
            }
        }
    )
    agent = create_agent(model, tools=await servers.get_tools())
    result = await agent.ainvoke({"messages": [{"role": "user", "content": question}]})
    return str(result["messages"][-1].text)


async def read_notes(model: str | BaseChatModel) -> str:
    actions = ["desk.search-notes", "desk.read-note"]
    async with await open_async_task(
        ISSUER,
        AgentIdentity.from_file("refund-bot"),
        subject_token=id_token,
        purpose="read the notes about wet books",
        details=[{"locations": [f"{GATEWAY}/desk"], "actions": actions}],
        on_consent=lambda consent: print("Please agree:", consent.interaction_uri),
    ) as task:
        return await answer(model, task, "What do the notes say about wet books?")


if __name__ == "__main__":
    print(asyncio.run(read_notes("openai:gpt-5")))
