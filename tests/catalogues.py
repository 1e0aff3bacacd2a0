"""What public pages say, found in their sources, for the catalogues of other languages.

`python -m tests.catalogues` writes what a catalogue lacks into it, without a translation, takes out
what nobody says any more, and prints the first.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from jinja2.ext import babel_extract

from tv.languages import FRENCH, NAMES
from tv.pages.reading import TRANSLATED
from tv.refusals import REFUSALS

TV = Path(__file__).parents[1] / "tv"
WEB = TV / "web"
TEMPLATES = TV / "pages" / "templates"
# The scripts of TRANSLATED, and of what all public pages have.
SCRIPTS = (
    "watch.ts",
    "replay.ts",
    "ideas.ts",
    "wall_writing.ts",
    "embed.ts",
    "embedding.ts",
    "programme.ts",
    "privacy.ts",
)
# What these show to the crew alone, in French; and what is no French.
CREW = frozenset(
    WEB / "parts" / f"{name}.ts"
    for name in (
        *("crew_band", "publication", "cue_editor", "correcting", "send_to_lab", "door"),
        *("phase", "source"),
    )
) | {WEB / "correcting.ts", WEB / "finding.ts"}

CALL = re.compile(r"\b(tt?|count|either)\(\s*")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
IMPORT = re.compile(r'(?:from|import)\s*\(?\s*"(\.[^"]+)"')
WORDS = re.compile(r"[^\W\d_]{2}")  # two letters
PHRASE = re.compile(r"[à-ÿ’\u00a0\u202f]|[^\W\d]{2} [^\W\d]{2}|^[A-ZÀ-Ý][a-zà-ÿ]+$")
# What is for machines: keys, selectors, classes, media.
MACHINE = re.compile(
    r"Escape|Enter|Home|End|Tab|Arrow|Error|not all|0\u00a0s"
    r"|[#.].*|[a-z]+-[a-z]+ [a-z-]+|[^a-zA-Z]*"
)
TAGS = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
SAID = re.compile(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"')
PARTED = re.compile(r".{0,20}(?:« | »|[\w’)…»] [;:!?](?=[\s\"'<…]|$))")
INVISIBLE = {"\u00a0": "\\u00a0", "\u202f": "\\u202f"}


def sources() -> list[Path]:
    """The scripts of public pages, with all that they import."""
    found: list[Path] = []
    waiting = [WEB / name for name in SCRIPTS]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.append(path)
        imported = IMPORT.findall(path.read_text(encoding="utf-8"))
        waiting += [(path.parent / f"{name}.ts").resolve() for name in imported]
    return sorted(found)


def in_scripts() -> set[str]:
    return {text for path in sources() for text in _translated(path.read_text(encoding="utf-8"))}


def in_templates() -> set[str]:
    found: set[str] = set()
    for path in _templates():
        with path.open("rb") as file:
            options = {"trimmed": "true", "encoding": "utf-8"}
            for _, _, texts, _ in babel_extract(file, ("_", "gettext", "ngettext"), [], options):
                texts = texts if isinstance(texts, tuple) else (texts,)
                found |= {text for text in texts if isinstance(text, str)}
    return found


def in_problems() -> set[str]:
    """All that the API may say."""
    return {detail for _, _, detail in REFUSALS.values()} | {
        node.value
        for path in TV.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def unmarked() -> list[str]:
    """French that would stay French on a page in another language: « file: text »."""
    found = [
        f"{path.relative_to(TV)}: {text}"
        for path in sources()
        if path not in CREW and path.parent.name != "player"  # which has reasons for a log
        for text in _untranslated(path.read_text(encoding="utf-8"))
    ]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for path in _templates():
        source = path.read_text(encoding="utf-8")
        source = re.sub(r"{% block kind %}.*?{% endblock %}", "", source)
        source = re.sub(r"{%-?\s*trans\b.*?endtrans\s*-?%}", "", source, flags=re.DOTALL)
        page = "".join(
            text if kind == "data" else "…" if kind == "variable_begin" else ""
            for _, kind, text in environment.lex(source)
        )
        said = [*SAID.findall(page), *TAGS.sub("\n", page).split("\n")]
        found += [f"{path.name}: {text.strip()}" for text in said if _french(text)]
    return found


def parted() -> list[str]:
    """Where a line may begin with what belongs to the word before it: « file: text »."""
    found: list[str] = []
    for path in sorted(WEB.rglob("*.ts")):
        if "node_modules" in path.parts:
            continue
        code, markup, strings = _taken_apart(path.read_text(encoding="utf-8"))
        for text in (*STRING.findall(code), *markup, *strings):
            found += [f"{path.relative_to(WEB)}: {each}" for each in PARTED.findall(text)]
    return found


def _templates() -> list[Path]:
    """Those of TRANSLATED, and what they are made of."""
    found: dict[str, Path] = {}
    waiting = sorted(TRANSLATED)
    while waiting:
        name = waiting.pop()
        path = TEMPLATES / name
        if name in found or not path.is_file():
            continue
        found[name] = path
        source = path.read_text(encoding="utf-8")
        waiting += re.findall(r'(?:extends|import|include|from) "([^"]+)"', source)
    return list(found.values())


def _translated(source: str) -> Iterator[str]:
    """The texts in t("…"), tt("…"), count(n, "…", "…") and either(n, "…", "…")."""
    for call in CALL.finditer(source):
        if call[1] in ("t", "tt"):
            if text := STRING.match(source, call.end()):
                yield json.loads(text[0])
            continue
        inside = source[call.end() : _end(source, call.end())]
        for text in STRING.findall(_outside_calls(inside))[-2:]:
            yield json.loads(text)


def _end(source: str, start: int) -> int:
    """Where a call ends whose arguments begin at `start`."""
    depth = 1
    for at in range(start, len(source)):
        depth += {"(": 1, ")": -1}.get(source[at], 0)
        if depth == 0:
            return at
    return len(source)


def _outside_calls(text: str) -> str:
    return re.sub(r"\((?:[^()]|\([^()]*\))*\)", "", text)


def _untranslated(source: str) -> Iterator[str]:
    marked = set(_translated(source))
    code, markup, strings = _taken_apart(source)
    for text in markup:  # what stands between tags, and what is read out
        for said in (*SAID.findall(text), *TAGS.sub("\n", text).split("\n")):
            if _french(said):
                yield said.strip()
    yield from (text for text in strings if PHRASE.search(text))
    for literal in STRING.findall(code):
        try:
            text = json.loads(literal)
        except ValueError:
            continue  # the quotes of a regular expression
        if text not in marked and PHRASE.search(text) and not MACHINE.fullmatch(text):
            yield text


def _french(text: str) -> bool:
    text = text.replace("Fabrique TV", "")
    return bool(WORDS.search(re.sub(r"&\w+;|&#\d+;|…|[A-Z0-9]{6}|/\w+", "", text)))


def _taken_apart(source: str) -> tuple[str, list[str], list[str]]:
    """The code without comments and templates, the text of markup, and that of other templates."""
    code: list[str] = []
    texts: tuple[list[str], list[str]] = ([], [])
    open_templates: list[list[str]] = []
    depths: list[int] = []
    at = 0
    while at < len(source):
        here, two = source[at], source[at : at + 2]
        if open_templates and len(open_templates) > len(depths):  # in the text of a template
            if two == "${":
                depths.append(0)
                open_templates[-1].append("…")
                at += 2
            elif here == "`":
                kind, *text = open_templates.pop()
                texts[kind != "html"].append("".join(text))
                at += 1
            else:
                open_templates[-1].append(here)
                at += 1
            continue
        if two == "//":
            at = source.find("\n", at)
        elif two == "/*":
            at = source.index("*/", at) + 2
        elif text := STRING.match(source, at):
            code.append(text[0])
            at = text.end()
        elif here == "`":
            open_templates.append(["html" if source.endswith(("html", "svg"), 0, at) else ""])
            at += 1
        else:
            if depths:
                depths[-1] += {"{": 1, "}": -1}.get(here, 0)
            if depths and depths[-1] < 0:
                depths.pop()
            else:
                code.append(here)
            at += 1
    return "".join(code), *texts


def _update(code: str, part: str, said: set[str], keep: bool = False) -> list[str]:
    path = TV / "languages" / code / f"{part}.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    before = {_plain(text): other for text, other in known.items()}
    wanted = said & known.keys() if keep else said
    found = {text: before.get(_plain(text), "") for text in sorted(wanted)}
    written = json.dumps(found, ensure_ascii=False, indent=1)
    for character, escape in INVISIBLE.items():
        written = written.replace(character, escape)
    path.write_text(written + "\n", encoding="utf-8")
    return [text for text, other in found.items() if not other]


def _plain(text: str) -> str:
    """One whose spaces were mended is still the same."""
    return re.sub("&nbsp;|&#8239;|[\u00a0\u202f]", " ", text)


def main() -> None:
    for code in NAMES.keys() - {FRENCH}:
        lacking = _update(code, "scripts", in_scripts()) + _update(code, "pages", in_templates())
        _update(code, "problems", in_problems(), keep=True)
        for text in lacking:
            print(f"{code}: {text}")  # noqa: T201
    for text in unmarked():
        print(f"not marked: {text}")  # noqa: T201


if __name__ == "__main__":
    main()
