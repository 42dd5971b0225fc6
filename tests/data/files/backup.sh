#!/bin/sh
# Keeps seven daily copies of a folder.
set -eu

source=${1:?usage: backup.sh FOLDER TARGET}
target=${2:?usage: backup.sh FOLDER TARGET}

mkdir -p "$target"
for day in 6 5 4 3 2 1; do
  if [ -d "$target/day.$day" ]; then
    rm -rf "$target/day.$((day + 1))"
    mv "$target/day.$day" "$target/day.$((day + 1))"
  fi
done
cp -a "$source" "$target/day.1"
echo "saved $(du -sh "$target/day.1" | cut -f1) to $target/day.1"
