// The browser way on a device in RAM, with the port's loop and a client that answers challenges:
// uploads good, bad, cut short, too large and at the same time; commands and what they refuse;
// power cut at every operation of an upload; who is let in.
#include "web_world.h"

// ---- uploads

#define FORM_TYPE "Content-Type: multipart/form-data; boundary=X\r\n"

static char form[DEVICE_IMAGE_MAX + 1024];

static uint32_t build_form(const char *field, const uint8_t *image, uint32_t len, const char *end)
{
    int at = snprintf(form, sizeof form,
                      "--X\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"a.bin\"\r\n"
                      "Content-Type: application/octet-stream\r\n\r\n",
                      field);
    memcpy(form + at, image, len);
    memcpy(form + at + len, end, strlen(end));
    return (uint32_t)at + len + (uint32_t)strlen(end);
}

static void begin_form(uint32_t len, const char *more)
{
    char headers[256];
    snprintf(headers, sizeof headers, FORM_TYPE "%sContent-Length: %lu\r\n", more,
             (unsigned long)len);
    give_head("POST", "/update", headers);
}

static void upload_form(const char *field, const uint8_t *image, uint32_t len, const char *end)
{
    uint32_t n = build_form(field, image, len, end);
    begin_form(n, "");
    give(form, n);
    settle();
}

static void begin_raw(uint32_t len)
{
    char headers[256];
    snprintf(headers, sizeof headers,
             "Content-Type: application/octet-stream\r\nContent-Length: %lu\r\n",
             (unsigned long)len);
    give_head("POST", "/update", headers);
}

static void web_takes_an_upload_in_each_dialect(void)
{
    static const uint32_t pieces[] = {1, 7, 100, 949, 950, 951, 1024};
    uint32_t len;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        check_note("pieces of %ld", (long)pieces[i], 0);
        setup();
        world.piece = pieces[i];
        const uint8_t *image = device_image("2", 3000, &len);
        upload_form("firmware", image, len, "\r\n--X--\r\n");
        CHECK(says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"));
        CHECK_TEXT(body(), "<META http-equiv=\"refresh\" content=\"15;URL=/\">"
                           "Update Success! Rebooting...");
        check_updated(image, len);

        setup();
        world.piece = pieces[i];
        image = device_image("2", 3000, &len);
        upload_form("update", image, len, "\r\n--X--\r\n");
        CHECK(says("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
        CHECK_TEXT(body(), "OK");
        check_updated(image, len);

        setup();
        world.piece = pieces[i];
        image = device_image("2", 3000, &len);
        begin_raw(len);
        give(image, len);
        settle();
        CHECK_TEXT(body(), "{\"ok\":true,\"restarting\":true}\n");
        check_updated(image, len);
    }
}

static void web_tells_why_an_upload_is_refused_in_each_dialect(void)
{
    uint32_t len;
    static uint8_t bad[DEVICE_IMAGE_MAX];
    setup();
    memcpy(bad, device_image("2", 3000, &len), DEVICE_IMAGE_MAX);
    bad[len - 60] ^= 1; // its hash is wrong then
    upload_form("firmware", bad, len, "\r\n--X--\r\n");
    CHECK(says("HTTP/1.1 200 OK\r\n") && says("X-Aloft-Error: IMAGE_"));
    CHECK(memcmp(body(), "Update error: ", 14) == 0);
    check_nothing_happened();
    upload_form("x", bad, len, "\r\n--X--\r\n");
    CHECK(says("HTTP/1.1 200 OK\r\n") && says("X-Aloft-Error: IMAGE_"));
    CHECK_TEXT(body(), "FAIL");
    check_nothing_happened();
    begin_raw(len);
    give(bad, len);
    settle();
    CHECK(says("HTTP/1.1 409 Refused\r\n") && says("{\"error\":\"IMAGE_"));
    check_nothing_happened();

    // what is not an image is refused before anything is erased, and the rest of the body is
    // dropped
    uint32_t erases = device.ram.erases;
    memset(bad, 'a', sizeof bad);
    upload_form("firmware", bad, 20000, "\r\n--X--\r\n");
    CHECK_TEXT(body(), "Update error: Not an app image: it does not start with E9");
    CHECK(!world.peer);
    CHECK_EQ(device.ram.erases, erases);
    check_nothing_happened();
    upload_form("filesystem", bad, 100, "\r\n--X--\r\n");
    CHECK_TEXT(body(), "Update error: Only firmware can be uploaded, no file system");
    check_nothing_happened();
}

static void web_refuses_forms_that_hold_not_exactly_one_whole_file(void)
{
    uint32_t len;
    setup();
    const uint8_t *image = device_image("2", 1000, &len);
    upload_form("firmware", image, len, "\r\n--X\r\n"); // no closing boundary
    CHECK(says("X-Aloft-Error: WEB_FORM"));
    check_nothing_happened();
    upload_form("firmware", image, len,
                "\r\n--X\r\nContent-Disposition: form-data; name=\"firmware\"; filename=\"b\"\r\n"
                "\r\n\r\n--X--");
    CHECK(says("X-Aloft-Error: WEB_FORM"));
    check_nothing_happened();
    ask("POST", "/update", FORM_TYPE "Content-Length: 60\r\n",
        "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n12\r\n--X--\r\n");
    CHECK(says("HTTP/1.1 400 ") && says("WEB_FORM"));
    ask("POST", "/update", "Content-Type: text/plain\r\nContent-Length: 5\r\n", "hello");
    CHECK(says("HTTP/1.1 400 ") && says("WEB_FORM"));
    // Without a type it is the file itself, and judged as that.
    ask("POST", "/update", "Content-Length: 5\r\n", "hello");
    CHECK(says("HTTP/1.1 409 ") && says("IMAGE_MAGIC"));
    check_nothing_happened();
}

static void web_refuses_an_upload_larger_than_the_slot_by_its_header(void)
{
    setup();
    begin_raw(DEVICE_SLOT_LEN + 1);
    settle();
    CHECK(says("HTTP/1.1 413 ") && says("WEB_TOO_LARGE"));
    CHECK_EQ(device.ram.erases + device.ram.progs, 0);
    CHECK(world.peer); // the rest of the body is read and dropped
    CHECK(intake.holder == NULL);
    world.now_ms += ALOFT_WEB_DRAIN_MS;
    settle();
    CHECK(!world.peer);
    check_nothing_happened();
}

// An upload that is cut anywhere, by the client or by silence, leaves nothing, and the next one is
// taken whole.
static void web_never_mixes_an_upload_with_one_that_was_cut_short(void)
{
    static uint8_t first[DEVICE_IMAGE_MAX];
    uint32_t len;
    uint32_t first_len;
    setup();
    memcpy(first, device_image("3", 2000, &first_len), DEVICE_IMAGE_MAX);
    for (uint32_t cut = 0; cut < first_len; cut += 211) {
        for (int how = 0; how < 3; how++) {
            check_note("cut at %ld, way %ld", (long)cut, how);
            uint32_t n = build_form("firmware", first, first_len, "\r\n--X--\r\n");
            begin_form(n, "");
            give(form, 100 + cut);
            if (how == 0) {
                way().ops->closed(&web, ALOFT_WAY_ID_WEB, world.now_ms);
            } else if (how == 1) {
                world.peer = false;
                way().ops->failed(&web, ALOFT_WAY_ID_WEB, ALOFT_ERR_NET_RESET, world.now_ms);
            } else {
                settle();
                world.now_ms = way().ops->deadline(&web) - 1;
                settle();
                CHECK(world.peer);
                world.now_ms++;
            }
            settle();
            CHECK(!world.peer);
            check_nothing_happened();
        }
    }
    check_state.note = NULL;
    const uint8_t *image = device_image("2", 3000, &len);
    upload_form("firmware", image, len, "\r\n--X--\r\n");
    check_updated(image, len);
}

// Some clients send a line end behind the body, and any may send more than it announced.
static void web_waits_for_flash_however_much_follows_an_upload(void)
{
    static const char more[] = "\r\n";
    uint32_t len;
    for (int form_too = 0; form_too < 2; form_too++) {
        setup();
        const uint8_t *image = device_image("2", 3000, &len);
        if (form_too != 0) {
            uint32_t n = build_form("firmware", image, len, "\r\n--X--\r\n");
            begin_form(n, "");
            give(form, n - 2);
            settle(); // so that the last piece of the body has nothing of the file
            memcpy(form + n, more, sizeof more);
            give(form + n - 2, 2 + sizeof more - 1);
        } else {
            begin_raw(len);
            give(image, len);
            give(more, sizeof more - 1);
        }
        settle();
        CHECK(says("HTTP/1.1 200 OK\r\n"));
        check_updated(image, len);
    }
}

static void web_refuses_an_upload_while_another_way_has_the_turn(void)
{
    uint32_t len;
    int other;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    CHECK(aloft_intake_take(&intake, &other));
    upload_form("firmware", image, len, "\r\n--X--\r\n");
    CHECK(says("Update error: Another update or command is under way"));
    CHECK(intake.holder == &other);
    ask("POST", "/api/confirm", "Content-Length: 0\r\n", "");
    CHECK(says("HTTP/1.1 409 ") && says("NET_BUSY"));
    ask("POST", "/api/restart", "Content-Length: 0\r\n", "");
    CHECK(says("NET_BUSY"));
    CHECK_EQ(device.ram.erases + device.ram.progs, 0);
    CHECK_EQ(world.state, ALOFT_WAY_WAIT);

    // and others are refused while it has the turn
    aloft_intake_release(&intake, &other);
    uint32_t n = build_form("firmware", image, len, "\r\n--X--\r\n");
    begin_form(n, "");
    give(form, 1000);
    CHECK(!aloft_intake_take(&intake, &other));
    CHECK_EQ(aloft_control_begin(&control, ALOFT_COMMAND_BOOT, 1), ALOFT_ERR_NET_BUSY);
    give(form + 1000, n - 1000);
    settle();
    check_updated(image, len);
    CHECK(!aloft_intake_take(&intake, &other)); // until the restart
}

// An upload whose last byte has come, and `steps` steps later its client is gone. False: it was
// answered by then.
static bool leave_after(uint32_t steps, const uint8_t *image, uint32_t len)
{
    uint32_t taken = 0;
    setup();
    begin_raw(len);
    while (taken < len) {
        taken +=
            way().ops->feed(&web, ALOFT_WAY_ID_WEB, NULL, image + taken, len - taken, world.now_ms);
        if (taken < len) {
            turn();
        }
    }
    while (steps-- > 0 && world.answer_len == 0) {
        turn();
    }
    world.peer = false;
    way().ops->failed(&web, ALOFT_WAY_ID_WEB, ALOFT_ERR_NET_RESET, world.now_ms);
    return world.answer_len == 0;
}

// Keeps V3. Once an image has been judged it is selected, even when no client waits for the answer;
// the next client comes before that and changes nothing.
static void web_takes_all_or_nothing_of_an_upload_whose_client_is_gone(void)
{
    static const uint8_t next[] = "GET / HTTP/1.1\r\nHost: d\r\n\r\n";
    static uint8_t image[DEVICE_IMAGE_MAX];
    uint32_t len;
    uint32_t updates = 0;
    memcpy(image, device_image("2", 9000, &len), DEVICE_IMAGE_MAX);
    for (uint32_t steps = 0; leave_after(steps, image, len); steps++) {
        check_note("after %ld steps", (long)steps, 0);
        open_peer();
        (void)way().ops->feed(&web, ALOFT_WAY_ID_WEB, NULL, next, sizeof next - 1, world.now_ms);
        settle();
        CHECK(!world.peer);
        bool updated = selected() == 0;
        CHECK(updated || updates == 0);
        updates += updated;
        if (updated) {
            check_updated(image, len);
        } else {
            check_nothing_happened();
        }
    }
    check_state.note = NULL;
    CHECK(updates > 2);
}

static void web_lets_a_waiting_client_continue_only_when_it_is_let_in(void)
{
    uint32_t len;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    uint32_t n = build_form("x", image, len, "\r\n--X--\r\n");
    begin_form(n, "Expect: 100-continue\r\n");
    settle();
    CHECK_TEXT(world.answer, "HTTP/1.1 100 Continue\r\n\r\n");
    give(form, n);
    settle();
    CHECK(says("\r\n\r\nHTTP/1.1 200 OK\r\n"));
    check_updated(image, len);

    setup();
    open_peer();
    give_text("POST /update HTTP/1.1\r\nHost: d\r\nContent-Length: 9999\r\n" FORM_TYPE
              "Expect: 100-continue\r\n\r\n");
    settle();
    CHECK(memcmp(world.answer, "HTTP/1.1 401 ", 13) == 0);
    way().ops->closed(&web, ALOFT_WAY_ID_WEB, world.now_ms);
    settle();
    CHECK(!world.peer);
}

static void web_survives_power_cuts_at_every_operation_of_an_upload(void)
{
    uint32_t len;
    for (uint32_t op = 1;; op++) {
        setup();
        const uint8_t *image = device_image("2", 5000, &len);
        uint32_t n = build_form("firmware", image, len, "\r\n--X--\r\n");
        device.ram.fail_op = device.ram.ops + op; // nothing after it happens: see below
        begin_form(n, "");
        int steps = 0;
        uint32_t at = 0;
        while (world.peer && device.ram.ops < device.ram.fail_op && ++steps < STEPS_MAX) {
            uint32_t piece = n - at < 512 ? n - at : 512;
            at += piece == 0 ? 0
                             : way().ops->feed(&web, ALOFT_WAY_ID_WEB, NULL, (uint8_t *)form + at,
                                               piece, world.now_ms);
            turn();
        }
        bool cut = device.ram.ops >= device.ram.fail_op;
        check_note("cut at operation %ld", (long)op, 0);
        device.ram.fail_op = 0;
        int slot = selected();
        CHECK(slot == ALOFT_SLOT_FACTORY || slot == 0);
        if (slot == 0) {
            CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, len);
        }
        if (!cut) {
            settle();
            check_updated(image, len);
            CHECK(op > 50);
            break;
        }
        // the chip starts again, and takes the upload; when it was selected, it goes over it
        init_with(&verifier);
        upload_form("firmware", image, len, "\r\n--X--\r\n");
        check_updated(image, len);
    }
    check_state.note = NULL;
}

// ---- commands

static void web_boots_only_what_would_boot(void)
{
    setup();
    device_put_app(&device, 1, "5");
    ask("POST", "/api/boot", "Content-Length: 16\r\n", "{\"slot\":\"ota_0\"}");
    CHECK(says("HTTP/1.1 409 ") && says("\"error\":\"IMAGE_"));
    ask("POST", "/api/boot", "Content-Length: 16\r\n", "{\"slot\":\"ota_9\"}");
    CHECK(says("HTTP/1.1 404 ") && says("SLOT_UNKNOWN"));
    ask("POST", "/api/boot", "Content-Length: 2\r\n", "{}");
    CHECK(says("SLOT_UNKNOWN"));
    ask("POST", "/api/boot", "Content-Length: 0\r\n", "");
    CHECK(says("SLOT_UNKNOWN"));
    give_head("POST", "/api/boot", "Content-Length: 257\r\n");
    settle();
    CHECK(says("HTTP/1.1 413 "));
    way().ops->closed(&web, ALOFT_WAY_ID_WEB, world.now_ms);
    settle();
    check_nothing_happened();
    ask("POST", "/api/boot", "Content-Length: 20\r\n", "{ \"slot\" : \"ota_1\" }");
    CHECK_TEXT(body(), "{\"ok\":true,\"restarting\":true}\n");
    CHECK_EQ(selected(), 1);
    CHECK_EQ(world.state, ALOFT_WAY_RESTART);
    CHECK_TEXT(world.told, "boot ota_0 IMAGE_MAGIC; boot ota_9 SLOT_UNKNOWN; boot ota_1 OK; ");
}

static void web_has_a_route_for_each_command(void)
{
    setup();
    ask("POST", "/api/check", "Content-Length: 0\r\n", "");
    CHECK_TEXT(body(), "{\"ok\":true,\"restarting\":false}\n");
    CHECK(world.checked);
    ask("POST", "/api/confirm", "Content-Length: 0\r\n", "");
    CHECK(says("\"ok\":true"));
    ask("POST", "/api/rollback", "Content-Length: 0\r\n", "");
    CHECK(says("NO_ROLLBACK"));
    ask("GET", "/api/rollback", "", "");
    CHECK(says("HTTP/1.1 405 ") && says("Allow: "));
    ask("POST", "/api/status", "Content-Length: 0\r\n", "");
    CHECK(says("HTTP/1.1 405 "));
    ask("POST", "/api/bootx", "Content-Length: 0\r\n", "");
    CHECK(says("HTTP/1.1 404 "));
    ask("GET", "/favicon.ico", "", "");
    CHECK(says("HTTP/1.1 404 "));
    check_nothing_happened();
    ask("POST", "/api/factory?x", "Content-Length: 0\r\n", "");
    CHECK(says("\"restarting\":true"));
    CHECK_EQ(world.state, ALOFT_WAY_RESTART);
    setup();
    ask("POST", "/api/restart", "Content-Length: 0\r\n", "");
    CHECK(says("\"restarting\":true"));
    CHECK_EQ(world.state, ALOFT_WAY_RESTART);
    CHECK_TEXT(world.told, "restart  OK; ");
}

// The client may be gone before it hears: what was asked for happens all the same.
static void web_finishes_a_command_for_a_client_that_is_gone(void)
{
    setup();
    device_put_app(&device, 1, "5");
    give_head("POST", "/api/boot", "Content-Length: 16\r\n");
    (void)way().ops->feed(&web, ALOFT_WAY_ID_WEB, NULL, (const uint8_t *)"{\"slot\":\"ota_1\"}", 16,
                          world.now_ms);
    world.peer = false;
    way().ops->failed(&web, ALOFT_WAY_ID_WEB, ALOFT_ERR_NET_RESET, world.now_ms);
    settle();
    CHECK_EQ(selected(), 1);
    CHECK_EQ(world.state, ALOFT_WAY_RESTART);
}

static void web_tells_its_status(void)
{
    setup();
    device_put_app(&device, 1, "5\"\\\n");
    device_put_record(&device, 0, 2, ALOFT_OTA_VALID, true);
    world.now_ms = 12345;
    ask("GET", "/api/status", "", "");
    CHECK(says("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"));
    CHECK(says("{\"device\":\"aloft-1\",\"project\":\"old\",\"version\":\"1\","
               "\"running\":\"factory\",\"reset_reason\":\"power\",\"uptime_s\":12,"
               "\"update\":{\"busy\":false,\"received\":0,\"last_error\":\"\"},"
               "\"otadata\":[{\"seq\":2,\"state\":\"VALID\"},null],\"slots\":["));
    CHECK(says("{\"name\":\"factory\",\"address\":65536,\"size\":65536,\"running\":true,"
               "\"selected\":false,\"state\":\"\",\"image\":true,"));
    CHECK(says("\"name\":\"ota_0\",\"address\":131072,\"size\":98304,\"running\":false,"
               "\"selected\":false,\"state\":\"\",\"image\":false,"
               "\"project\":\"\",\"version\":\"\"},"));
    CHECK(says("\"selected\":true,\"state\":\"VALID\",\"image\":true,"));
    CHECK(says("\"version\":\"5\\\"\\\\?\"}]}\n"));
}

static void web_gives_the_page_and_only_its_head_to_head(void)
{
    setup();
    ask("GET", "/", "", "");
    CHECK(says("Content-Encoding: gzip\r\n") && says("Content-Length:      8\r\n"));
    CHECK_BYTES(body(), page, sizeof page);
    ask("HEAD", "/update", "", "");
    CHECK(says("Content-Length:      8\r\n"));
    CHECK_TEXT(body(), "");
    ask("HEAD", "/api/status", "", "");
    CHECK(says("HTTP/1.1 200 OK\r\n"));
    CHECK_TEXT(body(), "");
}

// ---- who is let in

static void web_is_off_without_a_verifier(void)
{
    static const struct aloft_webui_verifier empty = {.md5 = ""};
    device_two_ota(&device);
    init_with(&empty);
    CHECK(!world.listening);
    init_with(NULL);
    world.now_ms += 100000000u;
    settle();
    CHECK(!world.listening);
    CHECK_EQ(world.state, ALOFT_WAY_WAIT);
}

static void web_challenges_everybody_who_has_no_password(void)
{
    static const char *const targets[] = {"GET /", "GET /api/status", "POST /api/boot",
                                          "POST /update", "GET /nothing"};
    setup();
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char text[200];
        open_peer();
        snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n",
                 targets[i]);
        give_text(text);
        settle();
        CHECK(says("HTTP/1.1 401 Refused\r\n"));
        CHECK(says("WWW-Authenticate: Digest realm=\"aloft-1\", qop=\"auth\", algorithm=SHA-256, "
                   "nonce=\""));
        CHECK(says("WWW-Authenticate: Digest realm=\"aloft-1\", qop=\"auth\", algorithm=MD5, "));
        CHECK(!says("stale") && says("WEB_UNAUTHORIZED"));
        CHECK(!world.peer);
    }
    check_nothing_happened();
}

static void give_password(const char *password)
{
    char text[2048];
    open_peer();
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: d\r\n%s\r\n",
             credentials("GET", "/", password));
    give_text(text);
    settle();
}

// Five wrong passwords of a stranger once kept everybody out, for up to 16 min. Now each waits for
// its turn: one guess in 2 s is judged, and whoever comes next is next, the owner as well.
static void web_lets_the_owner_in_while_a_stranger_guesses(void)
{
    setup();
    for (uint32_t i = 0; i < ALOFT_WEBUI_TRIES; i++) {
        give_password("no");
        CHECK(says("HTTP/1.1 401 "));
    }
    CHECK_EQ(world.now_ms, 0);
    for (uint32_t i = 1; i <= 100; i++) {
        give_password("no");
        CHECK(says("HTTP/1.1 401 "));
        CHECK_EQ(world.now_ms, i * ALOFT_WEBUI_TRY_MS); // keeps A2
    }
    uint32_t then = world.now_ms;
    give_password("pw");
    CHECK(says("HTTP/1.1 200 "));
    CHECK_EQ(world.now_ms - then, ALOFT_WEBUI_TRY_MS);
    give_password("pw");
    CHECK(says("HTTP/1.1 200 "));
    CHECK_EQ(world.now_ms - then, ALOFT_WEBUI_TRY_MS); // a right one uses up no turn
}

// A client that waits and disconnects meanwhile is no longer waited for.
static void web_forgets_a_client_that_hangs_up_while_it_waits(void)
{
    setup();
    for (uint32_t i = 0; i < ALOFT_WEBUI_TRIES; i++) {
        give_password("no");
    }
    open_peer();
    const char *text = "GET / HTTP/1.1\r\nAuthorization: Digest realm=\"aloft-1\"\r\n";
    CHECK_EQ(way().ops->feed(&web, ALOFT_WAY_ID_WEB, NULL, (const uint8_t *)text,
                             (uint32_t)strlen(text), world.now_ms),
             (uint32_t)strlen(text));
    settle();
    CHECK(world.peer && way().ops->deadline(&web) == world.now_ms + ALOFT_WEBUI_TRY_MS);
    way().ops->closed(&web, ALOFT_WAY_ID_WEB, world.now_ms);
    settle();
    CHECK(!world.peer);
    give_password("pw");
    CHECK(says("HTTP/1.1 200 "));
}

// The limit on guesses was there again when the clock, 49.7 days later, had wrapped.
static void web_does_not_limit_again_when_the_clock_wraps(void)
{
    setup();
    for (uint32_t i = 0; i < ALOFT_WEBUI_TRIES; i++) {
        give_password("no");
    }
    uint32_t then = world.now_ms;
    for (uint64_t ms = 0; ms < 0x100000000u; ms += 3000000) { // a port steps at each deadline
        world.now_ms += 3000000;
        settle();
    }
    world.now_ms = then + 1;
    give_password("pw");
    CHECK(says("HTTP/1.1 200 "));
    CHECK(world.now_ms <= then + 1 + ALOFT_WEBUI_TRY_MS);
}

static void web_refuses_the_pages_of_other_sites(void)
{
    setup();
    ask("POST", "/api/restart", "Origin: http://evil\r\nContent-Length: 0\r\n", "");
    CHECK(says("HTTP/1.1 403 Refused\r\n") && says("WEB_ORIGIN"));
    check_nothing_happened();
    ask("POST", "/api/restart", "Origin: http://d\r\nContent-Length: 0\r\n", "");
    CHECK(says("HTTP/1.1 200 "));
}

static void web_gives_up_a_client_that_stops(void)
{
    setup();
    open_peer();
    give_text("GET / HTTP/1.1\r\n");
    world.now_ms += ALOFT_WEB_HEADERS_MS - 1; // a byte now and then does not help
    give_text("X");
    settle();
    CHECK(world.peer);
    world.now_ms++;
    settle();
    CHECK(!world.peer);
    ask("GET", "/", "", "");
    CHECK(says("HTTP/1.1 200 "));
}

// A browser opens connections ahead of need. One that was never used kept everybody out for 10 s.
static void web_does_not_wait_long_for_a_client_that_never_begins(void)
{
    setup();
    open_peer();
    world.now_ms += ALOFT_WEB_BEGIN_MS - 1;
    settle();
    CHECK(world.peer);
    world.now_ms++;
    settle();
    CHECK(!world.peer);
    open_peer();
    give_text("G");
    world.now_ms += ALOFT_WEB_HEADERS_MS - 1; // once it has begun it has all the time
    settle();
    CHECK(world.peer);
}

static void web_listens_again_after_its_port_was_taken(void)
{
    setup();
    world.listening = false;
    way().ops->failed(&web, ALOFT_WAY_ID_WEB, ALOFT_ERR_NET_REFUSED, world.now_ms);
    world.now_ms += ALOFT_WEB_LISTEN_MS - 1;
    settle();
    CHECK(!world.listening);
    CHECK_EQ(way().ops->deadline(&web), world.now_ms + 1);
    world.now_ms++;
    settle();
    CHECK(world.listening);
}

static void web_refuses_malformed_requests(void)
{
    setup();
    open_peer();
    give_text("\x16\x03\x01 TLS\r\n");
    settle();
    CHECK(says("HTTP/1.1 400 Refused\r\n") && says("WEB_REQUEST"));
    way().ops->closed(&web, ALOFT_WAY_ID_WEB, world.now_ms);
    settle();
    CHECK(!world.peer);
    check_nothing_happened();
}

DEVICE_MAIN(TEST(web_takes_an_upload_in_each_dialect),
            TEST(web_tells_why_an_upload_is_refused_in_each_dialect),
            TEST(web_refuses_forms_that_hold_not_exactly_one_whole_file),
            TEST(web_refuses_an_upload_larger_than_the_slot_by_its_header),
            TEST(web_never_mixes_an_upload_with_one_that_was_cut_short),
            TEST(web_waits_for_flash_however_much_follows_an_upload),
            TEST(web_refuses_an_upload_while_another_way_has_the_turn),
            TEST(web_lets_a_waiting_client_continue_only_when_it_is_let_in),
            TEST(web_survives_power_cuts_at_every_operation_of_an_upload),
            TEST(web_boots_only_what_would_boot), TEST(web_has_a_route_for_each_command),
            TEST(web_finishes_a_command_for_a_client_that_is_gone),
            TEST(web_takes_all_or_nothing_of_an_upload_whose_client_is_gone),
            TEST(web_tells_its_status), TEST(web_gives_the_page_and_only_its_head_to_head),
            TEST(web_is_off_without_a_verifier), TEST(web_challenges_everybody_who_has_no_password),
            TEST(web_lets_the_owner_in_while_a_stranger_guesses),
            TEST(web_forgets_a_client_that_hangs_up_while_it_waits),
            TEST(web_does_not_limit_again_when_the_clock_wraps),
            TEST(web_refuses_the_pages_of_other_sites), TEST(web_gives_up_a_client_that_stops),
            TEST(web_does_not_wait_long_for_a_client_that_never_begins),
            TEST(web_listens_again_after_its_port_was_taken), TEST(web_refuses_malformed_requests))
