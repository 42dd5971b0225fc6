#!/bin/sh
# Runs WebAssembly guests with real models on real files: demo.sh [BUILD-FOLDER]
# Exit code 0 if every guest succeeded.
set -u
build=${1:-build}
wasinn=$build/bin/wasinn
samples="hello.c primes.py backup.sh page.html rooms.json letter.pdf sign.png tone.wav archive.zip
  add.wasm rooms.db shell.elf"
failures=0

if [ -t 1 ]; then bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else bold='' dim='' plain=''; fi

heading() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

# Shows a command as typed, on as many lines as it needs.
show() { printf '%s  $ %s%s\n' "$dim" "$1" "$plain"; }

now_ms() { date +%s%N | sed 's/......$//'; }

# guest OUTPUT NAME MODELS FILES...: runs a guest on sample files; sets `took`.
guest() {
  output=$1 name=$2 models=$3
  shift 3
  set -- "$build/guests/$name.wasm" "$@"
  for model in $models; do
    set -- --model "$model=$build/models/$model/model.onnx" "$@"
  done
  start=$(now_ms)
  "$wasinn" run --dir "$build/models::/models" --dir "$build/samples::/samples" "$@" >"$output"
  status=$?
  took=$(($(now_ms) - start))
  if [ $status -ne 0 ]; then
    echo "  FAILED with exit code $status: $name"
    failures=$((failures + 1))
  fi
  return $status
}

for file in "$wasinn" "$build/guests/magika_c.wasm" "$build/models/magika/model.onnx"; do
  if [ ! -e "$file" ]; then
    echo "demo.sh: expected $file; ./dev demo builds it" >&2
    exit 1
  fi
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
paths=
for file in $samples; do paths="$paths /samples/$file"; done

heading "1. What kind of file is that? The Magika model (ONNX), asked by guests of both ABIs"
show "wasinn run --model magika=build/models/magika/model.onnx \\
      --dir build/models::/models --dir build/samples::/samples \\
      build/guests/magika_c.wasm /samples/*"
echo
# shellcheck disable=SC2086 # a list of paths without blanks
if guest "$scratch/first" magika_c magika $paths; then
  cat "$scratch/first"
  printf '\n  %-26s  %-8s  %-28s  %s\n' GUEST LANGUAGE ABI ANSWERS
  row='  %-26s  %-8s  %-28s  %s\n'
  count=$(($(wc -l <"$scratch/first") - 1))
  # shellcheck disable=SC2059
  printf "$row" magika_c.wasm C "core module, WITX" "the table above, $took ms"
  while read -r name language abi; do
    if [ ! -e "$build/guests/$name.wasm" ]; then
      # shellcheck disable=SC2059
      printf "$row" "$name.wasm" "$language" "$abi" "not built yet: ./dev build does"
      continue
    fi
    # shellcheck disable=SC2086
    guest "$scratch/other" "$name" magika $paths || continue
    if cmp -s "$scratch/first" "$scratch/other"; then
      # shellcheck disable=SC2059
      printf "$row" "$name.wasm" "$language" "$abi" "the same for all $count files, $took ms"
    else
      echo "  FAILED: $name.wasm answers otherwise:"
      cat "$scratch/other"
      failures=$((failures + 1))
    fi
  done <<'EOF'
magika_cpp C++ component, wasi:nn
magika_rust Rust core module, crate wasi-nn
magika_rust_component Rust component, wasi:nn
EOF
fi

heading "2. What does the sign say? Two PP-OCR models in one C++ guest: find the lines, read them"
show "wasinn run --model ocr-det=build/models/ocr-det/model.onnx \\
      --model ocr-rec=build/models/ocr-rec/model.onnx \\
      --dir build/models::/models --dir build/samples::/samples \\
      build/guests/ocr.wasm /samples/sign.png"
echo
if guest "$scratch/text" ocr "ocr-det ocr-rec" /samples/sign.png; then
  cat "$scratch/text"
  printf '\n  (%s ms; the picture: %s)\n' "$took" "$build/samples/sign.png"
fi

# chat QUESTION...: the answers are streamed to the terminal.
chat() {
  "$wasinn" run --model "smollm2=$build/models/smollm2/model.gguf" --env 'LLAMA_OPTIONS={"temp": 0}' \
    --env 'LLAMA_SYSTEM=You are a helpful assistant.' "$build/guests/chat_c.wasm" smollm2 "$@"
}

heading "3. A chat: the language model SmolLM2 in a C guest, its answers streamed as they are made"
if [ -e "$build/models/smollm2/model.gguf" ]; then
  show "wasinn run --model smollm2=build/models/smollm2/model.gguf --env 'LLAMA_OPTIONS={\"temp\": 0}' \\
      --env 'LLAMA_SYSTEM=You are a helpful assistant.' \\
      build/guests/chat_c.wasm smollm2 'What is the capital of France?' 'And of Germany?'"
  echo
  if ! chat 'What is the capital of France?' 'And of Germany?'; then
    echo "  FAILED: chat_c"
    failures=$((failures + 1))
  fi
  echo
  show "wasinn chat build/models/smollm2/model.gguf        # the same without a guest"
else
  echo "  left out: this build has no backend for language models"
fi

echo
[ "$failures" -eq 0 ] || { echo "$failures guests failed"; exit 1; }
echo "All guests did their work. Next: $wasinn --help, or your own guest and model with $wasinn run."
