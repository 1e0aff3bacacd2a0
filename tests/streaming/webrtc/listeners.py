"""Viewers reduced to what counts for sending: a UDP socket and the keys to read what comes."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pylibsrtp
from aiortc.rtp import RtcpPacket, RtpPacket

from streaming.webrtc.private import Path, Srtp
from streaming.webrtc.send import Output, Stream
from streaming.webrtc.udp import Endpoint

GCM, CM = (
    pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
)
KEY_SIZES = {GCM: 28, CM: 30}  # with the salt
TAGS = {GCM: 16, CM: 10}


@dataclass
class Listener:
    """Someone who hears `output`. `sizes` are those of the datagrams that came."""

    socket: socket.socket
    session: pylibsrtp.Session
    output: Output
    sizes: list[int] = field(default_factory=list)

    def datagrams(self) -> Iterator[bytes]:
        """What has come since the last time."""
        while True:
            try:
                data = self.socket.recv(4096)
            except BlockingIOError:
                return
            self.sizes.append(len(data))
            yield data

    def packets(self, lose: Callable[[int], bool] = lambda place: False) -> list[RtpPacket]:
        """Read RTP, but for the packets at the places that are lost."""
        came = [data for place, data in enumerate(self.datagrams()) if not lose(place)]
        return [RtpPacket.parse(self.session.unprotect(data)) for data in came]

    def reports(self) -> list[RtcpPacket]:
        """The first of what is in each datagram of RTCP."""
        return [RtcpPacket.parse(self.session.unprotect_rtcp(data))[0] for data in self.datagrams()]

    def numbers(self) -> list[int]:
        return [packet.sequence_number for packet in self.packets()]


def make_srtp(profile: int, key: bytes, *, inbound: bool) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(
        key=key,
        ssrc_type=(
            pylibsrtp.Policy.SSRC_ANY_INBOUND if inbound else pylibsrtp.Policy.SSRC_ANY_OUTBOUND
        ),
        srtp_profile=profile,
    )
    policy.allow_repeat_tx, policy.window_size = True, 1024
    return pylibsrtp.Session(policy)


@contextmanager
def listening(
    endpoint: Endpoint,
    stream: Stream,
    *,
    profile: int = GCM,
    payload_type: int = 96,
    resend_type: int | None = 97,
) -> Iterator[Listener]:
    """A listener to `stream`, to which datagrams go from `endpoint`."""
    key = os.urandom(KEY_SIZES[profile])
    outgoing = make_srtp(profile, key, inbound=False)
    family = socket.AF_INET if endpoint.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        receiver.setblocking(False)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        receiver.bind((endpoint.host, 0))
        # Others may send to whoever had this port before.
        receiver.connect((endpoint.host, endpoint.port))
        address = receiver.getsockname()[:2]
        output = Output(
            stream,
            payload_type,
            resend_type,
            0xBEEF,
            Srtp(outgoing, outgoing._srtp[0], profile, TAGS[profile]),
            Path(endpoint, address),
            lambda data: endpoint.sendto(outgoing.protect(data), address),
        )
        yield Listener(receiver, make_srtp(profile, key, inbound=True), output)
