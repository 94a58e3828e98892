/* SPDX-License-Identifier: ISC */
/*
 * The main of a fuzz target that is not built for libFuzzer: it replays inputs.
 *
 *     fuzz_NAME [FILE|DIRECTORY]…
 *
 * Without arguments it replays $top_srcdir/tests/fuzz/corpus/NAME.  The empty input always runs
 * too.  A corpus that is missing or empty is an error, so that a test cannot pass by doing nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static __attribute__((noreturn)) void die(const char *path)
{
	fprintf(stderr, "fuzz: %s: %s\n", path, strerror(errno));
	exit(1);
}

/* The copy has exactly the size of the input, so that AddressSanitizer sees a read behind it. */
static size_t replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(size == 0 ? 1 : size);
	if (file == NULL || bytes == NULL || fread(bytes, 1, size, file) != size)
		die(path);
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	return 1;
}

static size_t replay(const char *path);

static size_t replay_directory(const char *path)
{
	struct dirent **entries;
	size_t count = 0;
	int entry_count = scandir(path, &entries, NULL, alphasort);
	if (entry_count < 0)
		die(path);
	for (int i = 0; i < entry_count; i++) {
		char *inner;
		if (entries[i]->d_name[0] != '.') {
			if (asprintf(&inner, "%s/%s", path, entries[i]->d_name) < 0)
				die(path);
			count += replay(inner);
			free(inner);
		}
		free(entries[i]);
	}
	free(entries);
	return count;
}

static size_t replay(const char *path)
{
	struct stat info;
	if (stat(path, &info) != 0)
		die(path);
	return S_ISDIR(info.st_mode) ? replay_directory(path)
				     : replay_file(path, (size_t)info.st_size);
}

/* libtool's wrapper may have put "lt-" before the name. */
static size_t replay_own_corpus(const char *program)
{
	const char *name = strrchr(program, '/'), *top = getenv("top_srcdir");
	char *path;
	name = name == NULL ? program : name + 1;
	if (strncmp(name, "lt-", 3) == 0)
		name += 3;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	if (asprintf(&path, "%s/tests/fuzz/corpus/%s", top == NULL ? "." : top, name) < 0)
		die(name);
	size_t count = replay_directory(path);
	free(path);
	return count;
}

int main(int argc, char **argv)
{
	size_t count = 0;
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		count += replay(argv[i]);
	if (argc < 2)
		count = replay_own_corpus(argv[0]);
	printf("%zu inputs replayed\n", count);
	return count == 0;
}
