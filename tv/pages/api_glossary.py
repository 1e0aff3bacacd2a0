"""The API of what captions are told beforehand: rules that replace always, and glossaries.

- `GET /api/v1/captions/rules` → `{"items": [rule]}`; `POST` `{"heard", "written"}` → 201 rule: from
  now on, and in all that is written already, on every channel. `DELETE …/{id}` → the rule that is
  no more: what it changed after the fact reads again as it was heard. 422 `wrong-rule`; 409
  `too-many-rules`; 404 `unknown-rule`.
- `GET|PUT /api/v1/talks/{id}/glossary`, `GET|PUT /api/v1/glossary` (the whole event's)
  `{"terms": [...]}` → glossary: names and words that the machine is to know, at most 200. They
  replace those before; with `If-Match`, 412 `changed-meanwhile` with `current`. 404 `unknown-talk`.

Who may: tv/captioning/acts.py. Rules and glossaries are as in tv/items.py.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from captions.wording import glossary, rules
from captions.wording.captioned import Glossary, MadeRule
from captions.wording.events import GlossarySet, RuleAdded, RuleRemoved
from tv import items
from tv.auth import MODERATORS, Identity, identity
from tv.captioning.acts import CaptionActs
from tv.follower import Follower
from tv.openapi import takes
from tv.problems import Problem, clean, read_json
from tv.writing import absent, expected_versions, json


class NewRule(msgspec.Struct, frozen=True):
    """The body of a new rule."""

    heard: str
    written: str


class Terms(msgspec.Struct, frozen=True):
    """The body of a glossary."""

    terms: list[str]


def routes(follower: Follower, acts: CaptionActs) -> list[BaseRoute]:
    def crew(request: Request) -> Identity:
        who = identity(request)
        who.must_be(*MODERATORS)
        return who

    async def every(request: Request) -> Response:
        crew(request)
        made = follower.captions.made_rules.values()
        return json({"items": [items.rule_item(rule) for rule in made]})

    @takes(NewRule)
    async def add(request: Request) -> Response:
        who = crew(request)
        said = await read_json(request, NewRule)
        heard = clean(said.heard, "Entendu", rules.LONGEST)
        written = clean(said.written, "À écrire", rules.LONGEST)
        if why := rules.refusal(heard, written):
            raise Problem(422, "wrong-rule", "Règle refusée", why)
        made = await acts.write(RuleAdded(**acts.act(request, who), heard=heard, written=written))
        assert isinstance(made, MadeRule)
        location = f"/api/v1/captions/rules/{made.rule.id}"
        return json(items.rule_item(made), 201, location=location)

    async def remove(request: Request) -> Response:
        who = crew(request)
        act = RuleRemoved(**acts.act(request, who), rule=request.path_params["rule"])
        made = await acts.write(act)
        assert isinstance(made, MadeRule)
        return json(items.rule_item(made))

    def of(request: Request) -> tuple[str, Identity]:
        """The talk whose glossary it is ("" for the event's), and who asks. Raises Problem."""
        talk, who = request.path_params.get("talk", ""), identity(request)
        who.must_be(*MODERATORS, talk=talk)
        if talk and follower.audience.talks.find(talk) is None:
            raise absent("talk")
        return talk, who

    async def look(request: Request) -> Response:
        talk, _ = of(request)
        return json(items.glossary_item(follower.captions.glossary(talk)))

    @takes(Terms)
    async def put(request: Request) -> Response:
        talk, who = of(request)
        said = await read_json(request, Terms)
        terms = glossary.cleaned([clean(term, "Terme", glossary.LONGEST) for term in said.terms])
        if len(said.terms) > glossary.TERMS:
            raise Problem(
                422,
                "too-many-terms",
                "Trop de termes",
                f"Un glossaire compte {glossary.TERMS} termes au plus.",
            )
        act = GlossarySet(
            **acts.act(request, who), talk=talk, terms=terms, expects=expected_versions(request)
        )
        given = await acts.write(act)
        assert isinstance(given, Glossary)
        return json(items.glossary_item(given))

    return [
        Route("/api/v1/captions/rules", every, methods=["GET"]),
        Route("/api/v1/captions/rules", add, methods=["POST"]),
        Route("/api/v1/captions/rules/{rule}", remove, methods=["DELETE"]),
        *(
            Route(path, endpoint, methods=[method])
            for path in ("/api/v1/talks/{talk}/glossary", "/api/v1/glossary")
            for method, endpoint in (("GET", look), ("PUT", put))
        ),
    ]
