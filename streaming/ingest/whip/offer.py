"""What a studio's SDP offer sends, and how we answer it: pure, nothing is opened.

Half an answer would mislead a crew (RFC 9725, 4.4.3): what we cannot take whole is refused whole.
"""

import re
from collections.abc import Sequence

from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters
from aiortc.sdp import MediaDescription

from streaming.ingest import advice
from streaming.webrtc import sdp
from streaming.webrtc.sdp import NotAnOffer, Offer, Refusal

FEEDBACK = [
    RTCRtcpFeedback("nack"),
    RTCRtcpFeedback("nack", "pli"),
    RTCRtcpFeedback("ccm", "fir"),
    RTCRtcpFeedback("goog-remb"),
]


class NothingToSend(Refusal):
    code = "nothing-to-send"


class TooManyTracks(Refusal):
    code = "too-many-tracks"


class NoCommonCodec(Refusal):
    code = "no-common-codec"


def read_offer(text: str) -> Offer:
    """Choose what to answer. Raises Refusal."""
    description = sdp.parse(text)
    mids = sdp.bundled(description)
    kept = [section for section in description.media if sdp.is_there(section, mids)]
    _check_tracks(text, kept)
    codecs = {section.kind: _agree(section) for section in kept}
    return sdp.narrow(description, kept, codecs, "sendonly")


def _check_tracks(text: str, sections: Sequence[MediaDescription]) -> None:
    """One MediaStream of at most one picture and one sound, all of it sent (4.2, 4.4.2)."""
    kinds = [section.kind for section in sections]
    if not set(kinds) <= {"video", "audio"}:
        raise Refusal(
            "L’offre contient autre chose que de l’image et du son (un canal de données, par "
            "exemple)\u00a0: retirez-le."
        )
    if not kinds or any(s.direction not in (None, "sendonly", "sendrecv") for s in sections):
        raise NothingToSend(
            "L’offre n’envoie ni image ni son\u00a0: chaque piste doit être en "
            "«\u00a0sendonly\u00a0»."
        )
    if len(set(kinds)) < len(kinds):
        raise TooManyTracks(
            "L’offre a plusieurs images ou plusieurs sons\u00a0: envoyez-en un seul."
        )
    if len(set(re.findall(r"(?m)^a=msid:(\S+)", text))) > 1:
        raise TooManyTracks(
            "L’image et le son appartiennent à des MediaStream différents\u00a0: n’en envoyez "
            "qu’un."
        )
    if not all(section.rtp.muxId for section in sections):
        raise NotAnOffer("L’offre SDP a des sections sans nom (mid).")


def _agree(section: MediaDescription) -> list[RTCRtpCodecParameters]:
    """The one codec of a section, and its retransmissions. Raises Refusal."""
    if section.kind == "audio":
        for codec in section.rtp.codecs:
            if sdp.matches(codec, "audio/opus", 48_000):
                return sdp.agreed(section, codec, [])[:1]
        raise NoCommonCodec(
            f"Le son est proposé en {_offered(section)}\u202f; il faut de l’Opus. "
            "Choisissez Opus dans l’encodeur."
        )
    for codec in section.rtp.codecs:  # in the order in which the studio likes them
        known = sdp.matches(codec, "video/h264", 90_000) and sdp.profile_level(codec)
        if known and sdp.packetization_mode(codec) == "1":
            return sdp.agreed(section, codec, FEEDBACK)
    raise NoCommonCodec(
        f"L’image est proposée en {_offered(section)}\u202f; il faut du H.264 "
        "(packetization-mode 1). Choisissez H.264 dans l’encodeur, ou un navigateur qui l’encode."
    )


def _offered(section: MediaDescription) -> str:
    """The codecs of a section as people call them."""
    return ", ".join(map(_called, sdp.offered(section))) or "aucun codec connu"


def _called(name: str) -> str:
    known = {"h264": "H.264 d’un autre mode", "h265": "HEVC (H.265)", "pcmu": "PCM", "pcma": "PCM"}
    return known.get(name) or advice.name_of(name)
