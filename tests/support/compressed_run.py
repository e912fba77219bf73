"""What compression starts from in tests: a recipe's head, and what the train stage would leave."""

from edgetag.recipe import Recipe
from edgetag.training.result import Thresholds
from edgetag.workspace import Workspace

HEAD = """name = "tiny"
[data]
source = "labels.csv"
tags = ["bright", "red", "striped", "framed"]
"""


def train_stage_stand_in(recipe: Recipe, workspace: Workspace) -> None:
    """Leave what the train stage would: weights of some model, and thresholds."""
    from edgetag.networks import build_untrained, save_weights

    save_weights(build_untrained(recipe.network, 4), workspace.train / "model.npz")
    thresholds = Thresholds(
        policy="fixed", split="validation", thresholds=dict.fromkeys(recipe.data.tags, 0.5)
    )
    thresholds.write(workspace.train / "thresholds.json")
