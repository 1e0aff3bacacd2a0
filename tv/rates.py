"""The rates of `[limits]`: how often the audience may act."""

import msgspec


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """So many acts at once, then so many a second."""

    burst: int
    per_second: float


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rate limits of the audience: per participant, per talk and for the whole event.

    New devices, whose token is younger than five minutes, have limits of their own: in all, per
    network, and for texts and pictures per network and minute of joining.
    """

    participant: Rate = Rate(burst=30, per_second=5.0)
    talk: Rate = Rate(burst=20_000, per_second=4_000.0)
    event: Rate = Rate(burst=40_000, per_second=8_000.0)
    newcomers: Rate = Rate(burst=20_000, per_second=4_000.0)
    newcomers_network: Rate = Rate(burst=10_000, per_second=2_000.0)
    newcomers_texts: Rate = Rate(burst=60, per_second=1.0)
    newcomers_pictures: Rate = Rate(burst=30, per_second=0.1)
