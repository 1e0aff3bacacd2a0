"""What this machine can do at once, tried: a real picture is encoded, real speech is captioned."""

import time
from pathlib import Path

import av
import numpy as np

from captions import files
from captions.errors import CaptionsError
from captions.hearing.live import Captioner
from captions.models import loading
from streaming.errors import StreamingError
from streaming.transcoding.encoder import Encoder, choose
from tv.demo import film
from tv.doctor.finding import Finding, bad, french, good, poor

SPEECH = 12  # seconds that are heard
PICTURES = 75  # encoded: three seconds
SIZE = (1280, 720)
RATE = 25


def encoding(wanted: str) -> tuple[Finding, float]:
    """How many cores a picture of 720 lines takes when it is encoded; the finding, the cores."""
    what = "Encodage"
    try:
        name = choose(wanted)
        encoder = Encoder(name, SIZE, float(RATE))
    except StreamingError as error:
        return bad(what, str(error), "laissez [ladder] encoder sur « auto »"), 0.0
    pictures = [_picture(number, encoder.pixels) for number in range(PICTURES)]
    processor = time.process_time()
    began = time.monotonic()
    for number, picture in enumerate(pictures):
        encoder.encode(picture, number * 90_000 // RATE, key=number % (2 * RATE) == 0)
    took = time.monotonic() - began
    cores = (time.process_time() - processor) / (PICTURES / RATE)
    speed = PICTURES / RATE / took
    said = f"720p par {name}\u00a0: {french(cores, 2)} cœur, {french(speed)} fois le direct"
    if speed > 2:
        return good(what, said), cores
    mend = '[ladder] renditions = "off" et jobs = 0, ou une machine plus forte'
    return poor(what, said, mend), cores


def _picture(number: int, pixels: str) -> av.VideoFrame:
    """A picture with something in it that moves."""
    width, height = SIZE
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    grey = ((across * 3 + down * 5 + number * 9) % 256).astype(np.uint8)
    noise = np.random.default_rng(number).integers(0, 12, grey.shape, dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(np.maximum(grey, noise), format="gray")
    return frame.reformat(format=pixels)


def captioning(model: str, cache: Path, channels: int) -> tuple[Finding, float]:
    """How many cores captions of one channel take, and whether they understand French."""
    what = "Sous-titres"
    if not channels:
        return good(what, "éteints par les réglages"), 0.0
    try:
        captioner = Captioner(loading.load(model, cache, channels=channels))
    except CaptionsError as error:
        return bad(what, str(error), ""), 0.0
    words = 0
    processor = time.process_time()
    for shown in files.caption(film.ASSETS / "talk_fr.opus", captioner):
        words += len(shown.heard.settled)
        if captioner.heard_until > SPEECH:
            break
    cores = (time.process_time() - processor) / SPEECH
    said = f"{words} mots en {SPEECH} s de parole\u202f; {french(cores, 2)} cœur par canal"
    if words < SPEECH:
        return bad(what, said, "vérifiez le modèle\u00a0: fabrique-tv models check"), cores
    if cores * channels > 0.8:
        mend = "prenez un modèle plus petit ([captions] model), ou une autre machine"
        return poor(what, said, mend), cores
    return good(what, said), cores
