/* Bird's API and the store that it sends its callers to. A recording's size is the first word of its id. */
#include "cloud.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LINK_MAX = 2560, BYTES_PER_SECOND = 8000 };
static char query[LINK_MAX];

/* What a presigned link of S3 with temporary credentials looks like, and is as long as. */
void bird_start(void) {
  static const char words[] = "IQoJb3JpZ2luX2VjEBwaCWV1LXdlc3QtMSJHMEUCIBch4MlGQu3ErdIzwknxkM0z23Clo79heSynPWNzU7je%2F";
  int at = snprintf(query, sizeof query,
                    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAEXAMPLE%%2F20261101%%2Feu-west-1%%2Fs3"
                    "%%2Faws4_request&X-Amz-Date=20261101T120000Z&X-Amz-Expires=600&X-Amz-Security-Token=");
  for (int i = 0; i < 9; i++) at += snprintf(query + at, sizeof query - (size_t)at, "%s", words);
  snprintf(query + at, sizeof query - (size_t)at,
           "&X-Amz-SignedHeaders=host&x-id=GetObject&X-Amz-Signature="
           "1fd89ce8b8efee07c416da2e1678009562829440229bae2e4dbf00bdc26a7c5d");
}

static pthread_mutex_t bucket_lock = PTHREAD_MUTEX_INITIALIZER;
static double tokens, filled_at;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A full bucket, as at the start of a backfill. */
void bird_reset(void) {
  pthread_mutex_lock(&bucket_lock);
  tokens = options.gets_per_second;
  filled_at = now();
  pthread_mutex_unlock(&bucket_lock);
}

static bool may_pass(void) {
  if (options.gets_per_second == 0) return true;
  pthread_mutex_lock(&bucket_lock);
  double at = now(), most = options.gets_per_second;
  tokens += (at - filled_at) * most;
  if (tokens > most) tokens = most;
  filled_at = at;
  bool passes = tokens >= 1;
  if (passes) tokens -= 1;
  pthread_mutex_unlock(&bucket_lock);
  return passes;
}

static int write_metadata(char *into, size_t room, const char *id, long long bytes) {
  return snprintf(
      into, room,
      "{\"id\":\"%s\",\"sourceId\":\"50fa2203-66c2-4820-864a-1a8002952f4e\","
      "\"channelId\":\"880d8171-cbab-47bb-81b6-b1a0902da136\",\"originator\":{\"contact\":{"
      "\"id\":\"3f0c5a51-55a0-4e26-9f38-0f2b4c1b9d11\",\"identifierKey\":\"phonenumber\","
      "\"identifierValue\":\"+3197004499436\"},\"number\":{\"type\":\"pstn\",\"number\":\"3197004499436\","
      "\"anonymous\":false,\"callerIdName\":\"Example Callers Ltd, customer care\","
      "\"identity\":\"+3197004499436\",\"countryIsoCode\":\"NL\"}},\"receiver\":{\"contact\":{"
      "\"id\":\"225dcb7c-efbd-4288-b78d-93fba8743dd0\",\"identifierKey\":\"phonenumber\","
      "\"identifierValue\":\"+351919150029\"},\"number\":{\"type\":\"pstn\",\"number\":\"351919150029\","
      "\"anonymous\":false,\"identity\":\"+351919150029\",\"countryIsoCode\":\"PT\"}},"
      "\"source\":\"call\",\"direction\":\"outgoing\",\"origin\":\"create-call\",\"status\":\"available\","
      "\"duration\":%lld,\"format\":\"mp3\",\"stereo\":false,\"transcription\":false,"
      "\"roomInfoUrl\":\"https://api.bird.com/workspaces/8bc02f53-87ac-48d2-b4fd-c2cf856a305f/rooms/1\","
      "\"url\":\"%s/workspaceID%%3A8bc02f53-87ac-48d2-b4fd-c2cf856a305f/%s.mp3?%s\","
      "\"createdAt\":\"2026-10-23T15:55:08.234Z\",\"updatedAt\":\"2026-10-23T15:55:38.278Z\","
      "\"startedAt\":\"2026-10-23T15:55:08.121Z\",\"endedAt\":\"2026-10-23T15:55:38.101Z\"}",
      id, (bytes + BYTES_PER_SECOND / 2) / BYTES_PER_SECOND, media_origin, id, query);
}

/* GET /workspaces/{workspace}/recordings/{id} and the same with .mp3. */
bool bird_api(wire *w, const head *request) {
  char id[37], text[LINK_MAX + 2048];
  long long bytes;
  const char *suffix;
  if (!may_pass()) {
    static const char body[] = "{\"code\":\"TooManyRequests\",\"message\":\"rate limit exceeded\"}";
    count(API_THROTTLED);
    return answer(w, "429 Too Many Requests", "Content-Type: application/json\r\n", body, sizeof body - 1);
  }
  if (strcmp(request->first, "GET") != 0 || !recording_of(request->second, id, &bytes, &suffix)) {
    static const char body[] = "{\"code\":\"NotFound\",\"message\":\"no such recording\"}";
    count(API_OTHER);
    return answer(w, "404 Not Found", "Content-Type: application/json\r\n", body, sizeof body - 1);
  }
  if (strcmp(suffix, ".mp3") != 0) {
    count(API_METADATA);
    int size = write_metadata(text, sizeof text, id, bytes);
    return answer(w, "200 OK",
                  "Content-Type: application/json\r\nMessagebird-Request-Id: 0b1d7c52-6a55-4c3c-8f0e-6d0a5b9f1c11\r\n",
                  text, (size_t)size);
  }
  count(API_LINK);
  snprintf(text, sizeof text,
           "Location: %s/workspaceID%%3A8bc02f53-87ac-48d2-b4fd-c2cf856a305f/%s.mp3?%s\r\n"
           "Messagebird-Request-Id: 0b1d7c52-6a55-4c3c-8f0e-6d0a5b9f1c12\r\n",
           media_origin, id, query);
  return answer(w, "307 Temporary Redirect", text, NULL, 0);
}

/* The audio: the sample over and over, cut at the size that the id tells. */
bool bird_media(wire *w, const head *request) {
  char id[37], text[512], authorization[4096];
  long long bytes;
  const char *suffix;
  /* S3 refuses a presigned request that carries another authorization. */
  if (head_value(request, "authorization", authorization, sizeof authorization) ||
      !recording_of(request->second, id, &bytes, &suffix)) {
    static const char body[] = "<Error><Code>InvalidArgument</Code></Error>";
    count(MEDIA_REFUSED);
    return answer(w, "400 Bad Request", "Content-Type: application/xml\r\n", body, sizeof body - 1);
  }
  count(MEDIA_GET);
  snprintf(text, sizeof text,
           "Content-Type: audio/mpeg\r\nAccept-Ranges: bytes\r\nLast-Modified: Fri, 23 Oct 2026 15:55:38 GMT\r\n"
           "ETag: \"%s\"\r\nx-amz-request-id: 4442587FB7D0A2F9\r\nServer: AmazonS3\r\nContent-Length: %lld\r\n",
           id, bytes);
  bool head_only = strcmp(request->first, "HEAD") == 0;
  size_t first = head_only ? 0 : (long long)sample_length < bytes ? sample_length : (size_t)bytes;
  if (!answer(w, "200 OK", text, sample, first)) return false;
  if (head_only) return true;
  for (long long left = bytes - (long long)first; left > 0;) {
    size_t next = (long long)sample_length < left ? sample_length : (size_t)left;
    if (!wire_send(w, sample, next)) return false;
    left -= (long long)next;
  }
  return true;
}
