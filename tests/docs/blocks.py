"""Code blocks of the project's Markdown, as a reader meets them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

from tests.support.paths import ROOT

ELSEWHERE = {"node_modules", "target", "build", "runs", "data"}
NOT_RUN = re.compile(r"<!--\s*not run:\s*(.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One code block.

    Attributes:
        file: Relative to the project.
        line: Its first line in the file, from 1 on.
        language: What stands behind the fence; empty for none.
        fenced: Whether it stands between fences, and is not merely indented.
        text: What is in it.
        not_run: Why it is not run, from the comment `<!-- not run: … -->` above; None without one.
    """

    file: str
    line: int
    language: str
    fenced: bool
    text: str
    not_run: str | None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@cache
def documents() -> tuple[Path, ...]:
    """Return every Markdown file of the project, relative to it."""
    return tuple(sorted(path.relative_to(ROOT) for path in _documents_in(ROOT)))


def _documents_in(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in ELSEWHERE or path.name[0] == ".":
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _documents_in(path)
        elif path.suffix == ".md":
            yield path


def blocks_of(text: str, file: str) -> Iterator[Block]:
    """Yield the code blocks of a document in order."""
    above = None
    for token in MarkdownIt("commonmark").parse(text):
        if token.type in ("fence", "code_block"):
            mark = NOT_RUN.fullmatch(above.strip()) if above else None
            yield Block(
                file=file,
                line=(token.map or [0])[0] + 1,
                language=token.info.strip(),
                fenced=token.type == "fence",
                text=token.content,
                not_run=mark[1] if mark else None,
            )
        above = token.content if token.type == "html_block" else None


@cache
def all_blocks() -> tuple[Block, ...]:
    """Return the code blocks of every document."""
    return tuple(
        block
        for path in documents()
        for block in blocks_of((ROOT / path).read_text(encoding="utf-8"), path.as_posix())
    )


def commands(block: Block) -> list[tuple[str, list[str]]]:
    """Return each command of a `console` or `sh` block with the output that is shown below it."""
    found: list[tuple[str, list[str]]] = []
    for line in block.text.replace("\\\n", " ").splitlines():
        if block.language == "sh":
            if line.strip() and not line.startswith("#"):
                found.append((line, []))
        elif line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        elif line.strip():
            assert found, f"{block}: the first line of a console block is a command, `$ …`"
            found[-1][1].append(line)
    return found
