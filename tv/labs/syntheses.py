"""What pages and the API say of syntheses, of comments, and of what is sent to laboratories."""

from collections.abc import Callable
from typing import Any

import msgspec

from engagement.fold import Item
from engagement.syntheses.comments import Comments
from engagement.syntheses.syntheses import Syntheses
from engagement.syntheses.synthesis import Comment, Sending, Synthesis, Version
from engagement.wording import flags
from tv.problems import rfc3339

Rendered = dict[str, Any]
Render = Callable[[Item, bool], Rendered]


def synthesis_item(synthesis: Synthesis, crew: bool) -> Rendered:
    """`ideas` and `clusters` are ids of what it comes from, `labs` those that it is shared with,
    none for all. `comments` counts those that show, `versions` what it said before. The times of
    `airings` are on the broadcast clock. For the crew `support_aside`: support of a burst, which
    does not count yet."""
    rendered: Rendered = {
        "kind": "synthesis",
        "id": synthesis.id,
        "cafe": synthesis.cafe,
        "lab": synthesis.lab,
        "table": synthesis.table,
        "state": synthesis.state,
        "title": synthesis.text.title,
        "body": synthesis.text.body,
        "ideas": list(synthesis.text.ideas),
        "clusters": list(synthesis.text.clusters),
        "author": synthesis.author,
        "written_at": rfc3339(synthesis.written_at),
        "versions": len(synthesis.history),
        "open": synthesis.open,
        "labs": list(synthesis.labs),
        "shared_at": rfc3339(synthesis.shared_at),
        "support": synthesis.support,
        "comments": synthesis.comments,
        "airings": [msgspec.structs.asdict(airing) for airing in synthesis.airings],
        "version": synthesis.version,
    }
    return rendered | {"support_aside": synthesis.aside} if crew else rendered


def version_item(version: Version) -> Rendered:
    """What it said once."""
    return {
        "title": version.text.title,
        "body": version.text.body,
        "author": version.author,
        "at": rfc3339(version.at),
    }


def comment_item(comment: Comment, crew: bool) -> Rendered:
    """`badge`: "crew" or "host" for who writes as such. For the crew, and for its author: `flags`
    (`personal`, `words`: to be looked at twice)."""
    rendered: Rendered = {
        "kind": "comment",
        "id": comment.id,
        "synthesis": comment.synthesis,
        "state": comment.state,
        "text": comment.text,
        "author": comment.author,
        "badge": comment.badge,
        "written_at": rfc3339(comment.written_at),
        "shown_at": rfc3339(comment.shown_at),
        "version": comment.version,
    }
    return rendered | {"flags": list(flags(comment.text))} if crew else rendered


def sending_item(sending: Sending, render: Render) -> Rendered:
    """`shows` is the question, poll or synthesis as all tables may see it, said by `render`, or
    null. `start` and `end` are broadcast times."""
    return {
        "kind": "sending",
        "id": sending.id,
        "type": sending.kind,
        "labs": list(sending.labs),
        "text": sending.text,
        "talk": sending.talk,
        "shows": render(sending.shown, False) if sending.shown and sending.public else None,
        "start": sending.start,
        "end": sending.end,
        "sent_at": rfc3339(sending.sent_at),
        "version": sending.version,
    }


def own_syntheses(syntheses: Syntheses, comments: Comments, participant: str) -> Rendered:
    """What a participant says of syntheses, in `me:cafe`: supports, and comments in any state."""
    written = comments.written_by(participant)
    return {
        "supports": syntheses.supports(participant),
        "comments": [comment_item(comment, crew=True) for comment in written],
    }
