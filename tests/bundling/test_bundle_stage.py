"""The bundle stage: the recipe's variants and all an app needs beside them, always the same."""

import hashlib
import json
import platform
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from edgetag.benchmarking.result import BenchResult, BudgetCheck
from edgetag.bundling import stage
from edgetag.bundling.contents import Golden
from edgetag.bundling.golden_maps import unpack_maps
from edgetag.bundling.limits import judged_limits
from edgetag.bundling.names import USUAL, readable
from edgetag.bundling.released import without_folders
from edgetag.bundling.result import BundleManifest, BundleResult
from edgetag.errors import ExitCode, InputError
from edgetag.judging.decisions import Decision
from edgetag.machine import Acceleration, Machine
from edgetag.preprocess import Preprocessing, preprocess
from edgetag.progress import SilentProgress
from edgetag.tags import DEFAULT_TAGS
from edgetag.validation.baseline_result import BaselineComparison
from edgetag.validation.result import Failure, Verdict
from edgetag.workspace import Workspace, digest_file
from edgetag.writing import write_text
from tests.support.made_bundle import CAT_FROM, TAGS, THRESHOLDS, make_run, recipe_in, unpack
from tests.support.made_results import NOT_LOADABLE, check, make_verdict, scored
from tests.support.programs import captured

Rich = tuple[BundleResult, dict[str, bytes]]


def bundled(root: Path, more: str = "") -> tuple[BundleResult, dict[str, bytes]]:
    workspace = Workspace(root / "run")
    result = stage.run(recipe_in(root, more), workspace, SilentProgress())
    return result, unpack(workspace.root / result.file)


def golden_of(files: dict[str, bytes]) -> Golden:
    return Golden.from_json(files["golden.json"].decode(), "golden.json")


@pytest.mark.slow
def test_a_bundle_holds_all_an_app_needs_and_nothing_else(made: Path) -> None:
    result = BundleResult.read(made / "run" / "bundle" / "bundle.json", "bundle")
    assert result.file == "bundle/bundle-test-1.2.3.zip"
    files = unpack(made / "run" / result.file)
    assert set(files) == {
        "manifest.json",
        "manifest.schema.json",
        "labels.txt",
        "labels.json",
        "thresholds.json",
        "preprocessing.json",
        "golden.json",
        "golden-inputs.bin",
        "golden-maps.bin",
        "model-card.md",
        "verdict.json",
        "attribution.md",
        "int8.tflite",
        *(picture.file for picture in golden_of(files).pictures),
    }
    assert files["int8.tflite"] == (made / "run" / "export" / "int8.tflite").read_bytes()
    assert files["labels.txt"].decode().splitlines() == list(TAGS)
    assert json.loads(files["thresholds.json"])["thresholds"] == {"int8": THRESHOLDS}
    contract = Preprocessing.model_validate_json(files["preprocessing.json"])
    assert contract == recipe_in(made).network.preprocessing()
    assert json.loads(files["verdict.json"])["verdict"] == "pass"
    assert files["attribution.md"] == b"Drawn by a test.\n"
    assert json.loads(files["manifest.json"]) == json.loads(result.manifest.to_json())
    assert digest_file(made / "run" / result.file) == result.sha256


@pytest.mark.slow
def test_the_first_variant_is_the_default_one_and_verdicts_are_told(rich: Rich) -> None:
    result, files = rich
    variants = result.manifest.variants
    assert [v.file for v in variants] == ["int8.tflite", "fp32.tflite"]
    assert [v.input_type for v in variants] == ["uint8", "float32"]
    assert [v.verdict for v in variants] == ["pass", "fail"]
    assert {"int8.tflite", "fp32.tflite"} <= set(files)
    assert result.manifest.tags == TAGS


def test_a_file_ships_with_the_verdict_on_its_own_bytes_alone(root: Path) -> None:
    path = root / "run" / "validate" / "verdict.json"
    verdict = Verdict.read(path, "validate")
    of_another = verdict.replace(
        variants=tuple(entry.replace(sha256="cd" * 32) for entry in verdict.variants)
    )
    of_another.write(path)
    with pytest.raises(InputError, match="judges another file called int8 than export/int8"):
        bundled(root)


def test_where_the_benchmark_alone_broke_a_limit_the_refusal_says_and_ends_so(root: Path) -> None:
    slow = tuple(
        BudgetCheck(variant=name, budget="max_latency_ms", limit=1, measured=2, verdict="fail")
        for name in ("fp32", "int8")
    )
    recipe = recipe_in(root, 'variants = "best"')
    verdict = Verdict.read(root / "run" / "validate" / "verdict.json", "validate")
    decisions: dict[str, Decision] = {"fp32": "pass", "int8": "pass"}
    verdict.replace(decisions=decisions, verdict="pass").write(
        root / "run" / "validate" / "verdict.json"
    )
    (root / "run" / "export" / "export.json").unlink()  # else limits are those of the recipe
    BenchResult(
        machine=verdict.machine, budget_runtime="litert", budget_threads=1, results=(), budgets=slow
    ).write(root / "run" / "bench" / "bench.json")
    with pytest.raises(stage.NothingShipsError, match="fp32: fail, int8: fail") as refused:
        stage.run(recipe, Workspace(root / "run"), SilentProgress())
    assert refused.value.exit_code == ExitCode.BUDGET_BROKEN


@pytest.mark.slow
def test_golden_inputs_are_the_source_pictures_letterboxed(rich: Rich) -> None:
    files = rich[1]
    golden = golden_of(files)
    inputs = np.frombuffer(files["golden-inputs.bin"], np.uint8).reshape(golden.shape)
    contract = Preprocessing.model_validate_json(files["preprocessing.json"])
    assert golden.shape[1:] == (64, 64, 3)
    for picture, expected in zip(golden.pictures, inputs, strict=True):
        np.testing.assert_array_equal(preprocess(files[picture.file], contract), expected)
        assert picture.lossless is (Path(picture.file).suffix not in (".jpg", ".bmp"))


def test_expected_outputs_differ_by_picture_and_have_the_tolerance_of_their_kind(
    rich: Rich,
) -> None:
    golden = golden_of(rich[1])
    tolerances = {one.variant: one.tolerance for one in golden.expected}
    assert tolerances == {"int8": 0.0, "fp32": 1e-4}
    for one in golden.expected:
        assert np.array(one.scores).shape == (len(golden.pictures), 3)
        assert np.ptp(np.array(one.scores), axis=0).max() > 0.1


def test_known_heat_maps_average_to_the_scores_that_they_explain(rich: Rich) -> None:
    golden = golden_of(rich[1])
    assert golden.maps == "golden-maps.bin"
    known = unpack_maps(golden, rich[1][golden.maps], len(TAGS))
    with_maps = [entry for entry in known if entry.cells is not None]
    assert {entry.expected.variant for entry in with_maps} == {"int8"}
    for entry in with_maps:
        assert entry.cells is not None
        scores = expit(logit(entry.cells).mean(axis=(1, 2)))
        np.testing.assert_allclose(scores, np.array(entry.expected.scores), atol=0.01)


def test_golden_pictures_cover_every_shape(made: Path) -> None:
    golden = golden_of(unpack(made / "run" / "bundle" / "bundle-test-1.2.3.zip"))
    shapes = {(one.width > one.height) - (one.width < one.height) for one in golden.pictures}
    assert shapes == {-1, 0, 1}
    assert len(golden.pictures) == 16


def test_pictures_with_a_sensitive_tag_are_not_shipped(made: Path, rich: Rich) -> None:
    table = (made / "data" / "labels.csv").read_text().splitlines()
    sensitive = {
        digest_file(made / "data" / line.split(",")[0])
        for line in table[1:]
        if line.split(",")[2] == "1"
    }
    golden = golden_of(rich[1])
    shipped = {hashlib.sha256(rich[1][one.file]).hexdigest() for one in golden.pictures}
    assert sensitive
    assert shipped
    assert not shipped & sensitive
    for one in golden.expected:
        if (one.variant, one.family) == ("int8", "litert"):
            assert max(row[0] for row in one.scores) < CAT_FROM
    labels = json.loads(rich[1]["labels.json"])["labels"]
    assert [label["tag"] for label in labels if label["sensitive"]] == ["cat"]


def test_names_are_the_recipes_then_the_usual_then_the_tag_made_readable(rich: Rich) -> None:
    labels = json.loads(rich[1]["labels.json"])["labels"]
    assert [(label["en"], label["ja"]) for label in labels] == [
        ("Cat", "猫"),
        ("Dog", "犬"),
        ("[bold]food", "[bold]food"),
    ]


def test_every_usual_tag_has_names() -> None:
    assert set(USUAL) == set(DEFAULT_TAGS)
    assert len({english for english, _ in USUAL.values()}) == len(DEFAULT_TAGS)
    assert len({japanese for _, japanese in USUAL.values()}) == len(DEFAULT_TAGS)


@pytest.mark.parametrize(
    ("tag", "shown"), [("red_panda", "Red panda"), ("a--b", "A b"), ("_", "_"), ("猫", "猫")]
)
def test_a_tag_without_names_is_made_readable(tag: str, shown: str) -> None:
    assert readable(tag) == shown


def test_the_card_tells_data_figures_and_what_was_not_scored(made: Path, rich: Rich) -> None:
    card = rich[1]["model-card.md"].decode()
    verdict = Verdict.read(made / "run" / "validate" / "verdict.json", "validate")
    entry = next(e for e in verdict.variants if e.variant == "int8" and e.decides)
    assert f"{entry.map:.3f}" in card
    assert "License of the model: MIT" in card
    assert r"Not for \<b\>court\</b\>." in card
    assert r"not: \[bold]food. What the" in card
    assert "32 pictures of 32 listed" in card
    assert r"dog\|wolf" in card


LICENCES = {"Apache-2.0": "apache-2.0 None", "ours: 'a' # b": "other ours: 'a' # b"}
"""License of a recipe → what a model hub reads of it."""

HUB = """
import json, sys
from huggingface_hub import ModelCard
for card in json.load(sys.stdin):
    data = ModelCard(card).data
    head = data.license, data.license_name, data.base_model, data.pipeline_tag, data.library_name
    figures = [(each.dataset_split, each.metric_type, each.metric_value, each.metric_name)
               for each in data.eval_results]
    print(json.dumps([" ".join(map(str, line)) for line in (head, *figures)]))
"""


@pytest.mark.slow
def test_a_model_hub_reads_licence_origin_and_figures(root: Path, workspace: Workspace) -> None:
    cards = []
    for named in LICENCES:
        more = f'license = "{named}"\nbase_model = "google/efficientnet-lite0"\n'
        _, files = bundled(root, f'variants = ["int8"]\n{more}')
        cards.append(files["model-card.md"].decode())
    uv = str(Path(sys.executable).with_name("uv"))
    hub = [uv, "run", "-q", "--no-project", "--with", "huggingface_hub==2.4.0", "python"]
    done = captured([*hub, "-c", HUB], input=json.dumps(cards))
    assert done.returncode == 0, done.stderr
    verdict = Verdict.read(workspace.validate / "verdict.json", "validate")
    entry = next(e for e in verdict.variants if e.variant == "int8" and e.decides)
    for shown, line in zip(LICENCES.values(), done.stdout.splitlines(), strict=True):
        head, first, second, *_ = json.loads(line)
        assert head == f"{shown} google/efficientnet-lite0 image-classification tflite"
        assert first.startswith(f"test mAP {entry.map} mean average precision over ")
        assert second.startswith(f"test mAP drop {entry.map_drop} drop of mAP from the float32 ")
        assert " 95% interval " in second


def test_the_manifest_obeys_its_schema_and_the_schema_names_every_key(rich: Rich) -> None:
    manifest, described = (
        json.loads(rich[1]["manifest.json"]),
        BundleManifest.json_schema(written=True),
    )
    assert json.loads(rich[1]["manifest.schema.json"]) == described
    assert set(manifest) == set(described["properties"]) == set(described["required"])
    variant = described["$defs"]["BundledVariant"]
    assert set(manifest["variants"][0]) == set(variant["properties"])
    assert described["additionalProperties"] is variant["additionalProperties"] is False


def test_the_manifest_says_what_files_were_held_against_in_the_figures_of_the_card(
    rich: Rich,
) -> None:
    card = rich[1]["model-card.md"].decode()
    for variant in json.loads(rich[1]["manifest.json"])["variants"]:
        for limit in variant["limits"]:
            place = [variant["variant"], limit["runtime"], limit["budget"]]
            rows = [line for line in card.splitlines() if line.startswith(f"| {' | '.join(place)}")]
            assert len(rows) == 1, limit
            figures = [limit["limit"], limit["measured"], *(limit["interval"] or ())]
            assert all(figure in rows[0] for figure in figures), rows[0]
            assert rows[0].endswith(f" {limit['verdict']} |")
    int8 = json.loads(rich[1]["manifest.json"])["variants"][0]
    assert [(limit["budget"], limit["runtime"]) for limit in int8["limits"]] == [
        ("max_map_drop", "litert"),
        ("max_size_ratio", "any"),
        ("max_map_drop", "tflite-runtime"),
    ]


def test_of_single_tags_only_the_limits_that_are_not_kept_are_in_the_manifest() -> None:
    entry = scored("int8", "litert", "test", 0.0)
    checks = {entry.tags[0].tag: 0.0, entry.tags[1].tag: 0.02}
    tags = tuple(
        tag.replace(checks=(check("max_ap_drop", 0.01, checks[tag.tag], 0.001),))
        for tag in entry.tags[:2]
    )
    verdict = make_verdict((entry.replace(tags=tags, budgets=()),))
    (limit,) = judged_limits(verdict, "int8")
    assert (limit.tag, limit.measured, limit.verdict) == (entry.tags[1].tag, "2.00", "fail")


@pytest.mark.slow
def test_bundling_in_two_places_gives_identical_bytes(made: Path, tmp_path: Path) -> None:
    make_run(tmp_path / "elsewhere")
    result, _ = bundled(tmp_path / "elsewhere")
    assert result.sha256 == digest_file(made / "run" / result.file)


def measured_otherwise(verdict: Verdict, root: Path) -> Verdict:
    """Return what an equal run leaves on another machine, under load, in another folder."""
    machine = Machine(
        system="Other OS, kernel 9",
        architecture="x86_64",
        cpu="Other CPU",
        cpu_features=(),
        cores=64,
        memory_bytes=1,
    )
    return verdict.replace(
        machine=machine,
        reference=verdict.reference.replace(
            device="Other GPU", accelerator=Acceleration(requested="gpu", used="gpu")
        ),
        variants=tuple(
            entry.replace(images_per_s=1.5, device="Other CPU") for entry in verdict.variants
        ),
        failures=(not_loadable(root),),
        baseline=compared_with(root),
    )


def not_loadable(root: Path) -> Failure:
    reason = f"Could not open '{root}/dynamic.tflite'"
    nothing = Acceleration(requested="cpu", used=None, reason=reason)
    return NOT_LOADABLE.replace(reason=reason, accelerator=nothing)


def compared_with(root: Path) -> BaselineComparison:
    return BaselineComparison(
        file=str(root / "baseline.json"),
        accepted_at="2026-11-01",
        reason="first",
        same_reference=True,
        same_scores=True,
        changes=(),
        verdict="pass",
    )


@pytest.mark.slow
def test_what_was_measured_and_where_is_not_released(made: Path, tmp_path: Path) -> None:
    bundles = []
    for number, root in enumerate((tmp_path / "here", tmp_path / "under" / "load")):
        shutil.copytree(made, root)
        path = root / "run" / "validate" / "verdict.json"
        verdict = Verdict.read(path, "validate").replace(
            failures=(not_loadable(root),), baseline=compared_with(root)
        )
        if number:
            verdict = measured_otherwise(verdict, root)
        verdict.write(path)
        bundled(root)
        bundles.append((root / "run" / "bundle" / "bundle-test-1.2.3.zip").read_bytes())
    assert bundles[0] == bundles[1]
    for private in (str(tmp_path), "A CPU", "Other", platform.release(), "images_per_s"):
        assert private.encode() not in bundles[1]
    assert b"Could not open 'dynamic.tflite'" in bundles[1]


def test_a_released_verdict_keeps_everything_that_equal_runs_share(made: Path) -> None:
    whole = json.loads((made / "run" / "validate" / "verdict.json").read_text())
    files = unpack(made / "run" / "bundle" / "bundle-test-1.2.3.zip")
    released = json.loads(files["verdict.json"])
    assert released.pop("schema") == "edgetag.bundle-verdict/1.2"
    assert set(whole) - set(released) == {"schema", "machine", "judged_by"}
    for entry, kept in zip(whole["variants"], released["variants"], strict=True):
        assert {k: v for k, v in entry.items() if k not in ("device", "images_per_s")} == kept


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("Could not open '/home/me/run/x.tflite'.", "Could not open 'x.tflite'."),
        (r"C:\Users\me\x.tflite is cut", "x.tflite is cut"),
        (
            "see https://example.org/a/b for TF/Lite ops",
            "see https://example.org/a/b for TF/Lite ops",
        ),
        ("CONV_2D 3/4 failed", "CONV_2D 3/4 failed"),
    ],
)
def test_reasons_name_files_and_no_folders(reason: str, shown: str) -> None:
    assert without_folders(reason) == shown


def test_a_model_that_changed_since_export_is_refused(root: Path, workspace: Workspace) -> None:
    shutil.rmtree(workspace.bundle)
    path = workspace.export / "int8.tflite"
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="has changed"):
        bundled(root)
    assert not workspace.bundle.exists()


def test_thresholds_of_other_tags_are_refused(root: Path, workspace: Workspace) -> None:
    path = workspace.validate / "verdict.json"
    values = json.loads(path.read_text())
    values["thresholds"]["int8"] = {"cat": 0.5}
    write_text(path, json.dumps(values))
    with pytest.raises(InputError, match="not those of the recipe"):
        bundled(root)


def test_a_variant_that_was_not_judged_is_refused(root: Path, workspace: Workspace) -> None:
    path = workspace.validate / "verdict.json"
    values = json.loads(path.read_text())
    write_text(path, json.dumps(values | {"thresholds": {}}))
    with pytest.raises(InputError, match="int8 was not judged; run: edgetag validate"):
        bundled(root)


@pytest.mark.slow
def test_a_file_that_nothing_judged_that_lost_or_was_rescued_says_so(
    root: Path, workspace: Workspace
) -> None:
    path = workspace.validate / "verdict.json"
    values = json.loads(path.read_text())
    values |= {"verdict": "not judged", "decisions": values["decisions"] | {"int8": "not judged"}}
    (entry,) = [
        one
        for one in values["variants"]
        if (one["variant"], one["runtime"], one["decides"]) == ("int8", "litert", True)
    ]
    entry["losses"] = [
        {
            "tag": "cat",
            "measure": "recall",
            "drop": 0.136,
            "interval": [0.038, 0.255],
            "p_holm": 0.004,
            "within_margin": False,
        }
    ]
    write_text(path, json.dumps(values))
    exported = json.loads((workspace.export / "export.json").read_text())
    for file in exported["variants"]:
        file["rescued"] = "int8-float-6" if file["variant"] == "int8" else ""
    write_text(workspace.export / "export.json", json.dumps(exported))
    result, files = bundled(root)
    assert result.manifest.variants[0].verdict == "not judged"
    card = files["model-card.md"].decode()
    assert "Validation's verdict: **not judged**." in card
    assert "recall of cat fell 13.60 points [3.80, 25.50]" in card
    assert "`int8` keeps some layers out of 8 bits (int8-float-6 of `edgetag rescue`)" in card


def test_a_variant_that_was_not_exported_is_refused(root: Path, workspace: Workspace) -> None:
    path = workspace.export / "export.json"
    values = json.loads(path.read_text())
    write_text(path, json.dumps(values | {"variants": values["variants"][:1]}))
    with pytest.raises(InputError, match=r"lists no int8.*edgetag export"):
        bundled(root)


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("dataset/summary.json", "data build"),
        ("export/export.json", "export"),
        ("train/thresholds.json", "train"),
        ("validate/verdict.json", "validate"),
    ],
)
def test_a_missing_file_names_the_verb_that_makes_it(root: Path, name: str, verb: str) -> None:
    (root / "run" / name).unlink()
    with pytest.raises(InputError, match=f"run: edgetag {verb}"):
        bundled(root)
