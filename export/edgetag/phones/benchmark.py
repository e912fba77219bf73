"""One file timed on one phone by Google's benchmark_model."""

import shlex
import statistics
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from edgetag.conversion.flatfile import operators, read_model
from edgetag.phones.delegates import CALLED, require, share_of, with_profile
from edgetag.phones.figures import (
    Condition,
    DelegateName,
    Delegation,
    OperatorTime,
    PhoneMeasurement,
    PhoneRound,
)
from edgetag.phones.parse import Parsed, complaint, parse
from edgetag.phones.phone import FOLDER, Answer, Phone
from edgetag.phones.problems import LOSES_THE_PHONE, PhoneError, Problem, recognize
from edgetag.phones.rounds import notes_on_rounds, together
from edgetag.phones.settings import LENGTHS, WITHOUT_XNNPACK, Settings
from edgetag.phones.state import condition, notes, throttled, worst_status
from edgetag.phones.store import LocalFile, put
from edgetag.phones.work import Work

PROFILE_RUNS = 10
"""Runs of the second round, the profiled one: its times are shares, not figures to quote."""

NOT_FOUND = 127
"""A shell's exit code where there is no such program."""

NOT_FLOAT32 = "the GPU may have computed in float16: this build does not say that it took float32"

_ALWAYS_XNNPACK = (
    f"this benchmark_model does not know {WITHOUT_XNNPACK} and ran with XNNPACK: leave "
    "--delegate cpu out, or take a build that runs files by the Interpreter"
)


@dataclass
class Timing(Work):
    """One file timed with some threads, a round at a time.

    Attributes:
        tool: benchmark_model.
    """

    threads: int
    tool: LocalFile
    _rounds: list[Parsed] = field(default_factory=list)
    _felt: list[tuple[Condition, Condition]] = field(default_factory=list)
    _profile: tuple[OperatorTime, ...] = ()
    _notes: list[str] = field(default_factory=list)

    def round(self, phone: Phone) -> None:
        """Measure once more; a delegate that was asked for and took too little is an error."""
        put(phone, self.model)
        before = condition(phone)
        parsed = _run(phone, self._command, self.settings)
        if WITHOUT_XNNPACK in parsed.ignored:
            raise PhoneError(Problem.BENCHMARK_FAILED, _ALWAYS_XNNPACK)
        threads = f"--num_threads={self.threads}"
        if threads in parsed.ignored:
            raise PhoneError(
                Problem.BENCHMARK_FAILED,
                f"this benchmark_model does not know {threads}: on how many it ran is not told",
            )
        require(self.settings.delegate, parsed.delegations, self.settings.min_share)
        self._felt.append((before, condition(phone)))
        self._rounds.append(parsed)

    def after_rounds(self, phone: Phone) -> None:
        """Profile the operators in a short run of its own, if that was asked for."""
        if not self.settings.profile or not self._rounds:
            return
        short = [f for f in self._command if not f.startswith(("--num_runs", "--min_secs"))]
        more = [f"--num_runs={PROFILE_RUNS}", "--min_secs=0.1", "--enable_op_profiling=true"]
        try:
            self._profile = _run(phone, [*short, *more], self.settings).operators
        except PhoneError as error:
            self._notes.append(f"its operators could not be profiled: {error.reason}")
            if error.problem in LOSES_THE_PHONE:
                raise
            return
        if not self._profile:
            self._notes.append("benchmark_model printed no profile of its operators")
        try:
            require(self.settings.delegate, self._delegations(), self.settings.min_share)
        except PhoneError:
            self._rounds.clear()
            raise

    def record(self) -> PhoneMeasurement | None:
        """Return the figures, None where no round ended well."""
        if not self._rounds:
            return None
        first, felt = self._rounds[0], [part for pair in self._felt for part in pair]
        done = tuple(
            PhoneRound(latency_ms=parsed.latency_ms, thermal_status=worst_status(*pair))
            for parsed, pair in zip(self._rounds, self._felt, strict=True)
        )
        delegations = self._delegations()
        on_gpu = self.settings.delegate == "gpu"
        return PhoneMeasurement.like(
            first,
            phone=self.phone,
            variant=self.model.variant,
            sha256=self.model.sha256,
            size_bytes=self.model.exported.size_bytes,
            threads=self.threads,
            requested=self.settings.delegate,
            latency_ms=together([part.latency_ms for part in done]),
            rounds=done,
            init_ms=statistics.median(parsed.init_ms for parsed in self._rounds),
            delegations=delegations,
            operators=self._profile,
            before=felt[0],
            after=felt[-1],
            throttled=any(throttled(part) for part in felt),
            notes=(
                *notes(felt),
                *notes_on_rounds([part.latency_ms.avg for part in done], self.settings.rounds),
                *_unbidden(first),
                *_untold(self.settings.delegate, delegations),
                *((NOT_FLOAT32,) if on_gpu and not first.gpu_in_float32 else ()),
                *self._notes,
            ),
            command=shlex.join(self._command),
            gpu_precision="float32" if on_gpu and first.gpu_in_float32 else None,
        )

    @property
    def _command(self) -> list[str]:
        return self.settings.command(self.tool, self.model, self.threads)

    def _delegations(self) -> tuple[Delegation, ...]:
        delegations = self._rounds[0].delegations
        in_file = _operators_in(self.model.path) if self._profile else {}
        return with_profile(delegations, self._profile, in_file)


def _operators_in(path: Path) -> dict[str, int]:
    """Return how often each operator is in a file's first graph, which is what is run."""
    model = read_model(path)
    return dict(Counter(operator.name for operator in operators(model, model.subgraphs[0])))


def _unbidden(parsed: Parsed) -> tuple[str, ...]:
    """Note that a build measured longer or shorter than it was told."""
    ignored = [flag for flag in parsed.ignored if flag.startswith(LENGTHS)]
    if not ignored:
        return ()
    return (f"this benchmark_model does not know {' '.join(ignored)}, and did as it is used to",)


def _untold(requested: DelegateName, delegations: tuple[Delegation, ...]) -> tuple[str, ...]:
    """Note a delegate that was asked for and does not say how much it took."""
    for entry in delegations:
        if entry.delegate == CALLED.get(requested) and share_of(entry) is None:
            return (f"how much {entry.delegate} took is not told; --profile may show it",)
    return ()


def _run(phone: Phone, command: list[str], settings: Settings) -> Parsed:
    answer = phone.run(FOLDER, command, settings.whole_limit_s)
    if answer.code == NOT_FOUND and settings.cores and "taskset" in answer.text:
        raise PhoneError(
            Problem.BENCHMARK_FAILED, "it has no taskset to stay on cores with; leave --cores out"
        )
    if answer.code:
        raise _failure(answer)
    return parse(answer.text)


def _failure(answer: Answer) -> PhoneError:
    """Say why a program on the phone ended with another exit code than 0."""
    said = complaint(answer.text)
    known = recognize(answer.text)
    if known in (Problem.FULL, Problem.LOCKED, Problem.READ_ONLY):
        return PhoneError(known, said)
    if answer.code > 128:
        words = f"benchmark_model crashed (signal {answer.code - 128})"
        return PhoneError(Problem.CRASHED, f"{words}: {said}" if said else words)
    words = f"benchmark_model ended with exit code {answer.code}"
    return PhoneError(Problem.BENCHMARK_FAILED, f"{words}: {said}" if said else words)
