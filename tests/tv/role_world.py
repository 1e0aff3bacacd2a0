"""An event that has one of everything, and all kinds of callers: for the role matrix."""

from typing import Any

import httpx

from captions.cues import Cue
from captions.wording.events import CueWritten
from tests.tv.house import House
from tv.auth import Role
from tv.settings import load

SETTINGS = load(
    None,
    {
        "FABRIQUE_LABS__LABO_1__NAME": "Labo Un",
        "FABRIQUE_LABS__LABO_2__NAME": "Labo Deux",
        "FABRIQUE_RESTREAMS__SITE__URL": "rtmp://127.0.0.1:9/live",
        "FABRIQUE_RESTREAMS__SITE__KEY": "secret",
        "FABRIQUE_LIMITS__PARTICIPANT__BURST": "10000",  # what is asked is who may, not how often
        "FABRIQUE_LIMITS__PARTICIPANT__PER_SECOND": "10000",
    },
)


async def made(client: httpx.AsyncClient, path: str, body: Any = None, method: str = "POST") -> Any:
    reply = await client.request(method, f"/api/v1/{path}", json=body)
    assert reply.is_success, (path, reply.text)
    return reply.json() if reply.content else None


async def world(tv: House) -> tuple[dict[str, str], dict[str, str]]:
    """The ids in addresses, by their name in the role matrix, and the token of each caller.

    `{talk}` is live and `{ended}` is over and not published; the author is a participant, who wrote
    all that participants write, and sits at `{table}`.
    """
    author = tv.passes.welcome("Ann", lab="labo-1", place="labo-1")[1]
    crew, ann = tv.crew(Role.ADMIN), tv.client(author)
    async with crew, ann:
        ids = await _talks(tv, crew) | await _room(tv, crew, ann) | {"lab": "labo-1"}
        ids |= await _questions(crew, ann, ids["talk"]) | await _polls(crew, ann, ids["talk"])
        ids |= await _screens(tv, crew)
    issue = tv.passes.issue
    return ids, {
        "nobody": "",
        "participant": tv.passes.welcome("Bob")[1],
        "author": author,
        "viewer": issue(Role.VIEWER),
        "screen": issue(Role.SCREEN, screen=ids["screen"]),
        "another screen": issue(Role.SCREEN, screen="nowhere"),
        "node": issue(Role.NODE),
        "kiosk": issue(Role.KIOSK, table=ids["table"]),
        "another kiosk": issue(Role.KIOSK, table="labo-1.2"),
        "host": issue(Role.HOST, table=ids["table"]),
        "host of lab": issue(Role.HOST, lab="labo-1"),
        "another host": issue(Role.HOST, lab="labo-2"),
        "presenter of talk": issue(Role.PRESENTER, talk=ids["talk"]),
        "another presenter": issue(Role.PRESENTER, talk=ids["planned"]),
        "presenter": issue(Role.PRESENTER),
        "moderator of talk": issue(Role.MODERATOR, talk=ids["talk"]),
        "another moderator": issue(Role.MODERATOR, talk=ids["planned"]),
        "moderator": issue(Role.MODERATOR),
        "operator": issue(Role.OPERATOR),
        "admin": issue(Role.ADMIN),
    }


async def _talks(tv: House, crew: httpx.AsyncClient) -> dict[str, str]:
    ids = {}
    for name in ("ended", "talk", "planned"):
        plan = {"title": name, "guid": name, "room": "Plateau", "speakers": ["Anne Morel"]}
        ids[name] = (await made(crew, "talks", plan))["id"]
    await made(crew, f"talks/{ids['ended']}:start")
    await made(crew, f"talks/{ids['ended']}:end")
    await made(crew, f"talks/{ids['talk']}:start")
    message = await made(crew, f"talks/{ids['talk']}/messages", {"text": "Plus fort"})
    rule = await made(crew, "captions/rules", {"heard": "à rame", "written": "ARRA"})
    entry = await made(crew, "rundown", {"type": "announcement", "text": "Bientôt", "title": "x"})
    said = Cue("said", 1, tv.upstream.now(), tv.upstream.now() + 2.0, ("Bonjour",))
    await tv.journal.append(CueWritten("plateau", said))
    await tv.follower.caught_up()
    return ids | {
        "cue": said.id,
        "channel": "plateau",
        "format": "vtt",
        "message": message["id"],
        "rule": rule["id"],
        "entry": entry["id"],
        "restream": "site",
    }


async def _questions(crew: httpx.AsyncClient, ann: httpx.AsyncClient, talk: str) -> dict[str, str]:
    ids = {}
    for name in ("question", "pending"):
        asked = await made(ann, f"talks/{talk}/questions", {"body": f"Et ensuite, {name} ?"})
        ids[name] = asked["id"]
    await made(crew, f"questions/{ids['question']}:approve", {})
    about = {"about": "question", "id": ids["question"], "grounds": "offensive"}
    await made(ann, "alerts", about)
    return ids | {"alert": f"question.{ids['question']}"}


async def _polls(crew: httpx.AsyncClient, ann: httpx.AsyncClient, talk: str) -> dict[str, str]:
    plan = {"talk": talk, "type": "single", "prompt": "Oui ?", "options": ["Oui", "Non"]}
    draft = await made(crew, "polls", plan)
    poll = await made(crew, "polls", plan | {"visibility": "closed"})
    await made(crew, f"polls/{poll['id']}:open", {})
    text = await made(crew, "polls", {"talk": talk, "type": "text", "prompt": "Mots ?"})
    await made(crew, f"polls/{text['id']}:open", {})
    await made(ann, f"polls/{text['id']}/ballot", {"texts": ["merci"]}, "PUT")
    answers = (await made(crew, f"views/talk:{talk}", method="GET"))["items"]
    answer = next(each["id"] for each in answers if each["kind"] == "answer")
    return {"draft": draft["id"], "poll": poll["id"], "text": text["id"], "answer": answer}


async def _room(tv: House, crew: httpx.AsyncClient, ann: httpx.AsyncClient) -> dict[str, str]:
    """The wall, and the laboratories."""
    await made(crew, "wall", {"open": True}, "PATCH")
    ids = {"table": "labo-1.1"}
    for name in ("post", "waiting"):
        ids[name] = (await made(ann, "wall/posts", {"text": f"Bonjour, {name}"}))["id"]
    for act in ("approve", "show"):
        await made(crew, f"wall/posts/{ids['post']}:{act}")
    plan = {"title": "Café", "prompts": ["Quoi ?"], "tables": {"labo-1": 2, "labo-2": 1}}
    cafe = (await made(crew, "cafes", plan))["id"]
    await made(crew, f"cafes/{cafe}:open")
    await made(crew, f"cafes/{cafe}:advance", {})
    ids["cafe"] = cafe
    ids["prepared"] = (await made(crew, "cafes", plan))["id"]
    await made(ann, f"tables/{ids['table']}:sit")
    for name in ("idea", "hidden"):
        card = {"cafe": cafe, "table": ids["table"], "text": f"Une idée, {name}"}
        ids[name] = (await made(ann, "contributions", card))["id"]
    await made(crew, f"contributions/{ids['hidden']}:hide")
    group = {"table": ids["table"], "name": "Groupe", "contributions": [ids["idea"]]}
    ids["cluster"] = (await made(crew, "clusters", group))["id"]
    text = {"table": ids["table"], "title": "Synthèse", "body": "Ici", "ideas": [ids["idea"]]}
    for name in ("written", "synthesis"):
        ids[name] = (await made(crew, "syntheses", text))["id"]
    await made(crew, f"syntheses/{ids['synthesis']}:share", {"open": True})
    comments = f"syntheses/{ids['synthesis']}/comments"
    for name in ("comment", "unread"):
        ids[name] = (await made(ann, comments, {"text": "Oui"}))["id"]
    await made(crew, f"comments/{ids['comment']}:approve")
    sending = {"type": "message", "text": "À vous"}
    return ids | {"sending": (await made(crew, "sendings", sending))["id"]}


async def _screens(tv: House, crew: httpx.AsyncClient) -> dict[str, str]:
    async with tv.client() as display:
        shown = await made(display, "displays")
    named = {"code": shown["code"], "name": "Écran 1", "face": "live"}
    screen = await made(crew, "screens", named)
    return {"code": shown["code"], "screen": screen["id"]}
