"""The machine as a place: ports, network, disk, clock, files, memory, store."""

import asyncio
import ctypes
import os
import resource
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

from captions.models import machine
from streaming.ingest.srt import libsrt
from tv import reasons, store, supervisor
from tv.doctor.finding import Finding, bad, french, good, poor
from tv.folder import Folder
from tv.settings import Settings
from tv.store import StoreMissing

HOUR = 1.8e9  # bytes that an hour of a stage takes at 4 Mbit/s
SLOW_DISK = 0.05  # seconds for one write to be safe: the journal makes a dozen a second
FILES = 8_192  # connections and files below which a full house is turned away
WAIT = 1.0  # seconds for a datagram on one machine


def ports(settings: Settings, running: bool) -> Finding:
    """Whether those that we listen on are free; `running`: a server of ours has them."""
    http, rtmp, webrtc = settings.server.port, settings.rtmp.port, settings.webrtc.port
    named = f"HTTP {http}, RTMP {rtmp}, WebRTC {webrtc} (UDP)"
    if running:
        return good("Ports", f"{named}\u00a0: tenus par notre serveur, qui tourne")
    try:
        supervisor.probe_ports(settings)
    except supervisor.PortTaken as error:
        return bad("Ports", str(error), "")
    return good("Ports", f"{named}\u00a0: libres")


def datagrams(settings: Settings, running: bool) -> Finding:
    """Whether UDP comes back to each address that viewers are offered, as far as one can tell."""
    offered = settings.webrtc.addresses or tuple(_own_addresses())
    if running:
        return good("UDP", f"{', '.join(offered)}\u00a0: servis par notre serveur, qui tourne")
    deaf = [address for address in offered if not _echoes(address, settings.webrtc.port)]
    if not deaf:
        return good("UDP", f"revient de {', '.join(offered)}")
    return poor(
        "UDP",
        f"ne revient pas de {', '.join(deaf)}",
        f"ouvrez le port UDP {settings.webrtc.port}, et vérifiez [webrtc] addresses\u202f; d’une "
        "adresse publique, essayez depuis un téléphone hors du réseau",
    )


def _own_addresses() -> list[str]:
    """That by which this machine reaches others, without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of documentation (RFC 5737)
        except OSError:
            return ["127.0.0.1"]
        return [str(probe.getsockname()[0])]


def _echoes(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with (
            socket.socket(family, socket.SOCK_DGRAM) as here,
            socket.socket(family, socket.SOCK_DGRAM) as there,
        ):
            here.bind(("", port))
            here.settimeout(WAIT)
            token = os.urandom(16)
            there.sendto(token, (address, port))
            return here.recv(64) == token
    except OSError:
        return False


def disk(folder: Path) -> list[Finding]:
    """Room for recordings, and how soon a write is safe."""
    hours = shutil.disk_usage(folder).free / HOUR
    said = f"place pour {french(hours, 0)} h d’enregistrement à 4 Mbit/s"
    much = "faites de la place, ou donnez un autre dossier par --data"
    room = good("Disque", said) if hours >= 16 else poor("Disque", said, much)
    if hours < 2:
        room = bad("Disque", said, much)
    took = _writes(folder)
    said = f"une écriture est sûre en {french(1000 * took, 1)} ms"
    if took < SLOW_DISK:
        return [room, good("Écritures", said)]
    mend = "un disque local et rapide rend votes et questions plus vifs"
    return [room, poor("Écritures", said, mend)]


def _writes(folder: Path, times: int = 15) -> float:
    """Seconds for a small write to be on the disk: the median."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(times):
            began = time.monotonic()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            took.append(time.monotonic() - began)
    return sorted(took)[times // 2]


class _Timex(ctypes.Structure):
    """struct timex, of which only the second word is read (adjtimex(2))."""

    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_long * 64))


def clock() -> Finding:
    """Whether the system's time is that of the world: schedules and encoders go by it."""
    if sys.platform != "linux":
        return poor("Horloge", "on ne sait pas le dire ici", "vérifiez que l’heure est juste")
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(_Timex()))
    # 5 (TIME_ERROR): nobody has set the clock by another's.
    if state in (-1, 5):
        return poor("Horloge", "réglée sur aucune autre", "installez chrony ou systemd-timesyncd")
    return good("Horloge", "réglée par le réseau")


def files() -> Finding:
    """How many connections one process may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = most if most != resource.RLIM_INFINITY else 1 << 20
    said = f"{count} connexions et fichiers par processus"
    if count >= FILES:
        return good("Connexions", said)
    return poor("Connexions", said, "relevez la limite (LimitNOFILE de systemd, ulimit -n)")


def memory() -> Finding:
    here = machine.look()
    said = f"{french(here.cores, 0)} cœurs, {french(here.memory / 1e9)} Go de mémoire libre"
    if here.cores >= 2 and here.memory > 1.5e9:
        return good("Machine", said)
    return poor("Machine", said, "deux cœurs et 2 Go suffisent au direct avec ses sous-titres")


def srt(settings: Settings) -> Finding:
    if not settings.srt.enabled:
        return good("SRT", "éteint par les réglages")
    try:
        libsrt.Library()
    except libsrt.LibraryMissing:
        return poor("SRT", "libsrt n’est pas là", "apt-get install libsrt1.5-gnutls")
    return good("SRT", "libsrt est là")


async def stored(folder: Folder, settings: Settings) -> Finding:
    """Whether the store can be had, and how soon it answers."""
    if not settings.store.url:
        try:
            store.server_command(folder)
        except StoreMissing as error:
            return bad("Base", str(error), "")
        return good("Base", "celle qui vient avec Fabrique TV")
    try:
        await supervisor.find_store(settings.store.url)
    except supervisor.StoreSilent as error:
        return bad("Base", str(error), "")
    async with store.connected(settings.store.url) as client:
        took = []
        for _ in range(20):
            began = time.monotonic()
            await client.ping()
            took.append(time.monotonic() - began)
            await asyncio.sleep(0)
    median = sorted(took)[10]
    said = f"répond en {french(1000 * median)} ms"
    if median < 0.01:
        return good("Base", said)
    return poor("Base", said, "rapprochez-la\u00a0: chaque vote l’attend")


def unwritable(error: OSError) -> Finding:
    return bad("Disque", reasons.of_system(error), "corrigez les droits du dossier de données")
