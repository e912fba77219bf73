"""What a phone is, and how it feels: heat, battery, screen.

Android's text dumps differ from phone to phone, so they are read leniently: what is not found is
None, and a number out of its range counts as not found. Some phones never report a thermal
status above 0, however hot they are; the temperatures stand beside it for that reason.
"""

import math
import re
from collections.abc import Sequence

from edgetag.errors import one_line
from edgetag.phones.figures import Condition
from edgetag.phones.phone import Phone
from edgetag.phones.result import PhoneRecord

MODERATE = 2
"""`PowerManager.THERMAL_STATUS_MODERATE`: from here on, a phone slows itself down noticeably."""

MOST_SENSORS = 100
LONGEST = 80

_NO_TEMPERATURES = "[678],"
"""Types of `Temperature` that are the battery's voltage, current and percentage: BCL_VOLTAGE,
BCL_CURRENT and BCL_PERCENTAGE of Android's `TemperatureType`. Their status is not one of heat."""

_TEMPERATURE = re.compile(
    rf"Temperature\{{mValue=([-+.\dEe]{{1,20}}), mType=(?!{_NO_TEMPERATURES})-?\d+, "
    r"mName=([^,{}]{1,60}), mStatus=(\d)\}"
)
_QUESTIONS: tuple[tuple[str, ...], ...] = (
    ("dumpsys", "thermalservice"),
    ("dumpsys", "battery"),
    ("dumpsys", "power"),
    ("dumpsys", "trust"),
    ("settings", "get", "global", "low_power"),
)


def identify(phone: Phone) -> PhoneRecord:
    """Ask a phone what it is.

    Raises:
        PhoneError: It is gone.
    """
    return read_properties(phone.shell("getprop").text, phone.listed.id, phone.listed.model)


def read_properties(text: str, phone_id: str, model: str) -> PhoneRecord:
    """Read what `getprop` prints: lines `[key]: [value]`.

    `model` is taken where it tells none.
    """
    properties = _properties(text)
    chip = [properties.get(key, "") for key in ("ro.soc.manufacturer", "ro.soc.model")]
    soc = " ".join(part for part in chip if part)
    abis = (
        properties.get("ro.product.cpu.abilist") or properties.get("ro.product.cpu.abi", "")
    ).split(",")
    return PhoneRecord(
        id=phone_id,
        manufacturer=properties.get("ro.product.manufacturer", ""),
        model=properties.get("ro.product.model") or _shown(model),
        android=properties.get("ro.build.version.release", ""),
        api=_whole(properties.get("ro.build.version.sdk", ""), 1000),
        build=properties.get("ro.build.fingerprint", ""),
        soc=soc or properties.get("ro.board.platform") or properties.get("ro.hardware", ""),
        abis=tuple(abi for abi in abis if re.fullmatch(r"[\w-]{1,30}", abi)),
    )


def own_serial(phone: Phone) -> str:
    """Return the serial number that a phone itself tells, however adb reaches it.

    Returns:
        "" where it tells none, or is an emulator, of which all tell the same.

    Raises:
        PhoneError: It is gone.
    """
    serial = _properties(phone.shell("getprop").text).get("ro.serialno", "")
    return "" if serial.startswith("EMULATOR") else serial


def _properties(text: str) -> dict[str, str]:
    properties: dict[str, str] = {}
    for key, value in re.findall(r"^\[([\w.]{1,100})\]: \[(.{0,200})\]\r?$", text, re.MULTILINE):
        properties.setdefault(key, _shown(value))
    return properties


def condition(phone: Phone) -> Condition:
    """Ask a phone for its heat, battery and screen.

    Raises:
        PhoneError: It is gone.
    """
    return read_condition(*(answer.text for answer in phone.ask(*_QUESTIONS)))


def read_condition(thermal: str, battery: str, power: str, trust: str, low_power: str) -> Condition:
    """Read the answers to `dumpsys thermalservice`, `battery`, `power`, `trust` and low_power."""
    sensors = _sensors(thermal)
    tenths = _whole(_field(battery, "temperature"), 2000)
    awake = re.search(r"\bmWakefulness=(\w{1,20})", power)
    locked = re.search(r"\bdeviceLocked=([01])", trust)
    return Condition(
        thermal_status=_whole(_field(thermal, "Thermal Status"), 6),
        hottest_sensor_status=max((status for _, status in sensors.values()), default=None),
        temperatures_c={name: value for name, (value, _) in sensors.items()},
        battery_percent=_whole(_field(battery, "level"), 100),
        battery_temperature_c=None if tenths is None else tenths / 10,
        powered=_powered(battery),
        battery_saver={"0": False, "1": True}.get(low_power.strip()),
        screen=awake[1].lower() if awake else None,
        locked=None if locked is None else locked[1] == "1",
    )


def _sensors(thermal: str) -> dict[str, tuple[float, int]]:
    """Return each sensor's degrees and status: current ones, cached where there are none."""
    current = thermal.partition("Current temperatures from HAL:")[2]
    current = current.partition("Current cooling devices")[0]
    sensors: dict[str, tuple[float, int]] = {}
    for value, name, status in _TEMPERATURE.findall(current) or _TEMPERATURE.findall(thermal):
        try:
            celsius = float(value)
        except ValueError:
            continue
        if math.isfinite(celsius) and -60 < celsius < 200 and len(sensors) < MOST_SENSORS:
            sensors.setdefault(_shown(name), (celsius, int(status)))
    return sensors


def _powered(battery: str) -> bool | None:
    """Tell whether a cable or a dock powers the phone."""
    flags = re.findall(r"^\s*\w{1,20} powered: (true|false)\b", battery, re.MULTILINE)
    return "true" in flags if flags else None


def _field(text: str, name: str) -> str:
    match = re.search(rf"^\s*{re.escape(name)}: (\S{{1,20}})\s*$", text, re.MULTILINE)
    return match[1] if match else ""


def _whole(text: str, most: int) -> int | None:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return None
    return int(text) if int(text) <= most else None


def _shown(text: str) -> str:
    return one_line(text, LONGEST) if text.strip() else ""


def notes(felt: Sequence[Condition]) -> tuple[str, ...]:
    """Say in words what about a phone speaks against figures taken while it felt so.

    Args:
        felt: At least one moment, the latest last.
    """
    texts = []
    if any(throttled(condition) for condition in felt):
        texts.append("throttled: its thermal status reached moderate or worse")
    if any(condition.battery_saver for condition in felt):
        texts.append("battery saver was on")
    screens = [
        condition.screen for condition in felt[1:] if condition.screen not in (None, "awake")
    ]
    if screens:
        texts.append(f"the screen was {screens[-1]}; phones slow down then")
    if any(condition.locked for condition in felt[1:]):
        texts.append("the phone was locked")
    if felt[0].thermal_status is None:
        texts.append("it tells no thermal status")
    return tuple(texts)


def throttled(condition: Condition) -> bool:
    """Tell whether a phone, or one of its sensors, says moderate or worse."""
    return (worst_status(condition) or 0) >= MODERATE


def worst_status(*felt: Condition) -> int | None:
    """Return the worst status of a phone and its sensors; None where it tells none."""
    statuses = [
        status
        for condition in felt
        for status in (condition.thermal_status, condition.hottest_sensor_status)
    ]
    return max((status for status in statuses if status is not None), default=None)
