"""Mastodon: what is taken from a real server's answers, and how it comes to the wall."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from engagement.wall.posts import Posts
from tests.tv.house import house
from tests.tv.wall.mastodon_server import MastodonServer, mastodon_server
from tests.waiting import when
from tv.auth import Role
from tv.settings import SettingsError, Wall, load
from tv.tasks import running
from tv.wall.hashtag import bring
from tv.wall.mastodon import TEXT, Unreachable, fetch, read, text_of


@pytest.fixture
def server() -> Iterator[MastodonServer]:
    with mastodon_server() as served:
        yield served


def test_posts_come_as_text_the_oldest_first(server: MastodonServer) -> None:
    server.post("fabrique", "<p>Premier</p><p>et sa suite&nbsp;!</p>")
    server.post("fabrique", "<p>Deuxième</p>")
    found = fetch(server.url, "fabrique")
    assert [status.text for status in found.statuses] == ["Premier et sa suite !", "Deuxième"]
    assert found.statuses[0].author == "Léa"
    assert found.statuses[0].address.startswith("https://mastodon.example/@lea/")
    assert found.newest == server.statuses["fabrique"][-1]["id"]


def test_only_what_is_new_is_asked_for(server: MastodonServer) -> None:
    server.post("fabrique", "<p>Un</p>")
    newest = fetch(server.url, "fabrique").newest
    assert fetch(server.url, "fabrique", newest).statuses == ()
    server.post("fabrique", "<p>Deux</p>")
    assert [status.text for status in fetch(server.url, "fabrique", newest).statuses] == ["Deux"]


def test_hashtag_with_accents_is_asked_for_as_it_is_written(server: MastodonServer) -> None:
    server.post("proximité", "<p>Ici</p>")
    assert len(fetch(server.url, "proximité").statuses) == 1


def test_what_is_not_public_or_not_a_post_is_left_out(server: MastodonServer) -> None:
    server.post("fabrique", "<p>Pour mes abonnés</p>", visibility="private")
    server.post("fabrique", "<p>Repris</p>", reblog={"id": "1"})
    server.post("fabrique", "<p><img src=x></p>")
    server.post("fabrique", "<p>Sans compte</p>", account=None)
    server.post("fabrique", "<p>Bon</p>")
    assert [status.text for status in fetch(server.url, "fabrique").statuses] == ["Bon"]


def test_a_warning_goes_before_what_it_warns_of(server: MastodonServer) -> None:
    server.post("fabrique", "<p>Des chiffres</p>", spoiler_text="Politique", sensitive=True)
    (status,) = fetch(server.url, "fabrique").statuses
    assert status.text == "Politique – Des chiffres"


def test_address_that_is_no_web_page_is_not_kept(server: MastodonServer) -> None:
    server.post("fabrique", "<p>Piège</p>", url="javascript:alert(1)")
    (status,) = fetch(server.url, "fabrique").statuses
    assert status.address == ""


def test_long_post_ends_after_a_word(server: MastodonServer) -> None:
    server.post("fabrique", f"<p>{'habitat ' * 200}</p>")
    (status,) = fetch(server.url, "fabrique").statuses
    assert len(status.text) <= TEXT
    assert status.text.endswith("habitat…")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            '<p>Voir <a href="https://arra.example/x"><span class="invisible">https://</span>'
            '<span class="ellipsis">arra.example/f</span><span class="invisible">iche</span></a>',
            "Voir arra.example/f",
        ),
        ('<p>Avec <span class="invisible">un<br>saut</span> suite', "Avec suite"),
        ("un<br>deux<br/>trois", "un deux trois"),
        ("<script>alert(1)</script>Bon<style>p{}</style>jour", "Bonjour"),
        ("&lt;b&gt; &amp; &eacute;", "<b> & é"),
        ("<p>ouvert <b>sans fin", "ouvert sans fin"),
        ("<p>Avant</p><![x]>après", "Avant"),
    ],
)
def test_html_is_read_as_a_person_would(html: str, text: str) -> None:
    assert text_of(html) == text


@given(st.text(alphabet="<>/&;:\"'=pbrspanclassinvisible ![]-?\n", max_size=300))
def test_any_html_is_some_text(html: str) -> None:
    assert "\n" not in text_of(html)


@given(st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x, max_size=3)))
def test_any_list_is_read(value: object) -> None:
    assert read(json.dumps([value]).encode()).statuses == ()


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b"oops"),
        (401, {}, b'{"error": "This method requires an authenticated user"}'),
        (302, {"location": "http://127.0.0.1:1/"}, b""),
        (200, {}, b"<html>not here</html>"),
        (200, {}, b'{"error": "no list"}'),
        (200, {}, b"[" + b" " * (5 << 20) + b"]"),
    ],
)
def test_server_that_does_not_answer_as_it_should_is_said(
    server: MastodonServer, answer: tuple[int, dict[str, str], bytes]
) -> None:
    server.answers.append(answer)
    with pytest.raises(Unreachable):
        fetch(server.url, "fabrique")


def test_server_that_is_not_there_is_said() -> None:
    with pytest.raises(Unreachable):
        fetch("http://127.0.0.1:1", "fabrique")


async def test_posts_from_elsewhere_wait_for_a_moderator_and_come_once(
    redis: Redis, server: MastodonServer
) -> None:
    server.post("fabrique", "<p>Bravo <script>x</script>la Fabrique</p>")
    server.answers.append((503, {}, b""))  # the first try fails
    wall = Wall(hashtag="fabrique", servers=(server.url, server.url), every=0.02)
    async with house(redis) as place, place.client() as anyone, place.crew(Role.MODERATOR) as crew:
        posts: Posts = place.follower.audience.posts
        async with running(bring(wall, place.follower, place.upstream.now)):
            await when(lambda: posts.by_id)
            server.post("fabrique", "<p>Encore</p>")
            await when(lambda: len(posts.by_id) == 2)
            asked = len(server.asked)
            await when(lambda: len(server.asked) > asked + 3)
        assert [(post.text, post.state) for post in posts.by_id.values()] == [
            ("Bravo la Fabrique", "pending"),
            ("Encore", "pending"),
        ]
        assert (await anyone.get("/api/v1/wall/posts")).json() == {"items": []}
        first = next(iter(posts.by_id))
        await crew.post(f"/api/v1/wall/posts/{first}:reject", json={})
        async with running(bring(wall, place.follower, place.upstream.now)):  # a new clerk
            asked = len(server.asked)
            await when(lambda: len(server.asked) > asked + 3)
        assert (len(posts.by_id), posts.by_id[first].state) == (2, "rejected")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HASHTAG", "#fabrique"),
        ("HASHTAG", "deux mots"),
        ("EVERY", "1"),
        ("SERVERS", "mastodon.social"),
        ("SERVERS", "https://mastodon.social/api"),
        ("SERVERS", "https://user@mastodon.social"),
        ("SERVERS", "file:///etc/passwd"),
        ("SERVERS", ",".join(f"https://m{number}.example" for number in range(9))),
    ],
)
def test_setting_that_cannot_work_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"\[wall\] {name.lower()}"):
        load(None, {f"FABRIQUE_WALL__{name}": value})


def test_servers_are_listed_with_commas() -> None:
    settings = load(
        None,
        {"FABRIQUE_WALL__HASHTAG": "proximité", "FABRIQUE_WALL__SERVERS": "https://a.fr,http://b"},
    )
    assert settings.wall == Wall(hashtag="proximité", servers=("https://a.fr", "http://b"))
