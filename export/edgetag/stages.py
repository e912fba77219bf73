"""The stages in the order data flows, and what each needs."""

from dataclasses import dataclass
from typing import Any

from edgetag.catalogue.variants import trained_by
from edgetag.recipe import Recipe


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline.

    Attributes:
        name: The verb.
        package: Its folder under `edgetag`; its sources are part of the fingerprint.
        module: The module in it with `run(recipe, workspace, progress) -> Result`.
        sections: Sections of the recipe that change what it does.
        needs: Stages whose outputs it reads.
        outputs: Files it leaves, as patterns relative to the run folder; the first is its result.
        result: `module:class` of its result.
        variants: The stage is only for these, which it trains; empty means for every recipe.
        asked_for: The stage is only for recipes that fill this key, such as `targets.on`.
        requires: A function of its module, called with the recipe before any stage is run, that
            refuses what this machine, or a folder that the recipe names, lacks.
        seeded: Whether the recipe's seed changes what it does.
        takes_in: Files in the run folder that it reads if they are there, also where no stage of
            the recipe leaves them.
        tells_recipe: Whether it tells what the recipe is, by its digest for one, so that any key
            makes it out of date. What it is else made by follows from `sections` alone.
    """

    name: str
    package: str
    module: str
    sections: tuple[str, ...]
    needs: tuple[str, ...]
    outputs: tuple[str, ...]
    result: str
    variants: tuple[str, ...] = ()
    asked_for: str = ""
    requires: str = ""
    seeded: bool = True
    takes_in: tuple[str, ...] = ()
    tells_recipe: bool = False

    def wanted(self, recipe: Recipe) -> bool:
        """Tell whether a recipe has anything for this stage to do."""
        if self.asked_for and not value_at(recipe.model_dump(mode="json"), self.asked_for):
            return False
        return not self.variants or bool(set(self.variants) & set(recipe.export.variants))

    def if_needed(self, recipe: Recipe) -> bool:
        """Tell whether a recipe has work for this stage only where no full-integer file passes."""
        return bool(set(self.variants) & set(recipe.export.fallback))


STAGES: tuple[Stage, ...] = (
    Stage(
        "dataset",
        "dataset",
        "stage",
        ("data", "network.name", "network.input_size"),
        (),
        (
            "dataset/summary.json",
            "dataset/manifest.parquet",
            "dataset/rejected.csv",
            "dataset/corrections.csv",
            "dataset/answers.csv",
            "dataset/cache/index.json",
            "dataset/unlabelled/dataset/manifest.parquet",
            "dataset/unlabelled/dataset/cache/index.json",
        ),
        "dataset.result:DatasetResult",
        seeded=False,
    ),
    Stage(
        "train",
        "training",
        "stage",
        ("network", "training", "teacher"),
        ("dataset",),
        (
            "train/train.json",
            "train/model.npz",
            "train/thresholds.json",
            "train/history.jsonl",
            "train/left_out.csv",
        ),
        "training.result:TrainResult",
    ),
    Stage(
        "narrow",
        "narrowing",
        "stage",
        (
            "network",
            "training",
            "teacher",
            "compress.channels",
            "export.variants",
            "export.if_needed",
            # These decide what a file costs, and so how wide a network with a budget is.
            "export.input_type",
            "export.output_type",
            "export.explain",
            "export.author",
            "export.license",
        ),
        ("dataset", "train"),
        ("narrow/narrow.json", "narrow/*.npz"),
        "compression.result:NarrowResult",
        trained_by("narrow"),
        requires="require",
    ),
    Stage(
        "prune",
        "compression",
        "prune_stage",
        ("network", "training", "teacher", "pruning", "export.variants", "export.if_needed"),
        ("dataset", "train", "narrow"),
        ("prune/prune.json", "prune/*.npz"),
        "compression.result:PruneResult",
        trained_by("prune"),
    ),
    Stage(
        "quantize",
        "compression",
        "quantize_stage",
        ("network", "training", "quantization", "export.variants", "export.if_needed"),
        ("dataset", "train", "narrow", "prune"),
        ("quantize/quantize.json", "quantize/*.npz"),
        "compression.result:QuantizeResult",
        trained_by("quantize"),
    ),
    Stage(
        "export",
        "conversion",
        "stage",
        ("network", "export", "pruning"),
        ("dataset", "train", "narrow", "prune", "quantize"),
        (
            "export/export.json",
            "export/*.tflite",
            "export/serving/*/1/saved_model.pb",
            "export/serving/*/1/variables/variables.*",
            "export/float.onnx",
            "export/weights.safetensors",
        ),
        "conversion.result:ExportResult",
        requires="require",
    ),
    Stage(
        "validate",
        "validation",
        "stage",
        (
            "network",
            "validation",
            "budgets",
            "training.thresholds",
            "export.variants",
            "export.if_needed",
            "bundle.variants",
        ),
        ("dataset", "train", "export"),
        (
            "validate/verdict.json",
            "validate/details.json",
            "validate/changes.parquet",
            "validate/reference.npz",
        ),
        "validation.result:Verdict",
    ),
    Stage(
        "bench",
        "benchmarking",
        "stage",
        ("network", "validation.splits", "benchmark", "budgets"),
        ("dataset", "train", "export"),
        ("bench/bench.json",),
        "benchmarking.result:BenchResult",
    ),
    Stage(
        "targets",
        "targets",
        "stage",
        (
            "network",
            "validation.splits",
            "validation.runtimes",
            "benchmark.runtimes",
            "benchmark.budget_runtime",
            "budgets",
            "targets",
        ),
        ("dataset", "export"),
        ("targets/targets.json",),
        "targets.result:TargetsResult",
        asked_for="targets.on",
        requires="require",
    ),
    Stage(
        "explain",
        "explaining",
        "stage",
        ("network", "validation", "explain"),
        ("dataset", "train", "export"),
        ("explain/explain.json",),
        "explaining.result:Explanation",
    ),
    Stage(
        "bundle",
        "bundling",
        "stage",
        ("data", "network", "export.license", "bundle"),
        ("dataset", "train", "export", "validate"),
        ("bundle/bundle.json", "bundle/*.zip"),
        "bundling.result:BundleResult",
        requires="require",
        tells_recipe=True,
    ),
    Stage(
        "report",
        "reporting",
        "stage",
        ("budgets", "validation", "bundle.variants", "bundle.license"),
        (
            "dataset",
            "train",
            "narrow",
            "prune",
            "quantize",
            "export",
            "validate",
            "bench",
            "targets",
            "explain",
            "bundle",
        ),
        ("report/report.json", "report/index.html", "report/summary.md", "report/junit.xml"),
        "reporting.result:ReportResult",
        # A target that the recipe does not name is asked by hand.
        takes_in=("bench/phones.json", "robustness/robustness.json", "targets/targets.json"),
        tells_recipe=True,
    ),
)


def stage(name: str) -> Stage:
    """Return a stage by name."""
    return next(candidate for candidate in STAGES if candidate.name == name)


def needs(which: Stage, recipe: Recipe) -> list[str]:
    """Return the stages before a stage that a recipe wants, or wants if needed."""
    return [
        need for need in which.needs if stage(need).wanted(recipe) or stage(need).if_needed(recipe)
    ]


def value_at(values: Any, key: str) -> Any:
    """Return what is at a dotted key of a recipe's values."""
    for part in key.split("."):
        values = values[part]
    return values
