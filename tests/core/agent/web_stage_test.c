// What a browser uploads passes the stages of the device, in pieces of any size, and an upload that
// breaks off leaves nothing behind. A file that is not an app is refused.
#include "test_stages.h"
#include "web_world.h"

enum { SECTORS = 2 };

static struct test_row row;
static uint8_t image[DEVICE_IMAGE_MAX];
static uint32_t image_len;
static uint8_t artifact[4 * DEVICE_IMAGE_MAX];
static uint32_t len;

static void begin(uint32_t kind)
{
    char headers[128];
    setup();
    image_len = test_row_image(image, sizeof image, SECTORS);
    len = test_row_make(kind, image, image_len, artifact);
    intake.config.stage = test_row_init(&row, kind);
    snprintf(headers, sizeof headers,
             "Content-Type: application/octet-stream\r\nContent-Length: %lu\r\n",
             (unsigned long)len);
    give_head("POST", "/update", headers);
}

static void an_upload_passes_the_stages_in_any_pieces(void)
{
    static const uint32_t pieces[] = {1, 13, 257, 1024};
    for (uint32_t kind = 0; kind < TEST_ROWS; kind++) {
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            check_note("row %ld, pieces of %ld", (long)kind, (long)pieces[i]);
            begin(kind);
            world.piece = pieces[i];
            give(artifact, len);
            settle();
            CHECK(says("HTTP/1.1 200 OK\r\n"));
            check_updated(image, image_len);
        }
    }
}

static void an_upload_that_breaks_off_is_followed_by_a_whole_one(void)
{
    for (uint32_t kind = 0; kind < TEST_ROWS; kind++) {
        for (uint32_t sent = 1; sent < 6000; sent += 1700) {
            check_note("row %ld, breaks off after %ld bytes", (long)kind, (long)sent);
            begin(kind);
            give(artifact, sent < len ? sent : len - 1);
            world.peer = false;
            way().ops->failed(&web, ALOFT_WAY_ID_WEB, ALOFT_ERR_NET_RESET, world.now_ms);
            settle();
            check_nothing_happened();
            ask("GET", "/none", "", ""); // the page still answers
            CHECK(says(" 404 ") && body()[0] != 0);
            begin(kind);
            give(artifact, len);
            settle();
            check_updated(image, image_len);
        }
    }
}

// A bootloader in a slot does not run, and without trials the device would try to start it for
// ever.
static void web_refuses_a_bootloader_as_an_update(void)
{
    uint32_t boot_len;
    char headers[64];
    setup();
    const uint8_t *boot = device_bootloader(&boot_len);
    uint32_t changes = device.ram.progs + device.ram.erases;
    snprintf(headers, sizeof headers, "Content-Length: %lu\r\n", (unsigned long)boot_len);
    give_head("POST", "/update", headers);
    give(boot, boot_len);
    settle();
    CHECK(says("HTTP/1.1 409 Refused\r\n") && says("{\"error\":\"IMAGE_NOT_APP\""));
    CHECK_EQ(device.ram.progs + device.ram.erases, changes);
    check_nothing_happened();
}

DEVICE_MAIN(TEST(web_refuses_a_bootloader_as_an_update),
            TEST(an_upload_passes_the_stages_in_any_pieces),
            TEST(an_upload_that_breaks_off_is_followed_by_a_whole_one))
