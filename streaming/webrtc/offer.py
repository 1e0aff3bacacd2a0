"""What a viewer's SDP offer asks for, and which part of it we answer: pure, nothing is opened."""

from collections.abc import Mapping

from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters
from aiortc.sdp import MediaDescription

from streaming.webrtc import sdp
from streaming.webrtc.sdp import NotAnOffer as NotAnOffer
from streaming.webrtc.sdp import Offer as Offer
from streaming.webrtc.sdp import Refusal as Refusal

FEEDBACK = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli"), RTCRtcpFeedback("ccm", "fir")]


class NothingToReceive(Refusal):
    code = "nothing-to-receive"
    status = 422


class NoCommonCodec(Refusal):
    code = "no-common-codec"
    status = 406


def read_offer(text: str) -> Offer:
    """Choose what to answer. Raises Refusal."""
    description = sdp.parse(text)
    mids = sdp.bundled(description)
    kept: list[MediaDescription] = []
    codecs: dict[str, list[RTCRtpCodecParameters]] = {}
    for section in description.media:
        if not sdp.is_there(section, mids) or not _receives(section) or section.kind in codecs:
            continue
        if section.kind in ("video", "audio") and (agreed := _agree(section)):
            codecs[section.kind] = agreed
            kept.append(section)
    _check(description.media, codecs)
    return sdp.narrow(description, kept, codecs, "recvonly")


def _receives(section: MediaDescription) -> bool:
    return section.direction in (None, "recvonly", "sendrecv")


def _agree(section: MediaDescription) -> list[RTCRtpCodecParameters]:
    """The codecs of the answer to one section: at most one, and its retransmissions."""
    if section.kind == "audio":
        opus = [c for c in section.rtp.codecs if sdp.matches(c, "audio/opus", 48_000)]
        return sdp.agreed(section, opus[0], [])[:1] if opus else []
    offered = [c for c in section.rtp.codecs if sdp.matches(c, "video/h264", 90_000)]
    offered = [c for c in offered if _profile_rank(c) is not None]
    if not offered:
        return []
    chosen = min(offered, key=lambda c: (sdp.packetization_mode(c) != "1", _profile_rank(c)))
    return sdp.agreed(section, chosen, FEEDBACK)


def _profile_rank(codec: RTCRtpCodecParameters) -> int | None:
    """How wide the offered profile is: 0 is the widest; None when it cannot carry ours.

    Whoever decodes a wider profile decodes the narrower ones, and some receivers stay black when a
    stream is wider than what was agreed.
    """
    match sdp.profile_level(codec):
        case (0x64, constraints):  # High, or Constrained High
            return 1 if constraints & 0x0C == 0x0C else 0
        case (0x4D, _):  # Main
            return 2
        case (0x42, constraints):  # Constrained Baseline, or Baseline
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
