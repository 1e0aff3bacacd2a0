"""Terms that were nearly written are put right; nothing else becomes a term.

Words and probabilities are the base model's own, from a talk on social housing.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captions.cues import Word
from captions.hearing import sound
from captions.wording import glossary
from captions.wording.glossary import Repair
from captions.wording.phonetics import sounds
from captions.wording.rewriting import Rewriting, pieces
from captions.written.layout import joined
from tests.captions import speech

CLIP = Path(__file__).parents[1] / "bailleurs_fr.flac"  # 5 s; see bailleurs_fr.LICENSE
TERMS = (
    "bailleurs sociaux",
    "gardien d’immeuble",
    "impayés de loyer",
    "plan d’apurement",
    "caisse d’allocations familiales",
    "associations de locataires",
    "locataires",
    "conseil de concertation locative",
    "fonds de solidarité pour le logement",
    "Digium",
    "Agnès Kaczmarek",
)
SPOKEN = """
Bonjour à toutes et à tous et bienvenue sur le plateau de notre télévision. Le gardien surveille
l’état des parties communes, il signale les pannes d’ascenseur, et il écoute les habitants. La
réclamation est enregistrée, puis suivie jusqu’à la fin des travaux. Un quartier vivant, c’est là
où l’on se parle. Vous avez été retiré de cette conférence, composez votre mot de passe.
"""
WORDS = SPOKEN.split()


def said(text: str, start: float = 0.0) -> tuple[Word, ...]:
    """Words of half a second, sure but for those with their probability: « biaires[.52] »."""
    words = []
    for index, token in enumerate(text.split(" ")):
        match = re.fullmatch(r"(.*?)\[(.*)\](.*)", token)
        word, probability = (match[1] + match[3], float(match[2])) if match else (token, 0.95)
        words.append(Word(word, start + index / 2, start + index / 2 + 0.5, probability))
    return tuple(words)


def repaired(text: str, *terms: str) -> str:
    return joined(Repair(terms or TERMS).rewrite(said(text)))


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("par des biaires[.52] sociaux.", "par des bailleurs sociaux."),
        ("le gardien d’immobles[.68] est", "le gardien d’immeuble est"),
        ("pour les empayés[.51] de loyer", "pour les impayés de loyer"),
        ("pour les empeillers[.57] de loyer.", "pour les impayés de loyer."),
        ("un plan d’appuyement.[.76]", "un plan d’apurement."),
        (
            "la caisse[.54] de[.60] la[.58] location familiale, et",
            "la caisse d’allocations familiales, et",
        ),
        ("jouent les Association[.59] de Locate.[.53]", "jouent les associations de locataires."),
        ("conseille[.79] de concertation locative", "conseil de concertation locative"),
        ("le serveur de Dijum[.40] est", "le serveur de Digium est"),
        ("avec Agnès Kachmarek[.55] ici", "avec Agnès Kaczmarek ici"),
    ],
)
def test_a_near_miss_is_written_as_the_glossary_has_it(heard: str, written: str) -> None:
    assert repaired(heard).casefold() == written.casefold()


def test_what_the_model_is_sure_of_stays() -> None:
    assert repaired("par des biaires[.95] sociaux") == "par des biaires sociaux"


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("la caisse d’allocation familiale", "la caisse d’allocations familiales"),
        ("le conseil de Concertation Locative", "le conseil de concertation locative"),
        ("les associations de locataire.", "les associations de locataires."),
    ],
)
def test_endings_and_capitals_that_nobody_hears_are_those_of_the_term(
    heard: str, written: str
) -> None:
    assert repaired(heard) == written


@pytest.mark.parametrize(
    "text", ["un locataire[.5] parle", "un bailleur[.5] social[.5]", "les impayé[.5] de loyers[.5]"]
)
def test_another_number_stays(text: str) -> None:
    assert repaired(text) == re.sub(r"\[.*?\]", "", text)


def test_a_number_that_one_hears_stays_where_another_word_is_put_right() -> None:
    heard = "un logeument[.5] social[.6]"
    assert repaired(heard, "logement social") == "un logement social"
    assert repaired(heard, "logements sociaux") == "un logeument social"


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("la demande de l’ogement[.5] social", "la demande de logement social"),
        ("la demande d’ogement[.5] social", "la demande d’ogement social"),
        ("parler n’impéillés[.5] de loyer", "parler n’impayés de loyer"),
    ],
)
def test_before_a_consonant_no_article_loses_its_vowel(heard: str, written: str) -> None:
    assert repaired(heard, "logement social", "impayés de loyer") == written


def test_a_word_that_was_heard_in_a_term_s_place_stays() -> None:
    assert repaired("des empayés[.51] de laver", "impayés de lever") == "des empayés de laver"
    assert repaired("des empayés[.51] de laver[.51]", "impayés de lever") == "des impayés de lever"


def test_a_doubtful_small_word_makes_no_other_word_doubtful() -> None:
    assert repaired("en[.4] merle blanc", "Hamerle blanc") == "en merle blanc"


def test_a_term_of_which_no_word_was_heard_must_be_nearer() -> None:
    heard = "des biaires[.5] nordmans[.5]"
    assert repaired(heard, "bailleurs normands") == "des biaires nordmans"
    assert repaired("des biaires[.5] normands", "bailleurs normands") == "des bailleurs normands"


def test_a_common_word_does_not_become_a_name() -> None:
    assert repaired("ouverture de session[.49]", "Cession") == "ouverture de session"
    assert repaired("on va ailleurs[.4]", "bailleurs", "Bailleurs") == "on va ailleurs"
    assert repaired("c’est. Sessions[.49]", "Cession") == "c’est. Sessions"


def test_small_words_around_a_term_stay() -> None:
    assert repaired("et par des biaires[.52] sociaux et") == "et par des bailleurs sociaux et"


def test_a_comma_within_keeps_words_apart() -> None:
    assert repaired("des biaires[.52], sociaux") == "des biaires, sociaux"


def test_of_two_terms_the_nearer_one_is_written() -> None:
    terms = ("plan d’amortissement", "plan d’apurement")
    assert repaired("un plan d’appuyement[.5]", *terms) == "un plan d’apurement"


def test_a_repaired_text_stays() -> None:
    once = Repair(TERMS).rewrite(said("par des biaires[.52] sociaux et des empayés[.5] de loyer"))
    assert Repair(TERMS).rewrite(once) == once


def test_a_term_half_settled_waits_for_the_rest() -> None:
    rewriting = Rewriting(Repair(TERMS))
    settled, partial = rewriting.take(said("par des biaires[.52]"), said("sociaux"))
    assert (joined(settled), joined(partial)) == ("par des", "bailleurs sociaux")
    settled, partial = rewriting.take(said("sociaux et", 1.5))
    assert (joined(settled), joined(partial)) == ("bailleurs sociaux et", "")


def test_a_term_that_is_whole_is_not_cut_by_one_that_may_begin_in_it() -> None:
    rewriting = Rewriting(Repair(["impayés de loyer", "loyer modéré"]))
    assert rewriting.take(said("empayés[.5] de loyer"))[0] == ()
    assert joined(rewriting.take(said("et puis"))[0]) == "impayés de loyer et puis"


def test_the_beginning_of_a_term_waits_until_something_else_follows() -> None:
    rewriting = Rewriting(Repair(TERMS))
    assert joined(rewriting.take(said("le gardien"))[0]) == "le"
    assert joined(rewriting.take((), said("parle"))[0]) == "gardien"
    assert joined(rewriting.take(said("le gardien"))[0]) == "le"
    assert joined(rewriting.take((), ended=True)[0]) == "gardien"


@pytest.mark.slow
def test_what_the_model_hears_becomes_the_term_that_was_said_and_no_other() -> None:
    whisper = speech.whisper()
    encoded = whisper.encode(np.concatenate([piece.samples for piece in sound.read(CLIP)]))
    decoded = whisper.decode(encoded, previous=[], beginning=[], beam=5)
    words = [
        Word(p.text, p.start, p.end, p.probability)
        for p in whisper.align(encoded, decoded.tokens)[0]
    ]
    assert "bailleurs" not in joined(words)  # else this clip proves nothing any more
    assert joined(Repair(TERMS).rewrite(words)).endswith("par des bailleurs sociaux.")
    unspoken = [
        "bailleurs privés",
        "Bayeux",
        "logements spéciaux",
        "travailleurs sociaux",
        "Francis",
    ]
    assert Repair(unspoken).rewrite(words) == tuple(words)


TERM = st.lists(
    st.text(alphabet="abcdefgilmnoprstuvéA", min_size=1, max_size=9), min_size=1, max_size=4
).map(" ".join)


@settings(max_examples=40)  # each with a glossary of its own
@given(st.lists(TERM, max_size=20), st.integers(0, len(WORDS) - 12))
def test_a_text_that_was_heard_well_only_changes_to_what_sounds_the_same(
    terms: list[str], first: int
) -> None:
    heard = said(" ".join(WORDS[first : first + 12]))
    written = Repair(terms).rewrite(heard)
    assert _sound(written) == _sound(heard)


@settings(max_examples=40)  # each with a glossary of its own
@given(st.lists(TERM, max_size=20), st.lists(st.floats(0.0, 1.0), min_size=12, max_size=12))
def test_words_stay_in_the_time_in_which_they_were_said(
    terms: list[str], probabilities: list[float]
) -> None:
    heard = said(" ".join(f"{w}[{p}]" for w, p in zip(WORDS, probabilities, strict=False)))
    written = Repair(terms).rewrite(heard)
    times = [time for word in written for time in (word.start, word.end)]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (heard[0].start, heard[-1].end)


def test_a_talk_brings_its_title_and_speakers() -> None:
    terms = glossary.of_talk("Loger demain", ["Agnès  Kaczmarek"], ["HLM"], ["USH", "HLM"])
    assert terms == ("HLM", "USH", "Agnès Kaczmarek", "Loger demain")


def test_a_glossary_is_bounded_and_tidy() -> None:
    terms = glossary.cleaned(["", " a  b ", "a b", "c" * 81, *map(str, range(999))])
    assert terms[0] == "a b"
    assert len(terms) == glossary.TERMS


def test_the_model_is_shown_names_first() -> None:
    assert glossary.prompt(["loyer", "CAF"]) == "CAF, loyer."
    assert glossary.prompt([]) == ""


def _sound(words: tuple[Word, ...]) -> str:
    return "".join(sounds(piece) for word in words for piece in pieces(word.text))
