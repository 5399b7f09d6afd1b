// The child gets a clean signal mask, and a pipe with a deadline.
#include "board/supervisor/symbols.h"
#include "aloft/base/hash.h"
#include "hostlib/base/clock.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ELF_MAX = 64 << 20, FILES_MAX = 200, ADDR_TEXT = 20 };

// Four bytes tell, so that what else lies in a folder is not read whole.
static bool is_elf(const char *path)
{
    struct stat st;
    char magic[4];
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool elf = fd >= 0 && read(fd, magic, sizeof magic) == (ssize_t)sizeof magic &&
               memcmp(magic, "\177ELF", sizeof magic) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return elf;
}

static bool has_sha256(const char *path, const uint8_t wanted[32])
{
    struct aloft_message ignored;
    struct aloft_file file;
    uint8_t sha256[ALOFT_SHA256_LEN];
    if (!is_elf(path) || !aloft_file_read(path, ELF_MAX, &file, &ignored)) {
        return false;
    }
    bool same = aloft_hash_of(&aloft_mbed_crypto, ALOFT_HASH_SHA256, file.data, file.len, sha256) ==
                    ALOFT_OK &&
                memcmp(sha256, wanted, sizeof sha256) == 0;
    aloft_file_release(&file);
    return same;
}

static bool find_in_folder(const char *folder, const uint8_t wanted[32], char path[PATH_MAX])
{
    DIR *dir = opendir(folder);
    bool found = false;
    if (dir == NULL) {
        return false;
    }
    const struct dirent *entry;
    for (int i = 0; !found && i < FILES_MAX && (entry = readdir(dir)) != NULL; i++) {
        int len = snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name);
        found = len < PATH_MAX && has_sha256(path, wanted);
    }
    (void)closedir(dir);
    return found;
}

static bool find_at(const char *place, const uint8_t wanted[32], char path[PATH_MAX])
{
    struct stat st;
    if (stat(place, &st) == 0 && S_ISDIR(st.st_mode)) {
        return find_in_folder(place, wanted, path);
    }
    int len = snprintf(path, PATH_MAX, "%s", place);
    return len < PATH_MAX && has_sha256(path, wanted);
}

bool aloft_symbols_find(const struct aloft_supervisor_config *config, const uint8_t sha256[32],
                        char path[PATH_MAX])
{
    static const char *const usual[] = {".", "build"};
    char beside[PATH_MAX];
    for (size_t i = 0; i < config->elf_count; i++) {
        if (find_at(config->elf[i], sha256, path)) {
            return true;
        }
    }
    static const char *const apps[] = {"/../apps", "/../libexec/aloft/apps"};
    ssize_t n = readlink("/proc/self/exe", beside, sizeof beside - 1);
    for (size_t i = 0; n > 0 && i < sizeof apps / sizeof apps[0]; i++) {
        char folder[2 * PATH_MAX];
        beside[n] = '\0';
        (void)snprintf(folder, sizeof folder, "%.*s%s", (int)(strrchr(beside, '/') - beside),
                       beside, apps[i]);
        if (find_at(folder, sha256, path)) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (find_at(usual[i], sha256, path)) {
            return true;
        }
    }
    return false;
}

// What the child writes until it ends, or time is up.
static bool read_all(int fd, char *out, size_t size)
{
    uint64_t deadline = aloft_clock_ms() + ALOFT_SYMBOL_WAIT_MS;
    size_t len = 0;
    for (;;) {
        struct pollfd wait = {fd, POLLIN, 0};
        if (poll(&wait, 1, aloft_clock_left_ms(deadline)) <= 0) {
            return false;
        }
        ssize_t n = read(fd, out + len, size - 1 - len);
        if (n <= 0 || len + (size_t)n == size - 1) {
            out[len + (n > 0 ? (size_t)n : 0)] = '\0';
            return n == 0;
        }
        len += (size_t)n;
    }
}

static bool start(char *const argv[], int out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)sigemptyset(&none);
    bool good =
        posix_spawn_file_actions_init(&actions) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawnattr_init(&attributes) == 0;
    if (good) {
        good = posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
               posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0 &&
               posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ) == 0;
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return good;
}

bool aloft_symbols_ask(const char *elf, const uint64_t *addrs, size_t count, char *out, size_t size)
{
    static char program[] = "addr2line";
    static char options[] = "-apfiCe";
    char path[PATH_MAX];
    char texts[ALOFT_PANIC_FRAMES][ADDR_TEXT];
    char *argv[ALOFT_PANIC_FRAMES + 4] = {program, options, path};
    int wire[2];
    pid_t pid = 0;
    out[0] = '\0';
    (void)snprintf(path, sizeof path, "%s", elf);
    for (size_t i = 0; i < count && i < ALOFT_PANIC_FRAMES; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "0x%llx", (unsigned long long)addrs[i]);
        argv[3 + i] = texts[i];
    }
    if (pipe2(wire, O_CLOEXEC) != 0) {
        return false;
    }
    bool good = start(argv, wire[1], &pid);
    (void)close(wire[1]); // only ever read here
    good = good && read_all(wire[0], out, size);
    (void)close(wire[0]);
    if (pid > 0) {
        int status = 0;
        (void)kill(pid, good ? 0 : SIGKILL);
        (void)waitpid(pid, &status, 0);
        good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    out[good ? strlen(out) : 0] = '\0';
    return good;
}
