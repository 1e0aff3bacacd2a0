"""Every knob, typed: one TOML file, then FABRIQUE_SECTION__KEY from the environment.

`FABRIQUE_SECTION__KEY_FILE` names a file that holds the value, for secrets. An unknown key is an
error that names it.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

DEFAULT_CHANNEL = "plateau"
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
RESERVED = frozenset(
    {"api", "ws", "static", "livez", "readyz", "metrics", "favicon.ico"}
    | {"rejoindre", "programme", "revoir", "ecran", "intervenant", "regie", "labo", "idees", "mur"}
)


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what is expected, in French."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Root of the sections."""


class Server(Section, frozen=True):
    host: str = "0.0.0.0"
    port: int = 8000
    web_workers: int = 1
    public_url: str = ""  # where viewers reach us, when a proxy stands in front


class Event(Section, frozen=True):
    slug: str = "fabrique"  # names the journal: another event, another journal
    name: str = "La Fabrique de la proximité"


class Store(Section, frozen=True):
    url: str = ""  # redis://, rediss://, unix://; empty: the embedded server


class Rtmp(Section, frozen=True):
    port: int = 1935


class Webrtc(Section, frozen=True):
    port: int = 8189
    addresses: tuple[
        str, ...
    ] = ()  # public addresses to offer, when they are not the machine's own


class Hls(Section, frozen=True):
    part: float = 0.5  # seconds
    segment: float = 2.0  # seconds


class Captions(Section, frozen=True):
    channels: tuple[str, ...] = (DEFAULT_CHANNEL,)
    model: str = "base"  # a size name, or a folder with CTranslate2 weights


class Channel(Section, frozen=True):
    name: str = ""
    source: str = ""  # a file or an address to pull
    slot: Literal["primary", "backup"] = "primary"  # where what is pulled goes
    loop: bool = False


class Settings(Section, frozen=True):
    """All sections; what `fabrique-tv check` shows."""

    server: Server = Server()
    event: Event = Event()
    store: Store = Store()
    rtmp: Rtmp = Rtmp()
    webrtc: Webrtc = Webrtc()
    hls: Hls = Hls()
    captions: Captions = Captions()
    channels: dict[str, Channel] = {}  # "plateau" is always there


def load(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises SettingsError."""
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(
                f"Fichier de réglages « {file} » illisible : {error.strerror}."
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"Fichier de réglages « {file} » mal formé : {error}.") from error
    for name, text in environment.items():
        if name.startswith("FABRIQUE_") and "__" in name:
            _override(values, name, text)
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(_in_french(str(error))) from error
    channels = {
        slug: msgspec.structs.replace(channel, name=channel.name or slug.capitalize())
        for slug, channel in ({DEFAULT_CHANNEL: Channel()} | settings.channels).items()
    }
    settings = msgspec.structs.replace(settings, channels=channels)
    _check(settings)
    return settings


def _override(values: dict[str, Any], name: str, text: str) -> None:
    if name.endswith("_FILE"):
        name = name.removesuffix("_FILE")
        try:
            text = Path(text).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(
                f"{name}_FILE : fichier « {text} » illisible ({error.strerror})."
            ) from error
    *sections, key = name.removeprefix("FABRIQUE_").lower().split("__")
    target = values
    for section in sections:
        target = target.setdefault(
            section.replace("_", "-") if target is not values else section, {}
        )
        if not isinstance(target, dict):
            raise SettingsError(f"{name} : « {section} » n’est pas une section.")
    listed = key in ("addresses", "channels")
    target[key] = [item.strip() for item in text.split(",") if item.strip()] if listed else text


def _in_french(error: str) -> str:
    path = re.search(r" - at `\$\.?(.*)`$", error)
    where = f"[{path[1]}] " if path and path[1] else ""
    unknown = re.search(r"unknown field `(.*?)`", error)
    if unknown:
        return f"Réglages : {where}clé inconnue « {unknown[1]} » ; voyez README.md, « Réglages »."
    expected = re.search(r"Expected `(.*?)`, got `(.*?)`", error)
    if expected:
        return f"Réglages : {where}attendu {expected[1]}, reçu {expected[2]}."
    return f"Réglages : {error}."


def _check(settings: Settings) -> None:
    for slug in settings.channels:
        if not SLUG.fullmatch(slug) or slug in RESERVED:
            raise SettingsError(
                f"Réglages : [channels] « {slug} » ne peut pas nommer un canal : 1 à 32 lettres "
                "minuscules, chiffres et tirets, et pas un nom réservé."
            )
    for slug in settings.captions.channels:
        if slug not in settings.channels:
            raise SettingsError(f"Réglages : [captions] canal inconnu « {slug} ».")
    if not SLUG.fullmatch(settings.event.slug):
        raise SettingsError("Réglages : [event] slug : lettres minuscules, chiffres et tirets.")
    if not 1 <= settings.server.web_workers <= 64:
        raise SettingsError("Réglages : [server] web_workers doit être entre 1 et 64.")
    ports = (settings.server.port, settings.rtmp.port, settings.webrtc.port)
    if not all(1 <= port <= 65535 for port in ports):
        raise SettingsError("Réglages : un port doit être entre 1 et 65535.")
    if not 0.1 <= settings.hls.part <= settings.hls.segment <= 3.0:
        raise SettingsError(
            "Réglages : [hls] il faut 0,1 ≤ part ≤ segment ≤ 3 (secondes ; TARGETDURATION vaut 3)."
        )
