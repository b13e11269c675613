/* What the parts of the cloud share: its counts, its options and the way answers are given. */
#ifndef CLOUD_H
#define CLOUD_H

#include "wire.h"
#include <stdatomic.h>

/* Name and order of everything that is counted; GET /_stats answers with them. */
#define COUNTS(_)                                                                                            \
  _(API_METADATA, "api.metadata") _(API_LINK, "api.link") _(API_THROTTLED, "api.throttled")                  \
  _(API_OTHER, "api.other") _(MEDIA_GET, "media.get") _(MEDIA_REFUSED, "media.refused") _(S3_GET, "s3.get")  \
  _(S3_HEAD, "s3.head") _(S3_PUT, "s3.put") _(S3_CREATE, "s3.create") _(S3_PART, "s3.part")                  \
  _(S3_COMPLETE, "s3.complete") _(S3_ABORT, "s3.abort") _(S3_TAKEN, "s3.taken") _(S3_OTHER, "s3.other")      \
  _(SQS_DEFERRED, "sqs.deferred") _(SQS_DEAD, "sqs.dead") _(CONNECTIONS_API, "connections.api")              \
  _(CONNECTIONS_MEDIA, "connections.media") _(CONNECTIONS_S3, "connections.s3")

#define NAME_OF(id, text) id,
enum { COUNTS(NAME_OF) COUNT_OF_COUNTS };
#undef NAME_OF

extern atomic_long counts[COUNT_OF_COUNTS];
void count(int what);

extern struct options {
  const char *sample_file, *certificate, *key;
  int delay_ms, gets_per_second;
} options;

/* Set before the first connection: where the API sends those who ask for audio, and what it sends. */
extern char media_origin[64];
extern char *sample;
extern size_t sample_length;

/* Sends an answer after the delay of a hop. `fields` are whole header lines; `body` may be NULL. */
bool answer(wire *w, const char *status, const char *fields, const char *body, size_t length);

/* The size and name that a path ends in (…/00030d40-0000-4000-8000-000000000001.mp3); false if it ends in none. */
bool recording_of(const char *path, char id[37], long long *bytes, const char **suffix);

bool bird_api(wire *w, const head *request);
bool bird_media(wire *w, const head *request);
bool bucket(wire *w, const head *request);
void bird_reset(void);
void bird_start(void);

#endif
