// A device that takes signed images only, from the update to the boot: what one of them refuses,
// the other refuses as well. The keys A, B (RSA-3072), P and Q (P-256) are signer.h's. Chips that
// encrypt see a share of the changed bytes, as verifying takes its time.
#include "check.h"
#include "device_boot.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "signer.h"
#include "whole.h"

enum { SECTOR = ALOFT_SIGBLOCK_SECTOR, EXTRA = 600 };

static struct device device;
static struct aloft_boot boot;
static struct aloft_trust trust;
static uint8_t image[DEVICE_IMAGE_MAX + 2 * SECTOR];

// The board of these tests says nothing and keeps how much was loaded.
static uint32_t loaded;
static enum aloft_err fault; // the first fault that the bootloader met

static enum aloft_err load(void *ctx, const struct aloft_image *from, enum aloft_image_event event,
                           const uint8_t *data, uint32_t len)
{
    (void)ctx;
    (void)from;
    (void)event;
    (void)data;
    loaded += len;
    return ALOFT_OK;
}

static void unload(void *ctx)
{
    (void)ctx;
    loaded = 0;
    fault = fault == ALOFT_OK ? boot.err : fault;
}

// The slot that a reset leads to; NONE when nothing boots.
static int reset(void)
{
    static struct aloft_boot_port port;
    loaded = 0;
    fault = ALOFT_OK;
    port = device_boot_port(&device);
    port.load = load;
    port.unload = unload;
    return device_boot(&device, &boot, &port);
}

static struct aloft_engine engine;

// Writes the first `len` bytes of `image`, a length that the engine is not told.
static enum aloft_err receive(int running, uint32_t len)
{
    const struct aloft_engine_config config = device_config(&device, running, 0);
    return device_receive(&device, &engine, &config, image, len);
}

static enum aloft_err update(int running, uint32_t len)
{
    enum aloft_err err = receive(running, len);
    return err == ALOFT_OK ? device_select(&device, engine.target) : err;
}

static void confirm(int running)
{
    CHECK_EQ(device_confirm(&device, running), ALOFT_OK);
}

// A version, signed with the keys of these letters, in `image`. Returns its length.
static uint32_t release(const char *version, const char *keys)
{
    enum signer_key list[ALOFT_SIGBLOCK_MAX];
    uint32_t count = 0;
    uint32_t len;
    const uint8_t *bytes = device_image(version, EXTRA, &len);
    memcpy(image, bytes, len);
    for (; keys[count] != 0; count++) {
        list[count] = (enum signer_key)(strchr("ABPQ", keys[count]) - "ABPQ");
    }
    return count != 0 ? signer_sign(image, len, list, count) : len;
}

static uint8_t *slot_bytes(int slot)
{
    return device.ram.bytes + aloft_slots_extent(&device.slots, slot).addr;
}

static void put(int slot, const char *version, const char *keys)
{
    uint32_t len = release(version, keys);
    memset(slot_bytes(slot), 0xFF, 2 * SECTOR);
    memcpy(slot_bytes(slot), image, len);
}

// eFuses with the keys A and B; factory is signed with both.
static void fresh(void)
{
    device_two_ota(&device);
    signer_trust(&trust, (enum signer_key[]){SIGNER_A, SIGNER_B}, 2);
    device.rules.crypto = &aloft_mbed_signed_crypto;
    device.rules.trust = &trust;
    put(ALOFT_SLOT_FACTORY, "f", "AB");
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY);
}

static void a_signed_release_is_installed_and_boots(void)
{
    fresh();
    CHECK_EQ(update(ALOFT_SLOT_FACTORY, release("1", "A")), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_TEXT(boot.image.version, "1");
    CHECK_EQ(loaded, 256 + EXTRA);
    confirm(0);
    CHECK_EQ(update(0, release("2", "QB")), ALOFT_OK);
    CHECK_EQ(reset(), 1);
    CHECK_EQ(reset(), 0); // a trial that is not confirmed goes back
}

static void what_is_not_signed_for_this_device_is_refused_everywhere(void)
{
    static const struct {
        const char *keys;
        enum aloft_err err;
    } cases[] = {{"", ALOFT_ERR_SIGNATURE_MISSING},
                 {"P", ALOFT_ERR_SIGNATURE_KEY},
                 {"QPQ", ALOFT_ERR_SIGNATURE_KEY}};
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("case %ld", (long)i, 0);
        fresh();
        CHECK_EQ(update(ALOFT_SLOT_FACTORY, release("1", cases[i].keys)), cases[i].err);
        CHECK(*slot_bytes(0) != 0xE9); // no image is left there
        put(0, "1", cases[i].keys);    // as when flashed by cable
        CHECK_EQ(device_select(&device, 0), cases[i].err);
        device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
        CHECK_EQ(reset(), ALOFT_SLOT_FACTORY);
        CHECK_EQ(fault, cases[i].err);
        put(ALOFT_SLOT_FACTORY, "f", cases[i].keys);
        CHECK_EQ(reset(), ALOFT_SLOT_NONE);
        CHECK_EQ(fault, cases[i].err);
    }
}

// The fault to expect when a byte of the signature sector changes: in a block, or outside of the
// blocks.
static enum aloft_err fault_in_sector(uint32_t at)
{
    return at < 1200 ? ALOFT_ERR_SIGNATURE_BLOCK : ALOFT_ERR_SIGNATURE_SECTOR;
}

// A device that trusts this key, and a release of it in `image`, of which every byte is to change:
// one bit with RSA, all of them with P-256.
static uint32_t begin_flips(const char *key, uint8_t mask[8])
{
    fresh();
    signer_trust(&trust, (enum signer_key[]){SIGNER_A, SIGNER_P}, 2);
    for (uint32_t i = 0; i < 8; i++) {
        mask[i] = (uint8_t)(*key == 'A' ? 1u << i : 0xFF);
    }
    return release("1", key);
}

// The whole artifact, byte by byte. The bytes after the block's first 1,200 are in here, too.
static void no_byte_of_a_signed_image_may_change_on_its_way(void)
{
    static const char *const keys[] = {"A", "P"};
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t mask[8];
        uint32_t len = begin_flips(keys[i], mask);
        uint32_t rest = device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN);
        for (uint32_t at = 0; at < len; at += whole_or(5) * device_stride(13)) {
            image[at] ^= mask[at % 8];
            check_note("byte %ld of %ld", (long)at, (long)len);
            enum aloft_err err = receive(ALOFT_SLOT_FACTORY, len);
            CHECK(err != ALOFT_OK);
            CHECK(at < len - SECTOR || err == fault_in_sector(at - (len - SECTOR)));
            CHECK(*slot_bytes(0) != 0xE9);
            image[at] ^= mask[at % 8];
        }
        CHECK_EQ(device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN), rest);
        CHECK_EQ(update(ALOFT_SLOT_FACTORY, len), ALOFT_OK);
        CHECK_EQ(reset(), 0);
    }
}

static void no_byte_of_a_signed_image_may_change_in_flash(void)
{
    static const char *const keys[] = {"A", "P"};
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t mask[8];
        uint32_t len = begin_flips(keys[i], mask);
        memset(slot_bytes(ALOFT_SLOT_FACTORY), 0xFF, DEVICE_FACTORY_LEN);
        put(0, "1", keys[i]);
        device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true); // so that its fault is the first
        for (uint32_t at = 0; at < len; at += whole_or(5) * device_stride(13)) {
            slot_bytes(0)[at] ^= mask[at % 8];
            check_note("byte %ld of %ld", (long)at, (long)len);
            CHECK_EQ(reset(), ALOFT_SLOT_NONE);
            CHECK_EQ(loaded, 0);
            CHECK(at < len - SECTOR || fault == fault_in_sector(at - (len - SECTOR)));
            slot_bytes(0)[at] ^= mask[at % 8];
        }
        slot_bytes(0)[len] = 0; // behind the sector a slot may hold anything
        CHECK_EQ(reset(), 0);
    }
}

static void a_damaged_block_beside_a_good_one_does_no_harm(void)
{
    fresh();
    uint32_t len = release("1", "AB");
    image[len - SECTOR + 900] ^= 1;
    CHECK_EQ(update(ALOFT_SLOT_FACTORY, len), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    confirm(0);
    slot_bytes(0)[len - SECTOR + ALOFT_SIGBLOCK_LEN + 900] ^= 1; // now the other one, too
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY);
    CHECK_EQ(fault, ALOFT_ERR_SIGNATURE_BLOCK);
}

static void artifacts_that_are_not_whole_have_their_own_faults(void)
{
    fresh();
    uint32_t len = release("1", "A");
    CHECK_EQ(receive(ALOFT_SLOT_FACTORY, len - SECTOR), ALOFT_ERR_SIGNATURE_MISSING);
    CHECK_EQ(receive(ALOFT_SLOT_FACTORY, len - 1), ALOFT_ERR_IMAGE_TRUNCATED);
    CHECK_EQ(receive(ALOFT_SLOT_FACTORY, len - SECTOR + 1216), ALOFT_ERR_IMAGE_TRUNCATED);
    memset(image + len - SECTOR, 0xFF, SECTOR);
    CHECK_EQ(receive(ALOFT_SLOT_FACTORY, len), ALOFT_ERR_SIGNATURE_MISSING);
    len = release("1", "A");
    image[len] = 0xE7; // a second sector
    CHECK_EQ(receive(ALOFT_SLOT_FACTORY, len + 1), ALOFT_ERR_IMAGE_TRAILING);
    image[len - SECTOR + 3 * ALOFT_SIGBLOCK_LEN] = 0xE7; // a fourth block
    CHECK_EQ(receive(ALOFT_SLOT_FACTORY, len), ALOFT_ERR_SIGNATURE_SECTOR);
}

static void the_signature_of_another_release_does_not_fit(void)
{
    static uint8_t other[SECTOR];
    fresh();
    uint32_t len = release("1", "AB");
    memcpy(other, image + len - SECTOR, SECTOR);
    (void)release("2", "AB");
    memcpy(image + len - SECTOR, other, SECTOR);
    CHECK_EQ(update(ALOFT_SLOT_FACTORY, len), ALOFT_ERR_SIGNATURE_IMAGE);
    (void)release("2", "AB");
    memcpy(image + len - SECTOR, other, ALOFT_SIGBLOCK_LEN); // one block of it: B is still good
    CHECK_EQ(update(ALOFT_SLOT_FACTORY, len), ALOFT_OK);
    CHECK_EQ(reset(), 0);
}

// How a key is retired: the fleet runs A; a release that both have signed goes out; A is revoked;
// from then on B alone counts, also for the images that a device could go back to.
static void a_key_is_rotated_and_revoked_in_the_field(void)
{
    fresh();
    put(ALOFT_SLOT_FACTORY, "f", "A");
    CHECK_EQ(update(ALOFT_SLOT_FACTORY, release("1", "A")), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    confirm(0);

    CHECK_EQ(update(0, release("2", "AB")), ALOFT_OK);
    CHECK_EQ(reset(), 1);
    confirm(1);

    trust.revoked = 1; // A, by the app that B has signed as well
    CHECK_EQ(reset(), 1);
    CHECK_EQ(update(1, release("3", "A")), ALOFT_ERR_SIGNATURE_OLD_KEY);
    CHECK_EQ(reset(), 1);
    put(0, "1", "A");
    CHECK_EQ(device_select(&device, 0), ALOFT_ERR_SIGNATURE_OLD_KEY);
    CHECK_EQ(device_reject(&device, 1), ALOFT_ERR_NO_ROLLBACK); // A alone signed "1" and factory
    CHECK_EQ(reset(), 1);

    CHECK_EQ(update(1, release("3", "B")), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(device_reject(&device, 0), ALOFT_OK); // "2" is signed by B as well
    CHECK_EQ(reset(), 1);
    CHECK_EQ(update(1, release("4", "B")), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    confirm(0);
    slot_bytes(1)[40] ^= 1; // only factory, signed by A, is left to fall back to
    slot_bytes(0)[40] ^= 1;
    CHECK_EQ(reset(), ALOFT_SLOT_NONE);
    CHECK_EQ(fault, ALOFT_ERR_IMAGE_CHECKSUM); // the fault of the selected image
}

// A is revoked before an update with the new key: nothing that A signed boots any more. This is why
// a product must keep the order.
static void a_key_that_is_revoked_too_early_leaves_nothing_to_boot(void)
{
    fresh();
    put(ALOFT_SLOT_FACTORY, "f", "A");
    trust.revoked = 1;
    CHECK_EQ(reset(), ALOFT_SLOT_NONE);
    CHECK_EQ(fault, ALOFT_ERR_SIGNATURE_OLD_KEY);
}

// Without eFuses: the running app's keys say who may sign the next.
static void the_running_apps_keys_follow_from_update_to_update(void)
{
    static const struct {
        const char *keys;
        enum aloft_err err;
    } steps[] = {
        {"P", ALOFT_ERR_SIGNATURE_KEY},
        {"AP", ALOFT_ERR_SIGNATURE_KEY},
        {"AB", ALOFT_OK},
        {"B", ALOFT_OK},
        {"AB", ALOFT_ERR_SIGNATURE_KEY},
        {"A", ALOFT_ERR_SIGNATURE_KEY},
        {"B", ALOFT_OK},
    };
    int running = ALOFT_SLOT_FACTORY;
    fresh();
    for (uint32_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const char version[] = {(char)('1' + i), 0};
        struct aloft_flash_view view = aloft_slots_slot_view(&device.slots, running);
        check_note("step %ld", (long)i, 0);
        CHECK_EQ(aloft_trust_of_app(&trust, &aloft_mbed_signed_crypto, &view, boot.image.image_len),
                 ALOFT_OK);
        CHECK_EQ(update(running, release(version, steps[i].keys)), steps[i].err);
        device.rules.trust = NULL; // a bootloader of a device without secure boot
        running = reset();
        device.rules.trust = &trust;
        if (running >= 0) {
            confirm(running);
        }
    }
}

// A release of this security version in `image`; its SHA-256 and signature fit.
static uint32_t secured(const char *version, uint8_t secure_version)
{
    struct make_image make;
    const enum signer_key b = SIGNER_B;
    make_image_begin(&make, image, sizeof image);
    make_image_app(&make, version, "test", 256);
    make_image_secure(&make, secure_version);
    return signer_sign(image, make_image_end(&make), &b, 1);
}

static void put_secured(int slot, const char *version, uint8_t secure_version)
{
    uint32_t len = secured(version, secure_version);
    memcpy(slot_bytes(slot), image, len);
}

static void an_image_below_the_security_version_is_refused_everywhere(void)
{
    for (uint8_t version = 0; version < 6; version++) {
        enum aloft_err expected = version < 3 ? ALOFT_ERR_IMAGE_SECURE_VERSION : ALOFT_OK;
        check_note("security version %ld", version, 0);
        fresh();
        put_secured(ALOFT_SLOT_FACTORY, "f", 3);
        device.rules.secure_version = 3;
        uint32_t erases = device.ram.erases;
        CHECK_EQ(update(ALOFT_SLOT_FACTORY, secured("1", version)), expected);
        CHECK(expected == ALOFT_OK || device.ram.erases == erases); // refused by its head
        put_secured(0, "1", version);
        CHECK_EQ(device_select(&device, 0), expected);
        device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
        CHECK_EQ(reset(), expected == ALOFT_OK ? 0 : ALOFT_SLOT_FACTORY);
        CHECK_EQ(fault, expected);
    }
}

static void an_image_without_descriptor_has_security_version_0(void)
{
    struct make_image make;
    const enum signer_key b = SIGNER_B;
    fresh();
    make_image_begin(&make, image, sizeof image);
    make_image_segment(&make, 0x3F400020, NULL, 600);
    uint32_t len = signer_sign(image, make_image_end(&make), &b, 1);
    device.rules.secure_version = 1;
    CHECK_EQ(update(ALOFT_SLOT_FACTORY, len), ALOFT_ERR_IMAGE_SECURE_VERSION);
    device.rules.secure_version = 0;
    CHECK_EQ(update(ALOFT_SLOT_FACTORY, len), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    confirm(0);
    device.rules.secure_version = 1;
    put_secured(ALOFT_SLOT_FACTORY, "f", 1);
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY);
    CHECK_EQ(fault, ALOFT_ERR_IMAGE_SECURE_VERSION);
}

// The counter goes up when the app has confirmed itself: from then on there is no way back.
static void nothing_below_the_counter_is_something_to_roll_back_to(void)
{
    fresh();
    put_secured(ALOFT_SLOT_FACTORY, "f", 1);
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY);
    CHECK_EQ(update(ALOFT_SLOT_FACTORY, secured("1", 1)), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    confirm(0);
    CHECK_EQ(update(0, secured("2", 2)), ALOFT_OK);
    CHECK_EQ(reset(), 1);
    confirm(1);
    device.rules.secure_version = 2; // burned now
    CHECK_EQ(device_reject(&device, 1), ALOFT_ERR_NO_ROLLBACK);
    CHECK_EQ(reset(), 1);
    slot_bytes(1)[40] ^= 1;
    CHECK_EQ(reset(), ALOFT_SLOT_NONE);
    slot_bytes(1)[40] ^= 1;
    put_secured(ALOFT_SLOT_FACTORY, "f", 2); // factory may boot if it passes
    CHECK_EQ(device_reject(&device, 1), ALOFT_OK);
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY);
}

DEVICE_MAIN(TEST(a_signed_release_is_installed_and_boots),
            TEST(what_is_not_signed_for_this_device_is_refused_everywhere),
            TEST(no_byte_of_a_signed_image_may_change_on_its_way),
            TEST(no_byte_of_a_signed_image_may_change_in_flash),
            TEST(a_damaged_block_beside_a_good_one_does_no_harm),
            TEST(artifacts_that_are_not_whole_have_their_own_faults),
            TEST(the_signature_of_another_release_does_not_fit),
            TEST(a_key_is_rotated_and_revoked_in_the_field),
            TEST(a_key_that_is_revoked_too_early_leaves_nothing_to_boot),
            TEST(the_running_apps_keys_follow_from_update_to_update),
            TEST(an_image_below_the_security_version_is_refused_everywhere),
            TEST(an_image_without_descriptor_has_security_version_0),
            TEST(nothing_below_the_counter_is_something_to_roll_back_to))
