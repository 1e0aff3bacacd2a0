"""Whatever happens: saved and restored is the same, and so is what a compacted journal gives."""

import random

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engagement.audience import Audience, Saved, key
from engagement.erasure import Forgetting
from engagement.fold import Accepted, Event
from engagement.happening import ParticipantErased, PhaseSet, digest_of
from engagement.screens import ScreenPaired, Setting
from tests.engagement.desk import Desk
from tests.engagement.histories import CREW, EVERY, PEOPLE, history

SEEDS = st.integers(0, 2**32)


def folded(events: list[tuple[str, Event]], audience: Audience | None = None) -> Audience:
    audience = audience or Audience()
    for position, event in events:
        audience.apply(position, event)
    return audience


def seen(audience: Audience) -> dict[object, object]:
    """All that pages can be told, by view: versions, and what changed when."""
    views = {
        view: (
            changes.version,
            {key(item): (changes.position(key(item)), item) for item in changes},
        )
        for view, changes in audience._views.items()
        if len(changes) or changes.version
    }
    return views | {"theirs": audience._theirs}


def erasure(person: str, stand_in: str) -> ParticipantErased:
    return ParticipantErased(
        id=f"x{stand_in}",
        at=1.0,
        by="clerk",
        participant=person,
        stand_in=stand_in,
        digest=digest_of(person),
    )


def restored(audience: Audience) -> Audience:
    body = msgspec.msgpack.encode(audience.saved())
    again = Audience()
    again.restore(msgspec.msgpack.decode(body, type=Saved))
    return again


def test_everything_that_may_happen_does_in_some_history() -> None:
    awaited = set(EVERY)
    for seed in range(20):
        audience = Audience()
        for position, event in history(seed, 900, rare=0.01) if awaited else ():
            if isinstance(audience.apply(position, event), Accepted):
                awaited.discard(type(event))
    assert awaited == set()


@settings(max_examples=12)
@example(529, 1.0)  # questions of two talks are on air, the later one since before the other
@given(SEEDS, st.floats(0, 1))
def test_restored_fold_goes_on_as_the_one_that_was_saved(seed: int, share: float) -> None:
    events = list(history(seed, 250, rare=0.01))
    cut = round(share * len(events))
    first = folded(events[:cut])
    for number in range(10):  # captions that questions quote are hidden
        first.requote(f"{cut}-1", f"cue{number}", lambda _: "")
    second = restored(first)
    assert seen(second) == seen(first)
    for position, event in events[cut:]:
        assert second.apply(position, event) == first.apply(position, event)
        assert second.touched == first.touched
    assert seen(second) == seen(first)
    assert second.due(1e9) == first.due(1e9)


def test_screen_paired_in_a_rehearsal_shows_as_it_does_after_a_restart() -> None:
    desk = Desk()
    desk.do(PhaseSet, phase="rehearsal")
    desk.do(ScreenPaired, screen="s", setting=Setting(name="Écran"))
    desk.do(PhaseSet, phase="open")
    assert seen(restored(desk.audience)) == seen(desk.audience)


@settings(max_examples=12)
@given(SEEDS)
def test_compacted_journal_gives_the_fold_after_the_erasures(seed: int) -> None:
    chance = random.Random(seed)
    events = list(history(seed, 300, rare=0.0))
    for number, person in enumerate((*chance.sample(PEOPLE, 2), chance.choice(PEOPLE))):
        at = chance.randint(150, 300)
        erased = ParticipantErased(
            id=f"x{number}",
            at=1.0,
            by=chance.choice((CREW[0], person)),
            participant=person,
            stand_in=f"gone_{number}",
            digest=chance.choice((digest_of(person), "")),
        )
        events.append((f"{at}-{number + 1}", erased))
    begun, over = f"{chance.randint(1, 200)}-2", f"{chance.randint(200, 300)}-3"
    events.append((begun, PhaseSet(id="begun", at=1.0, by=CREW[0], phase="rehearsal")))
    events.append((over, PhaseSet(id="over", at=1.0, by=CREW[0], phase="open")))
    events.sort(key=lambda each: [int(number) for number in each[0].split("-")])
    forgetting = Forgetting(event for _, event in events if isinstance(event, ParticipantErased))
    compacted = [(position, forgetting.read(event)) for position, event in events]
    assert seen(folded(compacted)) == seen(folded(events))


def test_compacted_journal_says_nothing_of_who_was_erased() -> None:
    events = [*history(7, 600, rare=0.0)]
    gone = erasure(PEOPLE[0], "gone_1")
    events[400:400] = [("400-1", gone)]  # what they do after it came too late
    forgetting = Forgetting([gone])
    for _, event in events:
        kept = forgetting.read(event)
        assert PEOPLE[0].encode() not in msgspec.msgpack.encode(kept)
        if isinstance(event, ParticipantErased):
            continue
        if event.by == PEOPLE[0]:
            assert kept.by == "gone_1"
            assert not any(getattr(kept, name) for name in kept.personal)


@pytest.mark.parametrize("seed", range(3))
def test_erased_participant_is_in_nothing_that_is_kept(seed: int) -> None:
    audience = folded(list(history(seed, 500, rare=0.0)))
    audience.apply("9999-0", erasure(PEOPLE[0], "gone_1"))
    assert PEOPLE[0].encode() not in msgspec.msgpack.encode(audience.saved())


@pytest.mark.parametrize("seed", range(3))
def test_participant_erased_in_a_rehearsal_is_in_nothing_of_before_it(seed: int) -> None:
    events = list(history(seed, 700, rare=0.0))
    audience = folded(events[:500])
    audience.apply("500-1", PhaseSet(id="r", at=1.0, by="pass_1", phase="rehearsal"))
    folded(events[500:], audience)
    assert PEOPLE[0].encode() in b"".join(audience.saved().before.values())
    during, other = folded(events), folded(events[:500])
    gone = erasure(PEOPLE[0], "gone_1")
    audience.apply("9999-0", gone)
    assert PEOPLE[0].encode() not in msgspec.msgpack.encode(audience.saved())
    during.apply("9999-0", gone)
    assert audience._parts(rehearsed=True) == during._parts(rehearsed=True)
    other.apply("9999-0", gone)
    audience.apply("9999-1", PhaseSet(id="o", at=1.0, by="pass_1", phase="open"))
    for name in ("questions", "polls", "ratings", "posts"):
        assert audience._folds[name].saved() == other._folds[name].saved()
    assert audience.rundown.saved().entries == other.rundown.saved().entries
