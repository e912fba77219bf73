"""The site of the documents builds, its links lead somewhere, and it says all that code knows."""

import html.parser
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args
from urllib.parse import unquote, urlsplit

import pytest
import typer.main

from edgetag.cli.app import app
from edgetag.errors import InputError
from edgetag.recipe import Recipe, Section, parse_recipe
from tests.docs.blocks import documents
from tests.support.paths import ROOT
from tests.support.programs import captured

CONFIGURATION = ROOT / "docs" / "zensical.toml"
IN_NO_MENU = re.compile(r"(export|tests)/")
"""Documents that are templates or test data."""

SEARCH = """
<script>
const pages = () => [...document.querySelectorAll("*")].map(one => one.shadowRoot).filter(Boolean)
setTimeout(() => document.querySelector(".md-search__button").click(), 1000)
setTimeout(() => {
  const field = pages().map(one => one.querySelector("input")).find(Boolean)
  field.value = "Tango"
  field.dispatchEvent(new Event("input", { bubbles: true }))
}, 2000)
setTimeout(() => {
  document.body.dataset.told = pages().map(one => one.textContent).join(" ")
}, 5000)
</script>
</body>
"""
"""Types a word into the search and writes what it answers where a test can read it."""

LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href"}
"""Elements that a browser loads something for, and the attribute that says from where."""


@dataclass
class Page(html.parser.HTMLParser):
    """What a page of the site refers to, and what others can refer to in it."""

    path: Path
    links: set[str] = field(default_factory=set)
    loaded: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.names |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        if LOADED.get(tag) in values:
            self.loaded.add(values[LOADED[tag]])


def build(project: Path, site: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, project / "docs" / "build.py", site],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    found = {path.resolve(): Page(path) for path in site.rglob("*.html")}
    assert len(found) > 15
    return found


pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_every_document_is_in_the_menu() -> None:
    menu = CONFIGURATION.read_text(encoding="utf-8")
    listed = set(re.findall(r'"([^"]+\.md)"', menu))
    tomllib.loads(menu)
    written = {path.as_posix() for path in documents() if not IN_NO_MENU.match(path.as_posix())}
    assert listed == written


def test_every_link_and_anchor_leads_somewhere(pages: dict[Path, Page]) -> None:
    lost = [
        f"{page.path.name}: {link}"
        for page in pages.values()
        for link in (*page.links, *page.loaded)
        if not leads_somewhere(page, link, pages)
    ]
    assert not lost, "\n".join(lost)
    within = [link for page in pages.values() for link in page.links if not urlsplit(link).scheme]
    assert len(within) > 100


def leads_somewhere(page: Page, link: str, pages: dict[Path, Page]) -> bool:
    """Tell whether a link within the site leads to a file, and to a place in it."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (
        (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path.resolve()
    )
    if not target.is_file():
        return False
    anchor = unquote(parts.fragment)
    return not anchor or target not in pages or anchor in pages[target].names


def test_nothing_is_loaded_from_another_host(site: Path, pages: dict[Path, Page]) -> None:
    styles = [
        url
        for path in site.rglob("*.css")
        for url in re.findall(r"(?:@import|url\()\s*['\"]?([^'\")\s]+)", path.read_text("utf-8"))
    ]
    loaded = [url for page in pages.values() for url in page.loaded]
    assert loaded
    assert not [url for url in (*loaded, *styles) if urlsplit(url).netloc]


def plain(text: str) -> str:
    """Return a text as a browser shows it: without marks of code, with single blanks."""
    return " ".join(text.replace("`", "").split())


def text_of(page: Path) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


def test_the_recipe_s_page_has_every_key_with_its_meaning(site: Path) -> None:
    text = plain(text_of(site / "docs" / "recipe.html"))
    for section, key in keys_of(Recipe):
        assert re.search(rf"\b{key}\b", text), f"{section.__name__}.{key}"
        meaning = section.model_json_schema()["properties"][key].get("description", "")
        assert meaning, f"{section.__name__}.{key} has no description"
        assert plain(meaning) in text


def test_every_section_of_the_reference_is_one_that_a_recipe_can_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    written = importlib.import_module("reference").recipe_reference()
    sections = re.findall(r"^### `(\[.+\])`$", written, re.MULTILINE)
    assert len(sections) > 20
    for section in sections:
        header = section
        for name, example in {"VARIANT": "int8", "NETWORK": "narrow50", "TAG": "cat"}.items():
            header = header.replace(name, example)
        data = "" if header == "[data]" else '[data]\nsource = "labels.csv"\n'
        told = problems(f'name = "x"\n{data}{header}\n')  # what a section needs may be missing
        assert "unknown key" not in told, section
        assert "is not one of" not in told, section


def problems(recipe: str) -> str:
    try:
        parse_recipe(recipe, Path("recipe.toml"))
    except InputError as error:
        return str(error)
    return ""


def keys_of(section: type[Section]) -> Iterator[tuple[type[Section], str]]:
    """Yield every key below a section of a recipe, with the section that it is in."""
    for key, described in section.model_fields.items():
        below = list(sections_in(described.annotation))
        if not below:
            yield section, key
        for inner in below:
            yield from keys_of(inner)


def sections_in(annotation: object) -> Iterator[type[Section]]:
    """Yield the sections that a key of such a type holds, alone, listed or in a table."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for inner in get_args(annotation):
        yield from sections_in(inner)


def test_the_commands_page_has_every_command_and_option(site: Path) -> None:
    text = text_of(site / "docs" / "commands.html")
    shown = list(commands_of(typer.main.get_command(app), "edgetag"))
    assert len(shown) > 30
    for name, options in shown:
        assert name in text
        for option in options:
            assert option in text, f"{name} {option}"


def commands_of(command: object, name: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what is typed for each command, with its options."""
    inner = getattr(command, "commands", {})
    options = [option for parameter in command.params for option in parameter.opts]  # type: ignore[attr-defined]
    yield name, [option for option in options if option.startswith("--") and option != "--help"]
    for verb, below in inner.items():
        default = verb == getattr(command, "default", None)
        yield from commands_of(below, name if default else f"{name} {verb}")


def test_a_broken_link_or_anchor_fails_the_build(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "docs", project / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    for path in documents():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, project / path)
    with (project / "docs" / "start.md").open("a", encoding="utf-8") as page:
        page.write("\n[one](no-such-page.md) and [another](verdict.md#no-such-place)\n")
    done = build(project, tmp_path / "site")
    assert done.returncode != 0
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout)
    assert "no-such-page.md" in said
    assert "no-such-place" in said
    assert not (tmp_path / "site").exists()


def test_the_search_answers_without_a_server(site: Path, tmp_path: Path) -> None:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None and "CI" not in os.environ:
        pytest.skip("the search is tested in Chromium: Debian's package chromium")
    assert program, "Chromium is missing; .ci/system installs it"
    page = site / "search-tried.html"
    page.write_text((site / "index.html").read_text("utf-8").replace("</body>", SEARCH), "utf-8")
    done = captured(
        [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={tmp_path}",
            "--virtual-time-budget=8000",
            "--dump-dom",
            page.as_uri(),
        ],
        check=True,
        timeout=200,
    )
    page.unlink()
    told = re.search(r'data-told="([^"]*)"', done.stdout)
    assert told, done.stderr
    assert re.search(r"\d+ results?.*The verdict", told[1], re.DOTALL)
