"""Voting codes: printed for people, one ballot each in every poll that asks for them.

They follow from the installation's secret, so that none is kept anywhere. The journal has a keyed
digest of each code that was used: whoever has the journal without the secret learns no code, and
the digest says nothing of who was given that code.
"""

import functools
import hashlib
import hmac
import time
from urllib.parse import unquote

from starlette.requests import Request

from engagement.fold import Reason, Refused
from streaming.ingest.wrong_keys import WrongKeys
from tv.auth import identity
from tv.joining import ALPHABET
from tv.problems import Problem
from tv.writing import refusal

MOST = 3_000  # codes of an event
COOKIE = "fabrique_vote"  # the code that a browser knows (tv/web/parts/voting_code.ts)
COOKIE_LIFETIME = 14 * 86_400  # seconds
PATIENCE = 1.5  # seconds that the answer to a wrong code waits, at most: people mistype, too
TYPED = 32  # characters that are looked at
LENGTH = 8  # characters: a million tries find a code once in 280 times


class VotingCodes:
    """The voting codes of an event (a slug)."""

    def __init__(self, secret: bytes, event: str) -> None:
        self._key = hmac.digest(secret, b"voting code\n" + event.encode(), "sha256")
        self._wrong = WrongKeys(time.monotonic)

    def first(self, count: int) -> list[str]:
        """The first so many codes, as they are printed: « K7M2-QX9R »."""
        return [f"{code[:4]}-{code[4:]}" for code in list(self._digests)[:count]]

    def digest_of(self, typed: str) -> str | None:
        """The digest of a code as somebody typed it; None for what is none."""
        return self._digests.get("".join(typed.upper().split()).replace("-", ""))

    def read(self, typed: str, request: Request) -> str:
        """The digest of a code in a request, or else in its cookie.

        Raises Problem, later and later for who tries many.
        """
        typed = typed.strip() or unquote(request.cookies.get(COOKIE, ""))[:TYPED]
        if not typed:
            raise refusal(Refused(Reason.CODE_REQUIRED), identity(request))
        if (digest := self.digest_of(typed)) is not None:
            return digest
        wrong = Problem(
            403,
            "code-wrong",
            "Code inconnu",
            "Ce code n’est pas un code de vote. Vérifiez-le sur votre carton.",
        )
        address = request.client.host if request.client else ""
        wrong.held_for = min(PATIENCE, self._wrong.note(address))
        raise wrong

    @functools.cached_property
    def _digests(self) -> dict[str, str]:
        return {
            code: self._hashed(f"used\n{code}").hex()[:16]
            for code in (self._code(number) for number in range(MOST))
        }

    def _code(self, number: int) -> str:
        left = int.from_bytes(self._hashed(f"code\n{number}")[:8])
        code = ""
        for _ in range(LENGTH):
            left, digit = divmod(left, len(ALPHABET))
            code += ALPHABET[digit]
        return code

    def _hashed(self, named: str) -> bytes:
        return hmac.digest(self._key, named.encode(), hashlib.sha256)
