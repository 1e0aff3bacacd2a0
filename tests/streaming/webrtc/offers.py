"""Offers as viewers' programs make them: what each says that others do not, written anew."""

from dataclasses import dataclass, field

UFRAG, PASSWORD = "Lm4q", "s0mePasswordOfTwentyTwo"
FINGERPRINT = "sha-256 " + ":".join(["A1", "0B", "7E", "43"] * 8)

ESSENTIAL = "v=0\r\no=- 7241962035125312 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


@dataclass
class Codec:
    """One payload type, with its retransmissions if `rtx` is one more."""

    number: int
    name: str
    fmtp: str = ""
    rtx: int | None = None
    feedback: tuple[str, ...] = ("nack", "nack pli", "ccm fir")

    def lines(self) -> list[str]:
        lines = [f"a=rtpmap:{self.number} {self.name}"]
        if self.name.endswith("/90000"):
            lines += [f"a=rtcp-fb:{self.number} {each}" for each in self.feedback]
        if self.fmtp:
            lines.append(f"a=fmtp:{self.number} {self.fmtp}")
        if self.rtx is not None:
            lines += [f"a=rtpmap:{self.rtx} rtx/90000", f"a=fmtp:{self.rtx} apt={self.number}"]
        return lines

    @property
    def numbers(self) -> list[int]:
        return [self.number] if self.rtx is None else [self.number, self.rtx]


@dataclass
class Section:
    kind: str
    mid: str
    codecs: list[Codec]
    direction: str = "recvonly"
    port: int = 9
    more: list[str] = field(default_factory=list)
    transport: bool = True  # whether it has its own ICE and DTLS lines

    def text(self) -> str:
        numbers = " ".join(str(number) for codec in self.codecs for number in codec.numbers)
        lines = [f"m={self.kind} {self.port} UDP/TLS/RTP/SAVPF {numbers}", "c=IN IP4 0.0.0.0"]
        if self.transport:
            lines += [
                f"a=ice-ufrag:{UFRAG}",
                f"a=ice-pwd:{PASSWORD}",
                f"a=fingerprint:{FINGERPRINT}",
                "a=setup:actpass",
            ]
        lines += [f"a=mid:{self.mid}", f"a={self.direction}", "a=rtcp-mux", *self.more]
        lines += [line for codec in self.codecs for line in codec.lines()]
        return "".join(f"{line}\r\n" for line in lines)


def offer(*sections: Section, head: str = "", bundle: bool = True) -> str:
    mids = " ".join(section.mid for section in sections)
    group = f"a=group:BUNDLE {mids}\r\n" if bundle else ""
    return ESSENTIAL + group + head + "".join(section.text() for section in sections)


def h264(number: int, profile: str, mode: str = "1", rtx: int | None = None) -> Codec:
    fmtp = f"level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile}"
    return Codec(number, "H264/90000", fmtp, rtx)


OPUS = Codec(111, "opus/48000/2", "minptime=10;useinbandfec=1")
OTHER_SOUNDS = [Codec(9, "G722/8000"), Codec(0, "PCMU/8000"), Codec(13, "CN/8000")]
PLAIN_SOUND = Section("audio", "1", [OPUS])

# libwebrtc with all of its decoders: Chrome, Edge and what is made of them.
CHROME = offer(
    Section(
        "video",
        "0",
        [
            Codec(96, "VP8/90000", rtx=97),
            h264(103, "42001f", rtx=104),
            h264(107, "42001f", "0", rtx=108),
            h264(109, "42e01f", rtx=114),
            h264(115, "42e01f", "0", rtx=116),
            h264(117, "4d001f", rtx=118),
            h264(39, "4d001f", "0", rtx=40),
            Codec(45, "AV1/90000", "level-idx=5;profile=0;tier=0", rtx=46),
            Codec(98, "VP9/90000", "profile-id=0", rtx=99),
            h264(123, "64001f", rtx=124),
            Codec(112, "red/90000", rtx=113, feedback=()),
            Codec(125, "ulpfec/90000", feedback=()),
            Codec(35, "flexfec-03/90000", "repair-window=10000000", feedback=("goog-remb",)),
        ],
        more=[
            "a=extmap:1 urn:ietf:params:rtp-hdrext:toffset",
            "a=extmap:13 urn:3gpp:video-orientation",
            "a=rtcp-rsize",
        ],
    ),
    Section("audio", "1", [OPUS, *OTHER_SOUNDS], more=["a=rtcp-fb:111 transport-cc"]),
    head="a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n",
)

# Apple's: High is offered as Constrained High, and HEVC beside it.
SAFARI = offer(
    Section("audio", "0", [OPUS, *OTHER_SOUNDS]),
    Section(
        "video",
        "1",
        [
            h264(96, "640c1f", rtx=97),
            h264(98, "42e01f", rtx=99),
            h264(100, "640c1f", "0", rtx=101),
            h264(102, "42e01f", "0", rtx=103),
            Codec(104, "H265/90000", "level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST", rtx=105),
            Codec(106, "VP8/90000", rtx=107),
            Codec(127, "red/90000", rtx=125, feedback=()),
        ],
        port=0,
        more=["a=bundle-only"],
    ),
    head="a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n",
)


def firefox(*pictures: Codec) -> str:
    """Firefox's: the certificate is said once, and feedback and extensions in its own way."""
    sound = Codec(109, "opus/48000/2", "maxplaybackrate=48000;stereo=1;useinbandfec=1")
    return offer(
        Section(
            "video",
            "0",
            list(pictures),
            more=[
                "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid",
                "a=extmap:7/recvonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
                "a=ssrc:2230716853 cname:{2f7b5b29-6b9c-4a1d-8a3f-0f5fb3f2f6c1}",
            ],
        ),
        Section(
            "audio",
            "1",
            [sound, Codec(101, "telephone-event/8000", "0-15")],
            more=["a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level"],
        ),
        head=(
            f"a=fingerprint:{FINGERPRINT}\r\na=ice-options:trickle\r\na=msid-semantic:WMS *\r\n"
            "a=extmap-allow-mixed\r\n"
        ),
    )


VP8_AND_VP9 = (
    Codec(120, "VP8/90000", "max-fs=12288;max-fr=60", rtx=124),
    Codec(121, "VP9/90000", "max-fs=12288;max-fr=60", rtx=125),
)
FIREFOX = firefox(
    *VP8_AND_VP9,
    Codec(
        126,
        "H264/90000",
        "profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1",
        rtx=127,
    ),
    Codec(97, "H264/90000", "profile-level-id=42e01f;level-asymmetry-allowed=1", rtx=98),
)
FIREFOX_ESR_OF_DEBIAN = firefox(*VP8_AND_VP9, Codec(99, "AV1/90000", rtx=100))

# webrtcbin with the caps that GStreamer's documentation uses for whepsrc: nothing said of H.264.
GSTREAMER = offer(
    Section(
        "video",
        "video0",
        [Codec(101, "H264/90000", feedback=("nack pli",))],
        more=[
            "a=rtcp-rsize",
            "a=rtcp-mux-only",
            "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on",
        ],
    ),
    Section("audio", "audio1", [Codec(96, "OPUS/48000/2")], port=0, more=["a=bundle-only"]),
    head="a=ice-options:trickle\r\n",
)

# pion's default media engine, as mediamtx and others have it when they read by WHEP.
PION = offer(
    Section(
        "video",
        "0",
        [
            Codec(96, "VP8/90000", rtx=97, feedback=("goog-remb", "ccm fir", "nack", "nack pli")),
            h264(102, "42001f", rtx=103),
            h264(104, "42001f", "0", rtx=105),
            h264(106, "42e01f", rtx=107),
            h264(127, "4d001f", rtx=125),
            h264(112, "64001f", rtx=113),
        ],
        more=["a=candidate:foundation 1 udp 2130706431 192.0.2.33 50123 typ host generation 0"],
    ),
    PLAIN_SOUND,
    head="a=extmap-allow-mixed\r\n",
)

# libdatachannel, as small players embed it: one codec of each, no retransmissions.
LIBDATACHANNEL = offer(
    Section(
        "video",
        "video",
        [
            Codec(
                96,
                "H264/90000",
                "profile-level-id=42e01f; packetization-mode=1; level-asymmetry-allowed=1",
                feedback=("nack", "nack pli", "goog-remb"),
            )
        ],
    ),
    Section("audio", "audio", [OPUS]),
    head="a=msid-semantic:WMS *\r\na=ice-options:ice2,trickle\r\n",
)

# A peer that waits for an offer of the server's has nothing to receive in its own.
EMPTY = ESSENTIAL + "a=msid-semantic: WMS\r\n"
DATA_ALONE = (
    ESSENTIAL + "a=group:BUNDLE 0\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
    f"a=ice-ufrag:{UFRAG}\r\na=ice-pwd:{PASSWORD}\r\na=fingerprint:{FINGERPRINT}\r\n"
    "a=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\n"
)
