"""What people must be able to read, and how they reach us: from the settings alone."""

import socket
import ssl
import time
from urllib.parse import urlsplit

from tv.doctor.finding import Finding, bad, good, poor
from tv.proxies import LOCAL
from tv.settings import Settings

SOON = 21 * 86_400.0  # seconds before a certificate ends when that is told
WAIT = 4.0  # seconds for a handshake
MODEL = "example.org"  # what deploy/settings.toml has where nobody has written anything


def organiser(settings: Settings) -> Finding:
    """The facts that the law wants in the notices (GDPR, art. 13; RGAA, déclaration)."""
    facts = settings.organiser
    wanted = {
        "name": facts.name,
        "address": facts.address,
        "contact": facts.contact,
    }
    missing = [key for key, value in wanted.items() if not value or MODEL in value]
    if missing:
        return poor(
            "Mentions",
            f"il manque [organiser] {', '.join(missing)}, ou c’est encore le modèle",
            "/confidentialite et /accessibilite doivent dire qui répond de l’événement",
        )
    return good("Mentions", f"{facts.name} répond de l’événement")


def address(settings: Settings) -> Finding:
    """How viewers reach us: by HTTPS, with a certificate that lasts."""
    url = settings.server.public_url
    if not url:
        # On this machine alone there is nobody who could ask by another name.
        tell = poor if settings.server.host in ("localhost", *LOCAL) else bad
        return tell(
            "Adresse",
            "[server] public_url n’est pas dit",
            "donnez l’adresse publique, en HTTPS\u00a0: sans elle, l’en-tête Host de chaque "
            "demande décide où mènent les QR codes, et rien ne s’installe ni ne s’écrit hors ligne",
        )
    place = urlsplit(url)
    if place.scheme != "https":
        return poor("Adresse", f"{url} n’est pas chiffrée", "mettez un certificat dans nginx")
    host, port = place.hostname or "", place.port or 443
    try:
        left = _lasts(host, port)
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message
        return bad("Adresse", f"{host}\u00a0: certificat refusé ({why})", "renouvelez-le")
    except OSError as error:
        return poor(
            "Adresse",
            f"{host}:{port} ne répond pas d’ici ({error.strerror or type(error).__name__})",
            "vérifiez le DNS du lieu et le proxy",
        )
    days = int(left / 86_400)
    if left < SOON:
        return poor("Adresse", f"{host}\u00a0: certificat encore {days} jours", "renouvelez-le")
    return good("Adresse", f"{url}, certificat encore {days} jours")


def _lasts(host: str, port: int) -> float:
    """Seconds for which the certificate that `host` shows is good."""
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=WAIT) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        certificate = secure.getpeercert() or {}
    return ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()
