"""What the player paints, and when: the pure part of captions, run in the browser it is for."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bundle import page_with

NOW = 1_800_000_000.0
SOURCE = """
export * from "./player/captions"; export * from "./player/cues"; export * from "./player/lateness";
export * from "./player/sentences"; export * from "./parts/rhythm"; export * from "./parts/rhythms";
export * from "./correcting";
"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page that has the player's pure functions as `player`."""
    with page_with(browser, SOURCE) as page:
        yield page


def cue(start: float, end: float, *lines: str, **more: Any) -> dict[str, Any]:
    known = {"kind": "cue", "id": str(start), "revision": 0, "start": start, "end": end}
    return {**known, "lines": lines, "speaker": "", "corrected": False, **more}


def arrived(*cues: dict[str, Any], at: float = NOW) -> list[dict[str, Any]]:
    return [{"cue": each, "at": at} for each in cues]


def words(start: float, text: str) -> list[dict[str, Any]]:
    return [
        {"text": word, "start": start + 0.3 * rank, "end": start + 0.3 * rank + 0.2}
        for rank, word in enumerate(text.split())
    ]


def fastest(page: Page, *arguments: object) -> list[str]:
    shown: list[str] = page.evaluate("given => player.fastest(...given)", list(arguments))
    return shown


def in_step(page: Page, *arguments: object) -> list[str]:
    shown: list[str] = page.evaluate("given => player.inStep(...given)", list(arguments))
    return shown


def test_words_never_show_before_their_picture(page: Page) -> None:
    cues = arrived(cue(NOW, NOW + 2, "Bonjour à tous"))
    assert fastest(page, cues, words(NOW + 2, "et bienvenue"), NOW - 3, NOW) == []
    assert in_step(page, cues, NOW - 0.5) == []


def test_words_that_come_late_stay_long_enough_to_be_read(page: Page) -> None:
    cues = arrived(cue(NOW - 4, NOW - 2, "Bonjour à tous"))
    assert fastest(page, cues, [], NOW, NOW + 3) == ["Bonjour à tous"]
    assert fastest(page, cues, [], NOW + 4, NOW + 4.5) == []


def test_unsettled_words_follow_the_settled_ones_and_are_never_said_twice(page: Page) -> None:
    cues = arrived(cue(NOW - 2, NOW - 0.5, "Le bail glissant"))
    guess = words(NOW - 2, "Le bail glissant") + words(NOW - 0.4, "permet à")
    assert fastest(page, cues, guess, NOW, NOW) == ["Le bail glissant permet à"]


def test_mark_that_is_not_settled_yet_stands_at_the_word_before_it(page: Page) -> None:
    cues = arrived(cue(NOW - 2, NOW - 0.5, "Le bail glissant"))
    said = fastest(page, cues, words(NOW - 0.4, ", dit -il – ici …"), NOW + 2, NOW)
    assert said == ["Le bail glissant, dit-il – ici…"]
    ended = fastest(page, cues, words(NOW - 0.4, ". Ici"), NOW, NOW)
    assert ended == ["Le bail glissant.", "Ici"]


@pytest.mark.parametrize("old", [False, True])
def test_word_that_settles_keeps_its_place(page: Page, old: bool) -> None:
    """Whatever lines the cue was laid out in, and when a cue ends in the midst of a line."""
    said = "Quand quelqu’un vient frapper à la porte du bailleur social pour se loger"
    spoken = words(NOW, said)
    places: dict[str, tuple[int, int]] = {}
    for settled in range(len(spoken) + 1):
        first, second = spoken[: min(settled, 9)], spoken[9:settled]
        cues = []
        for part in (first, second):
            text = [word["text"] for word in part]
            if text:  # the server breaks lines at sense, and breaks them anew as the cue grows
                half = len(text) // 2
                lines = [" ".join(text[:half]), " ".join(text[half:])] if half else [text[0]]
                cues.append(cue(part[0]["start"], part[-1]["end"], *lines))
        shown = spoken[-1]["end"]
        told = arrived(*cues, at=NOW if old else NOW + 5)
        lines = fastest(page, told, spoken[settled:], shown, NOW + 5, 30)
        found = {
            word: (row - len(lines), column)
            for row, line in enumerate(lines)
            for column, word in enumerate(line.split())
        }
        places = places or found
        assert found.items() <= places.items(), settled
        assert found


def test_sentence_and_pause_begin_a_line(page: Page) -> None:
    cues = arrived(
        cue(NOW - 4, NOW - 2.2, "Ce n’est pas un bail."),
        cue(NOW - 2.1, NOW - 1, "C’est M. Martin"),
        at=NOW,
    )
    guess = words(NOW - 0.9, "ici présent")
    assert fastest(page, cues, guess, NOW, NOW) == [
        "Ce n’est pas un bail.",
        "C’est M. Martin ici présent",
    ]
    late = words(NOW + 0.1, "Bonjour")
    assert fastest(page, cues, late, NOW, NOW)[1:] == ["C’est M. Martin", "Bonjour"]


def test_speaker_is_named_at_each_change(page: Page) -> None:
    cues = arrived(
        cue(NOW - 4, NOW - 3, "Bonjour", speaker="Claire"),
        cue(NOW - 3, NOW - 2, "à tous", speaker="Claire"),
        cue(NOW - 2, NOW - 1, "merci", speaker="Karim"),
        cue(NOW - 1, NOW, "de rien"),
    )
    claire, karim = "Claire\u00a0: Bonjour à tous", "–\u00a0Karim\u00a0: merci de rien"
    assert fastest(page, cues, [], NOW, NOW) == [claire, karim]
    assert fastest(page, cues[:2], [], NOW, NOW) == [claire]
    shown = [in_step(page, cues, NOW + moment) for moment in (-3.5, -2.5, -1.5, -0.5)]
    merci = "–\u00a0Karim\u00a0: merci"
    assert shown == [["Claire\u00a0: Bonjour"], ["à tous"], [merci], ["de rien"]]
    spoken = page.evaluate("cues => player.sentences(cues)", [each["cue"] for each in cues])
    assert [each["speaker"] for each in spoken] == ["Claire", "Karim"]


def test_at_most_three_lines_show(page: Page) -> None:
    cues = arrived(
        cue(NOW - 6, NOW - 4, "Voilà pour le premier."),
        cue(NOW - 4, NOW - 2, "Voici pour le deuxième."),
        cue(NOW - 2, NOW - 0.5, "Et pour le troisième."),
    )
    shown = fastest(page, cues, words(NOW - 0.4, "cinq"), NOW, NOW)
    assert shown == ["Voici pour le deuxième.", "Et pour le troisième.", "cinq"]


def test_large_letters_are_wrapped_again(page: Page) -> None:
    cues = arrived(cue(NOW - 2, NOW, "Quand quelqu’un vient frapper", "à la porte"))
    wrapped = ["Quand quelqu’un", "vient frapper à la", "porte"]
    assert fastest(page, cues, [], NOW, NOW, 20) == wrapped
    assert in_step(page, cues, NOW - 1, 20) == wrapped


def test_correction_takes_the_place_of_the_words_and_stays_no_longer(page: Page) -> None:
    first = cue(NOW - 6, NOW - 4, "les biaires sociaux")
    corrected = first | {"revision": 1, "lines": ["les bailleurs sociaux"], "corrected": True}
    grown = first | {"revision": 1, "lines": ["les biaires sociaux et"]}
    for newer, at in ((corrected, NOW - 3), (grown, NOW + 9)):
        told = page.evaluate(
            """([first, newer, now]) => {
              const cues = new player.Cues();
              cues.hear([first], now - 3);
              cues.hear([newer], now + 9);
              cues.hear([first], now + 10);  // late, and of an old revision
              return cues.all;
            }""",
            [first, newer, NOW],
        )
        assert told == [{"cue": newer, "at": at}]


def test_cue_that_is_hidden_leaves_also_while_the_page_does_not_hear(page: Page) -> None:
    old, hidden, kept = (cue(NOW + n, NOW + n + 1, str(n)) for n in range(3))
    view = {"topic": "captions:plateau", "version": "1", "items": [], "removed": [], "reset": False}
    left = page.evaluate(
        """([cues, view, ids]) => {
          const known = () => {
            const known = new player.Cues();
            known.hear(cues, 0);
            return known;
          };
          const [told, silent] = [known(), known()];
          told.follow({ ...view, removed: ids }, 0);
          silent.follow({ ...view, reset: true, items: cues.slice(2) }, 0);
          return [told, silent].map((each) => each.all.map(({ cue }) => cue.id));
        }""",
        [[old, hidden, kept], view, [f"cue:{hidden['id']}"]],
    )
    # What a newcomer gets goes back ten minutes: what is older than that stays.
    assert left == [[old["id"], kept["id"]], [old["id"], hidden["id"], kept["id"]]]
    left = page.evaluate(
        """([cues, view]) => {
          const known = new player.Cues();
          known.hear(cues, 0);
          known.follow({ ...view, reset: true, items: [cues[0], cues[2]] }, 0);
          return known.all.map(({ cue }) => cue.id);
        }""",
        [[old, hidden, kept], view],
    )
    assert left == [old["id"], kept["id"]]


def test_in_step_shows_a_cue_while_it_is_heard(page: Page) -> None:
    cues = arrived(cue(NOW, NOW + 2, "Un"), cue(NOW + 2, NOW + 4, "Deux"))
    shown = [in_step(page, cues, NOW + moment) for moment in (0.1, 1.9, 2.1, 5.0)]
    assert shown == [["Un"], ["Un"], ["Deux"], []]


def test_sentences_are_joined_across_cues_and_parted_within_one(page: Page) -> None:
    cues = [
        cue(NOW, NOW + 2, "Le bail glissant permet", "à une association"),
        cue(NOW + 2, NOW + 4, "d’accompagner la famille. Est-ce que", "cela marche partout ?"),
        cue(NOW + 9, NOW + 10, "non."),
    ]
    found = page.evaluate("cues => player.sentences(cues)", cues)
    assert [each["text"] for each in found] == [
        "Le bail glissant permet à une association d’accompagner la famille.",
        "Est-ce que cela marche partout ?",
        "non.",
    ]
    assert found[0]["cues"] == [str(NOW), str(NOW + 2)]
    assert len({each["id"] for each in found}) == 3


def rhythms(page: Page, *arguments: object) -> list[str]:
    found = page.evaluate("given => player.rhythms(...given)", list(arguments))
    return [each["detail"] for each in found]


def test_labels_say_what_was_measured(page: Page) -> None:
    fast, together = rhythms(page, False, False, 1.84, 0.4)
    assert fast == "l’image d’abord, les mots 1,8\u00a0s après"
    assert together == "l’image attend quelques secondes, les mots viennent avec la voix"
    fast, together = rhythms(page, True, True, -3.0, 9.2)
    assert fast == "l’image d’abord, les mots quelques secondes après"
    assert together == "l’image attend 9\u00a0s, les mots viennent avec la voix"
    assert "encore 1,5\u00a0s après la voix" in rhythms(page, True, True, 1.5, 9.2)[1]
    # It was chosen, and the picture that waits for its words is not there.
    assert rhythms(page, True, False, 1.5, 0.4)[1].startswith("pas encore")


def test_captions_say_who_wrote_them(page: Page) -> None:
    heard = arrived(cue(NOW, NOW + 1, "Un"))
    corrected = arrived(cue(NOW, NOW + 1, "Un", corrected=True))
    said = [
        page.evaluate("given => player.written(...given)", given)
        for given in ([heard, "machine"], [corrected, "machine"], [corrected, "person"])
    ]
    assert "non relus" in said[0]
    assert "corrigés en direct" in said[1]
    assert "par une personne" in said[2]


def test_words_that_come_too_late_for_their_picture_are_painted_all_the_same(page: Page) -> None:
    ways = [["delayed", None], ["sync", -3.0], ["sync", 0.9], ["delayed", 3.6], ["rewind", 40]]
    together = page.evaluate("ways => ways.map((way) => player.paintsInStep(...way))", ways)
    assert together == [True, True, True, False, True]
    assert not page.evaluate("player.paintsInStep('webrtc', null)")


def test_lateness_is_what_is_usual_of_new_words(page: Page) -> None:
    usual = page.evaluate(
        """(heard) => {
          const lateness = new player.Lateness();
          return heard.map(([due, shown]) => (lateness.hear(due, shown), lateness.usual));
        }""",
        [[NOW, NOW + 2], [NOW + 1, NOW + 3], [NOW + 1, NOW + 40], [NOW + 2, NOW + 900]]
        + [[NOW + 3 + n, NOW + 5 + n + 0.1 * n] for n in range(4)],
    )
    assert usual[:6] == [None] * 6  # a revision and what was there before are no measure
    assert usual[-1] == pytest.approx(2.1)
