#include "cert.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

bool cert_left_s(const char *path, int64_t *ret_s)
{
	FILE *f = fopen(path, "re");
	X509 *cert = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	int days, seconds;
	bool is_read = cert && ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert));

	if (is_read)
		*ret_s = (int64_t)days * 86400 + seconds;
	X509_free(cert);
	if (f)
		fclose(f);
	return is_read;
}
