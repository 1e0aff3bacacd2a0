"""What players ask of a low-latency playlist by its query (RFC 8216bis, 6.2.5)."""

import functools
from typing import NamedTuple
from urllib.parse import parse_qs

from streaming.hls.names import number
from tv.problems import Problem


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
    values = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    numbers: list[int | None] = []
    for name in ("_HLS_msn", "_HLS_part"):
        given = values.get(name)
        found = number(given[0]) if given else None
        if given and found is None:
            raise Problem(
                400, "invalid-directive", "Demande illisible", f"{name} doit être un nombre."
            )
        numbers.append(found)
    msn, part = numbers
    if part is not None and msn is None:
        raise Problem(
            400, "invalid-directive", "Demande illisible", "_HLS_part ne va pas sans _HLS_msn."
        )
    return Directives(msn, part, values.get("_HLS_skip", [""])[0] in ("YES", "v2"))
