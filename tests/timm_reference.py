"""Records what timm's MobileNetV4 computes, and names and shapes of its weights: `make timm`.

It runs in an environment with timm and torch, without edgetag. The weights are made by a formula,
so that no file of weights is needed; tests/networks/test_mobilenet_v4.py holds edgetag's networks
to what is recorded here.
"""

import json
import sys
from pathlib import Path

import timm  # type: ignore[import-not-found]
import torch  # type: ignore[import-not-found]

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.timm_weights import made_array, made_picture

FOLDER = Path(__file__).parent / "networks" / "timm"
CHANNELS = slice(None, None, 40)
"""Those of the last feature map that are recorded: 24 of 960."""


def main() -> None:
    """Write one JSON file for each network."""
    for name in ("mobilenetv4_conv_small", "mobilenetv4_conv_medium"):
        model = timm.create_model(name).eval()
        state = {
            key: torch.from_numpy(made_array(key, tuple(value.shape)))
            for key, value in model.state_dict().items()
            if value.is_floating_point()
        }
        model.load_state_dict(state, strict=False)  # batches counted are no numbers of the formula
        picture = torch.from_numpy(made_picture().transpose(0, 3, 1, 2))
        with torch.no_grad():
            features = model.forward_features(picture).numpy()
        record = {
            "timm": timm.__version__,
            "torch": torch.__version__,
            "shapes": {key: list(value.shape) for key, value in state.items()},
            "features": features[0].transpose(1, 2, 0)[..., CHANNELS].tolist(),
        }
        text = json.dumps(record, separators=(",", ":")).replace("],", "],\n")
        (FOLDER / f"{name}.json").write_text(text + "\n")
        print(f"{name}: {len(state)} arrays, features {list(features.shape)}")


if __name__ == "__main__":
    main()
