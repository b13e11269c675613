#include "sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SIGNED "host;x-amz-content-sha256;x-amz-date"

static const EVP_MD *algorithm;
static char stamp[24], scope[64], who[64];
static digest signing_key;

static digest hmac(const void *key, size_t key_length, const char *text) {
  digest out;
  HMAC(algorithm, key, (int)key_length, (const unsigned char *)text, strlen(text), out.bytes, NULL);
  return out;
}

digest sha256(const void *bytes, size_t length) {
  digest out;
  EVP_Digest(bytes, length, out.bytes, NULL, algorithm, NULL);
  return out;
}

void to_hex(const digest *d, char hex[65]) {
  for (int i = 0; i < 32; i++) {
    hex[2 * i] = "0123456789abcdef"[d->bytes[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[d->bytes[i] & 15];
  }
  hex[64] = '\0';
}

void to_base64(const digest *d, char base64[45]) { EVP_EncodeBlock((unsigned char *)base64, d->bytes, 32); }

void sign_start(const char *key_id, const char *secret, const char *region) {
  algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
  time_t now = time(NULL);
  struct tm utc;
  gmtime_r(&now, &utc);
  strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
  char day[9], first[128];
  snprintf(day, sizeof day, "%.8s", stamp);
  snprintf(scope, sizeof scope, "%s/%s/s3/aws4_request", day, region);
  snprintf(who, sizeof who, "%s", key_id);
  int length = snprintf(first, sizeof first, "AWS4%s", secret);
  digest key = hmac(first, (size_t)length, day);
  key = hmac(key.bytes, sizeof key.bytes, region);
  key = hmac(key.bytes, sizeof key.bytes, "s3");
  signing_key = hmac(key.bytes, sizeof key.bytes, "aws4_request");
}

int sign_put(char *into, size_t room, const char *host, const char *path, const char *payload) {
  char request[1024], text[256], hex[65];
  int length = snprintf(request, sizeof request,
                        "PUT\n%s\n\nhost:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n\n" SIGNED "\n%s", path, host,
                        payload, stamp, payload);
  digest d = sha256(request, (size_t)length);
  to_hex(&d, hex);
  snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", stamp, scope, hex);
  d = hmac(signing_key.bytes, sizeof signing_key.bytes, text);
  to_hex(&d, hex);
  return snprintf(into, room,
                  "Host: %s\r\nx-amz-content-sha256: %s\r\nx-amz-date: %s\r\nAuthorization: AWS4-HMAC-SHA256 "
                  "Credential=%s/%s, SignedHeaders=" SIGNED ", Signature=%s\r\n",
                  host, payload, stamp, who, scope, hex);
}
