"""Layouts: made once for all who ask at once, anew when the cues change, and not kept for ever."""

import asyncio

from captions.cues import Cue, Word
from tv.recorded.laid_out import KEPT, LaidOuts


def cues(text: str) -> list[Cue]:
    word = Word(text, 1.0, 2.0, 1.0)
    return [Cue("plateau-1", 0, 1.0, 2.0, (text,), (word,))]


async def test_layout_is_made_once_for_all_until_the_cues_change() -> None:
    layouts = LaidOuts()
    first, *others = await asyncio.gather(*(layouts.of("a", cues("Bonjour.")) for _ in range(5)))
    assert all(other is first for other in others)
    assert first.cues[0].lines == ("Bonjour.",)
    assert (await layouts.of("a", cues("Bonsoir."))).cues[0].lines == ("Bonsoir.",)


async def test_oldest_layout_makes_room() -> None:
    layouts = LaidOuts()
    first = await layouts.of(0, cues("Bonjour."))
    for key in range(1, KEPT):
        await layouts.of(key, cues("Bonjour."))
    assert await layouts.of(0, cues("Bonjour.")) is first
    await layouts.of(KEPT, cues("Bonjour."))
    assert await layouts.of(0, cues("Bonjour.")) is not first
