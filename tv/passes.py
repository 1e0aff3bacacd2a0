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
from msgspec.structs import replace

PASS_LIFETIME = 14 * 86_400.0  # seconds
PARTICIPANT_LIFETIME = 30 * 86_400.0  # seconds
TOKEN_LIMIT = 2_000  # characters
RENEWED_AT = 0.5  # of its life is left: a device's pass that is in use gets a whole one again
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


RENEWED = (Role.SCREEN, Role.KIOSK)  # devices, which nobody opens a new link on


class PassForged(Exception):
    """A pass or a token that this server did not sign."""


class PassExpired(Exception):
    """A pass or a token whose time is over, or that was taken back."""


class Pass(msgspec.Struct, frozen=True):
    """The content of a pass; `expires` and `issued` are Unix times in seconds (wall time).

    `ends`: somebody chose the end of the pass, so that it is not renewed.
    """

    id: str
    role: Role
    expires: float
    name: str = ""
    talk: str = ""
    lab: str = ""
    screen: str = ""  # the one that holds it
    table: str = ""
    issued: float = 0.0  # at first, however often it was renewed; 0.0: nobody knows
    ends: bool = False

    @property
    def renewed(self) -> bool:
        """True if the pass is renewed while it is used."""
        return self.role in RENEWED and not self.ends


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

    What a pass may do is in the pass alone. The store has a list of those in use, which `used` is
    told (`tv/passes_in_use.py`), a file the ids of those that were taken back: `revoked`. `erased`
    says whether a participant was erased.
    """

    def __init__(
        self,
        secret: bytes,
        now: Callable[[], float] = time.time,
        revoked: Callable[[], Collection[str]] = tuple,
        erased: Callable[[str], bool] = lambda _: False,
        used: Callable[[Pass], None] = lambda held: None,
    ) -> None:
        self._now = now
        self._erased = erased
        self._used = used
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
        until: float | None = None,
    ) -> str:
        """A pass for `role`, which `talk` limits to that talk, `lab` or `table` to that place.

        It lasts for `lifetime` seconds or, where somebody chose that, `until` then.
        """
        id, now = "pass_" + secrets.token_hex(6), self._now()
        expires, ends = (now + lifetime, False) if until is None else (until, True)
        return self._sign(Pass(id, role, expires, name, talk, lab, screen, table, now, ends))

    def read(self, token: str) -> Pass:
        """Raises PassExpired or PassForged."""
        held = self._read(self._passes, token, Pass)
        self._used(held)
        return held

    def renew(self, token: str) -> tuple[Pass, str] | None:
        """The same pass with its whole life before it; None where it is not to be renewed yet.

        Its id stays, so that it can be taken back. Raises PassExpired or PassForged.
        """
        held, now = self._read(self._passes, token, Pass), self._now()
        if not held.renewed or held.expires - now > PASS_LIFETIME * RENEWED_AT:
            return None
        made = replace(held, expires=now + PASS_LIFETIME)
        return made, self._sign(made)

    def _sign(self, made: Pass) -> str:
        return str(self._passes.dumps(msgspec.to_builtins(made)))

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
