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
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from streaming.failover import DARK, HOLD, Rules
from tv import reasons
from tv.checks import RESERVED as RESERVED
from tv.checks import SettingsError as SettingsError
from tv.checks import check
from tv.rates import Limits as Limits
from tv.rates import Rate as Rate
from tv.webhooks.target import Target
from tv.webrtc import ice_servers
from tv.webrtc.ice_servers import IceServer

DEFAULT_CHANNEL = "plateau"
LISTED = ("addresses", "channels", "elsewhere", "embedders", "proxies", "servers", "urls")
# Of the commands themselves.
NO_SETTING = frozenset(
    {"FABRIQUE_DATA", "FABRIQUE_CONFIG", "FABRIQUE_RESOLVED"}
    | {"FABRIQUE_ORIGIN", "FABRIQUE_PASS_FILE"}
)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Root of the sections."""


class Server(Section, frozen=True):
    host: str = "0.0.0.0"
    port: int = 8000
    web_workers: int = 1
    elsewhere: tuple[Literal["captions", "ladder"], ...] = ()  # on other machines, not here
    public_url: str = ""  # where viewers reach us, when a proxy stands in front
    proxies: tuple[str, ...] = ()  # of other machines: their X-Forwarded-For is believed
    embedders: tuple[str, ...] = ()  # sites that may show our player: "https://…"; "*": any
    installable: bool = True  # whether pages stay on devices, by a service worker


class Event(Section, frozen=True):
    slug: str = "fabrique"  # names the journal: another event, another journal
    name: str = "La Fabrique de la proximité"
    time_zone: str = "Europe/Paris"  # of the hours of its schedule

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Store(Section, frozen=True):
    url: str = ""  # see tv/store_url.py; empty: the embedded server
    replicas: int | None = None  # that have a write on disk before it counts; None: not asked


class Link(Section, frozen=True):
    """Where media listens for parts of the service on other machines, see tv/machines.py."""

    host: str = ""  # an address of this machine on a network of ours; empty: for none
    port: int = 8191
    certificate: str = ""  # files in PEM: then the link is encrypted
    key: str = ""


class Rtmp(Section, frozen=True):
    host: str = "0.0.0.0"  # not the proxy's: encoders come by themselves
    port: int = 1935


class Srt(Section, frozen=True):
    enabled: bool = True
    host: str = "0.0.0.0"
    port: int = 8890
    passphrase: str = ""  # secret; the encoder must have the same
    latency: float = 0.12  # seconds that a lost packet may take to come again


class Webrtc(Section, frozen=True):
    port: int = 8189
    addresses: tuple[str, ...] = ()  # public ones to offer, where the machine's own do not do
    delay: float = 8.0  # seconds by which the delayed feed is behind; 0: there is none
    viewers: int = 200  # at a time, in all; the others watch by HLS
    ice_servers: dict[str, IceServer] = {}


class Hls(Section, frozen=True):
    part: float = 0.5  # seconds
    segment: float = 2.0  # seconds


class Captions(Section, frozen=True):
    channels: tuple[str, ...] = (DEFAULT_CHANNEL,)
    model: str = "auto"  # or a size's name, or a folder with CTranslate2 weights
    second_pass: str = "auto"  # the same for what hears again; "off"


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


Renditions = str | tuple[str, ...]  # "off", "auto", or which of them


class Ladder(Section, frozen=True):
    jobs: int | None = None  # pictures encoded at a time; 0: none; None: see `room`
    encoder: str = "auto"  # or one of libav's, such as "h264_nvenc" or "libx264"
    renditions: Renditions = "auto"  # of the channel "plateau", beside its source

    @property
    def room(self) -> int:
        """How many pictures are encoded at a time: as many as there are cores for, or asked for."""
        if self.jobs is not None:
            return self.jobs
        asked = 0 if isinstance(self.renditions, str) else len(self.renditions)
        return max(1, (os.cpu_count() or 1) // 2, asked)


class Channel(Section, frozen=True):
    name: str = ""
    source: str = ""  # a file or an address to pull
    slot: Literal["primary", "backup"] = "primary"  # where what is pulled goes
    loop: bool = False
    primary: Slot = Slot()
    backup: Slot = Slot()
    viewers: int | None = None  # by WebRTC at a time; None: as many as there are in all
    renditions: Renditions | None = None  # None: as [ladder] says for "plateau", else none
    signs: str = ""  # the channel with its sign-language interpreter, offered beside it


class Restream(Section, frozen=True):
    url: str  # rtmp:// or rtmps://, as the platform gives it
    key: str  # secret
    channel: str = DEFAULT_CHANNEL
    title: str = ""  # what the régie calls it


class Lab(Section, frozen=True):
    """A room with its step of the tenant's journey; known by colour and pictogram together."""

    name: str = ""
    step: str = ""
    colour: str = "#6b7280"
    pictogram: str = ""  # one character


class Keep(Section, frozen=True):
    free_gb: float = 2.0  # gigabytes that slots which are kept leave free on the disk


class Recording(Section, frozen=True):
    """What is on air, kept on the disk for rewind and replay."""

    channels: tuple[str, ...] = (DEFAULT_CHANNEL,)
    free_gb: float = 2.0  # gigabytes that it leaves free on the disk
    days: int = 30  # after which a day is deleted; 0: never


class Films(Section, frozen=True):
    """Talks as MP4, made when they are asked for."""

    days: float = 7.0  # after which a film is deleted; it can be asked for again
    total_gb: float = 20.0  # gigabytes of all films; then the oldest go


class Wall(Section, frozen=True):
    """Posts from elsewhere: those with a hashtag, on Mastodon."""

    hashtag: str = ""  # without its sign; "": none
    servers: tuple[str, ...] = ("https://mastodon.social",)  # each knows what its members follow
    every: float = 30.0  # seconds between two looks


class Screens(Section, frozen=True):
    """At night screens are dark, unless something is on: hours of the event's time zone."""

    off: str = ""  # "22:00"; "": never
    on: str = ""  # "07:30"


class Organiser(Section, frozen=True):
    """Who answers for the event, as the public's notices name them."""

    name: str = ""
    address: str = ""  # by post
    contact: str = ""  # an e-mail address, or that of a form
    officer: str = ""  # the same of who is in charge of data protection
    accessibility: str = ""  # the same for whoever meets a barrier; "": contact


class Privacy(Section, frozen=True):
    days: float = 365.0  # after a participant's last act, when they are forgotten; 0: never
    purposes: tuple[str, ...] = (
        "faire participer le public\u00a0: questions, votes, idées, messages du mur",
        "animer et modérer ces échanges pendant l’événement",
        "publier ce qui s’y est dit\u00a0: replays, synthèses, bilan",
    )
    basis: str = "l’intérêt légitime de l’organisateur à faire participer le public à l’événement"


class Settings(Section, frozen=True):
    """All sections; what `fabrique-tv check` shows."""

    server: Server = Server()
    event: Event = Event()
    store: Store = Store()
    link: Link = Link()
    rtmp: Rtmp = Rtmp()
    srt: Srt = Srt()
    webrtc: Webrtc = Webrtc()
    hls: Hls = Hls()
    captions: Captions = Captions()
    ladder: Ladder = Ladder()
    continuity: Continuity = Continuity()
    channels: dict[str, Channel] = {}  # "plateau" is always there
    restreams: dict[str, Restream] = {}
    webhooks: dict[str, Target] = {}
    labs: dict[str, Lab] = {}
    keep: Keep = Keep()
    recording: Recording = Recording()
    films: Films = Films()
    wall: Wall = Wall()
    screens: Screens = Screens()
    limits: Limits = Limits()
    organiser: Organiser = Organiser()
    privacy: Privacy = Privacy()


def load(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. Raises SettingsError."""
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(
                f"Fichier de réglages « {file} » illisible ({reasons.of_system(error)}) : "
                "vérifiez le chemin donné à --config, ou FABRIQUE_CONFIG."
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
    labs = {
        slug: msgspec.structs.replace(lab, name=lab.name or slug.capitalize())
        for slug, lab in settings.labs.items()
    }
    settings = msgspec.structs.replace(settings, channels=channels, restreams=restreams, labs=labs)
    check(settings)
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
    webhooks = {
        name: msgspec.structs.replace(target, secret=hidden)
        for name, target in settings.webhooks.items()
    }
    servers = ice_servers.shown(settings.webrtc.ice_servers)
    webrtc = msgspec.structs.replace(settings.webrtc, ice_servers=servers)
    store = msgspec.structs.replace(settings.store, url=_without_login(settings.store.url))
    return msgspec.structs.replace(
        settings,
        restreams=restreams,
        webhooks=webhooks,
        srt=srt,
        channels=channels,
        webrtc=webrtc,
        store=store,
    )


def _without_login(url: str) -> str:
    scheme, mark, place = url.partition("://")
    return f"{scheme}{mark}{place.rpartition('@')[2]}"


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
    target, before = values, ""
    for section in sections:
        # What people name has hyphens, where we name a section it has underscores.
        named = before in ("channels", "restreams", "webhooks", "labs", "ice_servers")
        target = target.setdefault(section.replace("_", "-") if named else section, {})
        if not isinstance(target, dict):
            raise SettingsError(f"{name} : « {section} » n’est pas une section.")
        before = section
    listed = key in LISTED or (key == "renditions" and text not in ("off", "auto"))
    target[key] = [item.strip() for item in text.split(",") if item.strip()] if listed else text


def _malformed(file: Path, error: tomllib.TOMLDecodeError) -> str:
    place = re.search(r"at line (\d+), column (\d+)", str(error))
    where = f"ligne {place[1]}, colonne {place[2]}" if place else "à la fin du fichier"
    return (
        f"Fichier de réglages « {file} » mal formé ({where}) : corrigez-le ; c’est du TOML, "
        "voyez README.md, « Réglages »."
    )
