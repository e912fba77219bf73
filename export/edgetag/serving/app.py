"""The routes: what can be asked, and how it is answered."""

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response

from edgetag import __version__
from edgetag.editing.drawing import Cover
from edgetag.editing.edits import parse_shape
from edgetag.editing.regions import LEVEL
from edgetag.editing.saving import Exif
from edgetag.errors import InputError
from edgetag.serving.metrics import CONTENT_TYPE, Metrics
from edgetag.serving.operations import Crop, Heatmap, Mosaic, Operation, Tags
from edgetag.serving.page import Page
from edgetag.serving.problems import PROBLEM, explain_errors
from edgetag.serving.refusals import RefusalError, refuse_unknown
from edgetag.serving.results import ModelAnswer, Problem, TagsAnswer
from edgetag.serving.service import Answer, Service
from edgetag.serving.settings import Settings
from edgetag.serving.sources import FIELD, Sources

PICTURES = ("image/jpeg", "image/png", "image/webp")
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
NO_ANSWER: dict[str, Any] = {
    "description": "Why there is no answer.",
    "content": {PROBLEM: {"schema": Problem.model_json_schema()}},
}
POST_STATUSES = (400, 401, 408, 413, 415, 422, 500, 503)
GET_STATUSES = (400, 401, 403, 404, 413, 415, 422, 500, 502, 503, 504)
"""Of what is refused or fails, as OpenAPI lists it."""
NAMED = [
    {"name": name, "in": "query", "schema": {"type": "string"}, "description": words}
    for name, words in (
        ("path", "A picture below one of the server's --root."),
        ("address", "An fsspec address under one of the server's --prefix."),
    )
]
"""How a GET names its picture; `sources` reads it, since names need not be UTF-8."""

NAMES = tuple(str(parameter["name"]) for parameter in NAMED)

ASKED = ["GET", "HEAD"]
"""How machines ask whether the server lives: load balancers often by HEAD."""

OneTag = Annotated[str, Query(description="Whose heat is drawn.")]
ManyTags = Annotated[list[str] | None, Query(alias="tag", description="May be repeated.")]
KeptExif = Annotated[Exif, Query(description="What is kept of EXIF.")]
Shape = Annotated[str, Query(description="A ratio such as 16:9, or a size such as 800x600.")]
Level = Annotated[
    float, Query(ge=0, le=1, description="From which share of a map's peak on a cell is covered.")
]


def make_app(service: Service, sources: Sources, settings: Settings, metrics: Metrics) -> FastAPI:
    """Return the application."""
    app = FastAPI(
        title="edgetag",
        version=__version__,
        summary="Tags, heat maps, mosaics and crops of pictures.",
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        redirect_slashes=False,  # to an address that a proxy before this server may not have
    )
    explain_errors(app)

    async def respond(request: Request, operation: Operation) -> Response:
        # A picture that is sent needs no name.
        refuse_unknown(request, *(NAMES if request.method == "GET" else ()))
        _refuse_repeated(request, operation)
        _require(operation, service, settings)
        async with sources.open(request) as upload:
            answer = await service.answer(upload, operation)
        request.scope["edgetag"] = {"picture": upload.sha256, "source": answer.source}
        return _response(request, answer, settings)

    def route(name: str, of_pictures: bool) -> Callable[[Any], Any]:
        """Register a question under GET, of a picture that is named, and POST, which brings it."""
        answers = dict.fromkeys(PICTURES, BINARY) if of_pictures else None
        body = {
            "content": {
                **dict.fromkeys((*PICTURES, "image/gif", "image/bmp"), BINARY),
                "multipart/form-data": {
                    "schema": {"type": "object", "properties": {FIELD: BINARY["schema"]}}
                },
            }
        }

        def register(function: Callable[..., Awaitable[Response]]) -> None:
            for method, refused in (("GET", GET_STATUSES), ("POST", POST_STATUSES)):
                app.add_api_route(
                    f"/v1/{name}",
                    function,
                    methods=[method],
                    operation_id=f"{method.lower()}_{name}",
                    response_model=None,
                    responses={
                        200: {"content": answers} if answers else {"model": TagsAnswer},
                        **dict.fromkeys(refused, NO_ANSWER),
                    },
                    openapi_extra={"requestBody": body}
                    if method == "POST"
                    else {"parameters": NAMED},
                )

        return register

    @route("tags", of_pictures=False)
    async def tags(request: Request) -> Response:
        """Return a picture's tags and scores."""
        return await respond(request, Tags())

    @route("heatmap", of_pictures=True)
    async def heatmap(
        request: Request,
        tag: OneTag,
        exif: KeptExif = "no-gps",
    ) -> Response:
        """Draw over a picture where a tag is seen: the hotter, the more colour."""
        return await respond(request, Heatmap(tag=tag, exif=exif))

    @route("mosaic", of_pictures=True)
    async def mosaic(
        request: Request,
        tag: ManyTags = None,
        how: Annotated[Cover, Query(description="What covers a region.")] = "pixelate",
        level: Level = LEVEL,
        exif: KeptExif = "no-gps",
    ) -> Response:
        """Cover where tags are seen, by default the bundle's sensitive ones."""
        return await respond(
            request, Mosaic(tags=tuple(tag or ()), how=how, level=level, exif=exif)
        )

    @route("crop", of_pictures=True)
    async def crop(
        request: Request,
        shape: Shape,
        tag: ManyTags = None,
        exif: KeptExif = "no-gps",
    ) -> Response:
        """Crop a picture to where tags are seen.

        Where there is no time for that, the part in its middle, marked by `Edgetag-Degraded`.
        """
        return await respond(request, Crop(tags=tuple(tag or ()), shape=shape, exif=exif))

    @app.get("/v1/model")
    async def model() -> ModelAnswer:
        """Say which model answers."""
        known = service.fleet.model
        return ModelAnswer(
            name=known.name,
            version=known.version,
            variant=known.variant,
            bundle=known.bundle_sha256,
            tags=known.tags,
            sensitive=known.sensitive,
            explains=known.explains,
        )

    @app.api_route("/healthz", methods=ASKED, include_in_schema=False)
    async def healthz() -> Response:
        return Response("ok\n", media_type="text/plain")

    @app.api_route("/readyz", methods=ASKED, include_in_schema=False)
    async def readyz() -> Response:
        live = service.fleet.live
        return Response(
            f"{live} of {settings.workers} workers\n",
            status_code=200 if live else 503,
            media_type="text/plain",
        )

    @app.api_route("/metrics", methods=ASKED, include_in_schema=False)
    async def show_metrics() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    # It drops a picture on the server and shows what it answers.
    page = Page(Path(__file__).parent / "templates" / "page.html")

    @app.api_route("/", methods=ASKED, include_in_schema=False)
    async def show_page() -> Response:
        return Response(page.body, media_type="text/html", headers=page.headers)

    return app


def _refuse_repeated(request: Request, operation: Operation) -> None:
    """Refuse what is given twice and read once.

    Raises:
        RefusalError: A name stands in the query again that may not.
    """
    several = {*NAMES, *(("tag",) if isinstance(operation, Mosaic | Crop) else ())}
    for name, number in Counter(name for name, _ in request.query_params.multi_items()).items():
        if number > 1 and name not in several:
            raise RefusalError(422, f"{name}: given {number} times; give it once")


def _require(operation: Operation, service: Service, settings: Settings) -> None:
    """Refuse what cannot be answered, before a picture is read.

    Raises:
        RefusalError: There is no such tag or shape, or nothing says what is meant.
    """
    model = service.fleet.model
    if isinstance(operation, Tags):
        return
    if not model.explains:
        raise RefusalError(422, f"{model.name}: {model.variant} makes no heat maps")
    tags = (operation.tag,) if isinstance(operation, Heatmap) else operation.tags
    for tag in tags:
        if tag not in model.tags:
            raise RefusalError(
                422, f"the model has no tag {tag!r}; it has: {', '.join(model.tags)}"
            )
    if isinstance(operation, Mosaic) and not tags and not model.sensitive:
        raise RefusalError(422, "the model names no sensitive tag; say what to cover by tag=")
    if isinstance(operation, Crop):
        if not tags:
            raise RefusalError(422, "nothing says what the crop is to keep; give tag=")
        try:
            size = parse_shape(operation.shape)[1]
        except InputError as error:
            raise RefusalError(422, str(error)) from None
        if size and size[0] * size[1] > settings.max_pixels:
            raise RefusalError(422, f"{operation.shape} is over {settings.max_pixels} pixels")


def _response(request: Request, answer: Answer, settings: Settings) -> Response:
    headers = {
        "edgetag-model": answer.model.bundle_sha256,
        "edgetag-source": answer.source,
        "vary": "authorization",
    }
    if answer.degraded:
        headers["edgetag-degraded"] = answer.degraded
        headers["cache-control"] = f"private, max-age={settings.degraded_age_s}"
    else:
        headers["etag"] = answer.etag
        headers["cache-control"] = f"private, max-age={settings.max_age_s}"
        wanted = request.headers.get("if-none-match", "")
        if request.method == "GET" and answer.etag in wanted:
            return Response(status_code=304, headers=headers)
    headers["repr-digest"] = answer.digest_field
    return Response(answer.body, media_type=answer.media_type, headers=headers)
