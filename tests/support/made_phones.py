"""What phones gave, made up: of one file, all kinds of figures."""

from edgetag.phones.figures import (
    AppEngineRecord,
    AppMeasurement,
    AppPercentiles,
    Condition,
    Delegation,
    PhoneLatency,
    PhoneMeasurement,
    PhoneRound,
    PhoneScores,
)
from edgetag.phones.problems import Problem
from edgetag.phones.result import PhoneFailure, PhoneRecord, PhonesResult


def felt(status: int) -> Condition:
    return Condition(
        thermal_status=status,
        hottest_sensor_status=None,
        temperatures_c={"CPU0": 40.0 + status},
        battery_percent=80,
        battery_temperature_c=30,
        powered=True,
        battery_saver=False,
        screen="awake",
        locked=False,
    )


def make_phones(sha256: str, model: str = "Pixel 8", unlock: str = "unlock it") -> PhonesResult:
    """Return a phone that grew hot: one figure of benchmark_model, one of the app, scores.

    `model` is its name; `unlock` is why another one was not measured.
    """
    latency = PhoneLatency(
        runs=150,
        avg=3.25,
        std=0.5,
        min=3,
        max=9,
        p5=3.1,
        p50=3.2,
        p95=4.4,
    )
    engine = AppEngineRecord(
        name="LiteRT",
        version="2.3.0",
        threads=4,
        delegate="gpu",
        self_test_family="litert",
        self_test_max_difference=0.001,
    )
    percentiles = AppPercentiles(runs=60, p50=5.5, p90=6.6, p99=7.7)
    return PhonesResult(
        measured_at="2026-11-22T04:00:00+00:00",
        versions={"adb": "1"},
        benchmark_model_sha256="b" * 64,
        warmup_runs=5,
        runs=150,
        min_s=1,
        max_s=10,
        rounds=3,
        phones=(
            PhoneRecord(
                id="abc",
                manufacturer="",
                model=model,
                android="15",
                api=35,
                build="",
                soc="",
                abis=(),
            ),
        ),
        results=(
            PhoneMeasurement(
                phone="abc",
                variant="int8",
                sha256=sha256,
                size_bytes=9,
                threads=1,
                requested="gpu",
                latency_ms=latency,
                rounds=(PhoneRound(latency_ms=latency, thermal_status=3),),
                warmup_avg_ms=None,
                first_ms=None,
                init_ms=8.8,
                memory_init_mb=None,
                memory_overall_mb=None,
                delegations=(
                    Delegation(
                        delegate="GPU",
                        taken="part",
                        nodes=30,
                        of_nodes=40,
                        operators={"CONV_2D": 30},
                        share_of_time=0.9,
                    ),
                ),
                operators=(),
                before=felt(0),
                after=felt(3),
                throttled=True,
                notes=(
                    "throttled: its thermal status reached moderate or worse",
                    "unstable: twice",
                ),
                command="x",
            ),
        ),
        apps=(
            AppMeasurement(
                phone="abc",
                variant="int8",
                sha256=sha256,
                engine=engine,
                latency_ms=percentiles,
                rounds=(percentiles,),
                load_ms=11,
                before=None,
                after=None,
                throttled=False,
                notes=(),
            ),
        ),
        scores=(
            PhoneScores(
                phone="abc",
                variant="int8",
                sha256=sha256,
                runner_sha256=None,
                file="f",
                images=98,
                lacking=2,
                seconds=None,
                map=0.75,
                host_map=0.875,
                max_difference=0.25,
                mean_difference=0.125,
                engine=engine,
            ),
        ),
        failures=(
            PhoneFailure(
                phone="def",
                name="Nokia",
                variant=None,
                problem=Problem.UNAUTHORIZED,
                reason=unlock,
            ),
        ),
    )
