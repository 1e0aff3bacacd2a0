"""What we use of aiortc, aioice and pylibsrtp beyond what they promise: this says which one moved.

Only streaming/webrtc/private.py may use it.
"""

import ast
import inspect
import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import aioice.ice
import pylibsrtp
import pytest
from aioice import Candidate
from aioice.stun import Message, parse_message
from aiortc import RTCCertificate, RTCDtlsTransport
from aiortc.rtcdtlstransport import SRTP_PROFILES, SRTPProtectionProfile
from pylibsrtp import _binding

from streaming.webrtc import private, stun

ROOT = Path(__file__).parents[3]

# Where each name is, how it is written there, and with what it is called when it is ours to be.
NAMES: dict[type | ModuleType, list[str]] = {
    RTCCertificate: [
        "def _create_ssl_context(",
        "def getFingerprints(self)",
    ],
    RTCDtlsTransport: [
        "self._srtp_profiles",
        "def _set_role(self, role: str)",
        "self._tx_srtp",
        "self._rx_srtp",
        "self._ssl",
        "self._task",
        'self.emit("statechange")',
        # What it asks of its transport, which is our agent.
        "self.transport._recv()",
        "self.transport._send(data)",
        "self.transport.role",
        "_create_ssl_context(",
        "self._ssl.get_selected_srtp_profile()",
    ],
    pylibsrtp.Session: ["self._srtp", "srtp_dealloc(x[0])"],
    aioice.Connection: [
        "self._local_username",
        "self._local_password",
        "self.remote_username",
        "self.remote_password",
        "self.remote_is_lite",
        "self.ice_controlling",
        "self._closing",
        "self._check_list",
        "self._early_checks",
        "self._remote_candidates",
        "self._protocols",
        "self._nominated",
        "self._queue",
        "self._local_candidates",
        "self._local_candidates_start",
        "self._local_candidates_end",
        "def _add_remote_candidate(",
        "def _valid_username(self, username: str)",
        "def check_incoming(",
        "def check_complete(self, pair",
        "def query_consent(self)",
        "def build_request(self, pair: CandidatePair, nominate: bool)",
        "def data_received(self, data: bytes, component: int)",
        "def request_received(",
        # Ours are called by these names.
        "self.check_incoming(message, addr, protocol)",
        "self.check_incoming(*early_check)",
        "self.check_complete(pair)",
        "self.query_consent()",
        "protocol.send_stun(response, addr)",
        "pair.protocol.request(",
        "active_pair.protocol.send_data(data, active_pair.remote_addr)",
        "await protocol.close()",
    ],
    aioice.ice.StunProtocol: [
        "self.receiver",
        "self.transactions",
        "def request(",
        "def send_data(",
        "def send_stun(",
        "def close(self)",
        "transaction.response_received(message, addr)",
    ],
    aioice.ice.CandidatePair: [
        "self.task",
        "self.state",
        "self.protocol",
        "self.remote_candidate",
        "def remote_addr(self)",
        "def local_candidate(self)",
        "WAITING",
        "SUCCEEDED",
    ],
    aioice.ice: [
        "def candidate_pair_priority(",
        "def get_host_addresses(use_ipv4: bool, use_ipv6: bool)",
    ],
}


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, names in NAMES.items() for name in names]
)
def test_the_name_is_there(owner: type | ModuleType, name: str) -> None:
    place = f"{owner.__module__}.{owner.__name__}" if isinstance(owner, type) else owner.__name__
    found = re.search(
        re.escape(name) + (r"\b" if name[-1].isalnum() else ""), inspect.getsource(owner)
    )
    assert found, f"{place} has no « {name} » any more: see streaming/webrtc/private.py"


@pytest.mark.parametrize("name", ["aiortc", "aioice", "pylibsrtp"])
def test_the_version_is_the_one_that_was_read(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"{name}=={version(name)}" in project["dependencies"]


@pytest.mark.parametrize(
    "name", ["srtp_protect", "srtp_protect_rtcp", "srtp_unprotect", "srtp_unprotect_rtcp"]
)
def test_libsrtp_works_in_place(name: str) -> None:
    function = _binding.ffi.typeof(getattr(_binding.lib, name))
    assert [argument.kind for argument in function.args] == ["pointer", "pointer", "pointer"]
    assert function.result.cname == "srtp_err_status_t"
    assert _binding.lib.srtp_err_status_ok == 0


def test_srtp_adds_the_tags_that_we_know() -> None:
    for profile in SRTP_PROFILES:
        key = bytes(profile.key_length + profile.salt_length)
        policy = pylibsrtp.Policy(
            key, pylibsrtp.Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile.libsrtp_profile
        )
        clear = b"\x80\x63\0\1" + bytes(36)
        added = len(pylibsrtp.Session(policy).protect(clear)) - len(clear)
        assert added == private._TAGS[profile.libsrtp_profile]


def test_the_cheapest_cipher_comes_first() -> None:
    first: SRTPProtectionProfile = private._PROFILES[0]
    assert first.openssl_profile == b"SRTP_AEAD_AES_128_GCM"
    assert len(private._PROFILES) == len(SRTP_PROFILES) == 3


def test_our_stun_is_what_aioice_reads() -> None:
    for address in (("192.0.2.1", 32853), ("2001:db8:1234:5678:11:2233:4455:6677", 32853)):
        request = Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST)
        request.attributes["USERNAME"] = "us:them"
        request.add_message_integrity(b"a key")
        said = bytes(request)
        assert stun.is_message(said)
        assert stun.is_sealed(said)
        assert stun.is_genuine(said, b"a key")
        assert not stun.is_genuine(said, b"another")
        assert stun.named(said) == b"us:them"
        answer = parse_message(stun.answer(said, b"a key", stun.mapped(address)))
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == address
        assert answer.transaction_id == request.transaction_id
        assert answer.message_class == aioice.stun.Class.RESPONSE
        assert answer.check_message_integrity(b"a key")


def test_names_are_not_looked_up() -> None:
    # What `Agent.add` leans on: an address that is none is left out where addresses are checked.
    local = Candidate("1", 1, "udp", 1, "4f8e5ac5.local", 9, "host")
    with pytest.raises(ValueError, match=r"4f8e5ac5\.local"):
        aioice.ice.validate_remote_candidate(local, local.host)


def test_nobody_else_uses_private_names() -> None:
    """Names with an underscore, of objects that are not one's own."""
    for path in (ROOT / "streaming" / "webrtc").glob("*.py"):
        if path.name == "private.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                ("aiortc", "aioice", "pylibsrtp")
            ):
                assert not any(alias.name.startswith("_") for alias in node.names), path.name
            private_name = isinstance(node, ast.Attribute) and re.match("_[a-zA-Z]", node.attr)
            if private_name and not isinstance(node.value, ast.Name):
                source = ast.unparse(node)
                assert not re.search(r"_(srtp|ssl|nominated|connection)\b", source), source
