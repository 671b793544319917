"""
A client that knows the address of an MCP server and nothing else: it registers, sends its person to a page, and has one conversation:
three tools, and a message that people have to approve. It says what came of that, waits for a line, and asks twice more.
`stranger.py client|client2|langchain|openai ADDRESS`
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from stranger_script import CALLS, MESSAGE, TURNS, next_call


class Memory:
    """Tokens and registration, for as long as the program runs."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def answer_of(query: dict[str, list[str]]) -> Any:
    code, state, iss = (query.get(name, [None])[0] for name in ("code", "state", "iss"))
    try:
        from mcp.shared.auth import AuthorizationCodeResult
    except ImportError:
        return code, state
    return AuthorizationCodeResult(code=code, state=state, iss=iss)


async def sign_in(address: str) -> OAuthClientProvider:
    """The provider of the official client, with a port of its own on which the browser comes back."""
    answers: asyncio.Queue[Any] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readline()).decode().split(" ")[1]
        while (await reader.readline()).strip():
            pass
        query = parse_qs(urlsplit(target).query)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()
        await answers.put(answer_of(query))

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def send_person(url: str) -> None:
        print(f"open {url}", flush=True)

    return OAuthClientProvider(
        server_url=address,
        client_metadata=OAuthClientMetadata.model_validate(
            {
                "client_name": f"Stranger in {sys.argv[1]}",
                "redirect_uris": [f"http://127.0.0.1:{port}/callback"],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }
        ),
        storage=Memory(),
        redirect_handler=send_person,
        callback_handler=answers.get,
    )


async def told(said: str) -> None:
    """Tells the person, and goes on when they say so."""
    print("said", " ".join(said.split()), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def converse(call: Callable[[str, dict[str, str]], Awaitable[Any]]) -> None:
    """The conversation by a client that no model speaks through."""
    for name, arguments in [*CALLS, *[MESSAGE] * (len(TURNS) - 1)]:
        result = await call(name, arguments)
        if name in (MESSAGE[0], CALLS[0][0]):
            await told(result.content[0].text)


async def client(address: str, auth: Any) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with streamablehttp_client(address, auth=auth) as (read, write, _):
        async with ClientSession(read, write) as session:
            await session.initialize()
            await session.list_tools()
            await converse(session.call_tool)


async def client2(address: str, auth: Any) -> None:
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx2.AsyncClient(auth=auth) as http,
        Client(streamable_http_client(address, http_client=http)) as session,
    ):
        await session.list_tools()
        await converse(session.call_tool)


async def langchain(address: str, auth: Any) -> None:
    from langchain.agents import create_agent
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult
    from langchain_mcp_adapters.client import MultiServerMCPClient
    from langchain_model import Scripted

    class Model(Scripted):
        def _generate(self, messages: list[Any], *_: Any, **__: Any) -> ChatResult:
            results = [message for message in messages if message.type == "tool"]
            call = next_call(messages[-1].type == "human", len(results))
            if call is None:
                message = AIMessage(messages[-1].text)
            else:
                name, arguments = call
                message = AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"call_{len(results)}"}])
            return ChatResult(generations=[ChatGeneration(message=message)])

    servers = MultiServerMCPClient(
        {"desk": {"transport": "streamable_http", "url": address, "auth": auth}}
    )
    agent = create_agent(Model(), tools=await servers.get_tools())
    messages: list[Any] = []
    for turn in TURNS:
        result = await agent.ainvoke({"messages": [*messages, {"role": "user", "content": turn}]})
        messages = result["messages"]
        if turn == TURNS[0]:
            await told(next(message.text for message in messages if message.type == "tool"))
        await told(messages[-1].text)


async def openai(address: str, auth: Any) -> None:
    from agents import Agent, Runner, set_tracing_disabled
    from agents.mcp import MCPServerStreamableHttp
    from openai_model import Scripted

    set_tracing_disabled(True)
    items: list[Any] = []
    async with MCPServerStreamableHttp({"url": address, "auth": auth}) as server:
        agent = Agent(name="reader", model=Scripted(), mcp_servers=[server])
        for turn in TURNS:
            result = await Runner.run(agent, [*items, {"role": "user", "content": turn}])
            items = result.to_input_list()
            if turn == TURNS[0]:
                await told(str(next(i["output"] for i in items if i.get("type") == "function_call_output")))
            await told(str(result.final_output))


KINDS = {"client": client, "client2": client2, "langchain": langchain, "openai": openai}


async def main() -> None:
    kind, address = sys.argv[1:]
    await KINDS[kind](address, await sign_in(address))


if __name__ == "__main__":
    asyncio.run(main())
