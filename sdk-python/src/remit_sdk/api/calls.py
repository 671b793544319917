"""Messages between an enforcement point and Remit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import anyio

from ..errors import RemitError
from ..transport import run_async
from ..wire.flow import Answer, Flow, Request
from ..wire.problem import number_or, object_of, record_of, text_or
from .answer import Answer as OwnAnswer
from .answer import problem_answer
from .answers import Answering, AnswerPart, Obligation
from .arguments import argument_texts_of
from .guard import Actor, Person, RemitCall, TaskOfCall

_PAUSES = (0.2, 1.0, 5.0)
"""Seconds between attempts to report."""


class Unreadable(Exception):
    """An answer that is none: nothing may run."""


class Calls:
    def __init__(
        self,
        issuer: str,
        secret: str,
        client: Any,
        timeout: float,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._issuer = issuer
        self._secret = secret
        self._client = client
        self._timeout = timeout
        self._on_error = on_error

    async def ask(self, asked: Mapping[str, Any]) -> Permit | OwnAnswer:
        """Raises for anything but an answer that can be read in time: then nothing may run."""
        began = time.monotonic()
        answer = await self._post("/v1/calls", asked)
        told = object_of(answer.body)
        if answer.status != 200:
            code, detail = told.get("code", ""), told.get("detail", "no reason")
            raise Unreadable(
                f"Remit answered {answer.status} {code} to an enforcement point: {detail}"
            )
        if told.get("decision") is False:
            return _refusal_from(told)
        valid_for = number_or(told.get("valid_for_ms"))
        if told.get("decision") is not True or valid_for is None:
            raise Unreadable("the answer is no decision")
        decision_id = text_or(told.get("decision_id"))
        if decision_id is None:
            raise Unreadable("the permit names no decision")
        return Permit(decision_id, told, began + valid_for / 1000)

    async def report(self, decision_id: str, outcome: Mapping[str, Any]) -> None:
        """Says how a call ended, four times at most. An outcome that never arrives is found indeterminate by Remit. Never raises."""
        for pause in (*_PAUSES, None):
            if await self._attempt(decision_id, outcome):
                return
            if pause is not None:
                await anyio.sleep(pause)
        self._on_error(Unreadable(f"the outcome of {decision_id} could not be reported"))

    async def _attempt(self, decision_id: str, outcome: Mapping[str, Any]) -> bool:
        """False: it may be tried again."""
        try:
            path = f"/v1/calls/{quote(decision_id, safe='')}/outcome"
            answer = await self._post(path, outcome)
        except (RemitError, TimeoutError):
            return False
        # An earlier attempt arrived, and its answer did not.
        code = object_of(answer.body).get("code")
        if answer.ok or code == "decision.ended":
            return True
        if answer.status >= 500:
            return False
        self._on_error(Unreadable(f"the outcome of {decision_id} was refused: {code}"))
        return True

    async def _post(self, path: str, body: Mapping[str, Any]) -> Answer:
        with anyio.fail_after(self._timeout):
            return await run_async(self._posting(path, body), self._client)

    def _posting(self, path: str, body: Mapping[str, Any]) -> Flow[Answer]:
        headers = {
            "authorization": f"Bearer {self._secret}",
            "content-type": "application/json",
            "accept": "application/json",
        }
        answer: Answer = yield Request(
            "POST", self._issuer + path, headers, json.dumps(body).encode()
        )
        return answer


class Permit:
    """A call that may begin, until it is late."""

    def __init__(self, decision_id: str, told: Mapping[str, Any], until: float) -> None:
        self.decision_id = decision_id
        self._told = told
        self._until = until

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self._until

    def answering(self, hash_key: bytes | None) -> Answering | None:
        """Raises `Unreadable`, `Unfit`: what a permit obliges to is done whole, or the call does not run."""
        obligations = [_obligation_from(each) for each in _list_of(self._told.get("obligations"))]
        settles = [_part_from(each) for each in _list_of(self._told.get("settles"))]
        if not obligations and not settles:
            return None
        return Answering(obligations, settles, hash_key, self.decision_id)

    def call(self) -> RemitCall:
        """Raises `Unreadable`."""
        told = self._told
        task = record_of(told.get("task"))
        id, purpose = text_or(task.get("id")), text_or(task.get("purpose"))
        action, agent = text_or(told.get("action")), text_or(told.get("agent"))
        chain, arguments = told.get("chain"), argument_texts_of(told.get("arguments"))
        if (
            not id
            or not purpose
            or not action
            or not agent
            or not isinstance(chain, list)
            or not all(isinstance(each, str) for each in chain)
            or arguments is None
        ):
            raise Unreadable("the permit cannot be read")
        return RemitCall(
            action=action,
            agent=agent,
            chain=tuple(chain),
            person=_person_from(told.get("person")),
            task=TaskOfCall(id, purpose, text_or(task.get("parent"))),
            arguments=arguments,
            decision_id=self.decision_id,
            actors=_actors_from(told.get("actors")),
        )


def _list_of(value: object) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unreadable("the permit cannot be read")
    return [record_of(each) for each in value]


def _obligation_from(value: Mapping[str, Any]) -> Obligation:
    kind, properties = value.get("type"), record_of(value.get("properties"))
    if not isinstance(kind, str) or not all(isinstance(each, str) for each in properties.values()):
        raise Unreadable("what the permit obliges to cannot be read")
    return Obligation(kind, properties)


def _part_from(value: Mapping[str, Any]) -> AnswerPart:
    limit, path = value.get("limit"), value.get("path")
    if limit not in ("charged", "rows") or not isinstance(path, str):
        raise Unreadable("what the permit settles cannot be read")
    return AnswerPart(limit, path)


def _person_from(value: object) -> Person | None:
    if value is None:
        return None
    person = record_of(value)
    id, issuer, subject = (person.get(name) for name in ("id", "issuer", "subject"))
    known = (
        issuer is None and subject is None or isinstance(issuer, str) and isinstance(subject, str)
    )
    if not isinstance(id, str) or not known:
        raise Unreadable("the permit does not say for whom")
    return Person(id, issuer, subject)


def _actors_from(value: object) -> tuple[Actor, ...]:
    if value is None:
        return ()
    listed = value if isinstance(value, list) else [None]
    actors = [
        Actor(issuer, subject)
        for each in map(record_of, listed)
        if (issuer := text_or(each.get("iss"))) and (subject := text_or(each.get("sub")))
    ]
    if len(actors) != len(listed):
        raise Unreadable("the permit does not say who acted before")
    return tuple(actors)


def _refusal_from(told: Mapping[str, Any]) -> OwnAnswer:
    """Answer that the API has to give, in Remit's words."""
    status, problem = told.get("status"), record_of(told.get("problem"))
    if type(status) is not int or not 400 <= status <= 599 or not text_or(problem.get("code")):
        raise Unreadable("the refusal cannot be read")
    headers = {
        name: value
        for name, value in record_of(told.get("headers")).items()
        if isinstance(value, str) and (name + value).isprintable() and (name + value).isascii()
    }
    return problem_answer(status, problem, headers)
