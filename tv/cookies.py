"""The cookies that say who a browser is: out of reach of scripts and of other sites."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

PASS_COOKIE = "fabrique_pass"
PARTICIPANT_COOKIE = "fabrique_participant"
ERASED_COOKIE = "fabrique_efface"  # when this browser had erased what counted in an open poll
ERASED_LIFETIME = 86_400.0  # seconds
# A browser takes a cookie of such a name from this host alone, and by HTTPS (RFC 6265bis, 4.1.3.2):
# no other host of the domain can put its own in the place of ours.
BY_HTTPS = "__Host-"


def set_cookie(
    request: Request, response: Response, name: str, value: str, lifetime: float
) -> None:
    """Give a browser what proves who it is, out of reach of scripts and of other sites.

    By HTTPS the cookie's name begins with `BY_HTTPS`. One without, from before, is read too.
    """
    # Behind a proxy that we do not know of, the page still says by what scheme it came.
    origin = request.headers.get("origin", "")
    secure = request.url.scheme == "https" or origin.startswith("https://")
    response.set_cookie(
        f"{BY_HTTPS}{name}" if secure else name,
        value,
        max_age=max(1, int(lifetime)),
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def drop_cookie(response: Response, name: str) -> None:
    """Have a browser forget it, by whatever name it was given."""
    response.delete_cookie(name, httponly=True, samesite="lax")
    response.delete_cookie(f"{BY_HTTPS}{name}", secure=True, httponly=True, samesite="lax")


def kept_cookie(cookies: Mapping[str, str], name: str) -> str | None:
    """The value of a browser's cookie; the name that only this host can set goes first."""
    return cookies.get(f"{BY_HTTPS}{name}", cookies.get(name))
