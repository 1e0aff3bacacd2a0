"""Tables of what the laboratories made: figures, ideas, syntheses and their versions, comments.

All that the crew may see; nobody is named in it but by the name they chose.
"""

from collections.abc import Iterator, Mapping
from datetime import tzinfo

from engagement.audience import Audience
from engagement.cafe.comparison import Figures
from engagement.cafe.session import Cafe
from engagement.ideas.idea import Idea
from engagement.syntheses.synthesis import Airing, Synthesis
from tv.labs.comparison import compared
from tv.labs.naming import lab_name
from tv.reports.provenance import number_of, way
from tv.reports.tables import Cell, Table, columns_of, local
from tv.settings import Lab

STATES = {
    "noted": "notée",
    "pending": "à relire",
    "shown": "affichée",
    "hidden": "masquée",
    "withdrawn": "retirée",
    "draft": "brouillon",
    "shared": "partagée",
    "approved": "publié",
    "rejected": "non retenu",
}
FEW = "non affiché"  # what fewer than five people did, or what would tell it


def lab_tables(
    audience: Audience, labs: Mapping[str, Lab], zone: tzinfo, cafe: str = "", lab: str = ""
) -> list[Table]:
    """The tables of all sessions, or of one; of all laboratories, or of one."""
    cafes = [
        each
        for each in audience.cafes.by_id.values()
        if not each.gone and cafe in ("", each.id) and (not lab or lab in each.plan.labs)
    ]
    maker = _Maker(audience, labs, zone, cafes, lab)
    return [
        maker.figures(),
        maker.ideas(),
        maker.syntheses(),
        maker.versions(),
        maker.comments(),
    ]


class _Maker:
    """Makes the tables."""

    def __init__(
        self,
        audience: Audience,
        labs: Mapping[str, Lab],
        zone: tzinfo,
        cafes: list[Cafe],
        lab: str,
    ) -> None:
        self._audience = audience
        self._labs = labs
        self._zone = zone
        self._cafes = {each.id: each for each in cafes}
        self._lab = lab
        self._syntheses = [
            each
            for each in audience.syntheses.by_id.values()
            if each.cafe in self._cafes and lab in ("", each.lab)
        ]

    def figures(self) -> Table:
        def row(cafe: Cafe, found: Figures) -> tuple[Cell, ...]:
            return (
                cafe.plan.title,
                self._name(found.lab) if found.lab else "Tous",
                found.tables,
                FEW if found.people is None else found.people,
                found.ideas,
                FEW if found.dots is None else found.dots,
                found.syntheses,
                found.shared,
            )

        def rows() -> Iterator[tuple[Cell, ...]]:
            for cafe in self._cafes.values():
                found = compared(self._audience, cafe)
                for each in (*found.labs, *([] if self._lab else [found.total])):
                    if self._lab in ("", each.lab):
                        yield row(cafe, each)

        columns = columns_of(
            "cafe=Session,lab=Laboratoire,tables=Tables,people=Personnes,ideas=Idées affichées,"
            "dots=Points,syntheses=Synthèses,shared=Partagées"
        )
        return Table("labs", "Laboratoires", columns, list(rows()))

    def ideas(self) -> Table:
        def row(idea: Idea) -> tuple[Cell, ...]:
            cafe, clusters = self._cafes[idea.cafe], self._audience.ideas.clusters
            groups = [clusters[each].name for each in idea.clusters if each in clusters]
            return (
                idea.id,
                cafe.plan.title,
                self._name(idea.lab),
                number_of(idea.table),
                idea.round or None,
                cafe.plan.prompt(idea.round),
                STATES[idea.state],
                idea.text,
                idea.author,
                idea.dots,
                ", ".join(groups) or None,
                way(idea, self._labs) or None,
                idea.picture or None,
                idea.alt or None,
                local(idea.made_at, self._zone),
                idea.reason or None,
            )

        columns = columns_of(
            "id=Identifiant,cafe=Session,lab=Laboratoire,table=Table,round=Tour,prompt=Question,"
            "state=État,text=Idée,author=Auteur,dots=Points,groups=Groupes,way=Parcours,"
            "picture=Photo,alt=Description de la photo,made_at=Écrite le,reason=Motif"
        )
        found = [
            row(idea)
            for cafe in self._cafes
            for idea in self._audience.ideas.of(cafe)
            if self._lab in ("", idea.lab)
        ]
        return Table("ideas", "Idées", columns, found)

    def syntheses(self) -> Table:
        def row(synthesis: Synthesis) -> tuple[Cell, ...]:
            text = synthesis.text
            return (
                synthesis.id,
                *self._place(synthesis),
                STATES[synthesis.state],
                text.title,
                text.body,
                synthesis.author,
                self._sources(synthesis) or None,
                synthesis.support,
                synthesis.comments,
                "oui" if synthesis.open else "non",
                local(synthesis.written_at, self._zone),
                local(synthesis.shared_at, self._zone),
                ", ".join(map(self._told, synthesis.airings)) or None,
            )

        columns = columns_of(
            "id=Identifiant,cafe=Session,lab=Laboratoire,table=Table,state=État,title=Titre,"
            "body=Texte,author=Auteur,sources=Idées d’origine,support=Soutiens,"
            "comments=Commentaires,open=Sur la page des idées,written_at=Écrite le,"
            "shared_at=Partagée le,told=Présentée"
        )
        return Table("syntheses", "Synthèses", columns, [row(each) for each in self._syntheses])

    def versions(self) -> Table:
        """What syntheses said before."""
        rows: list[tuple[Cell, ...]] = [
            (
                each.id,
                *self._place(each),
                number,
                version.text.title,
                version.text.body,
                local(version.at, self._zone),
            )
            for each in self._syntheses
            for number, version in enumerate(each.history, 1)
        ]
        columns = columns_of(
            "synthesis=Synthèse,cafe=Session,lab=Laboratoire,table=Table,version=Version,"
            "title=Titre,body=Texte,at=Écrite le"
        )
        return Table("versions", "Versions des synthèses", columns, rows)

    def comments(self) -> Table:
        wanted = {each.id: each.text.title for each in self._syntheses}
        rows: list[tuple[Cell, ...]] = [
            (
                comment.id,
                comment.synthesis,
                wanted[comment.synthesis],
                STATES.get(comment.state, comment.state),
                comment.text,
                comment.author,
                local(comment.written_at, self._zone),
            )
            for comment in self._audience.comments.by_id.values()
            if comment.synthesis in wanted
        ]
        columns = columns_of(
            "id=Identifiant,synthesis=Synthèse,title=Titre de la synthèse,state=État,"
            "text=Commentaire,author=Auteur,written_at=Écrit le"
        )
        return Table("comments", "Commentaires", columns, rows)

    def _place(self, synthesis: Synthesis) -> tuple[Cell, ...]:
        cafe = self._cafes[synthesis.cafe]
        return cafe.plan.title, self._name(synthesis.lab), number_of(synthesis.table)

    def _sources(self, synthesis: Synthesis) -> str:
        """The ids of its ideas, and of those of its groups."""
        text = synthesis.text
        within = self._audience.ideas.in_cluster
        grouped = [idea.id for each in text.clusters for idea in within(each)]
        return ", ".join(dict.fromkeys([*text.ideas, *grouped]))

    def _told(self, airing: Airing) -> str:
        return f"{airing.talk}, {local(airing.start, self._zone)}"

    def _name(self, lab: str) -> Cell:
        return lab_name(lab, self._labs) or None
