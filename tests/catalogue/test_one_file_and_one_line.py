"""A network, an engine, a label format and a variant each cost one file and one line."""

from pathlib import Path

import pytest

from tests.support.grown_package import grow, run_in

RECIPE = """
name = "grown"
[data]
source = "t.csv"
tags = ["cat", "dog"]
"""

NETWORK = 'NetworkLine("flat", input_step=16)'
NETWORK_FILE = """
from edgetag.tf import keras


def features(image, network, batch_norm_momentum):
    return keras.layers.Conv2D(8, 3, strides=16, padding="same", name="stem")(image)
"""

VARIANT = 'VariantLine("int8-sparse", "integer", ("prune",), calibrated=True)'
VARIANT_FILE = """
from edgetag.tf import tf


def configure(converter):
    converter.optimizations = [tf.lite.Optimize.DEFAULT, tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
"""

ENGINE = 'EngineLine("even-odds", "recipe", "cpu")'
ENGINE_FILE = """
import numpy as np

from edgetag.runtimes.here import EngineHere
from edgetag.runtimes.session import Tensor


class Coin:
    input = Tensor("image", (1, 64, 64, 3), "float32", 0.0, 0)
    output = Tensor("scores", (1, 2), "float32", 0.0, 0)

    def feed(self, values):
        self.shape = values.shape

    def run(self):
        pass

    def read(self):
        return np.array([0.5, 0.25], dtype=np.float32)


class EvenOdds(EngineHere):
    name = "even-odds"
    package = "numpy"

    def load(self, path, threads):
        return Coin()


ENGINE = EvenOdds()
"""

FORMAT = 'LabelFormatLine("lines", "path: tag, tag")'
FORMAT_FILE = """
from edgetag.dataset.formats.given import Draft
from edgetag.dataset.listing import Entry, Listing, TagReader


def recognises(given):
    return given.source.suffix == ".txt"


def read(given):
    tags, entries = TagReader(given.section.vocabulary(), 0), []
    for line in given.source.read_text().splitlines():
        path, _, named = line.partition(": ")
        entries.append(Entry(path, tags.labels(named.split(", "), line), line))
    return Listing(given.source, "lines", given.root, tuple(entries), tags.unknown())


def draft(given, tags):
    if not recognises(given):
        return None
    lines = given.source.read_text().splitlines()
    named = {tag for line in lines for tag in line.partition(": ")[2].split(", ")}
    section = given.section.replace(format="lines", tags=tuple(sorted(named)))
    return Draft(section, tuple(line.partition(": ")[0] for line in lines))
"""

LOADS = """
import sys
from pathlib import Path
from edgetag.recipe import parse_recipe
recipe = parse_recipe(Path("r.toml").read_text(), Path("r.toml"))
"""


def write_recipe(root: Path, more: str) -> None:
    (root / "r.toml").write_text(RECIPE + more)


@pytest.mark.slow
def test_a_recipe_can_name_a_network_without_tensorflow(tmp_path: Path) -> None:
    root = grow(tmp_path, "networks.py", NETWORK, "networks/flat.py", "raise ImportError")
    write_recipe(root, '[network]\nname = "flat"\ninput_size = 80\n')
    said = run_in(root, LOADS + "print(recipe.network.has_maps, recipe.network.uses_pretrained)")
    assert said == "True False\n"


@pytest.mark.slow
def test_what_the_line_of_a_network_says_is_what_the_recipe_is_held_to(tmp_path: Path) -> None:
    root = grow(tmp_path, "networks.py", NETWORK, "networks/flat.py", NETWORK_FILE)
    write_recipe(root, '[network]\nname = "flat"\ninput_size = 72\n')
    script = "from edgetag.errors import InputError\ntry:" + LOADS.replace("\n", "\n    ")
    said = run_in(root, script + "\nexcept InputError as error:\n    print(error)")
    assert "input_size = 72, but flat needs 16 × n" in said


@pytest.mark.slow
def test_a_variant_is_trained_where_its_line_says(tmp_path: Path) -> None:
    root = grow(tmp_path, "variants.py", VARIANT, "conversion/variants/int8_sparse.py", "")
    write_recipe(root, '[export]\nvariants = ["fp32", "int8-sparse"]\n')
    said = run_in(
        root,
        LOADS + "from edgetag.stages import STAGES\n"
        "print(*(each.name for each in STAGES if each.wanted(recipe)))\n"
        "print(recipe.export.fallback, 'tensorflow' in sys.modules)\n",
    )
    stages, fallback = said.splitlines()
    assert "prune" in stages.split()
    assert "quantize" not in stages.split()
    assert fallback == "() False"  # it is trained for its own, so nothing stands in for it


@pytest.mark.slow
def test_a_variant_can_be_rescued_and_budgeted(tmp_path: Path) -> None:
    root = grow(tmp_path, "variants.py", VARIANT, "conversion/variants/int8_sparse.py", "")
    write_recipe(
        root,
        '[export]\nvariants = ["fp32", "int8-sparse"]\n'
        "[budgets.int8-sparse]\nmax_map_drop = 0.02\n",
    )
    script = LOADS + "print(recipe.budget('int8-sparse').max_map_drop)\n"
    script += "from typer.testing import CliRunner\nfrom edgetag.cli.app import app\n"
    script += "for name in ('int8-spars', 'int8-sparse'):\n"
    script += "    answer = CliRunner().invoke(app, ['rescue', 'none.toml', '--variant', name])\n"
    script += "    print('is not one of' in answer.output, type(answer.exception).__name__)\n"
    limit, unknown, known = run_in(root, script).splitlines()
    assert limit == "0.02"
    assert (unknown, known) == ("True SystemExit", "False InputError")  # there is no such recipe


@pytest.mark.tensorflow
def test_a_network_is_built_and_a_variant_of_it_converted(tmp_path: Path) -> None:
    root = grow(tmp_path, "networks.py", NETWORK, "networks/flat.py", NETWORK_FILE)
    other = grow(
        tmp_path / "other",
        "variants.py",
        VARIANT,
        "conversion/variants/int8_sparse.py",
        VARIANT_FILE,
    )
    for file in ("catalogue/variants.py", "conversion/variants/int8_sparse.py"):
        (root / "edgetag" / file).write_bytes((other / "edgetag" / file).read_bytes())
    write_recipe(
        root,
        '[network]\nname = "flat"\ninput_size = 80\n'
        '[export]\nvariants = ["fp32", "int8-sparse"]\nexplain = ["int8-sparse"]\n',
    )
    script = """
import numpy as np
from edgetag import networks
from edgetag.conversion.convert import convert, saved
from edgetag.conversion.checks import check_full_integer
from edgetag.conversion.flatfile import parse_model
model = networks.build(recipe.network, 2)
head = [layer.name for layer in networks.head_layers(model)]
print(model(np.zeros((3, 80, 80, 3), np.float32)).shape, head)
pictures = np.random.default_rng(1).integers(0, 256, (4, 80, 80, 3), dtype=np.uint8)
with saved(model) as kept:
    data = convert(kept, "int8-sparse", recipe.network.preprocessing(), representative=pictures)
check_full_integer(parse_model(data, Path("x")), Path("x"))
print(data[4:8])
"""
    assert run_in(root, LOADS + script) == "(3, 2) ['cam']\nb'TFL3'\n"


@pytest.mark.tensorflow
def test_a_variant_that_is_set_like_another_costs_the_line_alone(tmp_path: Path) -> None:
    line = 'VariantLine("fp16-pruned", "float", ("prune",), settings="fp16")'
    root = grow(tmp_path, "variants.py", line)
    write_recipe(
        root,
        '[network]\nname = "mobilenet_v2"\ninput_size = 64\nwidth = 0.35\ndepth = 0.25\n'
        '[export]\nvariants = ["fp32", "fp16-pruned"]\n',
    )
    script = """
from edgetag import networks
from edgetag.conversion.stage import run
from edgetag.progress import SilentProgress
from edgetag.workspace import Workspace
workspace = Workspace(Path("run"))
model = networks.build(recipe.network, 2)
networks.save_weights(model, workspace.train / "model.npz")
top = model.get_layer("top")
top.set_weights([kernel * 0 for kernel in top.get_weights()])
networks.save_weights(model, workspace.prune / "model.npz")
plain, pruned = run(recipe, workspace, SilentProgress()).variants
print(plain.sparsity < 0.01, pruned.sparsity > 0.2, pruned.size_bytes < 0.6 * plain.size_bytes)
"""
    assert run_in(root, LOADS + script) == "True True True\n"


@pytest.mark.slow
def test_a_recipe_can_name_an_engine_and_its_worker_scores(
    tmp_path: Path, contract_json: str, cache: Path
) -> None:
    root = grow(tmp_path, "engines.py", ENGINE, "runtimes/even_odds.py", ENGINE_FILE)
    write_recipe(root, '[validation]\nruntimes = ["even-odds"]\n')
    script = f"""
import numpy as np
from edgetag.contract import Preprocessing
from edgetag.progress import SilentTask
from edgetag.runtimes import engines, score
(name,) = recipe.validation.runtimes
assert name in engines.names() and name in [each.name for each in engines.ENGINES]
contract = Preprocessing.model_validate_json({contract_json!r})
rows = np.array([2, 0], dtype=np.int64)
cache = Path({str(cache)!r})
done = score(engines.get(name), Path("no file"), cache, rows, contract, 1, SilentTask())
print(done.scores.tolist())
"""
    assert run_in(root, LOADS + script) == "[[0.5, 0.25], [0.5, 0.25]]\n"


@pytest.mark.slow
def test_a_label_format_is_named_recognised_and_drafted(tmp_path: Path) -> None:
    root = grow(tmp_path, "formats.py", FORMAT, "dataset/formats/lines.py", FORMAT_FILE)
    (root / "t.txt").write_text("a.png: cat\nb.png: cat, dog\nc.png: dog\n")
    for named in ("auto", "lines"):
        (root / "r.toml").write_text(RECIPE.replace('"t.csv"', f'"t.txt"\nformat = "{named}"'))
        script = LOADS + "from edgetag.dataset.formats import read_listing\n"
        script += "listing = read_listing(recipe.data)\n"
        script += "print(listing.format, [entry.labels for entry in listing.entries])"
        assert run_in(root, script) == "lines [(1, 0), (1, 1), (0, 1)]\n"
    script = "from pathlib import Path\nfrom edgetag.dataset.survey import survey\n"
    script += "print(survey(Path('t.txt')).data.tags)"
    assert run_in(root, script) == "('cat', 'dog')\n"
