"""The transcript of a replay, to read, to click on and to search: when each word was heard.

A transcript is `{"paragraphs": [{"speaker", "start", "end", "at", "sentences": [sentence]}]}`, a
sentence `{"text", "start", "end", "at", "words": [{"text", "start", "end", "at"}]}`. `start` and
`end` are broadcast times, `at` is seconds from the beginning of the replay.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from captions.cues import Cue, Word
from captions.written import search
from captions.written.spoken import paragraphs
from streaming.hls.replay import Timeline
from tv.items import Rendered

MOST_FOUND = 200  # sentences told to who searches


@dataclass(frozen=True, slots=True)
class Transcribed:
    """A transcript as it is rendered, and what can be found in its sentences."""

    rendered: Rendered
    sentences: Sequence[Rendered]
    pieces: Sequence[search.Pieces]

    def search(self, query: str) -> Rendered:
        """The sentences that hold what `query` asks for; `found` numbers their words."""
        found = search.search(self.pieces, query)
        items = [
            self.sentences[each.sentence] | {"found": each.words} for each in found[:MOST_FOUND]
        ]
        return {"items": items, "total": len(found)}


def transcribe(cues: Iterable[Cue], timeline: Timeline) -> Transcribed:
    rendered: list[Rendered] = []
    sentences: list[Rendered] = []
    pieces: list[search.Pieces] = []
    for speaker, group in paragraphs(cues):
        shown = [_sentence(words, timeline) for words in group]
        whole = [word for words in group for word in words]
        rendered.append({"speaker": speaker, **_times(whole, timeline), "sentences": shown})
        sentences += shown
        pieces += map(search.pieces, group)
    return Transcribed({"paragraphs": rendered}, sentences, pieces)


def _sentence(words: Sequence[Word], timeline: Timeline) -> Rendered:
    return {
        "text": " ".join(word.text for word in words),
        **_times(words, timeline),
        "words": [{"text": word.text, **_times([word], timeline)} for word in words],
    }


def _times(words: Sequence[Word], timeline: Timeline) -> dict[str, Any]:
    start, end = words[0].start, words[-1].end
    return {
        "start": round(start, 3),
        "end": round(end, 3),
        "at": round(timeline.at(start), 3),
    }
