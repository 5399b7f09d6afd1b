// A password is in no command line and is never shown.
#include "cli/nvs/secret_input.h"
#include "cli/base/ui.h"
#include "hostlib/base/file.h"
#include "hostlib/base/text.h"
#include "hostlib/keys/secret.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { FILE_MAX = 4000, GOOD_LEN = 8, OWNER_ONLY = 0600 };

static void cut_line(char password[ALOFT_SECRET_PASSWORD])
{
    password[strcspn(password, "\r\n")] = '\0';
}

bool aloft_secret_input_ask(const char *text, bool hidden, char answer[ALOFT_SECRET_PASSWORD])
{
    struct termios before;
    FILE *terminal = fopen("/dev/tty", "r+");
    if (terminal == NULL) {
        return false;
    }
    bool good = tcgetattr(fileno(terminal), &before) == 0;
    struct termios wanted = before;
    if (hidden) {
        wanted.c_lflag &= ~(tcflag_t)ECHO;
    }
    good = good && tcsetattr(fileno(terminal), TCSAFLUSH, &wanted) == 0;
    (void)fputs(text, terminal);
    (void)fflush(terminal);
    bool read = good && fgets(answer, ALOFT_SECRET_PASSWORD, terminal) != NULL;
    (void)fputs(hidden ? "\n" : "", terminal);
    if (good) {
        (void)tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    }
    (void)fclose(terminal);
    return read;
}

static bool ask(char password[ALOFT_SECRET_PASSWORD])
{
    char again[ALOFT_SECRET_PASSWORD];
    if (!aloft_secret_input_ask("New password: ", true, password) ||
        !aloft_secret_input_ask("Once more: ", true, again)) {
        aloft_ui_error("there is no terminal to ask for the password; use --password-file, or the "
                       "environment variable ALOFT_PASSWORD");
        return false;
    }
    bool same = strcmp(password, again) == 0;
    explicit_bzero(again, sizeof again);
    if (!same) {
        aloft_ui_error("the two passwords differ; nothing was set");
    }
    return same;
}

static void take(const char *text, char password[ALOFT_SECRET_PASSWORD])
{
    (void)snprintf(password, ALOFT_SECRET_PASSWORD, "%.*s", (int)ALOFT_SECRET_PASSWORD - 1, text);
}

static bool from_file(const char *path, char password[ALOFT_SECRET_PASSWORD])
{
    struct aloft_file file;
    struct aloft_message error;
    if (!aloft_file_read(path, FILE_MAX, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    bool read = aloft_text_unmark(&file, &error);
    if (!read) {
        aloft_ui_error("%s: no password can be read: %s", path, error.text);
    } else if (file.len == 0) {
        read = false;
        aloft_ui_error("%s: no password can be read: the file is empty", path);
    } else {
        take((const char *)file.data, password);
    }
    aloft_file_release(&file);
    return read;
}

bool aloft_secret_input(const char *path, char password[ALOFT_SECRET_PASSWORD])
{
    const char *given = getenv("ALOFT_PASSWORD");
    bool good = true;
    if (path != NULL) {
        good = from_file(path, password);
    } else if (given != NULL) {
        take(given, password);
    } else {
        good = ask(password);
    }
    if (!good) {
        return false;
    }
    cut_line(password);
    size_t len = strlen(password);
    if (len == 0 || len == ALOFT_SECRET_PASSWORD - 1) {
        aloft_ui_error("the password is %s", len == 0 ? "empty; a way without one is closed with "
                                                        "'aloft secret clear'"
                                                      : "longer than 254 bytes");
        return false;
    }
    if (len < GOOD_LEN) {
        aloft_ui_warn("the password has fewer than 8 characters; it is soon guessed");
    }
    return true;
}

bool aloft_secret_input_new(const char *path, char password[ALOFT_SECRET_PASSWORD])
{
    char line[ALOFT_SECRET_GENERATED + 1];
    if (!aloft_secret_generate(password)) {
        aloft_ui_error("this computer gives no random bytes; nothing was set");
        return false;
    }
    (void)snprintf(line, sizeof line, "%s\n", password);
    bool printed = strcmp(path, "-") == 0;
    bool good = printed ? fputs(line, stdout) >= 0
                        : aloft_file_create(path, OWNER_ONLY, line, strlen(line), 1);
    if (!good && errno == EEXIST) {
        aloft_ui_error("%s is there already, and is not written over: it may be the password of "
                       "another device; give another name, or --password-file %s",
                       path, path);
    } else if (!good) {
        aloft_ui_error("cannot make %s: %s", path, strerror(errno));
    }
    explicit_bzero(line, sizeof line);
    return good;
}
