"""What somebody reads of themselves: all that is kept of them, and nothing once it is erased."""

import pytest

from engagement.alerts import AlertRaised
from engagement.audience import Audience
from engagement.cafe.events import SeatTaken
from engagement.happening import ParticipantErased
from engagement.ideas.events import IdeaDotted, IdeaHidden
from engagement.polls import BallotCast, MoreTimeAsked, PollClosed, PollReopened
from engagement.questions import QuestionEdited, QuestionWithdrawn
from engagement.ratings import TalkRated
from engagement.syntheses.events import (
    CommentWritten,
    SynthesisBegun,
    SynthesisShared,
    SynthesisSupported,
)
from engagement.syntheses.synthesis import Text
from engagement.wall.post import PostApproved, PostShown, PostSupported, PostWritten
from tests.engagement.histories import PEOPLE, history
from tests.engagement.laboratory import T3, Labs
from tv.auth import Identity
from tv.pages.own import Line, own

ANN = Identity(name="Ann", participant="ann")


def test_whoever_asks_reads_all_that_is_kept_of_them() -> None:
    labs = Labs()
    labs.ask("q1", by="ann", body="Combien ?")
    labs.do(QuestionEdited, question="q1", body="Pour combien ?")
    labs.ask("q2", by="ann", body="Et le samedi ?")
    labs.do(QuestionWithdrawn, "ann", question="q2")
    labs.approved("q3")
    labs.support("q3", "ann")
    labs.opened(kind="words", options=(), max_choices=2)
    labs.do(BallotCast, "ann", poll="p", round=1, texts=("toit", "cour"))
    labs.do(MoreTimeAsked, "ann", poll="p")
    labs.opened("dots", kind="dots", prompt="Où ?")
    labs.vote("ann", "o1", "o2", "o1", poll="dots")
    labs.do(PollClosed, poll="dots")
    labs.do(PollReopened, poll="dots")
    labs.vote("ann", "o3", poll="dots", round=2)
    labs.do(TalkRated, "ann", talk="direct", stars=4, word="Clair")
    labs.do(PostWritten, "ann", post="w1", text="", picture="a.jpg")
    labs.do(PostWritten, "bob", post="w2", text="Bravo")
    labs.do(PostApproved, post="w2")
    labs.do(PostShown, post="w2")
    labs.do(PostSupported, "ann", post="w2")
    labs.do(SeatTaken, "ann", table=T3)
    labs.make("i1")
    labs.make("i2", by="bob")
    labs.make("i3", by="bob")
    labs.do(IdeaDotted, "ann", idea="i2", dots=2)
    labs.do(IdeaDotted, "ann", idea="i3", dots=1)
    labs.do(SynthesisBegun, "host", synthesis="s", table=T3, text=Text(title="Un atelier"))
    labs.do(SynthesisShared, "host", synthesis="s")
    labs.do(SynthesisSupported, "ann", synthesis="s")
    labs.do(CommentWritten, "ann", comment="k", synthesis="s", text="Bien vu")
    labs.do(
        AlertRaised, "ann", kind="idea", thing="i3", grounds="personal", note="C’est mon voisin"
    )
    labs.do(IdeaHidden, idea="i3")
    assert {each.name: each.lines for each in own(labs.audience, {}, ANN)} == {
        "Pseudonyme": (Line("Ann"),),
        "Questions": (Line("Combien ?"), Line("Et le samedi ?", ("retiré",))),
        "Questions soutenues": (Line("Pourquoi ?"),),
        "Votes": (
            Line("Êtes-vous pour ? → toit, cour"),
            Line("Où ? → 2 × Oui, Non"),
            Line("Où ? → Je passe"),
        ),
        "Temps demandé en plus": (Line("Êtes-vous pour ?"),),
        "Notes données": (Line("En direct du plateau → 4/5 Clair"),),
        "Messages du mur": (Line("", ("une image",)),),
        "Messages du mur soutenus": (Line("Bravo"),),
        "Places dans les laboratoires": (Line("Demain – labo-1"), Line("Table 3, labo-1")),
        "Idées": (Line("Idée i1"),),
        "Points donnés à des idées": (Line("2 × Idée i2"), Line("", ("ne s’affiche plus",))),
        "Synthèses soutenues": (Line("Un atelier"),),
        "Commentaires": (Line("Bien vu"),),
        "Signalements": (Line("C’est mon voisin", ("idée", "met en cause une personne")),),
    }


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_told_of_whoever_was_forgotten_whatever_happened_before(seed: int) -> None:
    audience = Audience()
    for position, event in history(seed, 400):
        audience.apply(position, event)
    known = [person for person in PEOPLE if own(audience, {}, Identity(participant=person))]
    assert known
    for number, person in enumerate(known, 401):
        erased = ParticipantErased(
            id=f"erased{number}", at=900.0, by="crew", participant=person, stand_in=f"x{number}"
        )
        audience.apply(f"{number}-0", erased)
        assert own(audience, {}, Identity(participant=person)) == []
