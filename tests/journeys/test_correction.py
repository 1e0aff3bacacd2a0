"""A correction's journey: typed in the control room, on screens, in replay and exports.

How soon: benchmarks/correction.py.
"""

import asyncio

import m3u8

from tests.tv.recorded.test_replay import FILES, Played, announced, played  # the talk, recorded
from tv.auth import Role

__all__ = ["announced", "played"]

API = "/api/v1/talks/direct"


async def test_a_corrected_word_is_everywhere_at_once(played: Played) -> None:
    await played.say("Voici les biaires sociaux", at=2.0)
    await played.talk(1.0, 7.0)
    house = played.house
    async with house.crew(Role.ADMIN) as admin:  # before that, its words are the crew's alone
        await admin.post(f"{API}:publish", json={"consent": True})
    async with (
        house.crew(Role.MODERATOR, name="Zoé") as desk,
        house.client() as viewer,
        house.page(captions_plateau="") as screen,
    ):
        [cue] = (await screen.view("captions:plateau"))["items"]
        assert "biaires" in (await viewer.get(f"{FILES}/captions.vtt")).text

        corrected, view = await asyncio.gather(
            desk.patch(
                f"/api/v1/cues/{cue['id']}",
                json={"text": "Voici les bailleurs sociaux", "speaker": "Anne Morel"},
                headers={"if-match": f'"{cue["revision"]}"'},
            ),
            screen.view("captions:plateau"),
        )
        [item] = view["items"]
        playlist = m3u8.loads((await viewer.get(f"{FILES}/subtitles.m3u8")).text)
        segments = [
            (await viewer.get(f"{FILES}/{segment.uri}")).text for segment in playlist.segments
        ]
        files = [
            (await viewer.get(address)).text
            for address in (
                *(f"{FILES}/captions.{format}" for format in ("vtt", "srt", "txt", "json")),
                *(f"{API}/captions.{format}" for format in ("vtt", "srt", "txt", "json")),
                f"{API}/replay/transcript.json",
            )
        ]
    assert corrected.is_success
    assert (item["lines"], item["speaker"]) == (["Voici les bailleurs sociaux"], "Anne Morel")
    for text in (*files, "".join(segments)):
        assert "bailleurs" in text
        assert "biaires" not in text
        assert "Zoé" not in text  # who corrected it is for the crew
