"""What each kind of poll asks for: of who drafts it, and of who votes."""

from collections.abc import Sequence

from engagement.fold import Reason
from engagement.polls.events import Kind, Option

OPTIONS = 20  # at most
RANKED = 10  # of them in a ranking: nobody puts more in order
SCALES = (5, 10)  # steps of a rating
DOTS = 10  # that one has to give
WORDS = 5  # that one may be asked for, at most

WRITTEN: tuple[Kind, ...] = ("text", "words")


def unfit(kind: Kind, options: Sequence[Option], max_choices: int) -> Reason | None:
    """What is wrong with a draft, if anything."""
    if kind in WRITTEN:
        if options:
            return Reason.NO_OPTIONS
        return None if 1 <= max_choices <= WORDS else Reason.WRONG_MAXIMUM
    if kind == "rating" and len(options) not in SCALES:
        return Reason.WRONG_SCALE
    most = RANKED if kind == "ranking" else OPTIONS
    different = min(len({option.text for option in options}), len({each.id for each in options}))
    if not 2 <= len(options) <= most or different < len(options):
        return Reason.BAD_OPTIONS
    if kind == "multiple" and not 1 <= max_choices <= len(options):
        return Reason.WRONG_MAXIMUM
    return None


def unfit_ballot(
    kind: Kind,
    options: Sequence[Option],
    max_choices: int,
    choices: Sequence[str],
    texts: Sequence[str],
) -> Reason | None:
    """What is wrong with a ballot, if anything. One without texts, where there could be, is fine:
    they were blanked."""
    if kind in WRITTEN:
        if choices:
            return Reason.UNKNOWN_OPTION
        return Reason.WRONG_CHOICES if len(texts) > _texts(kind, max_choices) else None
    if texts:
        return Reason.UNKNOWN_OPTION
    if kind in ("single", "rating") and len(choices) != 1:
        return Reason.ONE_CHOICE
    if not {option.id for option in options}.issuperset(choices):
        return Reason.UNKNOWN_OPTION
    twice = len(set(choices)) < len(choices)
    if kind == "multiple" and (twice or not 1 <= len(choices) <= max_choices):
        return Reason.WRONG_CHOICES
    if kind == "ranking" and (twice or len(choices) != len(options)):
        return Reason.WRONG_RANKING
    if kind == "dots" and not 1 <= len(choices) <= DOTS:
        return Reason.WRONG_DOTS
    return None


def _texts(kind: Kind, max_choices: int) -> int:
    return max_choices if kind == "words" else 1
