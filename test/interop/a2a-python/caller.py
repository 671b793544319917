"""An agent that calls another through Remit, with the official SDK: `caller.py IDENTIFIER JSONRPC|HTTP+JSON`."""

from __future__ import annotations

import asyncio
import os
import sys

import httpx
from a2a.client import ClientConfig, ClientFactory
from a2a.helpers import get_message_text, get_stream_response_text, new_text_part
from a2a.types import (
    GetTaskRequest,
    Message,
    Role,
    SendMessageRequest,
    StreamResponse,
    TaskState,
)
from a2a.utils.errors import TaskNotFoundError
from remit_sdk import AgentIdentity, open_async_task
from remit_sdk.httpx import TaskAuth

identifier, binding = sys.argv[1:]
name = identifier.rsplit("/", 1)[-1]
ACTIONS = ["skill-quote", "skill-book-trip", "send-message", "get-task", "cancel-task"]


def asking(words: str, skill: str) -> SendMessageRequest:
    message = Message(
        message_id=f"{binding} {words}", role=Role.ROLE_USER, parts=[new_text_part(words)]
    )
    message.metadata.update({"skillId": skill})
    return SendMessageRequest(message=message)


async def main() -> None:
    agent = AgentIdentity.from_file("refund-bot")
    wish = {"purpose": "a trip", "scope": " ".join(f"{name}.{action}" for action in ACTIONS)}
    token = os.environ["ID_TOKEN"]
    async with (
        await open_async_task(os.environ["REMIT_ISSUER"], agent, subject_token=token, **wish) as task,
        httpx.AsyncClient(auth=TaskAuth(task)) as http,
    ):
        config = ClientConfig(httpx_client=http, supported_protocol_bindings=[binding])
        client = await ClientFactory(config).create_from_url(identifier)

        async def say(request: SendMessageRequest) -> list[StreamResponse]:
            return [event async for event in client.send_message(request)]

        (answer,) = await say(asking("hello there", "quote"))
        print("said", get_message_text(answer.message))
        events = await say(asking("to Lyon", "quote"))
        print("events", *[event.WhichOneof("payload") for event in events])
        print("artifact", " ".join(filter(None, map(get_stream_response_text, events))))
        wish_to_book = asking("to Oslo", "book_trip")
        (waiting,) = await say(wish_to_book)
        print("state", TaskState.Name(waiting.task.status.state))
        print("page", get_message_text(waiting.task.status.message), flush=True)
        sys.stdin.readline()
        done = await client.get_task(GetTaskRequest(id=waiting.task.id))
        if done.status.state != TaskState.TASK_STATE_COMPLETED:
            done = await client.get_task(GetTaskRequest(id=waiting.task.id))
        print("booked", done.id == waiting.task.id, TaskState.Name(done.status.state))
        (again,) = await say(wish_to_book)
        print("again", again.task.metadata["remit/told-again"])
        try:
            await client.get_task(GetTaskRequest(id="somebody-elses"))
        except TaskNotFoundError:
            print("unknown")
    print("closed")


asyncio.run(main())
