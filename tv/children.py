"""The processes that the supervisor starts, by name: `python -m tv.children web --socket 5`."""

import argparse
import asyncio
import os
import socket as sockets
from collections.abc import Callable
from pathlib import Path

import msgspec

from captions.errors import CaptionsError
from tv import machines, process
from tv.folder import Folder, FolderError
from tv.settings import Settings
from tv.studios.keys import load_secret


def main() -> None:
    """Be one of them. The command line of people is not loaded: it takes longer than most do."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--socket", type=int, default=-1)
    parser.add_argument("--channel", default="")
    asked = parser.parse_args()
    try:
        run_child(asked.name, asked.socket, asked.channel)
    except (FolderError, CaptionsError) as error:
        raise SystemExit(str(error)) from error


def run_child(name: str, socket: int, channel: str) -> None:
    """Be the process `name` until told to stop. Its settings come resolved from the supervisor."""
    folder = Folder(Path(os.environ["FABRIQUE_DATA"]), machines.inherited())
    settings = msgspec.json.decode(os.environ["FABRIQUE_RESOLVED"], type=Settings)
    secret = load_secret(folder.path)
    process.start_logging(name)
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None
    match name:  # each process imports only what it runs: web needs no Whisper, captions no HTTP
        case "media":
            from tv import media

            work = media.run(folder, settings, secret)
        case "web":
            import uvloop

            from tv import serving

            loop = uvloop.new_event_loop
            work = serving.run(folder, settings, secret, sockets.socket(fileno=socket))
        case "edge":
            from tv import edge

            work = edge.run(folder, settings, channel)
        case "door":
            import uvloop

            from tv import door

            loop = uvloop.new_event_loop
            work = door.run(folder, settings, sockets.socket(fileno=socket))
        case "captions":
            from tv.captioning import process as captioning

            process.give_way(5)  # the picture goes first
            process.go_first()  # a model is what takes most memory
            work = captioning.run(folder, settings)
        case "reread":
            from tv.captioning import rereading

            process.give_way(15)  # after everything: what it mends was shown already
            process.go_first(900)
            work = rereading.run(folder, settings)
        case "pull":
            from tv.studios import pulling

            source = settings.channels[channel]
            work = pulling.run(
                folder.media_socket, channel, source.slot, source.source, loop=source.loop
            )
        case "srt":
            from tv.studios import srt

            work = srt.run(folder, settings, secret)
        case "ladder":
            from tv import ladder

            process.give_way(3)  # after the picture that goes on air untouched, before captions
            work = ladder.run(folder.media, settings.ladder.room, settings.ladder.encoder)
        case "watch":
            from tv.studios import watch

            process.give_way(5)
            work = watch.run(folder.media_socket)
        case "keep":
            from tv.studios import keeping

            process.give_way(5)
            work = keeping.run(folder.media_socket, folder.keep, settings)
        case "record":
            from tv.recorded import recording

            process.give_way(2)  # after the picture, before what may be left out
            work = recording.run(folder, settings)
        case "archive":
            from tv.recorded import archiving

            process.give_way(10)  # after everything that anybody waits for
            process.go_first()
            work = archiving.run(folder, settings)
        case "clerk":
            from tv import clerk

            process.give_way(2)  # what it does is soon enough a little later
            work = clerk.run(folder, settings)
        case "restream":
            from tv.studios import restreaming

            work = restreaming.run(folder.media_socket, settings.restreams)
        case _:
            raise SystemExit(f"unknown process: {name}")
    process.run(f"{name} {channel}".strip(), work, loop)


if __name__ == "__main__":
    main()
