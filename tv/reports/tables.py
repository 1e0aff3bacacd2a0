"""What there is to export, as tables: the same for CSV, spreadsheets and JSON.

A cell is text, a number, or None; times are local, to the second.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from engagement.alerts import Alert, AlertState
from engagement.audience import Audience
from engagement.ideas.idea import Idea
from engagement.polls import Poll
from engagement.questions import Question
from engagement.reactions import KINDS
from engagement.syntheses.synthesis import Comment, Synthesis, Text
from engagement.talks import Talk
from engagement.wall.post import Post
from tv.alert_items import GROUNDS, THINGS

Cell = str | int | float | None

STATES = {
    "scheduled": "prévue",
    "live": "en direct",
    "ended": "terminée",
    "replay": "en ligne",
    "cancelled": "annulée",
    "pending": "à relire",
    "approved": "publiée",
    "answered": "répondue",
    "rejected": "non retenue",
    "merged": "regroupée",
    "withdrawn": "retirée",
    "draft": "brouillon",
    "open": "ouvert",
    "closed": "fermé",
    "published": "affiché",
    "shown": "affiché",
    "retired": "retiré du mur",
    "hidden": "masqué",
    "erased": "effacé",
}

POLLS = {
    "single": "choix unique",
    "multiple": "choix multiple",
    "rating": "note",
    "ranking": "classement",
    "dots": "points à répartir",
    "words": "nuage de mots",
    "text": "réponse libre",
}

ACTS = {
    "asked": "posée",
    "asked in the room": "posée dans la salle",
    "approved": "publiée",
    "rejected": "non retenue",
    "merged": "regroupée",
    "withdrawn": "retirée",
    "restored": "rétablie",
    "edited": "modifiée",
    "labelled": "étiquetée",
    "queued": "mise en file",
    "unqueued": "sortie de la file",
    "taken": "à l’antenne",
    "released": "remise à plus tard",
    "answered": "répondue",
    "answered in writing": "répondue par écrit",
    "support accepted": "soutiens acceptés",
}

ALERTS: dict[AlertState, str] = {"open": "à regarder", "kept": "gardé", "removed": "retiré"}


@dataclass(frozen=True)
class Column:
    """`key` names it for programs, `title` for people."""

    key: str
    title: str


@dataclass(frozen=True)
class Table:
    name: str
    title: str
    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]

    def records(self) -> list[dict[str, Cell]]:
        """A row as an object, by the columns' keys."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row, strict=True)) for row in self.rows]


def tables(audience: Audience, talks: Iterable[Talk], zone: tzinfo) -> list[Table]:
    """All that was made of some talks: what the crew may see of it. Nobody is named in it but by
    the pseudonym they chose."""
    wanted = list(talks)
    return [
        _talks(wanted, zone),
        _questions(audience, wanted, zone),
        _results(audience, wanted),
        _words(audience, wanted),
        _answers(audience, wanted, zone),
        _ratings(audience, wanted, zone),
        _reactions(audience, wanted, zone),
    ]


def posts(audience: Audience, zone: tzinfo) -> Table:
    """The wall, the oldest post first."""
    rows: list[tuple[Cell, ...]] = [
        (
            post.id,
            state(post.state),
            post.text,
            post.author,
            post.network or "Fabrique TV",
            post.support,
            local(post.written_at, zone),
            local(post.shown_at, zone),
            post.reason,
        )
        for post in audience.posts.by_id.values()
    ]
    columns = columns_of(
        "id=Identifiant,state=État,text=Message,author=Auteur,network=Réseau,support=Soutiens,"
        "written_at=Écrit le,shown_at=Affiché le,reason=Motif"
    )
    return Table("wall", "Mur", columns, rows)


def alerts(audience: Audience, zone: tzinfo) -> Table:
    """What people reported to the moderators, and what became of it, the oldest first."""
    rows: list[tuple[Cell, ...]] = [
        (
            alert.thing,
            THINGS[alert.kind],
            _words_of(alert),
            ALERTS[alert.state],
            alert.people,
            ", ".join(f"{GROUNDS[grounds]} ({people})" for grounds, people in alert.grounds),
            " / ".join(alert.notes) or None,
            local(alert.raised_at, zone),
            local(alert.settled_at, zone),
            alert.settled_by or None,
        )
        for alert in audience.alerts.by_id.values()
    ]
    columns = columns_of(
        "id=Identifiant,about=Sorte,text=Texte,state=Suite,people=Personnes,grounds=Motifs,"
        "notes=Précisions,raised_at=Signalé le,settled_at=Traité le,by=Par"
    )
    return Table("alerts", "Signalements", columns, rows)


def log(audience: Audience, talks: Iterable[Talk], zone: tzinfo) -> Table:
    """What the crew did with questions, in order."""
    rows: list[tuple[Cell, ...]] = [
        (
            talk.id,
            local(act.at, zone),
            ACTS.get(act.act, act.act),
            act.question,
            act.name or act.by,
            act.detail,
        )
        for talk in talks
        for act in audience.questions.log.of(talk.id)
    ]
    columns = columns_of(
        "talk=Intervention,at=Le,act=Acte,question=Question,by=Par,detail=Précision"
    )
    return Table("log", "Journal de modération", columns, rows)


def state(name: str) -> str:
    """A state in words: of a talk, a poll, a post, an answer, or of a question that is not live."""
    return STATES.get(name, name)


def local(time: float | None, zone: tzinfo) -> str | None:
    """Broadcast time as one reads it on a spreadsheet: 2026-05-24 11:12:07."""
    return None if time is None else datetime.fromtimestamp(time, zone).strftime("%F %T")


def _words_of(alert: Alert) -> str:
    match alert.shown:
        case Question(body=words) | Post(text=words) | Idea(text=words) | Comment(text=words):
            return words
        case Synthesis(text=Text(title=title, body=body)):
            return "\n".join(filter(None, (title, body)))


def _talks(talks: list[Talk], zone: tzinfo) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            talk.id,
            talk.title,
            ", ".join(talk.speakers),
            state(talk.state),
            talk.room or talk.channel,
            local(talk.planned_start, zone),
            local(talk.planned_end, zone),
            local(talk.started_at, zone),
            local(talk.ended_at, zone),
        )
        for talk in talks
    ]
    columns = columns_of(
        "id=Identifiant,title=Titre,speakers=Intervenants,state=État,place=Lieu,"
        "planned_start=Prévue de,planned_end=Prévue à,started_at=Commencée,ended_at=Terminée"
    )
    return Table("talks", "Interventions", columns, rows)


def _questions(audience: Audience, talks: list[Talk], zone: tzinfo) -> Table:
    def row(question: Question) -> tuple[Cell, ...]:
        return (
            question.talk,
            question.id,
            "en réponse" if question.state == "live" else state(question.state),
            question.body,
            question.original or None,
            question.author,
            question.support,
            question.quoted or None,
            ", ".join(question.labels),
            question.reason or None,
            question.merged_into or None,
            local(question.asked_at, zone),
            local(question.anchor.media_time if question.anchor else None, zone),
            local(question.taken_at, zone),
            local(question.answered_at, zone),
            question.answer or None,
        )

    columns = columns_of(
        "talk=Intervention,id=Identifiant,state=État,body=Question,original=Texte d’origine,"
        "author=Pseudonyme,support=Soutiens,quote=Citation,labels=Étiquettes,reason=Motif,"
        "merged_into=Regroupée avec,asked_at=Posée le,about=À propos du moment,"
        "taken_at=Prise,answered_at=Répondue,answer=Réponse écrite"
    )
    wanted = {talk.id for talk in talks}
    found = [row(each) for each in audience.questions.by_id.values() if each.talk in wanted]
    return Table("questions", "Questions", columns, found)


def _results(audience: Audience, talks: list[Talk]) -> Table:
    def rows() -> Iterator[tuple[Cell, ...]]:
        for poll in _polls(audience, talks):
            for round in range(1, poll.round + 1):
                results = audience.polls.results(poll.id, round)
                assert results is not None
                for option, votes in zip(poll.options, results.counts, strict=True):
                    yield (
                        poll.talk,
                        poll.id,
                        poll.prompt,
                        POLLS[poll.kind],
                        state(poll.state),
                        round,
                        option.text,
                        votes,
                        results.ballots,
                    )

    columns = columns_of(
        "talk=Intervention,poll=Sondage,prompt=Énoncé,type=Type,state=État,round=Tour,"
        "option=Réponse,votes=Voix,ballots=Bulletins"
    )
    return Table("polls", "Sondages", columns, list(rows()))


def _words(audience: Audience, talks: list[Talk]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (poll.talk, poll.id, poll.prompt, round, word.text, word.votes)
        for poll in _polls(audience, talks)
        if poll.kind == "words"
        for round in range(1, poll.round + 1)
        for word in audience.polls.words(poll.id, round, 10_000)
    ]
    columns = columns_of(
        "talk=Intervention,poll=Sondage,prompt=Énoncé,round=Tour,word=Mot,votes=Fois"
    )
    return Table("words", "Nuages de mots", columns, rows)


def _answers(audience: Audience, talks: list[Talk], zone: tzinfo) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            poll.talk,
            poll.id,
            poll.prompt,
            round,
            state(answer.state),
            answer.text,
            local(answer.at, zone),
        )
        for poll in _polls(audience, talks)
        for round in range(1, poll.round + 1)
        for answer in audience.polls.answers_to(poll.id, round)
    ]
    columns = columns_of(
        "talk=Intervention,poll=Sondage,prompt=Énoncé,round=Tour,state=État,text=Réponse,at=Le"
    )
    return Table("answers", "Réponses libres", columns, rows)


def _ratings(audience: Audience, talks: list[Talk], zone: tzinfo) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for talk in talks:
        rating = audience.ratings.by_talk.get(talk.id)
        counts = rating.counts if rating else ()
        rows += [(talk.id, stars, number, None, None) for stars, number in enumerate(counts, 1)]
        rows += [
            (talk.id, given.stars, None, given.word, local(given.at, zone))
            for given in audience.ratings.words(talk.id)
        ]
    columns = columns_of("talk=Intervention,stars=Étoiles,ratings=Avis,word=En un mot,at=Le")
    return Table("ratings", "Avis", columns, rows)


def _reactions(audience: Audience, talks: list[Talk], zone: tzinfo) -> Table:
    """By minute: a row a second would be thousands."""
    rows: list[tuple[Cell, ...]] = []
    for talk in talks:
        minutes: dict[int, list[int]] = {}
        for second in audience.reactions.between(talk.id, 0, float("inf")):
            counted = minutes.setdefault(second.at // 60, [0] * len(KINDS))
            for index, kind in enumerate(KINDS):
                counted[index] += getattr(second.counts, kind)
        rows += [(talk.id, local(at * 60.0, zone), *each) for at, each in minutes.items()]
    columns = columns_of(
        "talk=Intervention,minute=Minute,applause=Bravo,heart=J’aime,idea=Bonne idée,"
        "smile=Ça fait sourire"
    )
    return Table("reactions", "Réactions", columns, rows)


def _polls(audience: Audience, talks: list[Talk]) -> Iterator[Poll]:
    wanted = {talk.id for talk in talks}
    for poll in audience.polls.by_id.values():
        if poll.talk in wanted and not poll.deleted:
            yield poll


def columns_of(named: str) -> tuple[Column, ...]:
    return tuple(Column(*pair.split("=", 1)) for pair in named.split(","))
