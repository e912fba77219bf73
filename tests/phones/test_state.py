"""What is read of a phone: its name, heat, battery, screen."""

import pytest

from edgetag.phones.state import notes, read_condition, read_properties, throttled
from tests.phones.street import BATTERY, POWER, PROPERTIES, TRUST, thermal


def test_a_phone_is_named_by_model_chip_and_android() -> None:
    found = read_properties(PROPERTIES, "abc", "Pixel 8")
    assert found.name == "Pixel 8, Google Tensor G3, Android 15"
    assert (found.api, found.abis) == (35, ("arm64-v8a",))


def test_a_phone_that_tells_little_still_has_a_name() -> None:
    found = read_properties("[ro.hardware]: [qcom]\r\n", "abc", "SM_G970N")
    assert found.name == "SM_G970N, qcom"
    assert read_properties("", "abc", "").name == "phone"


def test_names_hold_no_control_characters_and_no_second_line() -> None:
    hostile = "[ro.product.model]: [\x1b[31mPixel\x07 \u202e8]\n[ro.soc.model]: [a\n[x]: [y]\n"
    name = read_properties(hostile, "abc", "").name
    assert name.isprintable()
    assert len(read_properties(f"[ro.product.model]: [{'x' * 200}]\n", "abc", "").name) == 80


def test_current_temperatures_are_read_and_cached_ones_are_not() -> None:
    found = read_condition(thermal(1, 42.5), BATTERY, POWER, TRUST, "0\n")
    assert found.temperatures_c == {"CPU0": 42.5}
    assert (found.thermal_status, found.battery_percent) == (1, 83)
    assert found.battery_temperature_c == pytest.approx(29.1)
    assert (found.powered, found.battery_saver) == (True, False)
    assert (found.screen, found.locked) == ("awake", False)
    assert not throttled(found)
    assert notes((found, found)) == ()


BATTERY_FIGURES = """
\tTemperature{mValue=4.285, mType=6, mName=vbat, mStatus=6}
\tTemperature{mValue=1.2, mType=7, mName=ibat, mStatus=3}
\tTemperature{mValue=15.0, mType=8, mName=socd, mStatus=2}
"""
"""As phones of several makers list them among their temperatures."""


def test_voltage_current_and_percentage_of_a_battery_are_no_temperatures() -> None:
    heading = "Current temperatures from HAL:"
    mixed = thermal(0, 42.5).replace(heading, heading + BATTERY_FIGURES)
    found = read_condition(mixed, BATTERY, POWER, TRUST, "0\n")
    assert found.temperatures_c == {"CPU0": 42.5}
    assert not throttled(found)
    alone = read_condition(heading + BATTERY_FIGURES, BATTERY, POWER, TRUST, "0\n")
    assert alone.temperatures_c == {}
    assert alone.hottest_sensor_status is None


@pytest.mark.parametrize("kind", [-1, 0, 5, 9, 10, 16])
def test_every_other_type_of_sensor_is_a_temperature(kind: int) -> None:
    line = f"Temperature{{mValue=40.0, mType={kind}, mName=a, mStatus=1}}"
    found = read_condition(line, BATTERY, POWER, TRUST, "0\n")
    assert (found.temperatures_c, found.hottest_sensor_status) == ({"a": 40.0}, 1)


@pytest.mark.parametrize(("status", "sensor"), [(2, 0), (5, 0), (0, 2)])
def test_moderate_heat_before_or_after_marks_a_run(status: int, sensor: int) -> None:
    cool = read_condition(thermal(0), BATTERY, POWER, TRUST, "0\n")
    hot = read_condition(thermal(status, 60, sensor), BATTERY, POWER, TRUST, "0\n")
    for before, after in ((cool, hot), (hot, cool)):
        assert any(note.startswith("throttled") for note in notes((before, after)))


def test_what_else_slows_a_phone_down_is_noted() -> None:
    cool = read_condition(thermal(0), BATTERY, POWER, TRUST, "0\n")
    asleep = read_condition(thermal(0), BATTERY, "mWakefulness=Asleep", "deviceLocked=1", "1\n")
    told = notes((cool, asleep))
    assert "battery saver was on" in told
    assert any("screen was asleep" in note for note in told)
    assert "the phone was locked" in told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "Can't find service: thermalservice",
        "Thermal Status: 99\nlevel: 4000000000",
        "Temperature{mValue=NaN, mType=0, mName=a, mStatus=0}",
        "Temperature{mValue=1e400, mType=0, mName=a, mStatus=0}",
    ],
)
def test_what_a_phone_does_not_tell_is_none(text: str) -> None:
    found = read_condition(text, text, text, text, text)
    assert found.thermal_status is None
    assert found.battery_percent is None
    assert found.temperatures_c == {}
    assert notes((found, found)) == ("it tells no thermal status",)
