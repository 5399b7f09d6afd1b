// A file of one line is a file as editors write it, so its line end is no part of the password, and
// neither is a byte order mark.
#include "cli/remote/password.h"
#include "hostlib/base/text.h"
#include <stdlib.h>
#include <string.h>

enum { PASSWORD_MAX = 4096 };

bool aloft_password_read(struct aloft_password *password, struct aloft_message *error)
{
    if (password->text != NULL) {
        return true;
    }
    if (password->path == NULL) {
        password->text = getenv("ALOFT_PASSWORD");
        return true;
    }
    if (!aloft_file_read(password->path, PASSWORD_MAX, &password->file, error) ||
        !aloft_text_unmark(&password->file, error)) {
        return false;
    }
    char *text = (char *)password->file.data;
    text[strcspn(text, "\r\n")] = '\0';
    password->text = text;
    return true;
}

void aloft_password_release(struct aloft_password *password)
{
    if (password->file.data != NULL) {
        explicit_bzero(password->file.data, password->file.len);
    }
    aloft_file_release(&password->file);
}
