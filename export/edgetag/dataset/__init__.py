"""Label formats → manifest → split → cache → batches.

Names are loaded when first used: worker processes and the command's start do without polars.

- `stage`: the dataset stage: labels and images in, manifest and image cache out.
- `result`: what the dataset stage and `data check` report; both are JSON.
- `tables`: tables of the data: counts by tag and split, and what was or would be left out.
- `answers`: tables of answers: what people say of tags in pictures, as `[data] corrections` takes
  them.
- `attribution`: who made the pictures and under which licences: a text beside the labels.
- `before_answers`: a column of tables with people's answers among their labels: what stood there
  before.
- `check`: `edgetag data check`: what a run would use, drop and refuse, without writing anything.
- `correcting`: labels with people's corrections over them: which answer counts.
- `integrity`: whether the image cache is as it was written: a lost or damaged shard must not go
  unnoticed.
- `inspection`: looks at files once: digests, perceptual hashes, pixels.
- `location`: where a listed path leads, and whether that is inside the data root.
- `near_duplicates`: pairs of pictures whose perceptual hashes nearly agree.
- `preview`: a contact sheet: for each tag some pictures that have it, as the network sees them.
- `prospects`: what splits a run cannot do without: told before training, by `data check` and by
  training.
- `source_files`: pictures as rows name them: a file below the data root, within limits, and its
  region.
- `split`: deterministic splits: by the hash of bytes or group, never by chance or by file order.
- `survey`: what labels and images are there, before a recipe says so: what `edgetag recipe new`
  writes.
- `unlabelled`: pictures of a folder without labels, beside those of the data.
- `unlabelled_files`: the files of such folders.
- `workers`: a pool of worker processes that start fast, never outlive their parent, and stop on
  Ctrl-C.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgetag.dataset.view import Dataset, Rows, open_dataset

__all__ = ["Dataset", "Rows", "open_dataset"]


if not TYPE_CHECKING:  # else any name would pass for one that is there

    def __getattr__(name: str) -> Any:
        if name in __all__:
            from edgetag.dataset import view

            return getattr(view, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
