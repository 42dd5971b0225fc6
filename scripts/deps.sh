#!/bin/sh
# Fetches and finds what wasinn is built and tested with: see `scripts/deps.sh --help`.
exec python3 "$(dirname "$0")/deps.py" "$@"
