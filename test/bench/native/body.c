#define _GNU_SOURCE
#include "body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL = 512 };
static const char *const ALGORITHMS[] = {"sha256", "crc32", "crc64nvme", "crc32c", "sha1"};
enum { ALGORITHM_COUNT = sizeof ALGORITHMS / sizeof *ALGORITHMS };

/* Takes bytes and remembers the last of them, which is where S3's chunked signing puts its trailer. */
static bool pass(wire *w, long long length, char *tail, size_t *tail_length) {
  if (length > TAIL && !wire_discard(w, length - TAIL)) return false;
  char last[TAIL];
  size_t size = length > TAIL ? TAIL : (size_t)length;
  if (!wire_take(w, last, size)) return false;
  size_t keep = *tail_length + size > TAIL ? TAIL - size : *tail_length;
  memmove(tail, tail + *tail_length - keep, keep);
  memcpy(tail + keep, last, size);
  *tail_length = keep + size;
  return true;
}

static bool pass_chunked(wire *w, char *tail, size_t *tail_length, long long *length) {
  char line[HEAD_MAX];
  for (;;) {
    if (!wire_line(w, line, sizeof line)) return false;
    long long size = strtoll(line, NULL, 16);
    if (size == 0) break;
    *length += size;
    if (!pass(w, size, tail, tail_length) || !wire_line(w, line, sizeof line)) return false;
  }
  do {
    if (!wire_line(w, line, sizeof line)) return false;
  } while (line[0] != '\0');
  return true;
}

static void find_checksum(const head *request, const char *tail, body *b) {
  char name[64];
  for (int i = 0; i < ALGORITHM_COUNT; i++) {
    snprintf(name, sizeof name, "x-amz-checksum-%s", ALGORITHMS[i]);
    bool found = head_value(request, name, b->checksum, sizeof b->checksum);
    if (!found && tail != NULL) {
      snprintf(name, sizeof name, "\nx-amz-checksum-%s:", ALGORITHMS[i]);
      const char *at = strcasestr(tail, name);
      if (at != NULL) found = sscanf(at + strlen(name), " %95[^\r\n]", b->checksum) == 1;
    }
    if (!found) continue;
    snprintf(b->checksum_name, sizeof b->checksum_name, "%s", ALGORITHMS[i]);
    return;
  }
  b->checksum[0] = '\0';
}

bool body_read(wire *w, const head *request, body *b, size_t keep_most) {
  char value[64], tail[TAIL + 1];
  size_t tail_length = 0;
  memset(b, 0, sizeof *b);
  if (head_has(request, "expect", "100-continue") && !wire_send(w, "HTTP/1.1 100 Continue\r\n\r\n", 25)) return false;
  bool chunked = head_has(request, "transfer-encoding", "chunked");
  bool framed = head_has(request, "x-amz-content-sha256", "STREAMING-") || head_has(request, "content-encoding", "aws-chunked");
  head_value(request, "content-length", value, sizeof value);
  long long length = chunked ? 0 : strtoll(value, NULL, 10);
  if (chunked) {
    if (!pass_chunked(w, tail, &tail_length, &length)) return false;
  } else if (framed) {
    if (!pass(w, length, tail, &tail_length)) return false;
  } else if (length <= (long long)keep_most) {
    b->kept = malloc((size_t)length + 1);
    if (b->kept == NULL || !wire_take(w, b->kept, (size_t)length)) {
      free(b->kept);
      return false;
    }
    b->kept[length] = '\0';
  } else if (!wire_discard(w, length)) return false;
  tail[tail_length] = '\0';
  b->bytes = head_value(request, "x-amz-decoded-content-length", value, sizeof value) ? strtoll(value, NULL, 10) : length;
  find_checksum(request, framed ? tail : NULL, b);
  return true;
}
