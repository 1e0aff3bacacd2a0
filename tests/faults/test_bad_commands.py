"""A command that cannot do what it is asked says why in one French line, with exit status 2."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from captions.models import weights
from tests import servers
from tv import store

ROOT = Path(__file__).parents[2]
SPEECH = ROOT / "tests" / "captions" / "human_fr_ca.flac"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with things that are not what commands want."""
    (tmp_path / "words.txt").write_text("Ceci n’est pas un film.\n")
    (tmp_path / "broken.toml").write_text("[server\nport = 1\n")
    (tmp_path / "unknown.toml").write_text("[server]\nprot = 1\n")
    (tmp_path / "text.toml").write_text("[server]\nweb_workers = 'un'\n")
    (tmp_path / "latin.toml").write_bytes(b"[event]\nname = '\xe9t\xe9'\n")
    (tmp_path / "short").mkdir()
    (tmp_path / "short" / "secret").write_text("trop court")
    (tmp_path / "owned" / "clock").mkdir(parents=True)
    return tmp_path


def refused(place: Path, *command: str, **environment: str) -> str:
    """Run a command that must fail; return its one line."""
    done = typed(place, *command, **environment)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line.replace("\u00a0", " ").replace("\u202f", " ")


def typed(place: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `place`, with these settings alone."""
    ports = zip(("SERVER", "RTMP", "SRT", "WEBRTC"), servers.free_ports(4), strict=True)
    free = {f"FABRIQUE_{section}__PORT": str(port) for section, port in ports}
    bare = {name: text for name, text in os.environ.items() if not name.startswith("FABRIQUE_")}
    given = {f"FABRIQUE_{name}": text for name, text in environment.items()}
    return subprocess.run(
        [sys.executable, "-m", "tv", *command],
        cwd=place,
        env=bare | {"PYTHONPATH": str(ROOT), "FABRIQUE_SERVER__HOST": "127.0.0.1"} | free | given,
        capture_output=True,
        text=True,
        timeout=20,
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "nosuch",
            "Commandes : serve, key, pass, revoke, passes, check, doctor, check-hls, caption",
        ),
        ("serve --nosuch", "« --nosuch » ; voyez « fabrique-tv serve --help »"),
        ("serve --port abc", "« --port » n’accepte pas cette valeur"),
        ("key", "Il manque « CANAL »"),
        ("key plateau labo", "un mot de trop"),
        ("key nosuch", "Canal inconnu : « nosuch ». Canaux : plateau."),
        ("key plateau --slot third", "--slot vaut primary ou backup"),
        ("pass nosuch", "Rôles : viewer, kiosk, screen, host, presenter, moderator"),
        ("caption nosuch.mp4", "« nosuch.mp4 » est illisible (introuvable)"),
        ("caption words.txt", "ce n’est pas un média que nous savons lire"),
        ("caption .", "c’est un dossier"),
        (f"caption {SPEECH} --glossary nosuch", "corrigez --glossary"),
        (f"caption {SPEECH} --format docx", "--format vaut vtt, srt, txt, json"),
        ("models fetch nosuch", "inconnu « nosuch » : donnez un dossier, ou l’un de ces noms"),
    ],
)
def test_wrong_word_on_the_command_line_is_told(place: Path, command: str, said: str) -> None:
    assert said in refused(place, *command.split())


@pytest.mark.parametrize("command", ["key plateau", "pass admin", "pass host --token"])
def test_installation_is_made_where_somebody_says_so_and_nowhere_else(
    place: Path, command: str
) -> None:
    assert "n’est pas le dossier de données d’une installation" in refused(place, *command.split())
    assert not (place / "data").exists()
    for given in (["--data", "new"], ["--data", "data"]):
        done = typed(place, *command.split(), *given)
        assert done.returncode == 0, done.stderr
        assert f"Nouvelle installation dans « {given[1]} »" in done.stderr.replace("\u00a0", " ")
        assert len((place / given[1] / "secret").read_bytes()) == 32
        assert "Nouvelle installation" not in typed(place, *command.split(), *given).stderr
    (place / "prepared").mkdir()
    done = typed(place, *command.split(), DATA="prepared")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("nosuch.toml", "illisible (introuvable) : vérifiez le chemin donné à --config"),
        ("broken.toml", "mal formé (ligne 1, colonne 8) : corrigez-le"),
        ("latin.toml", "enregistrez-le en UTF-8"),
        ("unknown.toml", "[server] clé inconnue « prot » ; voyez README.md"),
        ("text.toml", "[server.web_workers] attendu un nombre entier, reçu un texte"),
    ],
)
def test_broken_settings_file_is_told_with_its_place(place: Path, file: str, said: str) -> None:
    assert said in refused(place, "serve", "--config", file)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("SERVER__PORT", "abc", "[server.port] attendu un nombre entier"),
        ("SERVER__PROT", "1", "[server] clé inconnue « prot »"),
        ("PORT", "8000", "FABRIQUE_PORT n’est pas un réglage : écrivez FABRIQUE_SECTION__CLÉ"),
        ("STORE__URL_FILE", "nosuch", "fichier « nosuch » illisible (introuvable)"),
        (
            "CAPTIONS__MODEL",
            "bas",
            "[captions] model : Modèle de sous-titrage inconnu « bas »",
        ),
        ("CHANNELS__PLATEAU__SOURCE", "srt://[x", "[channels.plateau] source : ni un fichier"),
        ("WEBRTC__ADDRESSES", "example.org", "« example.org » n’est pas une adresse IP"),
    ],
)
def test_bad_override_is_told_by_its_name(place: Path, name: str, text: str, said: str) -> None:
    assert said in refused(place, "check", **{name: text})


def test_certificate_that_the_service_would_refuse_is_told_with_the_settings(place: Path) -> None:
    alone = refused(place, "check", LINK__CERTIFICATE="cert.pem")
    assert "[link] certificate et key vont ensemble" in alone
    missing = refused(place, "check", LINK__CERTIFICATE="cert.pem", LINK__KEY="key.pem")
    assert "[link] certificate « cert.pem » inutilisable (introuvable)" in missing


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("words.txt", "« words.txt » (un fichier est à cette place) : choisissez-en un autre"),
        ("words.txt/data", "un fichier est sur le chemin"),
        ("short", "est tronqué"),
        ("owned", "Impossible d’écrire « owned/clock »"),
    ],
)
def test_folder_that_cannot_be_used_is_told(place: Path, folder: str, said: str) -> None:
    assert said in refused(place, "serve", "--data", folder)


@pytest.fixture
def taken() -> Iterator[tuple[str, str]]:
    """A TCP and a UDP port that somebody else has."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(("127.0.0.1", 0))
        yield str(tcp.getsockname()[1]), str(udp.getsockname()[1])


def test_taken_port_is_told_with_the_setting_that_changes_it(
    place: Path, taken: tuple[str, str]
) -> None:
    tcp, udp = taken
    for setting, port, named, changed_by in (
        ("SERVER__PORT", tcp, f"{tcp} (127.0.0.1)", "--port"),
        ("RTMP__PORT", tcp, f"{tcp} (0.0.0.0)", "FABRIQUE_RTMP__PORT"),
        ("WEBRTC__PORT", udp, f"UDP {udp}", "FABRIQUE_WEBRTC__PORT"),
        ("SRT__PORT", udp, f"UDP {udp}", "FABRIQUE_SRT__PORT"),
    ):
        line = refused(place, "serve", **{setting: port})
        assert line == (
            f"Le port {named} n’est pas disponible (il est déjà pris) : arrêtez le "
            f"programme qui l’occupe, ou choisissez-en un autre ({changed_by})."
        )
    assert "deux ports différents" in refused(place, "serve", SERVER__PORT=tcp, RTMP__PORT=tcp)
    elsewhere = "192.0.2.1"
    assert "corrigez --host" in refused(place, "serve", "--host", elsewhere)
    for section in ("RTMP", "SRT"):
        line = refused(place, "serve", **{f"{section}__HOST": elsewhere})
        assert f"corrigez FABRIQUE_{section}__HOST" in line


def test_store_that_cannot_be_used_is_told_without_its_password(
    place: Path, taken: tuple[str, str]
) -> None:
    for url in ("nonsense", "http://127.0.0.1", "redis://127.0.0.1:port"):
        assert "attendu redis://HÔTE:PORT/NUMÉRO" in refused(place, "serve", "--store", url)
    for port in (servers.free_ports(1)[0], taken[0]):  # nobody there; somebody who says nothing
        line = refused(place, "serve", "--store", f"redis://:s3cret@127.0.0.1:{port}")
        assert f"« 127.0.0.1:{port} » n’est pas utilisable (pas de réponse) : démarrez-le" in line
        assert "s3cret" not in line


async def test_store_that_refuses_the_password_is_told(
    place: Path, store_server: servers.StoreServer
) -> None:
    async with store.connected(store_server.url) as client:
        await client.config_set("requirepass", "right")
    url = store_server.url.replace("unix://", "unix://:s3cret@")
    line = await asyncio.to_thread(refused, place, "serve", "--store", url)
    assert "il refuse le nom ou le mot de passe" in line
    assert "s3cret" not in line


def test_damaged_model_is_told_before_anything_is_captioned(place: Path) -> None:
    good = weights.resolve("base", place / "cache")
    for damaged, size in (("model.bin", 1_000_000), ("tokenizer.json", 1000)):
        bad = place / f"without {damaged}"
        shutil.copytree(good, bad, copy_function=os.link)
        content = (bad / damaged).read_bytes()[:size]
        (bad / damaged).unlink()
        (bad / damaged).write_bytes(content)
        line = refused(place, "caption", str(SPEECH), CAPTIONS__MODEL=str(bad))
        assert f"Le modèle de sous-titrage « {bad} » ne se charge pas" in line
