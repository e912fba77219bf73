"""A narrower network with a budget is as wide as that allows, by what its file really costs."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edgetag.errors import InputError
from edgetag.fingerprints import settings_digest
from edgetag.narrowing import stage
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe
from edgetag.stages import stage as stage_of_run
from edgetag.workspace import Workspace
from tests.support.small_run import build_data

NETWORK = """[network]
name = "mobilenet_v2"
width = 0.35
depth = 0.25
input_size = 64
"""


def recipe_of(limits: str, export: str = "") -> Recipe:
    text = f"""name = "small"
[data]
source = "labels.csv"
tags = ["red", "striped", "bright"]
{NETWORK}[export]
variants = ["fp32", "int8-narrow75"]
{export}
[compress.channels.budgets.narrow75]
{limits}
"""
    return parse_recipe(text, Path("recipe.toml"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return build_data(tmp_path_factory.mktemp("narrowing") / "run", 8, 2)


def uniform(share: float) -> Mapping[str, int]:
    """Return the widths of the network with a share of its channels everywhere."""
    from edgetag.compression.channels import inner_layers, width_of
    from edgetag.networks import build_untrained

    network = recipe_of("max_size_ratio = 0.9").network
    inner = inner_layers(build_untrained(network, 3), network.facts.inner)
    return {each.layer: width_of(each.channels, share, 1) for each in inner}


class Networks:
    """Networks whose costs are known, and how many of them were measured.

    Below a third of the channels a kernel computes them all; a file has a part of its own.
    """

    def __init__(self) -> None:
        self.measured = 0

    def __call__(self, share: float) -> Any:
        from edgetag.narrowing.fitting import Point

        self.measured += 1
        latency_ms, size_bytes = 2 + 8 * max(share, 0.33) ** 1.2, 4e5 + 6e5 * share
        costs = {"max_latency_ms": latency_ms, "max_size_bytes": size_bytes}
        return Point(share, costs), Point(1.0, {"max_latency_ms": 10.0, "max_size_bytes": 1e6})


@pytest.mark.tensorflow
@pytest.mark.parametrize("latency_ms", [5.0, 8.0, 9.5])
@pytest.mark.parametrize("size_bytes", [560_000, 900_000])
def test_of_all_networks_within_every_limit_nearly_the_widest_is_found_at_once(
    latency_ms: float, size_bytes: int
) -> None:
    from edgetag.narrowing.fitting import NEAR, widest

    limits = {"max_latency_ms": latency_ms, "max_size_bytes": size_bytes}
    networks = Networks()
    kept = widest("narrow75", limits, networks)
    assert NEAR <= kept.filled(limits) <= 1
    assert networks.measured <= 1 + 3


@pytest.mark.tensorflow
def test_what_no_network_keeps_is_answered_by_the_nearest_that_one_does() -> None:
    from edgetag.narrowing.fitting import widest

    limits = {"max_latency_ms": 8.0, "max_size_bytes": 123_456}
    with pytest.raises(InputError, match=r"narrow75 cannot be kept: the narrowest") as refused:
        widest("narrow75", limits, Networks())
    nearest = re.search(r"nearest that can be is max_size_bytes = ([\d_]+)\.", str(refused.value))
    assert nearest
    limits["max_size_bytes"] = int(nearest[1])
    assert widest("narrow75", limits, Networks()).filled(limits) <= 1


@pytest.mark.tensorflow
def test_a_budget_that_the_whole_network_keeps_leaves_nothing_to_do() -> None:
    from edgetag.narrowing.fitting import widest

    with pytest.raises(InputError, match=r"the whole network keeps it \(latency 10.0 ms, size"):
        widest("narrow75", {"max_latency_ms": 10.5}, Networks())


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "more",
    [
        'license = "of many words"',
        'author = "somebody"',
        'output_type = "uint8"',
        'input_type = "float32"',
        'explain = ["int8-narrow75"]',
    ],
)
def test_what_makes_a_file_larger_has_its_network_fitted_anew(more: str) -> None:
    from edgetag.narrowing.fitting import Fitter

    before, after = recipe_of("max_size_ratio = 0.9"), recipe_of("max_size_ratio = 0.9", more)
    narrow = stage_of_run("narrow")
    assert settings_digest(narrow, before) != settings_digest(narrow, after)
    workspace = Workspace(Path("run"))
    digests = {
        Fitter(recipe, workspace, SilentProgress()).making("narrow75") for recipe in (before, after)
    }
    assert len(digests) == 2


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.skipif(
    not (shutil.which("apt-get") and shutil.which("dpkg-deb")),
    reason="setting an emulated machine up needs apt-get and dpkg-deb",
)
def test_latency_and_instructions_are_those_of_files_that_runtimes_run(
    workspace: Workspace, tmp_path: Path
) -> None:
    from edgetag.narrowing.costs import COUNTED, TIMED, Meter
    from edgetag.runtimes.emulation import find
    from edgetag.runtimes.emulation.building import set_up
    from edgetag.runtimes.emulation.machines import default_cache

    set_up(find("arm64"), default_cache(), SilentProgress())
    recipe = recipe_of("max_arm_instructions_ratio = 0.9")
    meter = Meter(recipe, workspace, "int8-narrow75", COUNTED | TIMED, tmp_path)
    narrow, whole = meter.costs(uniform(0.25))
    assert 10_000 < narrow["max_arm_instructions"] < whole["max_arm_instructions"]
    ratio = narrow["max_arm_instructions"] / whole["max_arm_instructions"]
    assert narrow["max_arm_instructions_ratio"] == ratio
    assert narrow["max_latency_ms"] > 0
    assert whole["max_latency_ms"] > 0


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ("", r"give at least one of max_latency_ms, max_latency_ratio"),
        ("max_size_ratio = 1.5", r"max_size_ratio: should be less than 1"),
        ("max_size_mb = 2.0", r"max_size_mb: unknown key"),
    ],
)
def test_budgets_that_say_nothing_are_refused(limits: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        recipe_of(limits)


def test_a_budget_of_a_network_that_no_variant_is_made_of_is_refused() -> None:
    text = recipe_of("max_size_ratio = 0.9").model_dump_json()
    other = text.replace('"int8-narrow75"', '"int8-narrow50"')
    with pytest.raises(ValueError, match=r"budgets.narrow75: export.variants lists no variant"):
        Recipe.model_validate_json(other)


def test_a_run_does_not_begin_that_could_not_count_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGETAG_TARGETS", str(tmp_path))
    stage.require(recipe_of("max_latency_ratio = 0.9"))
    with pytest.raises(InputError, match="run: edgetag target setup arm64"):
        stage.require(recipe_of("max_arm_instructions = 1_000_000"))
