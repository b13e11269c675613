/* What the bucket holds: names, sizes and the checksums that came along; bytes only of what is small. */
#ifndef OBJECTS_H
#define OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

enum { KEPT_MAX = 16 * 1024 };

typedef struct object {
  struct object *next;
  char *key, *body;
  size_t body_length;
  long long bytes;
  char checksum_name[16], checksum[96], type[96];
} object;

/* Stores a copy; with `only_new` nothing is stored and false comes back when the key is taken. Takes over `body`. */
bool objects_put(const object *fresh, bool only_new);
/* Copies what is under a key (not its body, which is never changed or freed before a reset). */
bool objects_get(const char *key, object *copy);
void objects_delete(const char *key);
void objects_reset(void);
/* Writes the sums as members of a JSON object. */
int objects_sums(char *into, size_t room);

/* Uploads in parts. `uploads_add_part` and `uploads_end` are false when there is no such upload. */
long uploads_start(const char *type);
bool uploads_add_part(long id, int number, long long bytes);
bool uploads_end(long id, char *type, size_t room, long long *bytes);

#endif
