// The server's side of RFC 2217: any bytes, whole and in pieces.
//
// Checked: the two give the same data, lines, speed and answers; answers are telnet again, and each
// answers something (no more answers than requests), so that two such sides come to rest.
#include "board/serial/bridge_com.h"
#include "fuzz.h"

struct outcome {
    struct aloft_bridge_com com;
    uint32_t data; // sum of all data bytes
    uint32_t moves;
    uint32_t answers;
    uint32_t answer_sum;
};

static void check_answer(const uint8_t *answer, size_t len)
{
    struct aloft_telnet reader;
    uint32_t events = 0;
    aloft_telnet_init(&reader);
    for (size_t i = 0; i < len; i++) {
        enum aloft_telnet_event event = aloft_telnet_feed(&reader, answer[i]);
        FUZZ_CHECK(event != ALOFT_TELNET_DATA);
        events += event != ALOFT_TELNET_NOTHING;
        FUZZ_CHECK((event != ALOFT_TELNET_NOTHING) == (i + 1 == len));
    }
    FUZZ_CHECK(events == 1);
}

static void run(struct outcome *out, const uint8_t *data, size_t size)
{
    memset(out, 0, sizeof *out);
    aloft_bridge_com_init(&out->com);
    for (size_t i = 0; i < size; i++) {
        uint8_t answer[ALOFT_BRIDGE_COM_ANSWER_MAX];
        size_t len = 0;
        bool dtr = out->com.dtr;
        bool rts = out->com.rts;
        enum aloft_bridge_com_event event = aloft_bridge_com_feed(&out->com, data[i], answer, &len);
        FUZZ_CHECK(len <= sizeof answer);
        FUZZ_CHECK((event == ALOFT_BRIDGE_COM_LINES) ==
                   (dtr != out->com.dtr || rts != out->com.rts));
        if (event == ALOFT_BRIDGE_COM_DATA) {
            out->data = out->data * 31 + out->com.telnet.byte;
        }
        if (len > 0) {
            check_answer(answer, len);
            out->answers++;
        }
        for (size_t k = 0; k < len; k++) {
            out->answer_sum = out->answer_sum * 31 + answer[k];
        }
    }
    FUZZ_CHECK(out->answers <= size / 3);
}

// A server's answers, fed to another server, must come to an end.
static void check_rest(const uint8_t *data, size_t size)
{
    struct aloft_bridge_com sides[2];
    uint8_t way[2][ALOFT_BRIDGE_COM_ANSWER_MAX];
    size_t len[2] = {0, 0};
    aloft_bridge_com_init(&sides[0]);
    aloft_bridge_com_init(&sides[1]);
    for (size_t i = 0; i < size; i++) {
        (void)aloft_bridge_com_feed(&sides[0], data[i], way[1], &len[1]);
        int to = 1;
        int rounds = 0;
        while (len[to] > 0) {
            size_t n = len[to];
            len[1 - to] = 0;
            for (size_t k = 0; k < n; k++) {
                size_t made = 0;
                (void)aloft_bridge_com_feed(&sides[to], way[to][k], way[1 - to], &made);
                len[1 - to] = made > 0 ? made : len[1 - to];
            }
            to = 1 - to;
            FUZZ_CHECK(++rounds < 8);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome out;
    run(&out, data, size);
    check_rest(data, size);
    return 0;
}
