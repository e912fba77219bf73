"""What was exported is read in one way: by name, checked, and refused in one sentence."""

from pathlib import Path

import pytest

from edgetag.conversion.exported import exported_file, exported_files, exported_if_there
from edgetag.errors import InputError
from edgetag.workspace import Workspace
from tests.support.run_folders import FLOAT_AND_INT8, write_export


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A run whose files are no models: only what is listed of them is read."""
    workspace = Workspace(tmp_path)
    workspace.export.mkdir(parents=True)
    for variant in FLOAT_AND_INT8:
        (workspace.export / f"{variant}.tflite").write_bytes(variant.encode())
    write_export(workspace)
    return workspace


def names(workspace: Workspace, *variants: str) -> list[str]:
    return [file.variant for file, _ in exported_files(workspace, variants)]


def test_files_come_in_the_order_in_which_they_are_listed(workspace: Workspace) -> None:
    assert names(workspace) == names(workspace, "int8", "fp32") == ["fp32", "int8"]
    assert names(workspace, "int8") == ["int8"]
    file, path = exported_file(workspace, "int8")
    assert (file.variant, path.read_bytes()) == ("int8", b"int8")


def test_a_variant_that_was_not_exported_is_refused_with_those_that_were(
    workspace: Workspace,
) -> None:
    told = r"export\.json: it lists no fp16, only fp32, int8; run: edgetag export"
    with pytest.raises(InputError, match=told):
        exported_files(workspace, ["int8", "fp16"])


def test_a_list_of_nothing_names_the_verb(workspace: Workspace) -> None:
    write_export(workspace, ())
    with pytest.raises(InputError, match="it lists no file; run: edgetag export"):
        exported_files(workspace)
    with pytest.raises(InputError, match="it lists no int8; run: edgetag export"):
        exported_file(workspace, "int8")


def test_a_file_that_is_not_as_it_was_exported_is_refused(workspace: Workspace) -> None:
    path = workspace.export / "int8.tflite"
    path.write_bytes(b"other")
    assert names(workspace, "fp32") == ["fp32"]
    with pytest.raises(InputError, match=r"int8\.tflite: has changed .*; run: edgetag export"):
        exported_files(workspace)
    path.unlink()
    with pytest.raises(InputError, match=r"int8\.tflite: missing; run: edgetag export"):
        exported_files(workspace)


def test_where_nothing_was_exported_there_is_nothing_to_read(workspace: Workspace) -> None:
    assert exported_if_there(workspace) is not None
    (workspace.export / "export.json").unlink()
    assert exported_if_there(workspace) is None
    with pytest.raises(InputError, match=r"export\.json: missing; run: edgetag export"):
        exported_files(workspace)
