"""The sections of the page, in their order: adding one is a line here, a module and a template."""

from collections.abc import Callable
from dataclasses import dataclass

from edgetag.reporting.page import (
    baseline,
    causes,
    changes,
    curves,
    data,
    files,
    float_errors,
    robustness,
    shipping,
    tags,
    variants,
)
from edgetag.reporting.page.view import Values, View


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes:
        name: Its anchor, and the name of its template in `templates/sections`.
        link: What leads to it, in the list at the top.
        values: Returns what its template shows.
    """

    name: str
    link: str
    values: Callable[[View], Values]


SECTIONS = (
    Section("variants", "Variants", variants.section),
    Section("shipped", "File and input", shipping.section),
    Section("tags", "Tags", tags.section),
    Section("curves", "Curves", curves.section),
    Section("changes", "Changed decisions", changes.section),
    Section("errors", "Errors of the float model", float_errors.section),
    Section("data", "Data", data.section),
    Section("layers", "Layers", causes.layers_section),
    Section("preprocessing", "Preprocessing", causes.preprocessing_section),
    Section("robustness", "Attacks", robustness.section),
    Section("baseline", "Baseline", baseline.section),
    Section("environment", "Environment", files.section),
)
