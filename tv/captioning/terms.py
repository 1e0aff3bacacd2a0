"""The terms that count for captions, live and when they are heard again."""

from captions.wording import glossary
from captions.wording.captioned import Captioned
from engagement.talks import Talk


def terms_of(captions: Captioned, talk: Talk | None) -> tuple[str, ...]:
    """Those of the whole event, and of `talk`, its title and speakers included."""
    event = captions.glossary("").terms
    if talk is None:
        return glossary.cleaned(event)
    own = captions.glossary(talk.id).terms
    return glossary.of_talk(talk.title, talk.speakers, own, event)
