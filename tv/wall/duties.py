"""What the clerk does for the wall: bring posts from elsewhere, delete pictures nothing has."""

from collections.abc import Awaitable, Callable
from functools import partial

from tv.folder import Folder
from tv.follower import Follower
from tv.settings import Wall
from tv.wall import hashtag
from tv.wall.pictures import Pictures


def wall_duties(
    folder: Folder, wall: Wall, follower: Follower, now: Callable[[], float]
) -> dict[str, Callable[[], Awaitable[None]]]:
    """By name; `now` is the broadcast clock's. The follower has folded all there is."""
    pictures, audience = Pictures(folder.wall), follower.audience

    def used() -> set[str]:
        return audience.posts.pictures() | audience.ideas.pictures()

    duties: dict[str, Callable[[], Awaitable[None]]] = {
        "wall pictures": partial(pictures.sweep_regularly, used)
    }
    if wall.hashtag:
        duties["hashtag"] = partial(hashtag.bring, wall, follower, now)
    return duties
