"""Syntheses as a fold: who writes which at what table, what supports them, what the set tells."""

from collections import defaultdict
from collections.abc import Collection
from typing import ClassVar, get_args

import msgspec
from msgspec.structs import replace

from engagement.bursts import Aside, SavedAside
from engagement.cafe.cafes import Cafes
from engagement.cafe.session import OWN
from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused
from engagement.ideas.fold import Ideas
from engagement.syntheses.events import (
    AnyWritingEvent,
    SynthesisBegun,
    SynthesisRevised,
    SynthesisSupportAccepted,
    SynthesisSupported,
    SynthesisTaken,
    SynthesisUnsupported,
)
from engagement.syntheses.lifecycle import decide, rewords, told, unaware
from engagement.syntheses.synthesis import Synthesis, Text
from engagement.talks import Talks

EACH = 20  # syntheses of a table in one session, those that are hidden apart


class Saved(msgspec.Struct, frozen=True):
    """All that it takes to go on; syntheses in the order in which they were begun."""

    syntheses: tuple[Synthesis, ...]
    supporters: dict[str, tuple[str, ...]]
    aside: SavedAside


class Syntheses(Fold):
    """All syntheses by id, and who supports each."""

    events: ClassVar[Collection[type[Event]]] = get_args(AnyWritingEvent)
    saves: ClassVar[type[msgspec.Struct]] = Saved

    def __init__(self, cafes: Cafes, ideas: Ideas, talks: Talks) -> None:
        super().__init__()
        self._cafes, self._ideas, self._talks = cafes, ideas, talks
        self.by_id: dict[str, Synthesis] = {}
        self._supporters: defaultdict[str, set[str]] = defaultdict(set)
        self._aside = Aside()  # supporters who do not count yet
        self._index()

    def _index(self) -> None:
        """What follows from the syntheses, and need not be saved."""
        self._at: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._live: dict[str, str] = {}  # talk -> what is told in it
        for synthesis in self.by_id.values():
            self._note(synthesis)

    def standing(self, event: AnyWritingEvent) -> Item | None:
        return self.by_id.get(event.synthesis)

    def items(self) -> Collection[Item]:
        return self.by_id.values()

    def of_table(self, cafe: str, table: str) -> list[Synthesis]:
        """Those of a table in a session, in any state, the oldest first."""
        return [self.by_id[name] for name in self._at.get((cafe, table), ())]

    def live(self, talk: str) -> Synthesis | None:
        """What is told in a talk now."""
        return self.by_id.get(self._live.get(talk, ""))

    def supports(self, participant: str) -> list[str]:
        """What is shared and has a participant's support."""
        return [
            synthesis.id
            for synthesis in self.by_id.values()
            if synthesis.shared and self.supported_by(synthesis.id, participant)
        ]

    def supported_by(self, synthesis: str, participant: str) -> bool:
        return participant in self._supporters.get(synthesis, ())

    def apply(self, position: str, event: AnyWritingEvent) -> Outcome:
        if isinstance(event, SynthesisBegun):
            return self._begin(position, event)
        synthesis = self.by_id.get(event.synthesis)
        if synthesis is None:
            return Refused(Reason.UNKNOWN_SYNTHESIS)
        match event:
            case SynthesisSupported() | SynthesisUnsupported() | SynthesisSupportAccepted():
                return self._support(position, synthesis, event)
            case SynthesisRevised(text=text, keeps=False) if text == synthesis.text:
                return Accepted(synthesis)  # a tablet that was cut off sends again what it wrote
        if unaware(event, synthesis):
            return Refused(Reason.CHANGED, synthesis)
        if refused := self._unfit(event):
            return refused
        decided = decide(synthesis, event)
        if isinstance(decided, Reason):
            return Refused(decided, synthesis)
        if isinstance(event, SynthesisTaken):
            self.end_telling(position, event.talk, event.at)
        if rewords(event):
            decided = replace(decided, wording=position)
        return Accepted(self._put(position, decided))

    def end_telling(self, position: str, talk: str, at: float) -> None:
        """What is told in a talk is over: the next is, or the talk ends."""
        if live := self.live(talk):
            self._put(position, told(live, at))

    def count_comments(self, position: str, synthesis: str, comments: int) -> None:
        """So many comments show."""
        found = self.by_id[synthesis]
        if found.comments != comments:
            self._put(position, replace(found, comments=comments))

    def erase(self, position: str, participant: str, stand_in: str) -> None:
        """What hosts wrote is the table's; who supported it counts under another name."""
        for supporters in self._supporters.values():
            if participant in supporters:
                supporters.remove(participant)
                supporters.add(stand_in)
        self._aside.rename(participant, stand_in)

    def saved(self) -> Saved:
        return Saved(
            tuple(self.by_id.values()),
            {name: tuple(sorted(people)) for name, people in self._supporters.items() if people},
            self._aside.saved(),
        )

    def restore(self, saved: Saved) -> None:
        self.by_id = {synthesis.id: synthesis for synthesis in saved.syntheses}
        self._supporters = defaultdict(set)
        for name, people in saved.supporters.items():
            self._supporters[name] = set(people)
        self._aside.restore(saved.aside)
        self._index()

    def _begin(self, position: str, event: SynthesisBegun) -> Outcome:
        if known := self.by_id.get(event.synthesis):
            same = (known.table, known.first) == (event.table, event.text)
            return Accepted(known) if same else Refused(Reason.KEY_REUSED, known)
        table = self._cafes.table(event.table)
        if table is None:
            return Refused(Reason.UNKNOWN_TABLE)
        cafe = self._cafes.by_id[table.cafe]
        if cafe.state != "open":
            return Refused(Reason.CAFE_CLOSED, cafe)
        standing = [each for each in self.of_table(cafe.id, table.id) if each.state != "hidden"]
        if len(standing) >= EACH:
            return Refused(Reason.TOO_MANY_SYNTHESES, table)
        if not self._knows(event.text):
            return Refused(Reason.UNKNOWN_REFERENCE)
        begun = Synthesis(
            id=event.synthesis,
            cafe=cafe.id,
            lab=table.lab,
            table=table.id,
            text=event.text,
            first=event.text,
            by=event.by,
            author=event.author,
            written_at=event.at,
            wording=position,
        )
        return Accepted(self._put(position, begun))

    def _unfit(self, event: AnyWritingEvent) -> Refused | None:
        """Why an act cannot be, whatever the state of the synthesis."""
        match event:
            case SynthesisRevised(text=text) if not self._knows(text):
                return Refused(Reason.UNKNOWN_REFERENCE)
            case SynthesisTaken(talk=name):
                talk = self._talks.find(name)
                if talk is None:
                    return Refused(Reason.UNKNOWN_TALK)
                if talk.state != "live":
                    return Refused(Reason.TALK_NOT_LIVE, talk)
        return None

    def _support(
        self,
        position: str,
        synthesis: Synthesis,
        event: SynthesisSupported | SynthesisUnsupported | SynthesisSupportAccepted,
    ) -> Outcome:
        if not synthesis.shared:
            return Refused(Reason.WRONG_STATE, synthesis)
        supporters = self._supporters[synthesis.id]
        match event:
            case SynthesisSupportAccepted():
                self._aside.count(synthesis.id)
            case SynthesisSupported(by=by, at=at, origin=origin) if by not in supporters:
                supporters.add(by)
                self._aside.watch(synthesis.id, by, origin, at)
            case SynthesisUnsupported(by=by):
                supporters.discard(by)
                self._aside.drop(synthesis.id, by)
        self.theirs.append((OWN, event.by))
        aside = len(self._aside.of(synthesis.id))
        support = len(supporters) - aside
        return Accepted(self._put(position, replace(synthesis, support=support, aside=aside)))

    def _knows(self, text: Text) -> bool:
        """Whether there is, or was, what it comes from."""
        ideas, clusters = self._ideas.by_id, self._ideas.clusters
        return all(map(ideas.__contains__, text.ideas)) and all(
            map(clusters.__contains__, text.clusters)
        )

    def _put(self, position: str, synthesis: Synthesis) -> Synthesis:
        if (before := self.by_id.get(synthesis.id)) and (airing := before.airing):
            self._live.pop(airing.talk, None)
        self.by_id[synthesis.id] = synthesis = replace(synthesis, version=position)
        self._note(synthesis)
        self.touched.append(synthesis)
        return synthesis

    def _note(self, synthesis: Synthesis) -> None:
        self._at[synthesis.cafe, synthesis.table][synthesis.id] = None
        if airing := synthesis.airing:
            self._live[airing.talk] = synthesis.id
