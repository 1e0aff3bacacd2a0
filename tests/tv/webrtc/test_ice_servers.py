"""STUN and TURN servers, from the settings to the headers that name them."""

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from tv.settings import SettingsError, load, without_secrets
from tv.webrtc.ice_servers import IceServer, links

TOML = """
[webrtc.ice_servers.stun]
urls = ["stun:stun.example.org:3478"]
[webrtc.ice_servers.salle]
urls = ["turn:turn.example.org:3478?transport=udp", "turns:[2001:db8::7]:5349?transport=tcp"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "fabrique.toml"
    path.write_text(TOML)
    return path


def test_settings_name_servers_and_hide_what_is_secret(file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("chut\n")
    settings = load(file, {"FABRIQUE_WEBRTC__ICE_SERVERS__SALLE__SECRET_FILE": str(secret)})
    servers = settings.webrtc.ice_servers
    assert servers["stun"] == IceServer(urls=("stun:stun.example.org:3478",))
    assert servers["salle"].secret == "chut"
    assert "chut" not in str(without_secrets(settings))
    fixed = load(
        None,
        {
            "FABRIQUE_WEBRTC__ICE_SERVERS__LA_SALLE__URLS": "turn:a.example, turns:a.example",
            "FABRIQUE_WEBRTC__ICE_SERVERS__LA_SALLE__USERNAME": "salle",
            "FABRIQUE_WEBRTC__ICE_SERVERS__LA_SALLE__CREDENTIAL": "chut",
        },
    )
    server = fixed.webrtc.ice_servers["la-salle"]
    assert server.urls == ("turn:a.example", "turns:a.example")
    assert "chut" not in str(without_secrets(fixed))


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("urls = []", "urls"),
        ("urls = ['stun:a', 'stun:b', 'stun:c', 'stun:d', 'stun:e']", "de 1 à 4"),
        ("urls = ['http://a']", "http://a"),
        ("urls = ['stun:a?transport=udp']", "stun:a"),
        ("urls = ['turn:a b']\nsecret = 'x'", "turn:a b"),
        ("urls = ['turn:a']", "soit"),
        ("urls = ['turn:a']\nusername = 'u'", "soit"),
        ("urls = ['turn:a']\nusername = 'u'\ncredential = 'c'\nsecret = 's'", "soit"),
        ('urls = ["turn:a"]\nusername = "u\\n"\ncredential = "c"', "ASCII"),
        ('urls = ["turn:a"]\nusername = "é"\ncredential = "c"', "ASCII"),
        ("urls = ['stun:a']\nuser = 'u'", "user"),
    ],
)
def test_a_server_that_cannot_be_used_is_named(tmp_path: Path, lines: str, named: str) -> None:
    file = tmp_path / "fabrique.toml"
    file.write_text(f"[webrtc.ice_servers.x]\n{lines}\n")
    with pytest.raises(SettingsError, match=named.replace("?", r"\?")):
        load(file, {})


def test_links_name_each_address_with_what_it_asks_for() -> None:
    servers = [
        IceServer(urls=("stun:stun.example.net",)),
        IceServer(
            urls=("turn:turn.example.net?transport=udp",), username='ga"s', credential="m\\p"
        ),
    ]
    assert links(servers, 0.0) == [
        '<stun:stun.example.net>; rel="ice-server"',
        '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="ga\\"s"; '
        'credential="m\\\\p"; credential-type="password"',
    ]


def test_a_shared_secret_makes_names_that_last_a_day() -> None:
    (link,) = links([IceServer(urls=("turn:a",), secret="north")], 1_700_000_000.9)
    name = "1700086400:fabrique"
    digest = hmac.digest(b"north", name.encode(), hashlib.sha1)
    password = base64.b64encode(digest).decode()
    assert f'username="{name}"; credential="{password}"' in link
    assert "north" not in link
