"""What a datagram costs at the UDP port, and what it would cost aioice and aiortc alone.

    python -m benchmarks.door [--rounds 7] [--json door.json]

A viewer's datagrams are made beforehand and handed to the door as the socket would, in turns with
the libraries' own way: parsed by aioice and answered by its agent; decrypted and parsed by aiortc.
Microseconds of CPU each, the least of the rounds; answers go out to a socket in both ways.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aioice.stun import parse_message
from aiortc.rtp import RtcpPacket

from streaming.webrtc import rtcp
from streaming.webrtc.mux import Mux
from tests.streaming.webrtc.door import VIDEO, Guest, Host, visiting

COUNT = 500  # datagrams of each kind in a round


class Patient(Host):
    """Who looks at whatever comes, however much it is."""

    allowance = 1 << 40


async def measure(rounds: int) -> dict[str, float]:
    mux = Mux()
    await mux.open()
    best: dict[str, float] = {}
    async with visiting(mux, host=Patient) as guest:
        await guest.ask(guest.check())
        guest.host._questions.left = 1 << 40
        for _ in range(rounds):
            for name, (take, datagrams) in _ways(mux, guest).items():
                took = _spent(take, datagrams)
                best[name] = min(took, best.get(name, took))
                await guest.ask(guest.check())  # the guest's socket is empty again
    await mux.close()
    return {name: round(micros, 2) for name, micros in best.items()}


def _ways(mux: Mux, guest: Guest) -> dict[str, tuple[Callable[[bytes], Any], list[bytes]]]:
    path = guest.host.path
    assert path is not None
    endpoint, address = path.endpoint, path.address
    agent, lane = guest.host.party.agent, guest.host.party.lanes[endpoint]
    incoming = guest.host.srtp and guest.host._dtls and guest.host._dtls.incoming
    assert incoming
    session, seal = incoming.session, guest.dtls._tx_srtp.protect_rtcp
    plain = rtcp.receiver_report(9, "viewer", [rtcp.Reception(VIDEO, 0, 0, 1, 2, 3, 4)])
    asking = plain + rtcp.missing(9, VIDEO, [5, 6, 9])

    def ours(data: bytes) -> None:
        mux._received(data, address, endpoint)

    def elsewhere(data: bytes) -> None:
        mux._received(data, ("203.0.113.9", 9), endpoint)

    def by_aioice(data: bytes) -> None:
        agent.request_received(parse_message(data), address, lane)

    def by_aiortc(data: bytes) -> None:
        RtcpPacket.parse(session.unprotect_rtcp(data))

    return {
        "check": (ours, [guest.sealed() for _ in range(COUNT)]),
        "check, by aioice": (by_aioice, [guest.sealed() for _ in range(COUNT)]),
        "report": (ours, [seal(plain) for _ in range(COUNT)]),
        "report, by aiortc": (by_aiortc, [seal(plain) for _ in range(COUNT)]),
        "report with a NACK": (ours, [seal(asking) for _ in range(COUNT)]),
        "report with a NACK, by aiortc": (by_aiortc, [seal(asking) for _ in range(COUNT)]),
        "forged check": (ours, [guest.sealed()[:-1] + b"\0" for _ in range(COUNT)]),
        "a stranger's bytes": (elsewhere, [os.urandom(1200) for _ in range(COUNT)]),
    }


def _spent(take: Callable[[bytes], Any], datagrams: list[bytes]) -> float:
    began = time.process_time()
    for data in datagrams:
        take(data)
    return (time.process_time() - began) / len(datagrams) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, default=Path("door.json"))
    options = parser.parse_args()
    found = asyncio.run(measure(options.rounds))
    for name, micros in found.items():
        print(f"{name:>30}: {micros:7.2f} µs")
    options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
