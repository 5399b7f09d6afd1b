// The TLS client against servers that lie about who they are, that speak too old a version, and
// over wires that cut, change and chop. No case may end in bytes that the server did not send, in
// an answer that looks whole and is not, or in a call that does not return.
#include "tls_world.h"
#include <sys/ioctl.h>

struct clock {
    bool set;
    int64_t now;
};

static bool tell_time(void *ctx, int64_t *seconds)
{
    const struct clock *clock = ctx;
    *seconds = clock->now;
    return clock->set;
}

static struct clock in_2026 = {true, AT_2026};

static struct aloft_tls_trust trust_ca(const char *ca)
{
    return (struct aloft_tls_trust){.ca = ca, .built = AT_2024, .now = tell_time, .ctx = &in_2026};
}

static struct aloft_tls_client *client_of(struct aloft_tls_trust trust)
{
    struct aloft_tls_client *client;
    CHECK_EQ(aloft_tls_client_new(&trust, &client, NULL), ALOFT_OK);
    return client;
}

static struct run run_of(struct cert *cert)
{
    return (struct run){.cert = cert,
                        .host = "board.test",
                        .server_max = 3,
                        .body_len = 3000,
                        .cut_at = {NEVER, NEVER},
                        .flip_at = {NEVER, NEVER}};
}

static struct run talk_once(struct aloft_tls_trust trust, struct run run)
{
    struct aloft_tls_client *client = client_of(trust);
    talk(client, &run);
    aloft_tls_client_free(client);
    return run;
}

static void check_good(const struct run *run)
{
    CHECK_EQ(run->result, ALOFT_TLS_ENDED);
    CHECK_EQ(run->err, ALOFT_OK);
    CHECK_EQ(run->got, run->body_len);
    CHECK(!run->wrong);
}

static void check_refused(const struct run *run, enum aloft_err err)
{
    CHECK_EQ(run->result, ALOFT_TLS_FAILED);
    CHECK_EQ(run->err, err);
    CHECK(!run->opened);
    CHECK_EQ(run->got, 0);
}

static void a_server_of_a_trusted_ca_is_talked_to(void)
{
    static const uint32_t lens[] = {0, 1, 999, 1000, 1001, 16384, 16385, BODY_LEN};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct run run = run_of(&lab.leaf);
        run.body_len = lens[i];
        check_note("%ld bytes", (long)lens[i], 0);
        run = talk_once(trust_ca(lab.ca.pem), run);
        check_good(&run);
    }
}

static void servers_that_are_not_who_they_should_be_are_refused_by_name(void)
{
    static const struct {
        struct cert *cert;
        const char *host;
        enum aloft_err err;
    } rows[] = {
        {&lab.leaf, "board.test", ALOFT_OK},
        {&lab.leaf, "BOARD.TEST.", ALOFT_OK},
        {&lab.leaf, "127.0.0.1", ALOFT_OK},
        {&lab.leaf, "127.0.0.2", ALOFT_ERR_TLS_HOST},
        {&lab.leaf, "::1", ALOFT_ERR_TLS_HOST},
        {&lab.leaf, "other.test", ALOFT_ERR_TLS_HOST},
        {&lab.leaf, "board.test.evil", ALOFT_ERR_TLS_HOST},
        {&lab.leaf, "a.board.test", ALOFT_ERR_TLS_HOST},
        {&lab.leaf, "oard.test", ALOFT_ERR_TLS_HOST},
        {&lab.leaf, "", ALOFT_ERR_TLS_HOST},
        {&lab.elsewhere, "board.test", ALOFT_ERR_TLS_HOST},
        {&lab.elsewhere, "127.0.0.1", ALOFT_ERR_TLS_HOST},
        {&lab.expired, "board.test", ALOFT_ERR_TLS_EXPIRED},
        {&lab.expired, "other.test", ALOFT_ERR_TLS_EXPIRED},
        {&lab.future, "board.test", ALOFT_ERR_TLS_FUTURE},
        {&lab.own, "anything", ALOFT_ERR_TLS_UNTRUSTED},
        {&lab.by_nobody, "board.test", ALOFT_ERR_TLS_UNTRUSTED},
        {&lab.by_other, "board.test", ALOFT_ERR_TLS_UNTRUSTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run = run_of(rows[i].cert);
        run.host = rows[i].host;
        check_note("row %ld", (long)i, 0);
        run = talk_once(trust_ca(lab.ca.pem), run);
        if (rows[i].err == ALOFT_OK) {
            check_good(&run);
        } else {
            check_refused(&run, rows[i].err);
            CHECK(strstr(run.about, rows[i].cert->pin_base64) != NULL);
        }
    }
}

static void any_name_will_do_when_that_is_said_and_nothing_else_changes(void)
{
    struct aloft_tls_trust trust = trust_ca(lab.ca.pem);
    struct run run = run_of(&lab.leaf);
    trust.any_name = true;
    run.host = "other.test";
    run = talk_once(trust, run);
    check_good(&run);
    run = run_of(&lab.leaf);
    run.host = "127.0.0.2";
    run = talk_once(trust, run);
    check_good(&run);
    run = talk_once(trust, run_of(&lab.by_other));
    check_refused(&run, ALOFT_ERR_TLS_UNTRUSTED);
    run = talk_once(trust, run_of(&lab.expired));
    check_refused(&run, ALOFT_ERR_TLS_EXPIRED);
}

static void any_ca_of_a_bundle_is_trusted_and_what_is_unreadable_in_it_is_passed_over(void)
{
    static char bundle[4 * PEM_MAX];
    static const char damaged[] = "-----BEGIN CERTIFICATE-----\nMIIBadbad\n"
                                  "-----END CERTIFICATE-----\n";
    (void)snprintf(bundle, sizeof bundle, "# Lab CA\n%s\n%s# Other CA\n%s", lab.ca.pem, damaged,
                   lab.other_ca.pem);
    struct run run = talk_once(trust_ca(bundle), run_of(&lab.leaf));
    check_good(&run);
    run = talk_once(trust_ca(bundle), run_of(&lab.by_other));
    check_good(&run);
    run = talk_once(trust_ca(bundle), run_of(&lab.by_nobody));
    check_refused(&run, ALOFT_ERR_TLS_UNTRUSTED);
}

// A bundle as ESP-IDF's: it has no list of CAs for mbedTLS, but looks itself for the issuer of what
// nobody is trusted for, and at that only when it has no other fault.
static int see_by_bundle(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    uint32_t found = 0;
    (void)ctx;
    (void)depth;
    if (*flags != MBEDTLS_X509_BADCERT_NOT_TRUSTED) {
        return 0;
    }
    (void)mbedtls_x509_crt_verify(crt, &lab.ca.crt, NULL, NULL, &found, NULL, NULL);
    if ((found & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
        return MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
    }
    *flags = 0;
    return 0;
}

static int attach_bundle(void *config)
{
    static mbedtls_x509_crt none;
    mbedtls_ssl_conf_ca_chain(config, &none, NULL);
    mbedtls_ssl_conf_verify(config, see_by_bundle, NULL);
    return 0;
}

static int attach_no_bundle(void *config)
{
    (void)config;
    return -1;
}

static void a_platforms_bundle_of_cas_is_trusted_as_a_ca_is(void)
{
    static const struct {
        struct cert *cert;
        const char *host;
        enum aloft_err err;
    } rows[] = {
        {&lab.leaf, "board.test", ALOFT_OK},
        {&lab.leaf, "127.0.0.1", ALOFT_OK},
        {&lab.leaf, "other.test", ALOFT_ERR_TLS_HOST},
        {&lab.leaf, "127.0.0.2", ALOFT_ERR_TLS_HOST},
        {&lab.expired, "board.test", ALOFT_ERR_TLS_EXPIRED},
        {&lab.future, "board.test", ALOFT_ERR_TLS_FUTURE},
        {&lab.by_other, "board.test", ALOFT_ERR_TLS_UNTRUSTED},
        {&lab.by_nobody, "board.test", ALOFT_ERR_TLS_UNTRUSTED},
        {&lab.own, "anything", ALOFT_ERR_TLS_UNTRUSTED},
    };
    struct aloft_tls_trust trust = trust_ca(NULL);
    trust.bundle = attach_bundle;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run = run_of(rows[i].cert);
        run.host = rows[i].host;
        check_note("row %ld", (long)i, 0);
        run = talk_once(trust, run);
        if (rows[i].err == ALOFT_OK) {
            check_good(&run);
        } else {
            check_refused(&run, rows[i].err);
            CHECK(strstr(run.about, rows[i].cert->pin_base64) != NULL);
        }
    }
    trust.pins = lab.own.pin_hex; // beside a bundle a pin must hold, too
    struct run pinned = talk_once(trust, run_of(&lab.leaf));
    check_refused(&pinned, ALOFT_ERR_TLS_PIN);
    trust = trust_ca(lab.other_ca.pem); // and a CA that is given is the only one
    trust.bundle = attach_bundle;
    struct run by_ca = talk_once(trust, run_of(&lab.leaf));
    check_refused(&by_ca, ALOFT_ERR_TLS_UNTRUSTED);
    trust = trust_ca("");
    trust.bundle = attach_no_bundle;
    struct aloft_tls_client *client;
    const char *why = NULL;
    CHECK_EQ(aloft_tls_client_new(&trust, &client, &why), ALOFT_ERR_TLS_NO_TRUST);
    CHECK(client == NULL && why != NULL && strstr(why, "bundle") != NULL);
}

static void pins_hold_with_and_without_a_ca(void)
{
    char two[160];
    char curl[80];
    (void)snprintf(two, sizeof two, " %s,\r\n%s\n", lab.ca.pin_hex, lab.leaf.pin_hex);
    (void)snprintf(curl, sizeof curl, "sha256//%s", lab.leaf.pin_base64);
    const struct {
        struct cert *cert;
        const char *ca;
        const char *pins;
        const char *revoked;
        enum aloft_err err;
    } rows[] = {
        {&lab.leaf, NULL, lab.leaf.pin_hex, NULL, ALOFT_OK},
        {&lab.leaf, NULL, lab.leaf.pin_base64, NULL, ALOFT_OK},
        {&lab.leaf, NULL, curl, NULL, ALOFT_OK},
        {&lab.leaf, NULL, two, "", ALOFT_OK},
        {&lab.leaf, lab.ca.pem, two, lab.own.pin_hex, ALOFT_OK},
        {&lab.own, NULL, lab.own.pin_hex, NULL, ALOFT_OK}, // expired, for another name, by itself
        {&lab.expired, NULL, lab.expired.pin_hex, NULL, ALOFT_OK},
        {&lab.expired, lab.ca.pem, lab.expired.pin_hex, NULL, ALOFT_ERR_TLS_EXPIRED},
        {&lab.elsewhere, lab.ca.pem, lab.elsewhere.pin_hex, NULL, ALOFT_ERR_TLS_HOST},
        {&lab.own, lab.ca.pem, lab.own.pin_hex, NULL, ALOFT_ERR_TLS_UNTRUSTED},
        {&lab.leaf, NULL, lab.ca.pin_hex, NULL, ALOFT_ERR_TLS_PIN}, // of its CA: not its own
        {&lab.leaf, lab.ca.pem, lab.ca.pin_hex, NULL, ALOFT_ERR_TLS_PIN},
        {&lab.own, NULL, lab.leaf.pin_hex, NULL, ALOFT_ERR_TLS_PIN},
        {&lab.leaf, lab.ca.pem, NULL, lab.leaf.pin_hex, ALOFT_ERR_TLS_OLD_PIN},
        {&lab.leaf, lab.ca.pem, lab.leaf.pin_hex, lab.leaf.pin_base64, ALOFT_ERR_TLS_OLD_PIN},
        {&lab.leaf, NULL, lab.leaf.pin_hex, curl, ALOFT_ERR_TLS_OLD_PIN},
        {&lab.leaf, lab.ca.pem, NULL, lab.ca.pin_hex, ALOFT_ERR_TLS_OLD_PIN}, // of its CA
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct aloft_tls_trust trust = trust_ca(rows[i].ca);
        trust.pins = rows[i].pins;
        trust.revoked = rows[i].revoked;
        check_note("row %ld", (long)i, 0);
        struct run run = talk_once(trust, run_of(rows[i].cert));
        if (rows[i].err == ALOFT_OK) {
            check_good(&run);
        } else {
            check_refused(&run, rows[i].err);
        }
    }
}

static void pins_are_read_in_every_form(void)
{
    // The last are two whose base64 begins with the slash that a prefix ends with.
    static const char *const good[] = {
        "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef",
        "sha256/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "sha256//0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "sha256///AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        check_note("row %ld", (long)i, 0);
        aloft_tls_client_free(client_of((struct aloft_tls_trust){.pins = good[i]}));
    }
}

static void without_anything_to_trust_there_is_no_client(void)
{
    char cut_pem[PEM_MAX];
    char many[17 * 65 + 1] = "";
    (void)snprintf(cut_pem, sizeof cut_pem, "%.*s", (int)strlen(lab.ca.pem) / 2, lab.ca.pem);
    for (int i = 0; i < 17; i++) {
        (void)snprintf(many + i * 65, 66, "%s ", lab.leaf.pin_hex);
    }
    const char *good = lab.leaf.pin_hex;
    const struct {
        struct aloft_tls_trust trust;
        const char *why; // how it begins
    } bad[] = {
        {{.ca = NULL}, "neither ca nor pin "},
        {{.ca = "", .pins = " \n", .revoked = good}, "neither ca nor pin "},
        {{.ca = "no PEM"}, "ca "},
        {{.ca = cut_pem}, "ca "},
        {{.ca = cut_pem, .pins = good}, "ca "}, // one that was meant to be checked, too
        {{.pins = "abc"}, "pin "},
        {{.pins = good + 1}, "pin "},
        {{.pins = many}, "pin "},
        {{.pins = "sha256//"}, "pin "},
        {{.pins = "01234567890123456789012345678901234567890123"}, "pin "}, // 33 bytes in base64
        {{.pins = good, .revoked = "abc"}, "pin_revoked "},
        {{.ca = lab.ca.pem, .pins = "abc"}, "pin "},
        {{.ca = lab.ca.pem, .revoked = many}, "pin_revoked "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct aloft_tls_client *client;
        const char *why = "";
        check_note("row %ld", (long)i, 0);
        CHECK_EQ(aloft_tls_client_new(&bad[i].trust, &client, &why), ALOFT_ERR_TLS_NO_TRUST);
        CHECK(client == NULL);
        CHECK(strncmp(why, bad[i].why, strlen(bad[i].why)) == 0);
        CHECK_EQ(aloft_tls_client_new(&bad[i].trust, &client, NULL), ALOFT_ERR_TLS_NO_TRUST);
    }
}

static void dates_are_judged_by_the_clock_or_else_by_the_build_time(void)
{
    // The expired one was good until the last second of 2022, the other will be from 2035 on.
    static const int64_t end_2022 = 1672531199, at_2035 = 2051222400, at_2040 = 2208988800;
    static const int64_t at_2030 =
        1893456000; // the end of the other CA; its server has 2020 to 2040
    const struct {
        struct cert *cert;
        struct clock clock;
        int64_t built;
        enum aloft_err err;
    } rows[] = {
        {&lab.expired, {true, end_2022}, 0, ALOFT_OK},
        {&lab.expired, {true, end_2022 + 1}, 0, ALOFT_ERR_TLS_EXPIRED},
        {&lab.expired, {false, 0}, end_2022, ALOFT_OK},
        {&lab.expired, {false, 0}, end_2022 + 1, ALOFT_ERR_TLS_EXPIRED},
        {&lab.expired, {false, AT_2026}, 0, ALOFT_OK},                // nothing is known
        {&lab.expired, {true, 1000}, AT_2024, ALOFT_ERR_TLS_EXPIRED}, // a clock that was not set
        {&lab.leaf, {true, 1000}, AT_2024, ALOFT_OK},
        {&lab.leaf, {true, 1000}, 0, ALOFT_ERR_TLS_FUTURE},
        {&lab.future, {true, at_2035 - 1}, AT_2024, ALOFT_ERR_TLS_FUTURE},
        {&lab.future, {true, at_2035}, AT_2024, ALOFT_OK},
        {&lab.future, {false, 0}, AT_2024, ALOFT_OK}, // made after this build
        {&lab.leaf, {true, at_2040}, AT_2024, ALOFT_OK},
        {&lab.leaf, {true, at_2040 + 1}, AT_2024, ALOFT_ERR_TLS_EXPIRED},
        {&lab.by_other, {true, AT_2024}, 0, ALOFT_OK},
        {&lab.by_other, {true, AT_2024 - 1}, 0, ALOFT_ERR_TLS_FUTURE},
        {&lab.by_other, {true, at_2030}, 0, ALOFT_OK},
        {&lab.by_other, {true, at_2030 + 1}, 0, ALOFT_ERR_TLS_EXPIRED},
        {&lab.by_other, {false, 0}, at_2030 + 1, ALOFT_ERR_TLS_EXPIRED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct clock clock = rows[i].clock;
        bool other = rows[i].cert == &lab.by_other;
        struct aloft_tls_trust trust = {.ca = other ? lab.other_ca.pem : lab.ca.pem,
                                        .built = rows[i].built,
                                        .now = tell_time,
                                        .ctx = &clock};
        check_note("row %ld", (long)i, 0);
        struct run run = talk_once(trust, run_of(rows[i].cert));
        if (rows[i].err == ALOFT_OK) {
            check_good(&run);
        } else {
            check_refused(&run, rows[i].err);
        }
    }
}

static void the_build_time_is_read_as_compilers_write_it(void)
{
    static const struct {
        const char *date;
        const char *time;
        int64_t built; // as if in UTC
    } rows[] = {
        {"Jan  1 1970", "14:00:00", 14 * 3600},
        {"Jan  1 2024", "00:00:00", AT_2024},
        {"Feb 29 2024", "23:59:59", 1709251199},
        {"Mar  1 2024", "00:00:00", 1709251200},
        {"Dec 31 2099", "00:00:00", 4102358400},
        {"Nov 22 2026", "17:30:08", 1795368608},
        {"Jan  1 2024", "", AT_2024},
        {"Jan  1 2024", "25:00:00", AT_2024},
    };
    static const char *const bad[] = {
        "",          "2024-01-01",  "Jan  1",      "jan  1 2024", "anF  1 2024",
        "J  1 2024", "Jan  0 2024", "Jan -1 2024", "Jan  1 1969"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_note("row %ld", (long)i, 0);
        CHECK_EQ(aloft_tls_built(rows[i].date, rows[i].time), rows[i].built - 14 * 3600);
    }
    CHECK(aloft_tls_built(__DATE__, __TIME__) > AT_2024);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_note("bad row %ld", (long)i, 0);
        CHECK_EQ(aloft_tls_built(bad[i], "00:00:00"), 0);
    }
}

static void old_versions_and_old_ciphers_are_refused(void)
{
    static const int old[] = {MBEDTLS_TLS_RSA_WITH_AES_128_CBC_SHA,
                              MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
                              MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, 0};
    for (int minor = 1; minor < 3; minor++) {
        struct run run = run_of(&lab.leaf);
        run.server_max = minor;
        run = talk_once(trust_ca(lab.ca.pem), run);
        check_refused(&run, ALOFT_ERR_TLS_VERSION);
    }
    struct run run = run_of(&lab.leaf);
    run.ciphers = old;
    run = talk_once(trust_ca(lab.ca.pem), run);
    check_refused(&run, ALOFT_ERR_TLS_VERSION);
}

// Servers that do not speak TLS at all.
static void other_answers_than_tls_are_named(void)
{
    static const struct {
        const char *script;
        uint32_t len;
        enum aloft_err err;
    } rows[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 28, ALOFT_ERR_NET_TLS},
        {"SSH-2.0-x\r\n", 11, ALOFT_ERR_NET_TLS},
        {"\x17\x03\x03\x00\x01\x00", 6, ALOFT_ERR_NET_TLS},
        {"\x15\x03\x01\x00\x02\x02\x46", 7, ALOFT_ERR_TLS_VERSION},
        {"\x15\x03\x03\x00\x02\x02\x56", 7, ALOFT_ERR_TLS_VERSION},
        {"\x15\x03\x03\x00\x02\x02\x28", 7, ALOFT_ERR_TLS_VERSION},
        {"\x15\x03\x03\x00\x02\x02\x50", 7, ALOFT_ERR_TLS_HANDSHAKE},
        {"\x15\x03\x03\x00\x02\x02\x70", 7, ALOFT_ERR_TLS_HOST},
        {"\x16\x03\x03\xff\xff\x02\x00", 7, ALOFT_ERR_TLS_HANDSHAKE},
        // A ServerHello of TLS 1.1.
        {"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02"
         "01234567890123456789012345678901\x00\xc0\x09\x00",
         47, ALOFT_ERR_TLS_VERSION},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run = run_of(NULL);
        run.script = rows[i].script;
        run.script_len = rows[i].len;
        check_note("row %ld", (long)i, 0);
        run = talk_once(trust_ca(lab.ca.pem), run);
        check_refused(&run, rows[i].err);
    }
}

static void a_second_connection_resumes_the_first(void)
{
    struct clock clock = {true, AT_2026};
    struct aloft_tls_trust trust = trust_ca(lab.ca.pem);
    trust.ctx = &clock;
    struct aloft_tls_client *client = client_of(trust);
    for (int i = 0; i < 4; i++) {
        struct run run = run_of(&lab.leaf);
        run.host = i == 3 ? "127.0.0.1" : "board.test"; // another host is another session
        talk(client, &run);
        check_good(&run);
        CHECK_EQ(run.resumed, i == 1 || i == 2);
    }
    // Once the certificate has expired, its session is refused as well.
    clock.now = 2208988801;
    struct run run = run_of(&lab.leaf);
    talk(client, &run);
    check_refused(&run, ALOFT_ERR_TLS_EXPIRED);
    aloft_tls_client_free(client);
}

// More hosts than sessions are kept, each used twice in a row.
static void many_hosts_have_their_sessions_in_turn(void)
{
    static const char *const hosts[] = {"a.test", "b.test", "c.test", "d.test", "e.test", "f.test"};
    struct aloft_tls_client *client = client_of((struct aloft_tls_trust){.pins = lab.leaf.pin_hex});
    for (size_t i = 0; i < 12; i++) {
        struct run run = run_of(&lab.leaf);
        run.host = hosts[i / 2];
        talk(client, &run);
        check_good(&run);
        CHECK_EQ(run.resumed, i % 2 == 1);
    }
    aloft_tls_client_free(client);
}

static void a_session_is_not_resumed_with_a_server_that_does_not_know_it(void)
{
    struct aloft_tls_client *client = client_of(trust_ca(lab.ca.pem));
    struct run run = run_of(&lab.leaf);
    talk(client, &run);
    check_good(&run);
    mbedtls_ssl_ticket_free(&lab.tickets); // the server starts anew
    mbedtls_ssl_ticket_init(&lab.tickets);
    MUST(mbedtls_ssl_ticket_setup(&lab.tickets, mbedtls_ctr_drbg_random, &lab.random,
                                  MBEDTLS_CIPHER_AES_128_GCM, 86400));
    run = run_of(&lab.by_other); // and is another one
    talk(client, &run);
    check_refused(&run, ALOFT_ERR_TLS_UNTRUSTED);
    run = run_of(&lab.leaf);
    talk(client, &run);
    check_good(&run);
    CHECK(!run.resumed);
    aloft_tls_client_free(client);
}

// Every byte where heads of records lie close together, then samples.
static long step_from(long at)
{
    return at < 100 ? 1 : at < 1000 ? 9 : 151;
}

// Cuts this direction after ever more bytes, until nothing is cut any more.
static void cut_everywhere(enum way_of_wire way, bool resumed)
{
    struct aloft_tls_client *client = client_of(trust_ca(lab.ca.pem));
    for (long at = 0;; at += step_from(at)) {
        struct run first = run_of(&lab.leaf);
        first.port = (uint16_t)(at + 1);
        first.body_len = 100;
        first.chunk = 64;
        struct run run = first;
        check_note("direction %ld, cut at %ld", way, at);
        if (resumed) {
            talk(client, &first);
            check_good(&first);
        }
        run.cut_at[way] = at;
        talk(client, &run);
        CHECK(!run.wrong);
        CHECK(!run.opened || run.resumed == resumed);
        if (run.result == ALOFT_TLS_ENDED) {
            CHECK_EQ(run.got, run.body_len);
            CHECK(at > 200);
            break;
        }
        CHECK_EQ(run.err, ALOFT_ERR_TLS_CUT);
    }
    aloft_tls_client_free(client);
}

static void a_wire_that_is_cut_at_any_byte_is_a_fault_with_a_name(void)
{
    for (int resumed = 0; resumed < 2; resumed++) {
        cut_everywhere(TO_CLIENT, resumed);
        cut_everywhere(TO_SERVER, resumed);
    }
}

static void a_byte_that_is_changed_anywhere_is_noticed(void)
{
    struct aloft_tls_client *client = client_of(trust_ca(lab.ca.pem));
    struct run whole = run_of(&lab.leaf);
    talk(client, &whole);
    for (int way = 0; way < WAYS; way++) {
        int unnoticed = 0;
        for (long at = 0; at < whole.moved[way]; at += step_from(at)) {
            struct run run = run_of(&lab.leaf);
            run.flip_at[way] = at;
            run.port = (uint16_t)(1 + way * 10000 + at);
            check_note("direction %ld, changed at %ld", way, at);
            talk(client, &run);
            CHECK(!run.wrong);
            CHECK(run.err != ALOFT_OK || run.got == run.body_len);
            unnoticed += run.result == ALOFT_TLS_ENDED;
        }
        // In the head of each record before encryption is a version that nothing protects, and that
        // is not looked at for the choice of the version. There are up to six such records.
        CHECK(unnoticed <= 12);
    }
    aloft_tls_client_free(client);
}

static void bytes_that_come_in_any_pieces_are_the_same(void)
{
    for (uint32_t chunk = 1; chunk < 40; chunk += chunk < 8 ? 1 : 7) {
        struct run run = run_of(&lab.leaf);
        run.chunk = chunk;
        check_note("pieces of %ld", (long)chunk, 0);
        run = talk_once(trust_ca(lab.ca.pem), run);
        check_good(&run);
    }
}

static void an_end_without_close_notify_is_a_cut(void)
{
    struct run run = run_of(&lab.leaf);
    run.no_farewell = true;
    run = talk_once(trust_ca(lab.ca.pem), run);
    CHECK_EQ(run.result, ALOFT_TLS_FAILED);
    CHECK_EQ(run.err, ALOFT_ERR_TLS_CUT);
    CHECK_EQ(run.got, run.body_len); // what came is right, but is it all?
    CHECK(!run.wrong);
}

// mbedTLS drops warnings for as long as they come.
static void a_flood_does_not_keep_the_caller(void)
{
    enum { WARNINGS = 20000, LEN = 7, SLICE = 32768 };
    static uint8_t flood[WARNINGS * LEN];
    struct aloft_tls_client *client = client_of(trust_ca(lab.ca.pem));
    struct aloft_tls *tls;
    int fds[2];
    for (int i = 0; i < WARNINGS; i++) {
        memcpy(flood + i * LEN, "\x15\x03\x03\x00\x02\x01\x5a", LEN); // user_canceled
    }
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
    CHECK_EQ(send(fds[1], flood, sizeof flood, 0), (ssize_t)sizeof flood);
    CHECK_EQ(aloft_tls_begin(client, &aloft_host_sockets, fds[0], "board.test", 443, &tls),
             ALOFT_OK);
    enum aloft_tls_result result = ALOFT_TLS_BUSY;
    int before = sizeof flood;
    int calls = 0;
    while (result == ALOFT_TLS_BUSY && calls++ < 1000) {
        int left;
        result = aloft_tls_handshake(tls);
        MUST(ioctl(fds[0], FIONREAD, &left));
        CHECK(before - left <= SLICE);
        before = left;
    }
    CHECK_EQ(result, ALOFT_TLS_WANT_READ);
    CHECK(calls > (int)sizeof flood / SLICE);
    aloft_tls_end(tls);
    aloft_tls_client_free(client);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void a_host_that_is_too_long_is_refused(void)
{
    struct aloft_tls_client *client = client_of(trust_ca(lab.ca.pem));
    struct aloft_tls *tls;
    char host[ALOFT_TLS_HOST_MAX + 2];
    memset(host, 'a', sizeof host);
    host[sizeof host - 1] = 0;
    CHECK_EQ(aloft_tls_begin(client, &aloft_host_sockets, -1, host, 443, &tls),
             ALOFT_ERR_URL_SYNTAX);
    CHECK(tls == NULL);
    host[sizeof host - 2] = 0;
    CHECK_EQ(aloft_tls_begin(client, &aloft_host_sockets, -1, host, 443, &tls), ALOFT_OK);
    aloft_tls_end(tls);
    aloft_tls_client_free(client);
}

int main(void)
{
    static const struct check_test tests[] = {
        TEST(a_server_of_a_trusted_ca_is_talked_to),
        TEST(servers_that_are_not_who_they_should_be_are_refused_by_name),
        TEST(any_name_will_do_when_that_is_said_and_nothing_else_changes),
        TEST(any_ca_of_a_bundle_is_trusted_and_what_is_unreadable_in_it_is_passed_over),
        TEST(a_platforms_bundle_of_cas_is_trusted_as_a_ca_is),
        TEST(pins_hold_with_and_without_a_ca),
        TEST(pins_are_read_in_every_form),
        TEST(without_anything_to_trust_there_is_no_client),
        TEST(dates_are_judged_by_the_clock_or_else_by_the_build_time),
        TEST(the_build_time_is_read_as_compilers_write_it),
        TEST(old_versions_and_old_ciphers_are_refused),
        TEST(other_answers_than_tls_are_named),
        TEST(a_second_connection_resumes_the_first),
        TEST(many_hosts_have_their_sessions_in_turn),
        TEST(a_session_is_not_resumed_with_a_server_that_does_not_know_it),
        TEST(a_wire_that_is_cut_at_any_byte_is_a_fault_with_a_name),
        TEST(a_byte_that_is_changed_anywhere_is_noticed),
        TEST(bytes_that_come_in_any_pieces_are_the_same),
        TEST(an_end_without_close_notify_is_a_cut),
        TEST(a_flood_does_not_keep_the_caller),
        TEST(a_host_that_is_too_long_is_refused),
    };
    lab_open();
    int failures = check_run(tests, sizeof tests / sizeof tests[0]);
    lab_close();
    return failures;
}
