"""What is kept of what somebody wrote, in words that they can read (GDPR, article 15)."""

from dataclasses import dataclass

from engagement.audience import Audience


@dataclass(frozen=True)
class Kept:
    """Things of one sort: what they are called, and what each says."""

    name: str
    texts: tuple[str, ...]


def own(audience: Audience, participant: str) -> list[Kept]:
    """All that a participant wrote, what they supported and reported, sort by sort."""
    talks = audience.talks.by_id
    asked = [each for talk in talks for each in audience.questions.asked_by(talk, participant)]
    every = {
        "Questions": [each.body for each in asked if each.state != "withdrawn"],
        "Messages du mur": [
            each.text or "Une image"
            for each in audience.posts.written_by(participant)
            if each.state != "withdrawn"
        ],
        "Idées": [
            each.text or "Une image"
            for each in audience.ideas.made_by(participant)
            if each.state != "withdrawn"
        ],
        "Commentaires": [
            each.text
            for each in audience.comments.written_by(participant)
            if each.state != "withdrawn"
        ],
        "Votes": [
            poll.prompt
            for talk in talks
            for name in audience.polls.ballots_of(talk, participant)
            if (poll := audience.polls.by_id.get(name))
        ],
        "Signalements": [
            raised.note or f"Un signalement ({alert.kind})"
            for alert, raised in audience.alerts.raised_by(participant)
        ],
    }
    return [Kept(name, tuple(texts)) for name, texts in every.items() if texts]
