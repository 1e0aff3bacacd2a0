"""Delivery directives in the query of a low-latency playlist (RFC 8216bis, 6.2.5).

A cache stores a playlist under the directives that the cache reads. If the cache and this module
read a query differently, an answer is stored for a question that nobody asked. So each directive
has one spelling, and any other (small letters, percent-encoding, leading zeros, twice the same) is
refused: caches store no refusal. `deploy/nginx.conf` reads the same bytes.
"""

import functools
import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from streaming.hls.names import number
from tv.problems import Problem

NAMES = (b"_HLS_msn", b"_HLS_part", b"_HLS_skip")
_SMALL_LETTERS = {name.lower() for name in NAMES}
_NUMBER = re.compile(r"0|[1-9][0-9]*")


class Directives(NamedTuple):
    """Wait for this segment, and this part of it; `skip` asks for a delta update."""

    msn: int | None = None
    part: int | None = None
    skip: bool = False


@functools.lru_cache(maxsize=256)
def directives(query: bytes) -> Directives:
    """Raises Problem: mistakes are answered with 400."""
    if not query:
        return Directives()
    values: dict[bytes, str] = {}
    for argument in query.split(b"&"):
        name, _, value = argument.partition(b"=")
        if unquote_to_bytes(name).lower() not in _SMALL_LETTERS:
            continue
        if name not in NAMES or name in values:
            raise _invalid("Chaque directive s’écrit une fois, telle que la RFC 8216bis la donne.")
        values[name] = value.decode("latin-1")
    msn, part = _number(values, b"_HLS_msn"), _number(values, b"_HLS_part")
    if part is not None and msn is None:
        raise _invalid("_HLS_part ne va pas sans _HLS_msn.")
    return Directives(msn, part, values.get(b"_HLS_skip") in ("YES", "v2"))


def _number(values: dict[bytes, str], name: bytes) -> int | None:
    if (given := values.get(name)) is None:
        return None
    found = number(given) if _NUMBER.fullmatch(given) else None
    if found is None:
        raise _invalid(f"{name.decode()} doit être un nombre.")
    return found


def _invalid(detail: str) -> Problem:
    return Problem(400, "invalid-directive", "Demande illisible", detail)
