#!/bin/sh
# Builds Wasmtime's command line with its own wasi-nn on ONNX Runtime: install_wasmtime.sh FOLDER [ONNXRUNTIME]
#
# Leaves FOLDER/wasmtime, a script that finds the library, and what it needs beside it. ONNXRUNTIME is a
# libonnxruntime.so; without it the one of the Python package onnxruntime is looked for. Needs cargo and its registry, takes
# some twenty CPU-minutes.
set -eu

version=48.0.8
# The newest release of the binding that this version of Wasmtime compiles with; its own lock file does not pin it.
binding=2.0.0-rc.10

[ $# -ge 1 ] || {
  echo "usage: install_wasmtime.sh FOLDER [ONNXRUNTIME]" >&2
  exit 2
}
mkdir -p "$1"
folder=$(cd "$1" && pwd)
library=${2:-$(python3 -c '
import glob, importlib.util
spec = importlib.util.find_spec("onnxruntime")
found = spec and glob.glob(spec.submodule_search_locations[0] + "/capi/libonnxruntime.so.*")
print(found[0] if found else "")')}
[ -f "$library" ] || {
  echo "expected libonnxruntime.so as the second argument or in the Python package onnxruntime, found none" >&2
  exit 1
}

mkdir -p "$folder/lib" "$folder/source"
cp "$library" "$folder/lib/libonnxruntime.so.1"
ln -sf libonnxruntime.so.1 "$folder/lib/libonnxruntime.so"

# A program of our own that depends on the crate makes cargo fetch its source.
cd "$folder/source"
mkdir -p fetch/src
printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nwasmtime-cli = "=%s"\n' "$version" \
  >fetch/Cargo.toml
echo 'fn main() {}' >fetch/src/main.rs
manifest=$(cargo metadata --format-version 1 --manifest-path fetch/Cargo.toml | python3 -c '
import json, sys
packages = json.load(sys.stdin)["packages"]
print(next(one["manifest_path"] for one in packages if one["name"] == "wasmtime-cli"))')
rm -rf wasmtime-cli
cp -R "$(dirname "$manifest")" wasmtime-cli
chmod -R u+w wasmtime-cli
python3 - wasmtime-cli/Cargo.toml "$version" "$binding" <<'PYTHON'
import pathlib, re, sys

path, version, binding = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
text = path.read_text()
head, found, rest = text.partition("[dependencies.wasmtime-wasi-nn]\n")
if not found:
    sys.exit("expected [dependencies.wasmtime-wasi-nn] in the crate's Cargo.toml, found none")
rest = rest[rest.index("\n["):]
path.write_text(
    f'{head}{found}version = "={version}"\nfeatures = ["onnx"]\noptional = true\n\n'
    f'[dependencies.ort]\nversion = "={binding}"\ndefault-features = false\n{rest}')
PYTHON
ORT_LIB_LOCATION=$folder/lib ORT_PREFER_DYNAMIC_LINK=1 CARGO_TARGET_DIR=$folder/source/target \
  cargo build --release --bin wasmtime --manifest-path wasmtime-cli/Cargo.toml --no-default-features \
  --features run,compile,component-model,wasi-nn,backtrace,cache,parallel-compilation,pooling-allocator,logging,demangle,wat,wasi-http

cp target/release/wasmtime "$folder/lib/wasmtime"
cat >"$folder/wasmtime" <<'SCRIPT'
#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "$here/lib/wasmtime" "$@"
SCRIPT
chmod +x "$folder/wasmtime"
"$folder/wasmtime" --version
