// The password of a device, for the commands that speak to one: from the option, else from the
// file, else from the environment. A password that is typed on the command line can be seen by
// everybody on the computer, so the file and ALOFT_PASSWORD are what to recommend.
#ifndef ALOFT_CLI_PASSWORD_H
#define ALOFT_CLI_PASSWORD_H

#include "hostlib/base/file.h"

#define ALOFT_PASSWORD_HINT "--password-file FILE or ALOFT_PASSWORD gives it"

struct aloft_password {
    const char *text; // the option, or NULL; after read the password, which may be empty
    const char *path; // of the file, "-" is standard input, or NULL
    struct aloft_file file;
};

// Fails when there is a file and it cannot be read. text stays NULL when nothing gives a password.
bool aloft_password_read(struct aloft_password *password, struct aloft_message *error);
void aloft_password_release(struct aloft_password *password);

#endif
