"""The demo's laboratories along the tenant's journey, with a world café and a call for ideas."""

import json
import urllib.request
from typing import Any

from tv.settings import Lab

LABS = {
    "labo-1": Lab("Chercher", "Recherche de logement", "#2f6fe8", "🔍"),
    "labo-2": Lab("Arriver", "Installation", "#128a80", "🔑"),
    "labo-3": Lab("Habiter", "Vie dans le logement", "#bd6a0a", "🏠"),
    "labo-4": Lab("Voisiner", "Vie dans le quartier", "#23873f", "🌳"),
    "labo-5": Lab("Dialoguer", "Relation avec le bailleur", "#9d4edd", "💬"),
    "labo-6": Lab("Partir", "Départ", "#d63a63", "📦"),
}
TABLES = 4  # in each of them

CAFE = {
    "type": "world_cafe",
    "title": "Imaginer la proximité",
    "prompts": [
        "Qu’est-ce qui complique aujourd’hui cette étape ?",
        "Quels dispositifs la rendraient plus simple ?",
        "Par quoi commencer, et avec qui ?",
    ],
    "rounds": 3,
    "round_seconds": 900,
    "moving_seconds": 120,
    "seats": 8,
}
CALL = {
    "type": "call",
    "title": "Et vous, qu’en dites-vous ?",
    "prompts": ["Quelle petite chose rendrait votre immeuble plus accueillant ?"],
    "dots": 10,
}


def furnish(address: str, token: str, labs: list[str]) -> None:
    """Plan and open a session in all laboratories, and a call, unless some are planned already.

    `token` is an operator's pass. Raises OSError when the service does not do so.
    """
    if _ask(address, token, "GET", "/api/v1/cafes")["items"]:
        return
    for plan in ({**CAFE, "tables": dict.fromkeys(labs, TABLES)}, CALL):
        made = _ask(address, token, "POST", "/api/v1/cafes", plan)
        _ask(address, token, "POST", f"/api/v1/cafes/{made['id']}:open")


def _ask(address: str, token: str, method: str, path: str, body: object = None) -> Any:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)
