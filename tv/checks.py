"""What settings must be; what is wrong with one is said in French, and names it."""

import ipaddress
import re
from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from captions.models import weights
from captions.models.sizes import AUTO, named
from streaming.feed import LONGEST_DELAY
from streaming.hls.renditions import LINES
from streaming.restream.address import BadAddress, parse
from tv import store_url
from tv.schedule.times import zone_named
from tv.urls import is_url
from tv.webhooks import target as webhooks
from tv.webrtc import ice_servers

if TYPE_CHECKING:
    from tv.settings import Renditions, Settings

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
HOUR = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
SITE = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")
LABS = 100  # at most
VIEWERS = 10_000  # at most: what one port and one core may be asked for
SERVERS = 8  # of Mastodon, at most
RESTREAMS = 16  # at most: each takes the uplink as much as a studio
ENCODERS = ("auto", "libx264", "h264_nvenc", "h264_vaapi", "h264_qsv", "h264_videotoolbox")
RESERVED = frozenset(
    {"api", "ws", "static", "livez", "readyz", "metrics", "favicon.ico"}
    | {"rejoindre", "programme", "revoir", "ecran", "intervenant", "regie", "labo", "idees", "mur"}
    | {"integrer", "oembed", "hors-ligne", "icones"}
    | {"habillage", "charte", "confidentialite", "accessibilite", "facile", "plan"}
)


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what is expected, in French."""


def check(settings: "Settings") -> None:
    for slug in settings.channels:
        if not SLUG.fullmatch(slug) or slug in RESERVED:
            raise SettingsError(
                f"Réglages : [channels] « {slug} » ne peut pas nommer un canal : 1 à 32 lettres "
                "minuscules, chiffres et tirets, et pas un nom réservé."
            )
    for slug in settings.captions.channels:
        if slug not in settings.channels:
            raise SettingsError(f"Réglages : [captions] canal inconnu « {slug} ».")
    captions = settings.captions
    for name, model in (("model", captions.model), ("second_pass", captions.second_pass)):
        if (name, model) == ("second_pass", "off"):
            continue
        if not (model == AUTO or weights.is_path(model) or named(model)):
            raise SettingsError(f"Réglages : [captions] {name}\u00a0: {weights.unknown(model)}")
    if not SLUG.fullmatch(settings.event.slug):
        raise SettingsError("Réglages : [event] slug : lettres minuscules, chiffres et tirets.")
    if not 1 <= settings.server.web_workers <= 64:
        raise SettingsError("Réglages : [server] web_workers doit être entre 1 et 64.")
    for site in settings.server.embedders:
        if site != "*" and not SITE.fullmatch(site):
            raise SettingsError(
                f"Réglages\u00a0: [server] embedders\u00a0: «\u00a0{site[:80]}\u00a0» n’est pas "
                "l’adresse d’un site\u202f; attendu https://exemple.fr, sans chemin, ou *."
            )
    if not 0 <= settings.ladder.room <= 64:
        raise SettingsError("Réglages : [ladder] jobs doit être entre 0 (aucun) et 64.")
    if settings.ladder.encoder not in ENCODERS:
        raise SettingsError(
            f"Réglages : [ladder] encoder : « {settings.ladder.encoder} » est inconnu ; il y a "
            f"{', '.join(ENCODERS)}."
        )
    _check_renditions("[ladder]", settings.ladder.renditions)
    for slug, channel in settings.channels.items():
        _check_renditions(f"[channels.{slug}]", channel.renditions)
        _check_source(f"[channels.{slug}]", channel.source)
        if channel.signs and (channel.signs == slug or channel.signs not in settings.channels):
            raise SettingsError(
                f"Réglages\u00a0: [channels.{slug}] signs\u00a0: attendu le nom d’un autre canal, "
                f"et «\u00a0{channel.signs[:40]}\u00a0» n’en est pas un."
            )
    _check_ports(settings)
    _check_proxies(settings.server.proxies)
    for address in settings.webrtc.addresses:
        _check_address(address)
    if settings.webrtc.delay != 0 and not 1 <= settings.webrtc.delay <= LONGEST_DELAY:
        raise SettingsError(
            "Réglages\u00a0: [webrtc] delay\u00a0: 0 (pas de flux différé), ou de 1 à "
            f"{LONGEST_DELAY:g} secondes."
        )
    if not 0 <= settings.webrtc.viewers <= VIEWERS:
        raise SettingsError(f"Réglages : [webrtc] viewers doit être entre 0 et {VIEWERS}.")
    if wrong := ice_servers.trouble(settings.webrtc.ice_servers):
        raise SettingsError(f"Réglages : [webrtc.ice_servers] {wrong}.")
    if wrong := webhooks.trouble(settings.webhooks):
        raise SettingsError(f"Réglages : [webhooks] {wrong}.")
    _check_srt(settings)
    _check_urls(settings)
    _check_continuity(settings)
    _check_restreams(settings)
    _check_labs(settings)
    _check_wall(settings)
    _check_screens(settings)
    if not 0 <= settings.keep.free_gb <= 1_000_000:
        raise SettingsError("Réglages : [keep] free_gb : attendu des gigaoctets, 0 ou plus.")
    _check_recording(settings)
    _check_rates(settings)
    if not 0.01 <= settings.films.days <= 36_500:
        raise SettingsError("Réglages\u00a0: [films] days\u00a0: attendu de 0,01 à 36 500 jours.")
    if not 0 <= settings.films.total_gb <= 1_000_000:
        raise SettingsError(
            "Réglages\u00a0: [films] total_gb\u00a0: attendu des gigaoctets, 0 ou plus."
        )
    if not 0.1 <= settings.hls.part <= settings.hls.segment <= 3.0:
        raise SettingsError(
            "Réglages : [hls] il faut 0,1 ≤ part ≤ segment ≤ 3 (secondes ; TARGETDURATION vaut 3)."
        )


def _check_ports(settings: "Settings") -> None:
    tcp = {"server": settings.server.port, "rtmp": settings.rtmp.port}
    if settings.link.host:
        tcp["link"] = settings.link.port
    udp = (settings.webrtc.port, settings.srt.port)
    if not all(1 <= port <= 65535 for port in (*tcp.values(), *udp)):
        raise SettingsError("Réglages : un port doit être entre 1 et 65535.")
    for one, other in combinations(tcp, 2):
        if tcp[one] == tcp[other]:
            raise SettingsError(
                f"Réglages : [{one}] port et [{other}] port valent tous deux {tcp[one]} ; "
                "donnez-leur deux ports différents."
            )


def _check_proxies(proxies: Iterable[str]) -> None:
    """Raises SettingsError unless each is an address or a network."""
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            raise SettingsError(
                f"Réglages\u00a0: [server] proxies\u00a0: «\u00a0{proxy[:80]}\u00a0» n’est ni une "
                "adresse IP, comme 10.0.0.10, ni un réseau, comme 10.0.0.0/24."
            ) from error


def _check_renditions(where: str, renditions: "Renditions | None") -> None:
    listed = isinstance(renditions, tuple)
    names = renditions if isinstance(renditions, tuple) else (renditions or "off",)
    for name in names:
        if name not in (LINES if listed else ("off", "auto")):
            raise SettingsError(
                f"Réglages\u00a0: {where} renditions\u00a0: «\u00a0{name[:40]}\u00a0» est inconnu"
                f"\u202f; attendu off, auto, ou une liste parmi {', '.join(LINES)}."
            )
    if len(set(names)) < len(names):
        raise SettingsError(f"Réglages\u00a0: {where} renditions nomme deux fois la même qualité.")


def _check_source(where: str, source: str) -> None:
    try:
        _ = urlsplit(source).port
    except ValueError as error:  # what it is stays untold: it may have a key in it
        raise SettingsError(
            f"Réglages\u00a0: {where} source\u00a0: ni un fichier, ni une adresse comme "
            "srt://192.0.2.1:9000."
        ) from error


def _check_recording(settings: "Settings") -> None:
    recording = settings.recording
    for slug in recording.channels:
        if slug not in settings.channels:
            raise SettingsError(f"Réglages\u00a0: [recording] canal inconnu « {slug[:40]} ».")
    if not 0 <= recording.free_gb <= 1_000_000:
        raise SettingsError(
            "Réglages\u00a0: [recording] free_gb\u00a0: attendu des gigaoctets, 0 ou plus."
        )
    if not 0 <= recording.days <= 36_500:
        raise SettingsError("Réglages\u00a0: [recording] days\u00a0: attendu de 0 à 36 500 jours.")


def _check_continuity(settings: "Settings") -> None:
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
        if channel.viewers is not None and not 0 <= channel.viewers <= VIEWERS:
            raise SettingsError(
                f"Réglages : [channels.{slug}] viewers doit être entre 0 et {VIEWERS}."
            )
        for place, slot in (("primary", channel.primary), ("backup", channel.backup)):
            for name, low, high in (("delay_ms", -2000, 5000), ("audio_ms", -1000, 1000)):
                if not low <= getattr(slot, name) <= high:
                    raise SettingsError(
                        f"Réglages : [channels.{slug}.{place}] {name} doit être entre {low} et "
                        f"{high} (millisecondes)."
                    )


def _check_srt(settings: "Settings") -> None:
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


def _check_urls(settings: "Settings") -> None:
    public, store = settings.server.public_url, settings.store.url
    if public and not is_url(public, ("http", "https")):
        raise SettingsError(
            f"Réglages : [server] public_url : « {public} » n’est pas une adresse comme "
            "https://direct.example.org."
        )
    _check_store(store, settings.store.replicas)


def _check_store(url: str, replicas: int | None) -> None:
    if replicas is not None and not (url and 0 <= replicas <= 16):
        raise SettingsError(
            "Réglages\u00a0: [store] replicas\u00a0: de 0 à 16, avec l’adresse d’un serveur (url)."
        )
    if not url:
        return
    try:
        place = store_url.parse(url)
    except store_url.BadStoreUrl as error:  # not repeated: it may hold a password
        raise SettingsError(
            "Réglages : [store] url (ou --store) : attendu redis://HÔTE:PORT/NUMÉRO, rediss://…, "
            "unix:///CHEMIN, redis+sentinel://HÔTE:PORT,…/SERVICE ou redis+cluster://HÔTE:PORT,… ; "
            "sans adresse, le serveur intégré sert."
        ) from error
    if replicas is not None and place.kind == "cluster":
        raise SettingsError(
            "Réglages\u00a0: [store] replicas n’est pas possible avec redis+cluster://."
        )


def _check_rates(settings: "Settings") -> None:
    for name in settings.limits.__struct_fields__:
        rate = getattr(settings.limits, name)
        if not (1 <= rate.burst <= 10**9 and 0.001 <= rate.per_second <= 10**9):
            raise SettingsError(
                f"Réglages\u00a0: [limits.{name}] burst de 1 à 10⁹, et per_second de 0,001 à 10⁹."
            )
    if not 0 <= settings.privacy.days <= 36_500:
        raise SettingsError("Réglages\u00a0: [privacy] days\u00a0: attendu de 0 à 36 500 jours.")


def _check_restreams(settings: "Settings") -> None:
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


def _check_labs(settings: "Settings") -> None:
    if zone_named(settings.event.time_zone) is None:
        raise SettingsError(
            f"Réglages\u00a0: [event] time_zone\u00a0: le fuseau «\u00a0"
            f"{settings.event.time_zone[:40]}\u00a0» est inconnu\u202f; attendu un nom comme "
            "Europe/Paris (où le paquet système «\u00a0tzdata\u00a0» est installé)."
        )
    if len(settings.labs) > LABS:
        raise SettingsError(f"Réglages\u00a0: [labs] il y en a plus de {LABS}.")
    for slug, lab in settings.labs.items():
        where = f"Réglages\u00a0: [labs.{slug[:40]}]"
        if not SLUG.fullmatch(slug):
            raise SettingsError(
                f"{where} ne peut pas nommer un laboratoire\u00a0: 1 à 32 lettres minuscules, "
                "chiffres et tirets."
            )
        if len(lab.name) > 80 or len(lab.step) > 80:
            raise SettingsError(f"{where} name et step\u00a0: 80 caractères au plus.")
        if len(lab.pictogram) > 8:
            raise SettingsError(f"{where} pictogram\u00a0: attendu un pictogramme, comme 🏠.")
        if not COLOUR.fullmatch(lab.colour):
            raise SettingsError(f"{where} colour\u00a0: attendu une couleur comme #0a6e4f.")


def _check_wall(settings: "Settings") -> None:
    wall = settings.wall
    if not re.fullmatch(r"\w{0,100}", wall.hashtag):
        raise SettingsError(
            "Réglages\u00a0: [wall] hashtag\u00a0: attendu un mot sans espace ni «\u00a0#\u00a0»."
        )
    if not 10 <= wall.every <= 3600:
        raise SettingsError("Réglages\u00a0: [wall] every\u00a0: attendu de 10 à 3 600 secondes.")
    if len(wall.servers) > SERVERS:
        raise SettingsError(f"Réglages\u00a0: [wall] servers\u00a0: {SERVERS} au plus.")
    for server in wall.servers:
        if not is_url(server, ("http", "https")) or not _is_bare(server):
            raise SettingsError(
                f"Réglages\u00a0: [wall] servers\u00a0: «\u00a0{server[:80]}\u00a0» n’est pas une "
                "adresse comme https://mastodon.social."
            )


def _check_screens(settings: "Settings") -> None:
    hours = settings.screens.off, settings.screens.on
    if any(hours) and not all(HOUR.fullmatch(hour) for hour in hours):
        raise SettingsError(
            "Réglages : [screens] off et on : attendu deux heures, comme 22:00 et 07:30, ou "
            "rien pour que les écrans restent allumés."
        )


def _is_bare(url: str) -> bool:
    """Whether it names a server, and nothing on it."""
    parts = urlsplit(url)
    return not (parts.path or parts.query or parts.fragment or parts.username)
