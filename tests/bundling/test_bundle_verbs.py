"""The verbs of `edgetag bundle`, as they are typed."""

import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.errors import InputError
from edgetag.workspace import digest_file
from tests.support.made_bundle import recipe_text


def run(*arguments: str | Path) -> tuple[int, str]:
    """Return exit code and output, stderr included, of `edgetag bundle`."""
    done = CliRunner().invoke(app, ["bundle", *map(str, arguments)])
    if isinstance(done.exception, InputError):
        return int(done.exception.exit_code), str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key with its public one beside it, `key.pub`."""
    made = ec.generate_private_key(ec.SECP256R1())
    private = tmp_path / "key.pem"
    private.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (tmp_path / "key.pub").write_bytes(
        made.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private


@pytest.mark.slow
def test_a_bill_of_materials_never_takes_its_bundles_place(bundle: Path, tmp_path: Path) -> None:
    whole, link = bundle.read_bytes(), tmp_path / "linked.zip"
    link.symlink_to(bundle)
    for place in (bundle, link):
        code, told = run("bill", bundle, "--out", place)
        assert (code, told) == (
            2,
            f"{place}: the bill would take the bundle's place; give another --out",
        )
    assert bundle.read_bytes() == whole
    assert run("bill", bundle, "--out", tmp_path / "bill.json")[0] == 0


@pytest.mark.slow
def test_a_bundle_is_signed_and_verified(bundle: Path, key: Path) -> None:
    assert run("sign", bundle, "--key", key) == (0, f"signature: {bundle}.sig\n")
    code, told = run("verify", bundle, "--key", key.with_name("key.pub"))
    assert (code, told) == (0, f"{bundle}: signed with this key, and unchanged since\n")
    for verb, file in (("sign", key), ("verify", key.with_name("key.pub"))):
        code, written = run(verb, bundle, "--key", file, "--json")
        values = json.loads(written)
        assert (code, values["file"], values["version"]) == (0, str(bundle), "1.2.3")
        assert values["sha256"] == digest_file(bundle)
        assert values["signature"] == f"{bundle}.sig"
    bundle.write_bytes(bundle.read_bytes() + b" ")
    assert run("verify", bundle, "--key", key.with_name("key.pub"))[0] == 2


@pytest.mark.slow
def test_a_signature_may_lie_elsewhere(bundle: Path, key: Path, tmp_path: Path) -> None:
    place = tmp_path / "signatures" / "a.sig"
    place.parent.mkdir()
    assert run("sign", bundle, "--key", key, "--out", place)[0] == 0
    public = key.with_name("key.pub")
    assert run("verify", bundle, "--key", public)[0] == 2
    assert run("verify", bundle, "--key", public, "--signature", place)[0] == 0


def test_placing_tells_what_was_done(bundle: Path, tmp_path: Path) -> None:
    build_file = tmp_path / "project" / "app" / "build.gradle.kts"
    build_file.parent.mkdir(parents=True)
    build_file.write_text("android { }\n")
    project = build_file.parents[1]
    code, told = run("android", bundle, "--project", project)
    assert code == 0
    assert "files written, 0 unchanged, 0 removed" in told
    code, told = run("android", bundle, "--project", project, "--json")
    assert code == 0
    assert json.loads(told)["written"] == []
    assert run("android", bundle, "--project", project, "--package", "No")[0] == 2


def test_bundle_recipe_is_still_the_verb_that_packs(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "made")
    recipe = tmp_path / "made" / "recipe.toml"
    recipe.write_text(recipe_text(), encoding="utf-8")
    code, told = run(recipe, "--out", tmp_path / "made" / "run")
    assert code == 2  # the run's own books say that nothing has finished
    assert "bundle needs dataset, which has not finished here" in told
