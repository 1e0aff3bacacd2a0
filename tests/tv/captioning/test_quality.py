"""The crew sees how captions are written; nobody else does."""

from captions.cues import Cue, Word
from tests.tv.captioning.test_correcting import hear
from tests.tv.house import House
from tests.tv.test_api import problem
from tv.auth import Role
from tv.captioning.quality import Board, First, Second

PATH = "/api/v1/channels/plateau/captions/quality"


async def test_figures_of_cues_and_processes_are_told_together(tv: House) -> None:
    now = tv.upstream.now()
    words = tuple(
        Word(text, now - 20 + n, now - 19.5 + n, 0.9, now - 18.5 + n + n / 2)
        for n, text in enumerate(("Bonjour", "à", "tous."))
    )
    text = "Bonjour à tous."
    cue = Cue("plateau-1", 0, now - 20, now - 17, (text,), words)
    long_ago = Cue("plateau-0", 0, now - 9000, now - 8990, (text,), words)
    await hear(tv, long_ago, cue)
    board = Board(tv.store, "fabrique")
    await board.tell("plateau", First(1_700_000_000.0, {"loop": 2}, dropped=1, paused=8.5))
    await board.tell("plateau", Second(1_700_000_000.0, heard=40.0, words=3))
    async with tv.crew(Role.MODERATOR) as moderator:
        told = (await moderator.get(PATH)).json()
    assert told["id"] == "plateau"
    assert told["state"] == "interrupted"  # no captions process says otherwise
    assert (told["cues"], told["words"], told["edits"], told["hidden"]) == (1, 3, 0, 0)
    assert told["lag"] == {"p50": 1.5, "p95": 1.5}
    assert told["reading_speed"] == {"p50": 5.0, "p95": 5.0, "fast": 0.0}
    assert told["since"] == "2023-11-14T22:13:20.000Z"
    assert told["refused"] == {"loop": 2}
    assert (told["dropped"], told["paused"]) == (1, 8.5)
    assert told["second_pass"]["heard"] == 40.0


async def test_what_no_process_tells_is_null(tv: House) -> None:
    async with tv.crew(Role.OPERATOR) as operator:
        told = (await operator.get(PATH)).json()
    assert (told["since"], told["lag"], told["second_pass"]) == (None, None, None)


async def test_a_talk_has_its_own_figures(tv: House) -> None:
    async with tv.crew(Role.ADMIN) as admin:
        before = (await admin.get(PATH, params={"talk": "direct"})).json()
        unknown = await admin.get(PATH, params={"talk": "autre"})
    assert before["cues"] == 0
    problem(unknown, 404, "unknown-talk")


async def test_only_the_crew_may_ask_and_only_for_a_channel(tv: House) -> None:
    async with tv.someone() as viewer, tv.crew(Role.MODERATOR) as moderator:
        assert (await viewer.get(PATH)).status_code == 403
        other = await moderator.get("/api/v1/channels/lune/captions/quality")
    problem(other, 404, "unknown-channel")
