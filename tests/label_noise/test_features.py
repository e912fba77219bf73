"""Features are kept for as long as what they follow from is the same."""

from pathlib import Path

import pytest

from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.label_noise.features import basis_of
from edgetag.recipe import parse_recipe
from tests.support.reviewed import make_reviewed


def test_features_of_other_weights_in_the_same_file_are_others(tmp_path: Path) -> None:
    run = make_reviewed(tmp_path, count=4, findings=0)
    dataset = open_dataset(run.workspace)
    rows = dataset.rows("train")

    def basis(name: str) -> str:
        network = f'name = "mobilenetv4_conv_medium"\nweights = "{name}"'
        text = f'name = "x"\n[data]\nsource = "x"\n[network]\n{network}\n'
        recipe = parse_recipe(text, tmp_path / "recipe.toml")
        return basis_of(recipe, dataset, rows, recipe.network.weights)

    for name, data in (("a", b"one"), ("b", b"one"), ("c", b"other")):
        (tmp_path / name).write_bytes(data)
    first = basis("a")
    assert basis("b") == first, "wherever the file lies"
    assert basis("c") != first
    (tmp_path / "a").write_bytes(b"other")
    assert basis("a") == basis("c")
    with pytest.raises(InputError, match=r"network\.weights: .*No such file"):
        basis("gone")
