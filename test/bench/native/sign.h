/* SHA-256 and AWS's Signature Version 4, for one request after another with the same key. */
#ifndef SIGN_H
#define SIGN_H

#include <stddef.h>

typedef struct {
  unsigned char bytes[32];
} digest;

void sign_start(const char *key_id, const char *secret, const char *region);
digest sha256(const void *bytes, size_t length);
void to_hex(const digest *d, char hex[65]);
void to_base64(const digest *d, char base64[45]);
/* Writes the header lines that sign a PUT, the payload being a digest in hex or one of S3's words. */
int sign_put(char *into, size_t room, const char *host, const char *path, const char *payload);

#endif
