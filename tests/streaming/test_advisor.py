"""Advice comes when it has been true for long enough, stays to be read, and does not flicker."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from streaming.advisor import MOST, REWORD, SUSTAINED, Advisor, linger
from streaming.diagnosis import TOPICS

topics = st.sampled_from(TOPICS)
steps = st.lists(
    st.tuples(
        st.floats(0.1, 3.0),  # seconds until it is asked again
        st.dictionaries(topics, st.integers(0, 9).map("{} s".format), max_size=6),
    ),
    max_size=60,
)


def topic_of(sentence: str) -> str:
    return sentence.partition(": ")[0]


def named(symptoms: dict[str, str]) -> dict[str, str]:
    return {topic: f"{topic}: {figure}" for topic, figure in symptoms.items()}


@given(steps)
@example(  # put aside by what is worse at first
    [
        (1.0, dict.fromkeys(TOPICS[:4], "0 s") | {"b-frames": "1 s"}),
        *((step, {}) for step in (1.0, 1.0, 2.0, 3.0)),
        (3.0, {"b-frames": "0 s"}),
    ]
)
def test_what_is_told_stays_and_keeps_its_words(
    history: list[tuple[float, dict[str, str]]],
) -> None:
    advisor, now = Advisor(), 1000.0
    told: dict[str, str] = {}
    words: dict[str, str] = {}
    worded: dict[str, float] = {}
    true_at: dict[str, float] = {}
    for step, symptoms in history:
        now += step
        true_at |= dict.fromkeys(symptoms, now)
        before, said = told, advisor.tell(now, named(symptoms))
        told = {topic_of(sentence): sentence for sentence in said}
        assert len(said) == len(told) <= MOST
        assert [*told] == sorted(told, key=TOPICS.index)
        for topic, sentence in told.items():
            assert now - true_at[topic] < linger(topic)
            if words.get(topic) != sentence:
                if topic in before:
                    assert now - worded[topic] >= REWORD
                words[topic], worded[topic] = sentence, now
        for topic in set(before) - set(told):  # put aside by what is worse, or over for a while
            worse = [each for each in told if TOPICS.index(each) < TOPICS.index(topic)]
            assert len(worse) == MOST or now - true_at[topic] >= linger(topic)


@given(topics, st.floats(0.2, 1.5))
def test_what_stays_true_is_told_when_it_has_been_for_long_enough(topic: str, step: float) -> None:
    advisor = Advisor()
    times = [1000.0 + index * step for index in range(round(15 / step) + 1)]
    said = [bool(advisor.tell(now, {topic: "x"})) for now in times]
    for now, told in zip(times, said, strict=True):
        assert told == (now - times[0] >= SUSTAINED.get(topic, 0.0))


@given(topics.filter(SUSTAINED.__contains__), st.floats(0.5, 1.0))
def test_what_comes_and_goes_is_not_told(topic: str, step: float) -> None:
    advisor = Advisor()
    for index in range(60):
        symptoms = {} if index % 3 == 0 else {topic: "x"}  # never true for three seconds
        assert advisor.tell(1000.0 + index * step, symptoms) == []


def test_condition_on_the_border_makes_one_steady_sentence() -> None:
    advisor = Advisor()
    advisor.tell(999.0, {"late": "0,3 s"})
    said = [
        advisor.tell(1000.0 + index, {} if index > 8 and index % 4 == 0 else {"late": f"{index}"})
        for index in range(60)
    ]
    assert all(said[3:])
    changes = sum(before != after for before, after in pairwise(said[3:]))
    assert changes <= 6
    assert advisor.tell(1059.0 + linger("late") + 1, {}) == []
