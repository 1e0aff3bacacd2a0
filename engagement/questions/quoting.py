"""What a quote says once the captions that it quotes were corrected."""

WORST = 0.5  # of the quote's words that may have changed; beyond, it is not known again


def requoted(quote: str, text: str) -> str | None:
    """The part of `text` that says what `quote` said; None where it cannot be found again.

    Approximate string matching over words (Sellers, J. Algorithms 1, 1980): the part of `text` that
    fewest words must be changed, added or left out to make.
    """
    wanted, words = quote.split(), text.split()
    if not wanted or not words:
        return None
    # For the part that ends at each place: how many words differ, and where it starts.
    row = [(0, place) for place in range(len(words) + 1)]
    for number, word in enumerate(wanted, 1):
        above, row = row, [(number, 0)]
        for place, other in enumerate(words, 1):
            differs, start = above[place - 1]
            row.append(
                min(
                    (differs + (_bare(word) != _bare(other)), start),
                    (above[place][0] + 1, above[place][1]),
                    (row[place - 1][0] + 1, row[place - 1][1]),
                    key=lambda found: found[0],
                )
            )
    # Of two that are as good, the longer: a word is more often missing than two are.
    end = min(range(len(row)), key=lambda place: (row[place][0], row[place][1] - place))
    differs, start = row[end]
    return " ".join(words[start:end]) if differs <= WORST * len(wanted) else None


def _bare(word: str) -> str:
    return word.strip(".,;:!?…«»\"'()").lower()
