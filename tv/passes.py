"""Passes and participants' tokens: small signed texts, so that nobody needs an account."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Collection
from enum import StrEnum
from typing import TypeVar

import msgspec
from itsdangerous import BadSignature, URLSafeSerializer

PASS_LIFETIME = 14 * 86_400.0  # seconds
PARTICIPANT_LIFETIME = 30 * 86_400.0  # seconds
TOKEN_LIMIT = 2_000  # characters
KNOWN = 20_000  # tokens whose signature is not checked again


class Role(StrEnum):
    VIEWER = "viewer"
    KIOSK = "kiosk"
    SCREEN = "screen"
    HOST = "host"
    PRESENTER = "presenter"
    MODERATOR = "moderator"
    OPERATOR = "operator"
    ADMIN = "admin"
    NODE = "node"


class PassForged(Exception):
    """A pass or a token that this server did not sign."""


class PassExpired(Exception):
    """A pass or a token whose time is over, or that was taken back."""


class Pass(msgspec.Struct, frozen=True):
    """What a pass says; `expires` is seconds since the Unix epoch by wall time."""

    id: str
    role: Role
    expires: float
    name: str = ""
    talk: str = ""
    lab: str = ""
    screen: str = ""  # the one that holds it
    table: str = ""


class Participant(msgspec.Struct, frozen=True):
    """What a participant's token says: a random id, the pseudonym they chose, and the lab and the
    table where they are, if any. `joined`: when they got their first token. `place`: the lab or
    table whose code they have shown."""

    id: str
    expires: float
    name: str = ""
    lab: str = ""
    table: str = ""
    joined: float = 0.0
    place: str = ""


Signed = TypeVar("Signed", Pass, Participant)


class Passes:
    """Signs and reads passes and participants' tokens.

    Nothing about them is stored, but which passes were taken back: `revoked` has their ids; and
    `erased` says whether a participant was erased.
    """

    def __init__(
        self,
        secret: bytes,
        now: Callable[[], float] = time.time,
        revoked: Callable[[], Collection[str]] = tuple,
        erased: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._now = now
        self._erased = erased
        self.revoked = revoked
        self._passes = _signer(secret, "pass")
        self._participants = _signer(secret, "participant")
        self._known: dict[str, Pass | Participant] = {}  # read before: votes come in storms

    def issue(
        self,
        role: Role,
        name: str = "",
        talk: str = "",
        lab: str = "",
        lifetime: float = PASS_LIFETIME,
        screen: str = "",
        table: str = "",
    ) -> str:
        """A pass for `role`, which `talk` limits to that talk, `lab` or `table` to that place."""
        id, expires = "pass_" + secrets.token_hex(6), self._now() + lifetime
        made = Pass(id, role, expires, name, talk, lab, screen, table)
        return str(self._passes.dumps(msgspec.to_builtins(made)))

    def read(self, token: str) -> Pass:
        """Raises PassExpired or PassForged."""
        return self._read(self._passes, token, Pass)

    def welcome(
        self,
        name: str = "",
        id: str = "",
        lab: str = "",
        table: str = "",
        joined: float = 0.0,
        place: str = "",
    ) -> tuple[Participant, str]:
        """A participant, and the token that proves it; new unless `id` and `joined` are given."""
        id, now = id or "p_" + secrets.token_hex(8), self._now()
        expires = now + PARTICIPANT_LIFETIME
        made = Participant(id, expires, name, lab, table, joined or now, place)
        return made, str(self._participants.dumps(msgspec.to_builtins(made)))

    def participant(self, token: str) -> Participant:
        """Raises PassExpired or PassForged."""
        found = self._read(self._participants, token, Participant)
        if self._erased(found.id):
            raise PassExpired("its participant was erased")
        return found

    def _read(self, signer: URLSafeSerializer, token: str, type: type[Signed]) -> Signed:
        if len(token) > TOKEN_LIMIT:
            raise PassForged("too long for one of ours")
        found = self._known.get(token)
        if not isinstance(found, type):
            try:
                found = msgspec.convert(signer.loads(token), type)
            except (BadSignature, msgspec.ValidationError, ValueError) as error:
                raise PassForged("not signed here") from error
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[token] = found
        if found.expires <= self._now() or found.id in self.revoked():
            raise PassExpired("its time is over")
        return found


def _signer(secret: bytes, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        hmac.digest(secret, purpose.encode(), "sha256"),
        salt=purpose,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
