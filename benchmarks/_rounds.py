"""One accident in a house at work, while a poll is on: who noticed, for how long, what was lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from benchmarks import _outages
from benchmarks._accidents import Accident, LeftOut
from benchmarks._house import SILENCE, House, Size

OVER = 12.0  # seconds in which everybody votes and asks
HEALED_WITHIN = 60.0  # seconds from when it was mended

Row = dict[str, Any]


async def measure(house: House, accident: Accident) -> Row:
    """One row; `lost` and `double` are acts of people, who were told that they were in."""
    row: Row = {"accident": accident.name, "ends": accident.ends}
    try:
        await house.settle()
    except TimeoutError as why:
        return row | {"stuck": f"{why}: what was before is not over"}
    poll = await asyncio.to_thread(house.desk.open_poll, house.server)
    tokens = house.desk.people(house.size.people)
    house.players.begin()
    await house.screens("begin")
    loads = [each.loads for each in house.onlookers]
    began = time.monotonic()
    moments = [began]

    async def interrupt() -> AsyncIterator[None]:
        steps = accident.act(house)
        moments.append(time.monotonic())
        await anext(steps)
        yield
        await anext(steps, None)
        moments.append(time.monotonic())

    try:
        acts = await _outages.interrupted(house.desk, house.server, poll, tokens, OVER, interrupt)
    except LeftOut as why:
        await house.screens("end", silence=SILENCE)
        return row | {"left_out": str(why)}
    except TimeoutError:
        acts = {"lost": None, "double": None, "pages_that_had_gone": None}
    broken, mended = moments[1], moments[-1]
    back = [await each.goes_on(mended, HEALED_WITHIN) for each in house.onlookers]
    ended = time.monotonic()
    screens = await house.screens("end", silence=SILENCE)
    if screens["silent"]:
        await house.replace_screens()
    healed = None if None in back else max(each - mended for each in back if each is not None)
    return row | {
        "at_s": (broken, ended),
        "lasted_s": round(mended - broken, 1),
        "longest_gap_s": {
            **{
                each.way: round(each.shown.longest_gap(began, ended), 1) for each in house.onlookers
            },
            "screens": screens["longest_gap_s"],
            "players": round(house.players.longest_gap(), 1),
        },
        "without_film_s": {
            each.way: round(each.shown.longest_gap(began, ended, film=True), 1)
            for each in house.onlookers
        },
        "dropped": {
            "screens": screens["silent"],
            "players": house.players.seen.lost,
            "sockets": acts["pages_that_had_gone"],
            "pages_loaded_anew": sum(
                each.loads - before for each, before in zip(house.onlookers, loads, strict=True)
            ),
        },
        "without_captions_s": round(house.heard.longest_wait(began, ended), 1),
        "lost": acts["lost"],
        "double": acts["double"],
        "healed_after_s": None if healed is None else round(healed, 1),
        "acts": acts,
    }


def is_whole(row: Row) -> bool:
    """Whether nothing was lost or doubled, and everything came back."""
    return "left_out" in row or (
        "stuck" not in row
        and (row["lost"], row["double"]) == (0, 0)
        and row["healed_after_s"] is not None
    )


def table(rows: list[Row], size: Size) -> str:
    """As Markdown."""
    head = (
        "| What happened | for | longest gap: page by WebRTC, by LL-HLS, screens, players "
        "| without the film | dropped: screens, players, sockets | without captions "
        "| lost | double | healed after |"
    )
    of = (
        f"Of {size.screens} screens, {size.players} players, {size.people} people with a page open:"
    )
    lines = [of, "", head, "|---" * 9 + "|"]
    for row in rows:
        if why := row.get("left_out") or row.get("stuck"):
            lines.append(f"| {row['accident']} | not done: {why} |" + " |" * 7)
            continue
        gap, dropped, film = row["longest_gap_s"], row["dropped"], row["without_film_s"]
        lines.append(
            f"| {row['accident']} | {row['lasted_s']} s "
            f"| {gap['webrtc']}, {gap['hls']}, {gap['screens']}, {gap['players']} s "
            f"| {film['webrtc']}, {film['hls']} s "
            f"| {dropped['screens']}, {dropped['players']}, {dropped['sockets']} "
            f"| {row['without_captions_s']} s | {row['lost']} | {row['double']} "
            f"| {row['healed_after_s']} s |"
        )
    return "\n".join(lines)
