"""What is to be read of the replies of WHIP and WHEP: ICE credentials, and problems."""

import re

import httpx


def credentials(sdp: str) -> tuple[str, str]:
    name = re.search(r"a=ice-ufrag:(\S+)", sdp)
    password = re.search(r"a=ice-pwd:(\S+)", sdp)
    assert name
    assert password
    return name[1], password[1]


def problem(reply: httpx.Response, status: int, code: str) -> str:
    """What a refusal says, in French (RFC 9457)."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["access-control-allow-origin"] == "*"
    body = reply.json()
    assert body["type"] == f"urn:fabrique-tv:problem:{code}"
    detail: str = body["detail"]
    assert detail
    return detail
