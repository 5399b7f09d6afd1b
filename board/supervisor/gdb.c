// The app is let go only when the kernel says that it is traced: then it stands still anyway until
// gdb continues it.
#include "board/supervisor/gdb.h"
#include "board/supervisor/chip_process.h"
#include "board/supervisor/symbols.h"
#include "hostlib/base/proc.h"
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FOLDERS_UP = 5, PID_TEXT = 16, ARGS_MAX = 24 };

static bool is_traced(pid_t pid)
{
    char who[PID_TEXT];
    (void)snprintf(who, sizeof who, "%ld", (long)pid);
    return aloft_proc_status(who, "TracerPid:") != 0;
}

// "directory A:B:C": sources of Aloft's own apps are known by their path from the tree's root,
// which is some folders above the ELF.
static void name_folders(const char *elf, char *out, size_t size)
{
    char folder[PATH_MAX];
    size_t len = (size_t)snprintf(out, size, "directory ");
    if (realpath(elf, folder) == NULL) {
        return;
    }
    for (int i = 0; i < FOLDERS_UP; i++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL || slash == folder) {
            return;
        }
        *slash = '\0';
        int n = snprintf(out + len, size - len, "%s%s", i == 0 ? "" : ":", folder);
        if (n < 0 || (size_t)n >= size - len) {
            out[len] = '\0';
            return;
        }
        len += (size_t)n;
    }
}

static bool start(struct supervisor *s, const char *elf)
{
    char program[] = "gdb";
    char quiet[] = "-q";
    char process[] = "-p";
    char early[] = "-iex";
    char no_fetching[] = "set debuginfod enabled off";
    char late[] = "-ex";
    char stop[] = "rbreak app_main$"; // aloft_app_main, or that of an ESP-IDF project
    char go[] = "continue";
    char pid[PID_TEXT];
    char path[PATH_MAX];
    char folders[FOLDERS_UP * PATH_MAX];
    char *const argv[] = {program, quiet,   early, no_fetching, path, process, pid,
                          late,    folders, late,  stop,        late, go,      NULL};
    posix_spawnattr_t attributes;
    (void)snprintf(pid, sizeof pid, "%ld", (long)s->chip);
    (void)snprintf(path, sizeof path, "%s", elf);
    name_folders(elf, folders, sizeof folders);
    if (posix_spawnattr_init(&attributes) != 0) {
        return false;
    }
    int err = posix_spawnattr_setsigmask(&attributes, &s->old_mask);
    err = err != 0 ? err : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    err = err != 0 ? err : posix_spawnp(&s->gdb, program, NULL, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    if (err != 0) {
        s->gdb = 0;
        fprintf(stderr, "aloft: gdb cannot be started: %s; install the package gdb\n",
                strerror(err));
    }
    return err == 0;
}

static void attach(struct supervisor *s)
{
    char elf[PATH_MAX];
    if (!aloft_symbols_find(s->config, s->retained->panic.elf_sha256, elf)) {
        fprintf(stderr, "aloft: the ELF of the app that runs was not found; give it or its folder "
                        "with --elf\n");
    } else if (start(s, elf)) {
        s->debugged = s->chip;
        return;
    }
    aloft_supervisor_finish(s, ALOFT_SUPERVISOR_ERROR);
}

void aloft_gdb_look(struct supervisor *s)
{
    int status;
    if (!s->config->gdb || s->stop) {
        return;
    }
    bool waits = s->chip != 0 && atomic_load(&s->retained->waits) != 0;
    if (s->gdb == 0 && waits) {
        attach(s);
    } else if (s->gdb != 0 && waitpid(s->gdb, &status, WNOHANG) == s->gdb) {
        s->gdb = 0;
        fprintf(stderr, "aloft: gdb has ended; power off\n");
        aloft_supervisor_finish(s, ALOFT_SUPERVISOR_DEBUGGED);
    } else if (waits && is_traced(s->chip)) {
        atomic_store(&s->retained->waits, 0);
    } else if (waits && s->debugged != s->chip) {
        s->debugged = s->chip;
        fprintf(stderr, "aloft: the board was reset, and its app waits; in gdb: attach %ld\n",
                (long)s->chip);
    }
}

void aloft_gdb_end(struct supervisor *s)
{
    int status;
    if (s->gdb == 0) {
        return;
    }
    (void)kill(s->gdb, SIGTERM);
    while (waitpid(s->gdb, &status, 0) < 0 && errno == EINTR) {
    }
    s->gdb = 0;
}
