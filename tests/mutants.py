"""Would tests notice a wrong line? `make mutants` changes single places and runs their tests.

Comparisons, operators, numbers and conditions of modules that decide, one at a time:
`<` for `<=`, `+` for `-`, 3 for 2, the other branch. What no test notices is printed: it is a test
that lacks, or a change that changes nothing. Each change runs in a process forked from one that
has imported the packages: importing them anew takes longer than most of these tests.
"""

import argparse
import ast
import copy
import importlib
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from tests.support.paths import ROOT

SUBJECTS = {
    "edgetag.preprocess": ("tests/test_preprocess.py",),
    "edgetag.dataset.split": (
        "tests/dataset/test_split_quotas.py",  # the faster first: one that fails is enough
        "tests/dataset/test_splits.py",
    ),
    "edgetag.validation.statistics": ("tests/validation/test_statistics.py",),
    "edgetag.validation.proportions": (
        "tests/validation/test_proportions.py",
        "tests/screening/test_expected.py",
    ),
    "edgetag.validation.decision": ("tests/validation/test_decision.py",),
}
"""Modules, and the tests that are to notice."""

PACKAGES = ("numpy", "polars", "pydantic", "scipy.stats", "sklearn.metrics", "PIL.Image", "skimage")
LONGEST_S = 60
"""Of processor time."""

OTHER_OPERATOR: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True)
class Mutant:
    """A module with one change."""

    module: str
    line: int
    before: str
    after: str
    tree: ast.Module


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """Yield every change of a module that is made here."""
    tree = ast.parse(source)
    for number, node in enumerate(ast.walk(tree)):
        for change in range(_changes(node)):
            changed = copy.deepcopy(tree)
            place = next(each for at, each in enumerate(ast.walk(changed)) if at == number)
            before = ast.unparse(place)
            _change(place, change)
            after = ast.unparse(place)
            if before != after and not _is_words(tree, node):
                line: int = getattr(node, "lineno", 0)
                yield Mutant(module, line, before, after, ast.fix_missing_locations(changed))


def _changes(node: ast.AST) -> int:
    match node:
        case ast.Compare(ops=ops):
            return len(ops)
        case ast.BinOp(op=op) | ast.BoolOp(op=op):
            return int(type(op) in OTHER_OPERATOR)
        case ast.Constant(value=bool() | int() | float()) | ast.If() | ast.IfExp():
            return 1
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            return 1
    return 0


def _change(node: Any, number: int) -> None:
    match node:
        case ast.Compare():
            node.ops[number] = OTHER_OPERATOR[type(node.ops[number])]()
        case ast.BinOp() | ast.BoolOp():
            node.op = OTHER_OPERATOR[type(node.op)]()
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int() | float() as value):
            node.value = value + 1
        case ast.UnaryOp():
            node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
            if isinstance(node.op, ast.Not):
                node.operand = ast.Constant(value=False)
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)


def _is_words(tree: ast.Module, node: ast.AST) -> bool:
    """Tell whether a place is in an error's text, an annotation or a decorator."""
    for outer in ast.walk(tree):
        parts: list[ast.AST] = []
        match outer:
            case ast.Raise(exc=ast.AST() as raised):
                parts = [raised]
            case ast.JoinedStr():
                parts = [outer]
            case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=ast.AST() as annotation):
                parts = [annotation]
            case (
                ast.FunctionDef(decorator_list=decorators) | ast.ClassDef(decorator_list=decorators)
            ):
                parts = [*decorators]
        if any(node is inner for part in parts for inner in ast.walk(part)):
            return True
    return False


class _Changed(SourceFileLoader):
    """Loads a mutant in its module's place."""

    def __init__(self, mutant: Mutant, path: str) -> None:
        super().__init__(mutant.module, path)
        self._tree = mutant.tree

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - as it is called
        """Return the changed code."""
        return compile(self._tree, self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, mutant: Mutant, path: str) -> None:
        self._mutant, self._path = mutant, path

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        loader = _Changed(self._mutant, self._path)
        return spec_from_file_location(fullname, self._path, loader=loader)


def is_noticed(mutant: Mutant | None, path: str, tests: tuple[str, ...]) -> bool:
    """Run tests over a mutant in a process of its own; None is the module as it is."""
    child = os.fork()
    if not child:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        # A loop without an end is noticed, too.
        resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
        if mutant is not None:
            sys.meta_path.insert(0, _Finder(mutant, path))
        options = (
            "-x",
            "-q",
            "--assert=plain",
            "-p",
            "no:cacheprovider",
            "-m",
            "not slow and not tensorflow",
        )
        code = pytest.main([*options, *tests])
        os._exit(int(code))
    _, status = os.waitpid(child, 0)
    return status != 0


def main() -> None:
    """Change, test, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, help="Of each module; default: all.")
    parser.add_argument("--module", action="append", choices=list(SUBJECTS))
    options = parser.parse_args()
    os.chdir(ROOT)
    for name in PACKAGES:
        importlib.import_module(name)
    print(f"{'module':32}{'changes':>9}{'noticed':>9}{'share':>8}{'minutes':>9}")
    with tempfile.TemporaryDirectory() as place:
        set_hypothesis_home_dir(place)
        for module in options.module or SUBJECTS:
            path, tests = ROOT / "export" / f"{module.replace('.', '/')}.py", SUBJECTS[module]
            if is_noticed(None, str(path), tests):
                sys.exit(f"{', '.join(tests)}: fails without a change")
            print(_of_module(module, path, tests, options.most), flush=True)


def _of_module(module: str, path: Path, tests: tuple[str, ...], most: int | None) -> str:
    every = list(mutants(module, path.read_text(encoding="utf-8")))
    chosen = every if most is None or most >= len(every) else random.Random(1).sample(every, most)
    started, noticed = time.monotonic(), 0
    for mutant in sorted(chosen, key=lambda each: each.line):
        if is_noticed(mutant, str(path), tests):
            noticed += 1
        else:
            print(
                f"{path.relative_to(ROOT)}:{mutant.line}: {mutant.before} → {mutant.after}".replace(
                    "\n", " "
                )[:180],
                flush=True,
            )
    minutes = (time.monotonic() - started) / 60
    count = len(chosen)
    return f"{module:32}{count:9}{noticed:9}{noticed / count:8.0%}{minutes:9.1f}"


if __name__ == "__main__":
    main()
