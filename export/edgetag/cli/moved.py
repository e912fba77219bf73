"""Spellings of commands that have moved: an error that prints what to type now."""

import shlex
from collections.abc import Container, Iterator, Mapping, Sequence

from edgetag.errors import InputError

GROUPS = {"device": "target"}
"""Groups of verbs by the name that they had before."""

ELSEWHERE = {
    "validate": ("target check", "phone check"),
    "bench": ("target count", "phone bench"),
}
"""Verbs that took `--on` → the verbs that do so on other targets, and on phones."""

IN_RECIPE = {
    "--threads": "threads",
    "--warmup-runs": "warmup_runs",
    "--runs": "runs",
    "--min-secs": "min_s",
    "--max-secs": "max_s",
    "--rounds": "rounds",
    "--min-delegated": "min_delegated",
    "--images": "images",
}
"""Options of `bench --on adb` → keys of the recipe's `[phones]`."""


Options = Sequence[tuple[str, str]]
"""Option and value, in the order typed; a word of another kind has no option's name."""


def refuse_old_spelling(arguments: Sequence[str]) -> None:
    """Refuse a command as it was spelt before, and say how it is spelt now.

    Args:
        arguments: All that was typed after `edgetag`.

    Raises:
        InputError: It is an old spelling.
    """
    verb, *rest = arguments or ("",)
    if verb in GROUPS:
        raise _moved(verb, [[GROUPS[verb], *rest]])
    if verb == "validate" and any(word.partition("=")[0] == "--model" for word in rest):
        raise _moved("validate --model", [["validate", "file", *_files(rest)]])
    options = tuple(_options(rest[1:] if rest[:1] == ["run"] else rest))
    places = [value for name, value in options if name == "--on"]
    if verb not in ELSEWHERE or not places:
        return
    on_targets, on_phones = ELSEWHERE[verb]
    phones = [place for place in places if place.partition(":")[0] == "adb"]
    targets = [place for place in places if place not in phones]
    in_recipe = IN_RECIPE if verb == "bench" and phones else {}
    commands = [[*on_targets.split(), *_on_targets(options, targets)]] if targets else []
    commands += [[*on_phones.split(), *_on_phone(options, phone, in_recipe)] for phone in phones]
    raise _moved(f"{verb} --on", commands, _lines(options, in_recipe))


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    waiting = iter(words)
    for word in waiting:
        name, equals, value = word.partition("=")
        if name in ("--on", "--runtime", *IN_RECIPE):
            yield name, value if equals else next(waiting, "")
        else:
            yield "", word


def _files(words: Sequence[str]) -> list[str]:
    """Return the words with files and their names, as `NAME=FILE`, behind the recipe."""
    given: dict[str, list[str]] = {"--model": [], "--name": []}
    kept: list[str] = []
    waiting = iter(words[1:] if words[:1] == ["run"] else words)
    for word in waiting:
        option, equals, value = word.partition("=")
        if option in given:
            given[option].append(value if equals else next(waiting, ""))
        else:
            kept.append(word)
    names = given["--name"]
    files = [
        f"{names[place]}={file}" if place < len(names) else file
        for place, file in enumerate(given["--model"])
    ]
    return [*kept[:1], *files, *kept[1:]]


def _on_targets(options: Options, targets: Sequence[str]) -> list[str]:
    runtimes = [value for name, value in options if name == "--runtime"]
    engines = [f"{runtime}@{target}" for target in targets for runtime in runtimes]
    return [*_kept(options, ()), *(word for on in engines or targets for word in ("--on", on))]


def _on_phone(options: Options, phone: str, in_recipe: Container[str]) -> list[str]:
    _, colon, serial = phone.partition(":")
    return [*_kept(options, in_recipe), *(["--serial", serial] if colon else [])]


def _kept(options: Options, in_recipe: Container[str]) -> Iterator[str]:
    """Yield the words that stay as they are."""
    for name, value in options:
        if name not in ("--on", "--runtime") and name not in in_recipe:
            yield from (name, value) if name else (value,)


def _lines(options: Options, in_recipe: Mapping[str, str]) -> list[str]:
    """Return options as lines of the recipe."""
    threads = ", ".join(value for name, value in options if name == "--threads")
    values = {
        in_recipe[name]: f"[{threads}]" if name == "--threads" else value
        for name, value in options
        if name in in_recipe
    }
    return [f"{key} = {value}" for key, value in values.items()]


def _moved(before: str, commands: Sequence[Sequence[str]], lines: Sequence[str] = ()) -> InputError:
    now = "; then: ".join(f"edgetag {shlex.join(command)}" for command in commands)
    recipe = "\n".join(("\nand write into the recipe:", "[phones]", *lines)) if lines else ""
    return InputError(f"edgetag {before} has moved; type: {now}{recipe}")
