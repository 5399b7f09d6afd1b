// The console of an app: what it shows of a version, a URL or a server's answer forges no line.
#include "check.h"
#include "esp_log.h"
#include "tests/compat/esp-idf/idf_world.h"

#define FORGED "1\nI (0) ota: Confirmed"

static void text_from_outside_forges_no_line_and_no_colour(void)
{
    world_begin(ALOFT_SLOT_FACTORY);
    ESP_LOGI("app", "Version %s", FORGED);
    CHECK(world_said(") app: Version 1?I (0) ota: Confirmed"));
    CHECK(!world_said("\nI (0) ota"));
    ESP_LOGW("app", "Server: %s", "\x1b[2J\x9b\x07 gro\xc3\x9f");
    CHECK(world_said("Server: ?[2J?? gro\xc3\x9f"));
}

static void lines_and_colours_of_the_app_itself_stay(void)
{
    world_begin(ALOFT_SLOT_FACTORY);
    esp_log_write(ESP_LOG_INFO, "app", "\033[0;32mone %s\ntwo\033[0m\n", "x");
    CHECK(world_said("\033[0;32mone x\ntwo\033[0m\n"));
    esp_log_write(ESP_LOG_INFO, "app", "\033[0;32mred %s\033[0m\n", "\033[31m" FORGED);
    CHECK(world_said("?[0;32mred ?[31m1?I (0) ota: Confirmed?[0m\n"));
}

CHECK_MAIN(TEST(text_from_outside_forges_no_line_and_no_colour),
           TEST(lines_and_colours_of_the_app_itself_stay))
