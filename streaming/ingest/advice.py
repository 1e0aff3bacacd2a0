"""What we tell the crew, in French, about a studio that sends what we cannot use.

Each sentence names the setting to change, as OBS calls it in French.
"""

OBS = "Dans OBS\u00a0: Paramètres → "
VIDEO_ENCODER = f"{OBS}Sortie → «\u00a0Encodeur vidéo\u00a0»"
SOUND_ENCODER = f"{OBS}Sortie → «\u00a0Encodeur audio\u00a0»"
KEYFRAMES = f"{OBS}Sortie → «\u00a0Intervalle d’images clés\u00a0»"

NOT_420 = (
    "Les navigateurs ne lisent que du H.264 en 8\u00a0bits 4:2:0. "
    f"{OBS}Avancé → «\u00a0Format de couleur\u00a0»\u00a0: NV12 "
    "(avec ffmpeg\u00a0: -pix_fmt yuv420p)."
)
NO_ROOM = "Cette machine n’a plus de place pour réencoder une image."
TOO_SLOW = "Cette machine n’arrive pas à réencoder cette image assez vite."
UNDECODABLE = "Cette image n’a pas pu être lue pour être réencodée."
NOT_420_ENCODED = "Couleurs que les navigateurs ne lisent pas\u00a0: réencodé ici."
UNREADABLE_CONFIGURATION = (
    "La configuration H.264 du flux est illisible\u00a0: relancez l’encodeur, ou choisissez-en "
    "un autre."
)
UNREADABLE_PICTURES = (
    "Des images illisibles sont laissées de côté\u00a0: relancez l’encodeur si l’image saute."
)
UNREADABLE_SOUND = f"Le son AAC est illisible\u00a0: relancez l’encodeur. {SOUND_ENCODER}."
NO_KEYFRAMES = (
    "Aucune image clé (IDR) ne parvient\u00a0: l’image n’est montrée que si cette machine peut la "
    "réencoder. "
    f"{KEYFRAMES}\u00a0: 2\u00a0s."
)
INTERLACED = (
    "Image entrelacée\u00a0: des peignes peuvent se voir. Réglez la caméra ou l’encodeur en "
    "progressif (1080p, 720p)."
)

_NAMES = {
    "aac_latm": "AAC (LATM)",
    "ac3": "AC-3",
    "av1": "AV1",
    "eac3": "E-AC-3",
    "adpcm_swf": "ADPCM",
    "flac": "FLAC",
    "flashsv": "Screen Video",
    "flashsv2": "Screen Video",
    "flv1": "Sorenson H.263",
    "hevc": "HEVC (H.265)",
    "mjpeg": "MJPEG",
    "mp2": "MP2",
    "mp3": "MP3",
    "mpeg2video": "MPEG-2",
    "mpeg4": "MPEG-4",
    "nellymoser": "Nellymoser",
    "prores": "ProRes",
    "speex": "Speex",
    "vorbis": "Vorbis",
    "vp6a": "VP6",
    "vp6f": "VP6",
    "vp8": "VP8",
    "vp9": "VP9",
    "vvc": "VVC (H.266)",
}


def name_of(codec: str) -> str:
    """How people call libav's `codec`."""
    return "PCM" if codec.startswith("pcm") else _NAMES.get(codec, codec)


def not_h264(codec: str) -> str:
    return (
        f"L’image arrive en {name_of(codec)}\u202f; il faut du H.264. "
        f"{VIDEO_ENCODER}\u00a0: choisissez un encodeur H.264 (x264, ou celui de la carte "
        "graphique)."
    )


def sound_left_out(codec: str) -> str:
    return (
        f"Le son arrive en {name_of(codec)}\u00a0: il n’est pas diffusé. "
        f"{SOUND_ENCODER}\u00a0: choisissez AAC."
    )


def encoded(codec: str) -> str:
    """Why a picture in another codec is encoded again."""
    return f"L’image arrive en {name_of(codec)}\u00a0: réencodé ici."


def keyframes_encoded(seconds: float) -> str:
    return f"Images clés trop rares ({seconds:.0f}\u00a0s)\u00a0: réencodé ici."


def not_as_it_is(codec: str) -> str:
    """What to change when a picture that has to be encoded again cannot be."""
    return NOT_420 if codec == "h264" else not_h264(codec)
