"""What lacks for WebAssembly is said in one line; what was fetched is whole or is fetched again."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edgetag.children import python_environment
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.runtimes import engines
from edgetag.runtimes.browser import Browser
from edgetag.runtimes.emulation.machines import default_cache
from edgetag.runtimes.npm import LOCK, MARKER, NpmPackage
from edgetag.runtimes.wasm import Wasm
from tests.support.programs import captured

PACKAGE = Wasm.package
SLEEP = shutil.which("sleep")

needs_npm = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="needs Node.js and npm"
)


def only_on_path(
    monkeypatch: pytest.MonkeyPatch, folder: Path, programs: dict[str, str | None]
) -> None:
    """Leave on PATH the real programs named, and scripts that print a version in place of some."""
    found = {name: shutil.which(name) for name in programs}
    folder.mkdir()
    for name, prints in programs.items():
        if prints is None:
            (folder / name).symlink_to(str(found[name]))
        else:
            (folder / name).write_text(f"#!/bin/sh\necho '{prints}'\n")
            (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_without_node_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_on_path(monkeypatch, tmp_path / "bin", {})
    reason = engines.get("wasm").available()
    assert reason is not None
    assert reason.startswith("node is not installed; install Node.js 18 or newer")
    assert reason.endswith("run: edgetag target setup wasm")
    with pytest.raises(InputError, match=r"^wasm: node is not installed"):
        Wasm(tmp_path / "cache").set_up(SilentProgress())


@pytest.mark.parametrize(
    ("prints", "reason"),
    [("v16.20.2", "^node is version 16.20.2, too old"), ("hello", "does not answer to --version")],
)
def test_an_old_or_strange_node_is_refused(
    prints: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_on_path(monkeypatch, tmp_path / "bin", {"node": prints})
    assert re.search(reason, Wasm(tmp_path).available() or "")
    with pytest.raises(InputError, match=r"wasm: .*install Node\.js 18 or newer"):
        Wasm(tmp_path / "cache").set_up(SilentProgress())


def test_without_npm_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_on_path(monkeypatch, tmp_path / "bin", {"node": "v20.1.0"})
    with pytest.raises(InputError, match=r"^wasm: npm is not installed; install Node"):
        Wasm(tmp_path / "cache").set_up(SilentProgress())
    assert not (tmp_path / "cache").exists()


def test_before_its_set_up_it_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_on_path(monkeypatch, tmp_path / "bin", {"node": "v20.1.0"})
    engine = Wasm(tmp_path)
    expected = "it is not set up, or damaged; run: edgetag target setup wasm"
    assert engine.available() == expected
    with pytest.raises(InputError, match=f"^wasm: {expected}$"):
        engine.launch("edgetag.runtimes.worker", "job.json")


def test_only_scoring_is_launched(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the runtime wasm only scores images; bare needs"):
        Wasm(tmp_path).launch("edgetag.runtimes.bare", "job.json")
    with pytest.raises(
        InputError, match=r"wasm loads no file in a process of .*; name one of: litert"
    ):
        engines.loader("wasm")


@pytest.mark.parametrize("package", [Wasm.package, Browser.package], ids=lambda p: p.target)
def test_lock_files_pin_packages_by_hash_and_name_no_host(package: NpmPackage) -> None:
    text = package.lock.read_text()
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    wanted = json.loads((package.pinned / "package.json").read_text())["dependencies"]
    assert wanted == {package.name: package.version}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "://" not in text


def test_the_cache_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGETAG_TARGETS", str(tmp_path / "own"))
    assert default_cache() == tmp_path / "own"
    monkeypatch.delenv("EDGETAG_TARGETS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache() == tmp_path / "xdg" / "edgetag" / "targets"


@needs_npm
@pytest.mark.slow
def test_without_a_network_set_up_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(InputError) as refused:
        Wasm(tmp_path / "cache").set_up(SilentProgress())
    assert str(refused.value).startswith("wasm: the npm registry cannot be reached (ECONNREFUSED)")
    assert "\n" not in str(refused.value)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.slow
def test_what_one_user_has_fetched_others_can_read(wasm_cache: Path) -> None:
    """An image of a container is made by root and run by another."""
    assert Wasm(wasm_cache).place.stat().st_mode & 0o777 == 0o755


SET_UP = """
import sys
from pathlib import Path
from edgetag.progress import SilentProgress
from edgetag.runtimes.wasm import Wasm
Wasm(Path(sys.argv[1])).set_up(SilentProgress())
"""
NEVER_ENDS = """#!/bin/sh
[ "$1" = --version ] && echo 10.0.0 && exit
exec {sleep} 600
"""


@needs_npm
@pytest.mark.slow
def test_what_a_killed_set_up_left_goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_on_path(monkeypatch, tmp_path / "bin", {"node": None, "npm": "10.0.0"})
    answers = (tmp_path / "bin" / "npm").read_text()
    (tmp_path / "bin" / "npm").write_text(NEVER_ENDS.format(sleep=SLEEP))
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", SET_UP, str(cache)]
    with subprocess.Popen(command, env=python_environment()) as process:
        while not cache.exists() or not any(cache.iterdir()):
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
    assert list(cache.iterdir())
    (tmp_path / "bin" / "npm").write_text(answers)  # which fetches nothing
    assert captured(command, env=python_environment()).returncode
    assert not list(cache.iterdir())


@needs_npm
@pytest.mark.slow
def test_another_package_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    """The lock file asks for other content under the same name and version."""
    pinned = tmp_path / "pinned"
    pinned.mkdir()
    shutil.copyfile(PACKAGE.pinned / "package.json", pinned / "package.json")
    text = PACKAGE.lock.read_text()
    (pinned / LOCK).write_text(text.replace("sha512-/", "sha512-x"))
    assert (pinned / LOCK).read_text() != text
    with pytest.raises(InputError, match="is not the pinned package"):
        replace(PACKAGE, pinned=pinned).fetch(tmp_path / "cache", SilentProgress())
    assert list((tmp_path / "cache").iterdir()) == []


@needs_npm
@pytest.mark.slow
@pytest.mark.parametrize("damage", ["flipped bit", "lost file", "lost marker", "other version"])
def test_a_broken_runtime_is_seen_and_fetched_again(
    damage: str, wasm_cache: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(wasm_cache, cache)
    modules = PACKAGE.installed(cache)
    assert modules is not None
    folder = modules.parent
    binary, marker = modules / PACKAGE.files[1], folder / MARKER
    if damage == "flipped bit":
        data = bytearray(binary.read_bytes())
        data[len(data) // 2] ^= 1
        binary.write_bytes(data)
    elif damage == "lost file":
        binary.unlink()
    elif damage == "lost marker":
        marker.unlink()
    else:
        marker.write_text(re.sub(r'"lock_sha256": "\w', '"lock_sha256": "x', marker.read_text()))
    assert "not set up, or damaged" in (Wasm(cache).available() or "")
    assert Wasm(cache).set_up(SilentProgress()) == folder
    assert Wasm(cache).available() is None
    assert [path.name for path in cache.iterdir()] == [folder.name]


@needs_npm
@pytest.mark.slow
def test_set_up_where_it_is_there_fetches_nothing(
    wasm_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    folder = Wasm(wasm_cache).set_up(SilentProgress())
    assert os.access(folder / "node_modules" / PACKAGE.files[0], os.R_OK)
