"""A picture's name says what is in it and how large it is; and how making one may end."""

import re

NAME = re.compile(r"[0-9a-f]{24}-([1-9]\d{0,3})x([1-9]\d{0,3})\.jpg")

NO_PICTURE, TOO_LARGE = 3, 4  # exit statuses of tv.wall.reencode


def address(name: str) -> str:
    """Where browsers find a picture."""
    return f"/mur/images/{name}"


def size(name: str) -> tuple[int, int]:
    """The width and height of a picture, in pixels."""
    found = NAME.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else (0, 0)
