"""Errors as answers: each is told in the shape of RFC 9457."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from edgetag.serving.refusals import READ, RefusalError
from edgetag.serving.results import Problem

PROBLEM = "application/problem+json"


def explain_errors(app: FastAPI) -> None:
    """Have an application tell what it refuses, and that it failed, as problems."""
    app.add_exception_handler(RefusalError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _not_there)
    app.add_exception_handler(Exception, _crashed)


def _problem(request: Request, status: int, detail: str, headers: dict[str, str]) -> Response:
    if request.method not in ("GET", "HEAD") and not request.scope.get(READ):
        headers = {**headers, "connection": "close"}  # nobody waits for the rest of the body
    title = "failed" if status == 500 else "refused"
    problem = Problem(status=status, title=title, detail=detail)
    return Response(problem.model_dump_json(), status, {**headers, "content-type": PROBLEM})


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusalError)  # noqa: S101 - for mypy
    return _problem(request, error.status, error.detail, error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - for mypy
    first = error.errors()[0]
    return _problem(request, 422, f"{first['loc'][-1]}: {first['msg']}", {})


async def _not_there(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for mypy
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # Starlette names the methods of the first route only, and each has one of a place's.
        headers["Allow"] = ", ".join(_methods(request))
    return _problem(request, error.status_code, str(error.detail), headers)


def _methods(request: Request) -> list[str]:
    """Return what may be asked at a request's place."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    here = [route.methods or () for route in routes if route.path == request.scope["path"]]
    return sorted({method for methods in here for method in methods})


async def _crashed(request: Request, _error: Exception) -> Response:
    return _problem(request, 500, "an error of the server's own; its log says which", {})
