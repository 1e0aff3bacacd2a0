"""Brings posts with the event's hashtag to the wall, where they wait to be read. A clerk's duty."""

import asyncio
import logging
from collections.abc import Callable

from engagement.wall.post import PostBrought
from tv.follower import Follower
from tv.journal import StoreUnavailable
from tv.settings import Wall
from tv.wall import mastodon

logger = logging.getLogger(__name__)

BY = "mastodon"
LONGEST_PAUSE = 900.0  # seconds between two tries at a server that does not answer


async def bring(wall: Wall, follower: Follower, now: Callable[[], float]) -> None:
    """Ask every server for what is new, until cancelled; `now` is the broadcast clock's."""
    async with asyncio.TaskGroup() as group:
        for server in wall.servers:
            group.create_task(_bring_from(server, wall, follower, now))


async def _bring_from(
    server: str, wall: Wall, follower: Follower, now: Callable[[], float]
) -> None:
    posts = follower.audience.posts
    since, pause = "", wall.every
    while True:
        # While nobody reads what waits there is no use in more.
        if room := posts.room_for(BY):
            try:
                found = await asyncio.to_thread(mastodon.fetch, server, wall.hashtag, since)
                fresh = [each for each in found.statuses if f"m_{each.key}" not in posts.by_id]
                for status in fresh[-room:]:
                    await follower.write(_brought(status, now()))
                since, pause = found.newest or since, wall.every
            except mastodon.Unreachable as error:
                pause = min(LONGEST_PAUSE, 2 * pause)
                logger.warning("wall: %s; asked again in %.0f s", error, pause)
            except StoreUnavailable:
                pause = wall.every  # asked for the same again
        await asyncio.sleep(pause)


def _brought(status: mastodon.Status, at: float) -> PostBrought:
    return PostBrought(
        id=f"bring-{status.key}",
        at=at,
        by=BY,
        post=f"m_{status.key}",
        text=status.text,
        author=status.author,
        network="Mastodon",
        address=status.address,
    )
