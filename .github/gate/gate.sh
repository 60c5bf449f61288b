#!/usr/bin/env bash
# Measure where two models are named, compare, and write the reports: their folder, the verdict and its exit code are
# outputs of the step. Ends with 0 whatever the verdict (the step `verdict` sets the check), and not with 0 where none
# was reached.
set -uo pipefail

fail() { echo "::error title=holdfast::$1"; exit 64; }

folder="${RUNNER_TEMP:-/tmp}/$NAME-report"
rm -rf "$folder" && mkdir -p "$folder" || fail "cannot write $folder"
mapfile -t args < <(printf '%s' "$ARGS" | sed '/^[[:space:]]*$/d')
mapfile -t eval_args < <(printf '%s' "$EVAL_ARGS" | sed '/^[[:space:]]*$/d')

if [ -n "$MODEL$AGAINST" ]; then
  [ -z "$BEFORE$AFTER" ] || fail "give before and after, or model and against"
  { [ -n "$MODEL" ] && [ -n "$AGAINST" ] && [ -n "$SUITE" ]; } || fail "model, against and suite belong together"
  measured="${RUNNER_TEMP:-/tmp}/$NAME-run"
  holdfast eval "model=$MODEL" "against=$AGAINST" "suite=$SUITE" "out=$measured" ${eval_args[@]+"${eval_args[@]}"}
  code=$?
  [ "$code" -le 2 ] || exit "$code"
  BEFORE="$measured/before" AFTER="$measured/after"
elif [ -n "$EVAL_ARGS$SUITE" ]; then
  fail "suite and eval-args need model and against"
fi
{ [ -n "$BEFORE" ] && [ -n "$AFTER" ]; } || fail "give before and after, or model, against and suite"

holdfast compare "$BEFORE" "$AFTER" ${POLICY:+"policy=$POLICY"} ${args[@]+"${args[@]}"} \
  "md=$folder/report.md" "html=$folder/report.html" "json=$folder/report.json" "junit=$folder/gate.xml"
code=$?
case $code in
  0) verdict=pass ;;
  1) verdict=regressed ;;
  2) verdict=inconclusive ;;
  *) exit "$code" ;;
esac
cat "$folder/report.md" >> "$GITHUB_STEP_SUMMARY"
printf '%s\n' "verdict=$verdict" "exit-code=$code" "report=$folder" >> "$GITHUB_OUTPUT"
