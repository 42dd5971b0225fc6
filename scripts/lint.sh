#!/bin/sh
# The checks of `./dev lint` that run a tool over the tree: lint.sh CHECK [ARGUMENTS].
set -eu
cd "$(dirname "$0")/.."

cargo_dir=${WASINN_CARGO_TARGET_DIR:-target}
crates() { git ls-files --cached --others --exclude-standard '*/Cargo.toml'; }
# The cargo that builds is the first on PATH from here on, and its rustc the one that it runs.
use_cargo() {
  PATH="$(dirname "$(scripts/deps.sh cargo)"):$PATH"
  export PATH
}
files() { git ls-files --cached --others --exclude-standard "$@"; }

case $1 in
  format)
    files '*.h' '*.hpp' '*.c' '*.cc' | xargs clang-format-22 --dry-run -Werror
    ;;
  tidy)
    # Every translation unit of the project in that build folder except unit tests, which take as long as all others.
    sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$2/compile_commands.json" | sort -u |
      grep -E "^$PWD/(src|backends|adapters|tools|conformance|tests|fuzz|examples)/" | grep -v '_test\.cc$' |
      xargs -n 1 -P "$3" clang-tidy-22 --quiet -p "$2"
    # The guests, which no build folder lists.
    guest() { xargs -P "$jobs" -I '{}' clang-tidy-22 --quiet '{}' -- --target=wasm32-wasi -Iguests/include "$@"; }
    jobs=$3
    files 'guests/*.c' | guest -std=c11 '-DWASI_NN_SNAPSHOT="2024-10-28"'
    files 'guests/*.cc' | guest -std=c++23 -fno-exceptions -fno-rtti
    ;;
  shell)
    for script in dev .ci/run $(files '*.sh'); do
      if [ "$(head -n 1 "$script")" = '#!/bin/sh' ]; then shell="sh"; else shell="bash"; fi
      $shell -n "$script"
      shellcheck --shell=$shell --severity=warning "$script"
    done
    ;;
  python)
    files '*.py' | xargs pyflakes3
    ;;
  has)
    # The one that lies beside that cargo: what another toolchain brings does not read its compiler's objects.
    beside="$(dirname "$(scripts/deps.sh cargo)")/cargo-$(echo "$2" | sed 's/rustfmt/fmt/')"
    [ -x "$beside" ] && use_cargo && "$beside" "${beside##*/cargo-}" --version
    ;;
  rustfmt)
    use_cargo
    for manifest in $(crates); do cargo fmt --manifest-path "$manifest" --check; done
    ;;
  clippy)
    use_cargo
    # Optimised, so that build scripts and macros of the real build are used again.
    CARGO_TARGET_DIR=$cargo_dir cargo clippy --release --locked --manifest-path adapters/wasmtime/Cargo.toml \
      -- --deny warnings
    ;;
  *)
    echo "lint.sh: unknown check $1" >&2
    exit 2
    ;;
esac
