"""Why a request is not answered, as a status and words for people."""

import math

from starlette.requests import Request
from starlette.types import Send

from edgetag.serving.results import Problem

READ = "edgetag.read"
"""Marks, in a request's scope, that its body was read to the end."""


class RefusalError(Exception):
    """A request that gets no answer.

    Attributes:
        status: Of HTTP.
        detail: What is wrong, where, and what to do.
        headers: More of the response's.
    """

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class BusyError(RefusalError):
    """There is no time for it now.

    Attributes:
        reason: `queue` where it is full, `deadline` where the answer would come too late, `expired`
            where no worker had begun by then, `uploads` where too many bytes are held, `late`
            where the front itself is too far behind, `connections` where too many are open.
    """

    def __init__(self, reason: str, retry_after_s: float = 1.0) -> None:
        seconds = max(1, math.ceil(retry_after_s))
        super().__init__(
            503,
            f"too much to do now ({reason}); ask again in {seconds} s",
            retry_after=str(seconds),
        )
        self.reason = reason


async def refuse(send: Send, refusal: RefusalError) -> None:
    """Refuse a request without reading it."""
    problem = Problem(status=refusal.status, title="refused", detail=refusal.detail)
    body = problem.model_dump_json().encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *((name.encode(), value.encode()) for name, value in refusal.headers.items()),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def refuse_unknown(request: Request, *others: str) -> None:
    """Refuse what nobody reads: what a misspelt `tag` names would be left uncovered.

    Args:
        request: Of a route of FastAPI.
        others: Names that are read beside the route's own.

    Raises:
        RefusalError: The query has a name that the route does not know.
    """
    known = [field.alias for field in request.scope["route"].dependant.query_params]
    known += others
    for name in request.query_params:
        if name not in known:
            names = ", ".join(known) or "nothing"
            raise RefusalError(422, f"{name}: nothing is asked by it; known: {names}")
