/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>

static struct str read_file(const char *path)
{
	struct str content = { 0 };
	char piece[4096];
	size_t got;
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return content;
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		str_add(&content, (struct span) { piece, got });
	(void)fclose(file);
	return content;
}

void assert_stored(const char *name, struct str *actual)
{
	const char *top = getenv("top_srcdir");
	struct str path = { 0 }, expected;

	str_addf(&path, "%s/tests/unit/report/expected/%s", top == NULL ? "." : top, name);
	if (getenv("UPDATE_EXPECTED") != NULL) {
		FILE *file = fopen(str_c(&path), "w");

		assert_non_null(file);
		assert_int_equal(fwrite(actual->at, 1, actual->len, file), actual->len);
		assert_int_equal(fclose(file), 0);
	}
	expected = read_file(str_c(&path));
	assert_string_equal(str_c(actual), str_c(&expected));
	str_done(&expected);
	str_done(&path);
	str_done(actual);
}

static void cut(struct str *page, const char *from, const char *to)
{
	char *start = strstr(str_c(page), from), *end;

	if (start == NULL)
		return;
	start += strlen(from);
	end = strstr(start, to);
	assert_non_null(end);
	memmove(start, end, (size_t)(page->at + page->len - end));
	str_truncate(page, page->len - (size_t)(end - start));
}

void cut_common_parts(struct str *page)
{
	cut(page, "style-src ", "; script-src");
	cut(page, "script-src ", "; base-uri");
	cut(page, "<style>", "</style>");
	cut(page, "<script>", "</script>");
}
