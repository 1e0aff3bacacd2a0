"""Laboratories side by side: what each made, and nothing that says who did it."""

from collections.abc import Mapping, Sequence

from engagement.cafe.comparison import Comparison, Figures, compare
from engagement.cafe.session import Cafe, Plan, table_id
from engagement.ideas.idea import Idea, IdeaState
from engagement.syntheses.synthesis import Synthesis, SynthesisState, Text

PLAN = Plan(title="Le parcours", prompts=("Quoi ?",), tables=(("nord", 2), ("sud", 3)))
CAFE = Cafe(id="c", plan=PLAN, first=PLAN, state="open")


def idea(name: str, lab: str, by: str, dots: int = 0, state: IdeaState = "shown") -> Idea:
    return Idea(
        id=name,
        cafe="c",
        text=name,
        by=by,
        made_at=float(len(name)),
        lab=lab,
        table=table_id(lab, 1) if lab else "",
        round=1,
        dots=dots,
        state=state,
    )


def synthesis(name: str, lab: str, state: SynthesisState = "shared", cafe: str = "c") -> Synthesis:
    return Synthesis(
        id=name,
        cafe=cafe,
        lab=lab,
        table=table_id(lab, 1),
        text=Text(title=name),
        first=Text(title=name),
        by="host",
        written_at=1.0,
        state=state,
    )


def people(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def compared(
    seated: Mapping[str, Sequence[str]],
    ideas: Sequence[Idea] = (),
    given: Mapping[str, Mapping[str, int]] | None = None,
    syntheses: Sequence[Synthesis] = (),
    cafe: Cafe = CAFE,
) -> Comparison:
    return compare(cafe, seated, ideas, given or {}, syntheses)


def of(comparison: Comparison, lab: str) -> Figures:
    return next(each for each in comparison.labs if each.lab == lab)


def test_each_laboratory_has_what_was_made_there() -> None:
    seated = {"nord": people("n", 6), "sud": people("s", 7)}
    ideas = [
        idea("a", "nord", "n0", dots=3),
        idea("b", "nord", "n1", dots=4),
        idea("c", "sud", "s0"),
        idea("noted", "sud", "s1", state="noted"),
        idea("hidden", "sud", "s1", state="hidden"),
    ]
    given = {f"n{each}": {"a": 1, "b": 1} for each in range(6)}
    found = compared(
        seated, ideas, given, [synthesis("x", "nord"), synthesis("y", "nord", "draft")]
    )
    nord, sud = found.labs
    assert (nord.lab, nord.tables, nord.people, nord.ideas, nord.dots) == ("nord", 2, 6, 2, 7)
    assert (nord.syntheses, nord.shared) == (2, 1)
    assert [each.id for each in nord.top or ()] == ["b", "a"]
    assert (sud.people, sud.ideas, sud.dots, sud.top) == (7, 1, 0, ())
    assert (found.total.people, found.total.ideas, found.total.tables) == (13, 3, 5)


def test_few_people_are_not_counted_apart() -> None:
    seated = {"nord": people("n", 4), "sud": people("s", 9)}
    found = compared(seated, [idea("a", "nord", "n0"), idea("b", "sud", "s0")])
    assert [each.people for each in found.labs] == [None, None]  # 13 less 9 would be four
    assert [each.ideas for each in found.labs] == [1, 1]
    assert found.total.people == 13


def test_few_who_gave_dots_are_not_told_apart_though_many_sat_there() -> None:
    seated = {"nord": people("n", 8), "sud": people("s", 8)}
    ideas = [idea("a", "nord", "n0", dots=2), idea("b", "sud", "s0", dots=12)]
    given = {"n1": {"a": 2}} | {f"s{each}": {"b": 2} for each in range(6)}
    found = compared(seated, ideas, given)
    assert (of(found, "nord").people, of(found, "nord").dots, of(found, "nord").top) == (
        8, None, None,
    )  # fmt: skip
    assert of(found, "sud").dots is None  # the other one would be the difference
    assert found.total.dots == 14


def test_who_sat_in_two_laboratories_is_one_person_of_all() -> None:
    both = people("p", 5)
    found = compared({"nord": both, "sud": both})
    assert [each.people for each in found.labs] == [5, 5]
    assert found.total.people == 5


def test_whoever_had_an_idea_took_part() -> None:
    ideas = [idea(f"i{each}", "nord", f"n{each}") for each in range(5)]
    assert of(compared({}, ideas), "nord").people == 5


def test_hidden_syntheses_and_those_of_others_do_not_count() -> None:
    made = [synthesis("x", "nord", "hidden"), synthesis("y", "nord", cafe="before")]
    assert compared({}, syntheses=made).total.syntheses == 0


def test_a_call_has_its_ideas_in_the_total() -> None:
    asked = Plan(title="Appel", prompts=("Quoi ?",), kind="call")
    call = Cafe(id="c", plan=asked, first=asked, state="open")
    ideas = [idea(f"i{each}", "", f"p{each}", dots=1) for each in range(6)]
    given = {f"p{each}": {f"i{each}": 1} for each in range(6)}
    found = compared({}, ideas, given, cafe=call)
    assert found.labs == ()
    assert (found.total.people, found.total.ideas, found.total.dots) == (6, 6, 6)
    assert [each.id for each in found.total.top or ()] == ["i0", "i1", "i2", "i3", "i4"]
