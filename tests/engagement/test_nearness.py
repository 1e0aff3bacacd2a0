"""Questions that ask the same are found again; whatever is typed, nothing breaks."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.duplicates import measured, without
from engagement.nearness import KEPT, Nearness
from engagement.questions.quoting import requoted
from tv.sentences import Sentences


def found(talk: Nearness, text: str) -> list[str]:
    return [id for id, _ in talk.near(text)]


def test_slips_accents_and_endings_hide_nothing() -> None:
    talk = Nearness()
    talk.put("a", "L'ascenseur est toujours en panne, quand sera-t-il réparé ?")
    talk.put("b", "Peut-on planter des fleurs au pied des immeubles ?")
    assert found(talk, "lascenseur est en pane quand allez vous le reparer")[:1] == ["a"]
    assert found(talk, "Planter une fleur en bas de l'immeuble, c'est possible ?")[:1] == ["b"]


def test_another_word_for_the_same_is_found() -> None:
    talk = Nearness()
    talk.put("a", "Pourquoi y a-t-il une hausse des loyers ?")
    talk.put("b", "Les concierges reviendront-ils ?")
    assert found(talk, "Pour quelle raison le loyer augmente ?")[:1] == ["a"]
    assert found(talk, "Aurons-nous de nouveau des gardiens ?")[:1] == ["b"]


def test_question_that_was_reworded_is_found_by_its_new_words() -> None:
    talk = Nearness()
    talk.put("a", "Pourquoi les loyers augmentent-ils ?")
    talk.put("a", "Qui nettoie les vitres ?")
    assert found(talk, "Pourquoi les loyers augmentent ?") == []
    assert found(talk, "Qui nettoie les vitres ?") == ["a"]


def test_same_texts_in_another_order_of_comparing_say_the_same() -> None:
    texts = ["Où sont les vélos ?", "Où garer un vélo ?", "Une place de vélo ?"]
    one, other = Nearness(), Nearness()
    for number, text in enumerate(texts):
        one.put(str(number), text)
        one.near(text)
    for number, text in enumerate(texts):
        other.put(str(number), text)
    assert one.near("Où mettre les vélos ?") == other.near("Où mettre les vélos ?")


def test_only_the_newest_are_kept() -> None:
    talk = Nearness()
    for number in range(KEPT + 50):
        talk.put(str(number), f"mot{number} loyer")
    assert len(talk._texts) == KEPT
    assert "0" not in talk._having["loy"]


# What benchmarks/duplicates.py measures, held from below: the half that nothing was tuned by.
async def test_recall_on_pairs_that_nothing_was_tuned_by() -> None:
    row = await measured("test", without())
    assert row["of the same words"] >= 0.97
    assert row["recall@3"] >= 0.66


@pytest.mark.skipif(not Sentences().there, reason="the extra `near` is not installed")
async def test_recall_with_the_sentence_model() -> None:
    row = await measured("test", Sentences())
    assert row["recall@3"] >= 0.77


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.lists(st.text(max_size=60), max_size=6), st.text(max_size=60))
def test_any_text_can_be_compared(texts: list[str], text: str) -> None:
    talk = Nearness()
    for number, each in enumerate(texts):
        talk.put(str(number % 4), each)
    for _, nearness in talk.near(text):
        assert 0.0 <= nearness <= 1.0 + 1e-9


def test_quote_is_found_again_in_a_corrected_text() -> None:
    text = "Bonjour. Les loyers ont augmenté de deux pour cent. Merci."
    assert requoted("les oyers ont augmenté", text) == "Les loyers ont augmenté"
    assert requoted("les loyers on augmentés de 2 pour cent", text) == (
        "Les loyers ont augmenté de deux pour cent."
    )
    assert requoted("les loyers augmenté", text) == "Les loyers ont augmenté"
    assert requoted("rien à voir du tout", text) is None
    assert requoted("", text) is None


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=12), st.data())
def test_part_of_a_text_is_found_as_it_is(words: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    part = " ".join(words[first:last])
    assert requoted(part, " ".join(words)) == part
