"""Access to captions: one rule for every address that serves captions.

Moderators, operators and admins read all; with a pass for one talk, that talk. Anybody else reads
what is live or published (engagement/talks/public.py). The addresses that follow the live picture
(HLS, the topic `captions:…`, quotes of questions) add what was on air in the last `ON_AIR` seconds:
players still show that picture.
"""

from collections.abc import Callable
from math import floor, inf

from captions.cues import Cue
from captions.written.spoken import within
from engagement.happening import EVENT
from engagement.talks import TALKS, Talk
from engagement.talks.public import Span, merged, overlap, public_spans, without_talks
from streaming.hls.window import KEPT, LISTED
from tv.auth import MODERATORS, Identity
from tv.follower import Follower

ON_AIR = LISTED + KEPT  # seconds: what the live window keeps of the picture


class CaptionAccess:
    """Finds the captions that somebody may read. `now` is the broadcast clock."""

    def __init__(self, follower: Follower, now: Callable[[], float]) -> None:
        self._follower = follower
        self._now = now
        self._public: dict[str, tuple[Span, ...]] = {}  # by channel, as of `_version`
        self._version: tuple[str, ...] = ()

    def of_talk(self, talk: Talk, who: Identity) -> list[Cue]:
        """The cues of a talk that somebody may read: up to now, or between its marks."""
        full = sees_unpublished(talk, who)
        if talk.standing and not talk.begun:
            # It has no times of its own: it is all that the channel says where there is no talk.
            spans = self._spans(talk.channel) if self._without_talks() else ()
            spans = ((-inf, inf),) if full and not who.talk else spans
        elif talk.started_at is None:
            spans = ()
        else:
            span = talk.marks or (talk.started_at, inf if talk.ended_at is None else talk.ended_at)
            spans = (span,) if full else tuple(overlap(self._spans(talk.channel), *span))
        return [
            cue for span in spans for cue in within(self._follower.cues(talk.channel, *span), *span)
        ]

    def live(self, channel: str, start: float, end: float) -> list[Cue]:
        """The cues that anybody may read beside the live picture, of those between two times."""
        opened = self.opened(channel)
        return [cue for cue in self._follower.cues(channel, start, end) if is_in(cue, opened)]

    def opened(self, channel: str) -> tuple[Span, ...]:
        """The times of a channel that anybody may read now; the same for a second."""
        return merged((*self._spans(channel), (floor(self._now()) - ON_AIR, inf)))

    def quotable(self, cue: str) -> bool:
        """True if a question may quote a cue, with the cue's words after a correction.

        A cue that is not known yet may be quoted: it is about to be on air. So may a hidden cue:
        the quote is then hidden too.
        """
        found = self._follower.captions.find(cue)
        if found is None:
            return True
        channel, edited = found
        return edited.shown.hidden or is_in(edited.shown, self.opened(channel))

    def _without_talks(self) -> bool:
        return without_talks(self._follower.audience.talks.by_id.values())

    def _spans(self, channel: str) -> tuple[Span, ...]:
        audience = self._follower.audience
        changes = (audience.changes(TALKS), audience.changes(EVENT))
        version = tuple(each.version if each else "" for each in changes)
        if version != self._version:
            self._version = version
            self._public.clear()
        if (known := self._public.get(channel)) is None:
            happening = audience.happening
            known = self._public[channel] = public_spans(
                channel, audience.talks.by_id.values(), happening.now, happening.rehearsals
            )
        return known


def sees_unpublished(talk: Talk, who: Identity) -> bool:
    """True if somebody may read the captions of a talk that is over and not published."""
    return who.role in MODERATORS and who.talk in ("", talk.id)


def is_in(cue: Cue, spans: tuple[Span, ...]) -> bool:
    """True if all of a cue is in one of `spans`, which do not meet."""
    return any(start <= cue.start and cue.end <= end for start, end in spans)
