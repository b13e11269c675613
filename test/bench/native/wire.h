/* A connection and the HTTP/1.1 on it, for server and client alike: blocking, one thread a connection. */
#ifndef WIRE_H
#define WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { WIRE_BUFFER = 256 * 1024, HEAD_MAX = 16 * 1024 };

/* `ssl` is NULL on a plain connection. Bytes that came and were not yet taken lie between `start` and `end`. */
typedef struct {
  int fd;
  SSL *ssl;
  size_t start, end;
  char buffer[WIRE_BUFFER];
} wire;

/* First line and headers of a message, in words that end in NUL. */
typedef struct {
  char *first, *second; /* method and target, or protocol and status */
  char *fields;         /* header lines, each ended by "\r\n" */
  char text[HEAD_MAX];
} head;

wire *wire_open(int fd, SSL *ssl);
void wire_close(wire *w);

/* Makes unread bytes available; false when the other side has gone. */
bool wire_fill(wire *w);
bool wire_send(wire *w, const void *bytes, size_t length);
/* Two pieces in one packet where they fit. */
bool wire_send_both(wire *w, const void *first, size_t first_length, const void *second, size_t second_length);
/* Throws away what comes; the kernel does not even copy it where the connection is plain. */
bool wire_discard(wire *w, long long length);
/* Takes `length` bytes into `into`. */
bool wire_take(wire *w, void *into, size_t length);
/* Takes one line without its "\r\n". */
bool wire_line(wire *w, char *into, size_t room);

bool head_read(wire *w, head *h);
/* Copies a header's value; false (and an empty value) when it is not there. */
bool head_value(const head *h, const char *name, char *value, size_t room);
bool head_has(const head *h, const char *name, const char *word);

#endif
