#!/usr/bin/env bash
# examples.sh RUN FOLDER: the parallel examples as jobs of 1 to 4 processes. The last line of digits_parallel is the same for all,
# models are equal on all ranks after each step, and what 4 ranks saved goes on with 1, 2 and 3 as if nothing had happened.
set -u
runner=$1 folder=$2
command -v mpirun > /dev/null || { echo "SKIPPED: there is no mpirun"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# same LABEL EXPECTED N PROGRAM...: the job's last line.
last() {
  local n=$1
  shift
  "$runner" "$n" "$folder/$1" "${@:2}" 2> "$work/err" | tail -1
}
same() {
  local label=$1 expected=$2 got
  shift 2
  got=$(last "$@")
  if [[ -n $expected && $got == "$expected" ]]; then
    echo "$label: $got"
  else
    echo "FAILED $label: '$got' instead of '$expected'"
    sed 's/^/    /' "$work/err" | head -20
    failures=$((failures + 1))
  fi
}

alone=$("$folder/digits_parallel" --quiet --steps 50 | tail -1)
[[ $alone =~ ^final\ loss\ [0-9]+\.[0-9]{4}$ ]] || { echo "FAILED: the last line is '$alone'"; failures=1; }
for n in 1 2 4; do same "digits, $n processes" "$alone" $n digits_parallel --quiet --steps 50 --check; done
alone=$("$folder/digits_parallel" --quiet --steps 50 --float32 | tail -1)
same "digits, float32, 2 processes" "$alone" 2 digits_parallel --quiet --steps 50 --float32 --check
alone=$("$folder/digits_parallel" --quiet --steps 20 --clip 0.5 | tail -1)
same "digits, clipped, 4 processes" "$alone" 4 digits_parallel --quiet --steps 20 --clip 0.5

alone=$("$folder/digits_parallel" --quiet --steps 40 | tail -1)
last 4 digits_parallel --quiet --steps 20 --checkpoint "$work/four.safetensors" > /dev/null
for n in 1 2 3; do
  cp "$work/four.safetensors" "$work/again.safetensors"
  same "digits, saved by 4, continued by $n" "$alone" $n digits_parallel --quiet --steps 40 --resume --checkpoint "$work/again.safetensors"
done

alone=$("$folder/rnn_parallel" | tail -1)
for n in 2 4; do same "rnn, $n processes" "$alone" $n rnn_parallel; done
"$runner" 2 "$folder/allreduce_bench" --mib 1 --rounds 3 > "$work/out" 2>&1 || { echo "FAILED allreduce_bench"; cat "$work/out"; failures=1; }
exit $((failures > 0))
