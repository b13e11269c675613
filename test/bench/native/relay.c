/*
 * The limit: all that archiving a recording takes and nothing else. Metadata, link, audio, SHA-256, a signed PUT that
 * S3 would verify, a sidecar; on keep-alive connections, a thread for each recording in flight. What an archiver costs
 * beyond this is its own.
 *
 * relay --api PORT --s3 PORT --ids FILE [--threads N] [--tls CA-FILE]
 */
#define _GNU_SOURCE
#include "sign.h"
#include "wire.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define WORKSPACE "8bc02f53-87ac-48d2-b4fd-c2cf856a305f"
enum { WHOLE_MAX = 8 * 1024 * 1024, CHUNK = 256 * 1024, MAX_IDS = 100000, ID = 37 };

typedef struct {
  int port;
  wire *w;
} peer;

typedef struct {
  peer api, media, s3;
  char *whole;
  char metadata[16 * 1024];
} worker;

static int api_port, s3_port, threads = 16;
static SSL_CTX *tls;
static char (*ids)[ID];
static long id_count;
static atomic_long next_id, done;
static atomic_llong bytes_done;

static void fail(const char *what) {
  fprintf(stderr, "relay: %s failed\n", what);
  exit(1);
}

static wire *reach(peer *p, int port) {
  if (p->w != NULL && p->port == port) return p->w;
  if (p->w != NULL) wire_close(p->w);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connecting");
  SSL *ssl = NULL;
  if (tls != NULL) {
    ssl = SSL_new(tls);
    SSL_set_fd(ssl, fd);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), "127.0.0.1");
    if (SSL_connect(ssl) != 1) fail("the TLS handshake");
  }
  p->port = port;
  return p->w = wire_open(fd, ssl);
}

static wire *get(peer *p, int port, const char *path, const char *fields, head *h) {
  char text[HEAD_MAX];
  wire *w = reach(p, port);
  int size = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n", path, port, fields);
  if (!wire_send(w, text, (size_t)size) || !head_read(w, h)) fail("a GET");
  return w;
}

static long long length_of(const head *h) {
  char value[32];
  return head_value(h, "content-length", value, sizeof value) ? strtoll(value, NULL, 10) : 0;
}

static void expect_stored(wire *w, head *h) {
  if (!head_read(w, h) || !wire_discard(w, length_of(h)) || strcmp(h->second, "200") != 0) fail("a PUT");
}

/* Sends the head of a PUT; `payload` is the digest in hex or the word for a checksum behind the body. */
static wire *put_head(worker *me, const char *key, const char *type, const char *payload, const char *fields,
                      long long length, const void *body, size_t body_length) {
  char text[HEAD_MAX], host[32], path[256];
  wire *w = reach(&me->s3, s3_port);
  snprintf(host, sizeof host, "127.0.0.1:%d", s3_port);
  snprintf(path, sizeof path, "/bench-archive/%s", key);
  int size = snprintf(text, sizeof text, "PUT %s HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %lld\r\nIf-None-Match: *\r\n%s",
                      path, type, length, fields);
  size += sign_put(text + size, sizeof text - (size_t)size, host, path, payload);
  size += snprintf(text + size, sizeof text - (size_t)size, "\r\n");
  if (!wire_send_both(w, text, (size_t)size, body, body_length)) fail("a PUT");
  return w;
}

static void put_whole(worker *me, const char *key, const char *type, const void *body, size_t length, head *h, char hex[65]) {
  char base64[45], fields[96];
  digest d = sha256(body, length);
  to_hex(&d, hex);
  to_base64(&d, base64);
  snprintf(fields, sizeof fields, "x-amz-checksum-sha256: %s\r\n", base64);
  expect_stored(put_head(me, key, type, hex, fields, (long long)length, body, length), h);
}

/* The digest is known only at the end, so it goes behind the body (S3: STREAMING-UNSIGNED-PAYLOAD-TRAILER). */
static void put_stream(worker *me, const char *key, wire *from, long long length, head *h, char hex[65]) {
  char fields[192], frame[128], base64[45];
  long long whole_chunks = length / CHUNK, rest = length % CHUNK;
  int rest_head = rest == 0 ? 0 : snprintf(frame, sizeof frame, "%llx\r\n", rest);
  int full_head = snprintf(frame, sizeof frame, "%x\r\n", CHUNK);
  static const char trailer[] = "x-amz-checksum-sha256:";
  long long framed = length + whole_chunks * (full_head + 2) + (rest == 0 ? 0 : rest_head + 2) + 3 +
                     (long long)strlen(trailer) + 44 + 4;
  snprintf(fields, sizeof fields,
           "Content-Encoding: aws-chunked\r\nx-amz-trailer: x-amz-checksum-sha256\r\nx-amz-decoded-content-length: %lld\r\n", length);
  wire *to = put_head(me, key, "audio/mpeg", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", fields, framed, NULL, 0);
  EVP_MD_CTX *hash = EVP_MD_CTX_new();
  EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
  for (long long left = length; left > 0;) {
    size_t size = left < CHUNK ? (size_t)left : CHUNK;
    int head_size = snprintf(frame, sizeof frame, "%zx\r\n", size);
    if (!wire_take(from, me->whole, size)) fail("a download");
    EVP_DigestUpdate(hash, me->whole, size);
    memcpy(me->whole + size, "\r\n", 2);
    if (!wire_send_both(to, frame, (size_t)head_size, me->whole, size + 2)) fail("a PUT");
    left -= (long long)size;
  }
  digest d;
  EVP_DigestFinal_ex(hash, d.bytes, NULL);
  EVP_MD_CTX_free(hash);
  to_hex(&d, hex);
  to_base64(&d, base64);
  int size = snprintf(frame, sizeof frame, "0\r\n%s%s\r\n\r\n", trailer, base64);
  if (!wire_send(to, frame, (size_t)size)) fail("a PUT");
  expect_stored(to, h);
}

static void archive(worker *me, const char *id) {
  static const char key_field[] = "Authorization: AccessKey bench-access-key\r\nAccept: application/json\r\n";
  char path[256], key[256], link[4096], hex[65], sidecar_hex[65], sidecar[4096];
  head h;
  snprintf(path, sizeof path, "/workspaces/" WORKSPACE "/recordings/%s", id);
  wire *w = get(&me->api, api_port, path, key_field, &h);
  long long size = length_of(&h);
  if (strcmp(h.second, "200") != 0 || size >= (long long)sizeof me->metadata || !wire_take(w, me->metadata, (size_t)size))
    fail("the metadata");
  me->metadata[size] = '\0';

  strcat(path, ".mp3");
  w = get(&me->api, api_port, path, key_field, &h);
  const char *slash = NULL;
  if (!wire_discard(w, length_of(&h)) || !head_value(&h, "location", link, sizeof link) ||
      (slash = strchr(link + strlen("https://"), '/')) == NULL)
    fail("the link");
  int media_port = atoi(strrchr(strndupa(link, (size_t)(slash - link)), ':') + 1);

  w = get(&me->media, media_port, slash, "Accept: */*\r\n", &h);
  long long length = length_of(&h);
  if (strcmp(h.second, "200") != 0 || length == 0) fail("the audio");
  snprintf(key, sizeof key, "recordings/" WORKSPACE "/%s.mp3", id);
  if (length <= WHOLE_MAX) {
    if (!wire_take(w, me->whole, (size_t)length)) fail("a download");
    put_whole(me, key, "audio/mpeg", me->whole, (size_t)length, &h, hex);
  } else put_stream(me, key, w, length, &h, hex);

  char *url = strstr(me->metadata, ",\"url\"");
  if (url != NULL) *url = '\0';
  int sidecar_size = snprintf(sidecar, sizeof sidecar, "{\"audio\":{\"key\":\"%s\",\"bytes\":%lld,\"sha256\":\"%s\"},\"bird\":%s},\"note\":\"%0*d\"}",
                              key, length, hex, me->metadata, 900, 0);
  strcpy(key + strlen(key) - 3, "json");
  put_whole(me, key, "application/json", sidecar, (size_t)sidecar_size, &h, sidecar_hex);
  atomic_fetch_add(&done, 1);
  atomic_fetch_add(&bytes_done, length);
}

static void *work(void *ignored) {
  worker *me = calloc(1, sizeof *me);
  if (me == NULL || (me->whole = malloc(WHOLE_MAX)) == NULL) abort();
  for (long i; (i = atomic_fetch_add(&next_id, 1)) < id_count;) archive(me, ids[i]);
  return ignored;
}

int main(int argc, char **argv) {
  const char *id_file = NULL, *authority = NULL;
  signal(SIGPIPE, SIG_IGN);
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--api") == 0) api_port = atoi(argv[i + 1]);
    if (strcmp(argv[i], "--s3") == 0) s3_port = atoi(argv[i + 1]);
    if (strcmp(argv[i], "--ids") == 0) id_file = argv[i + 1];
    if (strcmp(argv[i], "--threads") == 0) threads = atoi(argv[i + 1]);
    if (strcmp(argv[i], "--tls") == 0) authority = argv[i + 1];
  }
  FILE *file = id_file == NULL ? NULL : fopen(id_file, "r");
  ids = calloc(MAX_IDS, sizeof *ids);
  if (file == NULL || ids == NULL || threads < 1 || threads > 256) fail("reading the arguments");
  while (id_count < MAX_IDS && fscanf(file, "%36s", ids[id_count]) == 1) id_count++;
  if (authority != NULL) {
    tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(tls, authority, NULL) != 1) fail("reading the certificate");
  }
  sign_start("AKIAEXAMPLE", "bench-secret", "eu-west-1");
  pthread_t running[256];
  for (int i = 0; i < threads; i++)
    if (pthread_create(&running[i], NULL, work, NULL) != 0) fail("starting a thread");
  for (int i = 0; i < threads; i++) pthread_join(running[i], NULL);
  printf("{\"recordings\":%ld,\"bytes\":%lld}\n", (long)done, (long long)bytes_done);
  return done == id_count ? 0 : 1;
}
