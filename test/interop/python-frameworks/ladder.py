"""
The official client, and a message that people have to approve. `ladder.py held|held2|opens2|declines2 ADDRESS`: told of progress, in
sessions or without; asked to open a page (URL elicitation), which its person does or does not.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from stranger import sign_in
from stranger_script import MESSAGE


def say(words: Any) -> None:
    print("said", " ".join(str(words).split()), flush=True)


async def hear(progress: float, total: float | None, message: str | None) -> None:
    say(message)


async def held(address: str, auth: Any) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with streamablehttp_client(address, auth=auth) as (read, write, _):
        async with ClientSession(read, write) as session:
            say((await session.initialize()).protocolVersion)
            result = await session.call_tool(*MESSAGE, progress_callback=hear)
            say(result.content[0].text)  # type: ignore[union-attr]


async def second(address: str, auth: Any, answer: str | None = None) -> None:
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client
    from mcp_types import ElicitResult

    async def ask(_: Any, params: Any) -> ElicitResult:
        say(f"{params.message} {params.url}")
        await asyncio.to_thread(sys.stdin.readline)
        return ElicitResult(action=answer)  # type: ignore[arg-type]

    callbacks: Any = {"elicitation_callback": ask} if answer else {}
    async with (
        httpx2.AsyncClient(auth=auth) as http,
        Client(streamable_http_client(address, http_client=http), **callbacks) as session,
    ):
        say(session.protocol_version)
        for _ in range(2 if answer == "decline" else 1):
            result = await session.call_tool(*MESSAGE, progress_callback=hear)
            say(result.content[0].text)  # type: ignore[union-attr]
            if answer == "decline":
                await asyncio.to_thread(sys.stdin.readline)


KINDS: dict[str, Any] = {
    "held": held,
    "held2": second,
    "opens2": lambda *of: second(*of, answer="accept"),
    "declines2": lambda *of: second(*of, answer="decline"),
}


async def main() -> None:
    kind, address = sys.argv[1:]
    await KINDS[kind](address, await sign_in(address))


asyncio.run(main())
