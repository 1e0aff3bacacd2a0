"""What a viewer's SDP offer asks for, and which part of it we answer: pure, nothing is opened."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiortc.rtcdtlstransport import X509_DIGEST_ALGORITHMS
from aiortc.rtcicetransport import RTCIceCandidate
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters
from aiortc.sdp import GroupDescription, MediaDescription, SessionDescription

from streaming.errors import OfferRejected

SIZE_LIMIT = 64 * 1024  # characters; a browser's offer has about 6,000
SECTION_LIMIT = 16
CANDIDATE_LIMIT = 16

PAYLOAD_TYPES = frozenset((*range(35, 64), *range(96, 128)))  # beside RTCP: RFC 5761, section 4
FEEDBACK = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli"), RTCRtcpFeedback("ccm", "fir")]

_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")


class Refusal(OfferRejected):
    """An offer turned away: the message is for people, in French; `code` is for machines.

    `status` is the HTTP status that WHEP gives it.
    """

    code = "offer-refused"
    status = 422


class NotAnOffer(Refusal):
    code = "not-an-offer"
    status = 400


class NothingToReceive(Refusal):
    code = "nothing-to-receive"
    status = 422


class NoCommonCodec(Refusal):
    code = "no-common-codec"
    status = 406


@dataclass(frozen=True)
class Offer:
    """An offer that can be answered.

    `narrowed` is the same with the one picture and the one sound that we answer, for aiortc to
    read; `codecs` is what the answer says of each. `complete` puts the refused sections back.
    """

    narrowed: str
    codecs: Mapping[str, list[RTCRtpCodecParameters]]
    we_are_active: bool  # the viewer insists on being the DTLS server
    refused: Mapping[int, str]  # by place in the offer

    def complete(self, answer: str) -> str:
        """The answer to the whole offer: one section for each of the offer's (RFC 3264, 6)."""
        head, *sections = re.split(r"(?m)^(?=m=)", answer)
        for place, section in sorted(self.refused.items()):
            sections.insert(place, section)
        return head + "".join(sections)


def read_offer(text: str) -> Offer:
    """Choose what to answer. Raises Refusal."""
    description = _parse(text)
    media = description.media
    bundled = _bundled(description)
    kept: list[MediaDescription] = []
    codecs: dict[str, list[RTCRtpCodecParameters]] = {}
    for section in media:
        # Port 0 refuses a section, or says that it lives in the bundle only (RFC 8843, 6).
        there = section.port != 0 or section.rtp.muxId in bundled
        if not there or not _receives(section) or section.kind in codecs:
            continue
        if section.kind in ("video", "audio") and (agreed := _agree(section)):
            codecs[section.kind] = agreed
            kept.append(section)
    _check(media, codecs)
    role = _carry_over(description, kept)
    refused = {
        place: _refused(section) for place, section in enumerate(media) if section not in kept
    }
    description.media = kept
    return Offer(str(description), codecs, role == "server", refused)


def _parse(text: str) -> SessionDescription:
    if len(text) > SIZE_LIMIT or not text.startswith(("v=0\r", "v=0\n")):
        raise NotAnOffer("Le corps de la requête n’est pas une offre SDP.")
    try:
        description = SessionDescription.parse(text)
    except Exception as error:
        # The parser trusts its input: whatever is malformed ends it with whatever error.
        raise NotAnOffer("L’offre SDP est mal formée.") from error
    if len(description.media) > SECTION_LIMIT:
        raise NotAnOffer("L’offre SDP a trop de sections.")
    description.type = "offer"
    return description


def _bundled(description: SessionDescription) -> list[str]:
    """The names of the sections that share one transport."""
    bundle = next((group for group in description.group if group.semantic == "BUNDLE"), None)
    return [str(item) for item in bundle.items] if bundle else []


def _receives(section: MediaDescription) -> bool:
    return section.direction in (None, "recvonly", "sendrecv")


def _agree(section: MediaDescription) -> list[RTCRtpCodecParameters]:
    """The codecs of the answer to one section: at most one, and its retransmissions."""
    if section.kind == "audio":
        opus = [c for c in section.rtp.codecs if _is(c, "audio/opus", 48_000)]
        return [_answered(opus[0], [])] if opus else []
    offered = [c for c in section.rtp.codecs if _is(c, "video/h264", 90_000)]
    offered = [c for c in offered if _profile_rank(c) is not None]
    if not offered:
        return []
    chosen = min(offered, key=lambda c: (_mode(c) != "1", _profile_rank(c)))
    feedback = [item for item in FEEDBACK if item in chosen.rtcpFeedback]
    resend = [
        _answered(c, [])
        for c in section.rtp.codecs
        if _is(c, "video/rtx", 90_000) and c.parameters.get("apt") == chosen.payloadType
    ]
    return [_answered(chosen, feedback), *resend[:1]]


def _is(codec: RTCRtpCodecParameters, mime_type: str, rate: int) -> bool:
    known = codec.mimeType.lower() == mime_type and codec.clockRate == rate
    return known and codec.payloadType in PAYLOAD_TYPES


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


def _mode(codec: RTCRtpCodecParameters) -> str:
    return str(codec.parameters.get("packetization-mode", "0"))


def _profile_rank(codec: RTCRtpCodecParameters) -> int | None:
    """How wide the offered profile is: 0 is the widest; None when it cannot carry ours.

    Whoever decodes a wider profile decodes the narrower ones, and some receivers stay black when a
    stream is wider than what was agreed.
    """
    level_id = str(codec.parameters.get("profile-level-id", "42e01f"))  # RFC 6184, 8.1
    try:
        profile, constraints = bytes.fromhex(level_id)[:2]
    except ValueError:
        return None
    match profile:
        case 0x64:  # High, or Constrained High
            return 1 if constraints & 0x0C == 0x0C else 0
        case 0x4D:  # Main
            return 2
        case 0x42:  # Constrained Baseline, or Baseline
            return 3 if constraints & 0x40 else 4
    return None


def _check(
    media: list[MediaDescription], codecs: Mapping[str, list[RTCRtpCodecParameters]]
) -> None:
    if "video" not in codecs and any(s.kind == "video" and _receives(s) for s in media):
        raise NoCommonCodec(
            "Ce lecteur ne propose pas la vidéo H.264 par WebRTC. "
            "Regardez par HLS\u202f: la page le fait d’elle-même."
        )
    if not codecs:
        raise NothingToReceive("L’offre ne demande à recevoir ni image ni son.")


def _carry_over(description: SessionDescription, kept: list[MediaDescription]) -> str:
    """Give the kept sections one transport: that of the bundle's first section (RFC 8843, 7.2).

    Return the viewer's DTLS role.
    """
    mids = _bundled(description)
    if len(kept) > 1 and any(section.rtp.muxId not in mids for section in kept):
        raise Refusal("L’offre doit réunir l’image et le son sur un seul transport (BUNDLE).")
    tagged = sorted(
        (section for section in description.media if section.rtp.muxId in mids),
        key=lambda section: mids.index(section.rtp.muxId),
    )
    lead = next((s for s in tagged if s.ice and s.ice.usernameFragment), kept[0])
    if not all(section.rtcp_mux for section in kept):
        raise Refusal("L’offre doit réunir RTP et RTCP sur un seul port (rtcp-mux).")
    candidates = [c for section in description.media for c in section.ice_candidates]
    role = _check_transport(lead)
    for section in kept:
        section.ice, section.dtls = lead.ice, lead.dtls
        section.ice_candidates = _usable(candidates)
        # Our side keeps waiting for the viewer's own checks, from wherever they come.
        section.ice_candidates_complete = False
        section.direction = "recvonly"
        section.host = section.ice_options = None
        section.rtcp_port, section.rtcp_host = 9, "0.0.0.0"
        section.ssrc, section.ssrc_group, section.msid = [], [], None
        section.rtp.headerExtensions = []
        section.rtp.codecs = _for_aiortc(section)
        section.fmt = [codec.payloadType for codec in section.rtp.codecs]
    description.host = None
    description.group = [GroupDescription("BUNDLE", [s.rtp.muxId for s in kept])]
    return role


def _check_transport(section: MediaDescription) -> str:
    ice, dtls = section.ice, section.dtls
    named = ice and _UFRAG.fullmatch(ice.usernameFragment or "")
    if not ice or not named or not _PASSWORD.fullmatch(ice.password or ""):
        raise NotAnOffer("L’offre SDP n’a pas d’identifiants ICE valables.")
    known = X509_DIGEST_ALGORITHMS
    if not dtls or not any(item.algorithm.lower() in known for item in dtls.fingerprints):
        raise NotAnOffer("L’offre SDP n’a pas d’empreinte DTLS valable.")
    return dtls.role


def _usable(candidates: list[RTCIceCandidate]) -> list[RTCIceCandidate]:
    """Addresses that we may try. Names (.local) are not looked up: those viewers come to us."""
    usable = []
    for candidate in candidates:
        try:
            address = ipaddress.ip_address(candidate.ip)
        except ValueError:
            continue
        there = not (address.is_multicast or address.is_unspecified)
        udp = candidate.protocol.lower() == "udp" and candidate.component == 1
        if there and udp and 0 < candidate.port < 65536:
            usable.append(candidate)
    return usable[:CANDIDATE_LIMIT]


def _for_aiortc(section: MediaDescription) -> list[RTCRtpCodecParameters]:
    """The agreed codecs under a name that aiortc knows: it has but two profiles of H.264."""
    agreed = _agree(section)
    if section.kind == "video":
        agreed[0].parameters = {"packetization-mode": "1", "profile-level-id": "42e01f"}
    return agreed


def _refused(section: MediaDescription) -> str:
    formats = " ".join(str(item) for item in section.fmt)
    lines = [
        f"m={section.kind} 0 {section.profile} {formats}",
        "c=IN IP4 0.0.0.0",
        "a=inactive",
        *([f"a=mid:{section.rtp.muxId}"] if section.rtp.muxId else []),
    ]
    return "\r\n".join(lines) + "\r\n"
