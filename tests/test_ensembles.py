"""An ensemble's file says which models and how they weigh, or is refused with a reason."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.ensembles import Ensemble, Member, mean_thresholds, weighted_mean
from edgetag.errors import InputError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
SHARES = st.floats(0, 1)


@pytest.mark.slow
@given(
    st.lists(st.tuples(TEXT, st.floats(1e-6, 1e6), st.none() | TEXT), min_size=1, max_size=3),
    st.dictionaries(TEXT, SHARES, max_size=3),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    models: list[tuple[str, float, str | None]],
    thresholds: dict[str, float],
) -> None:
    written = Ensemble(
        models=tuple(Member(file=file, weight=weight, variant=v) for file, weight, v in models),
        thresholds=thresholds,
    )
    path = tmp_path_factory.mktemp("written") / "pair.toml"
    path.write_bytes(written.to_toml().encode())
    assert Ensemble.read(path) == written


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"\xff\xfe", "not an ensemble's file"),
        (b"models = ", "not an ensemble's file"),
        (b"a = " + b"[" * 5000, "not an ensemble's file"),
        (b"", "models: Field required"),
        (b"models = []", "models: Tuple should have at least 1"),
        (b"[[models]]\nweight = 1", "models.0.file: Field required"),
        (b"[[models]]\nfile = 'a'\nweight = 0", "models.0.weight"),
        (b"[[models]]\nfile = 'a'\nweight = nan", "models.0.weight"),
        (b"[[models]]\nfile = 'a'\nwieght = 1", "models.0.wieght: Extra inputs"),
        (b"[[models]]\nfile = 'a'\n" * 17, "at most 16"),
        (b"[[models]]\nfile = 'a'\n[thresholds]\ncat = 2", "thresholds.cat"),
        (b"#" * 1_000_001, "larger than|bytes"),
    ],
)
def test_what_is_none_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    path = tmp_path / "pair.toml"
    path.write_bytes(text)
    with pytest.raises(InputError, match=reason):
        Ensemble.read(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(InputError, match=str(path)):
            Ensemble.read(path)


def test_the_mean_is_that_of_each_cell_alone() -> None:
    generator = np.random.default_rng(3)
    many = [generator.random((500, 7), dtype=np.float32) for _ in range(3)]
    weights = [2.0, 0.3, 1.1]
    mean = weighted_mean(many, weights)
    expected = np.average([part.astype(np.float64) for part in many], axis=0, weights=weights)
    np.testing.assert_allclose(mean, expected, rtol=1e-6)
    for row in (0, 123, 499):
        alone = weighted_mean([part[row] for part in many], weights)
        np.testing.assert_array_equal(alone, mean[row])
    np.testing.assert_array_equal(weighted_mean(many[:1], [0.3]), many[0])


@given(st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=4), st.booleans())
def test_what_all_models_decide_alike_the_mean_decides_so(
    models: list[tuple[float, float]], above: bool
) -> None:
    """Scores on one side of each model's threshold have their mean on that side of the mean."""
    limits = [np.float32(sorted(pair)[0 if above else 1]) for pair in models]
    scores = [np.array(np.float32(sorted(pair)[1 if above else 0])) for pair in models]
    weights = [1.0 + place for place in range(len(models))]
    mean = mean_thresholds([{"cat": float(limit)} for limit in limits], weights)["cat"]
    score = weighted_mean(scores, weights)
    assert score >= np.float32(mean) if above else score <= np.float32(mean)
