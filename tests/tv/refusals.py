"""What WHIP and WHEP say when they refuse: a problem in French, that other sites can read."""

import httpx


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
