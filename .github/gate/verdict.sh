#!/usr/bin/env bash
# The check is red or green by the verdict and what was asked to fail on.
set -uo pipefail

case $FAIL_ON in
  inconclusive) worst=0 ;;
  regressed) [ "$CODE" = 2 ] && worst=2 || worst=0 ;;
  never) worst=2 ;;
  *) echo "::error title=holdfast::fail-on must be inconclusive, regressed or never, not $FAIL_ON"; exit 64 ;;
esac
[ "$CODE" = 0 ] && echo "::notice title=holdfast::$VERDICT" && exit 0
if [ "$CODE" -le "$worst" ]; then
  echo "::warning title=holdfast::$VERDICT"
  exit 0
fi
echo "::error title=holdfast::$VERDICT: see the comment and the report"
exit "$CODE"
