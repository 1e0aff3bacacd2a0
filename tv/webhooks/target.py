"""A server that is told: what the settings say of it, and the signature it can check.

Signed as https://www.standardwebhooks.com has it, for which receivers have libraries.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import msgspec

from tv.urls import is_url

MOST = 8  # targets
PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a secret


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`secret` is `whsec_` and base64; the receiver has the same."""

    url: str
    secret: str


def trouble(targets: Mapping[str, Target]) -> str:
    """What is wrong with the settings, in French; "" for nothing. Secrets are not repeated."""
    if len(targets) > MOST:
        return f"il y en a plus de {MOST}"
    for name, target in targets.items():
        if not is_url(target.url, ("http", "https")):
            return f"{name}\u00a0: url\u00a0: attendu une adresse http:// ou https://"
        try:
            secret = _bytes(target.secret)
        except (ValueError, binascii.Error):
            secret = b""
        if not SHORTEST <= len(secret) <= LONGEST:
            return (
                f"{name}\u00a0: secret\u00a0: attendu «\u00a0{PREFIX}\u00a0» et {SHORTEST} à "
                f"{LONGEST} octets en base64, ce que fait «\u00a0echo {PREFIX}$(openssl rand "
                "-base64 32)\u00a0»"
            )
    return ""


def signature(secret: str, message: str, sent_at: int, body: bytes) -> str:
    """The header `webhook-signature` of a message called `message`, sent at that Unix time."""
    signed = f"{message}.{sent_at}.".encode() + body
    digest = hmac.digest(_bytes(secret), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _bytes(secret: str) -> bytes:
    if not secret.startswith(PREFIX):
        raise ValueError("not a secret of webhooks")
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
