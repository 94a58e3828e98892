// SPDX-License-Identifier: ISC
#include "base64.h"

#include "memory.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static char *without_blanks(const char *text)
{
	char *dense = text_copy(text);
	char *end = dense;
	for (const char *at = text; *at; at++) {
		if (!isspace((unsigned char)*at))
			*end++ = *at;
	}
	*end = '\0';
	return dense;
}

unsigned char *base64_decode(const char *text, size_t *ret_size_bytes)
{
	char *dense = without_blanks(text);
	size_t length = strlen(dense);
	size_t padding = length > 1 && dense[length - 1] == '=';
	padding += padding && dense[length - 2] == '=';
	unsigned char *bytes = memory_new(length + 1, 1);
	int decoded = -1;
	if (length > 0 && length % 4 == 0 && length < 1 << 20)
		decoded = EVP_DecodeBlock(bytes, (unsigned char *)dense, (int)length);
	free(dense);
	if (decoded < (int)padding) {
		free(bytes);
		return NULL;
	}
	*ret_size_bytes = (size_t)decoded - padding;
	bytes[*ret_size_bytes] = '\0';
	return bytes;
}
