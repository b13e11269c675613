/* S3, as far as archivers and the tools beside them need it, and the two calls of SQS that the archiver makes. */
#define _GNU_SOURCE
#include "body.h"
#include "cloud.h"
#include "objects.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XML "Content-Type: application/xml\r\nx-amz-request-id: 4442587FB7D0A2F9\r\nServer: AmazonS3\r\n"
#define DATED "Last-Modified: Sun, 01 Nov 2026 12:00:00 GMT\r\n"

static atomic_long last_etag;

static bool fault(wire *w, const char *status, const char *code) {
  char text[256];
  int size = snprintf(text, sizeof text,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, code);
  return answer(w, status, XML, text, (size_t)size);
}

static bool xml(wire *w, const char *text) { return answer(w, "200 OK", XML, text, strlen(text)); }

/* An ETag that nobody takes for an MD5, and the checksum that came along. */
static void describe(char *fields, size_t room, const char *name, const char *checksum, bool whole) {
  int at = snprintf(fields, room, XML "ETag: \"bench-%ld\"\r\n", atomic_fetch_add(&last_etag, 1) + 1);
  if (checksum[0] != '\0') {
    at += snprintf(fields + at, room - (size_t)at, "x-amz-checksum-%s: %s\r\n", name, checksum);
    if (whole) snprintf(fields + at, room - (size_t)at, "x-amz-checksum-type: FULL_OBJECT\r\n");
  }
}

static bool put(wire *w, const head *request, char *key) {
  body b;
  char fields[512];
  count(S3_PUT);
  if (!body_read(w, request, &b, KEPT_MAX)) return false;
  object made = {.key = key, .body = b.kept, .body_length = b.kept == NULL ? 0 : (size_t)b.bytes, .bytes = b.bytes};
  snprintf(made.checksum_name, sizeof made.checksum_name, "%s", b.checksum_name);
  snprintf(made.checksum, sizeof made.checksum, "%s", b.checksum);
  head_value(request, "content-type", made.type, sizeof made.type);
  if (!objects_put(&made, head_has(request, "if-none-match", "*"))) {
    free(b.kept);
    count(S3_TAKEN);
    return fault(w, "412 Precondition Failed", "PreconditionFailed");
  }
  describe(fields, sizeof fields, b.checksum_name, b.checksum, true);
  return answer(w, "200 OK", fields, NULL, 0);
}

static bool put_part(wire *w, const head *request, long upload, int number) {
  body b;
  char fields[512];
  count(S3_PART);
  if (!body_read(w, request, &b, 0)) return false;
  free(b.kept);
  if (!uploads_add_part(upload, number, b.bytes)) return fault(w, "404 Not Found", "NoSuchUpload");
  describe(fields, sizeof fields, b.checksum_name, b.checksum, false);
  return answer(w, "200 OK", fields, NULL, 0);
}

static bool create(wire *w, const head *request, const char *key) {
  body b;
  char text[2048], type[96];
  count(S3_CREATE);
  if (!body_read(w, request, &b, 0)) return false;
  free(b.kept);
  head_value(request, "content-type", type, sizeof type);
  snprintf(text, sizeof text,
           "<InitiateMultipartUploadResult><Bucket>bench</Bucket><Key>%s</Key><UploadId>%ld</UploadId>"
           "</InitiateMultipartUploadResult>",
           key, uploads_start(type));
  return xml(w, text);
}

static bool complete(wire *w, const head *request, char *key, long upload) {
  body b;
  object made = {.key = key}, old;
  count(S3_COMPLETE);
  if (!body_read(w, request, &b, 0)) return false;
  free(b.kept);
  bool only_new = head_has(request, "if-none-match", "*");
  if (only_new && objects_get(key, &old)) {
    count(S3_TAKEN);
    return fault(w, "412 Precondition Failed", "PreconditionFailed");
  }
  if (!uploads_end(upload, made.type, sizeof made.type, &made.bytes)) return fault(w, "404 Not Found", "NoSuchUpload");
  snprintf(made.checksum_name, sizeof made.checksum_name, "%s", b.checksum_name);
  snprintf(made.checksum, sizeof made.checksum, "%s", b.checksum);
  objects_put(&made, only_new);
  char text[2048];
  snprintf(text, sizeof text,
           "<CompleteMultipartUploadResult><Bucket>bench</Bucket><Key>%s</Key><ETag>&quot;bench-%ld&quot;</ETag>"
           "</CompleteMultipartUploadResult>",
           key, atomic_fetch_add(&last_etag, 1) + 1);
  return xml(w, text);
}

static bool show(wire *w, const char *key, bool head_only) {
  object found;
  char fields[1024], checksum[256] = "";
  count(head_only ? S3_HEAD : S3_GET);
  if (!objects_get(key, &found) || (!head_only && found.body == NULL)) {
    if (!head_only) return fault(w, "404 Not Found", "NoSuchKey");
    return answer(w, "404 Not Found", XML, NULL, 0);
  }
  if (found.checksum[0] != '\0')
    snprintf(checksum, sizeof checksum, "x-amz-checksum-%s: %s\r\nx-amz-checksum-type: FULL_OBJECT\r\n",
             found.checksum_name, found.checksum);
  snprintf(fields, sizeof fields, "Content-Type: %s\r\nETag: \"bench-0\"\r\n" DATED "%sContent-Length: %lld\r\n",
           found.type[0] == '\0' ? "binary/octet-stream" : found.type, checksum, found.bytes);
  return answer(w, "200 OK", fields, found.body, head_only ? 0 : found.body_length);
}

/* SendMessage: taken, counted and forgotten. The SDK insists on the MD5 of the body, which is a plain UUID. */
static bool send_message(wire *w, const head *request) {
  body b;
  if (!body_read(w, request, &b, 256 * 1024) || b.kept == NULL) return false;
  count(strstr(b.kept, "/dead\"") != NULL ? SQS_DEAD : SQS_DEFERRED);
  const char *message = strstr(b.kept, "\"MessageBody\":\"");
  message = message == NULL ? "" : message + strlen("\"MessageBody\":\"");
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(message, strcspn(message, "\""), digest, &size, EVP_md5(), NULL);
  char text[256], hex[2 * EVP_MAX_MD_SIZE + 1] = "";
  for (unsigned int i = 0; i < size; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
  int length = snprintf(text, sizeof text, "{\"MessageId\":\"219f8380-5770-4cc2-8c3e-5c715e145f5e\",\"MD5OfMessageBody\":\"%s\"}", hex);
  free(b.kept);
  return answer(w, "200 OK", "Content-Type: application/x-amz-json-1.0\r\n", text, (size_t)length);
}

static bool report(wire *w) {
#define TEXT_OF(id, text) text,
  static const char *const names[] = {COUNTS(TEXT_OF)};
  char text[4096] = "{";
  size_t at = 1;
  for (int i = 0; i < COUNT_OF_COUNTS; i++)
    at += (size_t)snprintf(text + at, sizeof text - at, "\"%s\":%ld,", names[i], atomic_load(&counts[i]));
  at += (size_t)objects_sums(text + at, sizeof text - at);
  text[at++] = '}';
  return answer(w, "200 OK", "Content-Type: application/json\r\n", text, at);
}

static bool reset(wire *w) {
  objects_reset();
  bird_reset();
  for (int i = 0; i < COUNT_OF_COUNTS; i++) atomic_store(&counts[i], 0);
  return answer(w, "204 No Content", "", NULL, 0);
}

/* The number behind `name=` in a query; -1 where there is none. */
static long query_number(const char *query, const char *name) {
  size_t length = strlen(name);
  for (const char *at = query; at != NULL && *at != '\0'; at = strchr(at, '&')) {
    if (*at == '&') at++;
    if (strncmp(at, name, length) == 0 && at[length] == '=') return strtol(at + length + 1, NULL, 10);
  }
  return -1;
}

static bool has_word(const char *query, const char *word) {
  size_t length = strlen(word);
  const char *at = strstr(query, word);
  return at != NULL && (at == query || at[-1] == '&') && strchr("=&", at[length]) != NULL;
}

static bool whole_bucket(wire *w, const head *request, const char *query) {
  body b;
  count(S3_OTHER);
  if (!body_read(w, request, &b, 0)) return false;
  free(b.kept);
  if (strcmp(request->first, "GET") != 0) return answer(w, "200 OK", XML, NULL, 0);
  if (has_word(query, "location")) return xml(w, "<LocationConstraint>eu-west-1</LocationConstraint>");
  return xml(w, "<ListBucketResult><Name>bench</Name><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys>"
                "<IsTruncated>false</IsTruncated></ListBucketResult>");
}

/* Path style: /bucket/key. */
bool bucket(wire *w, const head *request) {
  const char *method = request->first;
  char *path = request->second, target[64];
  if (strcmp(path, "/_stats") == 0) return report(w);
  if (strcmp(path, "/_reset") == 0) return reset(w);
  if (head_value(request, "x-amz-target", target, sizeof target)) return send_message(w, request);

  char *query = strchr(path, '?');
  if (query == NULL) query = path + strlen(path);
  else *query++ = '\0';
  char *key = strchr(path + 1, '/');
  if (key == NULL || key[1] == '\0') return whole_bucket(w, request, query);
  key++;

  long upload = query_number(query, "uploadId");
  if (strcmp(method, "PUT") == 0)
    return upload >= 0 ? put_part(w, request, upload, (int)query_number(query, "partNumber")) : put(w, request, key);
  if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) return show(w, key, method[0] == 'H');
  if (strcmp(method, "POST") == 0)
    return upload >= 0 ? complete(w, request, key, upload) : create(w, request, key);
  if (strcmp(method, "DELETE") != 0) return fault(w, "405 Method Not Allowed", "MethodNotAllowed");
  char type[96];
  long long bytes;
  count(S3_ABORT);
  if (upload >= 0) uploads_end(upload, type, sizeof type, &bytes);
  else objects_delete(key);
  return answer(w, "204 No Content", "", NULL, 0);
}
