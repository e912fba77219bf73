"""Comments of one pull request, behind the part of GitHub's REST API that reads and writes them.

https://docs.github.com/en/rest/issues/comments, for the real `gh`, which reaches the host
`github.localhost` without TLS and by a proxy.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOST = "github.localhost"
BOT = "github-actions[bot]"
LONGEST_BODY = 65_536
"""Characters of a comment; a longer one is refused."""

PAGES = (("per_page", "30"), ("page", "1"))
"""What is shown where a request does not say."""


@dataclass
class PullRequest:
    """What is said about a pull request, as GitHub keeps it.

    Attributes:
        repository: `owner/name`.
        number: Of the pull request.
        is_readable_only: As for a token of a pull request that comes from a fork.
        comments: Each with `id`, `user` and `body`.
        requests: Method and path of each request.
    """

    repository: str
    number: int
    is_readable_only: bool = False
    comments: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def say(self, login: str, body: str) -> dict[str, Any]:
        """Add a comment of somebody."""
        comment = {"id": 1000 + len(self.comments), "user": {"login": login}, "body": body}
        self.comments.append(comment)
        return comment

    def answer(
        self, method: str, path: str, query: dict[str, list[str]], body: str
    ) -> tuple[HTTPStatus, Any, str]:
        """Return the status, what GitHub would send, and where the next page is."""
        self.requests.append(f"{method} {path}")
        of_all = f"/repos/{self.repository}/issues/{self.number}/comments"
        of_one = re.fullmatch(rf"/repos/{self.repository}/issues/comments/(\d+)", path)
        if method == "GET" and path == of_all:
            size, page = (int(query.get(name, [usual])[0]) for name, usual in PAGES)
            shown = self.comments[size * (page - 1) : size * page]
            is_last = size * page >= len(self.comments)
            more = "" if is_last else f"http://api.{HOST}{path}?per_page={size}&page={page + 1}"
            return HTTPStatus.OK, shown, more
        if method not in ("POST", "PATCH"):
            return HTTPStatus.NOT_FOUND, {"message": "Not Found"}, ""
        if self.is_readable_only:
            message = "Resource not accessible by integration"
            return HTTPStatus.FORBIDDEN, {"message": message}, ""
        text = json.loads(body)["body"]
        if len(text) > LONGEST_BODY:
            return HTTPStatus.UNPROCESSABLE_ENTITY, {"message": "Validation Failed"}, ""
        if method == "POST" and path == of_all:
            return HTTPStatus.CREATED, self.say(BOT, text), ""
        for comment in self.comments:
            if method == "PATCH" and of_one and comment["id"] == int(of_one[1]):
                comment["body"] = text
                return HTTPStatus.OK, comment, ""
        return HTTPStatus.NOT_FOUND, {"message": "Not Found"}, ""


@contextmanager
def github(pull_request: PullRequest) -> Iterator[dict[str, str]]:
    """Serve a pull request; give the environment in which `gh` finds it."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            address = urlsplit(self.path)
            assert address.hostname == f"api.{HOST}"
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, content, more = pull_request.answer(
                self.command, address.path, parse_qs(address.query), body
            )
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            if more:
                self.send_header("Link", f'<{more}>; rel="next"')
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 -- the names that http.server calls

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever).start()
    try:
        yield {
            "GH_HOST": HOST,
            "GITHUB_REPOSITORY": pull_request.repository,
            "http_proxy": f"http://127.0.0.1:{server.server_port}",
        }
    finally:
        server.shutdown()
        server.server_close()
