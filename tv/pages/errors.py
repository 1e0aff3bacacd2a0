"""What somebody with a browser is shown of a request that failed: what happened, and a way out."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tv import problems
from tv.pages.html import Pages
from tv.problems import Problem

# What a page says in the place of words that are for programs; else the problem's own.
SAID = {
    404: (
        "Cette page n’existe pas",
        "L’adresse est peut-être incomplète, ou ce qu’elle montrait n’est plus là.",
    ),
    405: (
        "Cette page ne se demande pas ainsi",
        "Revenez en arrière, ou repartez de l’une de ces pages.",
    ),
    500: (
        "Quelque chose s’est mal passé de notre côté",
        "L’erreur est notée. Réessayez dans un instant\u00a0: ce que vous avez écrit sur cet "
        "appareil n’est pas perdu.",
    ),
}
AGAIN = (429, 500, 502, 503)  # after which the same may go well


class Errors:
    """Answers in place of a request that failed: a page for people, JSON for programs."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    @property
    def handlers(self) -> Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]]:
        return dict.fromkeys(problems.handlers, self._handle)

    def answer(self, request: Request, problem: Problem) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "")
        if not wants_page or request.url.path.startswith("/api/"):
            return problem.response()
        title, detail = problem.title, problem.detail
        if problem.code.startswith("http-") or problem.status == 500:
            title, detail = SAID.get(problem.status, (title, detail))
        response = self._pages.page(
            "error.html",
            status=problem.status,
            reader=request,
            code=problem.status,
            title=title,
            detail=detail,
            again=request.method == "GET" and problem.status in AGAIN,
        )
        response.headers.update(problem.headers())
        return response

    async def _handle(self, request: Request, error: Exception) -> Response:
        said = problems.told(error)
        response = self.answer(request, said)
        response.headers.update(problems.asked_for(error))
        return response
