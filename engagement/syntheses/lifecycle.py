"""What each act makes of a synthesis, or of what somebody says about one."""

from msgspec.structs import replace

from engagement.changes import order
from engagement.fold import Event, Reason
from engagement.syntheses.events import (
    AnyCommentEvent,
    AnyWritingEvent,
    CommentApproved,
    CommentRejected,
    CommentRestored,
    CommentWithdrawn,
    SynthesisHidden,
    SynthesisRestored,
    SynthesisRevised,
    SynthesisShared,
    SynthesisTaken,
    SynthesisTold,
)
from engagement.syntheses.synthesis import Airing, Comment, Synthesis, Version

KEPT = 50  # versions of one synthesis; one more, and the oldest is forgotten
AIRINGS = 40  # times that one may be told on the set


def decide(synthesis: Synthesis, event: AnyWritingEvent) -> Synthesis | Reason:
    """The synthesis after `event`, or why that has no effect."""
    match event, synthesis.state:
        case SynthesisRevised(), "draft" | "shared":
            return _revised(synthesis, event)
        case SynthesisShared(labs=labs, open=open, at=at), "draft" | "shared":
            return replace(
                synthesis,
                state="shared",
                labs=labs,
                open=synthesis.open or open,
                shared_at=synthesis.shared_at if synthesis.shared else at,
            )
        case SynthesisHidden(at=at, by=by), "draft" | "shared":
            return replace(told(synthesis, at), state="hidden", hidden_by=by)
        case SynthesisRestored(), "hidden":
            return replace(synthesis, state="draft", hidden_by="")
        case SynthesisTaken(talk=talk, at=at), "shared" if not synthesis.airing:
            if len(synthesis.airings) >= AIRINGS:
                return Reason.TOO_MANY_AIRINGS
            return replace(synthesis, airings=(*synthesis.airings, Airing(talk, at)))
        case SynthesisTold(at=at), "shared" if synthesis.airing:
            return told(synthesis, at)
    return Reason.WRONG_STATE


def rewords(event: AnyWritingEvent) -> bool:
    """Whether an act changes what a synthesis says, or who sees it."""
    return not isinstance(event, SynthesisTaken | SynthesisTold)


def unaware(event: Event, synthesis: Synthesis) -> bool:
    """Whether who acts had last seen it before its words changed.

    Support, comments and airings are no reason to stop somebody who writes.
    """
    return bool(event.expects) and not any(
        _after(each, synthesis.wording) for each in event.expects
    )


def told(synthesis: Synthesis, at: float) -> Synthesis:
    """The same when it is not told on the set any more."""
    if (airing := synthesis.airing) is None:
        return synthesis
    over = replace(airing, end=max(at, airing.start))
    return replace(synthesis, airings=(*synthesis.airings[:-1], over))


def judged(comment: Comment, event: AnyCommentEvent) -> Comment | Reason:
    """The comment after `event`, or why that has no effect."""
    match event, comment.state:
        case CommentWithdrawn(by=by), _ if by != comment.by:
            return Reason.NOT_YOURS
        case CommentApproved(at=at), "pending" | "rejected":
            return replace(comment, state="approved", shown_at=at)
        case CommentRejected(), "pending" | "approved":
            return replace(comment, state="rejected")
        case CommentRestored(), "rejected" if not comment.was_public:
            return replace(comment, state="pending")
        case CommentWithdrawn(), "pending" | "approved":
            return replace(comment, state="withdrawn")
    return Reason.WRONG_STATE


def _revised(synthesis: Synthesis, event: SynthesisRevised) -> Synthesis:
    """What all have seen, or another hand wrote, is kept without being asked for."""
    history = synthesis.history
    if event.keeps or synthesis.shared or event.by != synthesis.by:
        was = Version(synthesis.text, synthesis.by, synthesis.written_at, synthesis.author)
        history = (*history, was)[-KEPT:]
    return replace(
        synthesis,
        text=event.text,
        by=event.by,
        author=event.author,
        written_at=event.at,
        history=history,
    )


def _after(version: str, position: str) -> bool:
    try:
        return order(version) >= order(position)
    except ValueError:  # somebody made it up
        return False
