#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Checks that mandoc has nothing to say about the manual pages, except that those they refer to are
# not installed yet.
set -u
LC_ALL=C
export LC_ALL
command -v mandoc >/dev/null 2>&1 || {
    echo "mandoc is missing; on Debian: apt-get install mandoc"
    test -n "${CI:-}" && exit 1
    exit 77
}
status=0
for page in "${top_srcdir:-.}"/man/*.[0-9]; do
    said=$(mandoc -T lint "$page" 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db')
    test -z "$said" || { echo "$said"; status=1; }
done
# A page with a mistake must be found out.
printf '.Dd\n.Sh NAME\n' | mandoc -T lint >/dev/null 2>&1 && { echo "mandoc finds nothing"; status=1; }
exit $status
