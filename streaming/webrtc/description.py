"""Our own side of a connection, in SDP. Pure."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from aioice import Candidate
from aiortc.codecs import is_rtx
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceParameters, candidate_from_aioice
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import GroupDescription, MediaDescription, SessionDescription, SsrcDescription

STREAM_NAME = "fabrique-tv"  # sound and picture of one name are played in sync


@dataclass(frozen=True)
class Section:
    """One medium; the sources are ours, when we send."""

    kind: str
    mid: str
    codecs: Sequence[RTCRtpCodecParameters]
    source: int
    resend_source: int


@dataclass(frozen=True)
class Transport:
    """What all sections share (RFC 8843). `role` is DTLS's: client, server, or auto in an offer."""

    name: str
    password: str
    candidates: Sequence[Candidate]
    fingerprints: Sequence[RTCDtlsFingerprint]
    role: str


def write(sections: Sequence[Section], transport: Transport, direction: str) -> str:
    description = SessionDescription()
    description.origin = f"- {secrets.randbits(62)} 2 IN IP4 0.0.0.0"  # RFC 9429, 5.2.1
    if direction.startswith("send"):
        description.msid_semantic = [GroupDescription("WMS", ["*"])]
    description.group = [GroupDescription("BUNDLE", [section.mid for section in sections])]
    description.media = [_media(section, transport, direction) for section in sections]
    return str(description)


def _media(section: Section, transport: Transport, direction: str) -> MediaDescription:
    media = MediaDescription(
        section.kind, 9, "UDP/TLS/RTP/SAVPF", [codec.payloadType for codec in section.codecs]
    )
    media.direction = direction
    media.rtp.codecs, media.rtp.muxId = list(section.codecs), section.mid
    media.rtcp_host, media.rtcp_port, media.rtcp_mux = "0.0.0.0", 9, True
    if direction.startswith("send"):
        _name_sources(media, section)
    media.ice = RTCIceParameters(transport.name, transport.password)
    media.ice_candidates = [candidate_from_aioice(each) for each in transport.candidates]
    media.ice_candidates_complete = True
    media.host, media.port = media.ice_candidates[0].ip, media.ice_candidates[0].port
    media.dtls = RTCDtlsParameters(list(transport.fingerprints), transport.role)
    return media


def _name_sources(media: MediaDescription, section: Section) -> None:
    media.msid = f"{STREAM_NAME} {section.kind}"
    media.ssrc = [SsrcDescription(section.source, cname=STREAM_NAME)]
    if any(is_rtx(codec) for codec in section.codecs):
        media.ssrc.append(SsrcDescription(section.resend_source, cname=STREAM_NAME))
        pair: list[int | str] = [section.source, section.resend_source]
        media.ssrc_group = [GroupDescription("FID", pair)]
