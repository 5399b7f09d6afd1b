// What is pushed passes the stages of the device, as what is pulled does: in pieces of any size,
// and once more after a cut at any change of flash.
#include "push_world.h"
#include "test_stages.h"

enum { FIRMWARE = 0, SECTORS = 2 };

static struct test_row row;
static uint8_t image[DEVICE_IMAGE_MAX];
static uint32_t image_len;
static uint8_t artifact[4 * DEVICE_IMAGE_MAX];
static uint32_t len;

static void make(uint32_t kind)
{
    image_len = test_row_image(image, sizeof image, SECTORS);
    len = test_row_make(kind, image, image_len, artifact);
}

static void check_updated(void)
{
    CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, image_len);
    CHECK(strstr(world.trace, "selected") != NULL);
}

static void a_push_passes_the_stages_in_any_pieces(void)
{
    static const uint32_t pieces[] = {41, 257, 1460};
    for (uint32_t kind = 0; kind < TEST_ROWS; kind++) {
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            check_note("row %ld, pieces of %ld", (long)kind, (long)pieces[i]);
            setup(NULL);
            make(kind);
            intake.config.stage = test_row_init(&row, kind);
            invite_with(FIRMWARE, artifact, len, len);
            CHECK_TEXT(world.answer, "OK");
            accept_connection();
            CHECK(stream(artifact, len, pieces[i]));
            CHECK_EQ(hang_up(), ALOFT_WAY_RESTART);
            check_updated();
        }
    }
}

static void after_a_cut_the_next_push_passes_them_too(void)
{
    for (uint32_t kind = 0; kind < TEST_ROWS; kind++) {
        bool was_cut = true;
        for (long cut = 0; was_cut; cut += 5) {
            check_note("row %ld, cut after %ld", (long)kind, cut);
            setup(NULL);
            make(kind);
            intake.config.stage = test_row_init(&row, kind);
            world.cut_after = cut;
            (void)push_file(FIRMWARE, artifact, len);
            was_cut = world.cut;
            if (was_cut && device.ram.bytes[DEVICE_OTA_0] != 0xE9) {
                power_up();
                intake.config.stage = test_row_init(&row, kind);
                CHECK_EQ(push_file(FIRMWARE, artifact, len), ALOFT_WAY_RESTART);
                check_updated();
            }
        }
    }
}

DEVICE_MAIN(TEST(a_push_passes_the_stages_in_any_pieces),
            TEST(after_a_cut_the_next_push_passes_them_too))
