"""
What becomes of a call behind an API: services inside the trust domain, and clients with certificates.
`services.py inside`: passes the transaction token in `TOKEN` on. `services.py direct`: an API that is called directly, at `PORT`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI, Request
from remit_sdk import Denied
from remit_sdk.api import (
    RemitMiddleware,
    Route,
    call_of,
    direct,
    inside_domain,
    replace_transaction_token,
)

ISSUER, SECRET = os.environ["REMIT_ISSUER"], os.environ["REMIT_SECRET"]
app = FastAPI()


@app.get("/lines/{id}")
@app.get("/items")
async def look(request: Request) -> dict[str, Any]:
    call = call_of(request)
    return {
        "by": call.agent,
        "for": call.person and call.person.subject,
        "task": call.task.id,
        "via": call.via,
        "arguments": call.arguments,
    }


async def inside() -> None:
    gateway, domain = os.environ["REMIT_GATEWAY"], "test.remit"
    guard = inside_domain(
        issuer=ISSUER,
        trust_domain=domain,
        locations=[f"{gateway}/echo"],
        senders=[f"{gateway}/echo"],
        on_error=print,
    )
    route = Route(
        "GET", "/lines/{id}", action="echo.read", arguments=lambda read: {"thing": read.path["id"]}
    )
    guarded = RemitMiddleware(app, guard, [route])
    transport = httpx2.ASGITransport(app=guarded)
    own = {"issuer": ISSUER, "trust_domain": domain, "action": "echo.read"}
    token = os.environ["TOKEN"]
    async with httpx2.AsyncClient(transport=transport, base_url="http://inner") as client:

        async def ask(path: str, passed: str) -> Any:
            answer = await client.get(path, headers={"txn-token": passed})
            return answer.json()

        print("as it came", (await ask("/lines/1", token))["code"])
        passed = await replace_transaction_token(token, secret=SECRET, **own)
        print("passed on", await ask("/lines/1", passed))
        print("another", (await ask("/lines/2", passed))["code"])
    sys.stdin.readline()
    try:
        await replace_transaction_token(token, secret=SECRET, **own)
    except Denied as error:
        print("ended", error.code)


if sys.argv[1] == "inside":
    asyncio.run(inside())
else:
    guard = direct(
        issuer=ISSUER,
        resource=os.environ["RESOURCE"],
        secret=SECRET,
        client_certificates=["127.0.0.1"],
        on_error=print,
    )
    app.add_middleware(
        RemitMiddleware, guard=guard, routes=[Route("GET", "/items", os.environ["ACTION"])]
    )
    # What a caller says of its address is nothing.
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), proxy_headers=False)
