/* The body of a request, read to its end in whichever of HTTP's and S3's framings it came. */
#ifndef BODY_H
#define BODY_H

#include "wire.h"

typedef struct {
  long long bytes;           /* of the object, without any framing */
  char *kept;                /* the bytes, where there are few and nothing frames them; else NULL */
  char checksum_name[16];    /* of the checksum that came in a header or behind the body; else empty */
  char checksum[96];
} body;

/* Takes the request's body, after a "100 Continue" where one is waited for. `kept` is to be freed by the caller. */
bool body_read(wire *w, const head *request, body *b, size_t keep_most);

#endif
