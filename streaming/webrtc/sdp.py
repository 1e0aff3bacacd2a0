"""SDP, whoever makes it: read, narrowed to what is agreed, and completed. Pure."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiortc.rtcdtlstransport import X509_DIGEST_ALGORITHMS
from aiortc.rtcicetransport import RTCIceCandidate
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters
from aiortc.sdp import GroupDescription, MediaDescription, SessionDescription

from streaming.errors import OfferRejected

SIZE_LIMIT = 64 * 1024  # characters; a browser's offer has about 6,000
LINE_LIMIT = 4096  # characters; a browser's longest has 300
LISTED_LIMIT = 256  # candidates in all sections, of which CANDIDATE_LIMIT are tried
SECTION_LIMIT = 16
CANDIDATE_LIMIT = 16

# The parser looks at each codec for each line about codecs: 5,000 such looks for Chromium's offer,
# three million for 64 kB of nothing else, which is twelve seconds.
LOOK_LIMIT = 50_000

PAYLOAD_TYPES = frozenset((*range(35, 64), *range(96, 128)))  # beside RTCP: RFC 5761, section 4

NOT_MEDIA = {"rtx", "red", "ulpfec", "flexfec-03", "cn", "telephone-event"}

# Nothing of these is used, and some that are right are more than the parser knows.
_UNUSED = re.compile(r"(?m)^a=(?:extmap|ssrc|ssrc-group):.*(?:\r?\n|\Z)")
_FMTP = re.compile(r"(?m)^a=fmtp:.*$")

_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")


class Refusal(OfferRejected):
    """An offer turned away: the message is for people, in French; `code` is for machines.

    `status` is the HTTP status that WHEP and WHIP give it. `retry_after` is in seconds: 0 when it
    is no use to ask again.
    """

    code = "offer-refused"
    status = 422
    retry_after = 0.0


class NotAnOffer(Refusal):
    code = "not-an-offer"
    status = 400


class NotBundled(Refusal):
    """All of it must go over one transport and one port."""


@dataclass(frozen=True)
class Offer:
    """What was read of an offer that can be answered, or of an answer to ours.

    `narrowed` is the same with the one picture and the one sound that are agreed; `codecs` is what
    is agreed of each, and `places` is where each is among the sections. `measures` says that the
    other side would like to know its round trip (RFC 3611, 5.1). `complete` puts the refused
    sections back.
    """

    narrowed: str
    codecs: Mapping[str, list[RTCRtpCodecParameters]]
    we_are_active: bool  # the other side insists on being the DTLS server
    refused: Mapping[int, str]  # by place in the offer
    places: Mapping[str, int] = field(default_factory=dict)
    measures: bool = False

    @property
    def remote_name(self) -> str:
        """The other side's ICE user name."""
        found = re.search(r"(?m)^a=ice-ufrag:(\S+)", self.narrowed)
        return found[1] if found else ""

    def complete(self, answer: str) -> str:
        """The answer to the whole offer: one section for each of the offer's (RFC 3264, 6)."""
        head, *sections = re.split(r"(?m)^(?=m=)", answer)
        for place, section in sorted(self.refused.items()):
            sections.insert(place, section)
        answered = finished(head + "".join(sections))
        return _measured(answered) if self.measures else answered


def finished(description: str) -> str:
    """Our own description, with what aiortc's writer leaves out.

    RTP and RTCP are on one port only (RFC 8858, 3), and we take candidates later (RFC 8838).
    """
    description = re.sub(r"(?m)^a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-mux-only\r\n", description)
    return re.sub(r"(?m)^a=group:", "a=ice-options:trickle\r\na=group:", description, count=1)


def _measured(description: str) -> str:
    return re.sub(r"(?m)^(a=rtcp-mux\r\n)", r"\1a=rtcp-xr:rcvr-rtt=all\r\n", description)


def parse(text: str) -> SessionDescription:
    """Read an offer. Raises NotAnOffer."""
    if len(text) > SIZE_LIMIT or not text.startswith(("v=0\r", "v=0\n")):
        raise NotAnOffer("Le corps de la requête n’est pas une offre SDP.")
    lines = text.splitlines()  # as the parser does: at more than line feeds
    _check_lines(lines)
    text = _UNUSED.sub("", "\r\n".join([*lines, ""]))
    text = _FMTP.sub(lambda line: re.sub(r";\s+", ";", line[0]), text)
    try:
        description = SessionDescription.parse(text)
    except Exception as error:
        # The parser trusts its input: whatever is malformed ends it with whatever error.
        raise NotAnOffer("L’offre SDP est mal formée.") from error
    description.type = "offer"
    return description


def _check_lines(lines: list[str]) -> None:
    """Raises NotAnOffer for what would keep the parser busy for long, or is no SDP at all."""
    starts = Counter(line.partition(":")[0] for line in lines if line.startswith("a="))
    kinds = Counter(line[:2] for line in lines)
    if not all(kinds[kind] for kind in ("o=", "s=", "t=")):  # RFC 8866, 5
        raise NotAnOffer("L’offre SDP est mal formée.")
    if kinds["m="] > SECTION_LIMIT:
        raise NotAnOffer("L’offre SDP a trop de sections.")
    if starts["a=rtpmap"] * (starts["a=rtcp-fb"] + starts["a=fmtp"]) > LOOK_LIMIT:
        raise NotAnOffer("L’offre SDP a trop de codecs.")
    if starts["a=candidate"] > LISTED_LIMIT or max(map(len, lines)) > LINE_LIMIT:
        raise NotAnOffer("L’offre SDP est démesurée.")


def bundled(description: SessionDescription) -> list[str]:
    """The names of the sections that share one transport."""
    bundle = next((group for group in description.group if group.semantic == "BUNDLE"), None)
    return [str(item) for item in bundle.items] if bundle else []


def is_there(section: MediaDescription, mids: list[str]) -> bool:
    """Port 0 refuses a section, or says that it lives in the bundle only (RFC 8843, 6)."""
    return section.port != 0 or section.rtp.muxId in mids


def offered(section: MediaDescription) -> list[str]:
    """The names of the codecs of a section, without those that only help others; at most five."""
    names = dict.fromkeys(codec.name.lower()[:20] for codec in section.rtp.codecs)
    return [name for name in names if name not in NOT_MEDIA][:5]


def matches(codec: RTCRtpCodecParameters, mime_type: str, rate: int) -> bool:
    """Whether a codec is the one meant, under a payload type that it may have."""
    known = codec.mimeType.lower() == mime_type and codec.clockRate == rate
    return known and codec.payloadType in PAYLOAD_TYPES


def agreed(
    section: MediaDescription, codec: RTCRtpCodecParameters, feedback: Iterable[RTCRtcpFeedback]
) -> list[RTCRtpCodecParameters]:
    """What the answer says of a section: one codec, what is used of its feedback, and RTX."""
    used = [item for item in feedback if item in codec.rtcpFeedback]
    resends = [
        _answered(other, [])
        for other in section.rtp.codecs
        if matches(other, "video/rtx", codec.clockRate)
        and other.parameters.get("apt") == codec.payloadType
    ]
    return [_answered(codec, used), *resends[:1]]


def profile_level(codec: RTCRtpCodecParameters) -> tuple[int, int] | None:
    """The profile and the constraints of an H.264 codec (RFC 6184, 8.1); None: not readable."""
    try:
        level_id = bytes.fromhex(str(codec.parameters.get("profile-level-id", "42e01f")))
        profile, constraints = level_id[:2]
    except ValueError:
        return None
    return profile, constraints


def packetization_mode(codec: RTCRtpCodecParameters) -> str:
    return str(codec.parameters.get("packetization-mode", "0"))


def narrow(
    description: SessionDescription,
    kept: list[MediaDescription],
    codecs: Mapping[str, list[RTCRtpCodecParameters]],
    direction: str,
) -> Offer:
    """Leave the kept sections on one transport, with the agreed codecs. Raises Refusal.

    `direction` is the other side's, in each of them.
    """
    media = description.media
    role = _carry_over(description, kept)
    places = {section.kind: media.index(section) for section in kept}
    for section in kept:
        section.direction = direction
        section.rtp.codecs = codecs[section.kind]
        section.fmt = [codec.payloadType for codec in section.rtp.codecs]
    refused = {
        place: _refused(section) for place, section in enumerate(media) if section not in kept
    }
    description.media = kept
    return Offer(str(description), codecs, role == "server", refused, places)


def usable(candidates: Iterable[RTCIceCandidate]) -> list[RTCIceCandidate]:
    """Addresses that we may try. Names (.local) are not looked up: those peers come to us."""
    found = []
    for candidate in candidates:
        try:
            address = ipaddress.ip_address(candidate.ip)
        except ValueError:
            continue
        there = not (address.is_multicast or address.is_unspecified)
        udp = candidate.protocol.lower() == "udp" and candidate.component == 1
        if there and udp and 0 < candidate.port < 65536:
            found.append(candidate)
    return found[:CANDIDATE_LIMIT]


def are_credentials(name: str | None, password: str | None) -> bool:
    """Whether these can be ICE's (RFC 8839, 5.4)."""
    return bool(_UFRAG.fullmatch(name or "") and _PASSWORD.fullmatch(password or ""))


def _answered(
    codec: RTCRtpCodecParameters, feedback: list[RTCRtcpFeedback]
) -> RTCRtpCodecParameters:
    return RTCRtpCodecParameters(
        mimeType=codec.mimeType,
        clockRate=codec.clockRate,
        channels=codec.channels,
        payloadType=codec.payloadType,
        rtcpFeedback=feedback,
        parameters=dict(codec.parameters),
    )


def _carry_over(description: SessionDescription, kept: list[MediaDescription]) -> str:
    """Give the kept sections one transport: that of the bundle's first section (RFC 8843, 7.2).

    Return the other side's DTLS role.
    """
    mids = bundled(description)
    if len(kept) > 1 and any(section.rtp.muxId not in mids for section in kept):
        raise NotBundled("L’offre doit réunir l’image et le son sur un seul transport (BUNDLE).")
    tagged = sorted(
        (section for section in description.media if section.rtp.muxId in mids),
        key=lambda section: mids.index(section.rtp.muxId),
    )
    lead = next((s for s in tagged if s.ice and s.ice.usernameFragment), kept[0])
    if not all(section.rtcp_mux for section in kept):
        raise NotBundled("L’offre doit réunir RTP et RTCP sur un seul port (rtcp-mux).")
    candidates = [c for section in description.media for c in section.ice_candidates]
    role = _check_transport(lead)
    for section in kept:
        section.ice, section.dtls = lead.ice, lead.dtls
        section.ice_candidates = usable(candidates)
        # Our side keeps waiting for the other's own checks, from wherever they come.
        section.ice_candidates_complete = False
        section.host = section.ice_options = None
        section.rtcp_port, section.rtcp_host = 9, "0.0.0.0"
        section.ssrc, section.ssrc_group, section.msid = [], [], None
        section.rtp.headerExtensions = []
    description.host = None
    description.group = [GroupDescription("BUNDLE", [s.rtp.muxId for s in kept])]
    return role


def _check_transport(section: MediaDescription) -> str:
    ice, dtls = section.ice, section.dtls
    if not ice or not are_credentials(ice.usernameFragment, ice.password):
        raise NotAnOffer("L’offre SDP n’a pas d’identifiants ICE valables.")
    known = X509_DIGEST_ALGORITHMS
    if not dtls or not any(item.algorithm.lower() in known for item in dtls.fingerprints):
        raise NotAnOffer("L’offre SDP n’a pas d’empreinte DTLS valable.")
    return dtls.role


def _refused(section: MediaDescription) -> str:
    formats = " ".join(str(item) for item in section.fmt)
    lines = [
        f"m={section.kind} 0 {section.profile} {formats}",
        "c=IN IP4 0.0.0.0",
        "a=inactive",
        *([f"a=mid:{section.rtp.muxId}"] if section.rtp.muxId else []),
    ]
    return "\r\n".join(lines) + "\r\n"
