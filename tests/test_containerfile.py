"""What images are made of is pinned, there, and run without rights."""

import fnmatch
import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.paths import RELEASED, ROOT
from tests.support.served import served

STEPS = [
    line.split(maxsplit=1)
    for line in (ROOT / "Containerfile")
    .read_text(encoding="utf-8")
    .replace("\\\n", " ")
    .splitlines()
    if line and not line.startswith("#")
]
BY_DIGEST = re.compile(r"docker\.io/[\w/.-]+:[\w.-]+@sha256:[0-9a-f]{64}")


def stages() -> dict[str, list[list[str]]]:
    """Return the steps of every stage, those of the stage that it begins from before its own."""
    made: dict[str, list[list[str]]] = {}
    for step, given in STEPS:
        if step == "FROM":
            base, name = given.split(" AS ")
            made[name] = [*made.get(base, [["FROM", base]])]
        elif step != "ARG":
            made[name].append([step, given])
    return made


def test_every_image_begins_with_one_that_is_named_by_digest() -> None:
    (argument,) = (given for step, given in STEPS if step == "ARG")
    name, _, image = argument.partition("=")
    assert BY_DIGEST.fullmatch(image)
    assert {steps[0][1] for steps in stages().values()} == {f"${{{name}}}"}


@pytest.mark.parametrize("target", ["base", "serve", "train"])
def test_an_image_runs_as_a_user_without_rights_and_tells_its_health(target: str) -> None:
    steps = stages()[target]
    users = [given for step, given in steps if step == "USER"]
    assert users
    assert users[-1].isdecimal(), "by number, so that a cluster can see that it is not root"
    assert int(users[-1]) > 0
    assert [step for step, _ in steps].count("HEALTHCHECK") >= 1


@pytest.mark.slow
def test_the_server_s_health_is_asked_of_its_own_port_and_of_no_proxy(tmp_path: Path) -> None:
    checks = [given for step, given in stages()["serve"] if step == "HEALTHCHECK"]
    _, _, command = checks[-1].partition("CMD ")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    environment = {"EDGETAG_PORT": port, "http_proxy": "http://127.0.0.1:1"}

    def is_healthy() -> bool:
        python, *rest = json.loads(command)
        assert python == "python"
        done = subprocess.run(
            [sys.executable, *rest], capture_output=True, env=os.environ | environment
        )
        return done.returncode == 0

    with served(RELEASED, tmp_path, "--workers", 1, port=None, **environment) as server:
        assert server.url.endswith(f":{port}/")
        assert is_healthy()
    assert not is_healthy()


def test_packages_are_installed_by_the_lock_alone() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    steps = stages()["installer"]
    assert any(
        step == "ENV" and "UV_CONSTRAINT=requirements.lock" in given.split()
        for step, given in steps
    )
    for name in ("uv", "hatchling"):
        assert re.search(rf"^{name}==\S+ \\\n +--hash=sha256:", lock, re.MULTILINE)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {
        extra
        for step, given in STEPS
        if step == "RUN" and (found := re.search(r'pip install .*"\.\[(.*)\]"', given))
        for extra in found[1].split(",")
    }
    assert asked
    assert asked <= set(extras["project"]["optional-dependencies"])


def test_what_is_copied_is_there_and_not_ignored() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert "*" in rules
    for step, given in STEPS:
        if step != "COPY" or given.startswith("--from="):
            continue
        *sources, _ = given.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, rule) for rule in kept), source
