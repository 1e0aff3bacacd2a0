"""How often one may act, counted in the store: one count for all web processes.

A bucket lets so many acts through at once, then so many a second (the generic cell rate algorithm,
ITU-T I.371 annex A, as `engagement/limits.py`): its key holds the time at which it is full again,
by the store's clock, and goes when it is. An act is let through by all of its buckets, or counted
by none.

Two thousand phones of a venue share an address, so that nobody is limited by theirs alone. Tokens
are free, however: acts of new devices (engagement/origin.py) count in buckets of their own, by
network and in all, and so use up nothing of those who were there before, nor of other networks. One
network's newcomers may vote and react as a full house does. They may write less, as somebody must
read it, and by the minute in which they joined: a flood that begins now is not in the bucket of
those who came two minutes ago.

The same script that counts writes: `tv/journal.py` sends it all that waits, in one call.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from engagement.origin import Origin, Trust, trust
from tv.rates import Limits as Rates
from tv.rates import Rate

TALKS = 1_000  # whose bucket is at hand
TOGETHER_S = 60.0  # devices of a network that join so close to each other write from one bucket

Kind = Literal["tap", "text", "picture"]  # what an act is: a tap needs nobody to read it

_encode = msgspec.msgpack.Encoder().encode

# KEYS: the stream, then the buckets. ARGV: in msgpack, of each bucket the slack and the interval in
# microseconds, and of each act which buckets it has, from 1 on; then of each act its body, "" for
# one that is not written. Replies for each act: the position, or [microseconds to wait, which of
# its buckets].
SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local rates, acts = unpack(cmsgpack.unpack(ARGV[1]))
local whole, counted, replies = {}, {}, {}
for key, rate in ipairs(rates) do
  whole[key] = math.max(now, tonumber(redis.call('GET', KEYS[key + 1]) or now))
  -- Later than any acts can make it: they were counted before the clock was put back.
  if whole[key] - now > rate[1] + rate[2] then
    whole[key] = now
  end
end
for number, within in ipairs(acts) do
  local body, wait, which = ARGV[number + 1], 0, 0
  for place, key in ipairs(within) do
    local slack = rates[key][1]
    if whole[key] - now - slack > wait then
      wait, which = whole[key] - now - slack, place - 1
    end
  end
  if wait > 0 then
    replies[number] = {math.ceil(wait), which}
  else
    for _, key in ipairs(within) do
      whole[key], counted[key] = whole[key] + rates[key][2], true
    end
    replies[number] = body == '' and '' or redis.call('XADD', KEYS[1], '*', 'e', body)
  end
end
for key in pairs(counted) do
  local left = math.ceil((whole[key] - now) / 1000) + 1
  redis.call('SET', KEYS[key + 1], string.format('%.0f', whole[key]), 'PX', left)
end
return replies
"""


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """`burst` acts at once, then one every `every` seconds; `key` is where the store counts.

    `newcomers`: it counts those of new devices alone.
    """

    key: str
    burst: int
    every: float
    newcomers: bool = False


class TooFast(Exception):
    """An act that a bucket does not let through: nothing was counted, nothing written.

    In `wait` seconds it would be. `shared`: the bucket is not theirs alone. `newcomers`: it is that
    of new devices.
    """

    def __init__(self, wait: float, shared: bool, newcomers: bool = False) -> None:
        super().__init__(f"again in {wait:.1f} s")
        self.wait = wait
        self.shared = shared
        self.newcomers = newcomers


Act = tuple[bytes, Sequence[Bucket]]  # b"" for one that is not written


def packed(stream: str, acts: Sequence[Act]) -> tuple[list[str], list[bytes]]:
    """The script's KEYS and ARGV for some acts."""
    keys, numbers = [stream], dict[str, int]()
    rates: list[tuple[int, int]] = []
    counted_in: list[list[int]] = []
    for _, within in acts:
        theirs: list[int] = []
        for bucket in within:
            number = numbers.get(bucket.key)
            if number is None:
                keys.append(bucket.key)
                number = numbers[bucket.key] = len(rates) + 1
                every = max(1, round(bucket.every * 1e6))
                rates.append(((bucket.burst - 1) * every, every))
            theirs.append(number)
        counted_in.append(theirs)
    return keys, [_encode((rates, counted_in)), *(body for body, _ in acts)]


def told(reply: bytes | list[int], within: Sequence[Bucket]) -> str | TooFast:
    """The position of an act that was let through ("" if it is not written), or why it was not."""
    if isinstance(reply, bytes):
        return reply.decode()
    wait, which = reply
    return TooFast(wait / 1e6, shared=which > 0, newcomers=within[which].newcomers)


class Limits:
    """The buckets of an event (a slug)."""

    def __init__(self, event: str, rates: Rates) -> None:
        self._prefix = f"fabrique:{{{event}}}:limit"
        self._rates = rates
        self._event = self._bucket("event", rates.event)
        self._talks: dict[str, Bucket] = {}

    def of(
        self,
        participant: str,
        talk: str = "",
        origin: Origin | None = None,
        at: float = 0.0,
        kind: Kind = "tap",
    ) -> tuple[Bucket, ...]:
        """What an act of the audience counts in: their own bucket first, then the shared ones."""
        own = self._bucket(f"by:{participant}", self._rates.participant)
        if origin and trust(origin, at) is Trust.NEW:
            return own, *self._of_newcomers(origin, kind)
        if not talk:
            return own, self._event
        if (shared := self._talks.get(talk)) is None:
            if len(self._talks) >= TALKS:
                self._talks.clear()
            shared = self._talks[talk] = self._bucket(f"talk:{talk}", self._rates.talk)
        return own, shared, self._event

    def _of_newcomers(self, origin: Origin, kind: Kind) -> list[Bucket]:
        """The shared buckets of new devices: of their network, then of all networks."""
        network, rates = origin.network, self._rates
        buckets = [
            self._bucket(f"network:{network}", rates.newcomers_network, newcomers=True),
            self._bucket("newcomers", rates.newcomers, newcomers=True),
        ]
        if kind != "tap":
            name = "texts" if kind == "text" else "pictures"
            rate = rates.newcomers_texts if kind == "text" else rates.newcomers_pictures
            together = f"{name}:{network}:{origin.joined // TOGETHER_S:.0f}"
            buckets.insert(0, self._bucket(together, rate, newcomers=True))
        return buckets

    def _bucket(self, name: str, rate: Rate, newcomers: bool = False) -> Bucket:
        return Bucket(f"{self._prefix}:{name}", rate.burst, 1 / rate.per_second, newcomers)
