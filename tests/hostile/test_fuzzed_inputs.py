"""Whatever a stranger writes is read, or refused in a few printable lines, and does nothing else.

A short look at every reader, at the same inputs each time; `make fuzz MINUTES=60` is a long one, at
others.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.fuzzing.holding import held
from tests.support.fuzzing.targets import TARGETS


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@pytest.mark.parametrize("name", TARGETS)
def test_a_fuzzed_input_is_read_or_refused(name: str, tmp_path: Path) -> None:
    outcomes = set()
    with TARGETS[name](tmp_path) as target:
        folder = tmp_path / "inputs"
        folder.mkdir()

        @settings(
            max_examples=target.examples,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(target.inputs)
        def hold(example: object) -> None:
            outcomes.add(held(target, example, folder))

        hold()
    assert outcomes == {"read", "refused"}
