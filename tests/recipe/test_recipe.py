"""The recipe: what it accepts and how it explains what it refuses."""

import json
from pathlib import Path

import pytest

from edgetag.errors import InputError
from edgetag.recipe import Recipe, more_needed, parse_recipe, passed_over, resolved_recipe
from edgetag.tags import DEFAULT_TAGS

MINIMAL = 'name = "x"\n[data]\nsource = "labels.csv"\n'
HERE = Path("/somewhere/recipe.toml")


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_recipe(text, HERE)
    return str(caught.value)


def test_three_lines_make_a_recipe_for_the_default_tags() -> None:
    recipe = parse_recipe(MINIMAL, HERE)
    assert recipe.data.tags == DEFAULT_TAGS
    assert len(recipe.data.tags) == 20


def test_relative_paths_are_relative_to_the_recipe() -> None:
    recipe = parse_recipe('name="x"\n[data]\nsource="../a/l.csv"\nroot="img"\n', HERE)
    assert recipe.data.source == Path("/a/l.csv")
    assert recipe.data.root == Path("/somewhere/img")


def test_an_unknown_section_is_refused_with_line_and_nearest_name() -> None:
    message = refusal(MINIMAL + "[trainig]\nbatch_size = 1\n")
    assert message.startswith("/somewhere/recipe.toml:4: trainig: unknown key; did you mean")
    assert "'training'" in message


def test_an_unknown_key_is_refused_with_its_path_line_and_the_known_keys() -> None:
    message = refusal(MINIMAL + "[network]\nname = 'model3'\ninputsize = 64\n")
    assert ":6: network.inputsize: unknown key; did you mean 'input_size'?" in message
    assert "dropout" in message


def test_a_wrong_choice_is_refused_with_the_allowed_values_and_the_nearest() -> None:
    message = refusal(MINIMAL + '[network]\nname = "mobilenet"\n')
    allowed = (
        "efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, mobilenet_v2, mobilenetv4"
    )
    assert f":5: network.name: 'mobilenet' is not one of {allowed}" in message
    assert "did you mean 'mobilenet_v2'?" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MINIMAL.replace('"x"', '"My model"', 1), ":1: name: 'My model' does not match"),
        (MINIMAL.replace('"x"', '"My model"', 1), "Lower case letters, digits, - and _."),
        (MINIMAL + 'tags = "cat"\n', ":4: data.tags: should be a list in brackets (got 'cat')"),
        (MINIMAL + "[training]\nphases = []\n", "phases: should have at least 1 item, not 0"),
        (
            MINIMAL + "[budgets.default.tags]\ndgo = { max_ap_drop = 0.1 }\n",
            ":4: budgets.default.tags: not in data.tags: 'dgo'",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words_of_recipes(text: str, said: str) -> None:
    assert said in refusal(text)


def test_the_second_table_of_an_array_is_found_by_line() -> None:
    text = MINIMAL + "[[training.phases]]\nepochs = 1\n[[training.phases]]\nepochs = 'two'\n"
    assert ":7: training.phases.1.epochs: should be a valid integer" in refusal(text)


def test_every_problem_is_listed_at_once() -> None:
    message = refusal("name = 'X Y'\nseed = -1\n[data]\n")
    assert len(message.splitlines()) == 3


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[network]\nname = "model3"\npretrained = true', "there are no weights for model3"),
        ("[network]\nwidth = 0.5", "only mobilenet_v2 takes a width"),
        (
            '[network]\nname = "model3"\nmap_stride = 16',
            "mobilenet_v2, mobilenetv4_conv_small or mobilenetv4_conv_medium has maps as fine",
        ),
        ("[network]\ndepth = 0.5", "only mobilenet_v2 takes a depth"),
        (
            '[network]\nweights = "w.safetensors"',
            "only mobilenetv4_conv_small or mobilenetv4_conv_medium takes one",
        ),
        ("[network]\ninput_size = 100", "needs 32 × n"),
        ("[network]\ninput_size = 32", "greater than or equal to 64"),
        ("[budgets.int16x8]\nmax_map_drop = 0.1", "export.variants does not list int16x8"),
        ('[bundle]\nvariant = "int16x8"', "export.variants does not list 'int16x8'"),
        ('[export]\nvariants = ["int8"]', "lacks fp32"),
        ('[export]\nif_needed = ["dynamic"]', "is not one of int8-qat, int8-pruned-qat"),
        ('[export]\nif_needed = ["int8-qat", "int8-qat"]', "if_needed lists a variant twice"),
        (
            "[export]\nif_needed = []\n[budgets.int8-qat]\nmax_map_drop = 0.1",
            ":6: budgets.int8-qat: export.variants does not list int8-qat",
        ),
        ('[export]\nexplain = ["int16x8"]', "variants does not list it"),
        ('[export]\nexplain = ["int8", "int8"]', "explain lists a variant twice"),
        ('[network]\nname = "model3"\n[export]\nexplain = ["int8"]', "model3 has none"),
        ("[budgets.int8]\nmax_heat_map_error = 0.1", "export.explain does not list int8"),
        ("[training]\npositive_weights = {zebra = 2.0}", "no such tag"),
        ("[pruning]\nn_of_m = [4, 4]", "0 < n < m"),
        ('[bundle]\nversion = "1.٢.0"', "bundle.version"),
        ('[export]\ntarget_runtime = "2.1４.0"', "export.target_runtime"),
        ('[validation]\nsplits = ["train"]', "is not test, validation or test_"),
        ("[benchmark]\nthreads = [2]", "both must be among runtimes and threads"),
    ],
)
def test_impossible_combinations_are_refused(lines: str, said: str) -> None:
    assert said in refusal(MINIMAL + lines + "\n")


def test_a_budget_of_a_file_that_is_not_made_names_its_own_line() -> None:
    told = refusal(MINIMAL + "[budgets.default]\nmax_map_drop = 0.1\n[budgets.dynamic]\n")
    assert told.startswith("/somewhere/recipe.toml:6: budgets.dynamic: export.variants does not")


def test_a_file_that_is_made_only_if_needed_may_have_budgets_and_heat_maps() -> None:
    text = '[export]\nexplain = ["int8-qat"]\n[budgets.int8-qat]\nmax_heat_map_error = 0.1\n'
    assert parse_recipe(MINIMAL + text, HERE).export.possible[-1] == "int8-qat"


def test_nothing_is_made_if_needed_where_a_file_that_is_trained_is_named() -> None:
    named = MINIMAL + '[export]\nvariants = ["fp32", "int8", "int8-pruned-qat"]\n'
    assert parse_recipe(named, HERE).export.fallback == ()


DECIDED = [
    # int8, int8-qat where it was made → whether more is needed, what decides nothing
    ("pass", None, False, ()),
    ("fail", None, True, ()),
    ("undecided", None, True, ()),
    ("not judged", None, True, ()),
    ("fail", "pass", True, ("int8",)),
    ("fail", "fail", True, ()),
    ("undecided", "undecided", True, ()),
    ("pass", "fail", False, ("int8-qat",)),
    ("pass", "pass", False, ()),
]


@pytest.mark.parametrize(("int8", "qat", "needed", "over"), DECIDED)
def test_a_full_integer_file_that_passes_stands_in_for_those_that_do_not(
    int8: str, qat: str | None, needed: bool, over: tuple[str, ...]
) -> None:
    recipe = parse_recipe(MINIMAL, HERE)
    decisions = {"fp32": "pass", "fp16": "fail", "int8": int8} | ({"int8-qat": qat} if qat else {})
    assert more_needed(recipe.export, decisions) == needed
    assert passed_over(recipe, decisions) == over


@pytest.mark.parametrize("int8", ["fail", "undecided", "not judged"])
def test_nothing_stands_in_for_a_file_that_ships_because_the_bundle_names_it(int8: str) -> None:
    recipe = parse_recipe(MINIMAL + '[bundle]\nvariants = ["int8"]\n', HERE)
    assert passed_over(recipe, {"int8": int8, "int8-qat": "pass"}) == ()
    assert passed_over(recipe, {"int8": "pass", "int8-qat": int8}) == ("int8-qat",)


def test_nothing_more_is_needed_where_no_full_integer_file_was_asked_for() -> None:
    export = parse_recipe(MINIMAL + '[export]\nvariants = ["fp32", "fp16"]\n', HERE).export
    assert not more_needed(export, {"fp32": "fail", "fp16": "fail"})


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('max_pixels = 9\ntags = ["cat", "cat"]', ":5: data.tags: 'cat' is listed twice; keep one"),
        ("max_pixels = 9\ntags = []", ":5: data.tags: the list is empty; name at least one tag"),
        ("[data.split]\nbalance = true", ":5: data: split.balance needs exactly one tag"),
        ('[export]\nonnx = true\nvariants = ["int8"]', ":6: export: variants lacks fp32"),
        ("[network]\ndropout = 0.1\nwidth = 0.5", ":6: network: width = 0.5, but only"),
        ('[validation]\nmin_positives = 3\nsplits = ["x"]', ":6: validation: splits: 'x' is not"),
        ("[pruning]\n\nn_of_m = [4, 4]", ":6: pruning: n_of_m = [4, 4], but it needs"),
        (
            "[benchmark]\nruns = 20\nthreads = [2]",
            ":4: benchmark: budget_runtime 'litert' with budget_threads 1 is not",
        ),
    ],
)
def test_keys_that_do_not_fit_together_are_told_with_the_line_of_the_first(
    lines: str, said: str
) -> None:
    assert said in refusal(f"{MINIMAL}{lines}\n")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[export]\nvariants = ["fp33"]', ":5: export.variants.0: 'fp33' is not one of "),
        ("[[training.phases]]\nepochs = 0", ":5: training.phases.0.epochs: should be greater"),
        ("[bundle]\nvariants = [1]", ":5: bundle.variants.0: '1' is not one of "),
    ],
)
def test_a_list_with_something_wrong_in_it_is_not_said_to_be_empty(lines: str, said: str) -> None:
    told = refusal(f"{MINIMAL}{lines}\n")
    assert said in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            MINIMAL.replace('"labels.csv"', "3"),
            ":3: data.source: should be a path in quotes (got 3)",
        ),
        ('name = "x"\ndata = 3\n', ":2: data: should be a table (got 3)"),
        (MINIMAL + "[budgets]\nint8 = 3\n", ":5: budgets.int8: should be a table (got 3)"),
        (MINIMAL + "[search]\ninput_sizes = [0]\n", ":5: search.input_sizes: should be greater"),
    ],
)
def test_kinds_of_values_are_called_as_in_toml(text: str, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.parametrize("tag", ["a.b", "猫", "two words"])
def test_a_tag_that_stands_in_quotes_is_found_by_its_line(tag: str) -> None:
    data = f'{MINIMAL}tags = ["{tag}"]\n'
    limits = f'[budgets.default.tags."{tag}"]\nmax_fpr_rise = 0.1\nmax_ap_drop = 2.0\n'
    assert f":7: budgets.default.tags.{tag}.max_ap_drop: should be less" in refusal(data + limits)
    limits = f'[budgets.default.tags]\n"{tag}" = {{ max_ap_drop = 2.0 }}\n'
    assert f":6: budgets.default.tags.{tag}.max_ap_drop: should be less" in refusal(data + limits)


def test_a_wrong_tag_hides_no_other_problem() -> None:
    told = refusal(MINIMAL + 'tags = ["cat", "cat"]\n[training]\nbatch_size = 0\n')
    assert len(told.splitlines()) == 2


@pytest.mark.parametrize("value", ['"1"', "1.5", "true"])
def test_types_are_strict(value: str) -> None:
    assert "network.input_size" in refusal(MINIMAL + f"[network]\ninput_size = {value}\n")


def test_the_schema_describes_every_section() -> None:
    schema = Recipe.model_json_schema()
    assert set(Recipe.model_fields) == set(schema["properties"])
    assert json.dumps(schema)


def test_no_other_machine_is_asked_by_default() -> None:
    assert parse_recipe(MINIMAL, HERE).targets.on == ()


def test_machines_that_there_are_not_are_refused_with_those_there_are() -> None:
    told = refusal(MINIMAL + '[targets]\non = ["arm46"]\n')
    assert ":5: targets.on.0: 'arm46' is not one of arm64, armv7, wasm, browser, " in told
    assert "; did you mean 'arm64'?" in told
    assert "lists one twice" in refusal(MINIMAL + '[targets]\non = ["wasm", "wasm"]\n')


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("min_s = 3.0\nmax_s = 2.0", ":5: phones: min_s 3 is more than max_s 2"),
        ("rounds = 5\nruns = 4", ":5: phones: rounds 5 is more than runs 4"),
        ("threads = [2, 65]", ":5: phones.threads.1: "),
        ("rounds = 0", ":5: phones.rounds: "),
        ("min_delegated = 1.5", ":5: phones.min_delegated: "),
    ],
)
def test_what_no_phone_could_measure_is_refused(lines: str, told: str) -> None:
    assert told in refusal(f"{MINIMAL}[phones]\n{lines}\n")


def test_a_section_that_was_renamed_is_refused_with_its_line_and_its_new_name() -> None:
    told = refusal(MINIMAL + '[device]\non = ["wasm"]\n')
    line = MINIMAL.count("\n") + 1
    assert told == f"{HERE}:{line}: device: this section is called [targets] now; rename it"


def test_a_run_folder_keeps_its_recipe_through_a_renamed_section() -> None:
    kept = parse_recipe(MINIMAL + '[targets]\non = ["wasm"]\n', HERE)
    values = kept.model_dump(mode="json")
    values["device"] = values.pop("targets")
    assert resolved_recipe(values, HERE) == kept


def test_a_machine_without_one_of_its_processors_is_refused() -> None:
    told = refusal(MINIMAL + '[targets]\non = ["armv7"]\ncpus = ["cortex-a76"]\n')
    assert "cpus has none that armv7 can be: cortex-a7" in told
    parse_recipe(MINIMAL + '[targets]\non = ["wasm"]\ncpus = ["cortex-a76"]\n', HERE)


@pytest.mark.parametrize(
    "section",
    ["", '[targets]\non = ["wasm"]\n', '[targets]\non = ["arm64"]\ncpus = ["cortex-a53"]\n'],
)
def test_a_limit_that_no_run_would_judge_is_refused(section: str) -> None:
    limit = "[budgets.int8]\nmax_arm_instructions = 5\n"
    told = refusal(MINIMAL + section + limit)
    assert "budgets.int8.max_arm_instructions is judged on arm64, cortex-a76" in told
    assert '[targets] on = ["arm64"]' in told
    parse_recipe(MINIMAL + '[targets]\non = ["arm64"]\n' + limit, HERE)


def test_limits_that_nothing_breaks_are_told() -> None:
    lines = (
        "[budgets.int8]\nmax_map_drop = 1.0\nmax_flip_rate = 0.99\nmin_map = 0.0\n"
        "[budgets.int8.tags]\nphoto = { max_recall_drop = 1.0, max_fpr_rise = 0.1 }\n"
    )
    told = parse_recipe(MINIMAL + lines, HERE).warnings()
    assert [warning.split(" can never be broken")[0] for warning in told] == [
        "budgets.int8.min_map = 0.0",
        "budgets.int8.max_map_drop = 1.0",
        "budgets.int8.tags.photo.max_recall_drop = 1.0",
    ]
    assert parse_recipe(MINIMAL + "[budgets.int8]\nmax_map_drop = 0.5\n", HERE).warnings() == ()


def test_exempting_a_tag_from_a_margin_is_no_reason_to_warn() -> None:
    lines = (
        "[budgets.default]\nmax_recall_drop = 0.05\n"
        "[budgets.default.tags]\nphoto = { max_recall_drop = 1.0 }\n"
    )
    assert parse_recipe(MINIMAL + lines, HERE).warnings() == ()


def test_margins_of_tags_by_default_hold_for_variants_that_have_none_of_their_own() -> None:
    recipe = parse_recipe(
        """
name = "margins"
[data]
source = "labels.csv"
tags = ["cat", "dog"]
[export]
variants = ["fp32", "fp16", "int8", "int8-qat"]
[bundle]
variants = ["int8"]
[budgets.default]
max_map_drop = 0.02
max_recall_drop = 0.1
tags = { dog = { max_fpr_rise = 0.05 } }
[budgets.fp32]
min_map = 0.7
[budgets.int8]
max_ap_drop = 0.3
[budgets.int8-qat]
tags = { cat = { max_recall_drop = 0.2 } }
""",
        Path("recipe.toml"),
    )
    fp32, fp16, int8, qat = (recipe.budget(variant) for variant in recipe.export.variants)
    assert fp16 == recipe.budget("default")
    assert (fp32.min_map, fp32.max_map_drop) == (0.7, None)  # the rest is replaced
    assert fp32.margins("dog") == fp16.margins("dog")
    assert fp32.margins("dog").max_fpr_rise == 0.05
    assert fp32.margins("cat").max_recall_drop == 0.1
    assert int8.margins("dog").model_dump(exclude_none=True) == {"max_ap_drop": 0.3}
    assert qat.margins("dog").model_dump(exclude_none=True) == {}


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("[benchmark]\nthreads = [1, 0]", "benchmark.threads.1: should be greater than or equal"),
        ("[benchmark]\nthreads = [1, 1]", "threads lists one twice"),
        ("[benchmark]\nruntimes = ['litert', 'litert']", "runtimes lists one twice"),
        ("[validation]\nsplits = ['test', 'test']", "splits lists one twice"),
        ("[validation]\nruntimes = ['litert', 'litert']", "runtimes lists one twice"),
        (
            "[validation]\nconfidence = 0.999",
            "of 1000 samples none would lie beyond the ends of a 0.999 interval; "
            "bootstrap_samples must be at least 2000",
        ),
    ],
)
def test_what_is_measured_is_listed_once_and_can_be_measured(section: str, told: str) -> None:
    assert told in refusal(MINIMAL + section + "\n")


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            "[training]\npositive_weights = { cat = -5.0 }",
            "positive_weights.cat: should be greater",
        ),
        (
            "[training]\npositive_weights = { cat = nan }",
            "positive_weights.cat: should be a finite",
        ),
        ("[quantization]\nlearning_rate = inf", "quantization.learning_rate: should be a finite"),
        ("[budgets.default]\nmax_latency_ms = inf", "max_latency_ms: should be a finite number"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(section: str, told: str) -> None:
    message = refusal(MINIMAL + section + "\n")
    assert told in message, message
