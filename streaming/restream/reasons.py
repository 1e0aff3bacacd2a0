"""Why a target is lost, in French for the régie.

Only the host is named: the rest of an address may be secret, and some servers repeat the key in
what they say, so nothing of that is passed on but the protocol's own codes.
"""

import re
import socket
import ssl

from streaming.ingest import Malformed
from streaming.ingest.amf import Value
from streaming.restream import TargetLost
from streaming.restream.address import Address

_CODE = re.compile(r"[A-Za-z]{1,32}(\.[A-Za-z]{1,32}){1,3}")  # NetStream.Publish.BadName


def refused(address: Address, information: Value) -> TargetLost:
    """The server has said no to the key; `information` is what its onStatus tells."""
    code = str(information.get("code", "")) if isinstance(information, dict) else ""
    told = f" ({code})" if _CODE.fullmatch(code) and address.key not in code else ""
    return TargetLost(
        f"«\u00a0{address.host}\u00a0» refuse la diffusion{told}\u00a0: vérifiez la clé, et que "
        "le direct y est bien programmé."
    )


def app_refused(address: Address) -> TargetLost:
    return TargetLost(
        f"«\u00a0{address.host}\u00a0» refuse cette adresse\u00a0: vérifiez l’application, à la "
        "fin de «\u00a0url\u00a0»."
    )


def stalled(address: Address, seconds: float) -> TargetLost:
    return TargetLost(
        f"«\u00a0{address.host}\u00a0» ne prend plus rien depuis {seconds:.0f}\u202fs."
    )


def hung_up(address: Address) -> TargetLost:
    return TargetLost(
        f"«\u00a0{address.host}\u00a0» a coupé la connexion\u00a0: vérifiez la clé, et que le "
        "direct y est encore ouvert."
    )


def why_not(address: Address, error: Exception, *, connected: bool) -> TargetLost:
    """What kept us from publishing; `connected` says whether it was after the first answer."""
    return TargetLost(_why_not(address, error, connected))


def _why_not(address: Address, error: Exception, connected: bool) -> str:
    host = f"«\u00a0{address.host}\u00a0»"
    match error:
        case socket.gaierror():
            return f"Hôte introuvable\u00a0: {host}. Vérifiez «\u00a0url\u00a0», et le réseau."
        case ssl.SSLCertVerificationError():
            return (
                f"Le certificat de {host} n’est pas valable\u00a0: rien ne lui est envoyé. "
                "Vérifiez «\u00a0url\u00a0», et l’heure de cette machine."
            )
        case ssl.SSLError():
            return (
                f"La connexion chiffrée avec {host} échoue\u00a0: vérifiez le port, ou s’il faut "
                "rtmp:// au lieu de rtmps://."
            )
        case ConnectionRefusedError():
            return f"{host} refuse la connexion sur le port {address.port}."
        case TimeoutError() if not connected:
            return f"{host} ne répond pas sur le port {address.port}."
        case TimeoutError():
            return f"{host} répond, mais ne laisse pas commencer la diffusion."
        case Malformed():
            return f"{host} ne parle pas RTMP comme attendu sur le port {address.port}."
    if connected:
        return (
            f"{host} coupe la connexion sans un mot\u00a0: la clé est sans doute fausse, ou déjà "
            "utilisée."
        )
    return f"{host} ne peut pas être joint sur le port {address.port}."
