"""Limits of a request's head, and the answers to a head that breaks them.

The parser's callbacks check them (tv/connections.py), before any application code runs. A refusal
costs no more than the bytes that were read.
"""

import re
from collections.abc import Sequence

from tv.problems import Problem
from tv.replies import Reply, refusal

HEAD_LIMIT = 32_768  # bytes of the target and of all header fields
FIELDS = 100  # header fields; browsers send some 20
TARGET_LIMIT = 8_192  # bytes of a request's target: nginx's own limit for a line
HOST_LIMIT = 255  # bytes: a name in DNS has 253

# uri-host [":" port] (RFC 9110, 7.2), without the characters that no host name has.
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]+)(?::[0-9]{0,5})?")


def _refused(status: int, code: str, title: str, detail: str) -> Reply:
    reply = refusal(Problem(status, code, title, detail))
    return Reply(status, [*reply.headers, (b"connection", b"close")], reply.body)


UNREADABLE = _refused(400, "http-400", "Requête illisible", "La requête n’a pas été comprise.")
ODD_HOST = _refused(
    400,
    "invalid-host",
    "Adresse refusée",
    "L’en-tête Host doit nommer ce serveur, une seule fois\u00a0: «\u00a0nom\u00a0» ou "
    "«\u00a0nom:port\u00a0», 255 octets au plus.",
)
LONG_TARGET = _refused(
    414, "target-too-long", "Adresse trop longue", "L’adresse demandée dépasse 8\u202fko."
)
LARGE_HEAD = _refused(
    431,
    "head-too-large",
    "En-têtes trop lourds",
    f"Les en-têtes de la requête dépassent 32\u202fko, ou le nombre de {FIELDS}.",
)


def names_a_host(hosts: Sequence[bytes], version: str) -> bool:
    """True if a request has the Host field that it must have (RFC 9112, 3.2).

    `hosts` are the values of all its Host fields. Only HTTP/1.0 may do without.
    """
    if not hosts:
        return version == "1.0"
    (host, *others) = hosts
    return not others and len(host) <= HOST_LIMIT and _HOST.fullmatch(host) is not None
