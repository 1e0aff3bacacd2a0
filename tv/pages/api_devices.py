"""The API of blocked devices: moderators stop the sending of one, by the handle on what it sent.

- `POST /api/v1/devices/{device}:block` → block: what that participant writes from then on is
  refused with 403 `blocked` (questions, messages, ideas, comments, words in polls, reports; votes
  and supports count on), and what waits of theirs is rejected. `:unblock` → block: what the block
  rejected waits to be read again. 404 `unknown-device`; 409 `too-many-blocks`.
- `GET /api/v1/devices` → `{"items": [block]}`: those that are blocked, the oldest first.

For moderator, operator and admin. The handle is `device` on questions, messages, ideas and comments
as the crew sees them (tv/devices.py). On a shared tablet it stands for one person; a tablet as a
whole has none. The block of a participant who erases themselves goes with their traces. Blocks are
as in `devices.block_item`; writes as in tv/writing.py.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.blocks import Block, DeviceBlocked, DeviceUnblocked
from tv.auth import MODERATORS, identity
from tv.devices import block_item, participant_of
from tv.follower import Follower
from tv.writing import Writer, absent, json, unknown_act

NAME = 60  # characters

ACTS: dict[str, type[DeviceBlocked | DeviceUnblocked]] = {
    "block": DeviceBlocked,
    "unblock": DeviceUnblocked,
}


def routes(follower: Follower, writer: Writer) -> list[BaseRoute]:
    audience = follower.audience

    async def every(request: Request) -> Response:
        identity(request).must_be(*MODERATORS)
        return json({"items": [block_item(block) for block in audience.blocks.blocked()]})

    async def act(request: Request) -> Response:
        who = identity(request)
        who.must_be(*MODERATORS)
        if (type := ACTS.get(request.path_params["verb"])) is None:
            raise unknown_act()
        if not (participant := participant_of(audience, request.path_params["device"])):
            raise absent("device")
        about = writer.act(request, who.signature)
        event = type(**about, participant=participant, name=who.name[:NAME])
        block = await writer.write(event, who)
        assert isinstance(block, Block)
        return json(block_item(block))

    return [
        Route("/api/v1/devices", every, methods=["GET"]),
        Route("/api/v1/devices/{device}:{verb}", act, methods=["POST"]),
    ]
