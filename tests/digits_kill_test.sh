#!/usr/bin/env bash
# digits_kill_test.sh PROGRAM: training that is killed by SIGKILL and resumed ends with the very bytes of training that was not.
# Kills at 10 moments, the first before there is a checkpoint.
set -u
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
options=(--quiet --epochs 6)

"$program" "${options[@]}" --checkpoint whole.safetensors > /dev/null || { echo "the uninterrupted run failed"; exit 1; }
"$program" "${options[@]}" --checkpoint again.safetensors > /dev/null || exit 1
cmp whole.safetensors again.safetensors || { echo "two runs differ"; exit 1; }

start=$(date +%s%N)
"$program" "${options[@]}" --checkpoint timed.safetensors > /dev/null
length=$(( ($(date +%s%N) - start) / 1000000 ))

RANDOM=7
for i in 0 1 2 3 4 5 6 7 8 9; do
  if [ "$i" = 0 ]; then delay=1; else delay=$(( length * (RANDOM % 95 + 5) / 100 )); fi
  rm -f broken.safetensors*
  "$program" "${options[@]}" --checkpoint broken.safetensors > /dev/null &
  pid=$!
  sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
  kill -KILL "$pid" 2> /dev/null
  wait "$pid" 2> /dev/null
  "$program" "${options[@]}" --resume --checkpoint broken.safetensors > /dev/null || { echo "resuming failed after $delay ms"; exit 1; }
  cmp whole.safetensors broken.safetensors || { echo "killed after $delay ms, the resumed run ends differently"; exit 1; }
done
echo "10 kills, 10 equal checkpoints"
