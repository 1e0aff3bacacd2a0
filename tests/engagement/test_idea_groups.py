"""Groups of cards: what a host puts together, and what is proposed to them."""

import msgspec
import pytest

from engagement.fold import Reason
from engagement.ideas.alike import PROPOSED, Proposal, proposed
from engagement.ideas.events import ClusterNamed, ClusterRemoved, IdeasGrouped, IdeasUngrouped
from engagement.ideas.fold import GROUPS
from engagement.ideas.idea import Idea
from tests.engagement.laboratory import T3, T7, Labs, accepted
from tests.engagement.room import reason


@pytest.fixture
def labs() -> Labs:
    return Labs()


def test_host_puts_cards_together_under_a_name(labs: Labs) -> None:
    for name in "ijk":
        labs.make(name)
    assert accepted(labs.group("g", "i", "j"))
    assert [labs[name].clusters for name in "ijk"] == [("g",), ("g",), ()]
    labs.do(ClusterNamed, cluster="g", name="Charges")
    labs.do(IdeasGrouped, cluster="g", ideas=("k", "k"))
    labs.do(IdeasUngrouped, cluster="g", ideas=("i", "nowhere"))
    assert [idea.id for idea in labs.ideas.in_cluster("g")] == ["j", "k"]
    assert labs.ideas.clusters["g"].name == "Charges"
    labs.group("h", "j")
    assert labs["j"].clusters == ("h",)
    labs.do(ClusterRemoved, cluster="h")
    assert not labs.ideas.in_cluster("h")
    assert labs.ideas.group("h") is None
    assert labs.ideas.pile("c", T3).groups == 1
    assert reason(labs.do(ClusterNamed, cluster="h", name="Tard")) == Reason.UNKNOWN_CLUSTER


def test_carried_card_is_in_a_group_of_each_table(labs: Labs) -> None:
    labs.make("i")
    labs.carry("i", T7)
    labs.group("three", "i", table=T3)
    labs.group("seven", "i", table=T7)
    assert set(labs["i"].clusters) == {"three", "seven"}
    labs.do(ClusterRemoved, cluster="three")
    assert labs["i"].clusters == ("seven",)


def test_group_has_cards_of_its_table_alone(labs: Labs) -> None:
    labs.make("i")
    assert reason(labs.group("g", "i", table=T7)) == Reason.UNKNOWN_IDEA
    assert reason(labs.group("g", "none")) == Reason.UNKNOWN_IDEA
    assert "g" not in labs.ideas.clusters


def test_two_hosts_do_not_name_a_group_over_each_other(labs: Labs) -> None:
    labs.group("g")
    seen = labs.ideas.clusters["g"].version
    assert accepted(labs.do(ClusterNamed, cluster="g", name="Un", expects=(seen,)))
    late = labs.do(ClusterNamed, cluster="g", name="Deux", expects=(seen,))
    assert reason(late) == Reason.CHANGED
    assert labs.ideas.clusters["g"].name == "Un"


def test_table_has_so_many_groups(labs: Labs) -> None:
    for number in range(GROUPS):
        assert accepted(labs.group(f"g{number}"))
        labs.do(ClusterRemoved, cluster=f"g{number}")
    assert reason(labs.group("more")) == Reason.TOO_MANY_GROUPS


def card(id: str, text: str, *clusters: str) -> Idea:
    return Idea(id=id, cafe="c", text=text, by="p", made_at=0.0, table=T3, clusters=clusters)


def test_cards_that_say_nearly_the_same_are_proposed_together() -> None:
    cards = [
        card("a", "Un local à vélos fermé dans chaque immeuble"),
        card("b", "Baisser les charges de chauffage"),
        card("c", "Il faut un local fermé pour les vélos"),
        card("d", "Une fête des voisins chaque trimestre"),
        card("e", "Réduire la facture de chauffage"),
        card("f", "Un garage à vélo dans l’immeuble"),
    ]
    found = [set(each.ideas) for each in proposed(cards, {})]
    assert {"a", "c", "f"} in found
    assert {"b", "e"} in found
    assert not any("d" in ideas for ideas in found)


def test_loose_card_is_proposed_to_the_group_it_is_nearest_to() -> None:
    cards = [
        card("a", "Un local à vélos fermé dans chaque immeuble", "g"),
        card("b", "Il faut un local fermé pour les vélos"),
        card("c", "Une fête des voisins chaque trimestre", "h"),
    ]
    assert proposed(cards, {"g": "Vélos", "h": "Vivre ensemble"}) == [
        Proposal(("b",), "Vélos", "g")
    ]
    assert proposed(cards, {"h": "Vivre ensemble"})[0].cluster == ""  # of another table's group


def test_hidden_and_empty_cards_are_not_proposed() -> None:
    cards = [card("a", "Des vélos"), card("b", "Des vélos"), card("c", ""), card("d", "")]
    cards[0] = msgspec.structs.replace(cards[0], state="hidden")
    assert proposed(cards, {}) == []
    many = [card(f"x{n}", f"sujet{n // 2} précis{n // 2}") for n in range(4 * PROPOSED)]
    assert len(proposed(many, {})) <= PROPOSED
