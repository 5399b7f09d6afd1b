// Whole pushes on a device in RAM, by a sender that speaks Arduino's bytes: what it is told, what
// the app hears, what flash holds afterwards, and that the device goes on whatever comes.
#include "aloft/bootsel.h"
#include "aloft/verify.h"
#include "push_world.h"

#define FLASH ALOFT_ESPOTA_FLASH
#define FILES ALOFT_ESPOTA_FILES

static uint8_t file[DEVICE_IMAGE_MAX];
static uint32_t file_len;
static uint32_t rest; // CRC of flash outside slot and otadata

// The image that is pushed, and flash as it was.
static void given(const char *version, uint32_t extra)
{
    const uint8_t *image = device_image(version, extra, &file_len);
    memcpy(file, image, file_len);
    rest = device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN);
    (void)settle();
}

static int boots(void)
{
    struct aloft_otadata records[2];
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    return aloft_bootsel_boot_slot(&device.slots, records);
}

static bool slot_is_good(int slot)
{
    struct aloft_flash_view view = aloft_slots_slot_view(&device.slots, slot);
    struct aloft_verify verify;
    enum aloft_step step;
    aloft_verify_init(&verify, &view, &device.rules);
    do {
        step = aloft_verify_step(&verify);
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_DONE;
}

static void check_updated(void)
{
    CHECK_EQ(boots(), 0);
    CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, file, file_len);
    CHECK_EQ(device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN), rest);
}

// The app goes on: nothing is selected, no image begins in the slot, and a push still works.
static void check_unharmed(void)
{
    CHECK_EQ(boots(), ALOFT_SLOT_FACTORY);
    CHECK(ram_flash_is_erased(&device.ram, DEVICE_OTA_0, 1));
    CHECK_EQ(device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN), rest);
    CHECK(intake.holder == NULL);
    CHECK_EQ(settle(), ALOFT_WAY_WAIT);
    CHECK(!world.linked);
    CHECK(strstr(world.said, "OK") == NULL);
    given("9", 1000);
    CHECK_EQ(push_file(FLASH, file, file_len), ALOFT_WAY_RESTART);
    check_updated();
}

static void a_push_goes_from_invitation_to_otadata_in_order(void)
{
    char want[TRACE_MAX];
    setup(NULL);
    CHECK_EQ(settle(), ALOFT_WAY_WAIT);
    CHECK_EQ(world.binds, 3232);
    given("2", 3000);
    CHECK_EQ(push_file(FLASH, file, file_len), ALOFT_WAY_RESTART);
    check_updated();
    snprintf(want, sizeof want,
             "invited 192.0.2.7 %lu; connecting 192.0.2.7 40000; connected; selected 0; ",
             (unsigned long)file_len);
    CHECK_TEXT(world.trace, want);
    snprintf(want, sizeof want, "102410241024%luOK", (unsigned long)file_len - 3072);
    CHECK_TEXT(world.said, want);
    CHECK_EQ(world.progress, file_len);
    CHECK(!world.linked);
    CHECK_EQ(turn(), ALOFT_WAY_RESTART); // until the port does it
}

// A link-local address with its interface did not fit, so the sender had no address and no
// connection was made.
static void a_sender_with_the_longest_address_is_reached(void)
{
    char text[100];
    char md5[33];
    setup(NULL);
    CHECK_EQ(settle(), ALOFT_WAY_WAIT);
    given("2", 3000);
    world.sender = "fe80:1111:2222:3333:4444:5555:66.77.188.199%wlx001122334455";
    md5_of(file, file_len, md5);
    snprintf(text, sizeof text, "0 %d %lu %s\n", SENDER_PORT, (unsigned long)file_len, md5);
    datagram_from(world.sender, text);
    CHECK(world.opening);
}

static void the_image_is_on_trial_when_the_intake_says_so(void)
{
    for (uint32_t trial = 0; trial < 2; trial++) {
        struct aloft_otadata records[2];
        uint32_t state = 0;
        setup(NULL);
        intake.config.trial = trial != 0;
        given("2", 100);
        CHECK_EQ(push_file(FLASH, file, file_len), ALOFT_WAY_RESTART);
        CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
        CHECK(aloft_bootsel_state(&device.slots, records, 0, &state));
        CHECK_EQ(state, trial ? ALOFT_OTA_NEW : ALOFT_OTA_UNDEFINED);
    }
}

static void both_generations_of_the_password_open_the_device(void)
{
    static const char *const verifiers[] = {MD5_VERIFIER, SHA_VERIFIER};
    for (size_t i = 0; i < 2; i++) {
        setup(verifiers[i]);
        given("2", 2000);
        invite(file, file_len);
        CHECK_EQ((int)strlen(world.answer), 5 + (int)strlen(verifiers[i]));
        CHECK_EQ(device.ram.erases + device.ram.progs, 0);
        CHECK_EQ(push_file(FLASH, file, file_len), ALOFT_WAY_RESTART);
        check_updated();
    }
}

// A device that was slow to answer had two invitations, gave two nonces, and then called the right
// password wrong.
static void an_invitation_that_comes_twice_gets_the_same_answer(void)
{
    char first[sizeof world.answer];
    setup(SHA_VERIFIER);
    given("2", 2000);
    invite(file, file_len);
    memcpy(first, world.answer, sizeof first);
    invite(file, file_len);
    CHECK_TEXT(world.answer, first);
    invite(file, file_len - 1); // another one is another push
    CHECK(strcmp(world.answer, first) != 0);
    invite(file, file_len);
    CHECK_TEXT(world.answer, first);
    prove(SHA_VERIFIER);
    CHECK_TEXT(world.answer, "OK");
    setup(NULL);
    given("2", 2000);
    invite(file, file_len);
    CHECK_TEXT(world.answer, "OK");
    invite(file, file_len); // the answer was lost
    CHECK_TEXT(world.answer, "OK");
    accept_connection();
    invite(file, file_len);
    CHECK_TEXT(world.answer, "OK");
    CHECK(stream(file, 1024, 1024));
    invite(file, file_len);
    CHECK_TEXT(world.answer, "ERROR[12]: NET_BUSY");
}

static void a_wrong_password_opens_nothing(void)
{
    static const char *const verifiers[] = {MD5_VERIFIER, SHA_VERIFIER};
    for (size_t i = 0; i < 2; i++) {
        setup(verifiers[i]);
        given("2", 2000);
        invite(file, file_len);
        prove(i == 0 ? "5ebe2294ecd0e0f08eab7690d2a6ee68" : MD5_VERIFIER);
        CHECK_TEXT(world.answer, "Authentication Failed");
        CHECK_TEXT(world.trace, "refused 192.0.2.7 -101; ");
        CHECK(!world.linked);
        CHECK_EQ(device.ram.erases + device.ram.progs, 0);
        check_unharmed();
    }
}

// An espota.py before Arduino core 3.3.1 reads 32 digits of a nonce of 64, and answers these by
// MD5. It heard nothing, and gave no reason; the device called its proof no invitation.
static void a_sender_that_knows_only_md5_is_told_so(void)
{
    char proof[ALOFT_ESPOTA_DATAGRAM];
    setup(SHA_VERIFIER);
    given("2", 2000);
    invite(file, file_len);
    world.answer[strlen("AUTH ") + 2 * ALOFT_MD5_LEN] = 0;
    prove_text(MD5_VERIFIER, proof);
    datagram_from(OTHER, proof);
    CHECK_TEXT(world.answer, "");
    datagram_from(SENDER, proof);
    CHECK_TEXT(world.answer, "ERROR[12]: PUSH_OLD_SENDER");
    CHECK(strlen(world.answer) <= 32);
    CHECK_TEXT(world.trace, "refused 192.0.2.66 -101; refused 192.0.2.7 -109; ");
    CHECK_EQ(push.err, ALOFT_ERR_PUSH_OLD_SENDER);
    CHECK(!world.linked);
    CHECK_EQ(device.ram.erases + device.ram.progs, 0);
    check_unharmed();
}

// Keeps P2: who recorded a right proof cannot use it again, nor another nonce that was open then.
static void a_nonce_opens_the_device_once(void)
{
    char proof[ALOFT_ESPOTA_DATAGRAM];
    char other[ALOFT_ESPOTA_DATAGRAM];
    setup(MD5_VERIFIER);
    given("2", 2000);
    invite(file, file_len - 1);
    prove_text(MD5_VERIFIER, other);
    invite(file, file_len);
    prove_text(MD5_VERIFIER, proof);
    datagram_from(SENDER, proof);
    CHECK_TEXT(world.answer, "OK");
    accept_connection();
    (void)hang_up();
    datagram_from(SENDER, proof);
    CHECK_TEXT(world.answer, "");
    datagram_from(SENDER, other);
    CHECK_TEXT(world.answer, "");
    invite(file, file_len);
    CHECK_EQ(world.randoms, 3);
    datagram_from(SENDER, proof); // and is not for the next nonce
    CHECK_TEXT(world.answer, "Authentication Failed");
    CHECK(!world.linked);
    check_unharmed();
}

// Arduino core 3.3.1 sends its proof from a socket of its own.
static void a_proof_may_come_from_another_port_of_its_host(void)
{
    char proof[ALOFT_ESPOTA_DATAGRAM];
    setup(SHA_VERIFIER);
    given("2", 2000);
    invite(file, file_len);
    prove_text(SHA_VERIFIER, proof);
    datagram_from(OTHER, proof);
    CHECK_TEXT(world.answer, "");
    CHECK(!world.linked);
    datagram_from_port(SENDER, 5556, proof);
    CHECK_TEXT(world.answer, "OK");
    CHECK_EQ(world.answered.port, 5556);
    CHECK(world.linked);
}

static void a_sender_that_does_not_answer_the_challenge_is_forgotten(void)
{
    char proof[ALOFT_ESPOTA_DATAGRAM];
    setup(MD5_VERIFIER);
    given("2", 2000);
    invite(file, file_len);
    prove_text(MD5_VERIFIER, proof);
    uint32_t start = world.now_ms;
    CHECK_EQ(wait_deadline(), ALOFT_WAY_WAIT);
    CHECK_EQ(world.now_ms - start, 10000);
    CHECK_TEXT(world.trace, "refused  -102; ");
    datagram_from(SENDER, proof);
    CHECK_TEXT(world.answer, "");
    check_unharmed();
}

// The proof takes many steps; what comes meanwhile waits, so that the answer finds its asker.
static void a_datagram_during_a_proof_waits(void)
{
    char proof[ALOFT_ESPOTA_DATAGRAM];
    struct aloft_way_peer peer = {.host = OTHER};
    struct aloft_way_peer sender = {.host = SENDER};
    const uint8_t *garbage = (const uint8_t *)"x";
    setup(SHA_VERIFIER);
    given("2", 2000);
    invite(file, file_len);
    prove_text(SHA_VERIFIER, proof);
    uint32_t len = (uint32_t)strlen(proof);
    CHECK_EQ(world.way.ops->feed(&push, ALOFT_WAY_ID_INVITE, &sender, (const uint8_t *)proof, len,
                                 world.now_ms),
             len);
    uint32_t waited = 0;
    (void)turn();
    while (world.way.ops->feed(&push, ALOFT_WAY_ID_INVITE, &peer, garbage, 1, 0) == 0) {
        (void)turn();
        waited++;
    }
    CHECK(waited >= 10000 / ALOFT_ESPOTA_ROUNDS);
    CHECK_TEXT(world.answer, "OK");
}

static void the_way_is_off_without_a_password_unless_it_is_open(void)
{
    setup(NULL);
    config.open = false;
    power_up();
    CHECK_EQ(settle(), ALOFT_WAY_WAIT);
    CHECK(!world.bound);

    config.port = 1234;
    config.open = true;
    power_up();
    CHECK_EQ(settle(), ALOFT_WAY_WAIT);
    CHECK_EQ(world.binds, 1234);
}

static void a_malformed_verifier_is_refused(void)
{
    static const char *const verifiers[] = {"",
                                            "secret",
                                            "5EBE2294ECD0E0F08EAB7690D2A6EE69",
                                            "5ebe2294ecd0e0f08eab7690d2a6ee6",
                                            MD5_VERIFIER "0",
                                            SHA_VERIFIER "00"};
    for (size_t i = 0; i < sizeof verifiers / sizeof verifiers[0]; i++) {
        setup(NULL);
        config.verifier = verifiers[i];
        CHECK_EQ(aloft_push_init(&push, &config), ALOFT_ERR_ARG);
        CHECK_EQ(settle(), ALOFT_WAY_WAIT);
        CHECK(!world.bound); // although it is `open`
    }
}

static void garbage_is_heard_and_ignored(void)
{
    static const char text[] = "0 40000 5000 00112233445566778899aabbccddeeff";
    setup(MD5_VERIFIER);
    given("2", 2000);
    for (size_t len = 1; len < sizeof text - 1; len++) {
        char part[sizeof text];
        world.trace_len = 0;
        memcpy(part, text, len);
        part[len] = 0;
        datagram_from(OTHER, part);
    }
    CHECK_EQ(world.answers, 0);
    CHECK(strstr(world.trace, "refused 192.0.2.66 -107; ") != NULL);
    char proof[ALOFT_ESPOTA_DATAGRAM];
    invite(file, file_len);
    prove_text(MD5_VERIFIER, proof);
    datagram_from(OTHER, "GET / HTTP/1.1\r\n\r\n"); // does not disturb what was begun
    datagram_from(SENDER, proof);
    CHECK_TEXT(world.answer, "OK");
}

static void what_cannot_be_pushed_is_refused_at_once(void)
{
    static const struct {
        uint32_t command;
        uint32_t size;
        const char *answer;
        enum aloft_err err;
    } cases[] = {
        {FLASH, 0, "ERROR[5]: IMAGE_EMPTY", ALOFT_ERR_IMAGE_EMPTY},
        {FLASH, DEVICE_SLOT_LEN + 1, "ERROR[5]: IMAGE_TOO_LARGE", ALOFT_ERR_IMAGE_TOO_LARGE},
        {FLASH, 0xFFFFFFFF, "ERROR[5]: IMAGE_TOO_LARGE", ALOFT_ERR_IMAGE_TOO_LARGE},
        {7, 5000, "ERROR[11]: PUSH_COMMAND", ALOFT_ERR_PUSH_COMMAND},
        {FILES, 5000, "ERROR[10]: PUSH_NO_FILES", ALOFT_ERR_PUSH_NO_FILES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char want[64];
        check_note("case %ld", (long)i, 0);
        setup(MD5_VERIFIER);
        given("2", 2000);
        invite_with(cases[i].command, file, file_len, cases[i].size);
        CHECK_TEXT(world.answer, cases[i].answer);
        snprintf(want, sizeof want, "refused 192.0.2.7 %d; ", cases[i].err);
        CHECK_TEXT(world.trace, want);
        check_unharmed();
    }
}

static void a_device_without_a_spare_slot_or_on_trial_says_so(void)
{
    device_init(&device, 0, true, true);
    config = (struct aloft_push_config){.open = true};
    power_up();
    given("2", 1000);
    invite(file, file_len);
    CHECK_TEXT(world.answer, "ERROR[10]: NO_OTA_SLOT");

    device_two_ota(&device);
    (void)device_put_app(&device, 1, "1");
    device_put_record(&device, 0, 2, ALOFT_OTA_PENDING, true);
    power_up();
    intake.config.running = 1;
    given("2", 1000);
    invite(file, file_len);
    CHECK_TEXT(world.answer, "ERROR[12]: ON_TRIAL");
}

static void a_push_waits_for_its_turn(void)
{
    int pull;
    setup(NULL);
    given("2", 1000);
    CHECK(aloft_intake_take(&intake, &pull));
    invite(file, file_len);
    CHECK_TEXT(world.answer, "ERROR[12]: NET_BUSY");
    aloft_intake_release(&intake, &pull);
    check_unharmed();

    setup(MD5_VERIFIER); // the turn is taken between invitation and proof
    given("2", 1000);
    invite(file, file_len);
    CHECK(aloft_intake_take(&intake, &pull));
    prove(MD5_VERIFIER);
    CHECK_TEXT(world.answer, "ERROR[12]: NET_BUSY");
    CHECK(intake.holder == &pull);
    CHECK(!world.linked);
}

static void a_push_has_the_turn_to_its_end(void)
{
    int pull;
    setup(NULL);
    given("2", 1000);
    invite(file, file_len);
    CHECK(!aloft_intake_take(&intake, &pull));
    accept_connection();
    CHECK(!aloft_intake_take(&intake, &pull));
    CHECK(stream(file, file_len, 1024));
    CHECK_EQ(hang_up(), ALOFT_WAY_RESTART);
    CHECK(!aloft_intake_take(&intake, &pull));
}

static void begin_push(void)
{
    setup(NULL);
    given("2", 5000);
    invite(file, file_len);
    CHECK_TEXT(world.answer, "OK");
}

static void wrong_bytes_are_told_and_not_selected(void)
{
    static const struct {
        uint32_t at;
        bool announced; // the wrong byte is in what was announced
        bool sent;      // and in what is sent
        const char *said;
    } cases[] = {
        {4000, true, false, "1024102410241024%luERROR[7]: MD5 Check Failed (PUSH_MD5)\r\n"},
        {4000, true, true,
         "1024102410241024%luERROR[9]: Could Not Activate The Firmware (IMAGE_CHECKSUM)\r\n"},
        {0, true, true, "ERROR[8]: Wrong Magic Byte (IMAGE_MAGIC)\r\n"},
        {MAKE_IMAGE_CHIP, true, true, "ERROR[9]: Could Not Activate The Firmware (IMAGE_CHIP)\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char want[200];
        check_note("case %ld", (long)i, 0);
        setup(NULL);
        given("2", 4000);
        uint8_t good = file[cases[i].at];
        file[cases[i].at] = cases[i].announced ? good ^ 0x0F : good;
        invite(file, file_len);
        file[cases[i].at] = cases[i].sent ? good ^ 0x0F : good;
        accept_connection();
        (void)stream(file, file_len, 1024);
        snprintf(want, sizeof want, cases[i].said, (unsigned long)file_len - 4096);
        CHECK_TEXT(world.said, want);
        CHECK(world.linked); // so that the sender can read it
        CHECK_EQ(hang_up(), ALOFT_WAY_WAIT);
        check_unharmed();
    }
}

static void whichever_hash_fails_a_push_that_is_refused_holds_none(void)
{
    uint32_t refused = 0;
    for (long call = 0; call < 60; call++) {
        check_note("call %ld fails", call, 0);
        setup(NULL);
        given("2", 4000);
        hash_ledger_fail_after(call);
        invite(file, file_len);
        (void)settle();
        hash_ledger_fail_after(-1);
        refused += push.err == ALOFT_ERR_CRYPTO;
        CHECK_EQ(hash_ledger_live(), push.err == ALOFT_ERR_CRYPTO ? 0 : 1);
    }
    CHECK(refused > 1 && refused < 60);
}

// A bootloader in a slot does not run, and without trials the device would try to start it for
// ever.
static void a_pushed_bootloader_is_refused(void)
{
    setup(NULL);
    given("2", 0);
    memcpy(file, device_bootloader(&file_len), file_len);
    invite(file, file_len);
    accept_connection();
    (void)stream(file, file_len, 1024);
    CHECK_TEXT(world.said, "ERROR[9]: Could Not Activate The Firmware (IMAGE_NOT_APP)\r\n");
    CHECK_EQ(hang_up(), ALOFT_WAY_WAIT);
    check_unharmed();
}

static void a_sender_that_goes_away_ends_its_push(void)
{
    for (uint32_t how = 0; how < 2; how++) {
        for (uint32_t off = 0; off < 5000; off += 700) {
            check_note("how %ld, after %ld bytes", (long)how, (long)off);
            begin_push();
            accept_connection();
            CHECK(stream(file, off, 1024));
            if (how == 0) {
                (void)hang_up();
            } else {
                world.linked = false;
                world.way.ops->failed(&push, ALOFT_WAY_ID_PUSH, ALOFT_ERR_NET_RESET, 0);
                (void)settle();
            }
            CHECK_EQ(push.err, ALOFT_ERR_PUSH_CLOSED);
            CHECK_EQ(hash_ledger_live(), 0);
            CHECK(strstr(world.trace, "failed -103; ") != NULL);
            check_unharmed();
        }
    }
}

// All of the file has come: the update is completed whether the answer is received or not.
static void a_sender_that_goes_away_after_its_last_byte_has_updated(void)
{
    for (uint32_t how = 0; how < 2; how++) {
        begin_push();
        accept_connection();
        for (uint32_t off = 0; off < file_len;) {
            off += world.way.ops->feed(&push, ALOFT_WAY_ID_PUSH, NULL, file + off, file_len - off,
                                       world.now_ms);
            (void)turn();
        }
        if (how == 0) {
            CHECK_EQ(hang_up(), ALOFT_WAY_RESTART);
        } else {
            world.linked = false;
            world.way.ops->failed(&push, ALOFT_WAY_ID_PUSH, ALOFT_ERR_NET_RESET, 0);
            CHECK_EQ(settle(), ALOFT_WAY_RESTART);
        }
        check_updated();
    }
}

static void a_sender_that_stalls_ends_its_push_in_time(void)
{
    for (uint32_t off = 0; off < 5000; off += 1700) {
        begin_push();
        accept_connection();
        CHECK(stream(file, off, 1024));
        uint32_t start = world.now_ms;
        CHECK_EQ(wait_deadline(), ALOFT_WAY_WAIT); // the fault
        CHECK(world.now_ms - start <= 10000 && world.now_ms - start >= 9900);
        CHECK_EQ(push.err, ALOFT_ERR_PUSH_TIMEOUT);
        CHECK(strstr(world.said, "ERROR[6]: Stream Read Timeout (PUSH_TIMEOUT)\r\n") != NULL);
        CHECK(world.linked);
        CHECK_EQ(wait_deadline(), ALOFT_WAY_WAIT); // the peer does not close
        check_unharmed();
    }
}

// Whoever tried again at once after a refusal was told NET_BUSY, as long as the connection on which
// the refusal was said had not been closed.
static void a_push_after_a_refused_one_waits_until_that_is_closed(void)
{
    struct aloft_way_peer peer = {.host = SENDER, .port = 5555};
    static const uint8_t again[] = "0 40000 900 00112233445566778899aabbccddeeff\n";
    begin_push();
    accept_connection();
    CHECK_EQ(wait_deadline(), ALOFT_WAY_WAIT); // the fault
    CHECK(world.linked);
    CHECK_EQ(world.way.ops->feed(&push, ALOFT_WAY_ID_INVITE, &peer, again, sizeof again - 1,
                                 world.now_ms),
             0);
    CHECK_EQ(hang_up(), ALOFT_WAY_WAIT);
    CHECK_EQ(world.way.ops->feed(&push, ALOFT_WAY_ID_INVITE, &peer, again, sizeof again - 1,
                                 world.now_ms),
             sizeof again - 1);
    (void)settle();
    CHECK_TEXT(world.answer, "OK");
}

static void a_sender_that_cannot_be_reached_ends_its_push(void)
{
    begin_push();
    CHECK_EQ(wait_deadline(), ALOFT_WAY_WAIT);
    CHECK_EQ(push.err, ALOFT_ERR_PUSH_CONNECT);
    CHECK_EQ(world.now_ms, 10000);
    check_unharmed();

    begin_push();
    world.linked = false;
    world.way.ops->failed(&push, ALOFT_WAY_ID_PUSH, ALOFT_ERR_NET_REFUSED, 0);
    (void)settle();
    CHECK(strstr(world.trace, "failed -104; ") != NULL);
    check_unharmed();
}

// Keeps P4.
static void a_second_sender_is_told_and_the_first_goes_on(void)
{
    static const char other[] = "0 40001 900 00112233445566778899aabbccddeeff\n";
    setup(SHA_VERIFIER);
    given("2", 5000);
    invite(file, file_len);
    prove(SHA_VERIFIER);
    datagram_from(OTHER, other);
    CHECK_TEXT(world.answer, "ERROR[12]: NET_BUSY");
    accept_connection();
    CHECK(stream(file, 2048, 1024));
    datagram_from(OTHER, other);
    CHECK_TEXT(world.answer, "ERROR[12]: NET_BUSY");
    datagram_from(OTHER, "200 " CNONCE " " CNONCE);
    CHECK_TEXT(world.answer, "");
    CHECK(stream(file + 2048, file_len - 2048, 1024));
    datagram_from(OTHER, other);
    CHECK_TEXT(world.answer, "ERROR[12]: NET_BUSY");
    CHECK_EQ(hang_up(), ALOFT_WAY_RESTART);
    check_updated();
    CHECK(strstr(world.trace, "refused 192.0.2.66 -89; ") != NULL);
    CHECK(strstr(world.trace, "failed") == NULL);
}

// Senders of other makes send other lengths; a port may deliver any of them in parts.
static void pieces_of_any_length_are_counted(void)
{
    static const uint32_t pieces[] = {1460, 1, 7, 255, 1023, 1025, 4096, 100000};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        begin_push();
        check_note("pieces of %ld", (long)pieces[i], 0);
        accept_connection();
        world.cap = i % 2 == 0 ? 64 : 1;
        CHECK(stream(file, file_len, pieces[i] == 1 ? 61 : pieces[i]));
        (void)settle();
        for (int n = 0; n < 100; n++) {
            (void)turn(); // the rest of what is said, a byte at a time
        }
        CHECK(strstr(world.said, "OK") == world.said + world.said_len - 2); // P3
        CHECK_EQ(hang_up(), ALOFT_WAY_RESTART);
        check_updated();
    }
}

static void bytes_beyond_the_announced_are_dropped(void)
{
    begin_push();
    accept_connection();
    CHECK(stream(file, file_len, 1024));
    CHECK_EQ(world.way.ops->feed(&push, ALOFT_WAY_ID_PUSH, NULL, file, 100, world.now_ms), 100);
    CHECK_EQ(hang_up(), ALOFT_WAY_RESTART);
    check_updated();
}

static void a_port_that_cannot_be_bound_is_tried_again(void)
{
    setup(NULL);
    given("2", 1000);
    world.bound = false;
    world.way.ops->failed(&push, ALOFT_WAY_ID_INVITE, ALOFT_ERR_NET_UNREACHABLE, world.now_ms);
    CHECK_EQ(settle(), ALOFT_WAY_WAIT);
    CHECK(!world.bound);
    CHECK_EQ(wait_deadline(), ALOFT_WAY_WAIT);
    CHECK_EQ(world.now_ms, 5000);
    CHECK(world.bound);
    CHECK_EQ(push_file(FLASH, file, file_len), ALOFT_WAY_RESTART);
    check_updated();
}

static void the_clock_may_wrap(void)
{
    setup(SHA_VERIFIER);
    world.now_ms = 0xFFFFFFF0u;
    given("2", 5000);
    invite(file, file_len);
    world.now_ms += 9999;
    prove(SHA_VERIFIER);
    world.now_ms += 9999;
    accept_connection();
    CHECK(stream(file, file_len, 1024));
    CHECK_EQ(hang_up(), ALOFT_WAY_RESTART);
    check_updated();
}

// Every operation fails once: the sender is told, or it was one that may fail.
static void a_failing_flash_is_told(void)
{
    uint32_t told = 0;
    for (uint32_t op = 1;; op++) {
        setup(NULL);
        given("2", 3000);
        device.ram.ops = 0;
        device.ram.fail_op = op;
        check_note("operation %ld", (long)op, 0);
        enum aloft_way_state state = push_file(FLASH, file, file_len);
        bool done = device.ram.ops < op;
        device.ram.fail_op = 0;
        CHECK_EQ(state == ALOFT_WAY_RESTART, strstr(world.said, "OK") != NULL);
        if (state == ALOFT_WAY_RESTART) {
            check_updated();
        } else {
            told++;
            CHECK(boots() == ALOFT_SLOT_FACTORY || slot_is_good(boots()));
        }
        if (done) {
            CHECK_EQ(state, ALOFT_WAY_RESTART);
            break;
        }
    }
    CHECK(told > 20);
}

// Power goes in the middle of every change of flash: what boots is whole, and the next push works.
static void a_cut_at_any_change_leaves_what_boots(void)
{
    for (long cut = 0;; cut++) {
        setup(NULL);
        given("2", 3000);
        world.cut_after = cut;
        check_note("cut after %ld", cut, 0);
        enum aloft_way_state state = push_file(FLASH, file, file_len);
        bool was_cut = world.cut;
        bool told = strstr(world.said, "OK") != NULL;
        power_up();
        CHECK(boots() == ALOFT_SLOT_FACTORY || slot_is_good(boots()));
        CHECK(!told || boots() == 0);
        if (!was_cut) {
            CHECK_EQ(state, ALOFT_WAY_RESTART);
            CHECK(cut > 15);
            break;
        }
        if (boots() == ALOFT_SLOT_FACTORY) {
            given("2", 3000);
            CHECK_EQ(push_file(FLASH, file, file_len), ALOFT_WAY_RESTART);
            check_updated();
        }
    }
}

DEVICE_MAIN(TEST(a_push_goes_from_invitation_to_otadata_in_order),
            TEST(a_sender_with_the_longest_address_is_reached),
            TEST(the_image_is_on_trial_when_the_intake_says_so),
            TEST(both_generations_of_the_password_open_the_device),
            TEST(an_invitation_that_comes_twice_gets_the_same_answer),
            TEST(a_wrong_password_opens_nothing), TEST(a_sender_that_knows_only_md5_is_told_so),
            TEST(a_nonce_opens_the_device_once),
            TEST(a_proof_may_come_from_another_port_of_its_host),
            TEST(a_sender_that_does_not_answer_the_challenge_is_forgotten),
            TEST(a_datagram_during_a_proof_waits),
            TEST(the_way_is_off_without_a_password_unless_it_is_open),
            TEST(a_malformed_verifier_is_refused), TEST(garbage_is_heard_and_ignored),
            TEST(what_cannot_be_pushed_is_refused_at_once),
            TEST(a_device_without_a_spare_slot_or_on_trial_says_so),
            TEST(a_push_waits_for_its_turn), TEST(a_push_has_the_turn_to_its_end),
            TEST(wrong_bytes_are_told_and_not_selected),
            TEST(whichever_hash_fails_a_push_that_is_refused_holds_none),
            TEST(a_pushed_bootloader_is_refused), TEST(a_sender_that_goes_away_ends_its_push),
            TEST(a_sender_that_goes_away_after_its_last_byte_has_updated),
            TEST(a_sender_that_stalls_ends_its_push_in_time),
            TEST(a_push_after_a_refused_one_waits_until_that_is_closed),
            TEST(a_sender_that_cannot_be_reached_ends_its_push),
            TEST(a_second_sender_is_told_and_the_first_goes_on),
            TEST(pieces_of_any_length_are_counted), TEST(bytes_beyond_the_announced_are_dropped),
            TEST(a_port_that_cannot_be_bound_is_tried_again), TEST(the_clock_may_wrap),
            TEST(a_failing_flash_is_told), TEST(a_cut_at_any_change_leaves_what_boots))
