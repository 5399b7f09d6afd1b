// Answers of good, old, odd and hostile servers, each over every split and hard against the end of
// memory; and the request.
#include "aloft/net/http.h"
#include "check.h"
#include "guard.h"
#include "split.h"

enum { LIMIT = 64, LOCATION_CAP = 33, ANSWER_MAX = 17000, UNKNOWN = -1 };

struct answer {
    const char *text;
    uint32_t len;
    enum aloft_err err; // after the peer closed
    int status;         // of the final answer; 0: its headers do not come to their end
    const char *body;
    int32_t length; // promised, or UNKNOWN
    bool marked;    // the end of the body shows before the peer closes
};

#define TEXT(literal) (literal), sizeof(literal) - 1

// What an answer came to.
struct outcome {
    enum aloft_err err;
    int status;
    int32_t length;
    bool complete; // before the peer closed
    uint32_t body_len;
    uint8_t body[LIMIT];
    char location[LOCATION_CAP];
};

static char location[LOCATION_CAP];

static void note_event(const struct aloft_http *http, enum aloft_http_event event,
                       const uint8_t *end, struct outcome *out)
{
    if (event == ALOFT_HTTP_HEADERS) {
        CHECK_EQ(out->status, 0); // once only
        out->status = (int)http->status;
        out->length = http->has_length ? (int32_t)http->length : UNKNOWN;
        memcpy(out->location, http->has_location ? location : "",
               http->has_location ? sizeof location : 1);
    } else if (event == ALOFT_HTTP_BODY) {
        CHECK(http->body_len > 0);
        CHECK(out->body_len + http->body_len <= LIMIT);
        memcpy(out->body + out->body_len, end - http->body_len, http->body_len);
        out->body_len += http->body_len;
        CHECK_EQ(http->received, out->body_len);
    }
}

static struct outcome outcome_of(const char *text, struct split *split)
{
    struct aloft_http http;
    struct outcome out = {.length = UNKNOWN};
    enum aloft_http_event event = ALOFT_HTTP_MORE;
    aloft_http_init(&http, LIMIT, location, sizeof location);
    for (uint32_t n; event != ALOFT_HTTP_BAD && (n = split_next(split)) > 0;) {
        const uint8_t *data = guard_after(text + split->off, n);
        for (uint32_t off = 0, used; off < n && event != ALOFT_HTTP_BAD; off += used) {
            event = aloft_http_next(&http, data + off, n - off, &used);
            CHECK(used <= n - off);
            note_event(&http, event, data + off + used, &out);
        }
    }
    out.complete = aloft_http_complete(&http);
    event = aloft_http_eof(&http);
    CHECK_EQ(event == ALOFT_HTTP_BAD, http.err != ALOFT_OK);
    CHECK_EQ(event == ALOFT_HTTP_DONE, http.err == ALOFT_OK);
    out.err = http.err;
    return out;
}

static void check_answer(void *ctx, struct split *split)
{
    const struct answer *answer = ctx;
    struct outcome out = outcome_of(answer->text, split);
    CHECK_EQ(out.err, answer->err);
    CHECK_EQ(out.status, answer->status);
    CHECK_EQ(out.length, answer->length);
    CHECK_EQ(out.complete, answer->marked);
    CHECK_EQ(out.body_len, (uint32_t)strlen(answer->body));
    CHECK_BYTES(out.body, answer->body, out.body_len);
}

static void check_answers(const struct answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int before = check_state.failures;
        struct answer answer = answers[i];
        every_split(answer.len, check_answer, &answer);
        if (check_state.failures != before) {
            printf("  that was answer %lu: %.60s\n", (unsigned long)i, answer.text);
        }
    }
}

#define CHECK_ANSWERS(answers) check_answers((answers), sizeof(answers) / sizeof(answers)[0])

static void http_takes_bodies_that_end_by_length_by_chunks_and_by_close(void)
{
    static const struct answer answers[] = {
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 0, 200, "hello", 5, true},
        {TEXT("HTTP/1.1 200 OK\r\n\r\nhello"), 0, 200, "hello", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\n\r\n"), 0, 200, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 0, 200, "", 0, true},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 0,
         200, "hello", UNKNOWN, true},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 0, 200, "",
         UNKNOWN, true},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              "1;a=\"b\"\r\nh\r\n0004 \r\nello\r\nA\t;x\r\n, world, 0\r\n0;last\r\nX: "
              "y\r\nZ:\r\n\r\n"),
         0, 200, "hello, world, 0", UNKNOWN, true},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              "1;0123456789012345678901234567890123456789012345678901234567890\r\nh\r\n0\r\n\r\n"),
         0, 200, "h", UNKNOWN, true},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              "000000000000000000000003\r\n\r\n\n\r\n0\r\n\r\n"),
         0, 200, "\r\n\n", UNKNOWN, true},
    };
    CHECK_ANSWERS(answers);
}

static void http_takes_answers_of_old_terse_and_wordy_servers(void)
{
    static const struct answer answers[] = {
        {TEXT("HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6\r\n\r\nhello"), 0, 200, "hello", UNKNOWN,
         false},
        {TEXT("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 0, 200, "hello", 5, true},
        {TEXT("HTTP/1.1 200\r\nContent-Length:5\r\n\r\nhello"), 0, 200, "hello", 5, true},
        {TEXT("HTTP/1.1 200 \nCONTENT-LENGTH: \t 005 \t\n\nhello"), 0, 200, "hello", 5, true},
        {TEXT("HTTP/1.1 200 A reason that goes on for longer than any line is kept, and more\r\n"
              "content-length: 5\r\n\r\nhello"),
         0, 200, "hello", 5, true},
        {TEXT("HTTP/1.1 200 OK\r\nX-A-Name-That-Goes-On-For-Longer-Than-Any-Line-Is-Kept-Too: v\r\n"
              "X-Empty:\r\nX-Colons: ::\xE4\xFC\r\nContent-Length: 5\r\n\r\nhello"),
         0, 200, "hello", 5, true},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"), 0, 200,
         "hello", 5, true},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Encoding: Identity \r\n"
              "Content-Length: 5\r\n\r\nhello"),
         0, 200, "hello", 5, true},
        {TEXT(
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked \r\n\r\nb\r\nhello world\r\n0\r\n\r\n"),
         0, 200, "hello world", UNKNOWN, true},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length-Of: 9\r\nMy-Content-Length: 9\r\n"
              "Content-Length: 5\r\n\r\nhello"),
         0, 200, "hello", 5, true},
    };
    CHECK_ANSWERS(answers);
}

static void http_passes_over_interim_answers_and_all_that_they_say(void)
{
    static const struct answer answers[] = {
        {TEXT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 0,
         200, "hello", 5, true},
        {TEXT("HTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 9\r\n"
              "Transfer-Encoding: chunked\r\n\r\nHTTP/1.1 102 P\r\n\r\n"
              "HTTP/1.1 200 OK\r\n\r\nhello"),
         0, 200, "hello", UNKNOWN, false},
        {TEXT("HTTP/1.1 100 Continue\r\n\r\n"), ALOFT_ERR_NET_RESET, 0, "", UNKNOWN, false},
        // A protocol that we did not ask for is an answer, and one that makes no sense.
        {TEXT("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"), 0, 101, "", UNKNOWN,
         false},
    };
    CHECK_ANSWERS(answers);
}

static void http_answers_204_and_304_have_no_body_whatever_they_promise(void)
{
    static const struct answer answers[] = {
        {TEXT("HTTP/1.1 204 No Content\r\n\r\n"), 0, 204, "", UNKNOWN, true},
        {TEXT("HTTP/1.1 304 Not Modified\r\nContent-Length: 50000\r\n\r\n"), 0, 304, "", 50000,
         true},
        {TEXT("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"), 0, 304, "",
         UNKNOWN, true},
        {TEXT("HTTP/1.1 204 No Content\r\n\r\nx"), ALOFT_ERR_HTTP_LONG, 204, "", UNKNOWN, false},
    };
    CHECK_ANSWERS(answers);
}

static void http_body_shorter_or_longer_than_promised_is_a_fault(void)
{
    static const struct answer answers[] = {
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), ALOFT_ERR_HTTP_SHORT, 200,
         "hell", 5, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), ALOFT_ERR_HTTP_SHORT, 200, "", 5,
         false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello!"), ALOFT_ERR_HTTP_LONG, 200,
         "hello", 5, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\r"), ALOFT_ERR_HTTP_LONG, 200,
         "hello", 5, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\n"), ALOFT_ERR_HTTP_LONG, 200, "", 0,
         false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP"),
         ALOFT_ERR_HTTP_LONG, 200, "hello", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"),
         ALOFT_ERR_HTTP_SHORT, 200, "hello", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
         ALOFT_ERR_HTTP_SHORT, 200, "hello", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"), ALOFT_ERR_HTTP_SHORT,
         200, "he", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5"), ALOFT_ERR_HTTP_SHORT, 200,
         "", UNKNOWN, false},
    };
    CHECK_ANSWERS(answers);
}

static void http_connection_that_ends_before_the_headers_do_is_a_broken_one(void)
{
    const char whole[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    for (uint32_t len = 0; len < sizeof whole - 1; len++) {
        struct answer answer = {whole, len, ALOFT_ERR_NET_RESET, 0, "", UNKNOWN, false};
        every_split(len, check_answer, &answer);
    }
}

static void http_refuses_what_is_not_http(void)
{
    static const struct answer answers[] = {
        {TEXT("<!DOCTYPE html><html>"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("\r\nHTTP/1.1 200 OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/2 200\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("http/1.1 200 OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("ICY 200 OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("\x15\x03\x01\x00\x02\x02"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false}, // TLS
        {TEXT("HTTP/1.1\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.x 200 OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1  200 OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 20 OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 2000 OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 099 OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 2a0 OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 -20 OK\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nnocolon\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\n: v\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "",
         UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n 5\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "",
         UNKNOWN, false}, // folded
        {TEXT("HTTP/1.1 200 OK\r\nN\xE4me: v\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN,
         false},
    };
    CHECK_ANSWERS(answers);
}

static void http_refuses_a_cr_inside_a_line_and_a_nul(void)
{
    static const struct answer answers[] = {
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 1\r0\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "",
         UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\n\rX: y\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 302 F\r\nLocation: /a\0b\r\n\r\n"), ALOFT_ERR_HTTP_SYNTAX, 0, "", UNKNOWN,
         false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r0\r\nh\r\n0\r\n\r\n"),
         ALOFT_ERR_HTTP_SYNTAX, 200, "", UNKNOWN, false},
    };
    CHECK_ANSWERS(answers);
}

static void http_refuses_contradictory_and_impossible_lengths(void)
{
    static const struct answer answers[] = {
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
         ALOFT_ERR_HTTP_FRAMING, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
         ALOFT_ERR_HTTP_FRAMING, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), ALOFT_ERR_HTTP_FRAMING, 0,
         "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n"), ALOFT_ERR_HTTP_FRAMING, 0, "",
         UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"), ALOFT_ERR_HTTP_FRAMING, 0, "", UNKNOWN,
         false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), ALOFT_ERR_HTTP_FRAMING, 0, "",
         UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n"), ALOFT_ERR_HTTP_FRAMING, 0, "",
         UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n"), ALOFT_ERR_HTTP_FRAMING, 0, "",
         UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\n"), ALOFT_ERR_HTTP_FRAMING, 0, "",
         UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 5                                         "
              "                5\r\n\r\n"),
         ALOFT_ERR_HTTP_FRAMING, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 00000000000000000000000000000000000000000000"
              "000000000005\r\n\r\n"),
         ALOFT_ERR_HTTP_FRAMING, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"), ALOFT_ERR_HTTP_FRAMING,
         200, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n"),
         ALOFT_ERR_HTTP_FRAMING, 200, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5g\r\n"),
         ALOFT_ERR_HTTP_FRAMING, 200, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n:\r\n"), ALOFT_ERR_HTTP_FRAMING,
         200, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n`\r\n"), ALOFT_ERR_HTTP_FRAMING,
         200, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"),
         ALOFT_ERR_HTTP_FRAMING, 200, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 5\r\n"),
         ALOFT_ERR_HTTP_FRAMING, 200, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n"),
         ALOFT_ERR_HTTP_FRAMING, 200, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"),
         ALOFT_ERR_HTTP_FRAMING, 200, "he", UNKNOWN, false},
    };
    CHECK_ANSWERS(answers);
}

static void http_refuses_encodings_of_the_body_that_were_not_asked_for(void)
{
    static const struct answer answers[] = {
        {TEXT("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"), ALOFT_ERR_HTTP_ENCODING, 0, "",
         UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Encoding: identity, br\r\n\r\n"), ALOFT_ERR_HTTP_ENCODING,
         0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Encoding: "
              "a-word-too-long-for-the-line-that-is-kept-of-it\r\n"
              "\r\n"),
         ALOFT_ERR_HTTP_ENCODING, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
         ALOFT_ERR_HTTP_ENCODING, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunkedx\r\n\r\n"), ALOFT_ERR_HTTP_ENCODING, 0,
         "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
              "\r\n"),
         ALOFT_ERR_HTTP_ENCODING, 0, "", UNKNOWN, false},
        // A packed error page does not hide which error it is.
        {TEXT("HTTP/1.1 404 Not Found\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1F"
              "\x8B\x08"),
         0, 404, "\x1F\x8B\x08", 3, true},
    };
    CHECK_ANSWERS(answers);
}

// Issue 13.14: object stores keep what an uploader once wrote into Content-Encoding, which need not
// be a coding of the file. What is one is named with the header that says so.
static void http_takes_encodings_that_encode_nothing_and_names_the_others(void)
{
    static const struct {
        const char *value;
        bool coded;
    } cases[] = {
        {"", false},
        {" ", false},
        {"identity", false},
        {"binary", false},
        {"UTF-8", false},
        {"aws-chunked", false},
        {"aws-chunked,", false},
        {"identity, aws-chunked", false},
        {"none", false},
        {"8bit", false},
        {"gzipped", false},
        {"gzip", true},
        {"GZip", true},
        {"x-gzip", true},
        {"br", true},
        {"zstd", true},
        {"deflate", true},
        {"compress", true},
        {"aws-chunked,gzip", true},
        {"identity,\tbr ", true},
        {", , zstd", true},
        {"gzip;q=1", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        char line[100];
        struct aloft_http http;
        uint32_t used;
        int len = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\n\r\n",
                           cases[i].value);
        check_note("case %ld", (long)i, 0);
        aloft_http_init(&http, 0, location, sizeof location);
        enum aloft_http_event event =
            aloft_http_next(&http, (const uint8_t *)text, (uint32_t)len, &used);
        CHECK_EQ(event, cases[i].coded ? ALOFT_HTTP_BAD : ALOFT_HTTP_HEADERS);
        CHECK_EQ(http.err, cases[i].coded ? ALOFT_ERR_HTTP_ENCODING : ALOFT_OK);
        snprintf(line, sizeof line, "content-encoding: %s", cases[i].value);
        CHECK(!cases[i].coded || strcasecmp(http.line, line) == 0);
    }
}

static void http_refuses_a_body_that_is_longer_than_the_limit(void)
{
#define SIXTY_FOUR "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const struct answer answers[] = {
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" SIXTY_FOUR), 0, 200, SIXTY_FOUR, 64,
         true},
        {TEXT("HTTP/1.1 200 OK\r\n\r\n" SIXTY_FOUR), 0, 200, SIXTY_FOUR, UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" SIXTY_FOUR
              "\r\n0\r\n\r\n"),
         0, 200, SIXTY_FOUR, UNKNOWN, true},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n"), ALOFT_ERR_HTTP_BODY_LIMIT, 0, "",
         UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 4294967301\r\n\r\nhello"), // 5 and 2^32
         ALOFT_ERR_HTTP_BODY_LIMIT, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
         ALOFT_ERR_HTTP_BODY_LIMIT, 0, "", UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\n\r\n" SIXTY_FOUR "!"), ALOFT_ERR_HTTP_BODY_LIMIT, 200, SIXTY_FOUR,
         UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n" SIXTY_FOUR
              "!\r\n0\r\n\r\n"),
         ALOFT_ERR_HTTP_BODY_LIMIT, 200, SIXTY_FOUR, UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n"
              "0123456789abcdef0123456789abcdef\r\n21\r\n0123456789abcdef0123456789abcdef!\r\n"),
         ALOFT_ERR_HTTP_BODY_LIMIT, 200, SIXTY_FOUR, UNKNOWN, false},
        {TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000001\r\n" SIXTY_FOUR "!"),
         ALOFT_ERR_HTTP_BODY_LIMIT, 200, SIXTY_FOUR, UNKNOWN, false},
        {TEXT("HTTP/1.1 404 Not Found\r\nContent-Length: 65\r\n\r\n"), ALOFT_ERR_HTTP_SHORT, 404,
         "", 65, false},
    };
    CHECK_ANSWERS(answers);
}

static void http_keeps_the_location_of_a_redirect(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n", "/b"},
        {"HTTP/1.1 301 M\r\nLOCATION:http://h/Path?Q=1#F \t\r\n\r\n", "http://h/Path?Q=1#F"},
        {"HTTP/1.1 307 T\r\nlocation: \t /b c\r\nX: y\r\n\r\n", "/b c"},
        {"HTTP/1.1 308 P\r\nLocation: /first\r\nLocation: /x\r\n\r\n", "/x"},
        {"HTTP/1.1 303 S\r\nLocation:   \r\n\r\n", ""},
        {"HTTP/1.1 302 F\r\nLocation: /b\r\nLocation: \r\n\r\n", ""},
        {"HTTP/1.1 302 F\r\nContent-Location: /b\r\nXlocation: /c\r\nLocations: /d\r\n\r\n", ""},
        {"HTTP/1.1 302 F\r\nLocation: /3456789012345678901234567890ab\r\n\r\n",
         "/3456789012345678901234567890ab"},
        {"HTTP/1.1 302 F\r\nLocation: /34567890123456789012345678901ab\r\n\r\n",
         "/34567890123456789012345678901ab"}, // 32 bytes, as many as there is room for
        {"HTTP/1.1 103 E\r\nLocation: /b\r\n\r\nHTTP/1.1 302 F\r\n\r\n", ""},
        {"HTTP/1.1 200 OK\r\nLocation: /this/is/much/longer/than/there/is/room/for\r\n\r\n", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t len = (uint32_t)strlen(cases[i].text);
        for (uint32_t at = 0; at < len; at++) {
            struct split split = {.kind = SPLIT_IN_TWO, .len = len, .at = at};
            check_note("case %ld cut at %ld", (long)i, (long)at);
            struct outcome out = outcome_of(cases[i].text, &split);
            CHECK_TEXT(out.location, cases[i].want);
            CHECK_EQ(out.err, ALOFT_OK);
        }
    }
}

static void http_refuses_a_location_that_does_not_fit(void)
{
    static const struct answer answers[] = {
        {TEXT("HTTP/1.1 302 F\r\nLocation: /34567890123456789012345678901abc\r\n\r\n"),
         ALOFT_ERR_URL_TOO_LONG, 0, "", UNKNOWN, false},
    };
    CHECK_ANSWERS(answers);
}

static char long_answer[ANSWER_MAX + 1];

// prefix, then filler up to len bytes less the suffix, then suffix.
static void fill_answer(const char *prefix, const char *filler, const char *suffix, uint32_t len)
{
    uint32_t step = (uint32_t)strlen(filler);
    uint32_t at = (uint32_t)strlen(prefix);
    uint32_t end = len - (uint32_t)strlen(suffix);
    memcpy(long_answer, prefix, at);
    for (uint32_t i = 0; at < end; at++, i++) {
        long_answer[at] = filler[i % step];
    }
    memcpy(long_answer + end, suffix, len - end);
}

static void check_long(uint32_t len, enum aloft_err err, int status, const char *body, bool marked)
{
    struct answer answer = {long_answer, len, err, status, body, UNKNOWN, marked};
    some_splits(len, 997, check_answer, &answer);
}

static void http_takes_16_kib_of_headers_and_not_one_byte_more(void)
{
    fill_answer("HTTP/1.1 200 OK\r\nX: ", "x", "\r\n\r\n", ALOFT_HTTP_HEADERS_MAX);
    check_long(ALOFT_HTTP_HEADERS_MAX, ALOFT_OK, 200, "", false);
    fill_answer("HTTP/1.1 200 OK\r\nX: ", "x", "\r\n\r\n", ALOFT_HTTP_HEADERS_MAX + 1);
    check_long(ALOFT_HTTP_HEADERS_MAX + 1, ALOFT_ERR_HTTP_HEADER_LIMIT, 0, "", false);
    fill_answer("HTTP/1.1 200 OK\r\n", "A:b\r\n", "", ANSWER_MAX);
    check_long(ANSWER_MAX, ALOFT_ERR_HTTP_HEADER_LIMIT, 0, "", false);
    fill_answer("HTTP/1.1 200 ", "x", "", ANSWER_MAX);
    check_long(ANSWER_MAX, ALOFT_ERR_HTTP_HEADER_LIMIT, 0, "", false);
}

static void http_bounds_interim_answers_chunk_extensions_and_trailers_alike(void)
{
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    fill_answer("", "HTTP/1.1 100 C\r\n\r\n", "", ANSWER_MAX);
    check_long(ANSWER_MAX, ALOFT_ERR_HTTP_HEADER_LIMIT, 0, "", false);
    fill_answer(CHUNKED "1;", "x", "", ANSWER_MAX);
    check_long(ANSWER_MAX, ALOFT_ERR_HTTP_HEADER_LIMIT, 200, "", false);
    fill_answer(CHUNKED "1\r\nh\r\n0\r\n", "A: b\r\n", "", ANSWER_MAX);
    check_long(ANSWER_MAX, ALOFT_ERR_HTTP_HEADER_LIMIT, 200, "h", false);
    fill_answer(CHUNKED, "0", "", ANSWER_MAX);
    check_long(ANSWER_MAX, ALOFT_ERR_HTTP_HEADER_LIMIT, 200, "", false);
}

static void http_framing_of_many_small_chunks_may_be_more_than_16_kib(void)
{
    struct aloft_http http;
    static const char chunk[] = "1;ext=0123456789\r\nh\r\n";
    uint32_t used;
    aloft_http_init(&http, 0, location, sizeof location); // no limit
    CHECK_EQ(aloft_http_next(&http, (const uint8_t *)CHUNKED, sizeof CHUNKED - 1, &used),
             ALOFT_HTTP_HEADERS);
    for (uint32_t i = 0; i < 2000; i++) {
        for (uint32_t off = 0; off < sizeof chunk - 1; off += used) {
            enum aloft_http_event event =
                aloft_http_next(&http, (const uint8_t *)chunk + off, sizeof chunk - 1 - off, &used);
            CHECK(event == ALOFT_HTTP_MORE || event == ALOFT_HTTP_BODY);
        }
    }
    CHECK_EQ(http.received, 2000);
}

static void http_stays_bad_once_it_is_bad(void)
{
    struct aloft_http http;
    uint32_t used;
    const uint8_t good[] = "HTTP/1.1 200 OK\r\n\r\n";
    aloft_http_init(&http, LIMIT, location, sizeof location);
    CHECK_EQ(aloft_http_next(&http, (const uint8_t *)"<", 1, &used), ALOFT_HTTP_BAD);
    CHECK_EQ(aloft_http_next(&http, good, sizeof good - 1, &used), ALOFT_HTTP_BAD);
    CHECK_EQ(used, 0);
    CHECK_EQ(aloft_http_next(&http, NULL, 0, &used), ALOFT_HTTP_BAD);
    CHECK_EQ(aloft_http_eof(&http), ALOFT_HTTP_BAD);
    CHECK_EQ(http.err, ALOFT_ERR_HTTP_SYNTAX);
}

static void http_says_done_when_it_is_asked_after_the_end(void)
{
    struct aloft_http http;
    uint32_t used;
    const uint8_t data[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    aloft_http_init(&http, LIMIT, location, sizeof location);
    CHECK_EQ(aloft_http_next(&http, data, sizeof data - 1, &used), ALOFT_HTTP_HEADERS);
    CHECK(!aloft_http_complete(&http));
    CHECK_EQ(aloft_http_next(&http, data + used, 2, &used), ALOFT_HTTP_BODY);
    CHECK(aloft_http_complete(&http));
    CHECK_EQ(aloft_http_next(&http, NULL, 0, &used), ALOFT_HTTP_DONE);
    CHECK_EQ(aloft_http_eof(&http), ALOFT_HTTP_DONE);
}

// Whatever a byte is turned into: the parser ends in order, and pieces end as the whole does.
static void http_outcome_of_spoiled_answers_does_not_depend_on_splits(void)
{
    static const char *const bases[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Y: z\r\n\r\nhello",
        "HTTP/1.1 100 C\r\n\r\n" CHUNKED "5;a\r\nhello\r\n0\r\nT: u\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://h/x\r\nContent-Encoding: gzip\r\n\r\n",
    };
    static const char spoil[] = "\0\r\n\t :;059aAfFgGzZ\x80\xFF";
    static char text[128];
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        uint32_t len = (uint32_t)strlen(bases[i]);
        for (uint32_t at = 0; at < len * (sizeof spoil - 1); at++) {
            struct split whole = {.kind = SPLIT_IN_TWO, .len = len, .at = 0};
            struct split bytes = {.kind = SPLIT_BYTES, .len = len};
            memcpy(text, bases[i], len);
            text[at / (sizeof spoil - 1)] = spoil[at % (sizeof spoil - 1)];
            check_note("base %ld, spoiled %ld", (long)i, (long)at);
            struct outcome a = outcome_of(text, &whole);
            struct outcome b = outcome_of(text, &bytes);
            CHECK_EQ(a.err, b.err);
            CHECK_EQ(a.status, b.status);
            CHECK_EQ(a.length, b.length);
            CHECK_EQ(a.complete, b.complete);
            CHECK_EQ(a.body_len, b.body_len);
            CHECK_BYTES(a.body, b.body, a.body_len);
            CHECK_TEXT(a.location, b.location);
        }
    }
}

static void http_status_other_than_200_has_a_name(void)
{
    static const struct {
        uint16_t status;
        enum aloft_err err;
    } cases[] = {
        {200, ALOFT_OK},
        {101, ALOFT_ERR_HTTP_STATUS},
        {201, ALOFT_ERR_HTTP_STATUS},
        {204, ALOFT_ERR_HTTP_STATUS},
        {205, ALOFT_ERR_HTTP_STATUS},
        {300, ALOFT_ERR_HTTP_STATUS},
        {304, ALOFT_ERR_HTTP_NOT_MODIFIED},
        {400, ALOFT_ERR_HTTP_CLIENT_ERROR},
        {401, ALOFT_ERR_HTTP_UNAUTHORIZED},
        {403, ALOFT_ERR_HTTP_FORBIDDEN},
        {404, ALOFT_ERR_HTTP_NOT_FOUND},
        {407, ALOFT_ERR_HTTP_CLIENT_ERROR},
        {499, ALOFT_ERR_HTTP_CLIENT_ERROR},
        {500, ALOFT_ERR_HTTP_SERVER_ERROR},
        {599, ALOFT_ERR_HTTP_SERVER_ERROR},
        {600, ALOFT_ERR_HTTP_STATUS},
        {999, ALOFT_ERR_HTTP_STATUS},
    };
    static const uint16_t redirects[] = {301, 302, 303, 307, 308};
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("status %ld", cases[i].status, 0);
        CHECK_EQ(aloft_http_status_err(cases[i].status), cases[i].err);
        CHECK(!aloft_http_is_redirect(cases[i].status));
    }
    for (size_t i = 0; i < sizeof redirects / sizeof redirects[0]; i++) {
        CHECK(aloft_http_is_redirect(redirects[i]));
    }
    for (uint16_t status = 0; status < 1000; status++) {
        count += aloft_http_is_redirect(status) ? 1 : 0;
    }
    CHECK_EQ(count, 5);
}

static struct aloft_http http; // of the tests of single headers

static void read_head(const char *head)
{
    static char tag[16];
    uint32_t used;
    memset(tag, 0, sizeof tag);
    aloft_http_init(&http, 0, location, sizeof location);
    aloft_http_keep_tag(&http, tag, 8);
    CHECK_EQ(aloft_http_next(&http, (const uint8_t *)head, (uint32_t)strlen(head), &used),
             ALOFT_HTTP_HEADERS);
    if (http.tag_len != 0) {
        CHECK_BYTES(tag, "\"abc12\"", http.tag_len);
    }
    CHECK_EQ(tag[8], 0);
}

static void http_keeps_a_strong_etag_of_a_200_and_no_other(void)
{
    static const struct {
        const char *head;
        uint32_t len;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nETag: \"abc12\"\r\n\r\n", 7},
        {"HTTP/1.1 200 OK\r\netag:   \"abc12\" \r\n\r\n", 7},
        {"HTTP/1.1 200 OK\r\nETag: W/\"abc\"\r\n\r\n", 0},
        {"HTTP/1.1 200 OK\r\nETag: abc12\r\n\r\n", 0},
        {"HTTP/1.1 200 OK\r\nETag: \"abc1234\"\r\n\r\n", 0},
        {"HTTP/1.1 200 OK\r\nETag: \"\r\n\r\n", 0},
        {"HTTP/1.1 200 OK\r\nETag:\r\n\r\n", 0},
        {"HTTP/1.1 404 No\r\nETag: \"abc12\"\r\n\r\n", 0},
        {"HTTP/1.1 206 OK\r\nETag: \"abc12\"\r\n\r\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("case %ld", (long)i, 0);
        read_head(cases[i].head);
        CHECK_EQ(http.tag_len, cases[i].len);
    }
}

static void http_reads_a_content_range_only_when_it_makes_sense(void)
{
    static const struct {
        const char *value;
        bool good;
    } cases[] = {
        {"bytes 4096-31039/31040", true},
        {"BYTES 0-0/1", true},
        {"bytes 4096-31039/*", false},
        {"bytes 4096-31040/31040", false},
        {"bytes 4097-4096/31040", false},
        {"bytes */31040", false},
        {"bytes 4096-31039/31040,", false},
        {"bytes 4096-31039", false},
        {"lines 1-2/3", false},
        {"", false},
        {"bytes 1-2/99999999999", true},
        {"bytes 4096-31039/31040 x", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char head[160];
        check_note("case %ld", (long)i, 0);
        (void)snprintf(head, sizeof head, "HTTP/1.1 206 P\r\nContent-Range: %s\r\n\r\n",
                       cases[i].value);
        read_head(head);
        CHECK_EQ(http.has_range, cases[i].good);
    }
    read_head("HTTP/1.1 206 P\r\nContent-Range: bytes 4096-31039/31040\r\n\r\n");
    CHECK_EQ(http.range_from, 4096);
    CHECK_EQ(http.range_total, 31040);
}

static void check_range_request(const char *text, uint32_t from, const char *tag, const char *want)
{
    static uint8_t out[2048];
    struct aloft_url url;
    const struct aloft_http_request request = {
        .url_text = text, .url = &url, .from = from, .tag = tag, .tag_len = (uint32_t)strlen(tag)};
    uint32_t len = (uint32_t)strlen(want);
    CHECK_EQ(aloft_url_parse(text, &url), ALOFT_OK);
    for (uint32_t cap = 1; cap <= len + 1; cap++) {
        uint32_t sent = 0;
        check_note("pieces of %ld", (long)cap, 0);
        for (uint32_t n; (n = aloft_http_get(&request, sent, out + sent, cap)) > 0; sent += n) {
            CHECK(n <= cap);
            CHECK(n == cap || sent + n == len);
        }
        CHECK_EQ(sent, len);
        CHECK_BYTES(out, want, len);
    }
    CHECK_EQ(aloft_http_get(&request, 0, out, 0), 0);
}

static void check_request(const char *text, const char *want)
{
    check_range_request(text, 0, "", want);
}

static void http_request_comes_in_pieces_of_any_size(void)
{
#define REST "\r\nUser-Agent: Aloft/1.0\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
    check_range_request("http://h/f", 4294967295, "\"t\"",
                        "GET /f HTTP/1.1\r\nHost: h\r\nRange: bytes=4294967295-\r\n"
                        "If-Range: \"t\"" REST);
    check_request("http://h:8070/a/b.bin?c=d#e", "GET /a/b.bin?c=d HTTP/1.1\r\nHost: h:8070" REST);
    check_request("http://h", "GET / HTTP/1.1\r\nHost: h" REST);
    check_request("http://h?q", "GET /?q HTTP/1.1\r\nHost: h" REST);
    check_request("https://[::1]:1/", "GET / HTTP/1.1\r\nHost: [::1]:1" REST);
}

CHECK_MAIN(TEST(http_takes_bodies_that_end_by_length_by_chunks_and_by_close),
           TEST(http_takes_answers_of_old_terse_and_wordy_servers),
           TEST(http_passes_over_interim_answers_and_all_that_they_say),
           TEST(http_answers_204_and_304_have_no_body_whatever_they_promise),
           TEST(http_body_shorter_or_longer_than_promised_is_a_fault),
           TEST(http_connection_that_ends_before_the_headers_do_is_a_broken_one),
           TEST(http_refuses_what_is_not_http), TEST(http_refuses_a_cr_inside_a_line_and_a_nul),
           TEST(http_refuses_contradictory_and_impossible_lengths),
           TEST(http_refuses_encodings_of_the_body_that_were_not_asked_for),
           TEST(http_takes_encodings_that_encode_nothing_and_names_the_others),
           TEST(http_refuses_a_body_that_is_longer_than_the_limit),
           TEST(http_keeps_the_location_of_a_redirect),
           TEST(http_refuses_a_location_that_does_not_fit),
           TEST(http_takes_16_kib_of_headers_and_not_one_byte_more),
           TEST(http_bounds_interim_answers_chunk_extensions_and_trailers_alike),
           TEST(http_framing_of_many_small_chunks_may_be_more_than_16_kib),
           TEST(http_stays_bad_once_it_is_bad), TEST(http_says_done_when_it_is_asked_after_the_end),
           TEST(http_outcome_of_spoiled_answers_does_not_depend_on_splits),
           TEST(http_status_other_than_200_has_a_name),
           TEST(http_keeps_a_strong_etag_of_a_200_and_no_other),
           TEST(http_reads_a_content_range_only_when_it_makes_sense),
           TEST(http_request_comes_in_pieces_of_any_size))
