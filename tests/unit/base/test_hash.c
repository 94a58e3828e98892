/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/hash.h"
#include <pthread.h>

static void assert_hex(const uint8_t *bytes, size_t count, const char *hex)
{
	struct str text = { 0 };
	hex_encode((struct span) { (const char *)bytes, count }, &text);
	assert_string_equal(str_c(&text), hex);
	str_done(&text);
}

/* FIPS 180-4 example, and the empty message. */
static void sha256_is_right(void **state)
{
	uint8_t hash[SHA256_BYTES];
	(void)state;
	for (int again = 0; again < 3; again++) {
		hash_sha256(SPAN("abc"), hash);
		assert_hex(
		    hash, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
		hash_sha256(SPAN_NULL, hash);
		assert_hex(
		    hash, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	}
}

static void pieces_are_one_text(void **state)
{
	const struct span pieces[] = { SPAN("a"), SPAN_NULL, SPAN(""), SPAN("bc") };
	uint8_t whole[SHA256_BYTES], hash[SHA256_BYTES];
	(void)state;
	hash_sha256(SPAN("abc"), whole);
	hash_sha256_pieces(pieces, 4, hash);
	assert_memory_equal(hash, whole, SHA256_BYTES);
	hash_sha256_pieces(pieces, 3, hash);
	assert_memory_not_equal(hash, whole, SHA256_BYTES);
	hash_sha256(SPAN_NULL, whole);
	hash_sha256_pieces(NULL, 0, hash);
	assert_memory_equal(hash, whole, SHA256_BYTES);
}

static void digest_is_its_head(void **state)
{
	(void)state;
	struct digest a = hash_digest(SPAN("abc")), b = hash_digest(SPAN("abd"));
	assert_hex(a.byte, 16, "ba7816bf8f01cfea414140de5dae2223");
	assert_false(digest_equal(&a, &b));
	b = a;
	assert_true(digest_equal(&a, &b));
	b.byte[15] ^= 1;
	assert_false(digest_equal(&a, &b));
}

/* The published vectors of FNV-1a. */
static void mark_is_the_same_for_ever(void **state)
{
	(void)state;
	assert_int_equal(hash_mark(SPAN_NULL), 0x811c9dc5);
	assert_int_equal(hash_mark(SPAN("a")), 0xe40c292c);
	assert_int_equal(hash_mark(SPAN("foobar")), 0xbf9cf968);
}

static void salted_is_salt_then_bytes(void **state)
{
	static const uint8_t salt[17] = "0123456789abcdef";
	uint8_t salted[12], hash[SHA256_BYTES];
	(void)state;
	hash_salted(salt, SPAN("xyz"), salted);
	hash_sha256(SPAN("0123456789abcdefxyz"), hash);
	assert_memory_equal(salted, hash, 12);
}

static void *hash_much(void *result)
{
	for (int i = 0; i < 2000; i++)
		hash_sha256(SPAN("abc"), result);
	return NULL;
}

static void threads_do_not_mix(void **state)
{
	pthread_t threads[4];
	uint8_t hashes[4][SHA256_BYTES];
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hash_much, hashes[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_hex(hashes[i], 4, "ba7816bf");
	}
}

static void random_is_not_constant(void **state)
{
	uint8_t a[64] = { 0 }, b[64] = { 0 };
	(void)state;
	hash_random(a, sizeof(a));
	hash_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	hash_random(NULL, 0);
}

static void hex_both_ways(void **state)
{
	struct str text = { 0 };
	uint8_t bytes[4] = { 9, 9, 9, 9 };
	size_t count = 7;
	(void)state;
	hex_encode(SPAN("\x00\xff\x1a"), &text);
	hex_encode(SPAN_NULL, &text);
	assert_string_equal(str_c(&text), "00ff1a");
	assert_true(hex_decode(SPAN("00fF1A"), bytes, 4, &count));
	assert_int_equal(count, 3);
	assert_memory_equal(bytes, "\x00\xff\x1a\x09", 4);
	assert_true(hex_decode(SPAN(""), bytes, 4, &count) && count == 0);
	assert_false(hex_decode(SPAN("0"), bytes, 4, &count));
	assert_false(hex_decode(SPAN("0g"), bytes, 4, &count));
	assert_false(hex_decode(SPAN("0x"), bytes, 4, &count));
	assert_false(hex_decode(SPAN("1122334455"), bytes, 4, &count));
	assert_memory_equal(bytes, "\x00\xff\x1a\x09", 4);
	assert_int_equal(count, 0);
	str_done(&text);
}

/* RFC 4648 section 10. */
static const struct {
	struct span bytes, text;
} vectors[] = {
	{ SPAN_INIT(""), SPAN_INIT("") },
	{ SPAN_INIT("f"), SPAN_INIT("Zg==") },
	{ SPAN_INIT("fo"), SPAN_INIT("Zm8=") },
	{ SPAN_INIT("foo"), SPAN_INIT("Zm9v") },
	{ SPAN_INIT("foob"), SPAN_INIT("Zm9vYg==") },
	{ SPAN_INIT("fooba"), SPAN_INIT("Zm9vYmE=") },
	{ SPAN_INIT("foobar"), SPAN_INIT("Zm9vYmFy") },
	{ SPAN_INIT("\xff\xfe\x00\x00"), SPAN_INIT("//4AAA==") },
};

static void base64_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct str out = { 0 };
		str_add_c(&out, ">");
		base64_encode(vectors[i].bytes, &out);
		assert_int_equal(out.len, 1 + vectors[i].text.len);
		assert_string_equal(str_c(&out) + 1, vectors[i].text.at);
		str_truncate(&out, 1);
		assert_true(base64_decode(vectors[i].text, &out));
		assert_int_equal(out.len, 1 + vectors[i].bytes.len);
		assert_memory_equal(out.at + 1, vectors[i].bytes.at, vectors[i].bytes.len);
		assert_int_equal(out.at[out.len], 0);
		str_done(&out);
	}
}

static void base64_is_strict(void **state)
{
	static const struct span wrong[] = { SPAN_INIT("Z"), SPAN_INIT("Zg"), SPAN_INIT("Zg="),
		SPAN_INIT("Zg==="), SPAN_INIT("===="), SPAN_INIT("Z==="), SPAN_INIT("Zh=="),
		SPAN_INIT("Zo=="), SPAN_INIT("Zm+="), SPAN_INIT("Zm9="), SPAN_INIT("Zm 8"),
		SPAN_INIT("Zm9v\n"), SPAN_INIT(" Zm9v"), SPAN_INIT("Zg==Zg=="), SPAN_INIT("Z=m8"),
		SPAN_INIT("_-8="), SPAN_INIT("Zm9\0"), SPAN_INIT("Zm\xc3\xa9") };
	struct str out = { 0 };
	(void)state;
	str_add_c(&out, "kept");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(base64_decode(wrong[i], &out));
	assert_string_equal(str_c(&out), "kept");
	str_done(&out);
}

/* More than one piece of what libcrypto is given at once. */
static void base64_is_not_limited(void **state)
{
	const size_t size = (3 << 20) + 5;
	struct str bytes = { 0 }, text = { 0 }, back = { 0 };
	(void)state;
	for (size_t i = 0; i < size; i++)
		str_add_byte(&bytes, (char)(i * 7));
	base64_encode(str_span(&bytes), &text);
	assert_int_equal(text.len, (size + 2) / 3 * 4);
	assert_true(base64_decode(str_span(&text), &back));
	assert_true(span_equal(str_span(&bytes), str_span(&back)));
	str_done(&bytes);
	str_done(&text);
	str_done(&back);
}

static void a_stream_is_one_text(void **state)
{
	struct hash_stream *stream = hash_stream_new();
	uint8_t whole[SHA256_BYTES], hash[SHA256_BYTES];

	(void)state;
	hash_stream_add(stream, SPAN("a"));
	hash_sha256(SPAN("abc"), whole); /* meanwhile */
	hash_stream_add(stream, SPAN_NULL);
	hash_stream_add(stream, SPAN("bc"));
	hash_stream_end(&stream, hash);
	assert_null(stream);
	assert_memory_equal(whole, hash, sizeof(hash));
	hash_stream_end(&stream, hash);
	stream = hash_stream_new();
	hash_stream_end(&stream, NULL);
}

const struct CMUnitTest hash_tests[] = {
	cmocka_unit_test(sha256_is_right),
	cmocka_unit_test(pieces_are_one_text),
	cmocka_unit_test(a_stream_is_one_text),
	cmocka_unit_test(digest_is_its_head),
	cmocka_unit_test(salted_is_salt_then_bytes),
	cmocka_unit_test(mark_is_the_same_for_ever),
	cmocka_unit_test(threads_do_not_mix),
	cmocka_unit_test(random_is_not_constant),
	cmocka_unit_test(hex_both_ways),
	cmocka_unit_test(base64_vectors),
	cmocka_unit_test(base64_is_strict),
	cmocka_unit_test(base64_is_not_limited),
};
const size_t hash_test_count = sizeof(hash_tests) / sizeof(*hash_tests);
