"""
Sign-in of people at agents' applications: once, at the identity provider, and then a fresh ID token for each task.

Two things stand behind it, and the person can end either at any time: the refresh token, at the identity provider; and
what they agreed to for this agent, on their home page at Remit.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import anyio
import httpx2
import jwt

from .errors import CallFailed, Denied, RefusalFacts, UsageError
from .transport import TIMEOUT, run, run_async
from .wire.address import secure_url
from .wire.flow import Answer, Flow, Request
from .wire.keys import base64url
from .wire.problem import object_of, text_or
from .wire.token_endpoint import FORM, form_of


class SignInRequired(Denied):
    """The person has to sign in again: nothing is stored, it has expired, or they ended it at the identity provider."""

    def __init__(self, detail: str, status: int = 401) -> None:
        super().__init__(RefusalFacts("sign_in.required", detail, status))


class RefreshTokens(Protocol):
    """Where the refresh token of one person is kept. It is as good as the person's sign-in: encrypt it, show it to nobody."""

    def get(self) -> str | None: ...

    def set(self, token: str | None) -> None:
        """Replaces it. `None`: the sign-in has ended."""
        ...


class InMemory:
    """Forgotten with the process."""

    def __init__(self, token: str | None = None) -> None:
        self._token = token

    def get(self) -> str | None:
        return self._token

    def set(self, token: str | None) -> None:
        self._token = token


@dataclass(frozen=True)
class Begun:
    """A sign-in under way. Keep it in the session of the browser that began it."""

    url: str
    """Where the person signs in."""
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True)
class _Provider:
    authorization_endpoint: str
    token_endpoint: str
    names_itself: bool
    """In each answer (RFC 9207)."""


class _Shared:
    """
    `provider` is the identity provider's issuer, `client_id` this agent's client there, `store` keeps the refresh token of
    one person. `scope` has to make the provider give a refresh token; most want `offline_access`.
    """

    def __init__(
        self,
        provider: str,
        client_id: str,
        store: RefreshTokens,
        *,
        client_secret: str | None = None,
        scope: str = "openid profile email offline_access",
        client: Any = None,
    ) -> None:
        secure_url(provider)
        self._issuer = provider
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._store = store
        self._client = client
        self._known: _Provider | None = None
        # One after the other: a refresh token that is used twice may end the sign-in.
        self._turn = threading.Lock()
        self._async_turn: anyio.Lock | None = None

    def _begin(self, redirect_uri: str, more: Mapping[str, str]) -> Flow[Begun]:
        provider = yield from self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        query = {
            **more,
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": self._scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64url(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        glue = "&" if urlsplit(provider.authorization_endpoint).query else "?"
        url = f"{provider.authorization_endpoint}{glue}{urlencode(query)}"
        return Begun(url, state, nonce, verifier, redirect_uri)

    def _finish(self, begun: Begun, url: str) -> Flow[str]:
        provider = yield from self._discovered()
        came = parse_qsl(urlsplit(url).query, keep_blank_values=True)
        answer = dict(came)
        if len(answer) != len(came) or not secrets.compare_digest(
            answer.get("state", "").encode(), begun.state.encode()
        ):
            raise UsageError("the answer belongs to another sign-in")
        # RFC 9207: an answer of another provider is not for this one.
        if answer.get("iss", None if provider.names_itself else self._issuer) != self._issuer:
            raise UsageError("the answer comes from another identity provider")
        if "code" not in answer:
            error = answer.get("error_description") or answer.get("error") or "no reason was given"
            raise SignInRequired(f"the identity provider let no one in: {error[:200]}")
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": begun.redirect_uri,
            "code_verifier": begun.verifier,
        }
        told = yield from self._tokens(provider, form)
        token = _id_token(told)
        if _claims(token).get("nonce") != begun.nonce:
            raise UsageError("the ID token belongs to another sign-in")
        refresh = text_or(told.get("refresh_token"))
        if refresh is None:
            raise UsageError(
                "the identity provider gave no refresh token: does its client allow it, and `scope` ask?"
            )
        self._store.set(refresh)
        return token

    def _refreshed(self) -> Flow[str]:
        """A fresh ID token: Remit takes each for one task, and for ten minutes."""
        kept = self._store.get()
        while kept is not None:
            provider = yield from self._discovered()
            form = {"grant_type": "refresh_token", "refresh_token": kept}
            try:
                told = yield from self._tokens(provider, form)
            except SignInRequired:
                # Another process may have been quicker; what it left is good.
                newer = self._store.get()
                if newer == kept or newer is None:
                    raise
                kept = newer
                continue
            # First: one that was replaced is good no more.
            replaced = text_or(told.get("refresh_token"))
            if replaced is not None and replaced != kept:
                self._store.set(replaced)
            return _id_token(told)
        raise SignInRequired("no one has signed in, or they have signed out")

    def _tokens(self, provider: _Provider, form: Mapping[str, str]) -> Flow[Mapping[str, Any]]:
        whole: dict[str, str | None] = {**form, "client_id": self._client_id}
        if self._client_secret is not None:
            whole["client_secret"] = self._client_secret
        answer: Answer = yield Request("POST", provider.token_endpoint, FORM, form_of(whole))
        told = object_of(answer.body)
        if answer.ok:
            return told
        error = text_or(told.get("error"))
        if error == "invalid_grant":
            raise SignInRequired("the sign-in at the identity provider has ended", answer.status)
        if error is not None and answer.status < 500:
            detail = text_or(told.get("error_description")) or error
            raise Denied(RefusalFacts("sign_in.refused", detail, answer.status, oauth_error=error))
        detail = f"the identity provider answered {answer.status}"
        raise CallFailed("server.unreadable", detail, status=answer.status)

    def _discovered(self) -> Flow[_Provider]:
        """OpenID Connect Discovery 1.0."""
        if self._known is None:
            where = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            answer: Answer = yield Request("GET", where, {"accept": "application/json"})
            told = object_of(answer.body)
            if not answer.ok or told.get("issuer") != self._issuer:
                detail = f"`{where}` does not describe `{self._issuer}`"
                raise CallFailed("server.unreadable", detail, status=answer.status)
            page, endpoint = (
                str(told.get(f"{name}_endpoint")) for name in ("authorization", "token")
            )
            secure_url(page)
            secure_url(endpoint)
            named = told.get("authorization_response_iss_parameter_supported") is True
            self._known = _Provider(page, endpoint, named)
        return self._known

    def end(self) -> None:
        """Forgets the refresh token. What the person agreed to at Remit stays until they withdraw it there."""
        self._store.set(None)


class SignIn(_Shared):
    """
    The sign-in of one person, kept: `open_task(…, subject_token=sign_in.id_token)`. Nobody has to be present for it; what
    the agent may do is what they agreed to at Remit.
    """

    def begin(self, redirect_uri: str, **more: str) -> Begun:
        """Where the person signs in. `more` goes to the provider, such as `prompt="consent"`."""
        return run(self._begin(redirect_uri, more), self._http())

    def finish(self, begun: Begun, url: str) -> str:
        """
        Takes the address with which the browser came back. Stores the refresh token, and answers an ID token.
        Raises `SignInRequired`, `UsageError` for somebody else's answer, `CallFailed`.
        """
        return run(self._finish(begun, url), self._http())

    def id_token(self) -> str:
        """A fresh ID token. Raises `SignInRequired`, `CallFailed`."""
        with self._turn:
            return run(self._refreshed(), self._http())

    def _http(self) -> Any:
        self._client = self._client or httpx2.Client(timeout=TIMEOUT)
        return self._client


class AsyncSignIn(_Shared):
    """As `SignIn`: `await open_async_task(…, subject_token=sign_in.id_token)`."""

    async def begin(self, redirect_uri: str, **more: str) -> Begun:
        """As `SignIn.begin`."""
        return await run_async(self._begin(redirect_uri, more), self._http())

    async def finish(self, begun: Begun, url: str) -> str:
        """As `SignIn.finish`."""
        return await run_async(self._finish(begun, url), self._http())

    async def id_token(self) -> str:
        """As `SignIn.id_token`."""
        self._async_turn = self._async_turn or anyio.Lock()
        async with self._async_turn:
            return await run_async(self._refreshed(), self._http())

    def _http(self) -> Any:
        self._client = self._client or httpx2.AsyncClient(timeout=TIMEOUT)
        return self._client


def _id_token(told: Mapping[str, Any]) -> str:
    token = text_or(told.get("id_token"))
    if token is None:
        raise CallFailed("server.unreadable", "the identity provider gave no ID token")
    return token


def _claims(token: str) -> Mapping[str, Any]:
    """Not checked: the token came from the provider itself, and it is Remit that has to believe it."""
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise CallFailed("server.unreadable", "the ID token cannot be read") from None
    return claims
