"""An event in full swing, as pages show it: a talk on air, questions, a poll, the wall, labs."""

import time
from typing import Any

import httpx

from engagement.cafe.session import table_id
from engagement.origin import EVERYWHERE
from tests.servers import Fabrique
from tests.waiting import until
from tv.auth import Role
from tv.demo import labs

TITLE = "Habiter ensemble : la proximité se fabrique"
SPEAKERS = ["Claire Dumoulin", "Karim Benali"]
QUESTIONS = [  # who asks, what, how many support it
    ("Anne", "Comment le gardien sait-il qu’une famille arrive, avant le jour des clés ?", 17),
    ("", "Qui paie l’accompagnement, et que se passe-t-il quand il s’arrête ?", 12),
    ("Jean-Baptiste de la Rochefoucauld-Montbazon", "Et pour ceux qui n’ont pas internet ?", 9),
    ("Léa", "Peut-on visiter un logement en vidéo avec quelqu’un de l’immeuble ?", 5),
    (
        "",
        "Dans notre résidence, chaque nouveau locataire attend trois semaines un rendez-vous, puis "
        "raconte la même histoire à quatre personnes\u00a0: qui peut décider qu’une seule suffit, "
        "et combien de temps faut-il pour l’essayer dans un immeuble ?",
        3,
    ),
    ("Zoé", "Y a-t-il un exemple à Grenoble ?", 1),
]
WAITING = [
    "Est-ce que les associations de locataires ont été consultées ?",
    "Pourquoi pas un numéro unique ?",
    "L’ascenseur de la tour B est en panne depuis mardi.",
]
POLL = {
    "type": "single",
    "prompt": "Le plus utile, le premier soir ?",
    "options": ["Un voisin qui frappe à la porte", "Un plan du quartier", "Le numéro du gardien"],
}
BANDEAU = {"type": "bandeau", "title": SPEAKERS[0], "text": "Directrice de la proximité"}
CLOUD = {"type": "words", "prompt": "La proximité en un mot ?"}
WORDS = ("écoute", "voisins", "confiance", "écoute", "temps", "gardien", "écoute", "voisins")
POSTS = [
    ("Marine", "Premier atelier : déjà douze idées sur la table « Arriver » !", "LinkedIn"),
    ("", "Le gardien, c’est la proximité en personne.", ""),
    ("Office de l’Ain", "Bravo aux équipes du labo Voisiner", "Mastodon"),
    (
        "",
        "Ce matin j’ai rencontré une locataire qui accueille les nouveaux de son escalier depuis "
        "vingt ans, sans que personne ne le lui ait demandé. Il suffirait peut-être de lui "
        "demander.",
        "",
    ),
]
IDEAS = [
    "Un parrain ou une marraine dans l’escalier, qui vient le premier soir",
    "Un carnet d’adresses du quartier écrit par les habitants",
    "Une visite du quartier avec le gardien",
    "Prêter des outils pour monter ses meubles",
    "Un seul rendez-vous pour l’eau, l’électricité, internet, l’école et la mairie, avec quelqu’un "
    "qui reste le même du premier appel jusqu’à la remise des clés, et qui rappelle un mois après.",
    "Une fête des nouveaux, deux fois par an, dans la cour",
    "Bienvenue",
]
SYNTHESES = [
    "Une personne, une porte",
    "Le premier soir, quelqu’un frappe",
    "Un seul rendez-vous pour tout, et la même personne du premier appel à la remise des clés",
]
BODY = (
    "À l’arrivée, chaque locataire rencontre une personne de l’immeuble, volontaire, qui vient le "
    "premier soir.\n\nElle garde un double des clés, connaît le gardien et les commerces, et "
    "présente les voisins. Le bailleur lui offre une formation et un repas.\n\nOn commence par "
    "trois immeubles, on compte les départs au bout d’un an."
)
PATIENCE = 120.0  # seconds


class EventDay:
    """What the crew and forty people do in the service at `served`. Each method is done once."""

    def __init__(self, served: Fabrique) -> None:
        self.served = served
        self.crew = served.crew(name="Régie")
        names = [name for name, *_ in QUESTIONS]
        names = (*names, *[""] * (40 - len(names)))
        self.people = [served.someone(name, EVERYWHERE) for name in names]
        self.talk = self.cafe = self.poll = self.cloud = self.question = ""
        self.posts: list[str] = []
        self.syntheses: list[str] = []
        self.lab = next(iter(labs.LABS))
        self.table = table_id(self.lab, 1)

    def close(self) -> None:
        for each in (self.crew, *self.people):
            each.close()

    def begin(self) -> None:
        """A talk goes on air as its studio does, another follows, the labs take their seats."""
        now = time.time()
        for title, start, people in (
            (TITLE, now - 600, SPEAKERS),
            ("Partir en paix", now + 1500, []),
        ):
            plan = {"title": title, "channel": "plateau", "speakers": people}
            times = {"planned_start": start, "planned_end": start + 1800}
            made = self._done("/api/v1/talks", plan | times)["id"]
            self.talk = self.talk or made
        channel = "/api/v1/channels/plateau"
        until(lambda: self.crew.get(channel).json()["on_air"] == "primary", PATIENCE)
        self._done(f"/api/v1/talks/{self.talk}:start")
        labs.furnish(self.served.url, self.served.make_pass(Role.OPERATOR), list(labs.LABS))
        cafes = self.crew.get("/api/v1/cafes").json()["items"]
        [self.cafe] = [each["id"] for each in cafes if each["type"] == "world_cafe"]

    def fill(self) -> None:
        """People ask, support, vote, write and think."""
        self._ask()
        self._vote()
        self._write_on_the_wall()
        self._think()
        self._done("/api/v1/rundown", BANDEAU)
        self.take({"type": "question", "shows": self.question})

    def take(self, entry: dict[str, object]) -> str:
        """Put on air what goes into the rundown as `entry`; return its id."""
        made: str = self._done("/api/v1/rundown", entry)["id"]
        self._done(f"/api/v1/rundown/{made}:take")
        return made

    def clear(self) -> None:
        """Nothing is on air but the picture."""
        for entry in self.crew.get("/api/v1/rundown").json()["items"]:
            if entry["state"] == "on_air":
                self._done(f"/api/v1/rundown/{entry['id']}:off")

    def hear(self) -> None:
        """Wait until there are words of the talk to read."""
        address = f"/api/v1/talks/{self.talk}/captions.txt"
        until(lambda: len(self.crew.get(address).text) > 200, PATIENCE)

    def end(self) -> None:
        """The talk is over, and its replay online."""
        talk = f"/api/v1/talks/{self.talk}"
        self._done(f"{talk}:end")
        until(lambda: self.crew.get(f"{talk}/replay").json().get("complete"), PATIENCE)
        self._done(f"{talk}:publish", {"consent": True, "captions_reviewed": True})

    def address(self, path: str, role: Role | None = None, name: str = "") -> str:
        """A page, with the pass that opens it: those of a table are for the first table."""
        where = {"lab": self.lab, "table": self.table}
        at_table = where if role in (Role.KIOSK, Role.HOST) else {}
        token = f"#pass={self.served.make_pass(role, name, **at_table)}" if role else ""
        return f"{self.served.url}{path}{token}"

    def _ask(self) -> None:
        asked = f"/api/v1/talks/{self.talk}/questions"
        for rank, (_, body, support) in enumerate(QUESTIONS):
            made = self._done(asked, {"body": body}, self.people[rank])["id"]
            self._done(f"/api/v1/questions/{made}:approve")
            for person in self.people[rank + 1 : rank + 1 + support]:
                person.put(f"/api/v1/questions/{made}/support").raise_for_status()
            self.question = self.question or made
        for rank, body in enumerate(WAITING):
            self._done(asked, {"body": body}, self.people[20 + rank])
        self._done(f"/api/v1/questions/{self.question}:take")

    def _vote(self) -> None:
        cloud = self.cloud = self._done("/api/v1/polls", {"talk": self.talk} | CLOUD)["id"]
        self._done(f"/api/v1/polls/{cloud}:open")
        for person, word in zip(self.people, WORDS, strict=False):
            person.put(f"/api/v1/polls/{cloud}/ballot", json={"texts": [word]}).raise_for_status()
        for verb in ("close", "publish"):
            self._done(f"/api/v1/polls/{cloud}:{verb}")
        made = self._done("/api/v1/polls", {"talk": self.talk} | POLL)
        self.poll = made["id"]
        self._done(f"/api/v1/polls/{self.poll}:open")
        options = [each["id"] for each in made["options"]]
        for rank, person in enumerate(self.people[:33]):
            choice = options[0 if rank % 2 else rank % 3]
            ballot = {"choices": [choice]}
            person.put(f"/api/v1/polls/{self.poll}/ballot", json=ballot).raise_for_status()

    def _write_on_the_wall(self) -> None:
        for rank, (author, text, network) in enumerate(POSTS):
            if network:
                said = {"text": text, "author": author, "network": network}
                made = self._done("/api/v1/wall/posts", said)["id"]
            else:
                made = self._done("/api/v1/wall/posts", {"text": text}, self.people[rank])["id"]
                self._done(f"/api/v1/wall/posts/{made}:approve")
            self._done(f"/api/v1/wall/posts/{made}:show")
            self.posts.append(made)

    def _think(self) -> None:
        self._done(f"/api/v1/cafes/{self.cafe}:advance", {})
        made: list[str] = []
        for rank, text in enumerate(IDEAS):
            person = self.people[rank]
            self._done(f"/api/v1/tables/{self.table}:sit", None, person)
            said = {"cafe": self.cafe, "table": self.table, "text": text}
            made.append(self._done("/api/v1/contributions", said, person)["id"])
            url = f"/api/v1/contributions/{made[rank // 3]}/dots"
            person.put(url, json={"dots": 1 + rank % 3}).raise_for_status()
        self._done(f"/api/v1/tables/{self.table}:host", {"name": "Hélène"})
        group = {"table": self.table, "name": "Quelqu’un à qui parler", "contributions": made[:3]}
        self._done("/api/v1/clusters", group)
        for rank, lab in enumerate(labs.LABS):
            other = table_id(lab, 2)
            for person, text in zip(self.people[10 + 3 * rank :], IDEAS[:3], strict=False):
                self._done(f"/api/v1/tables/{other}:sit", None, person)
                said = {"cafe": self.cafe, "table": other, "text": text}
                self._done("/api/v1/contributions", said, person)
        for rank, (title, lab) in enumerate(zip(SYNTHESES, labs.LABS, strict=False)):
            said = {"table": table_id(lab, 1), "title": title, "body": BODY}
            synthesis = self._done(
                "/api/v1/syntheses", said | ({} if rank else {"ideas": made[:3]})
            )["id"]
            self._done(f"/api/v1/syntheses/{synthesis}:share", {"open": True})
            self.syntheses.append(synthesis)

    def _done(self, path: str, body: object = None, who: httpx.Client | None = None) -> Any:
        reply = (who or self.crew).post(path, json=body if body is not None else {})
        assert reply.is_success, f"{path}: {reply.text}"
        return reply.json()
