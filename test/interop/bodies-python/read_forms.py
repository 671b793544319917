"""Reads one form a line as an API in Python does, and tells one a line what it read: all values of each name.

The argument says with what: `starlette` (with python-multipart), `werkzeug` (Flask), or `stdlib` (urllib.parse and email).
"""

import asyncio
import base64
import hashlib
import io
import json
import sys
from email.parser import BytesParser
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request as StarletteRequest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request as WerkzeugRequest

Read = list[tuple[str, object]]


def described(filename: str | None, media_type: str | None, content: bytes) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    return {"filename": filename, "media_type": media_type, "size": len(content), "sha256": digest}


def starlette(media_type: str, body: bytes) -> Read:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def read() -> Read:
        scope = {"type": "http", "method": "POST", "headers": [(b"content-type", media_type.encode())]}
        values: Read = []
        async with StarletteRequest(scope, receive).form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    content = await value.read()
                    values.append((name, described(value.filename, value.content_type, content)))
                else:
                    values.append((name, value))
        return values

    return asyncio.run(read())


def werkzeug(media_type: str, body: bytes) -> Read:
    builder = EnvironBuilder(method="POST", input_stream=io.BytesIO(body), content_type=media_type)
    builder.content_length = len(body)
    request = WerkzeugRequest(builder.get_environ())
    values: Read = list(request.form.items(multi=True))
    for name, file in request.files.items(multi=True):
        values.append((name, described(file.filename, file.content_type, file.read())))
    return values


def stdlib(media_type: str, body: bytes) -> Read:
    if not media_type.startswith("multipart/"):
        return list(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    form = BytesParser().parsebytes(f"Content-Type: {media_type}\r\n\r\n".encode() + body)
    if not form.is_multipart() or form.defects:
        raise ValueError("not a form")
    values: Read = []
    for part in form.get_payload():
        name = part.get_param("name", header="content-disposition")
        filename = part.get_filename()
        content = part.get_payload(decode=True)
        if filename is None:
            values.append((name, content.decode()))
        else:
            values.append((name, described(filename, part.get_content_type(), content)))
    return values


READERS = {"starlette": starlette, "werkzeug": werkzeug, "stdlib": stdlib}


def main() -> None:
    read = READERS[sys.argv[1]]
    for line in sys.stdin:
        sent = json.loads(line)
        said: dict[str, list[object]] | str = {}
        try:
            for name, value in read(sent["type"], base64.b64decode(sent["body"])):
                said.setdefault(str(name), []).append(value)
        except Exception:  # whatever it is, the API answers that it cannot read the form
            said = "refused"
        print(json.dumps(said))


main()
