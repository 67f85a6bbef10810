# Everything runs from .venv, which is made when it is missing and renewed when what it is made of
# changes. PYTHON picks the interpreter it is made with; 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-all test-lowest test-newest check docs extras format bench bench-quick clean

demo: $(READY)
	$(BIN)/qdiff run circuits/ising_10.qasm --shots 10000 --noise superconducting --seed 1 --out runs/ising_10 --force

# two processes of one thread each; a file's tests stay together, since they share fitted models,
# and files come in their order: by their number of tests those of few long ones would come last.
# Bytecode is kept whatever the environment says, or else every process would compile it again
PYTEST := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n 2 --dist loadfile \
	--no-loadscope-reorder
test: $(READY)
	$(PYTEST) -m "not slow"

test-all: $(READY)
	$(PYTEST)

# the same tests with the lowest versions that pyproject.toml allows, and with the newest; the newest
# torch is the one of constraints.txt, since its builds are chosen by hand. TESTS picks some of them
TESTS := tests
UV = UV_SYSTEM_CERTS=1 UV_FIND_LINKS="$(PIP_FIND_LINKS)" $(VENV)-$*/bin/uv pip
test-lowest test-newest: test-%:
	$(PYTHON) -m venv $(VENV)-$*
	$(VENV)-$*/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(if $(filter lowest,$*),$(UV) compile --quiet --resolution lowest-direct --extra dev --python $(VENV)-$* \
		pyproject.toml -o $(VENV)-$*/versions.txt >/dev/null)
	$(UV) install --quiet --python $(VENV)-$* -e '.[dev]' \
		$(if $(filter lowest,$*),-r $(VENV)-$*/versions.txt,'$(shell grep ^torch== constraints.txt)')
	OMP_NUM_THREADS=1 $(VENV)-$*/bin/python -m pytest -q -n 2 --dist loadfile -m "not slow" $(TESTS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q --doctest-modules qdiff
	$(BIN)/python benchmarks/tables.py --check
	$(BIN)/python benchmarks/figures.py --check
	$(BIN)/python benchmarks/demo_picture.py --check
	$(BIN)/python -m mkdocs build --quiet --strict

docs: $(READY)
	$(BIN)/python -m mkdocs build --strict

# every extra, so that the tests that need one are not skipped; a part of mthree is built from source
# with a setuptools that still has pkg_resources
extras: $(READY)
	echo 'setuptools<81' > $(VENV)/build-constraints.txt
	PIP_CONSTRAINT=$(CURDIR)/$(VENV)/build-constraints.txt $(BIN)/python -m pip install --quiet \
		--disable-pip-version-check -c constraints.txt -e '.[dev,docs,ibm,mqt,parquet,pandas,ray,slurm,dask,clients]'

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# every table, going on where it was stopped; RENEW=--renew measures again what other code of qdiff
# was measured by, DATA is a folder of real shots
BENCH := main_job "quality q12" "quality q16" "quality q20" beyond_tables start \
	"circuit_prior laws" "circuit_prior wide" "circuit_prior plain" "circuit_prior verdicts" \
	"learned_noise circuits" "learned_noise wide" "learned_noise depth" "learned_noise outside" \
	"learned_noise shots" mitigation mitigation_wide two_sample family alarm simulation_time \
	pattern_grouping niu steps sampling_speed coverage wide_comparison files executors service \
	$(if $(DATA),"real_data $(DATA) ising" "real_data $(DATA) steane" "real_data $(DATA) aquila")
bench: $(READY)
	for each in $(BENCH); do set -- $$each; script=$$1; shift; \
		$(BIN)/python benchmarks/$$script.py "$$@" $(RENEW) || exit; done
	$(BIN)/python benchmarks/tables.py
	$(BIN)/python benchmarks/figures.py

# one small part of most benchmarks, in about eight minutes on two idle cores, apart from what is
# committed
QUICK := runs/bench-quick
bench-quick: export QDIFF_RESULTS = $(QUICK)
bench-quick: $(READY)
	$(BIN)/python benchmarks/main_job.py --fresh --seeds 1 --only circuit=circuits/ising_10.qasm
	$(BIN)/python benchmarks/quality.py q12 --fresh --seeds 1 --only shots=10000 circuit=ising:12 circuit=ghz:12
	$(BIN)/python benchmarks/circuit_prior.py laws --fresh --seeds 1 --only shots=10000 noise=superconducting circuit=ising:12
	$(BIN)/python benchmarks/mitigation.py --fresh --seeds 1 --workers 2 --only circuit=ghz:8
	$(BIN)/python benchmarks/coverage.py --fresh --cases 100 --workers 2 --only num_bits=8
	$(BIN)/python benchmarks/two_sample.py --fresh --only shots=1000 test=mmd
	$(BIN)/python benchmarks/files.py --fresh --only format=safetensors format=b8 format=npz
	$(BIN)/python benchmarks/sampling_speed.py --fresh --only job=table
	$(BIN)/python benchmarks/tables.py --page $(QUICK)/benchmarks.md

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("qdiff needs Python 3.11 or later; try make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs]'
	touch $(READY)

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-newest site runs .mypy_cache .ruff_cache .pytest_cache
