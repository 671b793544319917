"""What a Remit that demands nonces says to many calls at once, to what ended elsewhere, and to what is not so."""

from __future__ import annotations

import asyncio
import os
import sys

import httpx2
from remit_sdk import AgentIdentity, Denied, open_async_task, open_task
from remit_sdk.httpx2 import TaskAuth

ISSUER, GATEWAY = os.environ["REMIT_ISSUER"], os.environ["REMIT_GATEWAY"]
TOKENS = os.environ["ID_TOKENS"].split()
ORDERS = f"{GATEWAY}/orders/orders"
agent = AgentIdentity.from_file("refund-bot")
wish = {"purpose": "strain", "scope": "orders.read"}


def code_of(work: object) -> str:
    try:
        work()  # type: ignore[operator]
    except Denied as error:
        return error.code
    raise AssertionError("it went well")


async def many() -> None:
    async with await open_async_task(ISSUER, agent, subject_token=TOKENS[0], **wish) as task:
        calls = [task.get(f"{ORDERS}/1042") for _ in range(20)]
        print("many", {answer.status_code for answer in await asyncio.gather(*calls)})
        async with httpx2.AsyncClient(auth=TaskAuth(task)) as client:
            print("own", (await client.get(f"{ORDERS}/1042")).status_code)


asyncio.run(many())

again = code_of(lambda: open_task(ISSUER, agent, subject_token=TOKENS[0], **wish))
print("the same ID token", again)
stranger = AgentIdentity("refund-bot", AgentIdentity.from_file("other-bot").key)
print("another key", code_of(lambda: open_task(ISSUER, stranger, subject_token=TOKENS[1], **wish)))

with open_task(ISSUER, agent, subject_token=TOKENS[1], **wish) as task:
    print("a name that nobody knows", code_of(lambda: task.get(f"{GATEWAY}/orderz/1")))
    print("another action", code_of(lambda: task.post(f"{ORDERS}/1042/refunds", json={"amount": 1})))
    print(
        "twice",
        code_of(
            lambda: task.post(
                f"{ORDERS}/1042/refunds",
                content=b'{"amount":1,"amount":2}',
                headers={"content-type": "application/json"},
            )
        ),
    )
    print("end", task.id)
    sys.stdin.readline()
    print("ended", code_of(lambda: task.get(f"{ORDERS}/1042")))
print("closed")
