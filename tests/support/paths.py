"""Where the repository, the tiny models and the released bundle lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The repository's root."""
MODELS = ROOT / "tests" / "models"
"""Tiny files, trained for nothing: `make_tiny_models.py` there wrote them."""
RELEASED = next((ROOT / "models" / "demo").glob("demo-*.zip"))
"""The bundle that the repository carries."""
