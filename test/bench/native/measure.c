/*
 * measure FILE COMMAND...: runs the command and writes to FILE, as JSON, what it and all the descendants that were
 * waited for have cost. maxRssKb is that of the largest single process among them.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  /* Nothing is left running when the benchmark is killed. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  pid_t child = fork();
  if (child < 0) return 2;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  int status;
  struct rusage used;
  if (wait4(child, &status, 0, &used) < 0) return 2;
  clock_gettime(CLOCK_MONOTONIC, &end);
  FILE *out = fopen(argv[1], "w");
  if (out == NULL) return 2;
  double wall = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  fprintf(out, "{\"userSeconds\":%.6f,\"systemSeconds\":%.6f,\"wallSeconds\":%.6f,\"maxRssKb\":%ld,\"exitCode\":%d}\n",
          seconds(used.ru_utime), seconds(used.ru_stime), wall, used.ru_maxrss, code);
  return fclose(out) == 0 ? code : 2;
}
