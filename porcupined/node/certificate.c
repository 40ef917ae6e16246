// SPDX-License-Identifier: GPL-2.0-or-later
/* The certificate that a node makes itself at its first start, so that TLS is on before anybody has set it up. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "porcupined/node/tls.h"
#include "tools/lib/keel/cleanup.h"

#define VALID_SECONDS (3650l * 86400)
#define COMMON_NAME_MOST 64 /* ub-common-name, RFC 5280 appendix A */

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

static int add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *e;
	int good;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!e)
		return -EIO;
	good = X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	return good ? 0 : -EIO;
}

static int make(const char *hostname, EVP_PKEY **key, X509 **out)
{
	KEEL_CLEANUP(free_key) EVP_PKEY *k = EVP_EC_gen("P-256");
	KEEL_CLEANUP(free_certificate) X509 *x = X509_new();
	char common[COMMON_NAME_MOST + 1], names[300];
	unsigned char serial[16];
	X509_NAME *name;
	BIGNUM *number;

	if (!k || !x || RAND_bytes(serial, sizeof(serial)) != 1)
		return -EIO;
	serial[0] &= 0x7f;
	number = BN_bin2bn(serial, sizeof(serial), NULL);
	if (!number || !BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x))) {
		BN_free(number);
		return -EIO;
	}
	BN_free(number);
	snprintf(common, sizeof(common), "%s", hostname);
	snprintf(names, sizeof(names), "DNS:%s", hostname);
	X509_set_version(x, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), VALID_SECONDS);
	X509_set_pubkey(x, k);
	name = X509_get_subject_name(x);
	if (!X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1, -1, 0) ||
	    !X509_set_issuer_name(x, name) || add_extension(x, NID_basic_constraints, "critical,CA:FALSE") ||
	    add_extension(x, NID_subject_alt_name, names) || add_extension(x, NID_ext_key_usage, "serverAuth") ||
	    !X509_sign(x, k, EVP_sha256()))
		return -EIO;
	*key = keel_take(k);
	*out = keel_take(x);
	return 0;
}

/* Writes beside, then renames: a file is whole or not there. */
static int write_pem(const char *path, mode_t mode, EVP_PKEY *key, X509 *certificate)
{
	char beside[4096];
	FILE *file;
	int fd, ret = 0;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	if (key ? !PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) : !PEM_write_X509(file, certificate))
		ret = -EIO;
	if (!ret && (fflush(file) || fsync(fd)))
		ret = -errno;
	if (fclose(file) && !ret)
		ret = -errno;
	if (!ret && rename(beside, path))
		ret = -errno;
	if (ret)
		unlink(beside);
	return ret;
}

/* The directory a file is to lie in, if it is missing; not its parents. */
static int make_directory(const char *path)
{
	char directory[4096];
	char *slash;

	if (snprintf(directory, sizeof(directory), "%s", path) >= (int)sizeof(directory))
		return -ENAMETOOLONG;
	slash = strrchr(directory, '/');
	if (!slash || slash == directory)
		return 0;
	*slash = '\0';
	return mkdir(directory, 0750) && errno != EEXIST ? -errno : 0;
}

int tls_self_sign(const char *certificate, const char *key, const char *hostname, bool *made, struct keel_buffer *error)
{
	const bool has_certificate = !access(certificate, F_OK), has_key = !access(key, F_OK);
	KEEL_CLEANUP(free_key) EVP_PKEY *k = NULL;
	KEEL_CLEANUP(free_certificate) X509 *x = NULL;
	int ret;

	*made = false;
	if (has_certificate && has_key)
		return 0;
	if (has_certificate || has_key) {
		keel_buffer_printf(error,
				   "%s is there but %s is not: bring it back, or remove both for a new self-signed one",
				   has_certificate ? certificate : key, has_certificate ? key : certificate);
		return -EINVAL;
	}
	ret = make_directory(certificate);
	if (!ret)
		ret = make_directory(key);
	if (!ret)
		ret = make(hostname, &k, &x);
	if (!ret)
		ret = write_pem(key, 0600, k, NULL);
	if (!ret) {
		ret = write_pem(certificate, 0644, NULL, x);
		if (ret)
			unlink(key);
	}
	ERR_clear_error();
	if (ret)
		keel_buffer_printf(error, "cannot make a self-signed certificate in %s: %s", certificate,
				   strerror(-ret));
	*made = !ret;
	return ret;
}
