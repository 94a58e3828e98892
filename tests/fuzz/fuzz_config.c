/* SPDX-License-Identifier: ISC */
/*
 * Configuration files: whatever the bytes are, reading ends, and either gives a configuration or
 * says why not, printably; what is read twice has one digest.
 */
#include "app/config.h"
#include "base/unicode.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_texts(const struct config_faults *faults)
{
	struct str text = { 0 }, printable = { 0 };

	config_format_faults(faults, &text);
	for (size_t i = 0; i < faults->count; i++) {
		struct span what = span_of(faults->at[i].what);

		check(what.len > 0 && utf8_is_valid(what));
		check(i == 0 || faults->at[i - 1].position <= faults->at[i].position);
		str_truncate(&printable, 0);
		utf8_printable(what, &printable);
		check(span_equal(str_span(&printable), what));
	}
	str_done(&printable);
	str_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_text input = { .text = { (const char *)data, size }, .name = "fuzz" };
	struct config *config = NULL, *again = NULL;
	struct config_faults faults = { 0 }, faults_again = { 0 };
	enum status status = config_parse(&input, &config, &faults);

	check((status == STATUS_OK) == (config != NULL));
	check((status == STATUS_OK) == (faults.fault_count == 0));
	check_texts(&faults);
	check(config_parse(&input, &again, &faults_again) == status);
	check(config == NULL || strcmp(config->config_digest, again->config_digest) == 0);
	config_faults_done(&faults);
	config_faults_done(&faults_again);
	config_free(&config);
	config_free(&again);
	return 0;
}
