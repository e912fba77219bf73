# make demo: everything from a fresh clone to a report. make test: every check.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Containers often set it. Then every process compiles every module that it imports anew: TensorFlow
# takes 12 s of a core to import instead of 4, and one command of edgetag 0.6 s instead of 0.25.
unexport PYTHONDONTWRITEBYTECODE
# Tests of one file share what it makes; the longest files come first (tests/conftest.py).
# Three processes for two cores, since tests wait for a seventh of their time. In each, and in what they
# start, NumPy gets one thread.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=15

.PHONY: help setup demo bench maps test system unit check timings composites decoding fuzz mutants planted mine-load timm torch other-python load review-load label-studio loop loop-seeds stages screens docs kotlin-docs release sbom lock clean

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 13

setup: $(READY) ## Create .venv and install the locked dependencies.

$(READY): requirements.lock pyproject.toml .ci/setup
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; install Python 3.11, or name yours: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) .ci/setup $(VENV)

demo: setup ## Build the demo images, train, compress, export, validate, benchmark.
	$(BIN)/edgetag data fetch --set demo --out data/demo
	$(BIN)/edgetag run models/demo/recipe.toml --out runs/demo --no-baseline

bench: setup ## The same on the larger set; needs npm and apt-get, takes up to 90 minutes.
	$(BIN)/edgetag data fetch --set bench --out data/bench
	$(BIN)/edgetag run models/bench/recipe.toml --out runs/bench --no-baseline

maps: setup ## Heat maps that lie on small things: 224 px, composites in training.
	$(BIN)/edgetag data fetch --set demo --out data/demo
	$(BIN)/edgetag run models/maps/recipe.toml --out runs/maps --no-baseline

check: setup ## Format, lint, types, import rules.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup ## The fast tests, without TensorFlow.
	$(PYTEST) -n 2 -m "not tensorflow and not slow"

system: # Debian's packages, which the slow tests need.
	@.ci/system

test: setup ## Every check and every test.
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check system
	$(PYTEST)

timings: setup ## How long commands take to start, and the imports that cost most.
	$(BIN)/python tests/timings.py

composites: setup ## Do heat maps lie on objects that are pasted at known places? The demo's bundle, or MODEL=FILE.
	PYTHONPATH=. $(BIN)/python tests/composites.py $(MODEL)

load: setup ## How does edgetag serve bear load? Open loop, 2 minutes; make load MORE=--long for ten more.
	PYTHONPATH=. $(BIN)/python tests/load.py $(MORE)

review-load: setup ## How fast is the page of edgetag review with 100,000 pictures? A minute.
	PYTHONPATH=. $(BIN)/python tests/review_load.py

label-studio: setup ## Do answers come back from Label Studio's real server as people gave them? 1 GB on disk, 2 minutes.
	.ci/label-studio build/label-studio
	PYTHONPATH=. $(BIN)/python tests/label_studio_round.py build/label-studio/bin/label-studio

loop: setup ## Does the circle of corrections close? Spoilt labels, mine, a simulated person, training.
	$(BIN)/edgetag data fetch --set demo --out data/demo
	PYTHONPATH=. $(BIN)/python tests/turns.py --out $(or $(OUT),runs/loop) $(if $(SEED),--seed $(SEED))

loop-seeds: setup ## How much of that is luck? Heads alone, on other spoilt labels and other errors.
	$(BIN)/edgetag data fetch --set demo --out data/demo
	PYTHONPATH=. OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/turn_seeds.py --out $(or $(OUT),runs/loop-seeds)

stages: setup ## What does each stage of training bring? A seed, more like it, head, all, SGD, augmentation, an ensemble.
	$(BIN)/edgetag data fetch --set demo --out data/demo
	PYTHONPATH=. $(BIN)/python tests/stages.py --out $(or $(OUT),runs/stages)

fuzz: setup ## Does any reader break at what strangers may write? 10 minutes, or MINUTES=60.
	PYTHONPATH=. $(BIN)/python tests/fuzz.py --minutes $(or $(MINUTES),10)

mutants: setup ## Would tests notice a wrong line where files are judged, pictures prepared, data split? Hours, or MOST=12 of each module: one.
	PYTHONPATH=. $(BIN)/python tests/mutants.py $(if $(MOST),--most $(MOST))

decoding: setup ## How fast JPEG is decoded and by what, with which pixels; what scaled decoding costs in tags.
	PYTHONPATH=. $(BIN)/python tests/decoding.py

planted: setup ## How many wrong labels does edgetag mine show first? After make demo, or OUT=RUN.
	PYTHONPATH=. $(BIN)/python tests/planted.py --out $(or $(OUT),runs/demo)

mine-load: setup ## How long does edgetag mine take with 100,000 pictures? Ten minutes.
	PYTHONPATH=. $(BIN)/python tests/mine_load.py

timm: ## Record anew what timm's MobileNetV4 computes, which tests hold ours to; 300 MB.
	.ci/timm build/timm tests/timm_reference.py

torch: setup ## Does PyTorch compute what TensorFlow does, from the ONNX file? Every network; 6 GB on disk.
	.ci/torch build/torch
	$(BIN)/python -P tests/torch_scores.py build/torch/bin/python

other-python: OTHER ?= python3.13
other-python: setup ## Does all but tflite-runtime work on OTHER=python3.12, or 3.13? Half an hour, 4 GB on disk.
	.ci/other-python $(OTHER) build/$(notdir $(OTHER))
	OPENBLAS_NUM_THREADS=1 build/$(notdir $(OTHER))/bin/python -m pytest -n 2 --dist loadfile tests \
	  --ignore tests/android --ignore tests/docs --ignore tests/targets --ignore tests/phones

screens: demo ## Draw the documents' pictures of pages anew, from make demo. Needs Chromium, and edgetag target setup browser.
	PYTHONPATH=. $(BIN)/python tests/screens.py runs/demo $(ONLY)

docs: setup ## Build the documents as a site in build/site; a broken link fails.
	$(BIN)/python docs/build.py build/site

kotlin-docs: docs ## Add the Android library's API, by Dokka, to build/site. Builds the demo app first, some minutes.
	$(BIN)/python android-demo/ci/build_apk.py build/demo.apk --bundle $$(ls models/demo/demo-*.zip)
	$(BIN)/python android-demo/ci/write_api.py build/site/android-demo/api

release: setup ## Build the source archive and the wheel into dist/, the same bytes everywhere, and check them.
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/twine check --strict dist/*

sbom: release ## What an installed wheel is made of: dist/*.cdx.json, CycloneDX.
	.ci/sbom "$$(ls -t dist/*.whl | head -1)" dist

lock: setup ## Resolve the dependencies again.
	$(BIN)/uv pip compile pyproject.toml --extra train --extra demo --extra dev --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --upgrade --quiet -o requirements.lock

clean: ## Delete the environment, runs, built data and the site.
	rm -rf $(VENV) runs data build/site
