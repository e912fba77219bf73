"""Would tests notice a wrong line? `make mutants` changes single places and runs their tests.

Comparisons, operators, numbers and conditions of modules that decide, one at a time:
`<` for `<=`, `+` for `-`, 3 for 2, the other branch. What no test notices is printed: it is a test
that lacks, or a change that changes nothing. A change meets the tests that run its line, as
coverage has recorded, in a process forked from one that has imported the packages: importing them
anew takes longer than most of these tests.
"""

import argparse
import ast
import copy
import importlib
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from coverage import Coverage
from hypothesis.configuration import set_hypothesis_home_dir

from tests.support.paths import ROOT

SUBJECTS = (
    "edgetag.preprocess",
    "edgetag.metrics",
    "edgetag.benchmarking.current",
    "edgetag.dataset.split",
    "edgetag.shipping",
    *(
        f"edgetag.{folder}.{path.stem}"
        for folder in ("judging", "validation")
        for path in sorted((ROOT / "export/edgetag" / folder).glob("[a-z]*.py"))
    ),
)
"""Modules that are changed."""

TESTS = (
    "tests/test_metrics.py",
    "tests/test_preprocess.py",
    "tests/test_shipping.py",
    "tests/benchmarking/test_current.py",
    "tests/dataset",
    "tests/judging",
    "tests/recipe/test_new_recipe.py",
    "tests/reporting",
    "tests/screening/test_expected.py",
    "tests/validation",
)
"""Files and folders of tests that are to notice."""

LEFT_OUT = ("tests/reporting/test_html_browser.py", "tests/validation/test_error_rates.py")
"""A browser cannot be forked, and a thousand simulated gates take most of a minute."""

PACKAGES = ("numpy", "polars", "pydantic", "scipy.stats", "sklearn.metrics", "PIL.Image", "skimage")
LONGEST_S = 120
"""Of processor time, for the tests of a change."""


def path_of(module: str) -> Path:
    """Return where a module lies."""
    return ROOT / "export" / f"{module.replace('.', '/')}.py"


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
    """A module with one change.

    Attributes:
        module: Its name.
        line: Where the change is.
        first: Where its statement begins.
        last: Where that ends, or the first of those that it holds begins.
        before: What was there.
        after: What is there now.
        tree: The changed module.
    """

    module: str
    line: int
    first: int
    last: int
    before: str
    after: str
    tree: ast.Module


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """Yield every change of a module that is made here."""
    tree = ast.parse(source)
    spans = _spans(tree)
    for number, node in enumerate(ast.walk(tree)):
        for change in range(_changes(node)):
            changed = copy.deepcopy(tree)
            place = next(each for at, each in enumerate(ast.walk(changed)) if at == number)
            before = ast.unparse(place)
            _change(place, change)
            after = ast.unparse(place)
            if before != after and not _is_words(tree, node):
                line: int = getattr(node, "lineno", 0)
                first, last = spans[node]
                whole = ast.fix_missing_locations(changed)
                yield Mutant(module, line, first, last, before, after, whole)


def _spans(tree: ast.Module) -> dict[ast.AST, tuple[int, int]]:
    """Return each node's innermost statement: its first line, and the last before its body."""
    spans: dict[ast.AST, tuple[int, int]] = {}
    for statement in ast.walk(tree):  # the outer before the inner
        if isinstance(statement, ast.stmt):
            last = statement.end_lineno or statement.lineno
            body = [inner.lineno for inner in getattr(statement, "body", ())]
            span = (statement.lineno, max(statement.lineno, min([last + 1, *body]) - 1))
            spans |= dict.fromkeys(ast.walk(statement), span)
    return spans


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
            case ast.FunctionDef(decorator_list=decorators, returns=returns):
                parts = [*decorators, *([returns] if returns else [])]
            case ast.ClassDef(decorator_list=decorators):
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


def run_tests(tests: Sequence[str], plugins: Sequence[object] = ()) -> int:
    """Run tests in this very process and return pytest's exit code."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    chosen = ("-m", "not tensorflow", *(f"--ignore={file}" for file in LEFT_OUT))
    options = ("-x", "-q", "--assert=plain", "-p", "no:cacheprovider", *chosen)
    return int(pytest.main([*options, *tests], plugins=[*plugins]))


class _Recorder:
    """Tells coverage which file's test is running, and adds up how long they take."""

    def __init__(self, coverage: Coverage) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._coverage = coverage

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        file = item.path.relative_to(ROOT).as_posix()
        self._coverage.switch_context(file)
        started = time.monotonic()
        outcome = yield
        self.seconds[file] += time.monotonic() - started
        return outcome


@dataclass(frozen=True)
class Tested:
    """Which files of tests run which lines.

    Attributes:
        by_line: Module → line → files.
        seconds: How long a file's tests take.
    """

    by_line: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def files(self, mutant: Mutant) -> list[str]:
        """Return the files whose tests run a mutant's line, the quickest first.

        What runs when the module is imported alone, such as a constant, is every file's.
        """
        lines = self.by_line[mutant.module]
        for place in ([mutant.line], range(mutant.first, mutant.last + 1), lines):
            files = {file for line in place for file in lines.get(line, ()) if file}
            if files:
                break
        return sorted(files, key=lambda file: self.seconds[file])


def record(modules: Sequence[str]) -> Tested:
    """Run every test once, in a process of its own, and note the lines of modules that it runs.

    Raises:
        SystemExit: A test fails without any change.
    """
    with tempfile.TemporaryDirectory() as place:
        answer = Path(place) / "answer.json"
        child = os.fork()
        if not child:
            coverage = Coverage(data_file=None, include=[str(path_of(each)) for each in modules])
            recorder = _Recorder(coverage)
            coverage.start()
            code = run_tests(TESTS, [recorder])
            coverage.stop()
            data = coverage.get_data()
            by_line = {each: data.contexts_by_lineno(str(path_of(each))) for each in modules}
            answer.write_text(json.dumps([by_line, recorder.seconds]), encoding="utf-8")
            os._exit(code)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(f"{' '.join(TESTS)}: a test fails without a change")
        by_line, seconds = json.loads(answer.read_text(encoding="utf-8"))
    numbered = {
        module: {int(line): files for line, files in lines.items()}
        for module, lines in by_line.items()
    }
    return Tested(numbered, seconds)


def start(mutant: Mutant, files: Sequence[str]) -> int:
    """Start the tests of files over a mutant; return the process, which ends with 0 for 'good'."""
    child = os.fork()
    if child:
        return child
    # A loop without an end is noticed, too, and so is a wait.
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S))
    signal.alarm(LONGEST_S * len(os.sched_getaffinity(0)))
    sys.meta_path.insert(0, _Finder(mutant, str(path_of(mutant.module))))
    os._exit(run_tests(files))


def unnoticed(chosen: Sequence[Mutant], tested: Tested) -> Iterator[Mutant]:
    """Yield the mutants that no test notices; as many are tried at once as there are processors."""
    waiting = [mutant for mutant in chosen if tested.files(mutant)]
    yield from (mutant for mutant in chosen if not tested.files(mutant))
    running: dict[int, Mutant] = {}
    while waiting or running:
        while waiting and len(running) < len(os.sched_getaffinity(0)):
            mutant = waiting.pop(0)
            running[start(mutant, tested.files(mutant))] = mutant
        child, status = os.wait()
        mutant = running.pop(child)
        if status == 0:
            yield mutant


def main() -> None:
    """Change, test, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, help="Of each module; default: all.")
    parser.add_argument("--module", action="append", choices=SUBJECTS)
    options = parser.parse_args()
    os.chdir(ROOT)
    for name in PACKAGES:
        importlib.import_module(name)
    modules = options.module or SUBJECTS
    print(f"{'module':42}{'changes':>9}{'noticed':>9}{'share':>8}{'minutes':>9}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        set_hypothesis_home_dir(place)
        tested = record(modules)
        counts = [_of_module(module, tested, options.most) for module in modules]
    print(_row("all", *map(sum, zip(*counts, strict=True))))


def _of_module(module: str, tested: Tested, most: int | None) -> tuple[int, int, float]:
    path = path_of(module)
    every = list(mutants(module, path.read_text(encoding="utf-8")))
    chosen = every if most is None or most >= len(every) else random.Random(1).sample(every, most)
    started = time.monotonic()
    kept = 0
    for mutant in unnoticed(sorted(chosen, key=lambda each: each.line), tested):
        kept += 1
        line = f"{path.relative_to(ROOT)}:{mutant.line}: {mutant.before} → {mutant.after}"
        print(" ".join(line.split())[:180], flush=True)
    figures = (len(chosen), len(chosen) - kept, (time.monotonic() - started) / 60)
    if chosen:
        print(_row(module, *figures), flush=True)
    return figures


def _row(name: str, count: int, noticed: int, minutes: float) -> str:
    return f"{name:42}{count:9}{noticed:9}{noticed / count:8.0%}{minutes:9.1f}"


if __name__ == "__main__":
    main()
