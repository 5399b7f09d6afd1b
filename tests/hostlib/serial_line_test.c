// Serial lines of all kinds against other ends in this process: the master of a pseudo terminal,
// and servers in threads that do as a script says.
#include "host_test.h"
#include "hostlib/base/clock.h"
#include "hostlib/serial/serial_line.h"
#include "hostlib/serial/telnet.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOON_MS = 30000, SHORT_MS = 50 };

// --- a pseudo terminal

struct pty {
    int master;
    char name[64];
};

static void open_pty(struct pty *pty)
{
    pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(pty->master >= 0);
    assert_int_equal(grantpt(pty->master), 0);
    assert_int_equal(unlockpt(pty->master), 0);
    assert_int_equal(ptsname_r(pty->master, pty->name, sizeof pty->name), 0);
}

static void a_terminal_carries_every_byte_both_ways(void **state)
{
    struct aloft_serial_line line;
    struct pty pty;
    uint8_t out[256];
    uint8_t in[256];
    size_t got;
    size_t have = 0;
    (void)state;
    open_pty(&pty);
    assert_true(aloft_serial_line_open(&line, pty.name, 115200));
    for (size_t i = 0; i < sizeof out; i++) {
        out[i] = (uint8_t)i;
    }
    assert_int_equal(aloft_serial_line_write(&line, out, sizeof out, SOON_MS),
                     ALOFT_SERIAL_LINE_OK);
    assert_int_equal(read(pty.master, in, sizeof in), sizeof in);
    assert_memory_equal(in, out, sizeof in);
    assert_int_equal(write(pty.master, out, sizeof out), sizeof out);
    while (have < sizeof in) {
        assert_int_equal(aloft_serial_line_read(&line, in + have, sizeof in - have, SOON_MS, &got),
                         ALOFT_SERIAL_LINE_OK);
        have += got;
    }
    assert_memory_equal(in, out, sizeof in);
    aloft_serial_line_close(&line);
    (void)close(pty.master); // nothing is left in it
}

static void a_terminal_takes_any_speed_and_knows_that_it_has_no_modem_lines(void **state)
{
    static const uint32_t bauds[] = {9600, 74880, 230400, 460800, 921600, 1500000};
    struct aloft_serial_line line;
    struct pty pty;
    (void)state;
    open_pty(&pty);
    assert_true(aloft_serial_line_open(&line, pty.name, 115200));
    for (size_t i = 0; i < COUNT(bauds); i++) {
        assert_int_equal(aloft_serial_line_set_baud(&line, bauds[i]), ALOFT_SERIAL_LINE_OK);
        assert_int_equal(line.baud, bauds[i]);
    }
    assert_int_equal(aloft_serial_line_set_lines(&line, true, false), ALOFT_SERIAL_LINE_NONE);
    assert_non_null(strstr(line.error.text, "no DTR and RTS"));
    uint16_t vendor;
    uint16_t product;
    assert_false(aloft_serial_line_usb(&line, &vendor, &product));
    aloft_serial_line_close(&line);
    (void)close(pty.master); // nothing is left in it
}

static void silence_is_a_timeout_and_the_other_end_gone_is_gone_for_good(void **state)
{
    struct aloft_serial_line line;
    struct pty pty;
    uint8_t byte = 0;
    size_t got;
    (void)state;
    open_pty(&pty);
    assert_true(aloft_serial_line_open(&line, pty.name, 115200));
    uint64_t before = aloft_clock_ms();
    assert_int_equal(aloft_serial_line_read(&line, &byte, 1, SHORT_MS, &got),
                     ALOFT_SERIAL_LINE_TIMEOUT);
    assert_true(aloft_clock_ms() - before >= SHORT_MS - 1);
    assert_int_equal(aloft_serial_line_read(&line, &byte, 1, 0, &got), ALOFT_SERIAL_LINE_TIMEOUT);
    (void)close(pty.master); // the cable is pulled
    assert_int_equal(aloft_serial_line_read(&line, &byte, 1, SOON_MS, &got),
                     ALOFT_SERIAL_LINE_GONE);
    assert_non_null(strstr(line.error.text, "unplugged"));
    assert_int_equal(aloft_serial_line_write(&line, &byte, 1, SOON_MS), ALOFT_SERIAL_LINE_GONE);
    assert_int_equal(aloft_serial_line_set_baud(&line, 9600), ALOFT_SERIAL_LINE_GONE);
    assert_int_equal(aloft_serial_line_purge(&line), ALOFT_SERIAL_LINE_GONE);
    aloft_serial_line_close(&line);
}

static void a_terminal_without_a_reader_takes_no_more_and_says_so(void **state)
{
    static const uint8_t zeros[1 << 20];
    struct aloft_serial_line line;
    struct pty pty;
    (void)state;
    open_pty(&pty);
    assert_true(aloft_serial_line_open(&line, pty.name, 115200));
    assert_int_equal(aloft_serial_line_write(&line, zeros, sizeof zeros, SHORT_MS),
                     ALOFT_SERIAL_LINE_TIMEOUT);
    assert_non_null(strstr(line.error.text, "nobody reads"));
    aloft_serial_line_close(&line);
    (void)close(pty.master); // what is in it is not wanted
}

static void a_terminal_belongs_to_one_program_at_a_time(void **state)
{
    struct aloft_serial_line line;
    struct aloft_serial_line second;
    struct pty pty;
    (void)state;
    open_pty(&pty);
    assert_true(aloft_serial_line_open(&line, pty.name, 115200));
    assert_false(aloft_serial_line_open(&second, pty.name, 115200));
    assert_non_null(strstr(second.error.text, "in use by another program"));
    aloft_serial_line_close(&line);
    assert_true(aloft_serial_line_open(&second, pty.name, 115200));
    aloft_serial_line_close(&second);
    (void)close(pty.master); // nothing is left in it
}

static void purge_forgets_what_has_come(void **state)
{
    struct aloft_serial_line line;
    struct pty pty;
    uint8_t byte;
    size_t got;
    (void)state;
    open_pty(&pty);
    assert_true(aloft_serial_line_open(&line, pty.name, 115200));
    assert_int_equal(write(pty.master, "old", 3), 3);
    assert_int_equal(poll(&(struct pollfd){.fd = line.fd, .events = POLLIN}, 1, SOON_MS), 1);
    assert_int_equal(aloft_serial_line_purge(&line), ALOFT_SERIAL_LINE_OK);
    assert_int_equal(write(pty.master, "n", 1), 1);
    assert_int_equal(aloft_serial_line_read(&line, &byte, 1, SOON_MS, &got), ALOFT_SERIAL_LINE_OK);
    assert_int_equal(byte, 'n');
    aloft_serial_line_close(&line);
    (void)close(pty.master); // nothing is left in it
}

static void what_cannot_be_opened_is_named(void **state)
{
    static const struct {
        const char *name;
        const char *says;
    } cases[] = {
        {"/dev/ttyNOSUCH0", "there is no /dev/ttyNOSUCH0"},
        {"/dev/null", "is not a terminal device"},
        {"socket://", "is not an address"},
        {"socket://host", "is not an address; write it like socket://localhost:3333"},
        {"rfc2217://host", "is not an address; write it like rfc2217://localhost:3333"},
        {"host:3333", "write rfc2217://host:3333 or socket://host:3333"},
        {"socket://:3333", "is not an address"},
        {"socket://127.0.0.1:1", "cannot connect"},
        {"socket://no-such-host.invalid:1", "cannot find no-such-host.invalid"},
        {"http://127.0.0.1:80", "a port is a device like"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct aloft_serial_line line;
        assert_false(aloft_serial_line_open(&line, cases[i].name, 115200));
        assert_non_null(strstr(line.error.text, cases[i].says));
        aloft_serial_line_close(&line);
    }
}

// --- servers

struct server {
    int listener;
    pthread_t thread;
    char name[64];
    void (*serve)(struct server *server, int fd);
    // of the RFC 2217 server
    bool refuse_option;
    uint8_t silent_command; // is not answered; 0: all are
    uint8_t late_command;   // the next one of these is answered together with the one after it
    uint8_t late_value;     // of the former
    uint32_t baud_max;
    char log[512]; // of the settings, as "01 " hex
    size_t log_len;
};

static void *run_server(void *ctx)
{
    struct server *server = ctx;
    int fd = accept(server->listener, NULL, NULL);
    if (fd >= 0) {
        server->serve(server, fd);
        (void)close(fd); // the client sees it
    }
    return NULL;
}

static void start_server(struct server *server, const char *scheme,
                         void (*serve)(struct server *, int))
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    server->serve = serve;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, 1), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(server->name, sizeof server->name, "%s127.0.0.1:%u", scheme,
                   (unsigned)ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, run_server, server), 0);
}

static void stop_server(struct server *server)
{
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    (void)close(server->listener); // nothing went through it
}

static void echo_until_q(struct server *server, int fd)
{
    char byte;
    (void)server;
    while (read(fd, &byte, 1) == 1 && byte != 'q') {
        (void)!write(fd, &byte, 1); // the test sees what is missing
    }
}

static void a_socket_carries_bytes_and_has_neither_speed_nor_lines(void **state)
{
    struct server server = {.listener = -1};
    struct aloft_serial_line line;
    char bytes[4];
    size_t got;
    (void)state;
    start_server(&server, "socket://", echo_until_q);
    assert_true(aloft_serial_line_open(&line, server.name, 115200));
    assert_int_equal(aloft_serial_line_write(&line, "\xFF", 1, SOON_MS), ALOFT_SERIAL_LINE_OK);
    assert_int_equal(aloft_serial_line_read(&line, bytes, 4, SOON_MS, &got), ALOFT_SERIAL_LINE_OK);
    assert_int_equal(got, 1);
    assert_memory_equal(bytes, "\xFF", 1);
    assert_int_equal(aloft_serial_line_set_baud(&line, 9600), ALOFT_SERIAL_LINE_NONE);
    assert_int_equal(aloft_serial_line_set_lines(&line, true, true), ALOFT_SERIAL_LINE_NONE);
    assert_int_equal(aloft_serial_line_write(&line, "q", 1, SOON_MS), ALOFT_SERIAL_LINE_OK);
    assert_int_equal(aloft_serial_line_read(&line, bytes, 4, SOON_MS, &got),
                     ALOFT_SERIAL_LINE_GONE);
    assert_non_null(strstr(line.error.text, "closed the connection"));
    aloft_serial_line_close(&line);
    stop_server(&server);
}

// --- an RFC 2217 server

static void note(struct server *server, const uint8_t *sub, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        server->log_len += (size_t)snprintf(server->log + server->log_len,
                                            sizeof server->log - server->log_len, "%02x", sub[i]);
    }
    server->log_len +=
        (size_t)snprintf(server->log + server->log_len, sizeof server->log - server->log_len, " ");
}

static void answer_sub(struct server *server, const struct aloft_telnet *telnet, int fd)
{
    uint8_t wire[ALOFT_TELNET_SUB_FRAME_MAX(ALOFT_TELNET_SUB_MAX)];
    uint8_t value[ALOFT_TELNET_SUB_MAX];
    uint32_t len = telnet->sub_len - 1;
    memcpy(value, telnet->sub + 1, len);
    note(server, telnet->sub, telnet->sub_len);
    if (telnet->sub[0] == server->silent_command) {
        return;
    }
    if (telnet->sub[0] == server->late_command) {
        server->late_command = 0;
        server->late_value = value[0];
        return;
    }
    if (server->late_value != 0) {
        size_t late = aloft_telnet_com((uint8_t)(telnet->sub[0] + ALOFT_TELNET_COM_ANSWER),
                                       &server->late_value, 1, wire);
        server->late_value = 0;
        (void)!write(fd, wire, late); // the test sees what is missing
    }
    if (telnet->sub[0] == ALOFT_TELNET_COM_BAUD && server->baud_max != 0) {
        memset(value, 0, len); // as a server that could not do it
    }
    // console text comes at any time, also before an answer
    (void)!write(fd, "log", 3); // the test sees what is missing
    size_t n =
        aloft_telnet_com((uint8_t)(telnet->sub[0] + ALOFT_TELNET_COM_ANSWER), value, len, wire);
    (void)!write(fd, wire, n); // likewise
}

static void serve_rfc2217(struct server *server, int fd)
{
    struct aloft_telnet telnet;
    uint8_t byte;
    uint8_t wire[8];
    aloft_telnet_init(&telnet);
    // a server may start to negotiate, and ask for an option that is not known
    (void)!write(fd, wire, aloft_telnet_verb(ALOFT_TELNET_DO, 24, wire)); // the test would hang
    while (read(fd, &byte, 1) == 1) {
        enum aloft_telnet_event event = aloft_telnet_feed(&telnet, byte);
        if (event == ALOFT_TELNET_DATA && telnet.byte == 'q') {
            return;
        }
        if (event == ALOFT_TELNET_DATA) {
            (void)!write(fd, wire, aloft_telnet_data(&telnet.byte, 1, wire)); // the test sees
        } else if (event == ALOFT_TELNET_VERB && telnet.option == ALOFT_TELNET_COM_PORT) {
            enum aloft_telnet_verb verb =
                server->refuse_option ? ALOFT_TELNET_DONT : ALOFT_TELNET_DO;
            (void)!write(fd, wire, aloft_telnet_verb(verb, ALOFT_TELNET_COM_PORT, wire)); // too
        } else if (event == ALOFT_TELNET_SUB) {
            answer_sub(server, &telnet, fd);
        }
    }
}

// Reads as much as is expected; more would come with it, or with the next read.
static void read_text(struct aloft_serial_line *line, const char *expected)
{
    char text[64] = "";
    size_t len = 0;
    size_t got;
    while (len < strlen(expected)) {
        assert_int_equal(
            aloft_serial_line_read(line, text + len, sizeof text - 1 - len, SOON_MS, &got),
            ALOFT_SERIAL_LINE_OK);
        len += got;
    }
    assert_string_equal(text, expected);
}

static void rfc2217_sets_the_port_and_keeps_what_comes_meanwhile(void **state)
{
    struct server server = {.listener = -1};
    struct aloft_serial_line line;
    uint8_t byte;
    (void)state;
    start_server(&server, "rfc2217://", serve_rfc2217);
    assert_true(aloft_serial_line_open(&line, server.name, 115200));
    assert_string_equal(server.log, "010001c200 0208 0301 0401 0501 ");
    read_text(&line, "logloglogloglog"); // one text before each of five answers
    server.log_len = 0;
    assert_int_equal(aloft_serial_line_set_baud(&line, 921600), ALOFT_SERIAL_LINE_OK);
    assert_int_equal(aloft_serial_line_set_lines(&line, false, true), ALOFT_SERIAL_LINE_OK);
    assert_int_equal(aloft_serial_line_set_lines(&line, true, true), ALOFT_SERIAL_LINE_OK);
    assert_int_equal(aloft_serial_line_set_lines(&line, true, false), ALOFT_SERIAL_LINE_OK);
    assert_string_equal(server.log, "01000e1000 0509 050b 0508 050c ");
    assert_int_equal(aloft_serial_line_purge(&line), ALOFT_SERIAL_LINE_OK);
    assert_int_equal(aloft_serial_line_write(&line, "a\xFF\xC0", 3, SOON_MS), ALOFT_SERIAL_LINE_OK);
    read_text(&line, "a\xFF\xC0");
    assert_int_equal(aloft_serial_line_write(&line, "q", 1, SOON_MS), ALOFT_SERIAL_LINE_OK);
    size_t got;
    assert_int_equal(aloft_serial_line_read(&line, &byte, 1, SOON_MS, &got),
                     ALOFT_SERIAL_LINE_GONE);
    aloft_serial_line_close(&line);
    stop_server(&server);
}

static void rfc2217_servers_that_refuse_or_keep_silent_are_named(void **state)
{
    static const struct {
        struct server how;
        const char *says;
    } cases[] = {
        {{.refuse_option = true}, "does not speak RFC 2217"},
        {{.silent_command = ALOFT_TELNET_COM_PARITY}, "does not answer command 3 within 10 s"},
        {{.baud_max = 1}, "will not set this speed"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct server server = cases[i].how;
        struct aloft_serial_line line;
        start_server(&server, "rfc2217://", serve_rfc2217);
        assert_false(aloft_serial_line_open(&line, server.name, 115200));
        assert_non_null(strstr(line.error.text, cases[i].says));
        stop_server(&server);
    }
}

// A server that was slow once was said to refuse the next setting.
static void a_late_answer_is_not_taken_for_the_next_one(void **state)
{
    struct server server = {.listener = -1};
    struct aloft_serial_line line;
    (void)state;
    start_server(&server, "rfc2217://", serve_rfc2217);
    assert_true(aloft_serial_line_open(&line, server.name, 115200));
    server.late_command = ALOFT_TELNET_COM_CONTROL;
    assert_int_equal(aloft_serial_line_set_lines(&line, false, true), ALOFT_SERIAL_LINE_REFUSED);
    assert_non_null(strstr(line.error.text, "does not answer command 5"));
    assert_int_equal(aloft_serial_line_set_lines(&line, true, true), ALOFT_SERIAL_LINE_OK);
    assert_int_equal(aloft_serial_line_set_lines(&line, false, false), ALOFT_SERIAL_LINE_OK);
    aloft_serial_line_close(&line);
    stop_server(&server);
}

static void listen_only(struct server *server, int fd)
{
    char byte;
    (void)server;
    while (read(fd, &byte, 1) == 1) {
    }
}

static void a_plain_port_used_as_rfc2217_gets_a_hint(void **state)
{
    struct server server = {.listener = -1};
    struct aloft_serial_line line;
    (void)state;
    start_server(&server, "rfc2217://", listen_only);
    assert_false(aloft_serial_line_open(&line, server.name, 115200));
    assert_non_null(strstr(line.error.text, "write socket://"));
    stop_server(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_carries_every_byte_both_ways),
        cmocka_unit_test(a_terminal_takes_any_speed_and_knows_that_it_has_no_modem_lines),
        cmocka_unit_test(silence_is_a_timeout_and_the_other_end_gone_is_gone_for_good),
        cmocka_unit_test(a_terminal_without_a_reader_takes_no_more_and_says_so),
        cmocka_unit_test(a_terminal_belongs_to_one_program_at_a_time),
        cmocka_unit_test(purge_forgets_what_has_come),
        cmocka_unit_test(what_cannot_be_opened_is_named),
        cmocka_unit_test(a_socket_carries_bytes_and_has_neither_speed_nor_lines),
        cmocka_unit_test(rfc2217_sets_the_port_and_keeps_what_comes_meanwhile),
        cmocka_unit_test(rfc2217_servers_that_refuse_or_keep_silent_are_named),
        cmocka_unit_test(a_late_answer_is_not_taken_for_the_next_one),
        cmocka_unit_test(a_plain_port_used_as_rfc2217_gets_a_hint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
