#!/bin/sh
# Replays the stored inputs of every fuzz target: seeds/NAME/ through fuzz_NAME.
# usage: replay.sh   (in the build folder; srcdir and builddir as make check sets them)
set -eu

fuzz=${builddir:-.}/tests/fuzz
seeds=${srcdir:-.}/tests/fuzz/seeds
number=0

for folder in "$seeds"/*/; do
    name=$(basename "$folder")
    for seed in "$folder"*; do
        number=$((number + 1))
        if "$fuzz/fuzz_$name" "$seed" >/dev/null; then
            echo "ok $number - fuzz: $name: $(basename "$seed")"
        else
            echo "not ok $number - fuzz: $name: $(basename "$seed")"
        fi
    done
done
echo "1..$number"
