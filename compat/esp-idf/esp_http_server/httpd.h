// The state of the server: connections, handlers, and the request that is being answered.
#ifndef ALOFT_IDF_HTTPD_H
#define ALOFT_IDF_HTTPD_H

#include "esp_http_server.h"
#include <pthread.h>

// One connection. Bytes that were received and not used yet are kept in `in`: the rest of the
// packet that ended the head, or the next request.
struct aloft_httpd_session {
    int fd; // -1: free
    void *ctx;
    httpd_free_ctx_fn_t free_ctx;
    uint64_t used; // the count when it was last served
    bool close;    // as soon as no task answers on it
    bool lent;     // to a task that answers (httpd_req_async_handler_begin)
    char *in;      // in_cap bytes, of which in_len have come
    size_t in_len;
};

// A handler; its URI points at the text.
struct aloft_httpd_uri {
    httpd_uri_t public;
    char text[];
};

struct aloft_httpd_work {
    httpd_work_fn_t work;
    void *arg;
    struct aloft_httpd_work *next;
};

struct aloft_httpd {
    httpd_config_t config;
    int listener;
    int wake[2]; // a byte in it wakes the task
    size_t in_cap;
    uint64_t count; // requests so far
    struct aloft_httpd_session *sessions;
    struct aloft_httpd_uri **uris; // in the order of their registration; NULL: no more
    httpd_err_handler_func_t error_handlers[HTTPD_ERR_CODE_MAX];
    struct aloft_httpd_work *work;
    bool stop;
    bool stopped;
    pthread_mutex_t lock; // around sessions' fields, work, stop; never while a handler runs
};

struct aloft_httpd_field {
    const char *name;
    const char *value;
};

// A request. The public part comes first, so a pointer to it is one to the whole. `head` has the
// received head, with each line and the URI terminated.
struct aloft_httpd_request {
    httpd_req_t public;
    struct aloft_httpd *server;
    struct aloft_httpd_session *session;
    char *head;
    size_t head_len;
    char *fields;  // the first header line
    size_t left;   // of the body
    bool answered; // an answer has begun: the request's headers cannot be read any more
    bool chunked;  // its head has been sent
    bool close;    // the client wants no second request
    const char *status;
    const char *type;
    struct aloft_httpd_field *extra; // max_resp_headers of them
    unsigned extras;
};

static inline struct aloft_httpd_request *aloft_httpd_request(httpd_req_t *r)
{
    return r == NULL ? NULL : r->aux;
}

// Reads one request from a connection on which something came, answers it, and takes what the
// handler left of the body. False: the connection is to be closed.
bool aloft_httpd_serve(struct aloft_httpd *server, struct aloft_httpd_session *session);

// Reads up to len bytes, first those in the session's buffer. Returns how many, 0 when the peer has
// closed, or HTTPD_SOCK_ERR_*.
int aloft_httpd_read(struct aloft_httpd *server, struct aloft_httpd_session *session, char *buf,
                     size_t len, int timeout_ms);

// Sends all bytes, within send_wait_timeout.
bool aloft_httpd_write(struct aloft_httpd *server, int fd, const char *buf, size_t len);

// Answers the request with an error, by the app's handler for it or by the server. False: close.
bool aloft_httpd_refuse(struct aloft_httpd_request *request, httpd_err_code_t error);

// Calls the handler of the request's URI. False: close.
bool aloft_httpd_dispatch(struct aloft_httpd_request *request, size_t path_len);

// Posts an event to the default event loop, if there is one.
void aloft_httpd_event(int32_t id, int fd, int data_len);

void aloft_httpd_free_request(struct aloft_httpd_request *request);

// Wakes the server's task.
void aloft_httpd_wake(struct aloft_httpd *server);

#endif
