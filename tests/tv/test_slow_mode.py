"""Slow mode by the API: the roles that set it, and the refusal of a question too soon."""

from tests.tv.house import House
from tests.tv.test_api import ASK, ask, problem
from tests.tv.test_cafes import good
from tv.auth import Role


async def test_slow_mode_says_how_long_to_wait(tv: House) -> None:
    async with (
        tv.someone() as ann,
        tv.crew(Role.MODERATOR) as crew,
        tv.crew(Role.OPERATOR) as operator,
    ):
        url = "/api/v1/talks/direct"
        problem(await crew.patch(url, json={"slow": 30}), 403, "role-required")
        problem(await ann.post(f"{url}:slow", json={"slow": 30}), 403, "role-required")
        problem(await crew.post(f"{url}:slow", json={"slow": 7}), 422, "invalid-body")
        talk = await good(crew.post(f"{url}:slow", json={"slow": 300}))
        assert talk["slow"] == 300
        await ask(ann)
        answer = await ann.post(ASK, json={"body": "Encore ?"})
        refused = problem(answer, 429, "slow-mode")
        assert 290 < int(answer.headers["retry-after"]) <= 300
        assert f"dans {answer.headers['retry-after']}\u00a0s" in refused["detail"]
        await good(operator.patch(url, json={"slow": 0}))
        await ask(ann, "Encore ?")
