// The page's token: what it opens, what it does not, and that its check may be left at any time.
#include "web_world.h"

static void ask_with_token(const char *target, const char *token)
{
    char text[300];
    open_peer();
    snprintf(
        text, sizeof text,
        "POST %s HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer %s\r\nContent-Length: 2\r\n\r\n{}",
        target, token);
    give_text(text);
    settle();
    CHECK(!world.peer);
}

// From now on this is the token.
static void set_token_to(const char *text)
{
    static const uint8_t salt[ALOFT_WEBUI_SALT] = "0123456789abcde";
    static struct aloft_webui_token token = {.rounds = 1000};
    struct aloft_pbkdf2 kdf;
    memcpy(token.salt, salt, sizeof salt);
    aloft_pbkdf2_begin(&kdf, &aloft_soft_crypto, text, (uint32_t)strlen(text),
                       (struct aloft_pbkdf2_salt){salt, sizeof salt}, token.rounds);
    while (aloft_pbkdf2_step(&kdf, 1000) == ALOFT_STEP_AGAIN) {
    }
    memcpy(token.key, kdf.out, sizeof token.key);
    config.token = &token;
    world.listening = false;
    aloft_web_init(&web, &config);
    settle();
}

static void set_token(void)
{
    set_token_to("sesame");
}

// A check that was abandoned in the middle kept its hashes, and on some chips their lock.
static void web_holds_no_hash_of_a_token_whose_client_has_gone(void)
{
    for (long steps = 0; steps < 20; steps++) {
        check_note("gone after %ld steps", steps, 0);
        setup();
        set_token();
        open_peer();
        give_text("POST /api/check HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer sesame\r\n"
                  "Content-Length: 2\r\n\r\n");
        CHECK_EQ(hash_ledger_live(), 2); // of HMAC
        for (long i = 0; i < steps && world.peer; i++) {
            turn();
        }
        way().ops->failed(&web, ALOFT_WAY_ID_WEB, ALOFT_ERR_NET_RESET, world.now_ms);
        world.peer = false;
        settle();
        CHECK_EQ(hash_ledger_live(), 0);
    }
}

// The longest token was accepted with anything behind it.
static void web_refuses_a_token_with_more_behind_it(void)
{
    static const char longest[] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static const char *const behind[] = {"x", "0", ".", "=", "0123456789abcdef0123456789abcdef"};
    device_two_ota(&device);
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        char text[120];
        init_with(NULL);
        set_token_to(longest);
        snprintf(text, sizeof text, "%s%s", longest, behind[i]);
        ask_with_token("/api/check", text);
        CHECK(says("HTTP/1.1 401 ") && !world.checked);
        CHECK_EQ(web.auth.tries.spent, 1);
        ask_with_token("/api/check", longest);
        CHECK(says("HTTP/1.1 200 OK\r\n") && world.checked);
        world.checked = false;
    }
}

// A device that had a token and no password was off, and did not say so.
static void web_with_a_token_alone_takes_commands_and_nothing_else(void)
{
    device_two_ota(&device);
    init_with(NULL);
    set_token();
    CHECK(world.listening);
    ask_with_token("/api/check", "sesame");
    CHECK(says("HTTP/1.1 200 OK\r\n") && world.checked);
    ask_with_token("/update", "sesame");
    CHECK(says("HTTP/1.1 401 ") && says("WWW-Authenticate: Bearer\r\n") && !says("Digest"));
    ask("GET", "/", "", "");
    CHECK(says("HTTP/1.1 401 "));
    check_nothing_happened();
}

static void web_takes_a_token_for_commands_alone(void)
{
    setup();
    ask_with_token("/api/check", "sesame"); // no token is set
    CHECK(says("HTTP/1.1 401 "));
    set_token();
    ask_with_token("/api/check", "sesame");
    CHECK(says("HTTP/1.1 200 OK\r\n") && world.checked);
    ask_with_token("/update", "sesame");
    CHECK(says("HTTP/1.1 401 "));
    for (uint32_t i = 0; i < ALOFT_WEBUI_TRIES; i++) {
        ask_with_token("/api/check", i == 0 ? "sesam" : "sesame2");
        CHECK(says("HTTP/1.1 401 "));
    }
    uint32_t then = world.now_ms;
    ask_with_token("/api/check", "sesame"); // it waits as a password does
    CHECK(says("HTTP/1.1 200 "));
    CHECK_EQ(world.now_ms - then, ALOFT_WEBUI_TRY_MS);
    CHECK_EQ(web.auth.tries.spent, ALOFT_WEBUI_TRIES - 1); // a right one does not count
}

// PBKDF2 of a generated token took a C3 25 s, and said no more than one hash.
static void web_answers_a_generated_token_at_once(void)
{
    static const char good[] = "aloft_00112233445566778899aabbccddeeff";
    static const char wrong[] = "aloft_00112233445566778899aabbccddeefe";
    static struct aloft_webui_token token;
    setup();
    CHECK(
        aloft_webui_token_parse("sha256$000102030405060708090a0b0c0d0e0f$"
                                "2eeb4c5f4d56e4ad69dcabab1d96f1afe5f88d112476063afb72d503fb06b39b",
                                &token));
    config.token = &token;
    world.listening = false;
    aloft_web_init(&web, &config);
    settle();
    ask_with_token("/api/check", good);
    CHECK(says("HTTP/1.1 200 OK\r\n") && world.checked);
    CHECK_EQ(web.auth.tries.spent, 0); // a right one does not count
    world.checked = false;
    ask_with_token("/update", good);
    CHECK(says("HTTP/1.1 401 "));
    for (uint32_t i = 0; i < ALOFT_WEBUI_TRIES; i++) {
        ask_with_token("/api/check", i == 0 ? "sesame" : wrong);
        CHECK(says("HTTP/1.1 401 ") && !world.checked);
    }
    uint32_t then = world.now_ms;
    ask_with_token("/api/check", wrong); // guesses wait as those of a password do
    CHECK(says("HTTP/1.1 401 "));
    CHECK_EQ(world.now_ms - then, ALOFT_WEBUI_TRY_MS);
    CHECK_EQ(hash_ledger_live(), 0);
}

// A password that was set for another name than the device's opened nothing, and nothing said why.
static void web_asks_for_the_password_of_its_realm(void)
{
    device_two_ota(&device);
    CHECK_EQ(aloft_webui_verifier_make(&aloft_soft_crypto, "admin", "kitchen", "secret", &verifier),
             ALOFT_OK);
    init_with(&verifier);
    ask("GET", "/api/status", "", "");
    CHECK(says("realm=\"aloft-1\"")); // its name, when nothing else was given
    config.realm = "kitchen";
    world.listening = false;
    aloft_web_init(&web, &config);
    settle();
    ask("GET", "/api/status", "", "");
    CHECK(says("realm=\"kitchen\"") && !says("aloft-1"));
}

// A client that sends no more hears the answer, as `nc -N` expects. While its token was checked, it
// was hung up on instead.
static void web_answers_a_client_that_has_only_shut_its_side(void)
{
    static const char auth[] = "Host: d\r\nAuthorization: Bearer sesame\r\n";
    char text[200];
    setup();
    set_token();
    snprintf(text, sizeof text, "GET /api/status HTTP/1.1\r\n%s\r\n", auth);
    open_peer();
    CHECK_EQ(way().ops->feed(&web, ALOFT_WAY_ID_WEB, NULL, (const uint8_t *)text,
                             (uint32_t)strlen(text), world.now_ms),
             (long)strlen(text));
    way().ops->closed(&web, ALOFT_WAY_ID_WEB, world.now_ms);
    settle();
    CHECK(says("HTTP/1.1 200 OK\r\n") && says("\"slots\""));
    CHECK(!world.peer);

    snprintf(text, sizeof text, "POST /api/check HTTP/1.1\r\n%sContent-Length: 2\r\n\r\n", auth);
    open_peer();
    (void)way().ops->feed(&web, ALOFT_WAY_ID_WEB, NULL, (const uint8_t *)text,
                          (uint32_t)strlen(text), world.now_ms);
    way().ops->closed(&web, ALOFT_WAY_ID_WEB, world.now_ms); // and the body never comes
    settle();
    CHECK(!world.peer && !world.checked);
}

DEVICE_MAIN(TEST(web_holds_no_hash_of_a_token_whose_client_has_gone),
            TEST(web_refuses_a_token_with_more_behind_it),
            TEST(web_with_a_token_alone_takes_commands_and_nothing_else),
            TEST(web_takes_a_token_for_commands_alone), TEST(web_answers_a_generated_token_at_once),
            TEST(web_asks_for_the_password_of_its_realm),
            TEST(web_answers_a_client_that_has_only_shut_its_side))
