"""An import rule: a package is used through its face alone, which its docstring lists.

`lint-imports` runs it. A face is what `__init__` holds, and the modules that lines of its docstring
name, each with a sentence:

    - `result`: what a verdict says.
"""

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

_LINE = re.compile(r"^- `(\w+)`: \S.*", re.MULTILINE)


class Faces(Contract):
    """What is imported from outside a package is the package itself, or a module that it lists.

    And what it lists is used from outside: imported, or named in a string, as what is started as a
    process is. The pipeline finds stages by their names.
    """

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002
        """Return the imports that go behind a face, and what faces list in vain."""
        modules = sorted(name for name in graph.modules if name.startswith("edgetag."))
        faces = {name: face_of(name) for name in modules if graph.find_children(name)}
        used: dict[str, set[str]] = {package: set() for package in faces}
        problems = []
        for importer in modules:
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                for package, name in entered(importer, imported):
                    used[package].add(name)
                    if name not in faces[package]:
                        problems.append(
                            f"{importer} imports {imported}, "
                            f"which the face of {package} does not list"
                        )
        texts = {name: source_of(name) for name in ("edgetag", *modules)}
        for package, face in faces.items():
            outside = [text for name, text in texts.items() if not is_inside(name, package)]
            for name in sorted(face - used[package]):
                named = any(
                    f"{package}.{name}" in text or f"{package}.{{" in text for text in outside
                )
                if f"{package}.{name}" not in modules:
                    problems.append(f"the face of {package} lists {name}, which is no module of it")
                elif not named and not name.endswith("stage"):
                    problems.append(f"the face of {package} lists {name}, which nobody else uses")
        return ContractCheck(kept=not problems, metadata={"problems": problems})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each problem, and what to do."""
        for problem in check.metadata["problems"]:
            output.print_error(problem)
        output.print_error("Use what a face lists, or list the module there with a sentence.")


def source_of(module: str) -> str:
    """Return the source of a module or of a package's `__init__`."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"{module} has no source")
    return Path(spec.origin).read_text(encoding="utf-8")


def face_of(package: str) -> frozenset[str]:
    """Return the modules that a package's docstring names."""
    return frozenset(_LINE.findall(ast.get_docstring(ast.parse(source_of(package))) or ""))


def is_inside(module: str, package: str) -> bool:
    """Tell whether a module is a package, or anywhere in it."""
    return f"{module}.".startswith(f"{package}.")


def entered(importer: str, imported: str) -> Iterator[tuple[str, str]]:
    """Yield each package that an import enters from outside, and the module in it that is named."""
    parts = imported.split(".")
    if parts[0] != "edgetag":
        return
    for depth in range(2, len(parts)):
        package = ".".join(parts[:depth])
        if not is_inside(importer, package):
            yield package, parts[depth]
