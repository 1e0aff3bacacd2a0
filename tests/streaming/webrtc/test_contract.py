"""The private names of aiortc, aioice and pylibsrtp that we lean on: this says which one moved."""

import inspect
import re
from importlib.metadata import version

import aioice.ice
import pylibsrtp
import pytest
from aiortc import RTCPeerConnection
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtcrtptransceiver import RTCRtpTransceiver

NAMES = {
    RTCPeerConnection: ["__connect", "__localRtp"],
    RTCRtpTransceiver: ["self.__sender", "self._codecs", "self._headerExtensions"],
    RTCRtpSender: ["self._ssrc", "self._rtx_ssrc", "self._stream_id", "_handle_rtcp_packet"],
    RTCIceTransport: ["self._connection"],
    RTCDtlsTransport: [
        "self._srtp_profiles",
        "_set_role",
        "self._tx_srtp",
        "_register_rtp_sender",
        "_unregister_rtp_sender",
    ],
    aioice.Connection: [
        "self._local_username",
        "self._protocols",
        "self._nominated",
        "self._queue",
        "get_component_candidates",
        "check_incoming",
        "query_consent",
    ],
    aioice.ice.StunProtocol: ["self.receiver", "connection_made", "self.transport"],
}


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, names in NAMES.items() for name in names]
)
def test_the_name_is_there(owner: type, name: str) -> None:
    found = re.search(rf"{re.escape(name)}\b", inspect.getsource(owner))
    assert found, (
        f"{owner.__module__}.{owner.__name__} has no {name}: see streaming/webrtc/peer.py, mux.py"
    )


def test_versions_are_those_that_were_read() -> None:
    assert version("aiortc") == "1.16.0"
    assert version("aioice") == "0.13.0"
    assert version("pylibsrtp").startswith("1.")


def test_srtp_has_the_ciphers() -> None:
    policy = pylibsrtp.Policy(srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    assert policy.srtp_profile == pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM
