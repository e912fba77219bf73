"""Makes many pictures anew, on all cores: one file for each, in a folder of its own."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import ClassVar, Protocol

from PIL import Image

from edgetag.editing.saving import SUFFIXES, Exif, Opened, encode, open_picture
from edgetag.errors import ExitCode, InputError
from edgetag.pool import in_order
from edgetag.progress import Progress
from edgetag.records import Result
from edgetag.tagging.errors import PictureError
from edgetag.tagging.listing import (
    Content,
    Listed,
    Stamp,
    bytes_of,
    contents,
    require_some,
    shown_name,
    stamp_of,
)
from edgetag.tagging.results import Tagging
from edgetag.tagging.tagger import Tagger
from edgetag.writing import is_full, write_bytes


class Explainer(Protocol):
    """A model that tells where it sees a tag: a `Tagger`, or what is asked as one."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The vocabulary."""

    @property
    def workers(self) -> int:
        """Threads that may ask at once."""

    def tag(self, picture: Image.Image, *, maps: bool = False) -> Tagging:
        """Return a picture's scores, and where tags are seen."""


Edit = Callable[[Image.Image, Tagging], Image.Image | None]
"""Makes a picture anew by what a model sees in it; None where there is nothing to write."""


class Edited(Result):
    """What was made.

    Attributes:
        out: The folder.
        written: Pictures of which files were written.
        nothing: Pictures for which there was nothing to write.
        failed: Name and reason of pictures that could not be read or written.
    """

    SCHEMA: ClassVar[str] = "edgetag.edited/1.0"
    out: str
    written: int
    nothing: int
    failed: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> ExitCode:
        """1 where a picture could not be read or written."""
        return ExitCode.BUDGET_BROKEN if self.failed else ExitCode.ACCEPTED


def require_work(tagger: Explainer, pictures: Sequence[Listed], out: Path) -> None:
    """Refuse what `edit_pictures` would, before anything is made for it.

    Raises:
        InputError: There is no picture, the model makes no heat maps, or `out` is a file.
    """
    if isinstance(tagger, Tagger) and not tagger.explains:
        raise InputError(
            f"{tagger.model.name}: {tagger.model.variant} makes no heat maps, so nothing tells "
            "where a tag is seen; export it with its second signature: [export] explain in the "
            "recipe, or take another --variant"
        )
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: a file, not a folder; name the folder that pictures go to")
    require_some(pictures)


def edit_pictures(
    tagger: Explainer,
    pictures: Sequence[Listed],
    out: Path,
    edits: Mapping[str, Edit],
    progress: Progress,
    exif: Exif = "no-gps",
) -> Edited:
    """Write each picture anew into a folder, under its path as it was named.

    Args:
        tagger: The model.
        pictures: What is made anew; the files stay as they are.
        out: The folder; what lies there under the same name is replaced.
        edits: What makes a file of a picture, by the folder in `out` that it goes to; that of `""`
            goes to `out` itself. However many there are, a picture is decoded and tagged once.
        progress: Is told of every picture.
        exif: What is kept of each one's EXIF.

    Raises:
        InputError: There is no picture, the model makes no heat maps, `out` is a file, or the disk
            is full.
        BundleError: The model fails.
    """
    require_work(tagger, pictures, out)
    originals = _files_of(pictures)
    taken: dict[Path, Stamp] = {}

    def work(given: tuple[Listed, Content]) -> tuple[Listed, str | None]:
        picture, content = given
        try:
            data = bytes_of(content)
            opened = open_picture(data)
            tagging = tagger.tag(opened.image, maps=True)
            made = {folder: edit(opened.image, tagging) for folder, edit in edits.items()}
        except PictureError as error:
            return picture, str(error)
        files = {
            _target(out / folder, picture.name, opened): image
            for folder, image in made.items()
            if image is not None
        }
        for target in files:
            if _file_at(target) in originals:
                return picture, (
                    "it would replace itself, or another picture that was named; give another "
                    "folder"
                )
            if taken.setdefault(target, stamp_of(picture)) != stamp_of(picture):
                return (
                    picture,
                    f"{shown_name(str(target))} was made of {shown_name(taken[target][0])}",
                )
        try:
            for target, image in files.items():
                write_bytes(target, encode(image, opened, exif))
        except InputError as error:
            if is_full(error):
                raise
            return picture, shown_name(str(error))
        return picture, "" if files else None

    written, nothing, failed = 0, 0, list[tuple[str, str]]()
    with progress.track("pictures", len(pictures), "pictures") as task:
        for picture, outcome in in_order(work, contents(pictures), tagger.workers):
            if outcome:
                failed.append((shown_name(picture.name), outcome))
            elif outcome is None:
                nothing += 1
            else:
                written += 1
            task.advance()
    return Edited(out=str(out), written=written, nothing=nothing, failed=tuple(failed))


def _files_of(pictures: Sequence[Listed]) -> set[tuple[int, int] | None]:
    """Return what tells the files that pictures lie in from all others; an archive's has none."""
    return {_file_at(Path(picture.name)) for picture in pictures} - {None}


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except (OSError, ValueError):
        return None
    return state.st_dev, state.st_ino


def _target(out: Path, name: str, opened: Opened) -> Path:
    """Return a picture's place in the folder, whatever it is called."""
    parts = [part for part in PurePath(name).parts if part not in ("/", "..", ".")]
    place = out.joinpath(*parts)
    same = Image.registered_extensions().get(place.suffix.lower()) == opened.format
    return place if same else place.with_name(f"{place.name}{SUFFIXES[opened.format]}")
