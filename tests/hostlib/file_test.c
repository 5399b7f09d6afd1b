// A file that matters appears whole or not at all. SIGKILL between the creation and the first write
// of an eFuse file left an empty one, and the board never started again. Here each writer of files
// runs in a child that is killed before and after each of its system calls.
#include "host_folder.h"
#include "hostlib/base/file.h"
#include "hostlib/flash/efuse_file.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/keys/keys.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// ---- the calls, which kill the process when their turn has come

static int kill_at; // 2 * n: before call n, counted from 1; 2 * n + 1: behind it; 0: never
static int calls;

static void before(void)
{
    calls++;
    if (kill_at == 2 * calls) {
        (void)raise(SIGKILL);
    }
}

static void behind(void)
{
    if (kill_at == 2 * calls + 1) {
        (void)raise(SIGKILL);
    }
}

// The linker sends the calls of hostlib here (--wrap).
#define WRAP(type, name, parameters, arguments)                                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        before();                                                                                  \
        type result = __real_##name arguments;                                                     \
        behind();                                                                                  \
        return result;                                                                             \
    }

WRAP(int, mkstemp, (char *name), (name))
WRAP(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, close, (int fd), (fd))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, rename, (const char *from, const char *to), (from, to))
WRAP(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
     (a, from, b, to, flags))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    before();
    int fd = __real_open(path, flags, mode);
    behind();
    return fd;
}

// ---- the writers

static struct aloft_message error;

static bool write_new(void)
{
    return aloft_file_write("new", "all of it", 9, &error);
}

static bool write_over(void)
{
    return aloft_file_write("old", "another text", 12, &error);
}

static bool make_efuses(void)
{
    struct aloft_efuse_file file;
    return aloft_efuse_file_open(&file, "flash", ALOFT_EFUSE_FILE_WRITE, &error) &&
           aloft_efuse_file_close(&file, &error);
}

static bool make_flash(void)
{
    return aloft_flash_file_create("chip", ALOFT_FLASH_FILE_MIN, &error);
}

static bool make_key(void)
{
    struct aloft_key key;
    bool good = aloft_keys_create(ALOFT_SIGBLOCK_P256, "key.pem", &key, &error);
    if (good) {
        aloft_keys_release(&key);
    }
    return good;
}

struct writer {
    const char *name;
    bool (*run)(void);
    const char *path;
    off_t old; // -1: was not there
    off_t min, max;
};

static const struct writer writers[] = {
    {"a new file", write_new, "new", -1, 9, 9},
    {"a file that is replaced", write_over, "old", 3, 12, 12},
    {"eFuses", make_efuses, "flash.efuse", -1, ALOFT_EFUSE_FILE_LEN, ALOFT_EFUSE_FILE_LEN},
    {"a flash file", make_flash, "chip", -1, ALOFT_FLASH_FILE_MIN, ALOFT_FLASH_FILE_MIN},
    {"a private key", make_key, "key.pem", -1, 200, 400},
};

static void clear_folder(void)
{
    DIR *listing = opendir(".");
    struct dirent *entry;
    assert_non_null(listing);
    while ((entry = readdir(listing)) != NULL) {
        (void)__real_unlink(entry->d_name);
    }
    (void)closedir(listing);
    FILE *old = fopen("old", "w");
    assert_non_null(old);
    assert_int_equal(fputs("old", old) >= 0, 1);
    assert_int_equal(fclose(old), 0);
}

// How the child ended: true when it was killed.
static bool run_killed(const struct writer *writer, int at)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        calls = 0;
        kill_at = at;
        _exit(writer->run() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static off_t size_of(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 ? there.st_size : -1;
}

static void whatever_is_killed_leaves_a_whole_file_or_none(void **state)
{
    (void)state;
    for (size_t w = 0; w < sizeof writers / sizeof writers[0]; w++) {
        const struct writer *writer = &writers[w];
        bool was_old = false;
        bool was_new = false;
        bool killed = true;
        int at = 2;
        for (; killed; at++) {
            clear_folder();
            killed = run_killed(writer, at);
            off_t size = size_of(writer->path);
            bool new = size >= writer->min &&size <= writer->max;
            if (!new &&size != writer->old) {
                fail_msg("%s, killed at %d.%d: %ld bytes", writer->name, at / 2, at % 2,
                         (long)size);
            }
            was_old = was_old || !new;
            was_new = was_new || new;
            assert_true(new || killed);
            assert_true(new || writer->run()); // then it is made the next time
            off_t again = size_of(writer->path);
            assert_true(again >= writer->min && again <= writer->max);
            kill_at = 0;
        }
        assert_true(was_old && was_new && at > 12); // of both there were some
    }
}

static void a_new_file_does_not_replace_one(void **state)
{
    (void)state;
    clear_folder();
    errno = 0;
    assert_false(aloft_file_create("old", 0666, "x", 1, 1));
    assert_int_equal(errno, EEXIST);
    assert_int_equal(size_of("old"), 3);
    assert_true(aloft_file_create("new", 0600, "x", 1, 3));
    assert_int_equal(size_of("new"), 3);
    struct stat there;
    assert_int_equal(stat("new", &there), 0);
    assert_int_equal(there.st_mode & 07777, 0600);
    assert_int_equal(symlink("nowhere", "link"), 0);
    assert_false(aloft_file_create("link", 0666, "x", 1, 1));
}

// `parts read`, `parts build`, `image build` and `board create --force` each wrote over one.
static void a_private_key_is_not_written_over_nor_removed(void **state)
{
    struct aloft_file der;
    (void)state;
    clear_folder();
    assert_true(make_key());
    off_t len = size_of("key.pem");
    assert_false(aloft_file_write("key.pem", "x", 1, &error));
    assert_non_null(strstr(error.text, "key.pem holds a private key, which is not overwritten"));
    assert_false(aloft_file_writable("key.pem", &error));
    assert_false(aloft_file_remove("key.pem", &error));
    assert_int_equal(symlink("key.pem", "link"), 0);
    assert_false(aloft_file_write("link", "x", 1, &error));
    assert_int_equal(system("openssl pkey -in key.pem -outform DER -out key.der"), 0);
    assert_false(aloft_file_write("key.der", "x", 1, &error));
    // Keys that want a password were written over.
    assert_int_equal(system("openssl pkcs8 -topk8 -in key.pem -passout pass:x -outform DER "
                            "-out locked.der && openssl pkcs12 -export -nocerts -inkey key.pem "
                            "-passout pass:x -out store.p12"),
                     0);
    assert_false(aloft_file_write("locked.der", "x", 1, &error));
    assert_false(aloft_file_write("store.p12", "x", 1, &error));
    assert_int_equal(system("openssl pkey -in key.pem -pubout -out pub.pem"), 0);
    assert_true(aloft_file_write("pub.pem", "x", 1, &error));
    assert_true(aloft_file_remove("pub.pem", &error));
    assert_true(aloft_file_remove("pub.pem", &error)); // it is not there
    assert_int_equal(size_of("key.pem"), len);
    // An NVS partition that contains such a text does not count as a key file.
    assert_true(aloft_file_read("key.pem", 4000, &der, &error));
    uint8_t store[8192] = {0xFE, 0xFF, 0xFF, 0xFF};
    memcpy(store + 96, der.data, der.len);
    aloft_file_release(&der);
    assert_true(aloft_file_write("nvs.bin", store, sizeof store, &error));
    assert_true(aloft_file_write("nvs.bin", store, sizeof store, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_killed_leaves_a_whole_file_or_none),
        cmocka_unit_test(a_new_file_does_not_replace_one),
        cmocka_unit_test(a_private_key_is_not_written_over_nor_removed),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
