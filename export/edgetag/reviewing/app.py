"""The routes of the page: pictures by rank, answers, undoing, what others changed."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from fastapi import Depends, FastAPI, Query, Request, Response
from pydantic import Field, StringConstraints, ValidationError
from starlette.concurrency import run_in_threadpool

from edgetag import __version__
from edgetag.dataset.location import is_file_name
from edgetag.records import Record, first_problem
from edgetag.reviewing.board import Board
from edgetag.reviewing.one_by_one import OneByOne
from edgetag.reviewing.pictures import MEDIA_TYPE, Pictures
from edgetag.reviewing.store import Change, Store, StoreError
from edgetag.reviewing.views import Filter, PictureView, Progress
from edgetag.serving.page import Page
from edgetag.serving.problems import explain_errors
from edgetag.serving.refusals import READ, RefusalError, refuse_unknown
from edgetag.serving.settings import Settings
from edgetag.tables.formats import counted

MOST_BODY_BYTES = 262_144
"""Of a request: 500 answers have 150 kB."""

MOST_AT_ONCE = 500
MOST_THUMBNAILS = 100
OTHER_REVIEW = RefusalError(
    421,
    "another review is served here now; what you said is kept here for the former, when that is "
    "served again; load the page again for this one",
)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Key = Annotated[str, StringConstraints(min_length=8, max_length=100)]
Text = Annotated[str, Query(max_length=4096)]
Body = TypeVar("Body", bound=Record)
Made = TypeVar("Made")


class SentAnswer(Record):
    """An answer as the page sends it; see `store.Change`."""

    key: Key
    identity: str
    tag: str
    before: Literal[0, 1] | None
    label: Literal[0, 1] | None


class SentAnswers(Record):
    """What a person says."""

    by: Name
    answers: tuple[SentAnswer, ...] = Field(min_length=1, max_length=MOST_AT_ONCE)


class SentUndo(Record):
    """A person takes the last answer back."""

    by: Name
    key: Key


class ReviewState(Record):
    """What does not change while the server runs."""

    name: str
    data: str = Field(description="Names the pictures; what a browser kept of others is stale.")
    database: str = Field(description="Names the database; answers to others are not for it.")
    tags: tuple[str, ...]
    splits: tuple[str, ...]
    sources: tuple[str, ...]
    kinds: tuple[str, ...]
    no_heat: str
    notes: tuple[str, ...]


class PicturesAnswer(Record):
    """Pictures, and how far the review is."""

    pictures: tuple[PictureView, ...]
    total: int = 0
    more: bool = False
    last: int = Field(description="The last change of which this knows, about these pictures.")
    undone: str = ""
    progress: Progress


def make_app(
    name: str,
    board: Board,
    store: Store,
    pictures: Pictures,
    heats: OneByOne,
    originals: OneByOne,
    settings: Settings,
) -> FastAPI:
    """Return the application."""

    def require_own(request: Request) -> None:
        # The page's: a browser keeps pictures of these data apart, and answers of this review.
        refuse_unknown(request, "data", "database")
        if request.query_params.get("database", store.name) != store.name:
            raise OTHER_REVIEW

    app = FastAPI(
        title="edgetag review",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(require_own)],
    )
    explain_errors(app)
    page = Page(Path(__file__).parent / "page.html")
    data = hashlib.sha256("\n".join((*board.tags, *board.identities)).encode()).hexdigest()[:16]

    def answer(identities: tuple[str, ...], undone: str = "") -> PicturesAnswer:
        return PicturesAnswer(
            pictures=tuple(board.view(identity) for identity in identities),
            last=board.last,
            undone=undone,
            progress=board.progress(),
        )

    def row_of(identity: str) -> int:
        if not board.has(identity):
            raise RefusalError(404, "these data have no such picture; load the page again")
        return board.row(identity)

    @app.get("/", include_in_schema=False)
    async def show_page() -> Response:
        return Response(page.body, media_type="text/html", headers=page.headers)

    @app.get("/v1/state")
    def state() -> ReviewState:
        """Say what is reviewed."""
        notes = []
        if board.new_findings:
            findings = counted(board.new_findings, "finding")
            notes.append(f"about new pictures, which the data do not have yet: {findings}")
        if board.missing_findings:
            notes.append(
                f"about pictures or tags that the data no longer have: "
                f"{counted(board.missing_findings, 'finding')}; run: edgetag mine"
            )
        if strangers := board.progress().strangers:
            answers = counted(strangers, "answer")
            notes.append(f"about pictures that the data no longer have: {answers}")
        return ReviewState(
            name=name,
            data=data,
            database=store.name,
            tags=board.tags,
            splits=board.splits,
            sources=board.sources,
            kinds=board.kinds,
            no_heat=pictures.no_heat,
            notes=tuple(notes),
        )

    @app.get("/v1/pictures")
    def list_pictures(
        after: Text = "",
        count: Annotated[int, Query(ge=1, le=500)] = 100,
        tag: Text = "",
        label: Literal["", "1", "0", "unknown"] = "",
        split: Text = "",
        source: Text = "",
        kind: Text = "",
        state: Literal["", "open", "answered", "disagreement"] = "",
    ) -> Response:
        """Return the pictures behind one, by rank."""
        _follow(board, store)
        wanted = Filter(tag, label, split, source, kind, state)
        last = board.last  # what others add from now on is told as a change
        shown, total, more = board.page(wanted, after, count)
        return _json(
            PicturesAnswer(
                pictures=tuple(shown),
                total=total,
                more=more,
                last=last,
                progress=board.progress(),
            )
        )

    @app.get("/v1/changes")
    def changes(since: Annotated[int, Query(ge=0)]) -> Response:
        """Return the pictures that anybody changed after a change, the earliest first."""
        _follow(board, store)
        changed, last = board.changed_since(since, MOST_AT_ONCE)
        return _json(answer(changed).replace(last=last, more=last < board.last))

    @app.post("/v1/answers")
    async def take_answers(request: Request) -> Response:
        """Keep answers; they are on the disk when this is answered."""
        sent = await _body(request, SentAnswers, settings)
        _require_text(sent.by)
        for each in sent.answers:
            row_of(each.identity)
            if each.tag not in board.tags:
                raise RefusalError(422, f"these data have no tag {each.tag!r}; load the page again")
        changes = [
            Change(
                key=each.key,
                identity=each.identity,
                path=board.path(each.identity),
                tag=each.tag,
                before=each.before,
                label=each.label,
                by=sent.by,
            )
            for each in sent.answers
        ]
        await run_in_threadpool(_kept, lambda: store.add(changes))
        await run_in_threadpool(_follow, board, store)
        return _json(answer(tuple(dict.fromkeys(each.identity for each in sent.answers))))

    @app.post("/v1/undo")
    async def undo(request: Request) -> Response:
        """Take back the last answer of a person that counts."""
        sent = await _body(request, SentUndo, settings)
        _require_text(sent.by)
        undone = await run_in_threadpool(_kept, lambda: store.undo(sent.by, sent.key))
        await run_in_threadpool(_follow, board, store)
        if undone is None:
            stays = (
                " of this review; your answers in data.corrections stay until you give others"
                if sent.by in board.answered_earlier
                else ""
            )
            raise RefusalError(409, f"nothing is left to undo{stays}")
        there = (undone.identity,) if board.has(undone.identity) else ()
        return _json(answer(there, undone.tag))

    @app.get("/v1/thumbnails")
    def thumbnails(
        identity: Annotated[list[Text], Query(min_length=1, max_length=MOST_THUMBNAILS)],
    ) -> Response:
        """Return pictures as the network sees them, one JPEG behind the other.

        One request for a page: a hundred would take the server longer than the pictures do.
        """
        drawn = pictures.thumbnails([row_of(each) for each in identity])
        sizes = {"sizes": ",".join(str(len(data)) for data in drawn)}
        return _picture(b"".join(drawn), "application/octet-stream", sizes)

    @app.get("/v1/heat")
    async def heat(identity: Text, tag: Text) -> Response:
        """Return a picture under a tag's heat."""
        row = row_of(identity)
        if tag not in board.tags:
            raise RefusalError(422, f"these data have no tag {tag!r}")
        if pictures.no_heat:
            raise RefusalError(404, pictures.no_heat)
        drawn = await heats.do(lambda: pictures.heat(row, tag))
        return _picture(drawn, more={"cache-control": "no-store"})  # it follows from the export

    @app.get("/v1/original")
    async def original(identity: Text) -> Response:
        """Return a picture as its file has it."""
        row = row_of(identity)
        return _picture(await originals.do(lambda: pictures.original(row)))

    return app


def _follow(board: Board, store: Store) -> None:
    """Read what was added to the database.

    Raises:
        RefusalError: It cannot be read.
    """
    _kept(lambda: board.follow(store))


def _kept(work: Callable[[], Made]) -> Made:
    try:
        return work()
    except StoreError as error:
        raise RefusalError(507 if "no space" in str(error) else 503, str(error)) from None


def _json(answer: PicturesAnswer) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(answer.model_dump_json(), media_type="application/json", headers=headers)


def _picture(
    data: bytes, media_type: str = MEDIA_TYPE, more: Mapping[str, str] | None = None
) -> Response:
    # The page asks with the data's name, so what a browser keeps is never another picture's.
    headers = {"cache-control": "private, max-age=86400", "vary": "authorization", **(more or {})}
    return Response(data, media_type=media_type, headers=headers)


def _require_text(name: str) -> None:
    if not is_file_name(name):
        raise RefusalError(422, "by: a name without control characters")


async def _body(request: Request, kind: type[Body], settings: Settings) -> Body:
    """Read a request's JSON.

    Raises:
        RefusalError: It is none, too large, too slow, or says something else.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise RefusalError(415, "send JSON, as application/json")
    data = b""
    try:
        async with asyncio.timeout(settings.body_s):
            async for part in request.stream():
                data += part
                if len(data) > MOST_BODY_BYTES:
                    raise RefusalError(413, f"over {MOST_BODY_BYTES} bytes; send fewer answers")
    except TimeoutError:
        raise RefusalError(408, f"the answers did not come in {settings.body_s:g} s") from None
    request.scope[READ] = True
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise RefusalError(422, first_problem(error, "the body")) from None
