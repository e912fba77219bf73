"""A stand-in for `am instrument` and the demo app: `edgetag.phone-job` in, real LiteRT scores out.

`$PHONE/app.json` says how it behaves: `installed` (ids of apps), and `answer`, top-level keys of
its answer to put others in place of. Files of the phone lie in `$PHONE/root`.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.preprocess import Preprocessing
from edgetag.runtimes import engines
from edgetag.runtimes.encoding import decode, encode, encoding_table
from edgetag.runtimes.inference import run_once
from edgetag.runtimes.session import Session
from edgetag.workspace import digest_file

PHONE = Path(os.environ["PHONE"])
TAGS = ["cat", "dog", "food"]


def local(path: str) -> Path:
    return PHONE / "root" / path.lstrip("/")


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Return what the app writes."""
    model = local(job["model"])
    started = time.perf_counter()
    session = engines.loader("litert").load(model, job["threads"])
    load_ms = (time.perf_counter() - started) * 1000
    contract = Preprocessing(**job["contract"])
    table = encoding_table(contract, session.input)
    images = np.load(local(job["images"]), allow_pickle=False)
    scores = [
        decode(run_once(session, encode(image[None], table)), session.output).tolist()
        for image in images
    ]
    return {
        "schema": "edgetag.phone-scores/1.1",
        "model_sha256": digest_file(model),
        "tags": TAGS,
        "device": {"manufacturer": "Google", "model": "Pixel 8", "sdk": 35, "soc": "Tensor G3"},
        "engine": {
            "name": "LiteRT",
            "version": "2.3.0",
            "threads": job["threads"],
            "delegate": job["delegate"],
            "requested_delegate": job["delegate"],
            "fell_back": "",
        },
        "self_test": {"passed": True, "family": "litert", "max_difference": 0.0},
        "load_ms": load_ms,
        "latency_ms": timed(session, encode(images[:1], table), job),
        "images": [
            {"name": str(place), "scores": [min(max(s, 0.0), 1.0) for s in row]}
            for place, row in enumerate(scores)
        ],
    }


def timed(session: Session, values: npt.NDArray[Any], job: dict[str, Any]) -> dict[str, Any] | None:
    if not job.get("runs"):
        return None
    times = []
    for _ in range(job["warmup_runs"] + job["runs"]):
        started = time.perf_counter()
        run_once(session, values)
        times.append((time.perf_counter() - started) * 1000)
    p50, p90, p99 = np.percentile(times[job["warmup_runs"] :], [50, 90, 99]).tolist()
    return {
        "warmup_runs": job["warmup_runs"],
        "runs": job["runs"],
        "p50": p50,
        "p90": p90,
        "p99": p99,
        "cpuset": "/top-app",
    }


def main() -> None:
    *flags, component = sys.argv[1:]
    if flags[:4] != ["instrument", "-w", "-e", "job"]:
        raise SystemExit(f"am: unknown command {flags}")
    package = component.removesuffix("/.Headless")
    told = json.loads((PHONE / "app.json").read_text())
    if package not in told["installed"]:
        print("INSTRUMENTATION_STATUS: id=ActivityManagerService")
        print(
            "INSTRUMENTATION_STATUS: Error=Unable to find instrumentation info for: "
            f"ComponentInfo{{{package}/{package}.Headless}}"
        )
        print("INSTRUMENTATION_STATUS_CODE: -1")
        return
    job = json.loads(Path(flags[4]).read_text())
    written = answer(job) | told.get("answer", {})
    folder = f"/storage/emulated/0/Android/media/{package}"
    local(folder).mkdir(parents=True, exist_ok=True)
    (local(folder) / "scores-1.json").write_text(json.dumps(written))
    print(f"INSTRUMENTATION_RESULT: scores={folder}/scores-1.json")
    print("INSTRUMENTATION_CODE: -1")


if __name__ == "__main__":
    main()
