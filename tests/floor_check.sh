#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Checks that the house stands as it was drawn: includes go downward only, rooms on one floor do
# not see each other, third-party headers stay in their room, core is pure, only the loop reads a
# clock, floors 0 to 2 log at debug only, and every source file lies in a room and has its licence.
#
#   floor_check.sh [DIRECTORY]      the tree to check; $top_srcdir or the current one without it
#
# Before it looks at the tree it builds small wrong ones and sees that each is found out.
set -u
LC_ALL=C
export LC_ALL

floors='
base 0
core 1
loop 1
control 2
directory 2
metrics 2
notify 2
report 2
scim 2
state 2
sync 3
app 4
cli 5'

# Headers that are neither C's nor the system's, and the rooms that may know them.  A name that
# ends in / stands for the whole directory.
third_party='
curl/ loop notify scim
ev.h loop
jansson.h control core scim
lber.h directory
ldap.h directory
ldif.h directory
openldap.h directory
libconfig.h app
microhttpd.h metrics
openssl/ base scim
pcre2.h core
sanitizer/ base
gssapi/ directory
sasl/ directory
sqlite3.h state
systemd/ app
utf8proc.h base'

# What C and the system bring.
system='assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h
math.h setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h
stdlib.h stdnoreturn.h string.h threads.h time.h wchar.h wctype.h
arpa/ dirent.h dlfcn.h endian.h fcntl.h fnmatch.h getopt.h glob.h grp.h ifaddrs.h langinfo.h
libgen.h linux/ net/ netdb.h netinet/ paths.h poll.h pthread.h pwd.h regex.h resolv.h sched.h
semaphore.h spawn.h strings.h sys/ sysexits.h syslog.h termios.h unistd.h'

# Core may include these of the system only, and not these of base.
core_system='assert.h ctype.h errno.h inttypes.h limits.h stdarg.h stdbool.h stddef.h stdint.h
stdio.h stdlib.h string.h strings.h'
core_not_base='base/log.h base/replace.h base/secret.h'

clock_calls='clock clock_gettime ftime gettimeofday time timespec_get'
core_calls='accept atexit bind clock_nanosleep close closedir connect creat daemon dlopen
dprintf dup dup2 execl execv execve execvp exit fclose fcntl fdopen fflush fgets fopen fork fprintf
fputc fputs fread freopen fstat fsync fwrite getaddrinfo getchar getc getcwd getenv gethostname
getpid getrandom getuid gmtime gmtime_r hash_random ioctl kill lstat listen localeconv localtime
localtime_r log_field_pop log_field_push log_open log_wants log_write log_debug mkdir mkstemp mktime
mmap nanosleep open openat opendir openlog pause perror pipe poll popen pread printf putc putchar
putenv puts pwrite raise rand rand_r random read readdir recv recvfrom rename rewind rmdir
secure_getenv select send sendto setenv setlocale shutdown sigaction signal sleep socket srand
srandom stat strerror strftime strptime syscall syslog system tmpfile unlink unsetenv usleep vdprintf
vfprintf vprintf wait waitpid write'
loud_calls='log_error log_warning log_notice log_info'

check_tree() {
	tree=$1
	if ! test -d "$tree/src"; then
		echo "floor_check: $tree has no src" >&2
		return 1
	fi
	(cd "$tree" && find src -type f \( -name '*.[ch]' -o -name '*.inc' \) | sort) |
		(cd "$tree" && awk -v floors="$floors" -v third_party="$third_party" \
		    -v system_headers="$system" -v core_system="$core_system" \
		    -v core_not_base="$core_not_base" -v clock_calls="$clock_calls" \
		    -v core_calls="$core_calls" -v loud_calls="$loud_calls" "$program")
}

# Variables with newlines cannot be given to every awk with -v.
one_line() {
	printf '%s' "$1" | tr '\n' "$2" | sed "s/^$2*//"
}
floors=$(one_line "$floors" ';')
third_party=$(one_line "$third_party" ';')
system=$(one_line "$system" ' ')
core_system=$(one_line "$core_system" ' ')
core_calls=$(one_line "$core_calls" ' ')

# shellcheck disable=SC2016 # awk's, not the shell's
program='
function complain(message) {
	printf "%s:%d: %s\n", path, line_number, message
	failures++
}

# Fills `set` with the words of `text`.
function fill(set, text,    words, count, i) {
	count = split(text, words, " ")
	for (i = 1; i <= count; i++)
		set[words[i]] = 1
}

BEGIN {
	count = split(floors, rows, ";")
	for (i = 1; i <= count; i++) {
		split(rows[i], words, " ")
		floor_of[words[1]] = words[2]
	}
	count = split(third_party, rows, ";")
	for (i = 1; i <= count; i++) {
		word_count = split(rows[i], words, " ")
		foreign[words[1]] = 1
		for (j = 2; j <= word_count; j++)
			may_know[words[1], words[j]] = 1
	}
	fill(of_system, system_headers)
	fill(of_core_system, core_system)
	fill(not_for_core, core_not_base)
	fill(is_clock, clock_calls)
	fill(is_impure, core_calls)
	fill(is_loud, loud_calls)
}

# The key of a table that stands for the header: itself or its directory.
function key_in(table, header,    directory) {
	if (header in table)
		return header
	directory = header
	if (!sub(/\/.*/, "/", directory))
		return ""
	return directory in table ? directory : ""
}

function check_angle(header,    key) {
	if (header == "config.h")
		return
	key = key_in(foreign, header)
	if (key != "") {
		if (!((key, room) in may_know))
			complain("<" header "> is not known in " room)
		foreign_in[path] = foreign_in[path] " " key
		return
	}
	if (key_in(of_system, header) == "")
		complain("<" header "> is in no table of " "floor_check.sh")
	else if (room == "core" && !(header in of_core_system))
		complain("core is pure and has no use for <" header ">")
}

function check_quoted(header,    other) {
	if (header == "config.h")
		return
	other = header
	if (!sub(/\/.*/, "", other) || !(other in floor_of)) {
		complain("\"" header "\" is in no room; write \"room/file.h\"")
		return
	}
	if (other != room && floor_of[other] > floor_of[room])
		complain(room " looks up to " other " (\"" header "\")")
	else if (other != room && floor_of[other] == floor_of[room])
		complain(room " looks into its neighbour " other " (\"" header "\")")
	if (room == "core" && (header in not_for_core))
		complain("core is pure and has no use for \"" header "\"")
	if (other != room) {
		crossing[path ":" line_number] = header
		crossing_to[path ":" line_number] = room
	}
}

function check_include(line,    header) {
	if (match(line, /<[^>]*>/))
		check_angle(substr(line, RSTART + 1, RLENGTH - 2))
	else if (match(line, /"[^"]*"/))
		check_quoted(substr(line, RSTART + 1, RLENGTH - 2))
	else
		complain("an include that cannot be followed")
}

# Takes comments out and empties strings; what is left is code.
function code_of(line,    code, token) {
	code = ""
	for (;;) {
		if (in_comment) {
			if (!match(line, /\*\//))
				return code
			line = substr(line, RSTART + 2)
			in_comment = 0
		}
		if (!match(line, /"([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047|\/\*|\/\//))
			return code line
		token = substr(line, RSTART, 2)
		code = code substr(line, 1, RSTART - 1)
		line = substr(line, RSTART + RLENGTH)
		if (token == "//")
			return code
		if (token == "/*")
			in_comment = 1
		else
			code = code "\"\""
	}
}

function check_call(name) {
	if ((name in is_clock) && room != "loop" && floor_of[room] <= 3)
		complain(name "() reads a clock; time comes from the loop or is an argument")
	if (room == "core" && (name in is_impure))
		complain("core is pure and cannot call " name "()")
	if ((name in is_loud) && floor_of[room] <= 2 && path !~ /^src\/base\/log\.[ch]$/)
		complain(name "() on floor " floor_of[room] "; floors 0 to 2 log at debug only")
}

function check_code(line,    code, before, name) {
	code = code_of(line)
	if (room == "core" && code ~ /^[ \t]*(static|_Thread_local|extern)[ \t]/ && code !~ /\(/ &&
	    code !~ /(^|[^a-z_])const([^a-z_]|$)/ && code ~ /[;=]/)
		complain("core has no variables of its own")
	if (room == "core" && code ~ /(^|[^A-Za-z0-9_.>])(stdin|stdout|stderr|environ)([^A-Za-z0-9_]|$)/)
		complain("core is pure and knows no standard streams or environment")
	while (match(code, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		before = RSTART > 1 ? substr(code, RSTART - 1, 1) : ""
		name = substr(code, RSTART, RLENGTH - 1)
		code = substr(code, RSTART + RLENGTH)
		gsub(/[ \t]/, "", name)
		# A member that happens to have such a name belongs to a port.
		if (before != "." && before != ">")
			check_call(name)
	}
}

function check_file(    line, parts) {
	line_number = 0
	in_comment = 0
	split(path, parts, "/")
	room = parts[2]
	if (parts[3] == "" || !(room in floor_of)) {
		complain("lies in no room")
		return
	}
	while ((getline line < path) > 0) {
		line_number++
		if (line_number == 1 && line !~ /SPDX-License-Identifier: ISC/)
			complain("does not begin with its SPDX line")
		if (path ~ /\.inc$/)
			continue
		if (!in_comment && line ~ /^[ \t]*#[ \t]*include/)
			check_include(line)
		else
			check_code(line)
	}
	close(path)
	if (line_number == 0)
		complain("is empty")
}

{
	path = $0
	files++
	check_file()
}

END {
	for (place in crossing) {
		count = split(foreign_in["src/" crossing[place]], keys, " ")
		for (i = 1; i <= count; i++) {
			if ((keys[i], crossing_to[place]) in may_know)
				continue
			printf "%s: \"%s\" brings <%s> out of its room\n", place, crossing[place], keys[i]
			failures++
		}
	}
	if (files == 0) {
		print "floor_check: no source files"
		failures++
	}
	exit failures > 0
}'

# put PATH TEXT: adds a file to the tree under test.
put() {
	mkdir -p "$scratch/$(dirname "$1")"
	printf '/* SPDX-License-Identifier: ISC */\n%s\n' "$2" >"$scratch/$1"
}

# A tree in order, with everything in it that could be taken for a fault.
start_tree() {
	rm -rf "$scratch/src"
	put src/base/str.h 'struct str;'
	put src/base/log.h '#define log_error(...) log_write(3, __VA_ARGS__)'
	put src/loop/loop.c '#include <time.h>
#include <ev.h>
#include "base/str.h"
int64_t now(void) { return time(NULL); }'
	put src/loop/transfers.h '#include <curl/curl.h>'
	put src/notify/wire.c '#include "loop/transfers.h"'
	put src/core/entry.c '#include "base/str.h"
#include <pcre2.h>
/* printf("in a comment"); the server'"'"'s
 * time( too */
static const char *const text = "open(it) // getenv(x)";
static void parse(int it) { port->read(it); port.open(it); snprintf(0, 0, "time(%c)", '"'\"'"'); } // exit(1)
static int count(void);'
	put src/scim/tenant.h '#include "core/entry.h"'
	put src/sync/cycle.c '#include "scim/tenant.h"
void f(void) { log_error("it is said here"); }'
	put src/cli/main.c '#include <config.h>
#include "sync/cycle.h"
int64_t now(void) { return time(NULL); }'
}

# must_find WHAT: the tree under test has just this fault.
must_find() {
	said=$(check_tree "$scratch") && {
		echo "floor_check: self-test: not found out: $1" >&2
		self_failures=$((self_failures + 1))
	}
	case $said in
	*"$1"*) ;;
	*)
		echo "floor_check: self-test: wanted \"$1\", got: $said" >&2
		self_failures=$((self_failures + 1))
		;;
	esac
	start_tree
}

self_test() {
	self_failures=0
	start_tree
	check_tree "$scratch" >&2 || {
		echo "floor_check: self-test: a good tree fails" >&2
		self_failures=1
	}
	put src/base/bad.c '#include "core/entry.h"'
	must_find 'src/base/bad.c:2: base looks up to core'
	put src/scim/bad.h '#include "sync/cycle.h"'
	must_find 'scim looks up to sync'
	put src/scim/bad.c '#include "state/store.h"'
	must_find 'scim looks into its neighbour state'
	put src/core/bad.c '#include "loop/loop.h"'
	must_find 'core looks into its neighbour loop'
	put src/core/bad.c '#include "entry.h"'
	must_find '"entry.h" is in no room'
	put src/sync/bad.c '#include <curl/curl.h>'
	must_find '<curl/curl.h> is not known in sync'
	put src/state/bad.c '#  include <ldap.h>'
	must_find '<ldap.h> is not known in state'
	put src/app/bad.c '#include <glib.h>'
	must_find '<glib.h> is in no table'
	put src/scim/tenant.h '#include <curl/curl.h>'
	must_find 'brings <curl/> out of its room'
	put src/sync/bad.c '#include "loop/transfers.h"'
	must_find 'src/sync/bad.c:2: "loop/transfers.h" brings <curl/> out of its room'
	put src/bad.c 'int x;'
	must_find 'src/bad.c:0: lies in no room'
	put src/util/bad.c 'int x;'
	must_find 'src/util/bad.c:0: lies in no room'
	put src/base/bad.c 'int x;'
	printf 'int x;\n' >"$scratch/src/base/bad.c"
	must_find 'does not begin with its SPDX line'
	put src/core/bad.c '#include <unistd.h>'
	must_find 'no use for <unistd.h>'
	put src/core/bad.c '#include "base/log.h"'
	must_find 'no use for "base/log.h"'
	put src/core/bad.c 'void f(void) { g(); /* a */ printf ("x"); }'
	must_find 'cannot call printf()'
	put src/core/bad.c 'void f(void) { if (getenv("X")) g(); }'
	must_find 'cannot call getenv()'
	put src/core/bad.c 'void f(void) { fputs_to(stderr); }'
	must_find 'no standard streams'
	put src/core/bad.c 'static int counter;'
	must_find 'no variables of its own'
	put src/core/bad.c 'void f(void) { log_debug("x"); }'
	must_find 'cannot call log_debug()'
	put src/sync/bad.c 'int64_t f(void) { return time(NULL); }'
	must_find 'time() reads a clock'
	put src/directory/bad.c 'void f(void) { log_warning("x"); }'
	must_find 'floors 0 to 2 log at debug only'
	return "$self_failures"
}

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
self_test || exit 1
check_tree "${1:-${top_srcdir:-.}}" || {
	echo "floor_check: the house does not stand as drawn (the rules are the tables in $0)" >&2
	exit 1
}
