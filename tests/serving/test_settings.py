"""A server's settings: what the documents list, what a file and options say, what is refused."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.errors import InputError
from edgetag.serving.listening import server_of
from edgetag.serving.settings import Settings, read_settings
from tests.support.commands import refusal_of
from tests.support.paths import ROOT


def test_the_documents_list_every_setting_with_its_default() -> None:
    text = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    listed = text.partition("```toml\n")[2].partition("```")[0]
    optional = [line[2:] for line in listed.splitlines() if line.startswith("# ")]
    assert {line.split()[0] for line in optional} == {"workers", "variant", "token_file"}
    defaults = Settings().model_dump(exclude={"workers", "variant", "token_file"})
    given: dict[str, Any] = tomllib.loads(listed)
    assert {key: tuple(v) if v == [] else v for key, v in given.items()} == defaults
    assert set(tomllib.loads("\n".join(optional))) | set(given) == set(Settings.model_fields)


def test_options_go_before_the_file_whose_paths_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    file = tmp_path / "serve.toml"
    file.write_text('roots = ["photos"]\nport = 1\nqueue = 5\ntoken_file = "token"')
    settings = read_settings(file, {"port": 2, "roots": (), "redis": None})
    assert (settings.port, settings.queue) == (2, 5)
    assert settings.roots == (tmp_path / "photos",)
    assert settings.token_file == tmp_path / "token"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("port = ", "no TOML"),
        ("port = " + "[" * 5000, "no TOML"),
        ("port = " + "9" * 5000, "no TOML"),
        ("port = 99999", "port: Input should be less than or equal to 65535"),
        ("prot = 1", "prot: Extra inputs are not permitted"),
        ("deadline_s = 0", "deadline_s: Input should be greater than 0"),
        ('roots = ["none"]', "there is no such folder"),
        ('prefixes = ["s3://bucket"]', "is no prefix; give one such as s3://bucket/pictures/"),
        ('prefixes = ["file:///srv/"]', "give it as --root"),
        ('prefixes = ["simplecache::s3://b/"]', "is no prefix"),
        ('prefixes = ["/srv/"]', "is no prefix"),
        ('redis = "localhost"', "is no address of Redis; give one such as redis://localhost"),
    ],
)
def test_what_is_no_setting_is_refused_with_the_place(
    tmp_path: Path, text: str, reason: str
) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(text)
    with pytest.raises(InputError) as refused:
        read_settings(file, {})
    assert reason in str(refused.value)
    assert str(tmp_path) in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("none.zip",), "none.zip: No such file or directory; give a bundle or a .tflite file"),
        (("serve.toml",), "serve.toml"),
        (("/dev/zero",), "/dev/zero: a device, not a file; a model is a file"),
        (("none.zip", "--config", "none.toml"), "none.toml: No such file or directory"),
        (("none.zip", "--host", "256.0.0.1"), "256.0.0.1:8000"),
        (("none.zip", "--host", "a..b"), "a..b:8000: no name of a host; give another --host"),
        (("none.zip", "--redis", "redis://localhost:abc"), "--redis: no address of Redis: Port"),
        (("none.zip", "--redis", "redis://localhost?db=x"), "--redis: no address of Redis: Inv"),
        (("none.zip", "--redis", "redis://localhost?no=1"), "--redis: no address of Redis: "),
        (("none.zip", "--token-file", "short"), "short: a token has at least 16 characters"),
        (("none.zip", "--token-file", "none"), "none: No such file or directory"),
        (("none.zip", "--prefix", "nowhere://a/"), "--prefix nowhere://a/: Protocol not known"),
    ],
)
def test_a_server_that_cannot_start_says_why_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("serve.toml").write_text("port = 0")
    Path("short").write_text("abc")
    done = CliRunner().invoke(app, ["serve", *arguments])
    assert reason in refusal_of(done)


def test_waits_of_less_than_a_second_are_no_waits_of_none() -> None:
    config = server_of(None, Settings(idle_s=0.5, stop_s=0.25)).config
    assert (config.timeout_keep_alive, config.timeout_graceful_shutdown) == (0.5, 0.25)
