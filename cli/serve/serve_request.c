// One request: find the file, decide what of it goes out, send it at the wanted pace, write one
// line. A file is opened once and served from its descriptor, so replacing it by rename while a
// download runs cannot mix two versions.
#include "cli/base/ui.h"
#include "cli/serve/serve.h"
#include "cli/serve/serve_list.h"
#include "cli/serve/serve_range.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 16384, DATE_LEN = 32, TAG_LEN = 64, STEPS_A_SECOND = 10 };

#define HTTP_DATE "%a, %d %b %Y %H:%M:%S GMT"

// Of the request, from its first line to its line in the log.
struct request {
    struct timespec begun;
    char path[256]; // as shown in the log
    char method[16];
    unsigned status;
    atomic_uint_fast64_t sent; // bytes of the body that were handed to the network
    struct aloft_serve_guest *guest;
};

// Of the answer's body; released by libmicrohttpd when it is done with it.
struct body {
    struct aloft_serve *serve;
    struct request *request;
    struct aloft_serve_guest *guest;
    int fd;
    uint64_t first; // offset in the file
    uint64_t size;
    struct timespec begun;
};

struct resource {
    int fd;
    struct stat stat;
    char path[PATH_MAX];
    char tag[TAG_LEN];
    char date[DATE_LEN];
};

static double since(const struct timespec *begun)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail for this clock
    return (double)(now.tv_sec - begun->tv_sec) + (double)(now.tv_nsec - begun->tv_nsec) / 1e9;
}

static void pause_for(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    (void)nanosleep(&time, NULL); // woken early, the caller sees it and pauses again
}

// How many bytes may go now; waits until there is at least one. 0: the server stops.
static size_t paced(const struct body *body, uint64_t at, size_t max)
{
    uint32_t rate = body->serve->limit_rate;
    size_t most = rate / STEPS_A_SECOND > 0 ? rate / STEPS_A_SECOND : 1;
    if (rate == 0) {
        return max;
    }
    for (;;) {
        double due = (double)at / rate - since(&body->begun);
        if (atomic_load(&body->serve->stopping)) {
            return 0;
        }
        if (due <= 0) {
            return max < most ? max : most;
        }
        pause_for(due < 0.1 ? due : 0.1);
    }
}

static ssize_t read_body(void *cls, uint64_t at, char *buf, size_t max)
{
    struct body *body = cls;
    size_t want = paced(body, at, max < body->size - at ? max : (size_t)(body->size - at));
    if (want == 0) {
        return at == body->size ? MHD_CONTENT_READER_END_OF_STREAM
                                : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    ssize_t n = pread(body->fd, buf, want, (off_t)(body->first + at));
    if (n <= 0) { // somebody has cut the file short: break off rather than make bytes up
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    atomic_fetch_add(&body->request->sent, (uint_fast64_t)n);
    aloft_serve_guard_sent(&body->serve->guard, body->guest, (uint32_t)n);
    return n;
}

static void free_body(void *cls)
{
    struct body *body = cls;
    (void)close(body->fd); // only read from
    free(body);
}

static enum MHD_Result queue(struct MHD_Connection *connection, struct request *request,
                             unsigned status, struct MHD_Response *response)
{
    if (response == NULL) {
        return MHD_NO;
    }
    request->status = status;
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

// For bodies that go out as one piece.
static void count_body(struct request *request, size_t len)
{
    if (strcmp(request->method, "HEAD") != 0) {
        atomic_store(&request->sent, len);
    }
}

// A short answer in words.
static enum MHD_Result say(struct MHD_Connection *connection, struct request *request,
                           unsigned status, const char *text)
{
    size_t len = strlen(text);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    count_body(request, len);
    if (response != NULL) {
        (void)MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
    }
    if (response != NULL && status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        (void)MHD_add_response_header(response, "Allow", "GET, HEAD");
    }
    return queue(connection, request, status, response);
}

// Hidden files and ".." are refused before the file system is asked.
static bool is_plain(const char *url)
{
    return url[0] == '/' && strstr(url, "/.") == NULL;
}

static bool is_below(const char *root, const char *path)
{
    size_t len = strlen(root);
    return strncmp(path, root, len) == 0 &&
           (path[len] == '/' || path[len] == '\0' || strcmp(root, "/") == 0);
}

// Opens what the URL names, following links only as long as they stay below the root.
static bool find(const struct aloft_serve *serve, const char *url, struct resource *resource)
{
    char path[PATH_MAX];
    struct tm time;
    if (!is_plain(url) ||
        snprintf(path, sizeof path, "%s%s", serve->root, url) >= (int)sizeof path ||
        realpath(path, resource->path) == NULL) {
        return false;
    }
    if (!is_below(serve->root, resource->path)) {
        aloft_ui_warn("%s is a link to %s, outside of what is served", path, resource->path);
        return false;
    }
    resource->fd = open(resource->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (resource->fd < 0) {
        return false;
    }
    if (fstat(resource->fd, &resource->stat) != 0 ||
        !(S_ISREG(resource->stat.st_mode) || S_ISDIR(resource->stat.st_mode))) {
        (void)close(resource->fd); // never read from
        return false;
    }
    const struct stat *stat = &resource->stat;
    (void)snprintf(resource->tag, sizeof resource->tag, "\"%jx-%jx%09lx-%jx\"",
                   (uintmax_t)stat->st_ino, (uintmax_t)stat->st_mtim.tv_sec,
                   (unsigned long)stat->st_mtim.tv_nsec, (uintmax_t)stat->st_size);
    (void)gmtime_r(&stat->st_mtim.tv_sec, &time);
    (void)strftime(resource->date, sizeof resource->date, HTTP_DATE, &time);
    return true;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool parse_date(const char *text, time_t *date)
{
    struct tm time = {0};
    const char *end = strptime(text, HTTP_DATE, &time);
    *date = timegm(&time);
    return end != NULL && *end == '\0';
}

static bool not_modified(struct MHD_Connection *connection, const struct resource *resource)
{
    const char *tags = header(connection, "If-None-Match");
    const char *date = header(connection, "If-Modified-Since");
    time_t since_date;
    if (tags != NULL) {
        return aloft_serve_range_tag_in(tags, resource->tag);
    }
    return date != NULL && parse_date(date, &since_date) &&
           resource->stat.st_mtim.tv_sec <= since_date;
}

// A range is only good for the very file that the client has the beginning of.
static bool range_holds(struct MHD_Connection *connection, const struct resource *resource)
{
    const char *condition = header(connection, "If-Range");
    return condition == NULL || strcmp(condition, resource->tag) == 0 ||
           strcmp(condition, resource->date) == 0;
}

static struct MHD_Response *body_response(struct aloft_serve *serve, struct request *request,
                                          const struct resource *resource, uint64_t first,
                                          uint64_t size)
{
    struct body *body = malloc(sizeof *body);
    if (body == NULL) {
        (void)close(resource->fd); // only read from
        return NULL;
    }
    *body = (struct body){.serve = serve,
                          .request = request,
                          .guest = request->guest,
                          .fd = resource->fd,
                          .first = first,
                          .size = size,
                          .begun = request->begun};
    struct MHD_Response *response =
        MHD_create_response_from_callback(size, BLOCK, read_body, body, free_body);
    if (response == NULL) {
        free_body(body);
    }
    return response;
}

static void add_headers(struct MHD_Response *response, const struct resource *resource)
{
    // Each fails only when memory is short, and then the client does without the header.
    (void)MHD_add_response_header(response, "ETag", resource->tag);
    (void)MHD_add_response_header(response, "Last-Modified", resource->date);
    (void)MHD_add_response_header(response, "Accept-Ranges", "bytes");
    (void)MHD_add_response_header(response, "Cache-Control", "no-cache");
}

static enum MHD_Result send_file(struct aloft_serve *serve, struct MHD_Connection *connection,
                                 struct request *request, struct resource *resource)
{
    char range[96];
    uint64_t total = (uint64_t)resource->stat.st_size;
    uint64_t first = 0;
    uint64_t last = 0;
    enum aloft_serve_range part = ALOFT_SERVE_WHOLE;
    unsigned status = MHD_HTTP_OK;
    uint64_t size = total;
    if (not_modified(connection, resource)) {
        status = MHD_HTTP_NOT_MODIFIED; // no body goes out, but its length may be told
    } else if (strcmp(request->method, "GET") == 0 && range_holds(connection, resource)) {
        part = aloft_serve_range_parse(header(connection, "Range"), total, &first, &last);
    }
    if (part == ALOFT_SERVE_PART) {
        status = MHD_HTTP_PARTIAL_CONTENT;
        size = last - first + 1;
        (void)snprintf(range, sizeof range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first, last,
                       total);
    } else if (part == ALOFT_SERVE_NONE) {
        status = MHD_HTTP_RANGE_NOT_SATISFIABLE;
        size = 0;
        first = 0;
        (void)snprintf(range, sizeof range, "bytes */%" PRIu64, total);
    }
    struct MHD_Response *response = body_response(serve, request, resource, first, size);
    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(response, resource);
    if (part != ALOFT_SERVE_WHOLE) {
        (void)MHD_add_response_header(response, "Content-Range", range);
    }
    if (size > 0) {
        (void)MHD_add_response_header(response, "Content-Type", "application/octet-stream");
    }
    return queue(connection, request, status, response);
}

static enum MHD_Result send_folder(struct MHD_Connection *connection, struct request *request,
                                   const struct resource *resource, const char *url)
{
    size_t len;
    if (url[strlen(url) - 1] != '/') { // so that the links of the page lead into the folder
        char target[sizeof request->path + 1];
        const char *name = strrchr(url, '/') + 1;
        (void)snprintf(target, sizeof target, "%s/", name);
        struct MHD_Response *response =
            MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
        if (response != NULL) {
            (void)MHD_add_response_header(response, "Location", target);
        }
        return queue(connection, request, MHD_HTTP_MOVED_PERMANENTLY, response);
    }
    char *page = aloft_serve_list(resource->path, url, &len);
    if (page == NULL) {
        return say(connection, request, MHD_HTTP_NOT_FOUND, "This folder cannot be read.\n");
    }
    count_body(request, len);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, page, MHD_RESPMEM_MUST_FREE);
    if (response != NULL) {
        (void)MHD_add_response_header(response, "Content-Type", "text/html; charset=utf-8");
    } else {
        free(page);
    }
    return queue(connection, request, MHD_HTTP_OK, response);
}

static struct request *begin(const char *url, const char *method)
{
    struct request *request = calloc(1, sizeof *request);
    if (request != NULL) {
        (void)clock_gettime(CLOCK_MONOTONIC, &request->begun); // cannot fail for this clock
        aloft_ui_clean(url, request->path, sizeof request->path);
        aloft_ui_clean(method, request->method, sizeof request->method);
    }
    return request;
}

struct aloft_serve_guest *aloft_serve_guest_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

void aloft_serve_connection(void *cls, struct MHD_Connection *connection, void **guest,
                            enum MHD_ConnectionNotificationCode code)
{
    struct aloft_serve *serve = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (code == MHD_CONNECTION_NOTIFY_STARTED && info != NULL) {
        *guest = aloft_serve_guard_come(&serve->guard, info->connect_fd);
    } else {
        aloft_serve_guard_leave(&serve->guard, *guest);
        *guest = NULL;
    }
}

enum MHD_Result aloft_serve_answer(void *cls, struct MHD_Connection *connection, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_size, void **request_state)
{
    struct aloft_serve *serve = cls;
    struct request *request = *request_state;
    struct resource resource;
    bool reading = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    (void)version;
    (void)upload; // a body in a GET means nothing
    if (request == NULL) {
        request = begin(url, method);
        *request_state = request;
        if (request == NULL) {
            return MHD_NO;
        }
        request->guest = aloft_serve_guest_of(connection);
        aloft_serve_guard_serve(&serve->guard, request->guest);
        // An answer at the first call would close the connection, which suits only refusals.
        return reading ? MHD_YES
                       : say(connection, request, MHD_HTTP_METHOD_NOT_ALLOWED,
                             "Only GET and HEAD are served here.\n");
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (!find(serve, url, &resource)) {
        return say(connection, request, MHD_HTTP_NOT_FOUND, "There is no such file here.\n");
    }
    if (S_ISREG(resource.stat.st_mode)) {
        return send_file(serve, connection, request, &resource);
    }
    (void)close(resource.fd); // the list opens the folder again
    return send_folder(connection, request, &resource, url);
}

static void client_text(struct MHD_Connection *connection, char text[INET6_ADDRSTRLEN])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    const char *known = NULL;
    if (address != NULL && address->sa_family == AF_INET) {
        known = inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
                          text, INET6_ADDRSTRLEN);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        known =
            inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
                      text, INET6_ADDRSTRLEN);
    }
    if (known == NULL) {
        (void)snprintf(text, INET6_ADDRSTRLEN, "?");
    }
}

void aloft_serve_completed(void *cls, struct MHD_Connection *connection, void **request_state,
                           enum MHD_RequestTerminationCode code)
{
    struct request *request = *request_state;
    char client[INET6_ADDRSTRLEN];
    char clock[16];
    struct tm tm;
    time_t now = time(NULL);
    struct aloft_serve *serve = cls;
    if (request == NULL) {
        return;
    }
    aloft_serve_guard_done(&serve->guard, request->guest);
    client_text(connection, client);
    (void)localtime_r(&now, &tm);
    (void)strftime(clock, sizeof clock, "%H:%M:%S", &tm);
    printf("%s %s %s %s %u %" PRIuFAST64 " %.3fs%s\n", clock, client, request->method,
           request->path, request->status, atomic_load(&request->sent), since(&request->begun),
           code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " broken off");
    (void)fflush(stdout); // a line is worth seeing when it happens
    free(request);
    *request_state = NULL;
}
