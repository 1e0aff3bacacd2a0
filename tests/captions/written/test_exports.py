"""Captions as files that players, people and programs read."""

from msgspec.structs import replace

from captions.cues import Cue
from captions.written import exports
from captions.written.finished import finished
from tests.captions.written.test_finished import live, spoken

ORIGIN = 90.0


def conversation() -> list[Cue]:
    return finished(
        [
            *live(spoken("Bonjour à toutes et à tous, bienvenue dans cet échange.")),
            *live(spoken("Quel rôle jouent les associations\u202f?", 104.0), "Ana Roy"),
            *live(spoken("Elles participent à la vie du quartier.", 107.0), "Bo Lin"),
            *live(spoken("Elles siègent <partout> & toujours.", 115.0), "Bo Lin"),
        ]
    )


def test_subrip_counts_its_cues_and_announces_who_speaks() -> None:
    assert exports.srt(conversation(), ORIGIN) == (
        "1\n00:00:10,000 --> 00:00:13,750\nBonjour à toutes et à tous,\n"
        "bienvenue dans cet échange.\n\n"
        "2\n00:00:14,000 --> 00:00:16,920\nAna Roy\u00a0:\n"
        "Quel rôle jouent les associations\u202f?\n\n"
        "3\n00:00:17,000 --> 00:00:20,125\n–\u00a0Bo Lin\u00a0: Elles participent\n"
        "à la vie du quartier.\n\n"
        "4\n00:00:25,000 --> 00:00:27,700\nElles siègent <partout> & toujours.\n"
    )


def test_webvtt_is_the_same_with_voices_and_escaped() -> None:
    blocks = exports.vtt(conversation(), ORIGIN).split("\n\n")
    assert blocks[0] == "WEBVTT"
    assert blocks[2].split("\n")[1:] == [
        "00:00:14.000 --> 00:00:16.920",
        "<v Ana Roy>Ana Roy\u00a0:",
        "Quel rôle jouent les associations\u202f?",
    ]
    assert "<v Bo Lin>Elles siègent &lt;partout&gt; &amp; toujours." in blocks[4]


def test_text_has_a_paragraph_for_each_speaker_and_pause() -> None:
    assert exports.text(conversation()) == (
        "Bonjour à toutes et à tous, bienvenue dans cet échange.\n\n"
        "Ana Roy\u00a0:\nQuel rôle jouent les associations\u202f?\n\n"
        "Bo Lin\u00a0:\nElles participent à la vie du quartier.\n\n"
        "Elles siègent <partout> & toujours.\n"
    )


def test_words_have_their_times() -> None:
    first = exports.words(conversation()[0])[0]
    assert first == {"text": "Bonjour", "start": 100.0, "end": 100.533, "probability": 0.9}


def test_line_break_in_a_name_or_a_correction_ends_no_cue() -> None:
    (cue,) = live(spoken("Bonjour"))
    odd = [replace(cue, lines=("un\n\n2\n00:00", "deux"), speaker="A\r\nB")]
    assert exports.srt(odd, ORIGIN).count("\n\n") == 0
    assert exports.vtt(odd, ORIGIN).count("\n\n") == 1
    assert exports.text(odd).count("\n") == 2


def test_nothing_said_is_nothing_written() -> None:
    assert (exports.srt([], 0.0), exports.text([])) == ("", "")
    assert exports.vtt(finished([]), 0.0) == "WEBVTT\n"
