// Takes the headers and the framing off an answer of an HTTP server, in pieces of any size.
// Usage: http_body < ANSWER > BODY
#include <aloft/net/http.h>
#include <stdio.h>

int main(void)
{
    static struct aloft_http http;
    static char location[256]; // of a redirect
    static uint8_t piece[512];
    enum aloft_http_event event = ALOFT_HTTP_MORE;
    aloft_http_init(&http, 0, location, sizeof location);
    for (size_t n; event < ALOFT_HTTP_DONE && (n = fread(piece, 1, sizeof piece, stdin)) > 0;) {
        for (uint32_t at = 0, used; at < n && event < ALOFT_HTTP_DONE; at += used) {
            event = aloft_http_next(&http, piece + at, (uint32_t)n - at, &used);
            if (event == ALOFT_HTTP_BODY) {
                (void)fwrite(piece + at + used - http.body_len, 1, http.body_len, stdout);
            }
        }
    }
    if (event < ALOFT_HTTP_DONE) {
        event = aloft_http_eof(&http); // the server closed: that may be how the body ends
    }
    if (event == ALOFT_HTTP_BAD) {
        (void)fprintf(stderr, "%s\n", aloft_err_sentence(http.err));
        return 1;
    }
    (void)fprintf(stderr, "status %u\n", (unsigned)http.status);
    return aloft_http_status_err(http.status) != ALOFT_OK;
}
