// The Location header of a redirect, byte by byte at its edges.
#include "aloft/net/http.h"
#include "check.h"

static char location[64];
static struct aloft_http http;

static enum aloft_http_event redirect_to(const char *value, uint32_t len)
{
    static const char start[] = "HTTP/1.1 302 Found\r\nLocation:";
    static const char end[] = "\r\n\r\n";
    uint8_t answer[256];
    uint32_t used;
    memcpy(answer, start, sizeof start - 1);
    memcpy(answer + sizeof start - 1, value, len);
    memcpy(answer + sizeof start - 1 + len, end, sizeof end - 1);
    aloft_http_init(&http, 0, location, sizeof location);
    return aloft_http_next(&http, answer, (uint32_t)(sizeof start - 1 + len + sizeof end - 1),
                           &used);
}

static void blanks_around_a_location_are_no_part_of_it(void)
{
    CHECK_EQ(redirect_to(" \t /a b \t ", 10), ALOFT_HTTP_HEADERS);
    CHECK_TEXT(location, "/a b");
    CHECK_EQ(redirect_to(" \t ", 3), ALOFT_HTTP_HEADERS);
    CHECK(!http.has_location);
}

// Bytes from 80 on at the end of a Location were taken for blanks where char is signed, and kept
// where it is not: the board followed a redirect that a RISC-V device refuses, and not as it was
// sent. Controls went the same way. Both stay now, and the URL is refused.
static void a_location_keeps_bytes_that_are_not_blanks(void)
{
    struct aloft_url url;
    CHECK_EQ(redirect_to("http://h/\xC3\xA9", 11), ALOFT_HTTP_HEADERS);
    CHECK_TEXT(location, "http://h/\xC3\xA9");
    CHECK_EQ(aloft_url_parse(location, &url), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(redirect_to("http://h/\x01", 10), ALOFT_HTTP_HEADERS);
    CHECK_TEXT(location, "http://h/\x01");
    CHECK_EQ(aloft_url_parse(location, &url), ALOFT_ERR_URL_SYNTAX);
}

CHECK_MAIN(TEST(blanks_around_a_location_are_no_part_of_it),
           TEST(a_location_keeps_bytes_that_are_not_blanks))
