"""The API's description is that of the code, and nothing sent to the API makes it fail."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

import tv.live
import tv.pages
from tests.servers import Fabrique, fabrique
from tv.auth import Passes, Role
from tv.studios.keys import load_secret

PAGES = sorted(Path(tv.pages.__file__).parent.glob("*.py"))
API = [page for page in PAGES if "api" in page.stem] + [Path(tv.live.__file__)]
KNOWN = ["direct", "plateau", "en", "{}", "q_1", "../../x", "é", "1" * 300]  # names in addresses


@pytest.fixture(scope="module")
def server() -> Iterator[Fabrique]:
    with fabrique() as running:
        yield running


@pytest.fixture(scope="module")
def described(server: Fabrique) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{server.url}/api/v1/openapi.json").json()
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_endpoint_says_which_body_it_reads(page: Path) -> None:
    for function in ast.walk(ast.parse(page.read_text())):
        if not isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
            continue
        calls = [call for call in own(function) if isinstance(call, ast.Call)]
        reads = {
            ast.unparse(call.args[1]) for call in calls if ast.unparse(call.func) == "read_json"
        }
        reads |= {
            ast.unparse(call.args[0]) for call in calls if ast.unparse(call.func) == "asked.said"
        }
        says = {
            ast.unparse(body)
            for mark in function.decorator_list
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "takes"
            for body in mark.args
        }
        of_a_table = any(said.startswith("*") for said in says)
        assert reads == says or (reads and of_a_table), function.name


@pytest.mark.parametrize("module", API, ids=lambda module: module.stem)
def test_every_endpoint_says_which_queries_it_reads(module: Path) -> None:
    text = module.read_text()
    read = set(re.findall(r'(?:request\.query_params|asked)(?:\.get\(|\[)"(\w+)"', text))
    read |= set(re.findall(r'"(\w+)" in request\.query_params', text))
    marks = [
        call
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "asks"
    ]
    assert bool(marks) == ("request.query_params" in text)
    assert read <= {word.arg for mark in marks for word in mark.keywords}


def own(function: ast.AST) -> Iterator[ast.AST]:
    """What is in a function, but not in the functions in it."""
    for each in ast.iter_child_nodes(function):
        if not isinstance(each, ast.AsyncFunctionDef | ast.FunctionDef):
            yield each
            yield from own(each)


def test_description_is_of_openapi(described: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_dict(described)
    schema.validate()
    assert len(described["paths"]) > 60
    assert all(tag["description"] for tag in described["tags"])
    wall = described["paths"]["/api/v1/wall/posts"]["get"]["parameters"]
    assert {each["name"]: each["in"] for each in wall} == {"state": "query", "sort": "query"}
    assert "best" in wall[1]["schema"]["enum"]
    for path in described["paths"].values():
        for method, operation in path.items():
            assert ("304" in operation["responses"]) == (method == "get")


def test_nothing_that_is_sent_makes_the_api_fail(
    server: Fabrique, described: dict[str, Any]
) -> None:
    """Every operation, with bodies that fit and bodies that do not, by the crew and by anybody."""
    passes = Passes(load_secret(server.folder.path))
    tokens = [passes.issue(Role.ADMIN), passes.welcome("Ann")[1], ""]
    schema = schemathesis.openapi.from_dict(described)
    with httpx.Client(base_url=server.url, timeout=20) as client:
        for found in schema.get_all_operations():
            operation = found.ok()
            cases = st.one_of(
                operation.as_strategy(generation_mode=mode)
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
            )

            @settings(max_examples=6, suppress_health_check=list(HealthCheck))
            @given(cases, st.sampled_from(tokens), st.sampled_from(KNOWN))
            def is_answered(case: Any, token: str, name: str) -> None:
                case.path_parameters = dict.fromkeys(case.path_parameters, name)
                answer = send(client, case, token)
                assert answer.status_code < 500 or answer.status_code == 503, answer.text
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert answer.json()["detail"]

            is_answered()
        assert client.get("/readyz").status_code == 200


def send(client: httpx.Client, case: Any, token: str) -> httpx.Response:
    sent = case.as_transport_kwargs(base_url=str(client.base_url))
    headers = {
        name: value for name, value in sent["headers"].items() if name.lower() != "authorization"
    }
    if token:
        headers["Authorization"] = f"Bearer {token}"
    more = {key: sent[key] for key in ("json", "data", "params", "cookies") if sent.get(key)}
    if isinstance(more.get("data"), str | bytes):
        more["content"] = more.pop("data")
    more.pop("cookies", None)
    return client.request(case.method, sent["url"], headers=headers, **more)
