"""SDP fragments (RFC 8840): the other side's later candidates, or its new ICE session. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiortc.rtcicetransport import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from streaming.webrtc import sdp
from streaming.webrtc.sdp import Refusal

SIZE_LIMIT = 16 * 1024  # characters
MEDIA_TYPE = "application/trickle-ice-sdpfrag"


class NotAFragment(Refusal):
    code = "not-a-fragment"
    status = 400


@dataclass(frozen=True)
class Fragment:
    """What a fragment says; without credentials it means those of now."""

    name: str
    password: str
    candidates: Sequence[RTCIceCandidate]


def read(text: str) -> Fragment:
    """Read a fragment. Raises NotAFragment.

    Candidates that we cannot use are left out (RFC 9725, 4.3.2): names, TCP, other components.
    """
    lines = text.splitlines() if len(text) <= SIZE_LIMIT else []
    if not lines or not all(line[1:2] == "=" for line in lines if line):
        raise NotAFragment("Le corps de la requête n’est pas un fragment SDP.")
    names, passwords = _values(lines, "ice-ufrag"), _values(lines, "ice-pwd")
    name, password = next(iter(names), ""), next(iter(passwords), "")
    if len(names) > 1 or len(passwords) > 1:
        raise NotAFragment("Le fragment SDP a plusieurs identifiants ICE.")
    if (names or passwords) and not sdp.are_credentials(name, password):
        raise NotAFragment("Le fragment SDP n’a pas d’identifiants ICE valables.")
    found = _values(lines, "candidate")
    if not found and not names and "a=end-of-candidates" not in lines:
        raise NotAFragment("Le fragment SDP ne dit rien.")
    candidates = []
    for line in found:
        try:
            candidates.append(candidate_from_sdp(line))
        except (ValueError, AssertionError) as error:
            raise NotAFragment("Le fragment SDP a un candidat mal formé.") from error
    return Fragment(name, password, sdp.usable(candidates))


def write(answer: str, name: str, password: str, candidates: Iterable[str]) -> str:
    """Our side of a new ICE session: the first section of `answer`, with these."""
    section = next((line for line in answer.splitlines() if line.startswith("m=")), "")
    attributes = ("a=group:BUNDLE", "a=ice-options:", "a=ice-lite")
    head = [line for line in answer.splitlines() if line.startswith(attributes)]
    mid = next((line for line in answer.splitlines() if line.startswith("a=mid:")), "")
    lines = [
        *head,
        section,
        mid,
        f"a=ice-ufrag:{name}",
        f"a=ice-pwd:{password}",
        *(f"a=candidate:{candidate}" for candidate in candidates),
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


def _values(lines: Iterable[str], attribute: str) -> list[str]:
    """The different values of an attribute, in order."""
    start = f"a={attribute}:"
    return list(dict.fromkeys(line[len(start) :] for line in lines if line.startswith(start)))
