/* SPDX-License-Identifier: ISC */
/*
 * Faults of values, each with what to do about it.
 */
#include "core/value.h"
#include "base/unicode.h"

enum {
	USER_NAME_MAX_CHARACTERS = 60,
	ADDRESS_MAX_BYTES = 254, /* a path of 256 without its brackets */
	LOCAL_PART_MAX_BYTES = 64,
	DOMAIN_LABEL_MAX_BYTES = 63,
};

/* Whether the text has C0 or C1 controls or DEL; C1 are C2 80 to C2 9F in UTF-8. */
static bool has_control(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		if (byte < 0x20 || byte == 0x7f)
			return true;
		if (byte == 0xc2 && i + 1 < text.len && (unsigned char)text.at[i + 1] < 0xa0)
			return true;
	}
	return false;
}

/* @return NULL, or what is wrong and what to do */
static const char *find_text_fault(struct span text)
{
	_Static_assert(ACCOUNT_TEXT_MAX_BYTES == 1024, "the message says 1024");
	if (text.len > ACCOUNT_TEXT_MAX_BYTES)
		return "the value is longer than 1024 bytes; correct the attribute in the "
		       "directory, or cut it with left(n)";
	if (utf8_is_printable_ascii(text))
		return NULL;
	if (!utf8_is_valid(text))
		return "the value is not UTF-8; correct the attribute in the directory";
	if (has_control(text))
		return "the value holds a control character; correct the attribute in the "
		       "directory, or take the character out with replace";
	return NULL;
}

enum status value_check(enum account_path to, struct span value, struct err *reterr)
{
	const char *fault = find_text_fault(value);
	bool ignored;

	if (fault != NULL) {
		err_set(reterr, "%s: %s", account_path_name(to), fault);
		return STATUS_REJECT;
	}
	if (to != ACCOUNT_ACTIVE || value_parse_active(value, &ignored))
		return STATUS_OK;
	err_set(reterr,
	    "active: \"%.*s\" is neither true nor false; map an attribute that says TRUE or "
	    "FALSE, or a literal with a when",
	    SPAN_ARG(value));
	return STATUS_REJECT;
}

/* Unicode's White_Space, and the two invisible characters that slip into addresses. */
static bool is_white_space(uint32_t code_point)
{
	return code_point == ' ' || code_point == 0xa0 || code_point == 0x1680 ||
	       (code_point >= 0x2000 && code_point <= 0x200b) || code_point == 0x2028 ||
	       code_point == 0x2029 || code_point == 0x202f || code_point == 0x205f ||
	       code_point == 0x3000 || code_point == 0xfeff;
}

static bool has_white_space(struct span text)
{
	if (utf8_is_printable_ascii(text))
		return span_find(text, ' ') < text.len;
	while (text.len > 0) {
		uint32_t code_point = 0;
		size_t len = utf8_next(text, &code_point);

		if (len == 0 || is_white_space(code_point))
			return true;
		text = (struct span) { text.at + len, text.len - len };
	}
	return false;
}

/* @return NULL, or what is wrong and what to do */
static const char *find_email_fault(struct span text)
{
	struct span host = text, person = span_split(&host, '@');

	if (person.len == 0 || host.len == 0)
		return "is not an email address, which the tenant requires; map an attribute that "
		       "holds one";
	if (span_find(host, '@') < host.len)
		return "holds more than one @; correct the attribute in the directory";
	if (has_white_space(text))
		return "holds white space; correct the attribute in the directory";
	if (utf8_length(text) > USER_NAME_MAX_CHARACTERS)
		return "is longer than the 60 characters that the tenant takes; map another "
		       "attribute";
	if (text.at[0] == '_' || text.at[text.len - 1] == '_')
		return "begins or ends with _, which the tenant does not take; map another "
		       "attribute";
	return NULL;
}

enum status value_check_email(struct span user_name, struct err *reterr)
{
	const char *fault = find_email_fault(user_name);

	if (fault == NULL)
		return STATUS_OK;
	err_set(reterr, "userName: \"%.*s\" %s", SPAN_ARG(user_name), fault);
	return STATUS_REJECT;
}

static bool is_letter_or_digit(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9');
}

/* What may stand in an address without quotes. */
static bool is_dot_string(struct span text)
{
	char before = '.';

	for (size_t i = 0; i < text.len; before = text.at[i++]) {
		bool is_atom = is_letter_or_digit(text.at[i]) ||
			       strchr("!#$%&'*+-/=?^_`{|}~", text.at[i]) != NULL;

		if (!is_atom && (text.at[i] != '.' || before == '.'))
			return false;
	}
	return before != '.';
}

static bool is_label(struct span label)
{
	if (label.len == 0 || label.len > DOMAIN_LABEL_MAX_BYTES || label.at[0] == '-' ||
	    label.at[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		if (!is_letter_or_digit(label.at[i]) && label.at[i] != '-')
			return false;
	}
	return true;
}

static bool is_domain(struct span domain)
{
	bool is_last = false;

	while (!is_last) {
		is_last = span_find(domain, '.') == domain.len;
		if (!is_label(span_split(&domain, '.')))
			return false;
	}
	return true;
}

const char *value_doubt_email(struct span user_name)
{
	struct span host = user_name, person = span_split(&host, '@');

	if (!utf8_is_ascii(user_name))
		return "holds characters beyond ASCII";
	if (user_name.len > ADDRESS_MAX_BYTES)
		return "is longer than the 254 bytes of an address";
	if (person.len > LOCAL_PART_MAX_BYTES)
		return "has more than 64 bytes before its @";
	if (!is_dot_string(person))
		return "holds a character or a dot before its @ that an address cannot have there";
	if (!is_domain(host))
		return "has no sound domain behind its @";
	if (span_find(host, '.') == host.len)
		return "has no dot behind its @";
	return NULL;
}

bool value_parse_active(struct span text, bool *ret_is_active)
{
	static const struct {
		struct span word;
		bool is_active;
	} words[] = { { SPAN_INIT("TRUE"), true }, { SPAN_INIT("FALSE"), false },
		{ SPAN_INIT("yes"), true }, { SPAN_INIT("no"), false }, { SPAN_INIT("1"), true },
		{ SPAN_INIT("0"), false } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_equal_ascii_case(text, words[i].word)) {
			*ret_is_active = words[i].is_active;
			return true;
		}
	}
	return false;
}
