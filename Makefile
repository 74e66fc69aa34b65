# Every target sets up what it needs; run again, it only does what is missing.
#   make lab ARGS="--no-browser --port 8899"   JupyterLab on the quick start
#   make test                                  all checks, the tests run against the built wheel
#   make quick                                 each layer's own tests, against the sources (ARGS: others)
#   make panel                                 the JupyterLab panel, built and linked (reload the page)
#   make fresh                                 whether a new environment with the wheel alone shows it
#   make browser | fuzz | faults | bench       one part (ARGS are handed on)

PYTHON ?= python3
ARGS ?=
VENV := .venv
# What `make quick` runs: each layer's own tests, almost without compiling anything.
QUICK := tests/ir tests/interpret tests/transforms tests/views tests/test_architecture.py \
  $(addprefix tests/passes/test_,$(addsuffix .py,bounds counting fusion gather limits lower merge pipeline simplify)) \
  $(addprefix tests/rules/test_,$(addsuffix .py,callables deferred emission kinks spelling table)) \
  $(addprefix tests/operators/test_,$(addsuffix .py,costs nonfinite repeating stages tracebacks)) \
  tests/packaging/test_check_imports.py tests/packaging/test_run_checks.py
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)
LAB_FLAGS := --LabApp.default_url=/lab/tree/notebooks/quickstart.ipynb --LabApp.news_url=None \
  --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

# JupyterLab asks at its first start whether it may fetch news; not in this environment.
NO_NEWS := $(BIN)/jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements 2>/dev/null

# Bytecode by all processors, where pip takes one; not of other packages' tests. (Templates in them are no Python.)
COMPILE := $(BIN)/python -W ignore -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib || true

.PHONY: lab test quick browser fresh fuzz faults gpu-check gpu-code bench lint panel set-up chromium clean

lab:
	@$(MAKE) --no-print-directory -j 2 $(VENV)/.lab panel
	$(BIN)/jupyter lab $(ROOT_FLAG) $(LAB_FLAGS) $(ARGS)

test:
	@$(MAKE) --no-print-directory -j 3 set-up
	$(BIN)/python tools/run_checks.py $(ARGS)

lint: $(VENV)/.test
	$(BIN)/python tools/run_checks.py --only lint

quick: $(VENV)/.test
	$(BIN)/pytest -q -n 2 --dist=worksteal -m "not timing and not browser" $(or $(ARGS),$(QUICK))

set-up: $(VENV)/.test panel chromium  # (pip, npm and apt side by side)

browser: $(VENV)/.test panel chromium
	$(BIN)/pytest -q tests/browser $(ARGS)

fresh: $(VENV)/.test panel chromium
	$(BIN)/pytest -q tests/packaging/test_fresh.py::test_a_new_environment_shows_the_panel $(ARGS)

fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz $(ARGS)

faults: $(VENV)/.test
	$(BIN)/python -m tests.fuzz.faults $(ARGS)

# Kernels on a machine with a GPU; and their code without one, by NVIDIA's compiler wheels (700 MB, in the environment),
# and what that code gives when it runs on the CPU.
gpu-check: $(VENV)/.cuda
	$(BIN)/python -m tests.engines.cuda.gpu_check $(ARGS)

gpu-code: $(VENV)/.cuda
	$(BIN)/python -m tests.engines.cuda.compiled $(ARGS)
	$(BIN)/python -m tests.engines.cuda.lowered

bench: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks $(ARGS)

# Chromium and its driver come from the system's packages; where that needs a password we only say so.
chromium:
	@if command -v chromedriver >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -qq -y --no-install-recommends chromium chromium-driver >/dev/null || true; \
	else echo "No chromedriver here: sudo apt-get install --no-install-recommends chromium chromium-driver"; fi

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "ad-workbench needs Python 3.11 or newer; try: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A pip of today (the one in Python's box is slower), and what builds the panel: JupyterLab's builder, and Node.js
# where there is none or an old one.
$(VENV)/.builder: tools/panel.py | $(BIN)/python
	@{ echo pip; $(BIN)/python tools/panel.py needs; } | xargs $(PIP) --upgrade
	@touch $@

panel: $(VENV)/.builder
	@$(BIN)/python tools/panel.py --link

# (The package without the panel, which is linked.)
$(VENV)/.lab: pyproject.toml | $(VENV)/.builder
	WORKBENCH_PANEL=0 $(PIP) --no-compile -e .
	@$(COMPILE)
	@$(NO_NEWS)
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.builder
	WORKBENCH_PANEL=0 $(PIP) --no-compile -e ".[test]"
	@$(COMPILE)
	@$(NO_NEWS)
	@touch $@ $(VENV)/.lab

$(VENV)/.cuda: pyproject.toml $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[cuda,cuda-test]"
	@touch $@

clean:
	rm -rf .build $(VENV) extension/share extension/labextension/node_modules extension/labextension/types/node_modules
