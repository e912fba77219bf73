"""What a module's results follow from: the code it imports of edgetag, and packages' versions.

Everything that is kept from one run to the next, a stage's outputs, a checkpoint, scores, is kept
by this one rule. The sources are read, never imported, so a base install can ask about training.
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgetag.installed import installed_version

PACKAGE = Path(__file__).parent

DISTRIBUTIONS = {
    "PIL": "pillow",
    "ai_edge_litert": "ai-edge-litert",
    "cleanlab": "cleanlab",
    "flatbuffers": "flatbuffers",
    "imagehash": "ImageHash",
    "jinja2": "jinja2",
    "litert_quantizer": "litert-quantizer",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "optuna": "optuna",
    "polars": "polars",
    "safetensors": "safetensors",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "tensorflow": "tensorflow",
    "tensorflow_model_optimization": "tensorflow-model-optimization",
    "tf_keras": "tf-keras",
    "tf2onnx": "tf2onnx",
    "tflite_runtime": "tflite-runtime",
}
"""Packages that results are computed with: name in an import → name of the distribution."""

_NAMED = re.compile(r"""["'](edgetag(?:\.\w+)+\.?)["'{]""")
"""A module in a string: it is started as a process, or its name is put together at run time."""


@dataclass(frozen=True)
class Dependencies:
    """What the results of one module follow from.

    Attributes:
        code: SHA-256 of the sources of the module, of all that it imports of edgetag, directly or
            not, of the modules that it starts as processes, and of the files beside them.
        packages: Packages that these compute with → version; those not installed are left out.
    """

    code: str
    packages: dict[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of both."""
        text = "\n".join([self.code, *(f"{name} {self.packages[name]}" for name in self.packages)])
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class _Source:
    digest: str
    imports: tuple[str, ...]


@cache
def dependencies_of(module: str, package: Path = PACKAGE) -> Dependencies:
    """Return what the results of a module follow from.

    Args:
        module: Such as `edgetag.training.stage`.
        package: The folder of edgetag's sources.
    """
    digests: dict[Path, str] = {}
    imported: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if not name.startswith("edgetag"):
            imported.add(name.partition(".")[0])
            continue
        for file in _files(name, package):
            if file not in digests:
                source = _read(file)
                digests[file] = source.digest
                waiting += source.imports
    for folder in {file.parent for file in digests}:
        digests |= {file: _digest(file) for file in _beside(folder)}
    lines = sorted(f"{file.relative_to(package)} {digest}" for file, digest in digests.items())
    return Dependencies(
        code=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        packages=_versions(imported),
    )


@cache
def _files(name: str, package: Path) -> tuple[Path, ...]:
    """Return the sources that an import of `edgetag…` runs: of packages on the way, and its own.

    A name that ends in a dot is the start of one put together at run time: of every module and
    package in its package.
    """
    above, _, last = name.rpartition(".")
    before = _files(above, package) if above else ()
    if not last:
        folder = _place(above, package)
        return (*before, *sorted((*folder.glob("*.py"), *folder.glob("*/__init__.py"))))
    place = _place(name, package)
    files = (place / "__init__.py", place.with_suffix(".py"))
    return (*before, *(file for file in files if file.is_file()))


def _place(name: str, package: Path) -> Path:
    return package.parent.joinpath(*name.split("."))


def _beside(folder: Path) -> Iterator[Path]:
    """Yield what lies in a package and is no Python: templates, other languages."""
    for path in folder.iterdir():
        if path.is_dir():
            if path.name != "__pycache__" and not (path / "__init__.py").exists():
                yield from _beside(path)
        elif path.suffix != ".py":
            yield path


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@cache
def _read(file: Path) -> _Source:
    source = _parsed(file.read_bytes())
    if file.parts[-2:] == ("edgetag", "__init__.py"):
        # What it offers users is imported when they ask, which no module here does.
        return _Source(source.digest, ())
    return source


@cache
def _parsed(data: bytes) -> _Source:
    """Return what a source imports; in a copy of the package, equal files are parsed once."""
    text = data.decode()
    names = {*_NAMED.findall(text), *_imports(ast.parse(text).body)}
    return _Source(hashlib.sha256(data).hexdigest(), tuple(sorted(names)))


def _imports(statements: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the modules that statements import, those in functions too, without types' sake."""
    for node in statements:
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from _imports(node.orelse)
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(level=0):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            case ast.ImportFrom():
                raise ValueError(f"line {node.lineno}: a relative import; write it in full")
            case _:
                for block in ("body", "orelse", "handlers", "finalbody", "cases"):
                    yield from _imports(getattr(node, block, ()))


def _versions(imported: set[str]) -> dict[str, str]:
    versions = {}
    for name in sorted(imported & DISTRIBUTIONS.keys()):
        if version := installed_version(DISTRIBUTIONS[name]):  # else nothing computes with it here
            versions[DISTRIBUTIONS[name]] = version
    return versions
