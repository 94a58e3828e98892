/* SPDX-License-Identifier: ISC */
/*
 * SHA-256 and the text forms of bytes, on libcrypto.
 *
 * Fetching an algorithm by name costs more than hashing an account, so it is done once a process;
 * the context that is fed is one a thread.
 */
#include "base/hash.h"

#include "base/vec.h"
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static pthread_once_t hash_once = PTHREAD_ONCE_INIT;
static pthread_key_t hash_key; /* only so that a thread that ends frees its context */
static EVP_MD *hash_algorithm;
static _Thread_local EVP_MD_CTX *hash_context;

__attribute__((noreturn)) static void die(const char *why)
{
	fprintf(stderr, "scimward: error: %s\n", why);
	abort();
}

static void context_free(void *context)
{
	EVP_MD_CTX_free(context);
	hash_context = NULL;
}

static void hash_init(void)
{
	hash_algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (hash_algorithm == NULL || pthread_key_create(&hash_key, context_free) != 0)
		die("libcrypto has no SHA-256; check its configuration (openssl.cnf)");
}

static EVP_MD_CTX *context_begin(void)
{
	if (hash_context == NULL) {
		pthread_once(&hash_once, hash_init);
		hash_context = EVP_MD_CTX_new();
		if (hash_context == NULL || pthread_setspecific(hash_key, hash_context) != 0)
			mem_exhausted();
		if (EVP_DigestInit_ex2(hash_context, hash_algorithm, NULL) != 1)
			die("libcrypto cannot start SHA-256");
	} else if (EVP_DigestInit_ex2(hash_context, NULL, NULL) != 1) {
		die("libcrypto cannot start SHA-256");
	}
	return hash_context;
}

static void context_end(EVP_MD_CTX *context, uint8_t ret_hash[SHA256_BYTES])
{
	if (EVP_DigestFinal_ex(context, ret_hash, NULL) != 1)
		die("libcrypto cannot finish SHA-256");
}

static void context_add(EVP_MD_CTX *context, const void *bytes, size_t len)
{
	if (len > 0 && EVP_DigestUpdate(context, bytes, len) != 1)
		die("libcrypto cannot go on with SHA-256");
}

void hash_sha256_pieces(const struct span *pieces, size_t count, uint8_t ret_hash[SHA256_BYTES])
{
	EVP_MD_CTX *context = context_begin();
	for (size_t i = 0; i < count; i++)
		context_add(context, pieces[i].at, pieces[i].len);
	context_end(context, ret_hash);
}

void hash_sha256(struct span bytes, uint8_t ret_hash[SHA256_BYTES])
{
	hash_sha256_pieces(&bytes, 1, ret_hash);
}

struct hash_stream {
	EVP_MD_CTX *context;
};

struct hash_stream *hash_stream_new(void)
{
	struct hash_stream *stream = mem_new(1, sizeof(*stream));

	pthread_once(&hash_once, hash_init);
	stream->context = EVP_MD_CTX_new();
	if (stream->context == NULL)
		mem_exhausted();
	if (EVP_DigestInit_ex2(stream->context, hash_algorithm, NULL) != 1)
		die("libcrypto cannot start SHA-256");
	return stream;
}

void hash_stream_add(struct hash_stream *stream, struct span bytes)
{
	context_add(stream->context, bytes.at, bytes.len);
}

void hash_stream_end(struct hash_stream **stream, uint8_t ret_hash[SHA256_BYTES])
{
	uint8_t hash[SHA256_BYTES];

	if (*stream == NULL)
		return;
	context_end((*stream)->context, ret_hash != NULL ? ret_hash : hash);
	EVP_MD_CTX_free((*stream)->context);
	free(*stream);
	*stream = NULL;
}

struct digest hash_digest(struct span bytes)
{
	uint8_t hash[SHA256_BYTES];
	struct digest digest;
	hash_sha256(bytes, hash);
	memcpy(digest.byte, hash, sizeof(digest.byte));
	return digest;
}

void hash_salted(const uint8_t salt[16], struct span bytes, uint8_t ret_hash[12])
{
	uint8_t hash[SHA256_BYTES];
	EVP_MD_CTX *context = context_begin();
	context_add(context, salt, 16);
	context_add(context, bytes.at, bytes.len);
	context_end(context, hash);
	memcpy(ret_hash, hash, 12);
}

uint32_t hash_mark(struct span bytes)
{
	uint32_t mark = UINT32_C(2166136261);

	for (size_t i = 0; i < bytes.len; i++)
		mark = (mark ^ (uint8_t)bytes.at[i]) * UINT32_C(16777619);
	return mark;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->byte, b->byte, sizeof(a->byte)) == 0;
}

void hash_random(void *bytes, size_t count)
{
	char *at = bytes;
	while (count > 0) {
		ssize_t got = getrandom(at, count, 0);
		if (got < 0 && errno != EINTR)
			die("the system gives no random bytes");
		if (got > 0) {
			at += got;
			count -= (size_t)got;
		}
	}
}

void hex_encode(struct span bytes, struct str *out)
{
	static const char digits[] = "0123456789abcdef";
	str_reserve(out, bytes.len > SIZE_MAX / 2 ? SIZE_MAX : bytes.len * 2);
	char *at = out->at + out->len;
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t byte = (uint8_t)bytes.at[i];
		*at++ = digits[byte >> 4];
		*at++ = digits[byte & 15];
	}
	*at = '\0';
	out->len += bytes.len * 2;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool hex_decode(struct span text, uint8_t *ret_bytes, size_t cap, size_t *ret_count)
{
	if (text.len % 2 != 0 || text.len / 2 > cap)
		return false;
	/* Looked at before it is written: on failure the caller's memory stays as it was. */
	for (size_t i = 0; i < text.len; i++) {
		if (hex_digit(text.at[i]) < 0)
			return false;
	}
	for (size_t i = 0; i < text.len; i += 2)
		ret_bytes[i / 2] =
		    (uint8_t)(hex_digit(text.at[i]) << 4 | hex_digit(text.at[i + 1]));
	*ret_count = text.len / 2;
	return true;
}

/* libcrypto counts in int: longer texts go through it in pieces that end on a group of four. */
enum { BASE64_PIECE_BYTES = 3 << 20, BASE64_PIECE_CHARS = 4 << 20 };

void base64_encode(struct span bytes, struct str *out)
{
	for (size_t done = 0; done < bytes.len;) {
		size_t piece = bytes.len - done;
		if (piece > BASE64_PIECE_BYTES)
			piece = BASE64_PIECE_BYTES;
		str_reserve(out, (piece + 2) / 3 * 4);
		out->len += (size_t)EVP_EncodeBlock((unsigned char *)out->at + out->len,
		    (const unsigned char *)bytes.at + done, (int)piece);
		done += piece;
	}
}

static int base64_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '+')
		return 62;
	return digit == '/' ? 63 : -1;
}

/*
 * EVP_DecodeBlock is lenient (white space, padding anywhere, stray bits in the last digit): two
 * texts for the same bytes would be two identities, so all that is refused before it is asked.
 */
static bool base64_is_strict(struct span text, size_t *ret_padding)
{
	if (text.len % 4 != 0)
		return false;
	size_t padding = 0;
	while (padding < 2 && padding < text.len && text.at[text.len - 1 - padding] == '=')
		padding++;
	int value = 0;
	for (size_t i = 0; i < text.len - padding; i++) {
		value = base64_value(text.at[i]);
		if (value < 0)
			return false;
	}
	if ((padding == 1 && (value & 3) != 0) || (padding == 2 && (value & 15) != 0))
		return false;
	*ret_padding = padding;
	return true;
}

bool base64_decode(struct span text, struct str *out)
{
	size_t padding;
	if (!base64_is_strict(text, &padding))
		return false;
	size_t before = out->len;
	for (size_t done = 0; done < text.len;) {
		size_t piece = text.len - done;
		if (piece > BASE64_PIECE_CHARS)
			piece = BASE64_PIECE_CHARS;
		str_reserve(out, piece / 4 * 3);
		int count = EVP_DecodeBlock((unsigned char *)out->at + out->len,
		    (const unsigned char *)text.at + done, (int)piece);
		if (count < 0) {
			str_truncate(out, before);
			return false;
		}
		out->len += (size_t)count;
		done += piece;
	}
	str_truncate(out, out->len - padding);
	return true;
}
