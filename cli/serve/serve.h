// The development server: state that requests share, and the two halves of it. cmd_serve.c owns the
// socket and the life cycle, serve_request.c answers.
#ifndef ALOFT_CLI_SERVE_H
#define ALOFT_CLI_SERVE_H

#include "cli/serve/serve_guard.h"
#include <limits.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct aloft_serve {
    char root[PATH_MAX]; // resolved; every file served lies below it
    uint32_t limit_rate; // bytes a second for each answer; 0: none
    bool tls;
    atomic_bool stopping;
    struct aloft_serve_guard guard;
};

// The guest that belongs to a connection; NULL: none.
struct aloft_serve_guest *aloft_serve_guest_of(struct MHD_Connection *connection);

// Handlers of libmicrohttpd; cls is the struct aloft_serve. Each request runs in its connection's
// own thread.
enum MHD_Result aloft_serve_answer(void *cls, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_size, void **request_state);
void aloft_serve_connection(void *cls, struct MHD_Connection *connection, void **guest,
                            enum MHD_ConnectionNotificationCode code);
void aloft_serve_completed(void *cls, struct MHD_Connection *connection, void **request_state,
                           enum MHD_RequestTerminationCode code);

#endif
