"""A café's laboratories side by side, as the API tells them."""

from collections.abc import Mapping

from engagement.audience import Audience
from engagement.cafe.comparison import Comparison, Figures, compare
from engagement.cafe.session import Cafe
from tv.labs.items import Rendered, lab_item
from tv.settings import Lab


def compared(audience: Audience, cafe: Cafe) -> Comparison:
    """The comparison as things are now."""
    people = {lab: audience.cafes.people(cafe.id, lab) for lab in cafe.plan.labs}
    ideas, made = audience.ideas, audience.syntheses.by_id.values()
    return compare(cafe, people, ideas.of(cafe.id), ideas.given(cafe.id), made)


def comparison_item(cafe: Cafe, found: Comparison, labs: Mapping[str, Lab]) -> Rendered:
    """A comparison: `items` are the laboratories, in their order; `totals` those of all of them.

    `people`, `dots` and `top` are null where they would tell what a few did.
    """
    return {
        "cafe": cafe.id,
        "title": cafe.plan.title,
        "items": [_lab(each.lab, labs.get(each.lab)) | _figures(each) for each in found.labs],
        "totals": _figures(found.total),
    }


def _lab(slug: str, lab: Lab | None) -> Rendered:
    said = lab_item(slug, lab or Lab(name=slug))
    return {"lab": said.pop("id")} | said


def _figures(figures: Figures) -> Rendered:
    top = figures.top
    return {
        "tables": figures.tables,
        "people": figures.people,
        "ideas": figures.ideas,
        "dots": figures.dots,
        "syntheses": figures.syntheses,
        "shared": figures.shared,
        "top": None
        if top is None
        else [
            {
                "id": idea.id,
                "text": idea.text,
                "lab": idea.lab,
                "table": idea.table,
                "round": idea.round,
                "dots": idea.dots,
            }
            for idea in top
        ],
    }
