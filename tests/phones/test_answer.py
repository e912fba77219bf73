"""The app's answer as hostile input, and the schemas for who writes the other side."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.phones.answer import AppScores, Wanted, check_answer, read_answer, scores_of
from edgetag.phones.job import RunnerJob
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.schema import RECORDS, phone_schema
from edgetag.preprocess import Preprocessing
from tests.phones.measuring import ANSWER, DIGEST

WANTED = Wanted(DIGEST, ("cat", "dog"), ("0", "1"), "cpu")


def changed(path: str, value: object) -> bytes:
    """Return the good answer with one value put in place of another."""
    answer = json.loads(json.dumps(ANSWER))
    place = answer
    *way, last = (int(key) if key.isdigit() else key for key in path.split("."))
    for key in way:
        place = place[key]
    place[last] = value
    return json.dumps(answer).encode()


def accepted(content: bytes, wanted: Wanted = WANTED) -> AppScores:
    found = read_answer(content)
    check_answer(found, wanted)
    return found


def test_a_good_answer_is_read_in_the_order_asked_for() -> None:
    scores, places, error = scores_of(accepted(json.dumps(ANSWER).encode()), WANTED)
    assert scores.tolist() == [[0.25, 0.5], [0, 1]]
    assert (places, error) == ((0, 1), "")


def test_what_a_newer_app_tells_besides_is_passed_over() -> None:
    assert accepted(changed("schema", "edgetag.phone-scores/1.7"))
    assert accepted(changed("engine.power_w", 3))


def test_an_app_may_have_no_self_test_and_no_times() -> None:
    assert accepted(changed("self_test", None)).self_test is None
    assert accepted(changed("latency_ms", None)).latency_ms is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", "edgetag.phone-scores/2.0"),
        ("schema", ""),
        ("schema", None),
        ("model_sha256", "A" * 64),
        ("model_sha256", "a" * 64 + "\n"),
        ("tags", []),
        ("tags", "cat"),
        ("tags.0", 3),
        ("tags.0", "x" * 1000),
        ("device.sdk", "35"),
        ("device.sdk", -1),
        ("device.model", "x" * 1000),
        ("engine.threads", 0),
        ("engine.delegate", "tpu"),
        ("engine.fell_back", None),
        ("self_test.passed", 1),
        ("self_test.max_difference", -1),
        ("load_ms", -1),
        ("load_ms", 1e300),
        ("load_ms", True),
        ("latency_ms.p90", 1.0),
        ("latency_ms.p50", 0),
        ("latency_ms.runs", 0),
        ("latency_ms.runs", 2.5),
        ("images", []),
        ("images.0.scores.0", 1.0001),
        ("images.0.scores.0", -0.1),
        ("images.0.scores.0", "0.5"),
        ("images.0.scores.0", None),
        ("images.0.name", ""),
        ("images.0.name", "x" * 1000),
        ("images.0.error", "both"),
        ("images.0.scores", None),
    ],
)
def test_a_value_out_of_its_bounds_is_refused(path: str, value: object) -> None:
    with pytest.raises(PhoneError, match="cannot be read") as refused:
        read_answer(changed(path, value))
    assert refused.value.problem is Problem.WRONG_OUTPUT


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps(ANSWER).replace("0.25", "NaN").encode(),
        json.dumps(ANSWER).replace("0.25", "1e999").encode(),
        json.dumps({k: v for k, v in ANSWER.items() if k != "schema"}).encode(),
    ],
)
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    with pytest.raises(PhoneError, match="cannot be read"):
        read_answer(content)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("images.0.name", "0", "twice"),
        ("images.0.name", "2", "it lacks 1"),
        ("images", [{"name": "0", "scores": [0, 1]}], "tells 1 images"),
        ("images.0.scores", [0.5], "1 scores for 2 tags"),
        ("images.0.scores", [], "0 scores for 2 tags"),
        ("tags", ["cat", "dog", "food"], "it has 3 for 2"),
        ("tags", ["dog", "cat"], "another order"),
        ("tags", ["cat", "car"], "it lacks dog"),
        ("model_sha256", "b" * 64, "scored another file"),
        ("engine.requested_delegate", "gpu", "asked for the cpu, but took gpu"),
    ],
)
def test_an_answer_to_another_question_is_refused(path: str, value: object, said: str) -> None:
    with pytest.raises(PhoneError, match=said) as refused:
        accepted(changed(path, value))
    assert refused.value.problem is Problem.WRONG_OUTPUT


@pytest.mark.parametrize(
    ("why", "said"), [("no OpenCL", "the CPU: no OpenCL"), ("", "says nothing")]
)
def test_an_app_that_fell_back_to_the_cpu_is_refused_whatever_it_was_asked(
    why: str, said: str
) -> None:
    engine = ANSWER["engine"] | {"requested_delegate": "gpu", "fell_back": why}  # type: ignore[operator]
    for asked in ("gpu", None):
        with pytest.raises(PhoneError, match=said) as refused:
            accepted(changed("engine", engine), Wanted(DIGEST, ("cat", "dog"), ("0", "1"), asked))
        assert refused.value.problem is Problem.FELL_BACK


def test_an_app_whose_self_test_fails_is_refused() -> None:
    failed = {"passed": False, "family": None, "max_difference": 0.7}
    with pytest.raises(PhoneError, match=r"golden scores .* difference 0\.7") as refused:
        accepted(changed("self_test", failed))
    assert refused.value.problem is Problem.SELF_TEST


def test_an_app_that_scored_nothing_is_a_failure() -> None:
    found = accepted(changed("images", [{"name": "0", "error": "a"}, {"name": "1", "error": "b"}]))
    with pytest.raises(PhoneError, match="scored no image, 0: a"):
        scores_of(found, WANTED)


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_are_refused_in_one_short_line(content: bytes) -> None:
    with pytest.raises(PhoneError) as refused:
        read_answer(content)
    assert refused.value.reason.isprintable()
    assert len(refused.value.reason) < 500


def job(**more: object) -> RunnerJob:
    told = {"model": "/a.tflite", "images": "/a.npy", "scores": "/s", "threads": 1} | more
    return RunnerJob(contract=Preprocessing(input_size=64), **told)


def test_a_job_tells_only_what_is_asked_for() -> None:
    assert set(json.loads(job().to_json())) == {
        "schema",
        "model",
        "images",
        "scores",
        "threads",
        "contract",
    }
    told = json.loads(job(delegate="gpu", warmup_runs=0, runs=5).to_json())
    assert (told["schema"], told["delegate"], told["runs"]) == (
        "edgetag.phone-job/1.1",
        "gpu",
        5,
    )
    assert RunnerJob.from_json(job(runs=5).to_json(), "x") == job(runs=5)


@pytest.mark.parametrize(
    "more", [{"model": None}, {"variant": "int8"}, {"images": None}, {"pictures": "/p"}]
)
def test_a_job_names_one_model_and_one_kind_of_images(more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="and not both"):
        job(**more)


def test_the_schemas_describe_the_records() -> None:
    for name, kind in RECORDS.items():
        schema = phone_schema(name)
        assert "schema" in schema["required"]
        assert set(schema["properties"]) == {
            field.alias or key for key, field in kind.model_fields.items()
        }
    scores = phone_schema("scores")
    assert set(scores["required"]) == set(ANSWER)
    assert set(phone_schema("job")["required"]) == {"schema", "scores", "threads", "contract"}
