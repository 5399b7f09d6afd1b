// aloft serve: a folder over HTTP or HTTPS, for trying updates at the desk. Not a product's server:
// it has no users and no limits.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/serve/serve.h"
#include "hostlib/base/file.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 64, LOOK_S = 1, PORT_MAX = 65535, PEM_MAX = 1 << 20 };

struct place {
    const char *bind;
    uint32_t port; // 0: any free one; afterwards the one that was found
    bool v6;
    int fd;
};

// What the server proves who it is with. Without files there is no TLS.
struct identity {
    const char *cert_path;
    const char *key_path;
    struct aloft_file cert;
    struct aloft_file key;
};

static bool bind_and_listen(struct place *place, const struct addrinfo *info)
{
    int on = 1;
    place->v6 = info->ai_family == AF_INET6;
    place->fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (place->fd < 0 || setsockopt(place->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(place->fd, info->ai_addr, info->ai_addrlen) != 0 || listen(place->fd, BACKLOG) != 0) {
        const char *cure = errno == EADDRINUSE ? "; give another --port, or 0 for any free one"
                           : errno == EACCES   ? "; ports below 1024 are the system's"
                                               : "";
        aloft_ui_error("cannot listen on %s port %u: %s%s", place->bind, place->port,
                       strerror(errno), cure);
        return false;
    }
    return true;
}

static bool read_port(struct place *place)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(place->fd, (struct sockaddr *)&address, &len) != 0) {
        aloft_ui_error("cannot learn the port: %s", strerror(errno));
        return false;
    }
    // Both families keep the port at the same place.
    place->port = ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
    return true;
}

// Opens the listening socket. False when that has failed and been said.
static bool listen_at(struct place *place)
{
    struct addrinfo *info;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE};
    char port[8];
    (void)snprintf(port, sizeof port, "%u", place->port);
    if (getaddrinfo(place->bind, port, &hints, &info) != 0) {
        aloft_ui_error(
            "--bind '%s' is not an address of this computer; write 127.0.0.1, 0.0.0.0, or "
            "one of its IP addresses",
            place->bind);
        return false;
    }
    bool ok = bind_and_listen(place, info) && read_port(place);
    freeaddrinfo(info);
    if (!ok && place->fd >= 0) {
        (void)close(place->fd); // never used
    }
    return ok;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

// The addresses by which a device in the same network can reach a server bound to all of them.
static void print_addresses(const char *scheme, uint32_t port)
{
    struct ifaddrs *list;
    if (getifaddrs(&list) != 0) {
        return; // the hint is missing, nothing else
    }
    for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
        char text[INET_ADDRSTRLEN];
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
            (i->ifa_flags & IFF_LOOPBACK) != 0) {
            continue;
        }
        const struct sockaddr_in *address = (const struct sockaddr_in *)(const void *)i->ifa_addr;
        if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof text) != NULL) {
            printf("Devices in the network reach it at %s://%s:%u/\n", scheme, text, port);
        }
    }
    freeifaddrs(list);
}

static void announce(const struct aloft_serve *serve, const struct place *place, const char *folder)
{
    const char *scheme = serve->tls ? "https" : "http";
    printf("Serving %s at %s://%s%s%s:%u/\n", folder, scheme, place->v6 ? "[" : "", place->bind,
           place->v6 ? "]" : "", place->port);
    if (is_loopback(place->bind)) {
        printf("Only this computer can reach it; --bind 0.0.0.0 opens it to the network.\n");
    } else {
        if (strcmp(place->bind, "0.0.0.0") == 0) {
            print_addresses(scheme, place->port);
        }
        printf("If a device cannot connect, let TCP port %u through this computer's firewall.\n",
               place->port);
    }
    if (serve->limit_rate > 0) {
        printf("Each answer is held to %u bytes a second.\n", serve->limit_rate);
    }
    printf("Ctrl-C ends it.\n");
    (void)fflush(stdout); // scripts wait for the first line
}

static bool find_folder(struct aloft_serve *serve, const char *folder)
{
    struct stat stat_now;
    if (realpath(folder, serve->root) == NULL || stat(serve->root, &stat_now) != 0) {
        aloft_ui_error("cannot serve %s: %s", folder, strerror(errno));
        return false;
    }
    if (!S_ISDIR(stat_now.st_mode)) {
        aloft_ui_error("cannot serve %s: it is a file; give the folder that it is in", folder);
        return false;
    }
    return true;
}

// False when a file cannot be read, and that has been said.
static bool read_identity(struct aloft_serve *serve, struct identity *identity)
{
    struct aloft_message error;
    if (identity->cert_path == NULL) {
        return true;
    }
    if (!aloft_file_read(identity->cert_path, PEM_MAX, &identity->cert, &error) ||
        !aloft_file_read(identity->key_path, PEM_MAX, &identity->key, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    serve->tls = true;
    return true;
}

static struct MHD_Daemon *start(struct aloft_serve *serve, const struct place *place,
                                const struct identity *identity)
{
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, identity->cert.data},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, identity->key.data},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
            (place->v6 ? MHD_USE_IPv6 : 0) | (serve->tls ? MHD_USE_TLS : 0),
        (uint16_t)place->port, NULL, NULL, aloft_serve_answer, serve, MHD_OPTION_LISTEN_SOCKET,
        place->fd, MHD_OPTION_NOTIFY_COMPLETED, aloft_serve_completed, serve,
        MHD_OPTION_NOTIFY_CONNECTION, aloft_serve_connection, serve, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)ALOFT_SERVE_SLOTS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)ALOFT_SERVE_IDLE_S,
        MHD_OPTION_ARRAY, serve->tls ? tls : tls + 2, MHD_OPTION_END);
}

// Looks after the clients until a signal asks for the end.
static void watch(struct aloft_serve *serve, const sigset_t *ends)
{
    const struct timespec moment = {.tv_sec = LOOK_S};
    while (sigtimedwait(ends, NULL, &moment) < 0) { // EAGAIN, or another signal
        aloft_serve_guard_look(&serve->guard);
    }
}

// Serves until a signal asks for the end.
static int run(struct aloft_serve *serve, struct place *place, const struct identity *identity,
               const char *folder)
{
    sigset_t ends;
    (void)sigemptyset(&ends); // these three cannot fail with valid arguments
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGTERM);
    // Before the daemon's threads exist, so that they inherit it and only sigwait gets the signals.
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    aloft_serve_guard_init(&serve->guard, serve->limit_rate);
    struct MHD_Daemon *daemon = start(serve, place, identity);
    if (daemon == NULL) {
        aloft_ui_error("cannot start the server%s",
                       serve->tls ? ": --cert and --key are no certificate in PEM and its key"
                                  : "");
        (void)close(place->fd); // never used
        return ALOFT_EXIT_BAD;
    }
    announce(serve, place, folder);
    watch(serve, &ends);
    atomic_store(&serve->stopping, true);
    MHD_stop_daemon(daemon);
    printf("Stopped.\n");
    return ALOFT_EXIT_GOOD;
}

int cmd_serve(int argc, char **argv)
{
    static struct aloft_serve serve; // its table is large

    struct place place = {.bind = "127.0.0.1", .port = 8070, .fd = -1};
    struct identity identity = {.cert_path = NULL};
    struct aloft_args args = {
        .command = "aloft serve",
        .operands = "DIR",
        .about =
            "Serves a folder over HTTP or HTTPS for development: GET and HEAD, ranges, entity\n"
            "tags, and one line for each request. It has no passwords.",
        .examples = "  aloft serve firmware/\n"
                    "  aloft serve firmware/ --bind 0.0.0.0 --port 8080\n"
                    "  aloft serve firmware/ --limit-rate 20K\n"
                    "  aloft serve firmware/ --port 8443 --cert server.crt --key server.key",
        .exits = "0 ended by SIGINT or SIGTERM, 1 it cannot serve",
        .options =
            {
                {ALOFT_ARG_NUMBER, 'p', "port", "N", "0 takes any free port [8070]", &place.port},
                {ALOFT_ARG_TEXT, 'b', "bind", "ADDRESS",
                 "0.0.0.0 for the whole network [127.0.0.1]", &place.bind},
                {ALOFT_ARG_SIZE, 0, "limit-rate", "BYTES", "bytes a second, to imitate a slow link",
                 &serve.limit_rate},
                {ALOFT_ARG_TEXT, 0, "cert", "PEM", "HTTPS with this certificate, and its chain",
                 &identity.cert_path},
                {ALOFT_ARG_TEXT, 0, "key", "PEM", "the certificate's key", &identity.key_path},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (place.port > PORT_MAX) {
        return aloft_args_wrong(&args, "--port %u: ports end at %d", place.port, PORT_MAX);
    }
    if ((identity.cert_path == NULL) != (identity.key_path == NULL)) {
        return aloft_args_wrong(&args, "--cert and --key belong together; give both, or none");
    }
    int result = ALOFT_EXIT_BAD;
    if (find_folder(&serve, args.given.items[0]) && read_identity(&serve, &identity) &&
        listen_at(&place)) {
        result = run(&serve, &place, &identity, args.given.items[0]);
    }
    aloft_file_release(&identity.cert);
    aloft_file_release(&identity.key);
    return result;
}
