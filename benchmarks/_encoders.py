"""Real encoders, as crews have them, sending a film to one of our servers."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests import viewers
from tests.servers import Fabrique

PACKAGES = (
    "ffmpeg obs-studio xvfb gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
    "gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav"
)  # of Debian


@dataclass
class Run:
    """What an encoder is started with."""

    server: Fabrique
    film: Path
    home: Path  # a folder for its files
    slot: str = "primary"
    passphrase: str = ""


@dataclass(frozen=True)
class Encoder:
    """`command` tells how to start it; `tool` must be there."""

    name: str
    tool: str
    command: Callable[[Run], list[str]]
    environment: Callable[[Run], dict[str, str]] = field(default=lambda run: {})


def _ffmpeg(run: Run, *codecs: str) -> list[str]:
    return [
        "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1",
        "-i", str(run.film), *codecs,
    ]  # fmt: skip


def _rtmp(run: Run) -> list[str]:
    return ["-f", "flv", run.server.rtmp(slot=run.slot)]


def srt_address(run: Run) -> str:
    query = f"streamid=publish:plateau:{run.server.key(slot=run.slot)}&latency=120000"
    if run.passphrase:
        query += f"&passphrase={run.passphrase}"
    return f"srt://127.0.0.1:{run.server.srt_port}?{query}"


def _x264_defaults(run: Run) -> list[str]:
    return [*_ffmpeg(run, "-c:v", "libx264", "-c:a", "aac"), *_rtmp(run)]


_FAST = ("-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-g", "50")


def _zerolatency(run: Run) -> list[str]:
    return [*_ffmpeg(run, *_FAST, "-b:v", "3M", "-c:a", "aac"), *_rtmp(run)]


def _hevc(run: Run) -> list[str]:
    quiet = ("-x265-params", "log-level=error")
    codecs = ("-c:v", "libx265", "-preset", "ultrafast", *quiet, "-g", "50", "-c:a", "aac")
    return [*_ffmpeg(run, *codecs), *_rtmp(run)]


def _srt(run: Run) -> list[str]:
    codecs = (*_FAST, "-b:v", "3M", "-c:a", "aac")
    return [*_ffmpeg(run, *codecs), "-f", "mpegts", srt_address(run)]


def _copy(run: Run) -> list[str]:
    return [*_ffmpeg(run, "-c", "copy"), *_rtmp(run)]


def _copy_srt(run: Run) -> list[str]:
    return [*_ffmpeg(run, "-c", "copy"), "-f", "mpegts", srt_address(run)]


def _gstreamer(run: Run) -> list[str]:
    pipeline = (
        f"flvmux name=mux streamable=true ! rtmp2sink location={run.server.rtmp(slot=run.slot)} "
        f"filesrc location={run.film} ! decodebin name=film "
        "film. ! queue ! videoconvert ! video/x-raw,format=I420 ! identity sync=true "
        "! x264enc tune=zerolatency speed-preset=veryfast key-int-max=50 bitrate=3000 "
        "! queue ! mux. "
        "film. ! queue ! audioconvert ! audioresample ! avenc_aac ! queue ! mux."
    )
    return ["gst-launch-1.0", "-q", *pipeline.split()]


def _obs(run: Run) -> list[str]:
    """OBS as it is after its installation: a profile with nothing but the server and the key."""
    folder = run.home / ".config/obs-studio"
    profile, scenes = folder / "basic/profiles/Fabrique", folder / "basic/scenes"
    profile.mkdir(parents=True, exist_ok=True)
    scenes.mkdir(parents=True, exist_ok=True)
    (folder / "global.ini").write_text(
        "[General]\nFirstRun=true\nEnableAutoUpdates=false\nLastVersion=503316482\n"
        "[Basic]\nProfile=Fabrique\nProfileDir=Fabrique\n"
        "SceneCollection=Fabrique\nSceneCollectionFile=Fabrique\n"
    )
    (profile / "basic.ini").write_text("[General]\nName=Fabrique\n")
    server, key = run.server.rtmp(slot=run.slot).rsplit("/", 1)
    (profile / "service.json").write_text(
        json.dumps({"type": "rtmp_custom", "settings": {"server": server, "key": key}})
    )
    film = {
        "id": "ffmpeg_source",
        "name": "Film",
        "settings": {"local_file": str(run.film), "looping": True, "is_local_file": True},
    }
    shown = {"name": "Film", "id": 1, "visible": True, "bounds_type": 2}
    shown |= {"bounds": {"x": 1920.0, "y": 1080.0}, "scale": {"x": 1.0, "y": 1.0}}
    scene = {"id": "scene", "name": "Plateau", "settings": {"items": [shown], "id_counter": 1}}
    (scenes / "Fabrique.json").write_text(
        json.dumps(
            {
                "name": "Fabrique",
                "current_scene": "Plateau",
                "current_program_scene": "Plateau",
                "scene_order": [{"name": "Plateau"}],
                "sources": [film, scene],
            }
        )
    )
    return [
        "xvfb-run", "-a", "-s", "-screen 0 1920x1080x24", "obs", "--startstreaming", "--multi",
        "--disable-shutdown-check", "--disable-updater", "--profile", "Fabrique",
        "--collection", "Fabrique",
    ]  # fmt: skip


def _obs_environment(run: Run) -> dict[str, str]:
    return {"HOME": str(run.home), "XDG_RUNTIME_DIR": str(run.home), "LIBGL_ALWAYS_SOFTWARE": "1"}


def _whip(run: Run) -> list[str]:
    address = f"{run.server.url}/plateau/whip"
    token = run.server.key(slot=run.slot)
    return [sys.executable, "-m", "benchmarks._whip_studio", address, token, str(run.film)]


def _other(name: str, *codecs: str) -> Encoder:
    """The same film, encoded anew: another stream than the one that was there before."""

    def command(run: Run) -> list[str]:
        sound = () if "-an" in codecs else ("-c:a", "aac")
        return [*_ffmpeg(run, *codecs), "-g", "50", "-pix_fmt", "yuv420p", *sound, *_rtmp(run)]

    return Encoder(name, "ffmpeg", command)


X264_DEFAULTS = Encoder("ffmpeg RTMP, x264 defaults", "ffmpeg", _x264_defaults)
ZEROLATENCY = Encoder("ffmpeg RTMP, zerolatency", "ffmpeg", _zerolatency)
HEVC = Encoder("ffmpeg RTMP, HEVC", "ffmpeg", _hevc)
SRT = Encoder("ffmpeg SRT, passphrase", "ffmpeg", _srt)
OBS = Encoder("OBS RTMP, out of the box", "obs", _obs, _obs_environment)
GSTREAMER = Encoder("GStreamer rtmp2sink", "gst-launch-1.0", _gstreamer)
COPY = Encoder("RTMP, untouched", "ffmpeg", _copy)
COPY_SRT = Encoder("SRT, untouched", "ffmpeg", _copy_srt)
WHIP = Encoder("libav WHIP", "ffmpeg", _whip)
SMALLER = _other("smaller", "-vf", "scale=640:360", "-c:v", "libx264", "-preset", "ultrafast")
WITH_B_FRAMES = _other(
    "main profile with B-frames",
    *("-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main"),
    *("-bf", "2", "-b_strategy", "0"),
)
SOUNDLESS = _other("without sound", "-an", "-c:v", "libx264", "-preset", "ultrafast")


class Missing(Exception):
    """The encoder is not on this machine."""


@contextmanager
def publishing(encoder: Encoder, run: Run) -> Iterator[subprocess.Popen[bytes]]:
    """Run it, and end it with all that it started. Raises Missing."""
    if shutil.which(encoder.tool) is None:
        raise Missing(f"{encoder.tool} is missing: apt-get install {PACKAGES}")
    with (run.home / "encoder.log").open("ab") as log:
        process = subprocess.Popen(
            encoder.command(run),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | encoder.environment(run),
            process_group=0,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # it may have ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# A page that publishes the camera by WHIP; Chromium is told to take a film for the camera.
WHIP_PAGE = """async ([address, key]) => {
  const stream = await navigator.mediaDevices.getUserMedia(
    {video: {width: 1280, height: 720}, audio: true});
  const peer = window.peer = new RTCPeerConnection({bundlePolicy: "max-bundle"});
  for (const track of stream.getTracks()) peer.addTransceiver(track, {direction: "sendonly",
    streams: [stream]});
  await peer.setLocalDescription(await peer.createOffer());
  const reply = await fetch(address, {method: "POST", body: peer.localDescription.sdp,
    headers: {"content-type": "application/sdp", authorization: `Bearer ${key}`}});
  if (!reply.ok) throw new Error(await reply.text());
  await peer.setRemoteDescription({type: "answer", sdp: await reply.text()});
}"""


@contextmanager
def camera(run: Run) -> Iterator[str]:
    """Chromium with the film for a camera; the value is where it takes orders."""
    clip = run.home / "camera.mjpeg"
    if not clip.exists():
        subprocess.run(
            ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-i", str(run.film), "-t", "16",
             "-an", "-c:v", "mjpeg", "-q:v", "4", str(clip)],
            check=True,
        )  # fmt: skip
    with viewers.chromium_process(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={clip}",
    ) as address:
        yield address
