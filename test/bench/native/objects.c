#define _GNU_SOURCE
#include "objects.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 16384, MAX_PARTS = 10000 };

typedef struct upload {
  struct upload *next;
  long id;
  char type[96];
  long long parts[MAX_PARTS + 1];
} upload;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static object *slots[SLOTS];
static upload *uploads;
static long last_upload;

static object **slot_of(const char *key) {
  unsigned long hash = 5381;
  for (const char *c = key; *c != '\0'; c++) hash = hash * 33 + (unsigned char)*c;
  object **at = &slots[hash % SLOTS];
  while (*at != NULL && strcmp((*at)->key, key) != 0) at = &(*at)->next;
  return at;
}

bool objects_put(const object *fresh, bool only_new) {
  pthread_mutex_lock(&lock);
  object **at = slot_of(fresh->key), *old = *at;
  bool stored = old == NULL || !only_new;
  if (stored) {
    object *made = malloc(sizeof *made);
    if (made == NULL) abort();
    *made = *fresh;
    made->key = strdup(fresh->key);
    /* What it replaces stays in memory, because a reader may still hold its body. */
    made->next = old == NULL ? NULL : old->next;
    *at = made;
  }
  pthread_mutex_unlock(&lock);
  return stored;
}

bool objects_get(const char *key, object *copy) {
  pthread_mutex_lock(&lock);
  object *found = *slot_of(key);
  if (found != NULL) *copy = *found;
  pthread_mutex_unlock(&lock);
  return found != NULL;
}

void objects_delete(const char *key) {
  pthread_mutex_lock(&lock);
  object **at = slot_of(key);
  if (*at != NULL) *at = (*at)->next;
  pthread_mutex_unlock(&lock);
}

void objects_reset(void) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < SLOTS; i++) {
    while (slots[i] != NULL) {
      object *gone = slots[i];
      slots[i] = gone->next;
      free(gone->key);
      free(gone->body);
      free(gone);
    }
  }
  while (uploads != NULL) {
    upload *gone = uploads;
    uploads = gone->next;
    free(gone);
  }
  pthread_mutex_unlock(&lock);
}

/* An audio object is wrong when its size is not the one that its name tells. */
int objects_sums(char *into, size_t room) {
  long audio = 0, wrong = 0, sidecars = 0, catalogs = 0, others = 0, unfinished = 0;
  long long bytes = 0;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < SLOTS; i++) {
    for (object *o = slots[i]; o != NULL; o = o->next) {
      const char *dot = strrchr(o->key, '.'), *slash = strrchr(o->key, '/');
      if (dot != NULL && strcmp(dot, ".mp3") == 0) {
        audio++;
        bytes += o->bytes;
        if (strtoll(slash == NULL ? o->key : slash + 1, NULL, 16) != o->bytes) wrong++;
      } else if (dot != NULL && strcmp(dot, ".json") == 0) sidecars++;
      else if (dot != NULL && strcmp(dot, ".ndjson") == 0) catalogs++;
      else others++;
    }
  }
  for (upload *u = uploads; u != NULL; u = u->next) unfinished++;
  pthread_mutex_unlock(&lock);
  return snprintf(into, room,
                  "\"stored.audio\":%ld,\"stored.audioBytes\":%lld,\"stored.wrongSize\":%ld,\"stored.sidecars\":%ld,"
                  "\"stored.catalogs\":%ld,\"stored.others\":%ld,\"stored.unfinished\":%ld",
                  audio, bytes, wrong, sidecars, catalogs, others, unfinished);
}

long uploads_start(const char *type) {
  upload *made = calloc(1, sizeof *made);
  if (made == NULL) abort();
  snprintf(made->type, sizeof made->type, "%s", type);
  pthread_mutex_lock(&lock);
  long id = made->id = ++last_upload;
  made->next = uploads;
  uploads = made;
  pthread_mutex_unlock(&lock);
  return id;
}

bool uploads_add_part(long id, int number, long long bytes) {
  if (number < 1 || number > MAX_PARTS) return false;
  pthread_mutex_lock(&lock);
  upload *u = uploads;
  while (u != NULL && u->id != id) u = u->next;
  if (u != NULL) u->parts[number] = bytes;
  pthread_mutex_unlock(&lock);
  return u != NULL;
}

bool uploads_end(long id, char *type, size_t room, long long *bytes) {
  pthread_mutex_lock(&lock);
  upload **at = &uploads;
  while (*at != NULL && (*at)->id != id) at = &(*at)->next;
  upload *ended = *at;
  if (ended != NULL) *at = ended->next;
  pthread_mutex_unlock(&lock);
  if (ended == NULL) return false;
  *bytes = 0;
  for (int i = 1; i <= MAX_PARTS; i++) *bytes += ended->parts[i];
  snprintf(type, room, "%s", ended->type);
  free(ended);
  return true;
}
