"""What a viewer's SDP asks for, which part of it we answer, and what we offer ourselves.

Pure, nothing is opened. The counter-offer is that of draft-ietf-wish-whep-04, 4.3.2: where a viewer
asks in a way that we cannot answer, it is told how it could be.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters
from aiortc.sdp import MediaDescription

from streaming.webrtc import sdp
from streaming.webrtc.sdp import NotAnOffer as NotAnOffer
from streaming.webrtc.sdp import Offer as Offer
from streaming.webrtc.sdp import Refusal as Refusal

FEEDBACK = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli"), RTCRtcpFeedback("ccm", "fir")]

# What we offer: the widest profile first, as in `_profile_rank`. All browsers have one of these.
PROFILES = ("64001f", "640c1f", "4d001f", "42e01f", "42001f")
FIRST_TYPE = 96
SOUND_TYPE = 111

MEASURES = re.compile(r"(?m)^a=rtcp-xr:(?:.* )?rcvr-rtt=all\b")


class NothingToReceive(Refusal):
    code = "nothing-to-receive"
    status = 422


class NoCommonCodec(Refusal):
    code = "no-common-codec"
    status = 406


class Unanswerable(Refusal):
    """An offer that cannot be answered as it is: an offer of ours may be (4.3.2)."""

    code = "not-acceptable"
    status = 406


class NotAnAnswer(Refusal):
    code = "not-an-answer"
    status = 400


def read_offer(text: str) -> Offer:
    """Choose what to answer. Raises Refusal: Unanswerable where a counter-offer may help."""
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
    try:
        offer = sdp.narrow(description, kept, codecs, "recvonly")
        return replace(offer, measures=bool(MEASURES.search(text)))
    except sdp.NotBundled as error:
        raise Unanswerable(str(error)) from error


def ours() -> dict[str, list[RTCRtpCodecParameters]]:
    """The codecs of our own offer, by kind."""
    pictures = []
    for place, profile in enumerate(PROFILES):
        payload_type = FIRST_TYPE + 2 * place
        parameters = {
            "level-asymmetry-allowed": "1",
            "packetization-mode": "1",
            "profile-level-id": profile,
        }
        pictures += [
            _codec("video/H264", 90_000, payload_type, parameters, FEEDBACK),
            _codec("video/rtx", 90_000, payload_type + 1, {"apt": payload_type}),
        ]
    parameters = {"minptime": "10", "useinbandfec": "1", "stereo": "1"}
    sound = _codec("audio/opus", 48_000, SOUND_TYPE, parameters, channels=2)
    return {"video": pictures, "audio": [sound]}


def read_answer(text: str) -> Offer:
    """What a viewer takes of the offer of ours. Raises Refusal."""
    try:
        description = sdp.parse(text)
    except NotAnOffer as error:
        raise NotAnAnswer("Le corps de la requête n’est pas une réponse SDP.") from error
    media = description.media
    if [(section.kind, section.rtp.muxId) for section in media] != [("video", "0"), ("audio", "1")]:
        raise NotAnAnswer("La réponse SDP n’a pas les sections de l’offre.")
    mids = sdp.bundled(description)
    codecs = {
        section.kind: agreed
        for section in media
        if sdp.is_there(section, mids) and _receives(section) and (agreed := _agree(section))
    }
    if "video" not in codecs:
        raise NoCommonCodec("La réponse SDP n’accepte pas la vidéo H.264.")
    kept = [section for section in media if section.kind in codecs]
    answer = sdp.narrow(description, kept, codecs, "recvonly")
    if any(section.dtls is None or section.dtls.role == "auto" for section in kept):
        raise NotAnAnswer("La réponse SDP ne choisit pas de rôle DTLS (setup).")
    return answer


def _receives(section: MediaDescription) -> bool:
    return section.direction in (None, "recvonly", "sendrecv")


def _agree(section: MediaDescription) -> list[RTCRtpCodecParameters]:
    """The codecs of the answer to one section: at most one, and its retransmissions."""
    if section.kind == "audio":
        opus = [c for c in section.rtp.codecs if sdp.matches(c, "audio/opus", 48_000)]
        return sdp.agreed(section, opus[0], [])[:1] if opus else []
    offered = [c for c in section.rtp.codecs if sdp.matches(c, "video/h264", 90_000)]
    offered = [c for c in offered if _takes_fragments(c) and _profile_rank(c) is not None]
    if not offered:
        return []
    chosen = min(offered, key=lambda c: (sdp.packetization_mode(c) != "1", _profile_rank(c)))
    return sdp.agreed(section, chosen, FEEDBACK)


def _takes_fragments(codec: RTCRtpCodecParameters) -> bool:
    """Whether a picture may come in several packets (RFC 6184, 5.6 to 5.8).

    Mode 0 has no way to do so. By the letter an offer without a mode means that; but receivers that
    say nothing of H.264 at all, such as GStreamer's with its usual caps, take whatever comes.
    """
    mode = codec.parameters.get("packetization-mode")
    return mode is None or str(mode) == "1"


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
    pictures = [s for s in media if s.kind == "video" and _receives(s)]
    if "video" not in codecs and pictures:
        names = {name for section in pictures for name in sdp.offered(section)}
        if "h264" in names:
            raise Unanswerable(
                "Ce lecteur propose le H.264 d’une façon qui ne porte pas nos images\u00a0: il "
                "faut packetization-mode=1 et un profil Baseline, Main ou High."
            )
        offered = ", ".join(sorted(name.upper() for name in names)) or "aucun codec connu"
        raise NoCommonCodec(
            f"Ce lecteur ne propose pas la vidéo H.264 par WebRTC (il propose\u00a0: {offered}). "
            "Regardez par HLS\u00a0: la page le fait d’elle-même."
        )
    if codecs:
        return
    if any(s.kind == "audio" and _receives(s) and s.port for s in media):
        raise NoCommonCodec(
            "Ce lecteur ne propose pas le son Opus par WebRTC. "
            "Regardez par HLS\u00a0: la page le fait d’elle-même."
        )
    if any(s.kind in ("video", "audio") for s in media):
        raise NothingToReceive(
            "L’offre ne demande à recevoir ni image ni son\u00a0: chaque piste doit être en "
            "«\u00a0recvonly\u00a0». Pour publier, l’adresse finit par /whip."
        )
    raise Unanswerable("L’offre n’a de place ni pour l’image ni pour le son.")


def _codec(
    mime_type: str,
    rate: int,
    payload_type: int,
    parameters: Mapping[str, int | str],
    feedback: list[RTCRtcpFeedback] | None = None,
    channels: int | None = None,
) -> RTCRtpCodecParameters:
    return RTCRtpCodecParameters(
        mimeType=mime_type,
        clockRate=rate,
        channels=channels,
        payloadType=payload_type,
        rtcpFeedback=list(feedback or []),
        parameters=dict(parameters),
    )
