"""What `robustness/robustness.json` says of the files as they are now, by the labels of now."""

from edgetag.conversion.exported import exported_if_there
from edgetag.dataset import Dataset, open_dataset
from edgetag.robustness.result import Robustness
from edgetag.training.result import trained_thresholds
from edgetag.workspace import Workspace, digest_json


def judged_by(workspace: Workspace, dataset: Dataset, split: str) -> str:
    """Return a digest of the pictures, labels and thresholds that figures rest on.

    Raises:
        InputError: Thresholds are missing, or of other tags.
    """
    thresholds = trained_thresholds(workspace, dataset.vocabulary.names)
    return digest_json([dataset.digest(dataset.rows(split)), thresholds])


def read_current(workspace: Workspace) -> Robustness | None:
    """Return what attacks cost the files as they are now; None where none was attacked.

    Figures by other labels or thresholds than there are now are left out. Where the data are not
    here, all are taken to be of them.

    Raises:
        InputError: The result, or what it rests on, is damaged.
    """
    kept = Robustness.read_if_there(workspace.robustness / "robustness.json", "robustness")
    made = exported_if_there(workspace)
    if kept is None or made is None:
        return kept
    has_data = (workspace.cache / "index.json").exists()
    if kept.judged_sha256 and has_data and (workspace.train / "thresholds.json").exists():
        dataset = open_dataset(workspace)
        there = kept.split in dataset.splits()
        if not there or judged_by(workspace, dataset, kept.split) != kept.judged_sha256:
            return None
    return kept.only({file.sha256 for file in made.variants})
