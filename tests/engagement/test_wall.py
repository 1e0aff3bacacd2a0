"""The wall: what shows when, for how long, and what counts as best."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.audience import Audience
from engagement.fold import Accepted, Outcome, Reason, Refused
from engagement.happening import ParticipantErased
from engagement.wall.post import (
    HOLD,
    WALL,
    Post,
    PostApproved,
    PostBrought,
    PostHidden,
    PostPinned,
    PostRejected,
    PostRestored,
    PostRetired,
    PostReworded,
    PostShown,
    PostSupported,
    PostUnpinned,
    PostUnsupported,
    PostWithdrawn,
    PostWritten,
    WallSet,
)
from engagement.wall.posts import BURST, EVERY, FOUND, OWN, PINNED, SHOWN, WAITING_EACH, Posts
from tests.engagement.room import Room, reason


class Place(Room):
    """A room with a wall."""

    @property
    def posts(self) -> Posts:
        return self.audience.posts

    def write(self, post: str, by: str = "ann", text: str = "Bonjour", **more: Any) -> Outcome:
        return self.do(PostWritten, by, post=post, text=text, **more)

    def bring(self, post: str, **more: Any) -> Outcome:
        fields = {"text": "Vu là-bas", "author": "Léa", "network": "Mastodon"} | more
        return self.do(PostBrought, "searcher", post=post, **fields)

    def show(self, *posts: str) -> None:
        for number, post in enumerate(posts):
            self.write(post, by=f"author of {post}")
            self.do(PostApproved, post=post, at=number * 100.0)
            self.do(PostShown, post=post, at=number * 100.0 + HOLD)

    def state(self, post: str) -> str:
        return self.posts.by_id[post].state


@pytest.fixture
def place() -> Place:
    return Place()


def test_post_waits_is_held_then_shows(place: Place) -> None:
    place.write("w")
    assert place.state("w") == "pending"
    place.do(PostApproved, post="w", at=50.0)
    assert (place.state("w"), place.posts.by_id["w"].public) == ("approved", False)
    assert not place.posts.due(50.0 + HOLD - 0.1)
    (due,) = place.posts.due(50.0 + HOLD)
    assert isinstance(place.audience.apply("900-0", due), Accepted)
    assert (place.state("w"), place.posts.by_id["w"].shown_at) == ("shown", 50.0 + HOLD)
    assert not place.posts.due(1e9)


def test_end_of_hold_that_two_clerks_write_is_one_act(place: Place) -> None:
    place.write("w")
    place.do(PostApproved, post="w", at=50.0)
    (first,) = place.posts.due(60.0)
    (second,) = place.posts.due(61.0)
    assert isinstance(place.audience.apply("900-0", first), Accepted)
    assert isinstance(place.audience.apply("901-0", second), Accepted)
    assert place.posts.by_id["w"].version == "900-0"


def test_mind_changed_while_held_is_kept(place: Place) -> None:
    place.write("w")
    place.do(PostApproved, post="w", at=50.0)
    (due,) = place.posts.due(60.0)
    place.do(PostRejected, post="w", reason="hors_sujet")
    place.do(PostRestored, post="w", at=60.0)
    assert reason(place.audience.apply("900-0", due)) == Reason.CHANGED
    assert place.state("w") == "approved"


@pytest.mark.parametrize(
    ("acts", "state"),
    [
        ((PostRejected,), "rejected"),
        ((PostApproved, PostRejected), "rejected"),
        ((PostHidden,), "hidden"),
        ((PostApproved, PostHidden), "hidden"),
        ((PostApproved, PostShown, PostHidden), "hidden"),
        ((PostApproved, PostShown, PostRetired), "retired"),
        ((PostApproved, PostShown, PostRetired, PostRestored), "approved"),
        ((PostHidden, PostRestored), "approved"),
        ((PostRejected, PostRestored), "approved"),
    ],
)
def test_moderators_act(place: Place, acts: tuple[type, ...], state: str) -> None:
    place.write("w")
    for act in acts:
        assert isinstance(place.do(act, post="w"), Accepted)
    assert place.state("w") == state


@pytest.mark.parametrize("act", [PostShown, PostRetired, PostRestored, PostPinned])
def test_what_waits_cannot_be_on_the_wall(place: Place, act: type) -> None:
    place.write("w")
    assert reason(place.do(act, post="w")) == Reason.WRONG_STATE


def test_only_its_author_withdraws_it(place: Place) -> None:
    place.show("w")
    assert reason(place.do(PostWithdrawn, "eve", post="w")) == Reason.NOT_YOURS
    assert isinstance(place.do(PostWithdrawn, "author of w", post="w"), Accepted)
    assert (place.state("w"), place.posts.shown()) == ("withdrawn", [])


def test_retry_makes_no_copy(place: Place) -> None:
    first = place.write("w", text="Une fois")
    again = place.write("w", text="Une fois")
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert first.item == again.item
    assert reason(place.write("w", text="Autre")) == Reason.KEY_REUSED
    assert place.posts.states["pending"] == 1


def test_one_may_write_so_much(place: Place) -> None:
    for number in range(BURST):
        assert isinstance(place.write(f"w{number}", at=0.0), Accepted)
    refused = place.write("more", at=0.0)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.wait) == (Reason.TOO_MANY, EVERY)
    assert isinstance(place.write("other", by="bob", at=0.0), Accepted)


def test_few_of_one_participant_wait(place: Place) -> None:
    for number in range(WAITING_EACH):
        assert isinstance(place.write(f"w{number}", at=number * EVERY), Accepted)
    assert reason(place.write("more", at=1e6)) == Reason.TOO_MANY
    place.do(PostRejected, post="w0")
    assert isinstance(place.write("more", at=1e6), Accepted)


def test_closed_wall_takes_nothing_but_retries(place: Place) -> None:
    place.write("w")
    place.do(WallSet, open=False)
    assert reason(place.write("x")) == Reason.WALL_CLOSED
    assert isinstance(place.write("w"), Accepted)


def test_moderated_after_shows_words_but_neither_pictures_nor_strangers(place: Place) -> None:
    place.do(WallSet, open=True, moderation="after")
    place.write("words", by="ann", at=0.0)
    place.write("picture", by="bob", picture="p.jpg", at=0.0)
    place.write("doubtful", by="cem", doubtful=True, at=0.0)
    place.bring("stranger", at=0.0)
    assert place.state("words") == "approved"
    assert {place.state(name) for name in ("picture", "doubtful", "stranger")} == {"pending"}


def test_post_from_elsewhere_comes_once_and_is_never_unread(place: Place) -> None:
    place.bring("m")
    place.do(PostRejected, post="m")
    again = place.bring("m", text="Modifié là-bas")
    assert isinstance(again, Accepted)
    assert (place.state("m"), place.posts.by_id["m"].text) == ("rejected", "Vu là-bas")


def test_post_typed_in_by_a_moderator_is_read(place: Place) -> None:
    place.bring("m", vouched=True, at=5.0)
    assert (place.state("m"), place.posts.by_id["m"].shows_at) == ("approved", 5.0 + HOLD)


def test_so_many_posts_from_elsewhere_wait(place: Place) -> None:
    for number in range(FOUND):
        place.bring(f"m{number}")
    assert place.posts.room_for("searcher") == 0
    assert reason(place.bring("more")) == Reason.TOO_MANY
    assert isinstance(place.write("w"), Accepted)
    place.do(PostApproved, post="m0")
    place.do(PostShown, post="m0")
    assert place.posts.room_for("searcher") == 1


def test_oldest_that_is_not_pinned_makes_room(place: Place) -> None:
    names = [f"w{number}" for number in range(SHOWN)]
    place.show(*names)
    place.do(PostPinned, post="w0")
    place.write("new", by="zoe")
    place.do(PostApproved, post="new", at=1e6)
    place.do(PostShown, post="new", at=1e6 + HOLD)
    assert len(place.posts.shown()) == SHOWN
    assert (place.state("w0"), place.state("w1")) == ("shown", "retired")


def test_best_are_pinned_else_most_supported(place: Place) -> None:
    place.show("a", "b", "c")
    assert place.posts.best(2) == []
    for person, post in (("x", "b"), ("y", "b"), ("z", "a")):
        place.do(PostSupported, person, post=post)
    assert [post.id for post in place.posts.best(2)] == ["b", "a"]
    place.do(PostPinned, post="c", at=1.0)
    place.do(PostPinned, post="a", at=2.0)
    assert [post.id for post in place.posts.best(5)] == ["c", "a"]
    place.do(PostUnpinned, post="c")
    assert [post.id for post in place.posts.best(5)] == ["a"]


def test_first_pinned_makes_room_for_one_more(place: Place) -> None:
    names = [f"w{number}" for number in range(PINNED + 1)]
    place.show(*names)
    for number, name in enumerate(names):
        place.do(PostPinned, post=name, at=float(number))
    assert [post.id for post in place.posts.best(99)] == names[1:]


def test_hidden_post_is_no_longer_pinned(place: Place) -> None:
    place.show("w")
    place.do(PostPinned, post="w")
    place.do(PostHidden, post="w")
    place.do(PostRestored, post="w", at=0.0)
    place.do(PostShown, post="w")
    assert place.posts.by_id["w"].pinned_at is None


def test_support_counts_each_once_and_only_what_shows(place: Place) -> None:
    place.show("w")
    for person in ("x", "x", "y"):
        place.do(PostSupported, person, post="w")
    place.do(PostUnsupported, "y", post="w")
    assert place.posts.by_id["w"].support == 1
    assert place.posts.supports("x") == ["w"]
    assert place.posts.supports("y") == []
    place.do(PostHidden, post="w")
    assert reason(place.do(PostSupported, "z", post="w")) == Reason.WRONG_STATE


def test_author_is_told_what_becomes_of_it(place: Place) -> None:
    place.write("w", by="ann")
    place.do(PostRejected, post="w", reason="hors_sujet")
    assert ("me", OWN, "ann") in place.audience.touched
    assert WALL in place.audience.touched
    (own,) = place.posts.written_by("ann")
    assert (own.state, own.reason) == ("rejected", "hors_sujet")


def test_erased_participant_leaves_counts_and_nothing_else(place: Place) -> None:
    place.write("w", by="ann", text="Mon numéro", author="Ann", picture="p.jpg", alt="Moi")
    place.do(PostApproved, post="w", at=0.0)
    place.do(PostShown, post="w")
    place.do(PostSupported, "ann", post="w")
    place.do(PostSupported, "bob", post="w")
    place.do(ParticipantErased, participant="ann", stand_in="gone")
    post = place.posts.by_id["w"]
    assert (post.by, post.text, post.author, post.picture, post.alt) == ("gone", "", "", "", "")
    assert (post.state, post.support) == ("withdrawn", 2)
    assert place.posts.pictures() == set()
    assert b"ann" not in msgspec.msgpack.encode(place.posts.saved())


def test_what_is_reworded_where_it_is_from_is_read_again_unless_vouched_for(place: Place) -> None:
    place.bring("w")
    for act in (PostApproved, PostShown, PostPinned):
        place.do(act, post="w")
    place.do(PostSupported, "ann", post="w")
    place.do(PostReworded, post="w", text="Corrigé", vouched=True)
    assert (place.state("w"), place.posts.by_id["w"].text) == ("shown", "Corrigé")
    place.do(PostReworded, post="w", text="Encore")
    post = place.posts.by_id["w"]
    assert (post.state, post.text, post.support, post.pinned_at) == ("pending", "Encore", 1, None)
    assert post.was_public  # pages are told that it went
    place.write("own", by="ann")
    assert reason(place.do(PostReworded, post="own", text="Pas d’elle")) == Reason.WRONG_STATE


@pytest.mark.parametrize("act", [PostRejected, PostHidden])
def test_erased_post_that_was_refused_cannot_be_put_back_empty(place: Place, act: type) -> None:
    place.write("w", by="ann")
    place.do(act, post="w")
    place.do(ParticipantErased, participant="ann", stand_in="gone")
    assert reason(place.do(PostRestored, post="w")) == Reason.WRONG_STATE
    assert place.state("w") == "withdrawn"


ACTS = st.one_of(
    st.tuples(
        st.sampled_from((PostWritten, PostBrought)),
        st.sampled_from("abc"),
        st.sampled_from(("p", "q", "r", "s")),
    ),
    st.tuples(
        st.sampled_from(
            (
                *(PostApproved, PostShown, PostRejected, PostHidden, PostRetired, PostRestored),
                *(PostWithdrawn, PostPinned, PostUnpinned, PostSupported, PostUnsupported),
                PostReworded,
            )
        ),
        st.sampled_from("abc"),
        st.sampled_from(("p", "q", "r", "s")),
    ),
    st.tuples(st.just(ParticipantErased), st.just("crew"), st.sampled_from("abc")),
)


def happen(place: Place, acts: list[tuple[type, str, str]]) -> None:
    for act, by, name in acts:
        if act is PostBrought:
            place.bring(name)
        elif act is PostWritten:
            place.write(name, by=by)
        elif act is ParticipantErased:
            place.do(act, participant=name, stand_in=f"gone {name}")
        elif act is PostReworded:
            place.do(act, by=by, post=name, text="Autrement", vouched=by == "a")
        else:
            place.do(act, by=by, post=name)


@given(st.lists(ACTS, max_size=40), st.lists(ACTS, max_size=20))
def test_restored_wall_goes_on_as_the_one_that_was_saved(
    before: list[tuple[type, str, str]], after: list[tuple[type, str, str]]
) -> None:
    place, other = Place(), Place()
    happen(place, before)
    other.audience = Audience()
    other.audience.restore(place.audience.saved())
    other._numbers = iter(range(1000, 2000))
    place._numbers = iter(range(1000, 2000))
    happen(place, after)
    happen(other, after)
    assert place.posts.saved() == other.posts.saved()
    for derived in ("states", "_shown", "_held", "_waiting"):
        assert getattr(place.posts, derived) == getattr(other.posts, derived)
    for person in "abc":
        assert place.posts.written_by(person) == other.posts.written_by(person)


@given(st.lists(ACTS, max_size=60))
def test_counts_are_those_of_the_posts(acts: list[tuple[type, str, str]]) -> None:
    place = Place()
    happen(place, acts)
    posts = place.posts.by_id.values()
    for state, number in place.posts.states.items():
        assert number == sum(post.state == state for post in posts)
    assert {post.id for post in place.posts.shown()} == {post.id for post in posts if post.public}
    seen: list[Post] = [post for post in posts if post.shown_at is not None]
    assert all(post.was_public for post in seen)
