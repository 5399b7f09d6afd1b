// The tool's peers, each as slow, as loud and as silent as can be, under the test's clock: whatever
// they do, each call ends within its time and says what was wrong.
#include "check.h"
#include "hostlib/base/clock.h"
#include "hostlib/base/file.h"
#include "hostlib/base/pipe.h"
#include "hostlib/flasher/flasher.h"
#include "hostlib/flasher/flasher_link.h"
#include "hostlib/push/espota_client.h"
#include "hostlib/serial/serial_line.h"
#include "peer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES(text) (text), sizeof(text) - 1

enum { MINUTE_MS = 60000, IMAGE_LEN = 200000, SMALL = 64, SLACK = 20 };

// What a serial port's other end may do: nothing, one byte in a while, or something without end.
static const struct peer_script lines[] = {
    {.deaf = true},
    {.first = ""},
    {.more = BYTES("x"), .every_ms = 1},
    {.more = BYTES("x"), .every_ms = 40},
    {.more = BYTES("x"), .every_ms = 900},
    {.more = BYTES("the chip's console, which never stops\r\n")},
    {.more = BYTES("\xff\xfb\x01")},                         // WILL ECHO
    {.more = BYTES("\xff\xfd\x01\xff\xfb\x05\xff\xfe\x07")}, // DO, WILL and DONT of others
    {.more = BYTES("\xff\xfb\x2c")},                         // WILL COM_PORT, and no answer
    {.more = BYTES("\xff\xfb\x2c"), .every_ms = 50},
    {.more = BYTES("\xff\xfa\x2c\x65\x00\x00\x00\x01\xff\xf0")}, // the answer to another speed
    {.more = BYTES("\xc0\x01\x08\x02\x00\x00\x00\x00\x00\x00\x00\xc0")}, // responses
    {.more = BYTES("\xc0")},
    {.first = BYTES("\xff\xfb\x2c"), .more = BYTES("\xff\xfb\x01"), .sip_ms = 900},
    {.more = BYTES("\xff\xfb\x01"), .deaf = true},
    {.first = BYTES("\xff\xfb\x2c"), .ends = true},
};

static void a_serial_port_is_opened_or_given_up_in_time(void)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const struct peers peers = {.tcp = &lines[i]};
        struct aloft_serial_line line;
        check_note("line %ld", (long)i, 0);
        peers_begin(&peers);
        CHECK(!aloft_serial_line_open(&line, "rfc2217://127.0.0.1:9", 115200));
        CHECK(line.error.text[0] != 0);
        CHECK(peers_ms() < MINUTE_MS / 2);
        peers_end();
    }
}

static void what_is_read_written_and_purged_ends_in_time(void)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        static const uint8_t data[IMAGE_LEN];
        const struct peers peers = {.tcp = &lines[i]};
        struct aloft_serial_line line;
        uint8_t buf[SMALL];
        size_t got;
        check_note("line %ld", (long)i, 0);
        peers_begin(&peers);
        CHECK(aloft_serial_line_open(&line, "socket://127.0.0.1:9", 115200));
        (void)aloft_serial_line_read(&line, buf, sizeof buf, 1000, &got);
        CHECK(peers_ms() <= 1000 + SLACK);
        uint64_t now = peers_ms();
        enum aloft_serial_line_result result =
            aloft_serial_line_write(&line, data, sizeof data, 3000);
        CHECK(peers_ms() - now <= 3000 + SLACK);
        CHECK(result == ALOFT_SERIAL_LINE_OK || lines[i].deaf || lines[i].sip_ms != 0);
        now = peers_ms();
        (void)aloft_serial_line_purge(&line);
        CHECK(peers_ms() - now <= 1000);
        aloft_serial_line_close(&line);
        peers_end();
    }
}

static void a_peer_that_is_not_a_chip_is_given_up_in_time(void)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const struct peers peers = {.tcp = &lines[i]};
        struct aloft_serial_line line;
        static struct aloft_flasher flasher;
        memset(&flasher, 0, sizeof flasher);
        check_note("line %ld", (long)i, 0);
        peers_begin(&peers);
        CHECK(aloft_serial_line_open(&line, "socket://127.0.0.1:9", 115200));
        bool connected = aloft_flasher_connect(&flasher, &line, ALOFT_FLASHER_NO_RESET, NULL);
        check_note("line %ld, %ld ms", (long)i, (long)peers_ms());
        CHECK(!connected);
        CHECK(flasher.error.text[0] != 0);
        CHECK(peers_ms() < 2 * MINUTE_MS);
        aloft_serial_line_close(&line);
        peers_end();
    }
}

#define NONCE "AUTH 0123456789abcdef0123456789abcdef"

static void a_push_ends_in_time_whatever_the_device_does(void)
{
    static const struct {
        struct peer_script udp;
        struct peer_script back;
        bool connects;
    } cases[] = {
        {.udp = {.deaf = true}},
        {.udp = {.more = BYTES(NONCE)}}, // it never answers the proof
        {.udp = {.more = BYTES(NONCE), .every_ms = 5}},
        {.udp = {.more = BYTES("AUTH x")}},
        {.udp = {.more = BYTES("OK")}}, // and does not connect
        {.udp = {.more = BYTES("OK")}, .back = {.first = ""}, .connects = true},
        {.udp = {.more = BYTES("OK")}, .back = {.deaf = true}, .connects = true},
        {.udp = {.more = BYTES("OK")},
         .back = {.more = BYTES("7"), .deaf = true},
         .connects = true},
        {.udp = {.more = BYTES("OK")}, .back = {.more = BYTES("7")}, .connects = true},
        {.udp = {.more = BYTES("OK")},
         .back = {.more = BYTES("7"), .every_ms = 300},
         .connects = true},
        {.udp = {.more = BYTES("OK")}, .back = {.more = BYTES("E")}, .connects = true},
        {.udp = {.more = BYTES("OK")},
         .back = {.more = BYTES("E"), .every_ms = 2000},
         .connects = true},
        {.udp = {.more = BYTES("OK")},
         .back = {.more = BYTES("7"), .sip_ms = 2000},
         .connects = true},
    };
    static uint8_t image[IMAGE_LEN];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct peers peers = {.udp = &cases[i].udp,
                                    .back = cases[i].connects ? &cases[i].back : NULL};
        struct aloft_message error = {""};
        struct aloft_espota_client client = {.host = "127.0.0.1",
                                             .port = 3232,
                                             .data = image,
                                             .len = sizeof image,
                                             .password = "pw",
                                             .timeout_ms = 10000};
        peers_begin(&peers);
        bool good = aloft_espota_client_push(&client, &error);
        check_note("case %ld, %ld ms", (long)i, (long)peers_ms());
        CHECK(!good);
        CHECK(error.text[0] != 0);
        // 15 s for each piece of a kilobyte, and what is waited for before and behind it.
        CHECK(peers_ms() < 4 * MINUTE_MS);
        peers_end();
    }
}

static void a_pipe_without_an_other_end_is_given_up(void)
{
    static const struct peers peers = {.tcp = NULL};
    char folder[] = "/tmp/aloft-peers-XXXXXX";
    char path[sizeof folder + 8];
    struct aloft_message error = {""};
    struct aloft_file file;
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/fifo", folder);
    CHECK_EQ(mkfifo(path, 0600), 0);
    peers_begin(&peers);
    CHECK(!aloft_file_read(path, IMAGE_LEN, &file, &error));
    CHECK(strstr(error.text, "nobody has the other end") != NULL);
    CHECK(peers_ms() <= ALOFT_PIPE_OPEN_MS + SLACK);
    uint64_t now = peers_ms();
    CHECK(!aloft_file_write(path, "x", 1, &error));
    CHECK(strstr(error.text, "nobody has the other end") != NULL);
    CHECK(peers_ms() - now <= ALOFT_PIPE_OPEN_MS + 100);
    peers_end();
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(rmdir(folder), 0);
}

static void a_pipe_whose_other_end_is_silent_is_given_up(void)
{
    static const struct peers peers = {.tcp = NULL};
    static const uint8_t data[2 << 20];
    int fds[2];
    char path[40];
    struct aloft_message error = {""};
    struct aloft_file file;
    CHECK_EQ(pipe(fds), 0);
    CHECK_EQ(write(fds[1], "some", 4), 4);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fds[0]);
    peers_begin(&peers);
    CHECK(!aloft_file_read(path, IMAGE_LEN, &file, &error));
    CHECK(strstr(error.text, "fallen silent") != NULL);
    CHECK(peers_ms() <= ALOFT_PIPE_SILENCE_MS + SLACK);
    uint64_t now = peers_ms();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fds[1]);
    CHECK(!aloft_file_write(path, data, sizeof data, &error));
    CHECK(strstr(error.text, "fallen silent") != NULL);
    CHECK(peers_ms() - now <= ALOFT_PIPE_SILENCE_MS + SLACK);
    peers_end();
    CHECK_EQ(close(fds[0]), 0);
    CHECK_EQ(close(fds[1]), 0);
}

CHECK_MAIN(TEST(a_serial_port_is_opened_or_given_up_in_time),
           TEST(what_is_read_written_and_purged_ends_in_time),
           TEST(a_peer_that_is_not_a_chip_is_given_up_in_time),
           TEST(a_push_ends_in_time_whatever_the_device_does),
           TEST(a_pipe_without_an_other_end_is_given_up),
           TEST(a_pipe_whose_other_end_is_silent_is_given_up))
