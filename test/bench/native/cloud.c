/*
 * The benchmark's cloud: Bird's API, the store of the audio, and S3 (with an SQS that counts), in one process that is
 * much faster than any archiver. A thread a connection, nothing on disk, no signature or checksum checked. It ends
 * when its standard input does.
 */
#define _GNU_SOURCE
#include "cloud.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

atomic_long counts[COUNT_OF_COUNTS];
struct options options;
char media_origin[64];
char *sample;
size_t sample_length;
static SSL_CTX *tls;

void count(int what) { atomic_fetch_add_explicit(&counts[what], 1, memory_order_relaxed); }

bool answer(wire *w, const char *status, const char *fields, const char *body, size_t length) {
  if (options.delay_ms > 0) {
    struct timespec hop = {options.delay_ms / 1000, (long)(options.delay_ms % 1000) * 1000000};
    nanosleep(&hop, NULL);
  }
  char text[HEAD_MAX];
  bool sizeless = strncmp(status, "204", 3) == 0 || strstr(fields, "Content-Length:") != NULL;
  int size = sizeless ? snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%s\r\n", status, fields)
                      : snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, fields, length);
  if (size < 0 || (size_t)size >= sizeof text) return false;
  return wire_send_both(w, text, (size_t)size, body, length);
}

bool recording_of(const char *path, char id[37], long long *bytes, const char **suffix) {
  const char *end = path + strcspn(path, "?"), *slash = memrchr(path, '/', (size_t)(end - path));
  if (slash == NULL || end - slash < 37) return false;
  memcpy(id, slash + 1, 36);
  id[36] = '\0';
  char *after;
  *bytes = strtoll(id, &after, 16);
  *suffix = slash + 37;
  return after == id + 8 && id[8] == '-';
}

typedef struct {
  int fd, connections;
  bool (*serve)(wire *, const head *);
} listener;

typedef struct {
  int fd;
  bool (*serve)(wire *, const head *);
} guest;

static void *serve(void *arg) {
  guest g = *(guest *)arg;
  free(arg);
  SSL *ssl = NULL;
  if (tls != NULL) {
    ssl = SSL_new(tls);
    SSL_set_fd(ssl, g.fd);
    if (SSL_accept(ssl) != 1) {
      SSL_free(ssl);
      close(g.fd);
      return NULL;
    }
  }
  wire *w = wire_open(g.fd, ssl);
  head request;
  while (head_read(w, &request) && g.serve(w, &request) && !head_has(&request, "connection", "close")) {
  }
  wire_close(w);
  return NULL;
}

static void *welcome(void *arg) {
  listener *l = arg;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 512 * 1024);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  for (;;) {
    guest *g = malloc(sizeof *g);
    if (g == NULL) abort();
    g->fd = accept(l->fd, NULL, NULL);
    g->serve = l->serve;
    pthread_t thread;
    if (g->fd < 0 || pthread_create(&thread, &small, serve, g) != 0) abort();
    count(l->connections);
  }
}

static int listen_on_any(int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 1024) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
    perror("cloud: listen");
    exit(2);
  }
  *port = ntohs(address.sin_port);
  return fd;
}

static void load_sample(void) {
  FILE *file = options.sample_file == NULL ? NULL : fopen(options.sample_file, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    fprintf(stderr, "cloud: --sample FILE cannot be read\n");
    exit(2);
  }
  sample_length = (size_t)ftell(file);
  rewind(file);
  sample = malloc(sample_length);
  if (sample == NULL || sample_length == 0 || fread(sample, 1, sample_length, file) != sample_length) exit(2);
  fclose(file);
}

static void start_tls(void) {
  tls = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(tls, options.certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls, options.key, SSL_FILETYPE_PEM) != 1) {
    fprintf(stderr, "cloud: --cert or --key cannot be used\n");
    exit(2);
  }
}

static void read_options(int argc, char **argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const char *name = argv[i], *value = argv[i + 1];
    if (strcmp(name, "--sample") == 0) options.sample_file = value;
    else if (strcmp(name, "--cert") == 0) options.certificate = value;
    else if (strcmp(name, "--key") == 0) options.key = value;
    else if (strcmp(name, "--delay-ms") == 0) options.delay_ms = atoi(value);
    else if (strcmp(name, "--gets-per-second") == 0) options.gets_per_second = atoi(value);
    else {
      fprintf(stderr, "cloud: what is %s?\n", name);
      exit(2);
    }
  }
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  read_options(argc, argv);
  load_sample();
  if (options.certificate != NULL) start_tls();
  int ports[3];
  static listener listeners[3] = {{.connections = CONNECTIONS_API, .serve = bird_api},
                                  {.connections = CONNECTIONS_MEDIA, .serve = bird_media},
                                  {.connections = CONNECTIONS_S3, .serve = bucket}};
  for (int i = 0; i < 3; i++) listeners[i].fd = listen_on_any(&ports[i]);
  snprintf(media_origin, sizeof media_origin, "%s://127.0.0.1:%d", tls == NULL ? "http" : "https", ports[1]);
  bird_start();
  for (int i = 0; i < 3; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, welcome, &listeners[i]) != 0) abort();
  }
  printf("{\"api\":%d,\"media\":%d,\"s3\":%d}\n", ports[0], ports[1], ports[2]);
  fflush(stdout);
  char ignored[64];
  while (read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
  _exit(0);
}
