"""The command `fabrique-tv key`: print a stream key and where to enter it, or renew it."""

import sys
from urllib.parse import urlsplit

import typer

from tv import reasons
from tv.folder import Folder, FolderError
from tv.settings import Settings
from tv.studios.keys import load_secret
from tv.studios.stream_keys import PROTOCOLS, Protocol, TooManyRenewals, stream_keys


def key_command(
    folder: Folder,
    settings: Settings,
    address: str,
    channel: str,
    slot: str,
    protocol: str = "",
    new: bool = False,
) -> None:
    """Print a slot's key, of one `protocol` or with where to enter each. Raises FolderError.

    The key is alone on stdout, for scripts; the rest goes to stderr.
    """
    keys = stream_keys(folder, settings, load_secret(folder.path))
    if new:
        try:
            keys.renew(channel, slot)
        except TooManyRenewals as error:
            raise FolderError("Cette clé a été changée trop souvent.") from error
        except OSError as error:
            why = reasons.of_system(error)
            raise FolderError(
                f"Impossible d’écrire «\u00a0{folder.renewed}\u00a0» ({why})."
            ) from error
        print_aside(
            "Nouvelle clé. L’ancienne n’ouvre plus rien\u00a0: un studio qui diffuse avec elle "
            "est coupé."
        )
    made = {each: keys.key(channel, slot, each) for each in PROTOCOLS}
    for each in PROTOCOLS:
        if each == protocol:
            typer.echo(made[each])
            return
    typer.echo(made["rtmp"])
    sys.stdout.flush()
    print_aside(*where(made, settings, address, channel))


def print_aside(*lines: str) -> None:
    typer.echo("\n".join(lines), err=True)


def where(made: dict[Protocol, str], settings: Settings, address: str, channel: str) -> list[str]:
    """The settings to enter into an encoder, a line for each protocol."""
    host = urlsplit(address).hostname or "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    lines = [
        f"  RTMP  serveur rtmp://{host}:{settings.rtmp.port}/live, clé {made['rtmp']}",
        f"  WHIP  serveur {address}/{channel}/whip, jeton {made['whip']}",
    ]
    if settings.srt.enabled:
        stream = f"publish:{channel}:{made['srt']}"
        line = f"  SRT   srt://{host}:{settings.srt.port}?streamid={stream}"
        if settings.srt.passphrase:
            line += "&passphrase=… (celle des réglages, [srt] passphrase)"
        lines.append(line)
    return lines
