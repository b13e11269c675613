#define _GNU_SOURCE
#include "wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

wire *wire_open(int fd, SSL *ssl) {
  int on = 1;
  /* Socket buffers are left to the kernel: what it grows by itself is larger than what an ordinary user may ask for. */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  wire *w = malloc(sizeof *w);
  if (w == NULL) abort();
  w->fd = fd;
  w->ssl = ssl;
  w->start = w->end = 0;
  return w;
}

void wire_close(wire *w) {
  if (w->ssl != NULL) {
    SSL_shutdown(w->ssl);
    SSL_free(w->ssl);
  }
  close(w->fd);
  free(w);
}

static ssize_t receive(wire *w, void *into, size_t room) {
  return w->ssl != NULL ? SSL_read(w->ssl, into, (int)room) : read(w->fd, into, room);
}

bool wire_fill(wire *w) {
  if (w->start == w->end) w->start = w->end = 0;
  if (w->end == WIRE_BUFFER) {
    if (w->start == 0) return false;
    memmove(w->buffer, w->buffer + w->start, w->end - w->start);
    w->end -= w->start;
    w->start = 0;
  }
  ssize_t got = receive(w, w->buffer + w->end, WIRE_BUFFER - w->end);
  if (got <= 0) return false;
  w->end += (size_t)got;
  return true;
}

bool wire_send(wire *w, const void *bytes, size_t length) {
  for (const char *at = bytes; length > 0;) {
    ssize_t sent = w->ssl != NULL ? SSL_write(w->ssl, at, (int)length) : write(w->fd, at, length);
    if (sent <= 0) return false;
    at += sent;
    length -= (size_t)sent;
  }
  return true;
}

bool wire_send_both(wire *w, const void *first, size_t first_length, const void *second, size_t second_length) {
  if (w->ssl != NULL) {
    char joined[HEAD_MAX + 16 * 1024];
    if (first_length + second_length > sizeof joined)
      return wire_send(w, first, first_length) && wire_send(w, second, second_length);
    memcpy(joined, first, first_length);
    if (second_length > 0) memcpy(joined + first_length, second, second_length);
    return wire_send(w, joined, first_length + second_length);
  }
  struct iovec pieces[2] = {{(void *)first, first_length}, {(void *)second, second_length}};
  ssize_t sent = writev(w->fd, pieces, 2);
  if (sent < 0) return false;
  size_t done = (size_t)sent;
  if (done < first_length && !wire_send(w, (const char *)first + done, first_length - done)) return false;
  size_t of_second = done > first_length ? done - first_length : 0;
  return wire_send(w, (const char *)second + of_second, second_length - of_second);
}

bool wire_discard(wire *w, long long length) {
  size_t here = w->end - w->start;
  if ((long long)here > length) here = (size_t)length;
  w->start += here;
  length -= (long long)here;
  char sink[32 * 1024];
  while (length > 0) {
    ssize_t got;
    if (w->ssl != NULL) got = SSL_read(w->ssl, sink, length < (long long)sizeof sink ? (int)length : (int)sizeof sink);
    else got = recv(w->fd, NULL, length < (1 << 20) ? (size_t)length : 1 << 20, MSG_TRUNC);
    if (got <= 0) return false;
    length -= got;
  }
  return true;
}

bool wire_take(wire *w, void *into, size_t length) {
  char *at = into;
  size_t here = w->end - w->start;
  if (here > length) here = length;
  memcpy(at, w->buffer + w->start, here);
  w->start += here;
  for (at += here, length -= here; length > 0;) {
    ssize_t got = receive(w, at, length);
    if (got <= 0) return false;
    at += got;
    length -= (size_t)got;
  }
  return true;
}

bool wire_line(wire *w, char *into, size_t room) {
  for (;;) {
    char *from = w->buffer + w->start, *end = memmem(from, w->end - w->start, "\r\n", 2);
    if (end != NULL) {
      size_t length = (size_t)(end - from);
      if (length >= room) return false;
      memcpy(into, from, length);
      into[length] = '\0';
      w->start += length + 2;
      return true;
    }
    if (!wire_fill(w)) return false;
  }
}

bool head_read(wire *w, head *h) {
  for (;;) {
    char *from = w->buffer + w->start, *end = memmem(from, w->end - w->start, "\r\n\r\n", 4);
    if (end != NULL) {
      size_t length = (size_t)(end - from) + 2;
      if (length >= HEAD_MAX) return false;
      memcpy(h->text, from, length);
      h->text[length] = '\0';
      w->start += length + 2;
      break;
    }
    if (w->end - w->start >= HEAD_MAX || !wire_fill(w)) return false;
  }
  char *line_end = strstr(h->text, "\r\n"), *space = strchr(h->text, ' ');
  if (line_end == NULL || space == NULL || space > line_end) return false;
  *line_end = *space = '\0';
  h->first = h->text;
  h->second = space + 1;
  h->fields = line_end + 2;
  char *rest = strchr(h->second, ' ');
  if (rest != NULL) *rest = '\0';
  return true;
}

bool head_value(const head *h, const char *name, char *value, size_t room) {
  size_t name_length = strlen(name);
  value[0] = '\0';
  for (const char *line = h->fields; *line != '\0';) {
    const char *end = strstr(line, "\r\n");
    if (strncasecmp(line, name, name_length) == 0 && line[name_length] == ':') {
      const char *from = line + name_length + 1;
      while (*from == ' ') from++;
      size_t length = (size_t)(end - from);
      if (length >= room) return false;
      memcpy(value, from, length);
      value[length] = '\0';
      return true;
    }
    line = end + 2;
  }
  return false;
}

bool head_has(const head *h, const char *name, const char *word) {
  char value[256];
  return head_value(h, name, value, sizeof value) && strcasestr(value, word) != NULL;
}
