"""An OAuth client at the defaults of a library. `client.py authlib|requests ISSUER CLIENT_ID REDIRECT_URI API`"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as Authlib
from oauthlib.oauth2 import OAuth2Error
from requests_oauthlib import OAuth2Session as RequestsOauthlib

KIND, ISSUER, CLIENT_ID, REDIRECT_URI, API = sys.argv[1:]
AUTHORIZE, TOKEN = f"{ISSUER}/oauth/authorize", f"{ISSUER}/oauth/token"


def say(*words: object) -> None:
    print(*words, flush=True)


def came_back(url: str) -> str:
    say("open", url)
    return sys.stdin.readline().strip()


def authlib() -> tuple[Any, Any]:
    session = Authlib(CLIENT_ID, redirect_uri=REDIRECT_URI, code_challenge_method="S256")
    verifier = generate_token(48)
    url, state = session.create_authorization_url(AUTHORIZE, code_verifier=verifier, resource=API)
    back = came_back(url)
    # The library's own integrations of web frameworks look first, too.
    refused = parse_qs(urlsplit(back).query).get("error")
    if refused:
        raise OAuthError(refused[0])
    token = session.fetch_token(TOKEN, authorization_response=back, code_verifier=verifier, state=state)
    return session, token


def requests() -> tuple[Any, Any]:
    session = RequestsOauthlib(CLIENT_ID, redirect_uri=REDIRECT_URI, pkce="S256")
    url, _ = session.authorization_url(AUTHORIZE, resource=API)
    token = session.fetch_token(TOKEN, authorization_response=came_back(url), include_client_id=True)
    return session, token


def main() -> None:
    try:
        session, token = {"authlib": authlib, "requests": requests}[KIND]()
    except (OAuthError, OAuth2Error) as error:
        say("refused", error.error)
        return
    say("token", token["token_type"], token["expires_in"])
    say("read", session.get(f"{API}/orders/1042").status_code)
    more = {"client_id": CLIENT_ID} if KIND == "requests" else {}
    session.refresh_token(TOKEN, refresh_token=token["refresh_token"], **more)
    say("read", session.get(f"{API}/orders/1042").status_code)
    say("refund", session.post(f"{API}/orders/1042/refunds", json={"amount": 10}).status_code)


main()
