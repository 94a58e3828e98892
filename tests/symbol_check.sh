#!/bin/sh
# SPDX-License-Identifier: ISC
# One name, one thing: no two rooms define the same global symbol (a static link would silently take
# the first), and none of ours stands in the namespace of a library that we link with.  And init has no
# way to the tenant's writer.
set -u
build=${top_builddir:-.}
failed=0

command -v nm >/dev/null 2>&1 || {
    echo "SKIP: nm is missing (Debian: apt-get install binutils)"
    exit 77
}
symbols() { # SYMBOL ROOM of every global that a room defines
    for library in "$build"/src/*/.libs/lib*.a; do
        room=$(basename "$(dirname "$(dirname "$library")")")
        nm -g --defined-only "$library" 2>/dev/null |
            awk -v room="$room" 'NF == 3 && $2 ~ /[TDBRCVW]/ && $3 !~ /^(_|\.)/ { print $3, room }'
    done | sort -u
}
table=$(symbols)
[ -n "$table" ] || {
    echo "symbol_check: no libraries below $build/src; build first"
    exit 1
}
twice=$(printf '%s\n' "$table" | awk '{ rooms[$1] = rooms[$1] " " $2; count[$1]++ }
    END { for (name in count) if (count[name] > 1) print name ":" rooms[name] }' | sort)
if [ -n "$twice" ]; then
    printf 'symbol_check: defined in more than one room:\n%s\n' "$twice"
    failed=1
fi
foreign=$(printf '%s\n' "$table" | grep -E '^(ldap|ber|lber|curl|json|jsonp|config_setting|config_lookup|ev|sqlite3|sd|pcre2|utf8proc|EVP|SSL|MHD)_' | grep -vE '^config_(load|parse|free)')
if [ -n "$foreign" ]; then
    printf 'symbol_check: in the namespace of a library:\n%s\n' "$foreign"
    failed=1
fi
# What proposes a configuration only reads: nothing of it can come to a writer.
readers=$(find "$build/src/app" "$build/src/cli" -name '*first_look*.o' -o -name 'init_*.o' -o -name 'command_init.o')
[ "$(printf '%s\n' "$readers" | wc -l)" -ge 6 ] || {
    echo "symbol_check: the objects of init are not where they were"
    failed=1
}
for object in $readers; do
    if nm -u "$object" | grep -E ' (tenant_writer|tenant_encoder|agent_new|agent_prepare|cycle_[a-z_]+)$'; then
        echo "symbol_check: $object could write to the tenant"
        failed=1
    fi
done
[ "$failed" -ne 0 ] || echo "symbol_check: $(printf '%s\n' "$table" | wc -l) names, each defined once"
exit "$failed"
