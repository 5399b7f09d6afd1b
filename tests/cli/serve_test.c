// `aloft serve` over a real socket. The requests are written out, so that the test sees the bytes.
#include "host_folder.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILE_LEN = 100000, ANSWER_MAX = 200000, WAIT_S = 120 };

static pid_t server;
static FILE *server_output;
static uint16_t port;
static char answer[ANSWER_MAX];
static size_t answer_len;

static void make_files(void)
{
    assert_int_equal(mkdir("www", 0755), 0);
    assert_int_equal(mkdir("www/sub", 0755), 0);
    assert_int_equal(symlink("/etc/passwd", "www/out"), 0);
    assert_int_equal(symlink("fw.bin", "www/latest.bin"), 0);
    FILE *file = fopen("www/fw.bin", "wb");
    assert_non_null(file);
    for (int i = 0; i < FILE_LEN; i++) {
        assert_int_not_equal(fputc(i * 7 & 0xFF, file), EOF);
    }
    assert_int_equal(fclose(file), 0);
    file = fopen("www/big.bin", "wb"); // more than socket buffers hold
    assert_non_null(file);
    assert_int_equal(ftruncate(fileno(file), 64 << 20), 0);
    assert_int_equal(fclose(file), 0);
    file = fopen("secret", "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

static void start_server(const char *rate)
{
    int ends[2];
    char line[256];
    unsigned number;
    assert_int_equal(pipe(ends), 0);
    server = fork();
    if (server == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)execl(ALOFT_TOOL, "aloft", "serve", "www", "--port", "0", "--limit-rate", rate,
                    (char *)NULL);
        _exit(127);
    }
    assert_int_equal(close(ends[1]), 0);
    server_output = fdopen(ends[0], "r");
    assert_non_null(server_output);
    assert_non_null(fgets(line, sizeof line, server_output));
    assert_int_equal(sscanf(line, "Serving www at http://127.0.0.1:%u/", &number), 1);
    port = (uint16_t)number;
}

// Ends the server by signal; it must end well, and at once.
static void stop_server(int signal_number)
{
    int status;
    assert_int_equal(kill(server, signal_number), 0);
    assert_int_equal(waitpid(server, &status, 0), server);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(fclose(server_output), 0);
}

static int setup(void **state)
{
    if (enter_folder(state) != 0) {
        return -1;
    }
    make_files();
    start_server("1000MB");
    return 0;
}

static int teardown(void **state)
{
    stop_server(SIGTERM);
    return leave_folder(state);
}

static int dial(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval wait = {.tv_sec = WAIT_S};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

// Sends a request with these extra header lines and reads the answer until the server closes.
static double now_s(void);

static void ask(const char *method, const char *path, const char *headers)
{
    char request[1024];
    int len =
        snprintf(request, sizeof request,
                 "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", method, path, headers);
    int fd = dial();
    assert_int_equal(send(fd, request, (size_t)len, 0), len);
    answer_len = 0;
    for (;;) {
        ssize_t n = recv(fd, answer + answer_len, sizeof answer - 1 - answer_len, 0);
        assert_true(n >= 0);
        if (n == 0) {
            break;
        }
        answer_len += (size_t)n;
    }
    answer[answer_len] = '\0';
    assert_int_equal(close(fd), 0);
}

static int status(void)
{
    int code = 0;
    assert_int_equal(sscanf(answer, "HTTP/1.1 %d", &code), 1);
    return code;
}

static bool has_header(const char *line)
{
    char with_end[300];
    (void)snprintf(with_end, sizeof with_end, "\r\n%s\r\n", line);
    return strstr(answer, with_end) != NULL;
}

static void header_value(const char *name, char *value, size_t size)
{
    char start[64];
    (void)snprintf(start, sizeof start, "\r\n%s: ", name);
    const char *at = strstr(answer, start);
    assert_non_null(at);
    at += strlen(start);
    (void)snprintf(value, size, "%.*s", (int)strcspn(at, "\r"), at);
}

static void body_is(uint32_t first, uint32_t len)
{
    const char *body = strstr(answer, "\r\n\r\n");
    assert_non_null(body);
    body += 4;
    assert_int_equal(answer_len - (size_t)(body - answer), len);
    for (uint32_t i = 0; i < len; i++) {
        assert_int_equal((uint8_t)body[i], (first + i) * 7 & 0xFF);
    }
}

static void a_file_comes_whole(void **state)
{
    (void)state;
    ask("GET", "/fw.bin", "");
    assert_int_equal(status(), 200);
    assert_true(has_header("Content-Length: 100000"));
    assert_true(has_header("Accept-Ranges: bytes"));
    body_is(0, FILE_LEN);
    ask("HEAD", "/fw.bin", "");
    assert_int_equal(status(), 200);
    assert_true(has_header("Content-Length: 100000"));
    body_is(0, 0);
    ask("GET", "/latest.bin", "");
    body_is(0, FILE_LEN);
}

static void a_range_comes_as_asked(void **state)
{
    (void)state;
    ask("GET", "/fw.bin", "Range: bytes=10-19\r\n");
    assert_int_equal(status(), 206);
    assert_true(has_header("Content-Range: bytes 10-19/100000"));
    body_is(10, 10);
    ask("GET", "/fw.bin", "Range: bytes=99990-\r\n");
    assert_int_equal(status(), 206);
    body_is(99990, 10);
    ask("GET", "/fw.bin", "Range: bytes=-5\r\n");
    body_is(99995, 5);
    ask("GET", "/fw.bin", "Range: bytes=100000-\r\n");
    assert_int_equal(status(), 416);
    assert_true(has_header("Content-Range: bytes */100000"));
    ask("GET", "/fw.bin", "Range: bytes=0-1,5-6\r\n");
    assert_int_equal(status(), 200);
    body_is(0, FILE_LEN);
    ask("HEAD", "/fw.bin", "Range: bytes=10-19\r\n");
    assert_int_equal(status(), 200);
}

static void conditions_hold_or_fail_by_tag_and_date(void **state)
{
    char tag[128];
    char date[64];
    char header[256];
    (void)state;
    ask("GET", "/fw.bin", "");
    header_value("ETag", tag, sizeof tag);
    header_value("Last-Modified", date, sizeof date);
    (void)snprintf(header, sizeof header, "If-None-Match: \"x\", %s\r\n", tag);
    ask("GET", "/fw.bin", header);
    assert_int_equal(status(), 304);
    body_is(0, 0);
    (void)snprintf(header, sizeof header, "If-Modified-Since: %s\r\n", date);
    ask("GET", "/fw.bin", header);
    assert_int_equal(status(), 304);
    // The tag decides where both are given.
    (void)snprintf(header, sizeof header, "If-None-Match: \"x\"\r\nIf-Modified-Since: %s\r\n",
                   date);
    ask("GET", "/fw.bin", header);
    assert_int_equal(status(), 200);
    (void)snprintf(header, sizeof header, "Range: bytes=0-9\r\nIf-Range: %s\r\n", tag);
    ask("GET", "/fw.bin", header);
    assert_int_equal(status(), 206);
    (void)snprintf(header, sizeof header, "Range: bytes=0-9\r\nIf-Range: %s\r\n", date);
    ask("GET", "/fw.bin", header);
    assert_int_equal(status(), 206);
    ask("GET", "/fw.bin", "Range: bytes=0-9\r\nIf-Range: \"older\"\r\n");
    assert_int_equal(status(), 200);
    body_is(0, FILE_LEN);
}

static void a_changed_file_has_another_tag(void **state)
{
    char before[128];
    char after[128];
    (void)state;
    ask("HEAD", "/fw.bin", "");
    header_value("ETag", before, sizeof before);
    assert_int_equal(system("cp -p www/fw.bin www/new && mv www/new www/fw.bin"), 0);
    ask("HEAD", "/fw.bin", "");
    header_value("ETag", after, sizeof after);
    assert_string_not_equal(before, after);
}

static void nothing_outside_the_folder_is_served(void **state)
{
    static const char *const paths[] = {
        "/../secret",   "/%2e%2e/secret", "/sub/../../secret", "/sub/%2e%2e/%2e%2e/secret",
        "/..%2fsecret", "/out",           "/.hidden",          "/fw.bin/",
        "/nope",        "//etc/passwd",   "/www/fw.bin",       "/\\..\\secret",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        print_message("%s\n", paths[i]);
        ask("GET", paths[i], "");
        assert_int_equal(status(), 404);
    }
}

static void folders_are_listed(void **state)
{
    (void)state;
    ask("GET", "/", "");
    assert_int_equal(status(), 200);
    assert_non_null(strstr(answer, "<a href=\"fw.bin\">fw.bin</a>"));
    assert_non_null(strstr(answer, "<a href=\"sub/\">sub/</a>"));
    ask("GET", "/sub", "");
    assert_int_equal(status(), 301);
    assert_true(has_header("Location: sub/"));
    ask("GET", "/sub/", "");
    assert_int_equal(status(), 200);
}

static void only_reading_is_allowed(void **state)
{
    (void)state;
    ask("POST", "/fw.bin", "Content-Length: 1\r\n");
    assert_int_equal(status(), 405);
    assert_true(has_header("Allow: GET, HEAD"));
    ask("DELETE", "/fw.bin", "");
    assert_int_equal(status(), 405);
}

// 128 connections that had sent one byte of a request kept everybody else out for as long as they
// liked.
static void slow_clients_make_room_for_others(void **state)
{
    enum { SLOW = 200, PIECE = 1 };
    int slow[SLOW];
    (void)state;
    for (int i = 0; i < SLOW; i++) {
        slow[i] = dial();
        if (i % 2 == 0) {
            assert_int_equal(send(slow[i], "G", PIECE, MSG_NOSIGNAL), PIECE);
        } else { // and some that ask for the file, and do not take it
            static const char text[] = "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n";
            (void)send(slow[i], text, sizeof text - 1, MSG_NOSIGNAL);
        }
    }
    double begun = now_s();
    for (int i = 0; i < 20; i++) {
        ask("GET", "/fw.bin", "");
        assert_int_equal(status(), 200);
        body_is(0, FILE_LEN);
    }
    assert_true(now_s() - begun < 60);
    for (int i = 0; i < SLOW; i++) {
        (void)close(slow[i]);
    }
}

static double now_s(void)
{
    struct timespec time;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &time), 0);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void a_rate_is_kept_and_a_stop_does_not_wait_for_it(void **state)
{
    (void)state;
    stop_server(SIGTERM);
    start_server("20000");
    double begun = now_s();
    ask("GET", "/fw.bin", "Range: bytes=0-19999\r\n");
    double took = now_s() - begun;
    body_is(0, 20000);
    assert_true(took > 0.7);
    stop_server(SIGTERM);
    start_server("100"); // the whole file takes longer than a test may
    int fd = dial();
    static const char request[] = "GET /fw.bin HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    assert_int_equal(recv(fd, answer, 1, 0), 1);
    stop_server(SIGINT);
    assert_int_equal(close(fd), 0);
    start_server("1000MB"); // for the teardown
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_whole),
        cmocka_unit_test(a_range_comes_as_asked),
        cmocka_unit_test(conditions_hold_or_fail_by_tag_and_date),
        cmocka_unit_test(a_changed_file_has_another_tag),
        cmocka_unit_test(nothing_outside_the_folder_is_served),
        cmocka_unit_test(folders_are_listed),
        cmocka_unit_test(only_reading_is_allowed),
        cmocka_unit_test(slow_clients_make_room_for_others),
        cmocka_unit_test(a_rate_is_kept_and_a_stop_does_not_wait_for_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
