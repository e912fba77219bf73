"""An import rule: a package is used through its face alone, which its docstring lists.

`lint-imports` runs it. A face is what `__init__` holds, and the modules that lines of its docstring
name, each with a sentence:

    - `result`: what a verdict says.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

_LINE = re.compile(r"^- `(\w+)`: \S.*", re.MULTILINE)


@cache
def face_of(package: str) -> frozenset[str]:
    """Return the modules that a package's docstring names."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ValueError(f"{package} has no __init__.py")
    text = ast.get_docstring(ast.parse(Path(spec.origin).read_bytes())) or ""
    return frozenset(_LINE.findall(text))


class Faces(Contract):
    """Every import from outside a package is of the package itself or of a module in its face."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002
        """Return the imports that go behind a face, and names in faces that are no modules."""
        ours = sorted(name for name in graph.modules if name.startswith("edgetag."))
        behind = [
            f"{importer} imports {imported}, which the face of {package} does not list"
            for importer in ours
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            for package in _passed_by(importer, imported)
        ]
        missing = [
            f"the face of {package} lists {name}, which is no module of it"
            for package in ours
            if graph.find_children(package)
            for name in sorted(face_of(package))
            if f"{package}.{name}" not in graph.modules
        ]
        problems = behind + missing
        return ContractCheck(kept=not problems, metadata={"problems": problems})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each problem, and what to do."""
        for problem in check.metadata["problems"]:
            output.print_error(problem)
        output.print_error("Use what a face lists, or list the module there with a sentence.")


def _passed_by(importer: str, imported: str) -> Iterator[str]:
    """Yield the packages that an import enters from outside by something else than their face."""
    parts = imported.split(".")
    if parts[0] != "edgetag":
        return
    for depth in range(2, len(parts)):
        package = ".".join(parts[:depth])
        inside = importer == package or importer.startswith(f"{package}.")
        if not inside and parts[depth] not in face_of(package):
            yield package
