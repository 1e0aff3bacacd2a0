"""Why something failed, in French: what the system and the decoders say in English."""

import errno
import re

import msgspec

_SYSTEM = {
    errno.EACCES: "droits insuffisants",
    errno.EADDRINUSE: "il est déjà pris",
    errno.EADDRNOTAVAIL: "cette adresse n’est pas à cette machine",
    errno.ECONNREFUSED: "connexion refusée",
    errno.EEXIST: "un fichier est à cette place",
    errno.EISDIR: "c’est un dossier",
    errno.ENOENT: "introuvable",
    errno.ENOSPC: "il n’y a plus de place",
    errno.ENOTDIR: "un fichier est sur le chemin",
    errno.EPERM: "droits insuffisants",
    errno.EROFS: "le disque est en lecture seule",
}

_TYPES = {
    "array": "une liste",
    "bool": "true ou false",
    "float": "un nombre",
    "int": "un nombre entier",
    "null": "rien",
    "object": "un objet",
    "str": "un texte",
}

# What msgspec says, and what we say of it.
_MISTAKES = (
    (re.compile(r"unknown field `(.*?)`"), "clé inconnue «\u00a0{0}\u00a0»"),
    (re.compile(r"missing required field `(.*?)`"), "il manque «\u00a0{0}\u00a0»"),
    (re.compile(r"Invalid enum value '?(.*?)'?(?: - at|$)"), "valeur inconnue «\u00a0{0}\u00a0»"),
)
_UNEXPECTED = re.compile(r"Expected `(.*?)`, got `(.*?)`")


def of_system(error: OSError) -> str:
    """What the operating system objects to."""
    return _SYSTEM.get(error.errno or 0) or error.strerror or type(error).__name__


def of_mistake(error: msgspec.ValidationError) -> tuple[str, str]:
    """Where the value is that does not fit (a dotted path, "" for the whole), and why."""
    text = str(error)
    path = re.search(r" - at `(?:key in )?\$\.?(.*)`$", text)
    return path[1] if path else "", _why(text)


def _why(text: str) -> str:
    for pattern, words in _MISTAKES:
        if found := pattern.search(text):
            return words.format(found[1])
    if found := _UNEXPECTED.search(text):
        return f"attendu {_typed(found[1])}, reçu {_typed(found[2])}"
    return "valeur incorrecte"


def _typed(name: str) -> str:
    return " ou ".join(_TYPES.get(part, part) for part in name.split(" | "))
