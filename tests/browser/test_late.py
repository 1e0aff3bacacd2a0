"""Pages whose parts, or whose server’s word, come late: what one did stands, nothing is lost."""

import httpx
from playwright.sync_api import APIResponse, BrowserContext, Page, Route, WebSocketRoute, expect

from tests.browser.people import DRAWN, Slow
from tests.servers import Fabrique
from tests.viewers import until

QUESTION = "Qui garde les clés du jardin ?"
KEPT = "Et si le réseau tombe ici ?"
SENT = "Et s’il ne tombe pas ailleurs ?"
HIDDEN = "Et qui les avait hier ?"

ALONE = "delete Navigator.prototype.serviceWorker"  # what it asks for, routes do not see


def ask(page: Page, question: str) -> None:
    page.get_by_role("button", name="Poser une question").click()
    page.get_by_label("Votre question").fill(question)
    page.get_by_role("button", name="Envoyer").click()


def test_support_stands_between_the_answer_and_the_news_of_it(
    served: Fabrique, crew: httpx.Client, phone: BrowserContext
) -> None:
    asked = crew.post("/api/v1/talks/direct/questions:room", json={"body": QUESTION})
    question = f"/api/v1/questions/{asked.raise_for_status().json()['id']}"
    crew.post(f"{question}:release").raise_for_status()
    page = phone.new_page()
    sockets: list[Slow] = []
    page.route_web_socket("**/ws", lambda socket: sockets.append(Slow(socket)))
    page.goto(served.url)
    support = page.get_by_role("button", name=f"Soutenir : {QUESTION}")
    expect(support).to_have_attribute("aria-pressed", "false")
    support.click()  # it becomes a participant: its socket opens anew
    expect(support).to_have_text("1")
    for sign in ("false", "true"):
        sockets[-1].held = True
        with page.expect_response("**/support"):
            support.click()
        page.evaluate(DRAWN)
        expect(support).to_have_text("1" if sign == "false" else "0")  # no news yet
        assert support.get_attribute("aria-pressed") == sign
        sockets[-1].let_through()
        expect(support).to_have_text("0" if sign == "false" else "1")
        assert support.get_attribute("aria-pressed") == sign
    crew.post(f"{question}:reject", json={"reason": "other"}).raise_for_status()


def test_question_that_was_hidden_does_not_come_back_with_a_view_that_is_late(
    served: Fabrique, crew: httpx.Client, phone: BrowserContext
) -> None:
    asked = crew.post("/api/v1/talks/direct/questions:room", json={"body": HIDDEN})
    question = f"/api/v1/questions/{asked.raise_for_status().json()['id']}"
    crew.post(f"{question}:release").raise_for_status()
    page = phone.new_page()
    page.add_init_script(ALONE)
    blocked = True
    replies: list[tuple[Route, APIResponse]] = []

    def connect(socket: WebSocketRoute) -> None:
        if blocked:
            socket.close()
        else:
            Slow(socket)

    page.route_web_socket("**/ws", connect)
    page.route("**/views/talk%3A*", lambda route: replies.append((route, route.fetch())))
    page.goto(served.url)
    until(page, 60, lambda: replies, "a view asked for where sockets are blocked")
    blocked = False
    shown = page.get_by_role("button", name=f"Soutenir : {HIDDEN}")
    expect(shown).to_be_visible()  # by a socket
    crew.post(f"{question}:reject", json={"reason": "other"}).raise_for_status()
    expect(shown).to_have_count(0)
    for route, reply in replies:
        assert HIDDEN in reply.text()
        with page.expect_response("**/views/talk%3A*") as told:
            route.fulfill(response=reply)
        told.value.finished()
    page.evaluate(DRAWN)
    assert shown.count() == 0


def test_what_one_page_of_a_device_could_not_send_leaves_though_another_sent_its_own(
    served: Fabrique, crew: httpx.Client, phone: BrowserContext
) -> None:
    first, second = phone.new_page(), phone.new_page()
    for page in (first, second):
        page.add_init_script(ALONE)
        page.goto(f"{served.url}/?sur-place")
    first.route("**/talks/*/questions", lambda route: route.abort())
    ask(first, KEPT)
    expect(first.locator(".state.unsent")).to_be_visible()
    ask(second, SENT)

    def asked() -> list[str]:
        items = crew.get("/api/v1/talks/direct/questions").raise_for_status().json()["items"]
        return [each["body"] for each in items]

    until(second, 30, lambda: SENT in asked(), "the question of the second")
    first.close()
    phone.set_offline(True)
    expect(second.get_by_text("Hors ligne", exact=True)).to_be_visible()
    phone.set_offline(False)
    until(second, 30, lambda: KEPT in asked(), "the question of the first")
    assert [asked().count(each) for each in (SENT, KEPT)] == [1, 1]


def test_question_begun_before_the_talk_is_known_is_asked_about_it(
    served: Fabrique, phone: BrowserContext
) -> None:
    page = phone.new_page()
    sockets: list[Slow] = []

    def hold(route: WebSocketRoute) -> None:
        sockets.append(Slow(route))
        sockets[-1].held = True

    page.route_web_socket("**/ws", hold)
    page.goto(f"{served.url}/?sur-place")
    page.get_by_role("button", name="Poser une question").click()
    page.evaluate(DRAWN)
    expect(page.get_by_label("Votre question")).to_have_count(0)
    sockets[-1].let_through()
    expect(page.get_by_label("Votre question")).to_be_focused()


def test_page_comes_anew_when_a_part_of_it_did_not_come_but_never_under_who_writes(
    served: Fabrique, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.add_init_script(ALONE)
    page.route("**/static/settings_sheet-*", lambda route: route.abort())
    page.goto(f"{served.url}/?sur-place")
    gear = page.get_by_role("button", name="Réglages")
    page.get_by_role("button", name="Poser une question").click()
    page.get_by_label("Votre question").fill(QUESTION)
    gear.dispatch_event("click")
    expect(page.get_by_text("Une partie de la page manque")).to_be_visible()
    page.get_by_role("button", name="Fermer").click()
    with page.expect_navigation():
        gear.click()
    page.unroute("**/static/settings_sheet-*")
    page.get_by_role("button", name="Poser une question").click()
    expect(page.get_by_label("Votre question")).to_have_value(QUESTION)
    page.get_by_role("button", name="Fermer").click()
    gear.click()
    expect(page.get_by_role("radio", name="Sous-titres seuls")).to_be_visible()
