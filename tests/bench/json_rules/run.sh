#!/bin/sh
# Beside Menshen's own rule engine: json-rules-engine (npm, ISC licence) on one count rule. Optional: without npm, or without a way to its registry, it prints nothing.
# usage: run.sh <menshen-bench-rules>
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/menshen/json-rules-engine
command -v npm >/dev/null && command -v node >/dev/null || { echo "no npm: json-rules-engine is left out" >&2; exit 0; }
mkdir -p "$folder"
if [ ! -d "$folder/node_modules/json-rules-engine" ]; then
    npm install --silent --no-audit --no-fund --prefix "$folder" json-rules-engine@7.3.1 >&2 || { echo "json-rules-engine cannot be fetched: left out" >&2; exit 0; }
fi
cp "$here/count.mjs" "$folder/"
peer=$(node "$folder/count.mjs")
own=$("$1" --count-rule)
awk -v own="$own" -v peer="$peer" 'BEGIN {
    printf "{\"figure\": \"rules.count_rule.json_rules_engine\", \"value\": %.0f, \"unit\": \"1/s\"}\n", peer
    printf "{\"figure\": \"rules.count_rule.speed_over_json_rules_engine\", \"value\": %.1f, \"unit\": \"x\"}\n", own / peer }'
