"""What the laboratories made, as a booklet that one prints: a chapter for each, with what was asked
there, its syntheses with the ideas that they come from, and the ideas that people liked most.

Only what was shown is in it, and nobody is named but who wrote a synthesis.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from engagement.audience import Audience
from engagement.cafe.comparison import Figures, top
from engagement.cafe.session import Cafe
from engagement.ideas.idea import Idea
from engagement.syntheses.synthesis import Synthesis
from tv import settings
from tv.labs.comparison import compared
from tv.reports.provenance import number_of, way

NEUTRAL = "#6b5f52"  # the colour of what is of no laboratory
SOURCES = 12  # ideas told of a synthesis; the tables have the others
LIKED = 10  # ideas of a session
SYNTHESES = 100  # of a session in a laboratory
SESSIONS = 20  # of a laboratory, the newest; the older ones one by one
DAY = "%d/%m/%Y"

Picture = Callable[[str], Path | None]  # the file of a picture, by its name


@dataclass(frozen=True)
class Card:
    """An idea: what it says, where it was, how many dots it has; None where too few gave any."""

    text: str
    way: str
    dots: int | None
    picture: Path | None


@dataclass(frozen=True)
class Sources:
    """Ideas that a synthesis comes from: those of a group, or (`name` is "") by themselves."""

    name: str
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Told:
    """A synthesis; `about` says whose it is, in words. `more` sources are left out."""

    title: str
    about: str
    paragraphs: tuple[str, ...]
    sources: tuple[Sources, ...]
    more: int


@dataclass(frozen=True)
class Session:
    """A café in a laboratory, or a call; `figures` are pairs of a title and what it is."""

    title: str
    when: str
    prompts: tuple[str, ...]
    ideas: int
    figures: tuple[tuple[str, str], ...]
    syntheses: tuple[Told, ...]
    liked: tuple[Card, ...]


@dataclass(frozen=True)
class Chapter:
    name: str
    step: str
    colour: str  # as in CSS: #rrggbb
    pictogram: str
    sessions: tuple[Session, ...]


@dataclass(frozen=True)
class Booklet:
    event: str
    when: str
    figures: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]


def booklet_of(
    audience: Audience,
    labs: Mapping[str, settings.Lab],
    event: settings.Event,
    picture: Picture,
    lab: str = "",
    cafe: str = "",
) -> Booklet:
    """The booklet of all laboratories, or of one; of all sessions, or of one."""
    cafes = [
        each
        for each in audience.cafes.by_id.values()
        if each.public and not each.gone and cafe in ("", each.id)
    ]
    cafes.sort(key=lambda each: (each.opened_at or 0.0, each.id))
    writer = _Writer(audience, labs, event.zone, picture)
    known = dict.fromkeys([*labs, *(slug for each in cafes for slug in each.plan.labs)])
    chapters = [writer.chapter(slug, cafes) for slug in known if lab in ("", slug)]
    chapters = [chapter for chapter in chapters if chapter.sessions]
    figures = [("laboratoires", len(chapters))]
    if not lab and (calls := writer.calls(cafes)).sessions:
        chapters.append(calls)
    sessions = [session for chapter in chapters for session in chapter.sessions]
    figures.append(("idées", sum(session.ideas for session in sessions)))
    figures.append(("synthèses partagées", sum(len(each.syntheses) for each in sessions)))
    return Booklet(event.name, _days(cafes, event.zone), _told(figures), tuple(chapters))


class _Writer:
    """Writes the chapters."""

    def __init__(
        self,
        audience: Audience,
        labs: Mapping[str, settings.Lab],
        zone: tzinfo,
        picture: Picture,
    ) -> None:
        self._audience = audience
        self._labs = labs
        self._zone = zone
        self._picture = picture

    def chapter(self, slug: str, cafes: Iterable[Cafe]) -> Chapter:
        lab = self._labs.get(slug) or settings.Lab(name=slug)
        theirs = [each for each in cafes if slug in each.plan.labs]
        sessions = [self._session(each, slug) for each in theirs[-SESSIONS:]]
        return Chapter(lab.name, lab.step, lab.colour, lab.pictogram, tuple(sessions))

    def calls(self, cafes: Iterable[Cafe]) -> Chapter:
        calls = [each for each in cafes if each.plan.kind == "call"]
        sessions = [self._session(each, "") for each in calls[-SESSIONS:]]
        return Chapter("Idées de tous", "Appels à idées", NEUTRAL, "", tuple(sessions))

    def _session(self, cafe: Cafe, lab: str) -> Session:
        ideas = self._audience.ideas.of(cafe.id)
        figures = self._figures(cafe, lab)
        syntheses = [
            each
            for each in self._audience.syntheses.by_id.values()
            if (each.cafe, each.lab) == (cafe.id, lab) and each.shared
        ]
        syntheses.sort(key=lambda each: (number_of(each.table) or 0, each.written_at, each.id))
        here = [each for each in ideas if each.lab == lab and each.state == "shown"]
        told = figures.dots is not None
        return Session(
            cafe.plan.title,
            _day(cafe.opened_at, self._zone),
            tuple(dict.fromkeys(cafe.plan.prompts)),
            figures.ideas,
            _told(
                [
                    ("tables", figures.tables),
                    ("personnes", figures.people),
                    ("idées", figures.ideas),
                    ("points", figures.dots),
                    ("synthèses partagées", figures.shared),
                ]
            ),
            tuple(self._synthesis(each, told) for each in syntheses[:SYNTHESES]),
            tuple(self._card(each) for each in top(here, LIKED)) if told else (),
        )

    def _figures(self, cafe: Cafe, lab: str) -> Figures:
        found = compared(self._audience, cafe)
        return next((each for each in found.labs if each.lab == lab), found.total)

    def _synthesis(self, synthesis: Synthesis, told: bool) -> Told:
        clusters = self._audience.ideas.clusters
        sources: list[Sources] = []
        room, every = SOURCES, dict.fromkeys(synthesis.text.ideas)
        named = [each for each in synthesis.text.clusters if each in clusters]
        groups = [(clusters[each].name, self._in(each)) for each in named]
        grouped = {idea.id for _, ideas in groups for idea in ideas}
        alone = [self._audience.ideas.by_id.get(each) for each in every if each not in grouped]
        others = "Autres idées" if named else ""
        groups.append((others, [idea for idea in alone if idea is not None and idea.public]))
        for name, ideas in groups:
            if kept := ideas[:room]:
                sources.append(Sources(name, tuple(self._card(each, told) for each in kept)))
                room -= len(kept)
        more = sum(len(ideas) for _, ideas in groups) + room - SOURCES
        paragraphs = tuple(filter(None, map(str.strip, synthesis.text.body.split("\n"))))
        about = self._about(synthesis)
        return Told(synthesis.text.title, about, paragraphs, tuple(sources), more)

    def _in(self, cluster: str) -> list[Idea]:
        return [idea for idea in self._audience.ideas.in_cluster(cluster) if idea.public]

    def _about(self, synthesis: Synthesis) -> str:
        likes = synthesis.support
        said = [
            f"Table {number_of(synthesis.table)}",
            synthesis.author,
            f"{likes} soutien{'s' * (likes > 1)}" if likes else "",
        ]
        said += [
            datetime.fromtimestamp(airing.start, self._zone).strftime(
                "présentée sur le plateau le %d/%m à %H h %M"
            )
            for airing in synthesis.airings[-1:]
        ]
        return " · ".join(filter(None, said))

    def _card(self, idea: Idea, told: bool = True) -> Card:
        picture = self._picture(idea.picture) if idea.picture else None
        text = idea.text or idea.alt or "Photo"
        return Card(text, way(idea, self._labs), idea.dots if told else None, picture)


def _told(figures: Iterable[tuple[str, int | None]]) -> tuple[tuple[str, str], ...]:
    """What may be told; what is nothing goes without saying."""
    return tuple((_counted(title, number), str(number)) for title, number in figures if number)


def _counted(title: str, number: int) -> str:
    """A plural, or the singular of it."""
    words = title if number > 1 else " ".join(word.rstrip("s") for word in title.split())
    return words[:1].upper() + words[1:]


def _day(time: float | None, zone: tzinfo) -> str:
    return "" if time is None else datetime.fromtimestamp(time, zone).strftime(DAY)


def _days(cafes: Sequence[Cafe], zone: tzinfo) -> str:
    days = list(dict.fromkeys(filter(None, (_day(each.opened_at, zone) for each in cafes))))
    return days[0] if len(days) == 1 else f"{days[0]} – {days[-1]}" if days else ""
