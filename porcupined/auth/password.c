// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/auth/password.h"

#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tools/lib/keel/cleanup.h"

/* Of no password anybody knows: verifying against it costs what a true verification costs, so that the time does not tell whether
 * an address exists. */
static const char nobody[] = "$y$j9T$XeEvfXbQoxI9cnUsBJNIx1$D3Yi8vqQJhXWtPWrW8zSNGwUoe8G7dTKEuHVzrmc1R4";

static bool worked(const char *result)
{
	return result && result[0] != '*';
}

int password_hash(const char *password, unsigned cost, char out[PASSWORD_HASH_MAX])
{
	KEEL_AUTO_FREE struct crypt_data *data = NULL;
	KEEL_AUTO_FREE char *salt = NULL;
	const size_t len = strlen(password);
	const char *result;
	int ret = 0;

	if (!len || len >= PASSWORD_MAX || cost > PASSWORD_COST_MOST)
		return -EINVAL;
	salt = crypt_gensalt_ra("$y$", cost, NULL, 0);
	if (!salt)
		return errno == ENOMEM ? -ENOMEM : -EIO;
	data = calloc(1, sizeof(*data));
	if (!data)
		return -ENOMEM;
	result = crypt_r(password, salt, data);
	if (!worked(result) || strlen(result) >= PASSWORD_HASH_MAX)
		ret = errno == ENOMEM ? -ENOMEM : -EIO;
	else
		strcpy(out, result);
	password_wipe(data, sizeof(*data));
	return ret;
}

int password_verify(const char *hash, const char *password)
{
	KEEL_AUTO_FREE struct crypt_data *data = calloc(1, sizeof(*data));
	const bool usable = password_is_hash(hash);
	const char *result;
	int ret = -EACCES;

	if (!data)
		return -ENOMEM;
	errno = 0;
	result = crypt_r(password, usable ? hash : nobody, data);
	if (!worked(result) && errno == ENOMEM)
		ret = -ENOMEM;
	else if (usable && worked(result) && strlen(result) == strlen(hash) &&
		 !CRYPTO_memcmp(result, hash, strlen(hash)))
		ret = 0;
	password_wipe(data, sizeof(*data));
	return ret;
}

bool password_is_hash(const char *text)
{
	const size_t len = strlen(text);
	int kind;

	if (text[0] != '$' || len < 20 || len >= PASSWORD_HASH_MAX)
		return false;
	kind = crypt_checksalt(text);
	return kind == CRYPT_SALT_OK || kind == CRYPT_SALT_METHOD_LEGACY || kind == CRYPT_SALT_TOO_CHEAP;
}

int password_generate(char out[PASSWORD_GENERATED])
{
	/* 32 characters that are not mistaken for each other: 5 bits each */
	static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789A";
	uint8_t random[PASSWORD_GENERATED - 1];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	for (size_t i = 0; i < sizeof(random); i++)
		out[i] = alphabet[random[i] & 31];
	out[PASSWORD_GENERATED - 1] = '\0';
	return 0;
}

void password_wipe(void *memory, size_t n)
{
	OPENSSL_cleanse(memory, n);
}
