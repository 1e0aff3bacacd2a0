"""Views: whoever applies them has what a newcomer gets, and nobody gets what is not for them."""

from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from captions.cues import Cue
from captions.wording.events import CaptionsTaken, CueEdited, CueWritten, RuleAdded
from engagement.polls import (
    BallotCast,
    Option,
    PollClosed,
    PollCreated,
    PollOpened,
    PollPublished,
    PollReopened,
)
from engagement.questions import (
    QuestionAnswered,
    QuestionApproved,
    QuestionAsked,
    QuestionMerged,
    QuestionRejected,
    QuestionRestored,
    QuestionTaken,
    QuestionWithdrawn,
    SupportGiven,
)
from engagement.talks import TalkEnded, TalkStarted
from tv.airing import Airing
from tv.captioning.access import CaptionAccess
from tv.duplicates import Duplicates
from tv.follower import Follower
from tv.journal import Journal
from tv.settings import load
from tv.upstream import Upstream
from tv.views import Views, view_of

OPTIONS = (Option("o1", "Oui"), Option("o2", "Non"))
QUESTIONS = st.sampled_from(["a", "b", "c"])
PEOPLE = st.sampled_from(["1", "2"])


def acts() -> st.SearchStrategy[Any]:
    def act(type: Any, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.tuples(st.just(type), st.fixed_dictionaries(fields))

    asked = st.fixed_dictionaries({"question": QUESTIONS, "by": PEOPLE}).map(
        lambda drawn: (QuestionAsked, {**drawn, "talk": "direct", "body": drawn["question"]})
    )
    made = {"poll": "p", "talk": "direct", "kind": "single", "prompt": "?", "options": OPTIONS}
    return st.one_of(
        asked,
        *(
            act(type, question=QUESTIONS, by=PEOPLE)
            for type in (
                QuestionApproved,
                QuestionRejected,
                QuestionRestored,
                QuestionTaken,
                QuestionAnswered,
                QuestionWithdrawn,
                SupportGiven,
            )
        ),
        act(QuestionMerged, question=QUESTIONS, into=QUESTIONS),
        st.just((PollCreated, made)),
        *(
            st.just((type, {"poll": "p"}))
            for type in (PollOpened, PollClosed, PollPublished, PollReopened)
        ),
        act(
            BallotCast,
            poll=st.just("p"),
            round=st.integers(1, 3),
            choices=st.sampled_from([("o1",), ("o2",)]),
            by=PEOPLE,
        ),
        st.just((TalkStarted, {"talk": "direct"})),
        st.just((TalkEnded, {"talk": "direct"})),
    )


class Page:
    """What the browser does with views."""

    def __init__(self, views: Views, topic: str, crew: bool, participant: str = "") -> None:
        view = view_of(topic, participant)
        assert view is not None
        self._views, self._topic, self._view, self._crew = views, topic, view, crew
        self.version = ""
        self.items: dict[str, Any] = {}

    def update(self) -> None:
        message = self._views.message(self._view, self._crew, self.version)
        self.version = message.version
        if not message.text:
            return
        view = msgspec.json.decode(message.text)
        if view["reset"]:
            self.items.clear()
        self.items |= {f"{item['kind']}:{item['id']}": item for item in view["items"]}
        for key in view["removed"]:
            self.items.pop(key, None)


def make_views() -> tuple[Follower, Views]:
    settings = load(None, {})
    upstream = Upstream(Path("/nowhere"), list(settings.channels))
    follower = Follower(Journal(Redis(), "unused"))  # nothing is read or written here
    access = CaptionAccess(follower, upstream.now)
    airing = Airing(upstream, settings, lambda channel: 0)
    return follower, Views(follower, airing, Duplicates(follower.audience), access)


@given(st.lists(st.tuples(acts(), st.booleans()), max_size=60))
def test_page_that_missed_messages_ends_up_with_the_whole(drawn: list[Any]) -> None:
    follower, views = make_views()
    pages = [
        Page(views, topic, crew, participant)
        for topic in ("talk:direct", "talks", "me:direct")
        for crew in (False, True)
        for participant in ("1",)
    ]
    for number, ((type, fields), reads) in enumerate(drawn, 1):
        event = type(**{"id": f"e{number}", "at": number * 50.0, "by": "crew", **fields})
        follower.audience.apply(f"{number}-0", event)
        if reads:
            for page in pages:
                page.update()
    for page in pages:
        page.update()
        newcomer = Page(views, page._topic, page._crew, "1")
        newcomer.update()
        assert page.items == newcomer.items
        if page._topic == "talk:direct" and not page._crew:
            hides_what_is_not_public(page.items)


def hides_what_is_not_public(items: dict[str, Any]) -> None:
    for item in items.values():
        if item["kind"] == "question":
            assert item["state"] in ("approved", "live", "answered")
            assert not item.keys() & {"reason", "merged_into", "by"}
        if item["kind"] == "poll":
            assert item["state"] != "draft"
            assert (item["counts"] is None) == (item["state"] == "open")


CAPTIONS = st.one_of(
    st.tuples(st.just("hear"), st.integers(0, 4), st.integers(0, 9)),
    st.tuples(st.just("hide"), st.integers(0, 4), st.booleans()),
    st.tuples(st.just("rule"), st.integers(0, 4), st.booleans()),
    st.tuples(st.just("hold"), st.integers(0, 4), st.booleans()),
)


@given(st.lists(st.tuples(CAPTIONS, st.booleans()), max_size=40))
def test_page_of_captions_ends_up_with_all_that_shows_and_no_more(drawn: list[Any]) -> None:
    follower, views = make_views()
    pages = [Page(views, f"{kind}:plateau", crew) for kind, crew in SHOWN]
    for position, ((kind, number, what), reads) in enumerate(drawn, 1):
        act = {"id": f"e{position}", "at": 1.0, "by": "p_1"}
        event: Any
        match kind:
            case "hear":
                start = number * 300.0
                cue = Cue(f"c{number}", what, start, start + 4.0, (f"mot{number}",))
                event = CueWritten("plateau", cue)
            case "hide":
                event = CueEdited(**act, channel="plateau", cue=f"c{number}", hidden=what)
            case "rule":
                event = RuleAdded(**act, heard=f"mot{number}", written="oui" if what else "non")
            case _:
                event = CaptionsTaken(**act, channel="plateau", source="stream", over=what)
        follower._fold(f"{position}-0", event)
        if reads:
            for page in pages:
                page.update()
    for page in pages:
        page.update()
        newcomer = Page(views, page._topic, page._crew)
        newcomer.update()
        forgotten = page.items.keys() - newcomer.items.keys()
        assert page.items == newcomer.items | {key: page.items[key] for key in forgotten}
        if page._topic == "captions:plateau":
            shown = {f"cue:{cue.id}" for cue in follower.cues("plateau", 0.0, 1e9)}
            assert page.items.keys() <= shown
        else:
            # A page keeps a hidden cue of over ten minutes ago until something else changes.
            assert all(key.startswith("cue:") for key in forgotten)
            assert page._crew or not page.items


SHOWN = (("captions", False), ("captions", True), ("captioning", False), ("captioning", True))


def test_same_message_is_built_once_for_all_pages_of_an_audience() -> None:
    follower, views = make_views()
    event = TalkStarted(id="e", at=1.0, by="crew", talk="direct")
    follower.audience.apply("1-0", event)
    view = view_of("talk:direct", "")
    assert view is not None
    one = views.message(view, False, "")
    other = views.message(view, False, "")
    assert one is other


def test_page_ahead_of_this_process_waits_for_it() -> None:
    follower, views = make_views()
    follower.audience.apply("1700000000000-0", TalkStarted(id="e", at=1.0, by="c", talk="direct"))
    view = view_of("talk:direct", "")
    assert view is not None
    ahead = views.message(view, False, "1700000000500-0")
    assert (ahead.text, ahead.version) == ("", "1700000000500-0")
    assert '"reset":true' in views.message(view, False, "1800000000000-0").text


@given(st.text(max_size=100))
def test_any_text_is_a_topic_or_none(topic: str) -> None:
    view = view_of(topic, "p")
    assert view is None or topic.startswith(view[0])


@given(st.text(max_size=30))
def test_any_text_may_be_given_as_a_version(version: str) -> None:
    _, views = make_views()
    view = view_of("talk:direct", "")
    assert view is not None
    assert views.message(view, False, version).version
