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
    RTCPeerConnection: ["__connect"],
    RTCRtpTransceiver: [
        "self.__sender",
        "self.__receiver",
        "self._codecs",
        "self._headerExtensions",
    ],
    RTCRtpSender: ["self._ssrc", "self._rtx_ssrc", "self._stream_id"],
    RTCIceTransport: ["self._connection"],
    RTCDtlsTransport: [
        "self._srtp_profiles",
        "_set_role",
        "self._tx_srtp",
        "self._rx_srtp",
    ],
    aioice.Connection: [
        "self._local_username",
        "self._local_password",
        "self.remote_username",
        "self.remote_password",
        "self._check_list",
        "self._early_checks",
        "self._remote_candidates",
        "self._protocols",
        "self._nominated",
        "self._queue",
        "get_component_candidates",
        "check_incoming",
        "query_consent",
        "build_request",
    ],
    aioice.ice.StunProtocol: ["self.receiver", "connection_made", "self.transport", "request"],
    aioice.ice.CandidatePair: ["self.task", "self.protocol", "self.remote_candidate"],
}


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, names in NAMES.items() for name in names]
)
def test_the_name_is_there(owner: type, name: str) -> None:
    found = re.search(rf"{re.escape(name)}\b", inspect.getsource(owner))
    assert found, (
        f"{owner.__module__}.{owner.__name__} has no {name}: see streaming/webrtc/connection.py"
    )


def test_versions_are_those_that_were_read() -> None:
    assert version("aiortc") == "1.16.0"
    assert version("aioice") == "0.13.0"
    assert version("pylibsrtp").startswith("1.")


def test_srtp_has_the_ciphers() -> None:
    policy = pylibsrtp.Policy(srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    assert policy.srtp_profile == pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM
