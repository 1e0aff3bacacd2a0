"""A person with a keyboard and nothing else, who goes from control to control and sees where."""

import re

from playwright.sync_api import Page

from tests.viewers import until

MOST = 150  # presses of Tab until one is where one wants to be

# What has the focus: its name, and whether one sees that it has it. None when nothing does.
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const named = (at.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean);
  const words = (elements) => [...elements].map((each) => each?.innerText ?? "").join(" ");
  const name = at.getAttribute("aria-label")
    || words(named.map((id) => document.getElementById(id)))
    || words(at.labels ?? []) || at.innerText || "";
  const outlined = (element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
  };
  const box = at.getBoundingClientRect();
  return {
    name: name.replace(/\\s+/g, " ").trim(),
    seen: [at, at.parentElement, at.parentElement?.parentElement].some((e) => e && outlined(e)),
    there: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


def reach(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus; whatever one passes shows that it has."""
    passed: list[str] = []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at is None:
            continue  # the browser's own controls, between the last and the first
        assert at["name"], f"after {passed[-1:]} comes something without a name"
        assert at["seen"], f"nobody sees that {at['name']!r} has the focus"
        assert at["there"], f"{at['name']!r} has the focus, out of sight"
        if re.search(name, at["name"]):
            return
        passed.append(at["name"])
    raise AssertionError(f"{name!r} is not reached: {passed}")


def press(page: Page, name: str, key: str = "Enter") -> None:
    """Go to what has this name, and press a key on it."""
    reach(page, name)
    page.keyboard.press(key)


def write(page: Page, name: str, text: str) -> None:
    """Go to a field, and type in it."""
    reach(page, name)
    page.keyboard.type(text)


def still_somewhere(page: Page) -> None:
    """What one did left the focus somewhere: one goes on from there."""
    until(page, 1, lambda: page.evaluate(FOCUSED), "something to have the focus")
