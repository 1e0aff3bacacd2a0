"""Every knob, typed: one TOML file, then FABRIQUE_SECTION__KEY from the environment.

`FABRIQUE_SECTION__KEY_FILE` names a file that holds the value, for secrets. An unknown key is an
error that names it.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from streaming.failover import DARK, HOLD, Rules
from streaming.restream.address import BadAddress, parse
from tv import reasons

DEFAULT_CHANNEL = "plateau"
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
RESTREAMS = 16  # at most: each takes the uplink as much as a studio
STORES = ("redis", "rediss", "unix")  # schemes of a store's URL
ENCODERS = ("auto", "libx264", "h264_nvenc", "h264_vaapi", "h264_qsv", "h264_videotoolbox")
NO_SETTING = frozenset({"FABRIQUE_DATA", "FABRIQUE_RESOLVED"})  # of the commands themselves
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


class Srt(Section, frozen=True):
    enabled: bool = True
    port: int = 8890
    passphrase: str = ""  # secret; the encoder must have the same
    latency: float = 0.12  # seconds that a lost packet may take to come again


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


class Continuity(Section, frozen=True):
    """When a source makes way for the other, in seconds; 0: never for that."""

    loss: float = DARK
    black: float = 10.0
    silence: float = 0.0
    freeze: float = 0.0
    hold: float = HOLD
    prefer: Literal["primary", "none"] = "primary"

    @property
    def rules(self) -> Rules:
        return Rules(self.loss, self.black, self.silence, self.freeze, self.hold, self.prefer)


class Slot(Section, frozen=True):
    """What is done to whatever is published in a slot."""

    delay_ms: int = 0  # added to all its times
    audio_ms: int = 0  # added to its sound's times: positive when the sound is early
    keep: bool = False  # record it, before continuity


class Ladder(Section, frozen=True):
    jobs: int = max(1, (os.cpu_count() or 1) // 2)  # pictures encoded at a time; 0: none
    encoder: str = "auto"  # or one of libav's, such as "h264_nvenc" or "libx264"


class Channel(Section, frozen=True):
    name: str = ""
    source: str = ""  # a file or an address to pull
    slot: Literal["primary", "backup"] = "primary"  # where what is pulled goes
    loop: bool = False
    primary: Slot = Slot()
    backup: Slot = Slot()


class Restream(Section, frozen=True):
    url: str  # rtmp:// or rtmps://, as the platform gives it
    key: str  # secret
    channel: str = DEFAULT_CHANNEL
    title: str = ""  # what the régie calls it


class Keep(Section, frozen=True):
    free_gb: float = 2.0  # gigabytes that slots which are kept leave free on the disk


class Settings(Section, frozen=True):
    """All sections; what `fabrique-tv check` shows."""

    server: Server = Server()
    event: Event = Event()
    store: Store = Store()
    rtmp: Rtmp = Rtmp()
    srt: Srt = Srt()
    webrtc: Webrtc = Webrtc()
    hls: Hls = Hls()
    captions: Captions = Captions()
    ladder: Ladder = Ladder()
    continuity: Continuity = Continuity()
    channels: dict[str, Channel] = {}  # "plateau" is always there
    restreams: dict[str, Restream] = {}
    keep: Keep = Keep()


def load(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises SettingsError."""
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(
                f"Fichier de réglages « {file} » illisible ({reasons.of_system(error)}) : "
                "vérifiez le chemin donné à --config."
            ) from error
        except UnicodeDecodeError as error:
            raise SettingsError(
                f"Fichier de réglages « {file} » mal formé : enregistrez-le en UTF-8."
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(_malformed(file, error)) from error
    for name, text in environment.items():
        if name.startswith("FABRIQUE_") and name not in NO_SETTING:
            _override(values, name, text)
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        where, why = reasons.of_mistake(error)
        at = f"[{where}] " if where else ""
        raise SettingsError(f"Réglages : {at}{why} ; voyez README.md, « Réglages ».") from error
    channels = {
        slug: msgspec.structs.replace(channel, name=channel.name or slug.capitalize())
        for slug, channel in ({DEFAULT_CHANNEL: Channel()} | settings.channels).items()
    }
    restreams = {
        name: msgspec.structs.replace(restream, title=restream.title or name.capitalize())
        for name, restream in settings.restreams.items()
    }
    settings = msgspec.structs.replace(settings, channels=channels, restreams=restreams)
    _check(settings)
    return settings


def without_secrets(settings: Settings) -> Settings:
    """The settings as they may be shown: no key, no passphrase, no address that holds one."""
    hidden = "…"
    restreams = {
        name: msgspec.structs.replace(
            restream,
            key=hidden,
            url="{0.scheme}://{0.hostname}/".format(urlsplit(restream.url)) + hidden,
        )
        for name, restream in settings.restreams.items()
    }
    srt = msgspec.structs.replace(
        settings.srt, passphrase=hidden if settings.srt.passphrase else ""
    )
    channels = {
        slug: msgspec.structs.replace(channel, source=_without_secrets(channel.source))
        for slug, channel in settings.channels.items()
    }
    return msgspec.structs.replace(settings, restreams=restreams, srt=srt, channels=channels)


def _without_secrets(source: str) -> str:
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.hostname or ''}/…" if parts.netloc else source


def _override(values: dict[str, Any], name: str, text: str) -> None:
    if not re.fullmatch(r"FABRIQUE(_[A-Z0-9]+)+(__[A-Z0-9]+(_[A-Z0-9]+)*)+", name):
        raise SettingsError(
            f"{name} n’est pas un réglage : écrivez FABRIQUE_SECTION__CLÉ (deux « _ » entre la "
            "section et la clé), par exemple FABRIQUE_SERVER__PORT."
        )
    if name.endswith("_FILE"):
        name = name.removesuffix("_FILE")
        try:
            text = Path(text).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(
                f"{name}_FILE : fichier « {text} » illisible ({reasons.of_system(error)})."
            ) from error
        except UnicodeDecodeError as error:
            raise SettingsError(
                f"{name}_FILE : le fichier « {text} » n’est pas du texte en UTF-8."
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


def _malformed(file: Path, error: tomllib.TOMLDecodeError) -> str:
    place = re.search(r"at line (\d+), column (\d+)", str(error))
    where = f"ligne {place[1]}, colonne {place[2]}" if place else "à la fin du fichier"
    return (
        f"Fichier de réglages « {file} » mal formé ({where}) : corrigez-le ; c’est du TOML, "
        "voyez README.md, « Réglages »."
    )


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
    if not 0 <= settings.ladder.jobs <= 64:
        raise SettingsError("Réglages : [ladder] jobs doit être entre 0 (aucun) et 64.")
    if settings.ladder.encoder not in ENCODERS:
        raise SettingsError(
            f"Réglages : [ladder] encoder : « {settings.ladder.encoder} » est inconnu ; il y a "
            f"{', '.join(ENCODERS)}."
        )
    ports = (
        *(settings.server.port, settings.rtmp.port),
        *(settings.webrtc.port, settings.srt.port),
    )
    if not all(1 <= port <= 65535 for port in ports):
        raise SettingsError("Réglages : un port doit être entre 1 et 65535.")
    if settings.server.port == settings.rtmp.port:
        raise SettingsError(
            f"Réglages : [server] port et [rtmp] port valent tous deux {settings.rtmp.port} ; "
            "donnez-leur deux ports différents."
        )
    for address in settings.webrtc.addresses:
        _check_address(address)
    _check_srt(settings)
    _check_urls(settings)
    _check_continuity(settings)
    _check_restreams(settings)
    if not 0 <= settings.keep.free_gb <= 1_000_000:
        raise SettingsError("Réglages : [keep] free_gb : attendu des gigaoctets, 0 ou plus.")
    if not 0.1 <= settings.hls.part <= settings.hls.segment <= 3.0:
        raise SettingsError(
            "Réglages : [hls] il faut 0,1 ≤ part ≤ segment ≤ 3 (secondes ; TARGETDURATION vaut 3)."
        )


def _check_continuity(settings: Settings) -> None:
    times = settings.continuity
    if not 0.5 <= times.loss <= 10:
        raise SettingsError("Réglages : [continuity] loss doit être entre 0,5 et 10 (secondes).")
    for name in ("black", "silence", "freeze"):
        seconds = getattr(times, name)
        if seconds != 0 and not 1 <= seconds <= 3600:
            raise SettingsError(f"Réglages : [continuity] {name} : 0, ou de 1 à 3600 secondes.")
    if not 0 <= times.hold <= 3600:
        raise SettingsError("Réglages : [continuity] hold doit être entre 0 et 3600 (secondes).")
    for slug, channel in settings.channels.items():
        for place, slot in (("primary", channel.primary), ("backup", channel.backup)):
            for name, low, high in (("delay_ms", -2000, 5000), ("audio_ms", -1000, 1000)):
                if not low <= getattr(slot, name) <= high:
                    raise SettingsError(
                        f"Réglages : [channels.{slug}.{place}] {name} doit être entre {low} et "
                        f"{high} (millisecondes)."
                    )


def _check_srt(settings: Settings) -> None:
    srt = settings.srt
    if srt.enabled and srt.port == settings.webrtc.port:
        raise SettingsError(
            f"Réglages : [srt] port et [webrtc] port valent tous deux {srt.port} ; donnez-leur "
            "deux ports différents."
        )
    # Not repeated: it is a secret.
    if srt.passphrase and not 10 <= len(srt.passphrase.encode()) <= 79:
        raise SettingsError(
            "Réglages : [srt] passphrase : attendu de 10 à 79 caractères, ou rien pour ne pas "
            "chiffrer."
        )
    if not 0.02 <= srt.latency <= 8:
        raise SettingsError("Réglages : [srt] latency doit être entre 0,02 et 8 (secondes).")


def _check_address(address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise SettingsError(
            f"Réglages : [webrtc] addresses : « {address} » n’est pas une adresse IP, comme "
            "203.0.113.7."
        ) from error


def _check_urls(settings: Settings) -> None:
    public, store = settings.server.public_url, settings.store.url
    if public and not _is_url(public, ("http", "https")):
        raise SettingsError(
            f"Réglages : [server] public_url : « {public} » n’est pas une adresse comme "
            "https://direct.example.org."
        )
    if store and not _is_url(store, STORES):  # not repeated: it may hold a password
        raise SettingsError(
            "Réglages : [store] url (ou --store) : attendu redis://HÔTE:PORT/NUMÉRO, rediss://… "
            "ou unix:///CHEMIN ; sans adresse, le serveur intégré sert."
        )


def _check_restreams(settings: Settings) -> None:
    if len(settings.restreams) > RESTREAMS:
        raise SettingsError(f"Réglages : [restreams] il y en a plus de {RESTREAMS}.")
    for name, restream in settings.restreams.items():
        if not SLUG.fullmatch(name):
            raise SettingsError(
                f"Réglages : [restreams] « {name[:40]} » ne peut pas nommer une rediffusion : 1 à "
                "32 lettres minuscules, chiffres et tirets."
            )
        if restream.channel not in settings.channels:
            raise SettingsError(
                f"Réglages : [restreams.{name}] canal inconnu « {restream.channel[:40]} »."
            )
        if len(restream.title) > 80:
            raise SettingsError(f"Réglages : [restreams.{name}] title : 80 caractères au plus.")
        try:
            parse(restream.url, restream.key)
        except BadAddress as error:  # not repeated: it may hold a secret
            raise SettingsError(
                f"Réglages : [restreams.{name}] url ne convient pas : {error}."
            ) from error


def _is_url(text: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False
    if parts.scheme not in schemes or port == 0:
        return False
    if parts.scheme == "unix":
        return bool(parts.path)
    number = parts.path.strip("/")  # of the store's database
    return bool(parts.hostname) and (
        parts.scheme.startswith("http") or not number or number.isdecimal()
    )
