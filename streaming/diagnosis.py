"""What ails a studio, from its figures, and which setting mends it, in French for the crew.

Pure: figures in, sentences out, each under its topic. `advisor` decides which are told, and when.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from streaming.ingest.advice import KEYFRAMES, OBS

# What may ail a studio, the worst first: what viewers see of it, or how soon they will.
TOPICS = (
    "no picture",
    "black",
    "no sound",
    "irregular",
    "loss",
    "late",
    "keyframes",
    "overloaded",
    "silent",
    "loud",
    "low",
    "frozen",
    "b-frames",
    "slow",
    "poor",
    "rich",
)

KNOWN = 5.0  # seconds after which figures are those of the source, not of its beginning
LONGEST_GOP = 3.0  # seconds between keyframes with which HLS still keeps its promises
SLOWEST = 20.0  # frames per second below which movement looks broken
OVERLOADED = 0.85  # of the frames that were announced
POOREST = 500_000.0  # bits per second, for a picture of 1280 × 720 or more
LIVELY = 6.0  # levels of 256 between keyframes: a picture that moves, and does need its bits
RICHEST = 12_000_000.0
LATE = 0.3  # seconds of lateness that the mapping has not taken back yet
LOSS = 0.01  # of the packets
LOUD, LOW = -10.0, -35.0  # LUFS: broadcast is at -23, platforms are at -14
GONE = 2.0  # seconds without a picture or sound
BLACK = 3.0  # seconds: a cut to black is shorter
SILENT = 10.0  # seconds: a speaker's pause is shorter
FROZEN = 20.0  # seconds: less would name every slide


@dataclass(frozen=True)
class Signs:
    """A source's figures. Ages and durations are in seconds, loudness in LUFS."""

    kind: str = "rtmp"
    age: float = 60.0  # since it connected
    picture_age: float = 0.0  # since its last picture
    sound_age: float = 0.0
    stalled: bool = False  # its picture has stopped for a moment, not long ago
    width: int = 1280
    height: int = 720
    frame_rate: float = 25.0
    announced_rate: float = 0.0  # 0: not known
    bitrate: float = 3_000_000.0
    keyframe_interval: float = 2.0
    reorders: bool = False
    encoded: bool = False  # by our ladder, for everybody
    drift: float = 0.0
    loss: float = 0.0  # share of packets
    level: float | None = None  # over the last ten seconds, of what can be heard
    black: float = 0.0  # for how long
    silent: float = 0.0
    frozen: float = 0.0
    movement: float | None = None  # levels of 256 between the last keyframes; None: not known


def symptoms(signs: Signs) -> dict[str, str]:
    """Return what is wrong, by topic; nothing while all is well."""
    return dict((*_presence(signs), *_network(signs), *_encoder(signs), *_sound(signs)))


def _presence(signs: Signs) -> Iterator[tuple[str, str]]:
    if signs.age < KNOWN:
        return
    if signs.picture_age > GONE:
        yield (
            "no picture",
            "Aucune image ne parvient\u00a0: vérifiez l’encodeur et le câble réseau.",
        )
    elif signs.black > BLACK:
        yield (
            "black",
            "L’image est noire\u00a0: vérifiez que la caméra est allumée, et la scène qui est à "
            "l’écran dans OBS.",
        )
    elif signs.frozen > FROZEN:
        yield (
            "frozen",
            "L’image ne bouge plus du tout\u00a0: c’est normal pour une diapositive, sinon "
            "relancez la caméra ou la carte d’acquisition.",
        )
    if signs.sound_age > GONE:
        yield "no sound", "Aucun son ne parvient\u00a0: vérifiez la piste audio de l’encodeur."
    elif signs.silent > SILENT:
        yield (
            "silent",
            "Le son est muet\u00a0: vérifiez le micro, et le mélangeur audio d’OBS.",
        )


def _network(signs: Signs) -> Iterator[tuple[str, str]]:
    if signs.picture_age > GONE:
        return
    if signs.stalled:
        yield (
            "irregular",
            "Image irrégulière\u00a0: la lecture de la source s’interrompt."
            if signs.kind == "pull"
            else "Image irrégulière\u00a0: le réseau du plateau sature. Passez en filaire ou "
            "baissez le débit.",
        )
    if signs.loss > LOSS:
        yield (
            "loss",
            f"Le réseau perd {_percent(signs.loss)} des paquets\u00a0: passez en filaire, ou "
            "baissez le débit.",
        )
    # Some publishers begin with a burst and stay early, which harms nobody.
    if signs.drift > LATE and signs.age > KNOWN:
        yield (
            "late",
            f"Le flux arrive avec {number(signs.drift)}\u00a0s de retard\u00a0: le réseau du "
            "plateau ralentit. Passez en filaire ou baissez le débit.",
        )


def _encoder(signs: Signs) -> Iterator[tuple[str, str]]:
    ours = signs.kind != "pull"  # a studio's encoder, which the crew can set
    steady = signs.age > KNOWN and signs.picture_age < GONE and not signs.stalled
    if signs.keyframe_interval > LONGEST_GOP:
        every = number(signs.keyframe_interval)
        yield (
            "keyframes",
            f"Votre encodeur envoie une image clé toutes les {every}\u00a0s\u00a0: réglez-la à "
            f"2\u00a0s. {KEYFRAMES}."
            if ours
            else f"Cette source n’a d’image clé que toutes les {every}\u00a0s\u00a0: il en faut "
            'une toutes les 2\u00a0s (ffmpeg\u00a0: -force_key_frames "expr:gte(t,n_forced*2)").',
        )
    if signs.reorders and not signs.encoded:
        setting = (
            f"{OBS}Sortie → «\u00a0Options x264\u00a0»\u00a0: bframes=0 (ou «\u00a0Images B "
            "max\u00a0»\u00a0: 0)."
        )
        yield (
            "b-frames",
            "Images B présentes\u00a0: WebRTC ne les permet pas. Les écrans reçoivent une image "
            "réencodée en 720p s’il y a de la place, et le HLS sinon."
            + (f" {setting}" if ours else ""),
        )
    if steady and ours and 0 < signs.frame_rate < OVERLOADED * signs.announced_rate:
        yield (
            "overloaded",
            f"{number(signs.frame_rate)} images/s au lieu des {number(signs.announced_rate)} "
            f"annoncées\u00a0: l’encodeur est surchargé. {OBS}Sortie → «\u00a0Préréglage\u00a0» "
            "plus rapide, ou Vidéo → une résolution de sortie plus petite.",
        )
    elif steady and 0 < signs.frame_rate < SLOWEST:
        yield "slow", f"{number(signs.frame_rate)} images par seconde seulement."
    large = signs.width * signs.height >= 1280 * 720
    lively = signs.movement is not None and signs.movement > LIVELY
    # A slide, or a speaker before a wall, is fine with little: only what moves can look poor.
    if steady and large and lively and signs.bitrate < POOREST:
        yield "poor", f"Débit faible ({rate(signs.bitrate)})\u00a0: l’image peut être floue."
    if steady and ours and signs.bitrate > RICHEST:
        yield (
            "rich",
            f"Débit élevé ({rate(signs.bitrate)})\u00a0: 4 à 6\u00a0Mbit/s suffisent, au-delà "
            "les spectateurs peinent à suivre.",
        )


def _sound(signs: Signs) -> Iterator[tuple[str, str]]:
    if signs.level is None or signs.silent:
        return
    if signs.level > LOUD:
        yield (
            "loud",
            f"Le son est trop fort ({_lufs(signs.level)})\u00a0: baissez-le d’environ "
            f"{signs.level + 16:.0f}\u00a0dB, il sature.",
        )
    elif signs.level < LOW:
        yield (
            "low",
            f"Le son est trop faible ({_lufs(signs.level)})\u00a0: montez le micro "
            f"d’environ {-20 - signs.level:.0f}\u00a0dB.",
        )


def number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",").removesuffix(",0")


def rate(bits: float) -> str:
    if bits < 1_000_000:
        return f"{bits / 1000:.0f}\u00a0kbit/s"
    return f"{number(bits / 1_000_000)}\u00a0Mbit/s"


def _lufs(level: float) -> str:
    return f"{level:.0f}\u00a0LUFS".replace("-", "−")


def _percent(share: float) -> str:
    return f"{number(100 * share)}\u202f%"
