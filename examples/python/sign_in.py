"""
The person of the agent signs in once, in a browser. What the identity provider gives for that is kept in a file, and is
good for a fresh ID token for each task until the person ends it.
"""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from remit_sdk.sign_in import SignIn, SignInRequired

came: list[str] = []


class InFile:
    """As good as the person's sign-in: encrypt it where it is for more than a try."""

    file = Path("refresh-token")

    def get(self) -> str | None:
        return self.file.read_text() if self.file.exists() else None

    def set(self, token: str | None) -> None:
        self.file.touch(mode=0o600)
        self.file.write_text(token or "")


class Callback(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        came.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You can close this window.")

    def log_message(self, *_: object) -> None:
        """The address has the code in it, which is nobody else's."""


provider = os.environ.get("REMIT_PROVIDER", "http://127.0.0.1:7482")
sign_in = SignIn(provider, "refund-bot", InFile(), scope="openid profile email groups")


def id_token() -> str:
    """Answers an ID token of the person, whom it sends to sign in if nobody has yet."""
    try:
        return sign_in.id_token()
    except SignInRequired:
        with HTTPServer(("127.0.0.1", 0), Callback) as server:
            begun = sign_in.begin(f"http://127.0.0.1:{server.server_port}/callback")
            print("Please sign in:", begun.url)
            server.handle_request()
        sign_in.finish(begun, came.pop())
        return sign_in.id_token()
