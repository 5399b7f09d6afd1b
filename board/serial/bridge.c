// Each end is a row of state; what differs between the three kinds is in open, and in what happens
// to a byte on its way in (`take`) and out (`aloft_bridge_send`).
#include "board/serial/bridge.h"
#include "aloft/format/serial.h"
#include "board/serial/bridge_com.h"
#include "board/serial/descriptor.h"
#include "hostlib/base/clock.h"
#include "hostlib/base/number.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { CHUNK = 4096, CHUNKS_A_TURN = 32, KNOCK_MAX = 64, LOOK_MS = 20, NAME_MAX_LEN = 64 };
// What another client waits until it is turned away. A busy machine may tell of a connection that
// is made before it tells of one that was closed earlier.
enum { NEXT_CLIENT_MS = 300 };
#define QUEUE_MAX (1u << 20) // bytes for a client that does not read

enum kind { END_PTY, END_TCP, END_COM };

struct end {
    enum kind kind;
    int listen_fd;         // PTY: -1
    int fd;                // of the client; PTY: the master, always
    bool here;             // a client holds this end
    uint64_t turn_away_ms; // the next client; 0: nobody waits
    char link[PATH_MAX];
    struct aloft_serial_reader knocks;
    uint8_t knock[KNOCK_MAX];
    struct aloft_bridge_com com;
    uint8_t *queue; // on its way to the client
    size_t queue_len, queue_cap;
};

struct aloft_bridge {
    struct aloft_bridge_events events;
    struct end ends[ALOFT_BRIDGE_ENDS_MAX];
    size_t count;
};

static bool no_block(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

struct aloft_bridge *aloft_bridge_new(const struct aloft_bridge_events *events)
{
    struct aloft_bridge *bridge = calloc(1, sizeof *bridge);
    if (bridge != NULL) {
        bridge->events = *events;
    }
    return bridge;
}

// --- adding an end

// "pty:LINK": what it is, and what follows the colon; NULL or "0" when nothing does.
static bool read_spec(const char *spec, enum kind *kind, const char **rest,
                      struct aloft_message *error)
{
    static const char *const names[] = {
        [END_PTY] = "pty", [END_TCP] = "tcp", [END_COM] = "rfc2217"};
    const char *colon = strchr(spec, ':');
    size_t len = colon == NULL ? strlen(spec) : (size_t)(colon - spec);
    int64_t port = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) != len || strncmp(names[i], spec, len) != 0) {
            continue;
        }
        *kind = (enum kind)i;
        *rest = colon != NULL ? colon + 1 : *kind == END_PTY ? NULL : "0";
        return *kind == END_PTY ||
               (aloft_number_parse(*rest, &port) && port >= 0 && port <= UINT16_MAX) ||
               aloft_message_set(error, "--serial %s: the port is 0 to 65535, 0 for any", spec);
    }
    return aloft_message_set(error, "--serial '%s': write pty, pty:LINK, tcp:PORT or rfc2217:PORT",
                             spec);
}

bool aloft_bridge_check(const char *spec, struct aloft_message *error)
{
    enum kind kind;
    const char *rest;
    return read_spec(spec, &kind, &rest, error);
}

// A link that is left over from a board that was killed is replaced; a file is not.
static bool make_link(struct end *end, const char *path, const char *target,
                      struct aloft_message *error)
{
    struct stat st;
    if (strlen(path) >= sizeof end->link) {
        return aloft_message_set(error, "--serial: the path '%.40s...' is too long", path);
    }
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
        (void)unlink(path); // if that fails, so does the next call
    }
    if (symlink(target, path) != 0) {
        return aloft_message_set(error, "--serial: cannot link %s to %s: %s", path, target,
                                 strerror(errno));
    }
    memcpy(end->link, path, strlen(path) + 1);
    return true;
}

// Raw from the start, as a serial port is: whoever opens it without setting it up, gets bytes.
static bool open_pty(struct end *end, const char *link, struct aloft_message *error)
{
    char name[NAME_MAX_LEN];
    struct termios raw;
    end->fd = aloft_descriptor_high(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (end->fd < 0 || grantpt(end->fd) != 0 || unlockpt(end->fd) != 0 ||
        ptsname_r(end->fd, name, sizeof name) != 0) {
        return aloft_message_set(error, "--serial pty: no terminal: %s", strerror(errno));
    }
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    bool good = slave >= 0 && tcgetattr(slave, &raw) == 0;
    if (good) {
        cfmakeraw(&raw);
        good = tcsetattr(slave, TCSANOW, &raw) == 0;
    }
    if (slave >= 0) {
        (void)close(slave); // from here on the master tells when nobody has it open
    }
    if (!good || !no_block(end->fd)) {
        return aloft_message_set(error, "--serial pty: %s: %s", name, strerror(errno));
    }
    if (link != NULL && !make_link(end, link, name, error)) {
        return false;
    }
    fprintf(stderr, "aloft: serial port: %s%s%s\n", link != NULL ? link : "",
            link != NULL ? " -> " : "", name);
    return true;
}

static bool open_listener(struct end *end, const char *text, struct aloft_message *error)
{
    const char *name = end->kind == END_TCP ? "tcp" : "rfc2217";
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t len = sizeof addr;
    int64_t port = 0;
    const int on = 1;
    (void)aloft_number_parse(text, &port); // read_spec saw it
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    addr.sin_port = htons((uint16_t)port);
    end->listen_fd = aloft_descriptor_high(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // Without it, a board that is started again would have to wait for the old one's connections.
    (void)setsockopt(end->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (end->listen_fd < 0 || bind(end->listen_fd, (struct sockaddr *)&addr, len) != 0 ||
        listen(end->listen_fd, 1) != 0 || !no_block(end->listen_fd) ||
        getsockname(end->listen_fd, (struct sockaddr *)&addr, &len) != 0) {
        return aloft_message_set(error, "--serial %s:%s: cannot listen on 127.0.0.1: %s", name,
                                 text, strerror(errno));
    }
    fprintf(stderr, "aloft: serial port: %s://127.0.0.1:%u\n",
            end->kind == END_TCP ? "socket" : name, (unsigned)ntohs(addr.sin_port));
    return true;
}

bool aloft_bridge_add(struct aloft_bridge *bridge, const char *spec, struct aloft_message *error)
{
    enum kind kind;
    const char *rest;
    if (bridge->count == ALOFT_BRIDGE_ENDS_MAX) {
        return aloft_message_set(error, "--serial: a board has at most %u serial ends",
                                 ALOFT_BRIDGE_ENDS_MAX);
    }
    if (!read_spec(spec, &kind, &rest, error)) {
        return false;
    }
    struct end *end = &bridge->ends[bridge->count++];
    *end = (struct end){.kind = kind, .listen_fd = -1, .fd = -1};
    aloft_serial_reader_init(&end->knocks, end->knock, sizeof end->knock);
    return kind == END_PTY ? open_pty(end, rest, error) : open_listener(end, rest, error);
}

// --- who holds the port

static struct end *holder(struct aloft_bridge *bridge)
{
    for (size_t i = 0; i < bridge->count; i++) {
        if (bridge->ends[i].here) {
            return &bridge->ends[i];
        }
    }
    return NULL;
}

static void come(struct aloft_bridge *bridge, struct end *end)
{
    end->here = true;
    end->queue_len = 0;
    aloft_serial_reader_init(&end->knocks, end->knock, sizeof end->knock);
    aloft_bridge_com_init(&end->com);
    if (end->kind != END_COM) {
        bridge->events.came(bridge->events.ctx);
    }
}

static void leave(struct aloft_bridge *bridge, struct end *end)
{
    bool had_lines = end->com.dtr || end->com.rts;
    end->here = false;
    end->queue_len = 0;
    if (end->kind != END_PTY) {
        (void)close(end->fd); // it is the client's end that matters
        end->fd = -1;
    }
    if (end->kind != END_COM) {
        bridge->events.left(bridge->events.ctx);
    } else if (had_lines) {
        bridge->events.lines(bridge->events.ctx, false, false);
    }
}

// A terminal has no connections: the master sees a hang-up while nobody has the other side open.
static void look_at_pty(struct aloft_bridge *bridge, struct end *end)
{
    struct pollfd look = {end->fd, POLLIN, 0};
    bool open = poll(&look, 1, 0) >= 0 && (look.revents & POLLHUP) == 0;
    if (open && !end->here && holder(bridge) == NULL) {
        come(bridge, end);
    } else if (!open && end->here && (look.revents & POLLIN) == 0) {
        leave(bridge, end);
    }
}

// --- bytes out

static void enqueue(struct end *end, const uint8_t *bytes, size_t len)
{
    if (len > QUEUE_MAX - end->queue_len) {
        return; // nobody reads: a serial line loses bytes, too
    }
    if (end->queue_cap - end->queue_len < len) {
        size_t cap = end->queue_len + len + CHUNK;
        uint8_t *bigger = realloc(end->queue, cap);
        if (bigger == NULL) {
            return;
        }
        end->queue = bigger;
        end->queue_cap = cap;
    }
    memcpy(end->queue + end->queue_len, bytes, len);
    end->queue_len += len;
}

// False: the client is gone.
static bool flush(struct end *end)
{
    while (end->queue_len > 0) {
        ssize_t n = write(end->fd, end->queue, end->queue_len);
        if (n <= 0) {
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        }
        end->queue_len -= (size_t)n;
        memmove(end->queue, end->queue + n, end->queue_len);
    }
    return true;
}

void aloft_bridge_send(struct aloft_bridge *bridge, const void *bytes, size_t len)
{
    struct end *end = holder(bridge);
    const uint8_t *from = bytes;
    uint8_t escaped[2 * CHUNK];
    while (end != NULL && len > 0) {
        size_t n = len < CHUNK ? len : CHUNK;
        if (end->kind == END_COM) {
            enqueue(end, escaped, aloft_telnet_data(from, n, escaped));
        } else {
            enqueue(end, from, n);
        }
        from += n;
        len -= n;
    }
    if (end != NULL && !flush(end)) {
        end->queue_len = 0; // the client is gone, as the next read will find
    }
}

// --- bytes in

static void look_for_knock(struct aloft_bridge *bridge, struct end *end, uint8_t byte)
{
    struct aloft_serial_packet packet;
    if (aloft_serial_feed(&end->knocks, byte) &&
        aloft_serial_parse(end->knocks.body, end->knocks.len, &packet) &&
        packet.direction == ALOFT_SERIAL_REQUEST && packet.op == ALOFT_SERIAL_SYNC) {
        bridge->events.knock(bridge->events.ctx);
    }
}

static void take_com(struct aloft_bridge *bridge, struct end *end, const uint8_t *bytes, size_t len)
{
    uint8_t plain[CHUNK];
    size_t plain_len = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t answer[ALOFT_BRIDGE_COM_ANSWER_MAX];
        size_t answer_len = 0;
        enum aloft_bridge_com_event event =
            aloft_bridge_com_feed(&end->com, bytes[i], answer, &answer_len);
        enqueue(end, answer, answer_len);
        if (event == ALOFT_BRIDGE_COM_DATA) {
            plain[plain_len++] = end->com.telnet.byte;
        } else if (event == ALOFT_BRIDGE_COM_LINES) {
            // What came before the lines moved is for the chip as it was.
            bridge->events.bytes(bridge->events.ctx, plain, plain_len);
            plain_len = 0;
            bridge->events.lines(bridge->events.ctx, end->com.dtr, end->com.rts);
        }
    }
    bridge->events.bytes(bridge->events.ctx, plain, plain_len);
}

static void take(struct aloft_bridge *bridge, struct end *end, const uint8_t *bytes, size_t len)
{
    if (end->kind == END_COM) {
        take_com(bridge, end, bytes, len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        look_for_knock(bridge, end, bytes[i]);
    }
    bridge->events.bytes(bridge->events.ctx, bytes, len);
}

// Takes what is there, so much at most that whoever floods the port does not keep the board's own
// clock waiting. False: the client is gone.
static bool read_client(struct aloft_bridge *bridge, struct end *end)
{
    uint8_t chunk[CHUNK];
    for (int i = 0; i < CHUNKS_A_TURN; i++) {
        ssize_t n = read(end->fd, chunk, sizeof chunk);
        if (n > 0) {
            take(bridge, end, chunk, (size_t)n);
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return false;
        } else if (errno == EAGAIN) {
            break;
        }
    }
    return true;
}

static void serve_holder(struct aloft_bridge *bridge)
{
    struct end *end = holder(bridge);
    if (end != NULL && end->kind == END_PTY) {
        look_at_pty(bridge, end);
    }
    if (end != NULL && end->here && !(read_client(bridge, end) && flush(end))) {
        leave(bridge, end);
    }
}

static void accept_client(struct aloft_bridge *bridge, struct end *end)
{
    const int on = 1;
    int fd = aloft_descriptor_high(accept4(end->listen_fd, NULL, NULL, SOCK_CLOEXEC));
    end->turn_away_ms = 0;
    if (fd < 0) {
        return;
    }
    if (holder(bridge) != NULL || !no_block(fd)) {
        fprintf(stderr, "aloft: the serial port is in use; another client was turned away\n");
        (void)close(fd); // nothing was exchanged
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // slower without it, no worse
    end->fd = fd;
    come(bridge, end);
}

static void look_at_listener(struct aloft_bridge *bridge, struct end *end)
{
    struct pollfd look = {end->listen_fd, POLLIN, 0};
    if (poll(&look, 1, 0) <= 0) {
        end->turn_away_ms = 0; // it did not wait
    } else if (holder(bridge) != NULL && end->turn_away_ms == 0) {
        end->turn_away_ms = aloft_clock_ms() + NEXT_CLIENT_MS;
    } else if (holder(bridge) == NULL || aloft_clock_left_ms(end->turn_away_ms) == 0) {
        accept_client(bridge, end);
    }
}

size_t aloft_bridge_fds(const struct aloft_bridge *bridge, struct pollfd *fds)
{
    size_t n = 0;
    for (size_t i = 0; i < bridge->count; i++) {
        const struct end *end = &bridge->ends[i];
        if (end->listen_fd >= 0 && end->turn_away_ms == 0) {
            fds[n++] = (struct pollfd){end->listen_fd, POLLIN, 0};
        }
        if (end->here) {
            short events = end->queue_len > 0 ? POLLIN | POLLOUT : POLLIN;
            fds[n++] = (struct pollfd){end->fd, events, 0};
        }
    }
    return n;
}

int aloft_bridge_wait_ms(const struct aloft_bridge *bridge)
{
    for (size_t i = 0; i < bridge->count; i++) {
        // A hang-up cannot be waited for without being told of it for ever, nor can a client.
        if ((bridge->ends[i].kind == END_PTY && !bridge->ends[i].here) ||
            bridge->ends[i].turn_away_ms != 0) {
            return LOOK_MS;
        }
    }
    return -1;
}

void aloft_bridge_handle(struct aloft_bridge *bridge)
{
    serve_holder(bridge);
    for (size_t i = 0; i < bridge->count; i++) {
        struct end *end = &bridge->ends[i];
        if (end->kind == END_PTY && !end->here) {
            look_at_pty(bridge, end);
        }
        if (end->listen_fd >= 0) {
            look_at_listener(bridge, end);
        }
    }
}

uint32_t aloft_bridge_baud(struct aloft_bridge *bridge)
{
    const struct end *end = holder(bridge);
    return end != NULL && end->kind == END_COM ? end->com.baud : 0;
}

void aloft_bridge_free(struct aloft_bridge *bridge)
{
    for (size_t i = 0; bridge != NULL && i < bridge->count; i++) {
        struct end *end = &bridge->ends[i];
        if (end->link[0] != 0) {
            (void)unlink(end->link); // ours; a dangling one does no harm
        }
        if (end->listen_fd >= 0) {
            (void)close(end->listen_fd); // nothing is buffered in a listener
        }
        if (end->fd >= 0) {
            (void)close(end->fd); // the chip is off
        }
        free(end->queue);
    }
    free(bridge);
}
