"""Who is asking: a role carried by a signed pass, and a participant by a signed token."""

from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engagement.cafe.session import lab_of
from engagement.origin import EVERYWHERE, Origin, is_in
from tv.cookies import (
    ERASED_COOKIE,
    PARTICIPANT_COOKIE,
    PASS_COOKIE,
    kept_cookie,
    set_cookie,
)
from tv.networks import Networks
from tv.passes import PASS_LIFETIME, RENEWED, Passes, PassExpired, PassForged, Role
from tv.problems import Problem

__all__ = [
    "Authentication",
    "Identity",
    "Passes",
    "Role",
    "identity",
]

OURS = ("/api/", "/confidentialite/")  # what no other site's page may write to
SESSION = "/api/v1/session"

RUNNERS = (Role.OPERATOR, Role.ADMIN)  # who runs the show
MODERATORS = (Role.MODERATOR, *RUNNERS)
CREW = (Role.PRESENTER, *MODERATORS)
AUDIENCE = (Role.VIEWER, Role.KIOSK, Role.HOST, *CREW)  # who may ask and vote

_NAMES = {
    Role.KIOSK: "tablette de table",
    Role.HOST: "hôte de table",
    Role.PRESENTER: "intervenant",
    Role.MODERATOR: "modération",
    Role.OPERATOR: "régie",
    Role.ADMIN: "administration",
}


class Identity(msgspec.Struct, frozen=True):
    """Who a request comes from. `trouble` says what was wrong with what it showed, if anything."""

    role: Role = Role.VIEWER
    name: str = ""
    participant: str = ""
    pass_id: str = ""
    talk: str = ""
    lab: str = ""
    screen: str = ""  # the one that asks
    table: str = ""  # where they are, as `lab`
    station: str = ""  # the table, or else the lab, that their pass is for; "": all of them
    joined: float = 0.0  # when a participant got their first token, by wall time
    place: str = ""  # the lab or table whose code they have shown
    network: str = ""  # its tag (tv/networks.py)
    erased_at: float = 0.0  # when this browser had erased a ballot of an open poll (broadcast time)
    trouble: str = ""  # "expired" or "forged"

    @property
    def by(self) -> str:
        """The name that the journal has for them."""
        return self.participant or self.pass_id

    @property
    def signature(self) -> str:
        """The same for what the crew does: by pass, when there is one."""
        return self.pass_id or self.participant

    @property
    def origin(self) -> Origin | None:
        """The origin of their acts, for limits; None for the crew, which has no limits.

        A pass for a place proves that place: the crew gave the pass to its holder.
        """
        if self.role in CREW:
            return None
        place = self.place or self.station
        if self.role in (Role.KIOSK, Role.HOST):
            place = self.station or EVERYWHERE
        return Origin(self.joined, self.network, place)

    @property
    def badge(self) -> str:
        """The badge beside what they write; "" for the audience. No pseudonym can imitate it."""
        if self.role in CREW:
            return "crew"
        return "host" if self.role is Role.HOST else ""

    def is_in(self, lab: str) -> bool:
        """True if they have proved that they are in a laboratory, or need no proof."""
        return is_in(self.origin, lab)

    def crew(self, talk: str) -> bool:
        """Whether they see what only the crew of `talk` sees."""
        return self.role in CREW and self.talk in ("", talk)

    def hosts(self, table: str) -> bool:
        """Whether they stay at a table (its id) and lead it."""
        return self.role is Role.HOST and self.station in ("", table, lab_of(table))

    def kiosk(self, table: str) -> bool:
        """Whether they are a table's own device."""
        return self.role is Role.KIOSK and self.station in ("", table, lab_of(table))

    def must_host(self, table: str) -> None:
        """Raises Problem unless they lead this table, or moderate all."""
        if self.role is Role.HOST and not self.hosts(table):
            raise _other_table()
        self.must_be(Role.HOST, *MODERATORS)

    def must_be_kiosk(self, table: str) -> None:
        """Raises Problem unless they are this table's own device."""
        if self.role is Role.KIOSK and not self.kiosk(table):
            raise _other_table()
        self.must_be(Role.KIOSK)

    def must_be(self, *roles: Role, talk: str = "") -> None:
        """Raises Problem unless they have one of `roles`, and for this talk.

        What is of no talk in particular is not for a pass for one.
        """
        if self.role in roles and self.talk in ("", talk):
            return
        if self.role in roles:
            raise Problem(
                403,
                "other-talk",
                "Accès refusé",
                "Votre laissez-passer vaut pour une autre intervention.",
            )
        wanted = ", ".join(dict.fromkeys(_NAMES.get(role, role.value) for role in roles))
        if self.trouble:
            raise refused(self.trouble)
        raise Problem(
            403 if self.by else 401,
            "role-required",
            "Accès refusé",
            f"Cette action est réservée à\u00a0: {wanted}. "
            "Ouvrez le lien d’accès reçu de la régie.",
        )

    def must_take_part(self) -> str:
        """The name the journal has for them. Raises Problem unless they may ask and vote."""
        if self.role in AUDIENCE and self.by:
            return self.by
        if self.role not in AUDIENCE:
            raise Problem(
                403,
                "role-refused",
                "Accès refusé",
                "Un écran ne peut ni voter ni poser de question.",
            )
        raise _not_joined()

    def must_have_joined(self) -> str:
        """Their id. Raises Problem unless they are a participant, whatever else they are."""
        if not self.participant:
            raise _not_joined()
        return self.participant


ANYONE = Identity()


def identity(connection: HTTPConnection) -> Identity:
    """Who `connection` comes from, as `Authentication` found."""
    found = connection.scope.get("auth", ANYONE)
    assert isinstance(found, Identity)
    return found


def refused(trouble: str) -> Problem:
    """The answer to a pass that cannot be used."""
    if trouble == "expired":
        return Problem(
            401,
            "pass-expired",
            "Laissez-passer expiré",
            "Ce laissez-passer n’est plus valable. Demandez-en un nouveau à la régie.",
        )
    return Problem(
        401,
        "pass-forged",
        "Laissez-passer refusé",
        "Ce laissez-passer n’a pas été émis par ce serveur, ou il est incomplet. "
        "Copiez le lien en entier, ou demandez-en un nouveau à la régie.",
    )


def _not_joined() -> Problem:
    return Problem(
        401,
        "participant-required",
        "Participation non ouverte",
        "Il faut d’abord rejoindre l’événement (POST /api/v1/participants). "
        "Sur la page, rechargez-la et acceptez le cookie.",
    )


def _other_table() -> Problem:
    return Problem(
        403, "other-table", "Accès refusé", "Votre laissez-passer vaut pour une autre table."
    )


class Authentication:
    """ASGI middleware: finds out who asks, and turns away writes that another site's page sends.

    A bearer token (a pass or a participant's token) goes before cookies, which carry both. Our own
    pages come from the host that they ask, or from `public_url` when a proxy asks in their place.
    """

    def __init__(
        self, app: ASGIApp, passes: Passes, networks: Networks, public_url: str = ""
    ) -> None:
        self._app = app
        self._passes = passes
        self._networks = networks
        self._public = _origin(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        found, problem = self.look(scope)
        if problem is None:
            scope["auth"] = found
            await self._app(scope, receive, self._renewing(scope, found, send))
        elif scope["type"] == "http":
            await problem.response()(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4401, "reason": problem.code})

    def _renewing(self, scope: Scope, found: Identity, send: Send) -> Send:
        """`send`, with the cookie of a device's pass renewed in the answer if it is time.

        Answers to writes, and `/api/v1/session`, are kept by no cache.
        """
        if found.role not in RENEWED or scope["type"] != "http":
            return send
        if scope["method"] in ("GET", "HEAD", "OPTIONS") and scope["path"] != SESSION:
            return send
        request = Request(scope)
        try:
            renewed = self._passes.renew(kept_cookie(request.cookies, PASS_COOKIE) or "")
        except (PassForged, PassExpired):  # it showed another one as bearer
            return send
        if renewed is None:
            return send
        carrier = Response()
        set_cookie(request, carrier, PASS_COOKIE, renewed[1], PASS_LIFETIME)
        cookie = carrier.headers["set-cookie"]

        async def send_renewed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "set-cookie" not in headers:  # else the pass is another one by now, or left
                    headers.append("set-cookie", cookie)
            await send(message)

        return send_renewed

    def look(self, scope: Scope, headers: Headers | None = None) -> tuple[Identity, Problem | None]:
        """Who asks, and why they are turned away, if they are."""
        if headers is None:
            headers = Headers(scope=scope)
        found, by_bearer = self._identify(headers)
        if client := scope.get("client"):
            found = replace(found, network=self._networks.tag(client[0]))
        ours = scope["path"].startswith(OURS) or scope["path"] == "/ws"
        if ours and by_bearer and found.trouble:
            return found, refused(found.trouble)
        if ours and not by_bearer and self._foreign(scope, headers):
            return found, Problem(
                403,
                "foreign-origin",
                "Origine refusée",
                "Cette demande vient de la page d’un autre site.",
            )
        return found, None

    def _identify(self, headers: Headers) -> tuple[Identity, bool]:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return self._by_token(token.strip()), True
        cookies = cookie_parser(headers.get("cookie", ""))
        found = ANYONE
        if (kept := kept_cookie(cookies, PASS_COOKIE)) is not None:
            found = self._by_pass(kept)
        if (kept := kept_cookie(cookies, ERASED_COOKIE)) is not None:
            found = replace(found, erased_at=_time(kept))
        if (kept := kept_cookie(cookies, PARTICIPANT_COOKIE)) is not None:
            try:
                participant = self._passes.participant(kept)
            except (PassForged, PassExpired):
                return found, False  # the page asks for a new one
            where = participant if participant.lab else found
            found = replace(
                found,
                participant=participant.id,
                name=participant.name or found.name,
                lab=where.lab,
                table=where.table,
                joined=participant.joined,
                place=participant.place,
            )
        return found, False

    def _by_token(self, token: str) -> Identity:
        try:
            participant = self._passes.participant(token)
        except PassExpired:
            return Identity(trouble="expired")
        except PassForged:
            return self._by_pass(token)
        return Identity(
            name=participant.name,
            participant=participant.id,
            lab=participant.lab,
            table=participant.table,
            joined=participant.joined,
            place=participant.place,
        )

    def _by_pass(self, token: str) -> Identity:
        try:
            held = self._passes.read(token)
        except PassExpired:
            return Identity(trouble="expired")
        except PassForged:
            return Identity(trouble="forged")
        return Identity(
            held.role,
            held.name,
            pass_id=held.id,
            talk=held.talk,
            lab=held.lab or lab_of(held.table),
            screen=held.screen,
            table=held.table,
            station=held.table or held.lab,
        )

    def _foreign(self, scope: Scope, headers: Headers) -> bool:
        """Whether a browser sends this write, or opens this socket, for another site's page."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return False
        if headers.get("sec-fetch-site") == "cross-site":
            return True
        origin = headers.get("origin")
        if origin is None or origin.partition("://")[2] == headers.get("host"):
            return False
        return not self._public or _origin(origin) != self._public


def _time(said: str) -> float:
    """A time that a cookie says, in milliseconds; 0.0 for what is none."""
    return int(said) / 1000 if said.isascii() and said.isdigit() and len(said) < 16 else 0.0


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """The scheme, host and port of an address; None when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None
