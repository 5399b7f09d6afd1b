// Feeds files, and all files of folders, to a fuzz target: how the corpus runs as an ordinary test,
// with any compiler and without libFuzzer.
#include "fuzz.h"
#include "hostlib/base/file.h"
#include <dirent.h>
#include <sys/stat.h>

enum { INPUT_MAX = 0x100000, PATH_LEN = 1024 };

static bool replay(const char *path)
{
    struct aloft_file file;
    struct aloft_message error;
    if (!aloft_file_read(path, INPUT_MAX, &file, &error)) {
        (void)fprintf(stderr, "%s\n", error.text);
        return false;
    }
    // An exact copy: the file's own buffer has a byte more, which would hide an overrun.
    uint8_t *copy = malloc(file.len > 0 ? file.len : 1);
    if (copy != NULL) {
        memcpy(copy, file.data, file.len);
        (void)LLVMFuzzerTestOneInput(copy, file.len);
    }
    free(copy);
    aloft_file_release(&file);
    return copy != NULL;
}

static int replay_folder(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return -1;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[PATH_LEN];
        int n = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || n < 0 || n >= PATH_LEN) {
            continue;
        }
        if (!replay(name)) {
            count = -1;
            break;
        }
        count++;
    }
    (void)closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        struct stat info;
        bool folder = stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode);
        int n = folder ? replay_folder(argv[i]) : replay(argv[i]) ? 1 : -1;
        if (n < 0) {
            (void)fprintf(stderr, "cannot replay %s\n", argv[i]);
            return 1;
        }
        total += n;
    }
    printf("%d inputs, no finding\n", total);
    return total > 0 ? 0 : 1;
}
