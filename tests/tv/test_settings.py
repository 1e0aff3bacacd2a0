"""Settings: typed, overridable, and clear about what is wrong."""

from pathlib import Path

import pytest

from streaming.failover import Rules
from tv import qualities
from tv.settings import SettingsError, load, without_secrets


def test_environment_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / "fabrique.toml"
    file.write_text(
        "[server]\nport = 9000\n[rtmp]\nport = 1936\n[channels.labo-1]\nname = 'Labo 1'\n"
    )
    settings = load(file, {"FABRIQUE_RTMP__PORT": "2000", "HOME": "/"})
    assert (settings.server.port, settings.rtmp.port) == (9000, 2000)
    assert settings.channels["labo-1"].name == "Labo 1"


def test_studios_come_by_themselves_where_a_proxy_brings_the_viewers() -> None:
    settings = load(environment={"FABRIQUE_SERVER__HOST": "127.0.0.1"})
    assert (settings.rtmp.host, settings.srt.host) == ("0.0.0.0", "0.0.0.0")


def test_secret_comes_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("redis://:secret@127.0.0.1/0\n")
    settings = load(None, {"FABRIQUE_STORE__URL_FILE": str(secret)})
    assert settings.store.url == "redis://:secret@127.0.0.1/0"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[rtmp]\nprot = 1\n", "prot"),
        ("[rtmp]\nport = 'x'\n", "rtmp.port"),
        ("[rtmp]\nport = 99999\n", "65535"),
        ("rtmp = 3\n", "rtmp"),
        ("[rtmp\n", "mal formé"),
        ("[channels.regie]\nname = 'x'\n", "regie"),
        ("[captions]\nchannels = ['labo-9']\n", "labo-9"),
        ("[screens]\noff = '22:00'\n", "07:30"),
        ("[screens]\noff = '22h'\non = '7:30'\n", "[screens]"),
        ("[captions]\nsecond_pass = 'hier'\n", "second_pass"),
        ("[restreams.You]\nurl = 'rtmp://h/a'\nkey = 'k'\n", "You"),
        ("[restreams.you]\nurl = 'rtmp://h/a'\n", "key"),
        ("[restreams.you]\nurl = 'rtmp://h/a'\nkey = ''\n", "clé"),
        ("[restreams.you]\nurl = 'http://h/a'\nkey = 'k'\n", "restreams.you"),
        ("[restreams.you]\nurl = 'rtmp://h/a'\nkey = 'k'\nchannel = 'labo-9'\n", "labo-9"),
        ("[server]\nproxies = ['nginx']\n", "server.*proxies.*nginx"),
        ("[server]\nproxies = ['10.0.0.10/24']\n", "proxies.*10.0.0.10/24"),
        ("[keep]\nfree_gb = -1\n", "free_gb"),
        ("[srt]\npassphrase = 'court'\n", "10 à 79"),
        ("[srt]\nlatency = 20\n", "latency"),
        ("[srt]\nport = 8189\n", "deux ports différents"),
        ("[link]\nhost = '10.0.0.1'\nport = 70000\n", "65535"),
        ("[link]\nhost = '10.0.0.1'\nport = 1935\n", "rtmp.*link.*1935 ; donnez-leur deux ports"),
        ("[link]\nhost = '10.0.0.1'\nport = 8000\n", "server.*link.*8000 ; donnez-leur deux"),
        ("[webrtc]\ndelay = 0.5\n", r"delay.*0 .*1 à 9"),
        ("[webrtc]\ndelay = 30\n", r"delay.*0 .*1 à 9"),
        ("[webrtc]\ndelay = nan\n", r"delay.*0 .*1 à 9"),
        ("[hls]\npart = 0.5\nsegment = 6\n", "hls"),
        ("[ladder]\njobs = -1\n", "jobs"),
        ("[continuity]\nloss = 0.1\n", "loss"),
        ("[continuity]\nblack = -3\n", "black"),
        ("[continuity]\nsilence = 0.5\n", "silence"),
        ("[continuity]\nfreeze = 1e9\n", "freeze"),
        ("[continuity]\nhold = -1\n", "hold"),
        ("[continuity]\nprefer = 'backup'\n", "continuity.prefer"),
        ("[channels.plateau.primary]\ndelay_ms = -2001\n", "plateau.primary.*delay_ms"),
        ("[channels.plateau.backup]\naudio_ms = 1001\n", "plateau.backup.*audio_ms"),
        ("[channels.plateau.backup]\nkept = true\n", "kept"),
        ("[ladder]\nencoder = 'h265'\n", "libx264"),
        ("[ladder]\nrenditions = 'on'\n", "ladder.*renditions.*on"),
        ("[ladder]\nrenditions = ['481p']\n", "481p.*480p"),
        ("[ladder]\nrenditions = ['audio']\n", "audio"),
        ("[channels.labo-1]\nrenditions = ['480p', '480p']\n", "labo-1.*deux fois"),
        ("[channels.labo-1]\nrenditions = ['auto']\n", "labo-1.*auto"),
        ("[channels.plateau]\nsigns = 'plateau'\n", "plateau.*signs"),
        ("[channels.plateau]\nsigns = 'lsf'\n", "signs.*lsf"),
        ("[webrtc]\nviewers = -1\n", "viewers"),
        ("[webrtc]\nviewers = 100000\n", "10000"),
        ("[webrtc]\naddresses = ['ici']\n", "ici"),
        ("[channels.labo-1]\nviewers = -1\n", "labo-1.*viewers"),
        ("[event]\ntime_zone = 'Paris'\n", "Paris.*Europe/Paris"),
        ("[labs.Labo]\nname = 'x'\n", "Labo"),
        ("[labs.labo-1]\ncolour = 'rouge'\n", "labo-1.*colour"),
        ("[labs.labo-1]\npictogram = 'une maison'\n", "labo-1.*pictogram"),
        ("[labs.labo-1]\nstep = 5\n", "labs.*step"),
    ],
)
def test_bad_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "fabrique.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=named):
        load(file, {})


@pytest.mark.parametrize("delay", [0.0, 1.0, 8.0, 9.0])
def test_the_delayed_feed_may_be_as_late_as_is_kept_or_not_offered(delay: float) -> None:
    assert load(None, {"FABRIQUE_WEBRTC__DELAY": str(delay)}).webrtc.delay == delay


def test_slots_and_rules_of_continuity(tmp_path: Path) -> None:
    file = tmp_path / "fabrique.toml"
    file.write_text(
        "[continuity]\nsilence = 20\nprefer = 'none'\n"
        "[channels.labo-1.backup]\ndelay_ms = 300\naudio_ms = -80\nkeep = true\n"
    )
    settings = load(
        file,
        {
            "FABRIQUE_CONTINUITY__LOSS": "1.2",
            "FABRIQUE_CHANNELS__LABO_1__PRIMARY__DELAY_MS": "-40",
        },
    )
    assert settings.continuity.rules == Rules(loss=1.2, silence=20, prefer="none")
    lab = settings.channels["labo-1"]
    assert (lab.backup.delay_ms, lab.backup.audio_ms, lab.backup.keep) == (300, -80, True)
    assert (lab.primary.delay_ms, lab.primary.audio_ms, lab.primary.keep) == (-40, 0, False)
    assert load(None, {}).continuity.rules == Rules()


def test_places_by_webrtc_in_all_and_for_a_channel(tmp_path: Path) -> None:
    file = tmp_path / "fabrique.toml"
    file.write_text("[webrtc]\naddresses = ['203.0.113.7', '2001:db8::7']\nviewers = 300\n")
    settings = load(file, {"FABRIQUE_CHANNELS__LABO_1__VIEWERS": "20"})
    assert settings.webrtc.viewers == 300
    assert settings.webrtc.addresses == ("203.0.113.7", "2001:db8::7")
    assert settings.channels["labo-1"].viewers == 20
    assert settings.channels["plateau"].viewers is None


def test_unknown_override_is_named() -> None:
    with pytest.raises(SettingsError, match="potr"):
        load(None, {"FABRIQUE_RTMP__POTR": "1"})


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="illisible"):
        load(tmp_path / "none.toml", {})


def test_restream_is_named_and_shown_without_its_secrets(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("hush-key\n")
    environment = {
        "FABRIQUE_RESTREAMS__YOUTUBE__URL": "rtmps://a.rtmps.youtube.com/live2-hush",
        "FABRIQUE_RESTREAMS__YOUTUBE__KEY_FILE": str(secret),
    }
    settings = load(None, environment)
    youtube = settings.restreams["youtube"]
    assert (youtube.channel, youtube.title, youtube.key) == ("plateau", "Youtube", "hush-key")
    shown = without_secrets(settings).restreams["youtube"]
    assert (shown.key, shown.url) == ("…", "rtmps://a.rtmps.youtube.com/…")


def test_srt_passphrase_and_pulled_addresses_are_shown_without_their_secrets(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("une phrase secrète\n")
    settings = load(
        None,
        {
            "FABRIQUE_SRT__PASSPHRASE_FILE": str(secret),
            "FABRIQUE_SRT__ENABLED": "false",
            "FABRIQUE_CHANNELS__PLATEAU__SOURCE": "rtsp://moi:motdepasse@camera/live?jeton=1",
        },
    )
    assert settings.srt.passphrase == "une phrase secrète"
    assert not settings.srt.enabled
    shown = str(without_secrets(settings))
    assert "une phrase" not in shown
    assert "motdepasse" not in shown
    assert "jeton" not in shown


def test_too_many_restreams_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "fabrique.toml"
    file.write_text(
        "".join(f"[restreams.r{n}]\nurl = 'rtmp://h/a'\nkey = 'k'\n" for n in range(17))
    )
    with pytest.raises(SettingsError, match="16"):
        load(file, {})


def test_recording_is_of_the_stage_for_a_month_unless_said_otherwise(tmp_path: Path) -> None:
    recording = load(None, {}).recording
    assert (recording.channels, recording.free_gb, recording.days) == (("plateau",), 2.0, 30)
    assert load(None, {"FABRIQUE_RECORDING__CHANNELS": ""}).recording.channels == ()
    file = tmp_path / "fabrique.toml"
    for wrong in ("channels = ['labo-9']", "free_gb = -1", "days = -1"):
        file.write_text(f"[recording]\n{wrong}\n")
        with pytest.raises(SettingsError, match=r"\[recording\]"):
            load(file, {})


@pytest.mark.parametrize(
    ("text", "plateau", "labo"),
    [
        ("", ("720p", "480p"), ()),
        ("[ladder]\nrenditions = 'off'\n", (), ()),
        ("[ladder]\nrenditions = ['480p', '360p']\n", ("480p", "360p"), ()),
        ("[channels.plateau]\nrenditions = ['240p']\n", ("240p",), ()),
        ("[channels.labo-1]\nrenditions = 'auto'\n", ("720p", "480p"), ("720p", "480p")),
    ],
)
def test_renditions_are_the_plateaus_unless_a_channel_asks(
    tmp_path: Path, text: str, plateau: tuple[str, ...], labo: tuple[str, ...]
) -> None:
    file = tmp_path / "fabrique.toml"
    file.write_text(text if "labo-1" in text else text + "[channels.labo-1]\nname = 'Un'\n")
    settings = load(file, {})
    assert qualities.of(settings, "plateau", cores=4) == plateau
    assert qualities.of(settings, "labo-1", cores=4) == labo


def test_renditions_may_come_from_the_environment_and_make_room_for_themselves() -> None:
    settings = load(None, {"FABRIQUE_LADDER__RENDITIONS": "720p, 480p,360p,240p"})
    assert qualities.of(settings, "plateau", cores=1) == ("720p", "480p", "360p", "240p")
    assert settings.ladder.room >= 4
    few = load(None, {"FABRIQUE_LADDER__RENDITIONS": "auto", "FABRIQUE_LADDER__JOBS": "1"})
    assert qualities.of(few, "plateau", cores=8) == ("720p", "480p", "360p")
    assert few.ladder.room == 1


def test_purposes_have_commas_of_their_own_and_come_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "fabrique.toml"
    file.write_text("[privacy]\npurposes = ['voter, proposer', 'publier']\n")
    assert load(file, {}).privacy.purposes == ("voter, proposer", "publier")
    with pytest.raises(SettingsError, match=r"\[privacy.purposes\]"):
        load(None, {"FABRIQUE_PRIVACY__PURPOSES": "voter, proposer"})


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_a_small_machine_encodes_no_renditions_by_itself(cores: int) -> None:
    assert qualities.automatic(cores) == ()
