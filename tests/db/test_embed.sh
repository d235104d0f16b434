#!/bin/sh
# embed-sql: migrations become C, sorted, with their levels; wrong names are refused.
set -eu
embed=${srcdir:?}/scripts/embed-sql
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0

# report NAME STATUS: one line of TAP.
report() {
    count=$((count + 1))
    [ "$2" -eq 0 ] && echo "ok $count - embed: $1" || echo "not ok $count - embed: $1"
}

echo 'SELECT 1;' >"$scratch/0010_later.sql"
printf -- '-- oldest-level: 1\nSELECT 2;\n' >"$scratch/0009_add_it.sql"
"$embed" "$scratch/0010_later.sql" "$scratch/0009_add_it.sql" >"$scratch/out.c"

rows=$(grep '^    {' "$scratch/out.c")
expected='    {9, "add_it", sql_9, sizeof(sql_9), 1},
    {10, "later", sql_10, sizeof(sql_10), 10},'
[ "$rows" = "$expected" ] && status=0 || status=1
report migrations_are_sorted_by_number_and_have_their_levels "$status"

bytes=$(sed -n '/sql_10\[\]/,/^}/p' "$scratch/out.c" | sed '1d;$d' | tr -d ' \n')
[ "$bytes" = '83,69,76,69,67,84,32,49,59,10,' ] && status=0 || status=1
report bytes_are_those_of_the_file "$status"

echo 'SELECT 3;' >"$scratch/10_again.sql"
"$embed" "$scratch/0010_later.sql" "$scratch/10_again.sql" >/dev/null 2>&1 && status=1 || status=0
report a_number_that_comes_twice_is_refused "$status"

cp "$scratch/0010_later.sql" "$scratch/later.sql"
"$embed" "$scratch/later.sql" >/dev/null 2>&1 && status=1 || status=0
report a_name_without_number_is_refused "$status"

"$embed" "$scratch/0011_missing.sql" >/dev/null 2>&1 && status=1 || status=0
report a_file_that_is_not_there_is_refused "$status"
echo "1..$count"
