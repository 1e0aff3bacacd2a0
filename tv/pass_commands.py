"""The commands `fabrique-tv pass`, `passes` and `revoke`, without their options."""

import asyncio
import time
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from tv import commanding, reasons, revoking, store
from tv.folder import Folder, FolderError
from tv.journal import StoreUnavailable
from tv.passes import Pass, Passes, PassExpired, PassForged
from tv.passes_in_use import Listed, PassesInUse
from tv.revoking import Revoked
from tv.settings import Settings, SettingsError
from tv.studios.keys import load_secret

LONGEST = 366  # days
DAY = 86_400.0  # seconds
LISTING = 2.0  # seconds that the store of a running server has to list a new pass


def chosen_end(days: int, until: str, zone: ZoneInfo) -> float | None:
    """The end of a new pass, by wall time; None if nobody chose it. Raises SettingsError."""
    if days and until:
        raise SettingsError("Donnez --days ou --until, pas les deux.")
    if days:
        return time.time() + days * DAY
    if not until:
        return None
    try:
        said = datetime.fromisoformat(until)
    except ValueError as error:
        raise SettingsError("--until : attendu AAAA-MM-JJ, ou AAAA-MM-JJTHH:MM.") from error
    if len(until) <= len("2026-12-05"):
        said = said.replace(hour=23, minute=59, second=59)  # that day is one of its days
    end = (said if said.tzinfo else said.replace(tzinfo=zone)).timestamp()
    if not 0 < end - time.time() <= LONGEST * DAY:
        raise SettingsError(f"--until : entre maintenant et dans {LONGEST} jours.")
    return end


def note_issued(folder: Folder, settings: Settings, held: Pass) -> None:
    """List a new pass if the store runs; if not, it is listed once it is used."""
    if settings.store.url or folder.in_use:
        with suppress(StoreUnavailable, TimeoutError):  # its first use tells
            asyncio.run(_note_issued(folder, settings, held))


async def _note_issued(folder: Folder, settings: Settings, held: Pass) -> None:
    url = store.address(folder, settings.store.url)
    async with asyncio.timeout(LISTING), store.connected(url) as client:
        await PassesInUse(client, settings.event.slug).issue(held)


def listed(folder: Folder, settings: Settings) -> list[str]:
    """A line for each pass in use. Raises FolderError, StoreMissing, StoreSilent."""
    revoked = Revoked(folder.revoked)()
    found = asyncio.run(_every(folder, settings))
    return [_line(each, settings.event.zone) for each in found if each.held.id not in revoked]


async def _every(folder: Folder, settings: Settings) -> list[Listed]:
    async with commanding.connected(folder, settings) as (client, _):
        return await PassesInUse(client, settings.event.slug).every()


def _line(each: Listed, zone: ZoneInfo) -> str:
    held = each.held
    where = held.table or held.lab or held.talk or held.screen
    who = " ".join(part for part in (held.role, where, f"«\u00a0{held.name}\u00a0»") if part)
    seen = f"vu le {_day(each.seen, zone)}" if each.seen else "jamais vu"
    until = "renouvelé tant qu’il sert" if held.renewed else f"jusqu’au {_day(held.expires, zone)}"
    return f"{held.id}  {who}, {seen}, {until}"


def _day(time: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(time, zone):%d/%m/%Y à %H:%M}"


def take_back(folder: Folder, shown: str) -> str:
    """Take a pass back; return what to say of it. Raises FolderError."""
    try:
        name, held = revoking.revoke(folder.revoked, Passes(load_secret(folder.path)), shown)
    except PassExpired as error:
        raise FolderError("Ce laissez-passer n’est déjà plus valable.") from error
    except PassForged as error:
        raise FolderError(
            "Ce n’est ni un laissez-passer de ce serveur, ni l’identifiant d’un laissez-passer."
        ) from error
    except OSError as error:
        why = reasons.of_system(error)
        raise FolderError(f"Impossible d’écrire «\u00a0{folder.revoked}\u00a0» ({why}).") from error
    if held:
        who = ", ".join(each for each in (held.role, held.name) if each)
    else:  # the file does not keep whose it is
        who = "on ne peut pas vérifier cet identifiant\u00a0: relisez-le"
    return f"Repris\u00a0: {name} ({who})."
