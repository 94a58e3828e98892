/* SPDX-License-Identifier: ISC */
/*
 * Cutting a configuration file into words.
 */
#include "app/config_scan.h"

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '*';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_sign(char byte)
{
	return byte != '\0' && strchr("{}()[]=:;,", byte) != NULL;
}

/* The byte `ahead` of where we are; NUL behind the end. */
static char peek(const struct scanner *scanner, size_t ahead)
{
	size_t at = scanner->at + ahead;

	return at < scanner->text.len ? scanner->text.at[at] : '\0';
}

static void skip_line(struct scanner *scanner)
{
	while (scanner->at < scanner->text.len && scanner->text.at[scanner->at] != '\n')
		scanner->at++;
}

/* @return false when the comment is never closed; nothing is skipped then */
static bool skip_block(struct scanner *scanner)
{
	unsigned lines = 0;

	for (size_t at = scanner->at + 2; at + 1 < scanner->text.len; at++) {
		if (scanner->text.at[at] == '\n')
			lines++;
		if (scanner->text.at[at] == '*' && scanner->text.at[at + 1] == '/') {
			scanner->at = at + 2;
			scanner->line += lines;
			return true;
		}
	}
	return false;
}

/* @return false at a comment that is never closed */
static bool skip_blank(struct scanner *scanner)
{
	for (;;) {
		char byte = peek(scanner, 0);

		if (byte == '\n')
			scanner->line++;
		if (byte == ' ' || (byte >= '\t' && byte <= '\r')) {
			scanner->at++;
		} else if (byte == '#' || (byte == '/' && peek(scanner, 1) == '/')) {
			skip_line(scanner);
		} else if (byte == '/' && peek(scanner, 1) == '*') {
			if (!skip_block(scanner))
				return false;
		} else {
			return true;
		}
	}
}

static struct token token_until(struct scanner *scanner, enum token_kind kind, size_t end)
{
	struct token token = { .kind = kind,
		.text = { scanner->text.at + scanner->at, end - scanner->at },
		.start = scanner->at,
		.end = end,
		.line = scanner->line };

	scanner->at = end;
	return token;
}

static struct token scan_text(struct scanner *scanner)
{
	size_t end = scanner->at + 1;
	struct token token;

	while (end < scanner->text.len && scanner->text.at[end] != '"' &&
	       scanner->text.at[end] != '\n') {
		bool is_escape = scanner->text.at[end] == '\\' && end + 1 < scanner->text.len &&
				 scanner->text.at[end + 1] != '\n';

		end += is_escape ? 2 : 1;
	}
	if (end >= scanner->text.len || scanner->text.at[end] == '\n')
		return token_until(scanner, TOKEN_OPEN_TEXT, end);
	token = token_until(scanner, TOKEN_TEXT, end + 1);
	token.text = (struct span) { token.text.at + 1, token.text.len - 2 };
	return token;
}

static struct token scan_name(struct scanner *scanner)
{
	size_t end = scanner->at + 1;

	while (end < scanner->text.len &&
	       (is_letter(scanner->text.at[end]) || is_digit(scanner->text.at[end]) ||
		   scanner->text.at[end] == '-' || scanner->text.at[end] == '_'))
		end++;
	return token_until(scanner, TOKEN_NAME, end);
}

static struct token scan_number(struct scanner *scanner)
{
	size_t end = scanner->at + 1;

	while (end < scanner->text.len &&
	       (is_letter(scanner->text.at[end]) || is_digit(scanner->text.at[end]) ||
		   scanner->text.at[end] == '.'))
		end++;
	return token_until(scanner, TOKEN_NUMBER, end);
}

static bool is_at_line_start(const struct scanner *scanner)
{
	size_t at = scanner->at;

	while (at > 0 && (scanner->text.at[at - 1] == ' ' || scanner->text.at[at - 1] == '\t'))
		at--;
	return at == 0 || scanner->text.at[at - 1] == '\n';
}

/* @return whether an `@include "path"` begins here, and its path */
static bool scan_include(struct scanner *scanner, struct token *ret_token)
{
	const struct span directive = SPAN("@include");
	struct scanner ahead = *scanner;
	size_t start = scanner->at;

	if (scanner->text.len - start < directive.len ||
	    memcmp(scanner->text.at + start, directive.at, directive.len) != 0 ||
	    !is_at_line_start(scanner))
		return false;
	ahead.at += directive.len;
	while (peek(&ahead, 0) == ' ' || peek(&ahead, 0) == '\t')
		ahead.at++;
	if (peek(&ahead, 0) != '"')
		return false;
	*ret_token = scan_text(&ahead);
	if (ret_token->kind != TOKEN_TEXT)
		return false;
	ret_token->kind = TOKEN_INCLUDE;
	ret_token->start = start;
	scanner->at = ret_token->end;
	return true;
}

/* All bytes of a character together, so that it can be shown. */
static struct token scan_stray(struct scanner *scanner)
{
	size_t end = scanner->at + 1;

	while (end < scanner->text.len && ((unsigned char)scanner->text.at[end] & 0xC0) == 0x80)
		end++;
	return token_until(scanner, TOKEN_STRAY, end);
}

struct token scan_next(struct scanner *scanner)
{
	struct token token;
	char byte;

	if (!skip_blank(scanner))
		return token_until(scanner, TOKEN_OPEN_COMMENT, scanner->text.len);
	if (scanner->at >= scanner->text.len)
		return token_until(scanner, TOKEN_END, scanner->at);
	byte = peek(scanner, 0);
	if (byte == '"')
		return scan_text(scanner);
	if (is_letter(byte))
		return scan_name(scanner);
	if (is_digit(byte) ||
	    ((byte == '-' || byte == '+' || byte == '.') && is_digit(peek(scanner, 1))))
		return scan_number(scanner);
	if (is_sign(byte))
		return token_until(scanner, TOKEN_SIGN, scanner->at + 1);
	if (byte == '@' && scan_include(scanner, &token))
		return token;
	return scan_stray(scanner);
}

bool token_is_sign(const struct token *token, char sign)
{
	return token->kind == TOKEN_SIGN && token->text.at[0] == sign;
}
