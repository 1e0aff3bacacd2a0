"""What becomes of a synthesis that two hosts write at once."""

from playwright.sync_api import Browser

from tests.browser.bundle import page_with


def test_what_both_changed_differently_is_a_clash_and_nothing_else(browser: Browser) -> None:
    source = 'export { merged } from "./labs/merging";'
    base = {"title": "T", "body": "B", "ideas": ["a", "b"], "clusters": []}
    mine = {"title": "T", "body": "M", "ideas": ["a", "b", "m"], "clusters": ["g"]}
    theirs = {"title": "U", "body": "B", "ideas": ["b", "t"], "clusters": []}
    with page_with(browser, source) as page:
        merge = "(texts) => player.merged(...texts)"
        both = page.evaluate(merge, [base, mine, theirs])
        assert both == {
            "text": {"title": "U", "body": "M", "ideas": ["b", "t", "m"], "clusters": ["g"]},
            "clashes": [],
        }
        again = page.evaluate(merge, [base, mine, theirs | {"body": "N"}])
        assert (again["text"]["body"], again["clashes"]) == ("M", ["body"])


def test_what_the_server_tidies_up_is_nobody_s_change(browser: Browser) -> None:
    source = 'export { alike, merged } from "./labs/merging";'
    typed = {"title": " T  t", "body": "B \n\n\n\n b\u00a0!\n", "ideas": [], "clusters": []}
    kept = typed | {"title": "T t", "body": "B\n\nb !"}
    with page_with(browser, source) as page:
        alike = "(texts) => player.alike(...texts)"
        assert page.evaluate(alike, [typed, kept])
        assert not page.evaluate(alike, [typed, kept | {"body": "B\nb !"}])
        assert not page.evaluate(alike, [typed, kept | {"ideas": ["a"]}])
        more = typed | {"body": typed["body"] + "M"}
        merged = page.evaluate("(texts) => player.merged(...texts)", [typed, more, kept])
        assert merged == {"text": more | {"title": "T t"}, "clashes": []}
