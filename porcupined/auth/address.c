// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/auth/address.h"

#include <errno.h>
#include <idn2.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "tools/lib/keel/cleanup.h"

#define LOCAL_MOST 64   /* octets, RFC 5321 4.5.3.1.1 */
#define DOMAIN_MOST 253 /* octets without a trailing dot, RFC 1035 2.3.4 */
#define LABEL_MOST 63

static bool ascii_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

/* Letters, digits, hyphens within, and no label that IDNA has a say in ("xn--" and whatever else has "--" third). 0; -EAGAIN: libidn2
 * must judge; -ENAMETOOLONG; -EINVAL. */
static int plain_domain(const char *domain, char out[256])
{
	size_t at = 0, label = 0;

	for (; domain[at]; at++) {
		const uint8_t c = (uint8_t)domain[at];

		if (at == DOMAIN_MOST)
			return -ENAMETOOLONG;
		if (c == '.') {
			if (!label || domain[at - 1] == '-')
				return -EINVAL;
			label = 0;
			out[at] = '.';
			continue;
		}
		if (c >= 0x80)
			return -EAGAIN;
		if (c == '-' ? !label : !(ascii_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			return -EINVAL;
		if (c == '-' && label == 3 && domain[at - 1] == '-')
			return -EAGAIN;
		if (++label > LABEL_MOST)
			return -ENAMETOOLONG;
		out[at] = (char)(ascii_upper(c) ? c | 0x20 : c);
	}
	if (!label || domain[at - 1] == '-')
		return -EINVAL;
	out[at] = '\0';
	return 0;
}

int address_domain(const char *domain, char out[256])
{
	char plain[256];
	uint8_t *ace = NULL;
	int ret = plain_domain(domain, plain);

	if (ret == -EAGAIN) {
		ret = idn2_lookup_u8((const uint8_t *)domain, &ace, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
		if (ret != IDN2_OK)
			return ret == IDN2_MALLOC                                        ? -ENOMEM
			       : ret == IDN2_TOO_BIG_DOMAIN || ret == IDN2_TOO_BIG_LABEL ? -ENAMETOOLONG
											 : -EINVAL;
		/* what comes out is ASCII: a full stop of another script became '.', a trailing one may be left */
		ret = strlen((const char *)ace) <= DOMAIN_MOST ? 0 : -ENAMETOOLONG;
		for (size_t i = 0; !ret && ace[i]; i++)
			if (ace[i] >= 0x80 || ace[i] <= ' ' ||
			    (ace[i] == '.' && (!i || !ace[i + 1] || ace[i + 1] == '.')))
				ret = -EINVAL;
		if (!ret)
			strcpy(plain, (const char *)ace);
		idn2_free(ace);
	}
	if (!ret)
		strcpy(out, plain);
	return ret;
}

/* Folded local-part of ASCII only. *n octets into out. */
static int plain_local(const char *local, size_t len, char out[LOCAL_MOST])
{
	for (size_t i = 0; i < len; i++) {
		const uint8_t c = (uint8_t)local[i];

		if (c < ' ' || c == 0x7f)
			return -EINVAL;
		out[i] = (char)(ascii_upper(c) ? c | 0x20 : c);
	}
	return 0;
}

/*
 * NFC(toCasefold(NFD(text))): canonical caseless matching (Unicode 3.13 D145). Decomposing first makes the result a fixed point:
 * what is canonical stays as it is.
 */
static int fold_local(const char *local, size_t len, char out[LOCAL_MOST], size_t *n)
{
	KEEL_AUTO_FREE uint8_t *apart = NULL, *folded = NULL;
	size_t apart_len, folded_len = 0;

	if (u8_check((const uint8_t *)local, len))
		return -EINVAL;
	apart = u8_normalize(UNINORM_NFD, (const uint8_t *)local, len, NULL, &apart_len);
	if (!apart)
		return -ENOMEM;
	folded = u8_casefold(apart, apart_len, NULL, UNINORM_NFC, NULL, &folded_len);
	if (!folded)
		return -ENOMEM;
	if (folded_len > LOCAL_MOST)
		return -ENAMETOOLONG;
	for (size_t at = 0; at < folded_len;) {
		ucs4_t c;
		const int step = u8_mbtouc(&c, folded + at, folded_len - at);

		if (c < ' ' || (c >= 0x7f && c < 0xa0))
			return -EINVAL;
		at += (size_t)step;
	}
	memcpy(out, folded, folded_len);
	*n = folded_len;
	return 0;
}

static int canonical(const char *local, size_t len, const char *domain, bool keep_detail, char out[ADDRESS_MAX])
{
	char name[256], folded[LOCAL_MOST];
	bool ascii = true;
	int ret;

	if (!keep_detail) {
		/* what begins with '+' has no user in front of the detail: it is a name of its own */
		const char *plus = len ? memchr(local + 1, '+', len - 1) : NULL;

		if (plus)
			len = (size_t)(plus - local);
	}
	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		ascii &= (uint8_t)local[i] < 0x80;
	if (ascii)
		ret = len > LOCAL_MOST ? -ENAMETOOLONG : plain_local(local, len, folded);
	else
		ret = fold_local(local, len, folded, &len);
	if (!ret)
		ret = address_domain(domain, name);
	if (ret)
		return ret;
	memcpy(out, folded, len);
	out[len] = '@';
	strcpy(out + len + 1, name);
	return 0;
}

int address_canonical(const char *local, const char *domain, bool keep_detail, char out[ADDRESS_MAX])
{
	return canonical(local, strlen(local), domain, keep_detail, out);
}

int address_parse(const char *text, bool keep_detail, char out[ADDRESS_MAX])
{
	const char *at = strrchr(text, '@');

	return at ? canonical(text, (size_t)(at - text), at + 1, keep_detail, out) : -EINVAL;
}

uint16_t address_bucket(const char *canonical)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	/* cannot fail: the default provider has SHA-256, and no memory is taken for the caller */
	if (!EVP_Digest(canonical, strlen(canonical), digest, &n, EVP_sha256(), NULL) || n < 2)
		abort();
	return (uint16_t)(digest[0] << 4 | digest[1] >> 4);
}
