"""What an entry of the rundown may show: what it is called, and since when it airs by itself."""

from engagement.polls import Poll
from engagement.questions import Question
from engagement.rundown.entry import Kind
from engagement.syntheses.synthesis import Airing, Synthesis
from engagement.wall.post import Post

Shown = Question | Poll | Post | Synthesis


def key_of(item: Shown) -> str:
    return f"{type(item).__name__} {item.id}"


def airs_itself(item: Shown) -> float | None:
    """Since when something is what everybody should see; None while it is not."""
    match item:
        case Question(state="live", taken_at=taken_at):
            return taken_at
        case Poll(state="published", round=round):
            return float(round)
        case Synthesis(airing=Airing(start=start)):
            return start
    return None


def talk_of(item: Shown) -> str:
    """The talk in which something is what everybody should see."""
    match item:
        case Question(talk=talk) | Poll(talk=talk) | Synthesis(airing=Airing(talk=talk)):
            return talk
    return ""


def kind_of(item: Shown) -> Kind:
    match item:
        case Question():
            return "question"
        case Poll():
            return "poll"
        case Synthesis():
            return "synthesis"
    return "post"
