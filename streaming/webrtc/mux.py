"""One UDP port for all viewers and studios: who a datagram is from, told by what it says.

Requests find their connection by its user name (RFC 8445, 7.2.2), the answers to our own checks by
their transaction, and media by the address that such a request came from. What known viewers send
again and again, checks that change nothing, is answered here; the rest goes to their ICE agent.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from aioice.stun import Message, parse_message

from streaming.webrtc import stun
from streaming.webrtc.addresses import Addresses
from streaming.webrtc.party import Allowance, Claim, Connection, Party
from streaming.webrtc.private import Identity, Lane
from streaming.webrtc.udp import Address, Endpoint

logger = logging.getLogger(__name__)

ADDRESSES_PER_PARTY = 16
HANDSHAKE_LIMIT = 32  # datagrams of a handshake that we have not looked at yet

# An address belongs to who proved last to be there, unless its owner did so in these seconds: who
# can forge a source must not have another's media come to himself.
HELD = 4.0

REFUSALS = 50  # a second and for all: answers to checks with a wrong password
FLOOD = 5  # seconds in a row over its allowance after which a party is let go


@dataclass
class Counts:
    """Datagrams by what became of them, since the start."""

    checks: int = 0  # answered without more ado
    new_checks: int = 0  # taken to the agent: they may change something
    answers: int = 0  # to checks of our own
    strangers: int = 0  # from nobody we know, or for nobody
    forged: int = 0  # checks without the right user and password
    malformed: int = 0  # that say nothing
    excess: int = 0  # beyond what one party may send, or may have waiting
    failed: int = 0  # that brought to light a mistake of ours
    unsent: int = 0  # of ours, that the kernel had no room for


class Mux:
    """The shared sockets, on one port (0: a free one).

    `addresses` are offered first: public ones that lead to this port. Raises StreamingError for
    what is not an address.
    """

    def __init__(self, port: int = 0, addresses: Sequence[str] = ()) -> None:
        self._identity = Identity.generateCertificate()
        self.parties: dict[bytes, Party] = {}  # by our user name
        self.asked: dict[bytes, Lane] = {}  # our own checks, by transaction
        self._addresses = Addresses(port, addresses, self._received)
        self._claims: dict[Endpoint, dict[Address, Claim]] = {}
        self._counts = Counts()
        self._refusals = Allowance(REFUSALS)
        self._complained_at = float("-inf")

    @property
    def port(self) -> int:
        """The UDP port; 0 until it is open, when any would do."""
        return self._addresses.port

    @property
    def datagrams(self) -> dict[str, int]:
        """`counts`, by name."""
        return asdict(self.counts)

    @property
    def held(self) -> dict[str, int]:
        """How many there are of all that must be gone when everybody is."""
        tasks = len(asyncio.all_tasks())
        return {
            "connections": len(self.parties),
            "addresses": self.claims,
            "checks": len(self.asked),
            "tasks": tasks,
        }

    @property
    def claims(self) -> int:
        """Addresses that are known as somebody's."""
        return sum(map(len, self._claims.values()))

    @property
    def counts(self) -> Counts:
        """What became of all that came, until now."""
        return replace(self._counts, unsent=self._addresses.unsent)

    async def open(self) -> None:
        """Take the port on this machine, so that a taken one is known at once.

        Raises StreamingError.
        """
        self._addresses.look(self._claims)

    def attach(self, connection: Connection, allowance: int) -> Party:
        """Give `connection` an ICE agent on our sockets; it may send so many datagrams a second.

        Raises StreamingError when there is no socket.
        """
        candidates = self._addresses.look(self._claims)
        if self._identity.is_old:
            self._identity = Identity.generateCertificate()
        party = Party(connection, self._identity, allowance, self._claim)
        for candidate in candidates:
            if (endpoint := self._addresses.endpoints.get(candidate.host)) is not None:
                party.lanes[endpoint] = Lane(party.agent, endpoint, candidate, self.asked)
        party.agent.settle_on(list(party.lanes.values()), candidates)
        self._name(party)
        return party

    def restart(self, party: Party, username: str, password: str) -> tuple[str, str, list[str]]:
        """Begin a new ICE session (RFC 8445, 9), with the other side's new credentials.

        Return our new ones, and our candidates. What was nominated serves until the other side
        nominates a pair of the new session; its checks are answered for the new session only.
        """
        self.parties.pop(party.agent.local_username.encode(), None)
        party.agent.restart(username, password)
        party.forget_checks()
        self._name(party)
        candidates = [candidate.to_sdp() for candidate in party.agent.local_candidates]
        return party.agent.local_username, party.agent.local_password, candidates

    def detach(self, party: Party) -> None:
        """Forget a connection that is over."""
        self.parties.pop(party.agent.local_username.encode(), None)
        for claim in party.claims:
            self._disclaim(claim)
        party.claims.clear()
        party.lanes.clear()

    async def close(self) -> None:
        self._addresses.close()
        self._claims.clear()

    # What comes in.

    def _received(self, data: bytes, address: Address, endpoint: Endpoint) -> None:
        """Pass a datagram on to whom it is for. Strangers are not answered."""
        claims = self._claims.get(endpoint)
        claim = claims.get(address) if claims is not None else None
        kind = data[0]  # RFC 7983, 7
        try:
            if claim is None:
                if kind < 4 and stun.is_message(data):
                    self._take_stun(data, address, endpoint)
                else:
                    self._counts.strangers += 1
                return
            allowance = claim.party.from_here
            allowance.left -= 1
            if allowance.left < 0 and not allowance.renewed():
                self._counts.excess += 1
            elif allowance.seconds >= FLOOD:
                allowance.seconds = 0
                claim.party.connection.flooded()
            elif 127 < kind < 192:
                if claim.party.connection.received(data):
                    claim.proved_at = time.monotonic()
            elif kind < 4:
                self._take_known(data, claim)
            elif 19 < kind < 64:
                self._take_handshake(data, claim)
            else:
                self._counts.malformed += 1
        except Exception:
            # A mistake of ours about one datagram must not cost the others theirs.
            self._complain()

    def _take_known(self, data: bytes, claim: Claim) -> None:
        """Answer a check like one before, from the same address; it changes nothing."""
        if (
            claim.check == (len(data), data[20:-32])
            and data[:2] == stun.REQUEST
            and stun.is_message(data)
            and stun.is_sealed(data)
            and stun.is_genuine(data, claim.party.key)
        ):
            answer = stun.answer(data, claim.party.key, claim.mapped)
            claim.lane.endpoint.sendto(answer, claim.address)
            claim.proved_at = time.monotonic()
            self._counts.checks += 1
            claim.party.connection.heard()
        elif stun.is_message(data):
            self._take_stun(data, claim.address, claim.lane.endpoint)
        else:
            self._counts.malformed += 1

    def _take_stun(self, data: bytes, address: Address, endpoint: Endpoint) -> None:
        if data[:2] != stun.REQUEST:
            if (asked := self.asked.get(data[8:20])) is None:
                self._counts.strangers += 1
            elif (message := self._parsed(data)) is not None:
                self._counts.answers += 1
                asked.answered(message, address)
            return
        user = stun.named(data)
        party = self.parties.get(user.partition(b":")[0])
        lane = party.lanes.get(endpoint) if party is not None else None
        if party is None or lane is None:
            self._counts.strangers += 1
            return
        claim = self._claims.get(endpoint, {}).get(address)
        if claim is None or claim.party is not party:
            allowance = party.from_elsewhere
            allowance.left -= 1
            if allowance.left < 0 and not allowance.renewed():
                self._counts.excess += 1
                return
        genuine = stun.is_sealed(data) and stun.is_genuine(data, party.key)
        genuine = genuine and party.agent.answers_to(user)
        if not genuine:
            self._counts.forged += 1
            self._refusals.left -= 1
            if self._refusals.left < 0 and not self._refusals.renewed():
                return
        if (message := self._parsed(data)) is None:
            return
        self._counts.new_checks += 1
        proofs = party.proofs
        try:
            party.agent.request_received(message, address, lane)
        except Exception:
            # It trusts its input, too: a check without a priority, for one.
            self._counts.malformed += 1
            return
        if genuine:
            # aioice lets checks wait that come before its own begin, but it has answered: the
            # other side's handshake may follow at once.
            self._claim(party, lane, address)
        if party.proofs > proofs:
            self._remember(data, party, lane, address)

    def _remember(self, check: bytes, party: Party, lane: Lane, address: Address) -> None:
        """Note what a check looks like that was taken, if it would change nothing another time."""
        claim = self._claims.get(lane.endpoint, {}).get(address)
        if claim is None or claim.party is not party or not party.agent.is_proven(lane, address):
            return
        path = party.agent.path
        chosen = path is not None and (path.endpoint, path.address) == (lane.endpoint, address)
        if chosen or not stun.nominates(check):
            claim.check = len(check), check[20:-32]

    def _take_handshake(self, data: bytes, claim: Claim) -> None:
        agent = claim.party.agent
        if agent.waiting < HANDSHAKE_LIMIT:
            agent.data_received(data, 1)
        else:
            self._counts.excess += 1

    def _claim(self, party: Party, lane: Lane, address: Address) -> None:
        """Note that `address` has proved to be the party's."""
        claims, now = self._claims.setdefault(lane.endpoint, {}), time.monotonic()
        if (claim := claims.get(address)) is not None:
            if claim.party is party:
                claim.proved_at = now
                return
            if now - claim.proved_at < HELD:
                return
            claim.party.claims.remove(claim)
        claims[address] = claim = Claim(party, lane, address)
        party.claims.append(claim)
        if len(party.claims) > ADDRESSES_PER_PARTY:
            path = party.agent.path
            unused = (c for c in party.claims if path is None or c.address != path.address)
            oldest = min(unused, key=lambda each: each.proved_at)
            party.claims.remove(oldest)
            self._disclaim(oldest)

    def _disclaim(self, claim: Claim) -> None:
        claims = self._claims.get(claim.lane.endpoint, {})
        if claims.get(claim.address) is claim:
            del claims[claim.address]
        if not claims:
            self._claims.pop(claim.lane.endpoint, None)

    def _name(self, party: Party) -> None:
        """Have the party found by its agent's user name of now."""
        party.key = party.agent.local_password.encode()
        self.parties[party.agent.local_username.encode()] = party

    def _parsed(self, data: bytes) -> Message | None:
        try:
            message: Message = parse_message(data)
        except Exception:
            # aioice's parser trusts its input: whatever is malformed ends it with any error.
            self._counts.malformed += 1
            return None
        return message

    def _complain(self) -> None:
        self._counts.failed += 1
        now = time.monotonic()
        if now - self._complained_at >= 1.0:
            self._complained_at = now
            logger.exception("webrtc: a datagram failed (%d did)", self._counts.failed)
