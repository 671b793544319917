"""One conversation in a framework: refund, wait for a person, go on, and not twice. `converse.py langchain|pydantic|mcp`"""

from __future__ import annotations

import asyncio
import sys

from orders import open_refund_task

framework = sys.argv[1]
if framework == "mcp":
    from langchain_mcp import read_notes
    from langchain_model import Scripted as Model

    print("said", asyncio.run(read_notes(Model())))
    sys.exit()
if framework == "langchain":
    from langchain_agent import conversation
    from langchain_model import Scripted as Model

    model = Model()
else:
    from pydantic_agent import conversation
    from pydantic_model import Scripted as model

with open_refund_task("1042") as task:
    say = conversation(model, task)
    print("said", say("Refund 200.00 of order 1042, please."))
    sys.stdin.readline()
    print("said", say("It is approved."))
    print("said", say("It is approved, again."))
    print("said", say("And another order, 1043?"))
