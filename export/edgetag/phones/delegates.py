"""Which operators a delegate took, by what benchmark_model and the runtime say about it.

A delegate that takes nothing is no error to the runtime: the file runs on the CPU and the figures
look like any other. Lines that say so count for more than lines that say the opposite, since
`Replacing 31 out of 31 node(s)` is also printed before a delegate fails and is taken out again.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping

from edgetag.phones.figures import DelegateName, Delegation, OperatorTime, Taken
from edgetag.phones.problems import PhoneError, Problem

CALLED: dict[DelegateName, str] = {"xnnpack": "XNNPACK", "gpu": "GPU"}
"""What can be asked for → its name in `Explicitly applied … delegate`."""

_NODES = {
    "TfLiteXNNPackDelegate": "XNNPACK",
    "TfLiteGpuDelegateV2": "GPU",
    "LITERT_CL": "GPU",
    "LITERT_OPENGL": "GPU",
    "LITERT_VULKAN": "GPU",
    "LITERT_WEBGPU": "GPU",
}
"""The name of the node that stands for what a delegate took → the delegate; LiteRT 2.x has one for
each interface to the GPU."""

_APPLIED = re.compile(
    r"^(?:Explicitly applied|Applied) ([\w ]{1,40}?) delegate, and the model graph will be "
    r"(completely|partially) executed (?:by|w/) the delegate(?: w/ ([0-9]{1,6}) delegate kernels)?"
)
_NOT_APPLIED = re.compile(
    r"^Though ([\w ]{1,40}?) delegate is explicitly applied, the model graph will not be executed"
)
_REPLACING = re.compile(
    r"^Replacing ([0-9]{1,6})(?: out of ([0-9]{1,6}))? node\(s\) with delegate \((\w{1,60})\)"
    r"(?:.{0,80}? for (subgraph [0-9]{1,6}))?"
)
_CREATED = re.compile(
    r"^Created TensorFlow Lite (?:(XNNPACK) delegate for CPU|delegate for (\w{1,40}))"
)
_REMAINING = re.compile(
    r"^([0-9]{1,6}) operations will run on the GPU, and the remaining ([0-9]{1,6}) operations will"
)
_CREATED_NONE = re.compile(r"^Created 0 (\w{1,40}) delegate kernels")
_FAILED = re.compile(r"^Failed to apply (?:the )?([\w ]{1,40}?) delegate")
_UNSUPPORTED = re.compile(r"^([\w ]{1,40}?) acceleration is unsupported on this platform")
_UNDONE = "Restored original execution plan after delegate application failure"


def delegate_of(node: str) -> str:
    """Return the delegate that a node's name stands for; other names are left as they are."""
    return _NODES.get(node, node)


def delegations(lines: list[str]) -> tuple[Delegation, ...]:
    """Return one entry for each delegate that the output speaks of.

    Args:
        lines: Without their levels; see `parse.clean_lines`.
    """
    nodes: dict[tuple[str, str], tuple[int, int | None]] = {}
    by_name: dict[str, Delegation] = {}
    refused: set[str] = set()
    remaining: tuple[int, int] | None = None
    last = ""
    for line in lines:
        if match := _REPLACING.match(line):
            last = delegate_of(match[3])
            nodes[last, match[4] or ""] = int(match[1]), int(match[2]) if match[2] else None
        elif match := _REMAINING.match(line):
            remaining = int(match[1]), int(match[1]) + int(match[2])
        elif match := _APPLIED.match(line):
            taken: Taken = "all" if match[2] == "completely" else "part"
            kernels = int(match[3]) if match[3] else None
            by_name[match[1]] = Delegation(delegate=match[1], taken=taken, kernels=kernels)
        elif match := _CREATED.match(line):
            name = match[1] or match[2]
            by_name.setdefault(name, Delegation(delegate=name, taken="unknown"))
        elif line.startswith(_UNDONE) and last:
            refused.add(last)
        else:
            refused |= _refused(line)
    if remaining and not any(name == "GPU" for name, _ in nodes):
        nodes["GPU", ""] = remaining
    for name in {name for name, _ in nodes}:
        counts = [count for (owner, _), count in nodes.items() if owner == name]
        by_name[name] = _counted(by_name.get(name), name, counts)
    for name in refused:
        by_name[name] = Delegation(delegate=name, taken="none", nodes=0)
    return tuple(by_name[name] for name in sorted(by_name))


def _counted(
    known: Delegation | None, name: str, counts: list[tuple[int, int | None]]
) -> Delegation:
    """Add how many operators a delegate took, over the file's subgraphs."""
    nodes = sum(taken for taken, _ in counts)
    whole = [of for _, of in counts if of is not None]
    of_nodes = sum(whole) if len(whole) == len(counts) else None
    taken: Taken = known.taken if known else "unknown"
    if nodes == 0:
        taken = "none"
    elif of_nodes is not None:
        taken = "all" if nodes == of_nodes else "part"
    kernels = known.kernels if known else None
    return Delegation(delegate=name, taken=taken, nodes=nodes, of_nodes=of_nodes, kernels=kernels)


def _refused(line: str) -> set[str]:
    for pattern in (_NOT_APPLIED, _CREATED_NONE, _FAILED, _UNSUPPORTED):
        if match := pattern.match(line):
            return {match[1]}
    return set()


def with_profile(
    delegations: tuple[Delegation, ...],
    operators: tuple[OperatorTime, ...],
    in_file: Mapping[str, int],
) -> tuple[Delegation, ...]:
    """Add what the profile shows: what was taken, by operators and by time.

    A delegate is there as one node under its own name, or, in new builds, as the operators within
    it; then it is not named, and the log must have named a single one.

    Args:
        delegations: By the log.
        operators: Operators of the profile; nothing is added where there is none.
        in_file: Operator → how often it is in the graph that was run.
    """
    if not operators:
        return delegations
    known = {entry.delegate: entry for entry in delegations}
    shown = {_NODES[entry.operator] for entry in operators if entry.operator in _NODES}
    takers = {name for name, entry in known.items() if entry.taken != "none"} | shown
    if not shown and len(takers) == 1 and any(entry.within_delegate for entry in operators):
        shown = takers
    taken: Taken = "part" if any(not entry.within_delegate for entry in operators) else "all"
    for name in shown:
        entry = known.get(name, Delegation(delegate=name, taken="unknown"))
        if entry.taken == "unknown":
            entry = entry.replace(taken=taken)
        if len(takers) == 1:  # of two, it is not known which took what
            entry = _with_operators(entry, operators, in_file)
        share = _share_of_time(name, operators, len(takers) == 1)
        known[name] = entry.replace(share_of_time=share)
    return tuple(known[name] for name in sorted(known))


def _with_operators(
    entry: Delegation, operators: tuple[OperatorTime, ...], in_file: Mapping[str, int]
) -> Delegation:
    """Name what the only delegate took: all of the file but what ran outside of it."""
    outside = Counter({row.operator: row.count for row in operators if not row.within_delegate})
    whole = Counter(in_file)
    if outside - whole:
        return entry  # the profile names operators that the file does not have
    inside = whole - outside
    counted = {"nodes": inside.total(), "of_nodes": whole.total()} if entry.nodes is None else {}
    return entry.replace(operators=dict(sorted(inside.items())), **counted)


def _share_of_time(name: str, operators: tuple[OperatorTime, ...], only: bool) -> float | None:
    """Return how much of an inference passed within a delegate, 0..1."""
    whole = math.fsum(entry.avg_ms for entry in operators)
    own = [entry.avg_ms for entry in operators if _NODES.get(entry.operator) == name]
    if not own and only:
        own = [entry.avg_ms for entry in operators if entry.within_delegate]
    if whole <= 0 or not math.isfinite(whole):
        return None
    return min(math.fsum(own) / whole, 1.0)


def require(requested: DelegateName, delegations: tuple[Delegation, ...], min_share: float) -> None:
    """Refuse a run that asked for a delegate which took nothing, or too little.

    `min_share` is 0..1: of the operators, or of the time where operators are not told.

    Raises:
        PhoneError: It took nothing or less than `min_share`, or nothing in the output says that
            it took something.
    """
    name = CALLED.get(requested)
    if name is None:
        return
    entry = next((entry for entry in delegations if entry.delegate == name), None)
    if entry is not None and (entry.taken in ("all", "part") or (entry.nodes or 0) > 0):
        share = share_of(entry)
        if share is None or share >= min_share:
            return
        why = f"it took {share:.0%} of the graph, and at least {min_share:.0%} are wanted"
    elif entry is not None and entry.taken == "none":
        why = "it took no operator"
    else:
        why = "nothing in its output says that it took an operator"
    raise PhoneError(
        Problem.FELL_BACK,
        f"the {name} delegate was asked for, but {why}: these times are not kept",
    )


def share_of(entry: Delegation) -> float | None:
    """Return how much a delegate took, 0..1: of the operators, else of the time, else None."""
    by_operators = entry.share_of_operators
    return entry.share_of_time if by_operators is None else by_operators
