"""A WebRTC viewer that decodes nothing: WHEP, real ICE and DTLS, a report a second.

It does towards a server what Chromium does (a check every 2.5 s, RTCP receiver reports, its ciphers
in its order), and with what it gets no more than it must: RTP headers are in the clear. Keys serve
for reports, and to tell when the first whole picture was there.
"""

import asyncio
import http.client
import re
import secrets
import socket
import struct
import time
from typing import Any
from urllib.parse import urlsplit

from aioice import stun
from aiortc import RTCCertificate
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from pylibsrtp import Error, Policy, Session

from benchmarks import _datagrams

VIDEO, SOUND = 102, 111  # payload types

CONSENT = 2.5  # seconds between two checks
REPORT = 1.0  # seconds between two reports
RETRY = 0.1  # seconds, of a check that is not answered
DTLS_RETRY = 0.5
PATIENCE = 20.0  # seconds for a connection
DATAGRAM = 1200  # bytes of a handshake that go together

# Name for the command line: what the viewer offers, or as DTLS server takes, the best first.
CIPHERS = {
    "chromium": b"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM",
    "gcm": b"SRTP_AEAD_AES_128_GCM",
    "cm": b"SRTP_AES128_CM_SHA1_80",
}
# (libsrtp's number, bytes of key, bytes of salt)
_PROFILES = {
    b"SRTP_AES128_CM_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
    b"SRTP_AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    b"SRTP_AEAD_AES_256_GCM": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
}

_OFFER = """v=0
o=- {session} 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=msid-semantic: WMS
m=video {port} UDP/TLS/RTP/SAVPF 102 103
c=IN IP4 127.0.0.1
a=rtcp:9 IN IP4 0.0.0.0
{transport}
a=mid:0
a=recvonly
a=rtcp-mux
a=rtpmap:102 H264/90000
a=rtcp-fb:102 nack
a=rtcp-fb:102 nack pli
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
m=audio {port} UDP/TLS/RTP/SAVPF 111
c=IN IP4 127.0.0.1
a=rtcp:9 IN IP4 0.0.0.0
{transport}
a=mid:1
a=recvonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
"""
_TRANSPORT = """a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host
a=end-of-candidates
a=ice-ufrag:{name}
a=ice-pwd:{password}
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass"""


class Refused(Exception):
    """The server does not take the viewer: what it said."""


class Credentials:
    """A certificate, shared by all viewers of a process: making one takes longer than joining."""

    def __init__(self, ciphers: str) -> None:
        certificate = RTCCertificate.generateCertificate()
        prints = certificate.getFingerprints()
        self.fingerprint = next(it.value for it in prints if it.algorithm == "sha-256")
        self.context = _context(certificate._key, certificate._cert, CIPHERS[ciphers])


def _context(key: ec.EllipticCurvePrivateKey, cert: x509.Certificate, ciphers: bytes) -> Any:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    context.use_certificate(cert)
    context.use_privatekey(key)
    context.set_tlsext_use_srtp(ciphers)
    return context


class Screen:
    """One viewer. Who reads its socket gives `received` all that is not RTP.

    Times are UTC seconds: `asked` the POST, `answered`, `reached` (ICE), `opened` (DTLS) and
    `picture`, the first whole keyframe; None until then.
    """

    def __init__(self, credentials: Credentials) -> None:
        self.socket: socket.socket = _datagrams.open_socket()
        self.session = ""  # its address
        self.profile = ""
        self.asked = self.answered = self.reached = self.opened = 0.0
        self.picture: float | None = None
        self.keys: Session | None = None  # of what the server sends
        self._report_keys: Session | None = None
        self._fingerprint = credentials.fingerprint
        self._name, self._password = secrets.token_hex(4), secrets.token_hex(16)
        self._remote_name = self._remote_password = ""
        self._remote: tuple[str, int] = ("", 0)
        self._tie = secrets.randbits(64)
        self._source = secrets.randbits(32)
        self._dtls: Any = SSL.Connection(credentials.context)
        self._dtls.set_ciphertext_mtu(DATAGRAM)
        self._we_are_client, self._shaking = True, False
        self._is_open = asyncio.Event()
        self._check_due = self._report_due = 0.0
        # The picture that is coming, while there has been none: its packets' numbers.
        self._stamp, self._numbers = -1, set[int]()
        self._head: int | None = None
        self._tail: int | None = None

    async def join(self, url: str) -> None:
        """Be a viewer, by WHEP. Raises Refused or TimeoutError."""
        self.asked = time.time()
        port = self.socket.getsockname()[1]
        transport = _TRANSPORT.format(
            port=port, name=self._name, password=self._password, fingerprint=self._fingerprint
        )
        offer = _OFFER.format(session=self._tie >> 1, port=port, transport=transport)
        status, location, answer = await asyncio.to_thread(
            _request, "POST", url, offer.replace("\n", "\r\n")
        )
        if status != 201:
            raise Refused(f"{status} {answer[:200]}")
        self.answered = time.time()
        parts = urlsplit(url)
        self.session = f"{parts.scheme}://{parts.netloc}{location}"
        self._read(answer)
        async with asyncio.timeout(PATIENCE):
            while not self._is_open.is_set():
                if not self.reached:
                    self._check(nominate=True)
                elif self._shaking:
                    self._dtls.DTLSv1_handle_timeout()
                    self._flush()
                wait = DTLS_RETRY if self.reached else RETRY
                try:
                    async with asyncio.timeout(wait):
                        await self._is_open.wait()
                except TimeoutError:
                    continue

    async def leave(self) -> None:
        await asyncio.to_thread(_request, "DELETE", self.session, "")
        self.close()

    def close(self) -> None:
        self.socket.close()

    def tend(self, now: float) -> None:
        """Say that we are there, when it is time."""
        if self.opened and now >= self._check_due:
            self._check_due = now + CONSENT
            self._check(nominate=False)

    def report(self, now: float, headers: list[bytes]) -> None:
        """Report on what just came, when it is time (RFC 3550, 6.4.2); nothing was lost so far."""
        if now < self._report_due or self._report_keys is None:
            return
        self._report_due = now + REPORT
        newest = {head[8:12]: head[2:4] for head in headers if not 192 <= head[1] <= 223}
        blocks = b"".join(
            source + bytes(4) + struct.pack("!I", int.from_bytes(number, "big")) + bytes(12)
            for source, number in newest.items()
        )
        source = struct.pack("!I", self._source)
        head = struct.pack("!BBH", 0x80 | len(newest), 201, 1 + len(blocks) // 4)
        name = source + b"\x01\x06screen" + bytes(4)
        whole = head + source + blocks + struct.pack("!BBH", 0x81, 202, len(name) // 4) + name
        self._send(self._report_keys.protect_rtcp(whole))

    def received(self, data: bytes, address: tuple[str, int]) -> None:
        """Take what is STUN or DTLS."""
        if data[0] < 4:
            self._take_stun(data, address)
        elif 20 <= data[0] < 64:
            self._dtls.bio_write(data)
            self._shake()

    def look(self, data: bytes, at: float) -> None:
        """Take RTP, while there has been no whole keyframe yet."""
        if data[1] & 127 != VIDEO or self.keys is None:
            return
        number, stamp = struct.unpack_from("!HI", data, 2)
        if stamp != self._stamp:
            self._stamp, self._head, self._tail = stamp, None, None
            self._numbers.clear()
        self._numbers.add(number)
        if self._head is None and self._begins(data):
            self._head = number
        if data[1] & 128:
            self._tail = number
        if self._head is None or self._tail is None:
            return
        if len(self._numbers) == (self._tail - self._head & 0xFFFF) + 1:
            self.picture = at

    def opened_packet(self, packet: bytes) -> bytes:
        """The packet decrypted; nothing when it came before, or is none."""
        assert self.keys is not None
        try:
            return bytes(self.keys.unprotect(packet))
        except Error:
            return b""

    def _begins(self, packet: bytes) -> bool:
        """Whether a keyframe begins with this packet: parameter sets are at its head."""
        payload = self.opened_packet(packet)[12:]
        if len(payload) < 4:
            return False
        kind = payload[0] & 31
        return kind == 7 or (kind == 24 and payload[3] & 31 == 7)

    def _read(self, answer: str) -> None:
        self._remote_name = _line(answer, "a=ice-ufrag:")
        self._remote_password = _line(answer, "a=ice-pwd:")
        self._we_are_client = _line(answer, "a=setup:") == "passive"
        candidates = re.findall(r"(?m)^a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+) typ", answer)
        places = [(host, int(port)) for host, port in candidates]
        if not places:
            raise Refused("no IPv4 address in the answer")
        self._remote = next((it for it in places if it[0] == "127.0.0.1"), places[0])

    def _check(self, nominate: bool) -> None:
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._remote_name}:{self._name}"
        request.attributes["PRIORITY"] = 1862270975
        request.attributes["ICE-CONTROLLING"] = self._tie
        if nominate:
            request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._remote_password.encode())
        self._send(bytes(request))

    def _take_stun(self, data: bytes, address: tuple[str, int]) -> None:
        message = stun.parse_message(data)
        if message.message_class == stun.Class.RESPONSE:
            if not self.reached:
                self.reached = time.time()
                if self._we_are_client:
                    self._shake()
            return
        if message.message_class != stun.Class.REQUEST:
            return
        reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
        reply.attributes["XOR-MAPPED-ADDRESS"] = address
        reply.add_message_integrity(self._password.encode())
        self.socket.sendto(bytes(reply), address)

    def _shake(self) -> None:
        """Go on with the handshake."""
        if self.opened:
            return
        if not self._shaking:
            self._shaking = True
            (self._dtls.set_connect_state if self._we_are_client else self._dtls.set_accept_state)()
        try:
            self._dtls.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return
        self._flush()
        self._agree()
        self.opened = time.time()
        self._is_open.set()

    def _flush(self) -> None:
        """Send what the handshake has to say, as whole records."""
        try:
            data = self._dtls.bio_read(1 << 16)
        except SSL.WantReadError:
            return
        start = end = 0
        while end < len(data):
            size = 13 + int.from_bytes(data[end + 11 : end + 13], "big")
            if end > start and end + size - start > DATAGRAM:
                self._send(data[start:end])
                start = end
            end += size
        self._send(data[start:end])

    def _agree(self) -> None:
        """Take the keys out of DTLS (RFC 5764, 4.2)."""
        profile = self._dtls.get_selected_srtp_profile()
        self.profile = profile.decode().removeprefix("SRTP_").removeprefix("AEAD_")
        number, key, salt = _PROFILES[profile]
        secret = self._dtls.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        client = secret[:key] + secret[2 * key : 2 * key + salt]
        server = secret[key : 2 * key] + secret[2 * key + salt :]
        ours, theirs = (client, server) if self._we_are_client else (server, client)
        out = Policy(key=ours, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=number)
        come = Policy(key=theirs, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=number)
        come.window_size, come.allow_repeat_tx = 1024, True
        self._report_keys, self.keys = Session(out), Session(come)

    def _send(self, data: bytes) -> None:
        self.socket.sendto(data, self._remote)


def _line(sdp: str, start: str) -> str:
    found = re.search(rf"(?m)^{start}(\S+)", sdp)
    if found is None:
        raise Refused(f"no {start} in the answer")
    return found[1]


def _request(method: str, url: str, body: str) -> tuple[int, str, str]:
    """(status, Location, body) of an HTTP request."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    try:
        connection.request(method, parts.path, body, {"content-type": "application/sdp"})
        reply = connection.getresponse()
        return reply.status, reply.getheader("location") or "", reply.read().decode()
    finally:
        connection.close()
