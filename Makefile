# Everything runs from .venv, which the first target that needs it sets up: `make demo` on a fresh machine is enough.
#   make demo [INPUT=head.nii.gz]      make test      make bench      make screenshots
#   make lint      make gpu            make train-brain [DATA=…] [JOB=…]  make clean
PYTHON ?= python3
# What pip is asked for first; the package itself accepts any torch >= 2.2. For the smaller CPU build from PyTorch's
# own index: make demo TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"
TORCH ?= torch==2.13.0
DATA ?= ../shared/data/brain_mr_ct
JOB ?= jobs/brain-mr-ct
SETTINGS ?= Testing/benchmarks/brain-mr-ct.json

BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo screenshots test bench gpu lint format train-brain clean
.DELETE_ON_ERROR:

.venv: $(READY)

# A stamp, so that nothing is installed again until pyproject.toml changes.
$(READY): pyproject.toml
	@echo "Setting up .venv: some minutes, once."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet --editable '.[train,cli,slicer,test]'
	touch $@

demo: $(READY)
	$(BIN)/python Testing/host/make_demo.py --output demo $(if $(INPUT),--input "$(INPUT)")

# The README's pictures: the panel driven in the host, on the built-in phantom.
screenshots: $(READY)
	$(BIN)/python Testing/host/make_screenshots.py --output Resources/Screenshots

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# One thread per worker: two workers that each take all cores slow each other down.
test: lint
	OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=1 $(BIN)/pytest -n 2 $(PYTEST_ARGS)

bench: $(READY)
	$(BIN)/python Testing/benchmarks/bench.py
	$(BIN)/python Testing/benchmarks/panel.py

# Checks that need a CUDA device are a list worked off by hand, on a machine that has one; this does not pretend otherwise.
gpu: $(READY)
	@cat Testing/benchmarks/GPU.md
	@$(BIN)/python -c "import torch; print('\nCUDA device here:', torch.cuda.get_device_name() if torch.cuda.is_available() else 'none, so nothing above was run')"

train-brain: $(READY)
	$(BIN)/python Testing/benchmarks/train_brain.py --data "$(DATA)" --job "$(JOB)" --settings "$(SETTINGS)"

clean:
	rm -rf .venv demo build dist .pytest_cache .ruff_cache .hypothesis SASANTranslation/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
