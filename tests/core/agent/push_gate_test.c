// Who gets in while others try: strangers between invitation and proof, guesses without end, crowds
// from the owner's own address. Time and datagrams are the test's.
#include "push_world.h"

enum { OWNER = 6000, OWNER_2 = 6001, CROWD = 7000, MINUTE_MS = 60000, HOSTS = 200 };

static uint8_t file[DEVICE_IMAGE_MAX];
static uint32_t file_len;
static uint32_t guesses; // that were judged wrong
static uint32_t told;    // refusals

static void setup_gate(const char *verifier)
{
    setup(verifier);
    const uint8_t *image = device_image("2", 2000, &file_len);
    memcpy(file, image, file_len);
    world.ear_port = OWNER;
    guesses = 0;
    told = 0;
    (void)settle();
}

// A datagram as the network brings it: once. One that is not taken is lost.
static void drop_in(const char *host, uint16_t port, const char *text)
{
    struct aloft_way_peer peer = {.port = port};
    memcpy(peer.host, host, strlen(host) + 1);
    world.answer[0] = 0;
    (void)world.way.ops->feed(world.way.ctx, ALOFT_WAY_ID_INVITE, &peer, (const uint8_t *)text,
                              (uint32_t)strlen(text), world.now_ms);
    world.trace_len = 0;
    world.trace[0] = 0;
    (void)settle();
    guesses += strcmp(world.answer, "Authentication Failed") == 0;
    told += strstr(world.trace, "refused") != NULL;
}

static void invitation(uint32_t size, char text[ALOFT_ESPOTA_DATAGRAM])
{
    char md5[33];
    md5_of(file, file_len, md5);
    (void)snprintf(text, ALOFT_ESPOTA_DATAGRAM, "0 %d %lu %s\n", SENDER_PORT, (unsigned long)size,
                   md5);
}

static void wrong_proof(uint32_t n, uint32_t digits, char text[ALOFT_ESPOTA_DATAGRAM])
{
    (void)snprintf(text, ALOFT_ESPOTA_DATAGRAM, "200 %.*s %08lx%.*s\n", (int)digits, CNONCE,
                   (unsigned long)n, (int)digits - 8, CNONCE);
}

static void invite_from(uint16_t port)
{
    char text[ALOFT_ESPOTA_DATAGRAM];
    invitation(file_len, text);
    world.ear_port = port;
    world.ear[0] = 0;
    drop_in(SENDER, port, text);
}

// With the nonce in world.ear.
static void prove_from(uint16_t port)
{
    char text[ALOFT_ESPOTA_DATAGRAM];
    memcpy(world.answer, world.ear, sizeof world.answer);
    prove_text(config.verifier, text);
    world.ear_port = port;
    world.ear[0] = 0;
    drop_in(SENDER, port, text);
}

static bool challenged(void)
{
    return memcmp(world.ear, "AUTH ", 5) == 0;
}

// The only words of a stranger that the device hears between the owner's invitation and its proof:
// each of them used to replace the owner's invitation, or to use up its nonce.
static void a_strangers_datagram_before_the_proof_spoils_nothing(void)
{
    static const char *const verifiers[] = {MD5_VERIFIER, SHA_VERIFIER};
    for (uint32_t i = 0; i < 2 * 2 * 2 * 4; i++) {
        const char *verifier = verifiers[i % 2];
        const char *host = i / 2 % 2 == 0 ? OTHER : SENDER;
        uint16_t port = i / 4 % 2 == 0 ? OWNER : OWNER_2;
        char text[ALOFT_ESPOTA_DATAGRAM];
        check_note("case %ld", (long)i, 0);
        setup_gate(verifier);
        switch (i / 8) {
        case 0: // another file
            (void)snprintf(text, sizeof text, "0 1 100 00112233445566778899aabbccddeeff\n");
            break;
        case 1:
            wrong_proof(1, (uint32_t)strlen(verifier), text);
            break;
        case 2: // of the older generation
            wrong_proof(1, 32, text);
            break;
        default:
            (void)snprintf(text, sizeof text, "0 1 2");
            break;
        }
        invite_from(OWNER);
        char nonce[sizeof world.ear];
        memcpy(nonce, world.ear, sizeof nonce);
        CHECK(challenged());
        drop_in(host, port, text);
        memcpy(world.ear, nonce, sizeof nonce);
        prove_from(OWNER);
        CHECK_TEXT(world.ear, "OK");
        CHECK_EQ(push.invitation.size, file_len);
    }
}

// A device judged as many guesses as came, 2,809 in a second.
static void guesses_are_judged_five_at_once_and_then_one_in_two_seconds(void)
{
    char text[ALOFT_ESPOTA_DATAGRAM];
    setup_gate(MD5_VERIFIER);
    for (uint32_t n = 0; n < MINUTE_MS; n++, world.now_ms++) {
        invitation(file_len + n, text);
        drop_in(OTHER, (uint16_t)(CROWD + n % 50), text);
        wrong_proof(n, 32, text);
        drop_in(OTHER, (uint16_t)(CROWD + n % 50), text);
    }
    check_note("%ld guesses, %ld told", (long)guesses, (long)told);
    CHECK(guesses >= 5 + 28 && guesses <= 5 + 30);
    CHECK(told <= 10 + 6); // keeps P5
}

// What an owner does, the more patient of the two senders of Arduino: an invitation every 10 s
// until it is answered, one proof, from the port that it invited from or a fresh one, and 10 s for
// the answer. Then a person starts it again. crowd: sockets of the attacker, which invite and guess
// every millisecond. Returns milliseconds until the owner is in.
static uint32_t owner_among(const char *verifier, uint32_t crowd, const char *host, bool fresh)
{
    uint32_t digits = (uint32_t)strlen(verifier);
    uint32_t port = OWNER;
    uint32_t said_ms = 0;
    bool proving = false;
    char text[ALOFT_ESPOTA_DATAGRAM];
    setup_gate(verifier);
    for (uint32_t n = 0; world.now_ms < 5000 + MINUTE_MS; n++, world.now_ms += 5) {
        uint16_t other = (uint16_t)(CROWD + n % crowd);
        wrong_proof(n, digits, text);
        drop_in(host, other, text);
        invitation(file_len + 1, text);
        drop_in(host, other, text);
        if (world.now_ms < 5000) {
            continue; // the attacker has been at it for a while
        }
        if (proving && strcmp(world.ear, "OK") == 0) {
            return world.now_ms - 5000;
        }
        if (!proving && challenged()) {
            prove_from((uint16_t)(fresh ? ++port : port));
            proving = true;
            said_ms = world.now_ms;
        } else if (said_ms == 0 || world.now_ms - said_ms >= 10000 ||
                   (proving && world.ear[0] != 0)) {
            invite_from((uint16_t)++port);
            proving = false;
            said_ms = world.now_ms;
        }
    }
    return MINUTE_MS;
}

// While another guesses, with the owner's own source address, from a few sockets.
static void the_owner_gets_in_within_a_minute_while_another_guesses(void)
{
    for (uint32_t crowd = 1; crowd <= 3; crowd++) {
        for (uint32_t i = 0; i < 4; i++) {
            uint32_t took = owner_among(i + crowd == 1 ? SHA_VERIFIER : MD5_VERIFIER, crowd,
                                        i % 2 == 0 ? SENDER : OTHER, i / 2 == 0);
            check_note("%ld sockets, case %ld", (long)crowd, (long)i);
            CHECK(took < MINUTE_MS);
        }
    }
}

// Keeps G3: a host with any number of sockets does not keep another host out.
static void a_crowd_of_one_host_leaves_room_for_others(void)
{
    check_note("%ld", 0, 0);
    CHECK(owner_among(MD5_VERIFIER, 1000, OTHER, true) < MINUTE_MS);
}

// The owner's own socket is imitated: wrong proofs with its address and its port, ten a second.
static void wrong_proofs_in_the_owners_name_do_not_end_its_push(void)
{
    char text[ALOFT_ESPOTA_DATAGRAM];
    bool in = false;
    setup_gate(MD5_VERIFIER);
    for (uint32_t n = 0; n < MINUTE_MS && !in; n++, world.now_ms++) {
        if (n % 100 == 0) {
            wrong_proof(n, 32, text);
            drop_in(SENDER, OWNER, text);
        }
        if (n % 10000 == 5003) {
            invite_from(OWNER);
        } else if (challenged()) {
            prove_from(OWNER);
        }
        in = strcmp(world.ear, "OK") == 0;
    }
    CHECK(in);
}

// 49.7 days after it gave out a nonce, the clock shows the same milliseconds.
static void a_challenge_does_not_come_back_when_the_clock_wraps(void)
{
    char proof[ALOFT_ESPOTA_DATAGRAM];
    setup_gate(MD5_VERIFIER);
    invite_from(OWNER);
    memcpy(world.answer, world.ear, sizeof world.answer);
    prove_text(MD5_VERIFIER, proof);
    for (uint32_t ms = 0; ms < 0xFFFF0000u; ms += 60000) { // a port steps at each deadline
        world.now_ms += 60000;
        (void)settle();
    }
    world.now_ms = 100;
    drop_in(SENDER, OWNER, proof);
    CHECK_TEXT(world.answer, "");
    CHECK(!world.linked);
}

static void a_flood_of_hosts_is_survived(void)
{
    char text[ALOFT_ESPOTA_DATAGRAM];
    uint32_t challenged_hosts = 0;
    setup_gate(SHA_VERIFIER);
    for (uint32_t n = 0; n < 20000; n++, world.now_ms++) {
        char host[32];
        (void)snprintf(host, sizeof host, "198.51.100.%lu", (unsigned long)(n % HOSTS));
        invitation(100 + n, text);
        drop_in(host, OWNER, text);
        challenged_hosts += world.answer[0] == 'A';
        wrong_proof(n, 64, text);
        drop_in(host, OWNER, text);
    }
    CHECK(challenged_hosts >= 8);
    world.now_ms += 20000; // all of it is forgotten by then
    (void)settle();
    invite_from(OWNER);
    CHECK(challenged());
    prove_from(OWNER_2);
    CHECK_TEXT(world.ear, "OK");
}

CHECK_MAIN(TEST(a_strangers_datagram_before_the_proof_spoils_nothing),
           TEST(guesses_are_judged_five_at_once_and_then_one_in_two_seconds),
           TEST(the_owner_gets_in_within_a_minute_while_another_guesses),
           TEST(a_crowd_of_one_host_leaves_room_for_others),
           TEST(wrong_proofs_in_the_owners_name_do_not_end_its_push),
           TEST(a_challenge_does_not_come_back_when_the_clock_wraps),
           TEST(a_flood_of_hosts_is_survived))
