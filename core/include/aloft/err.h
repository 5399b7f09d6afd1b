// The one list of faults. A fault has a name, a number that never changes, a class, and a sentence
// for a person. 0 is success. The numbers travel in logs, in server feedback and in scripts, so the
// list is append-only: a new fault takes the next unused number, whatever its class. -115 was one
// (WEB_LOCKED, which locked the owner out with the guesser).
//
// Numbers have no order: code that asks for more than one fault asks for its class, with
// aloft_err_class or aloft_err_is. What a class means to the caller is in ALOFT_ERR_CLASS_LIST.
//
// The enum comes from here; names and sentences live in core/base/err_text.c, which a port may
// leave out when it has no console.
#ifndef ALOFT_ERR_H
#define ALOFT_ERR_H

#include "aloft/base/assert.h"
#include <stdbool.h>

// clang-format off
// What a fault is about, and so what the caller can do.
#define ALOFT_ERR_CLASS_LIST(X)                                                                    \
    X(NONE, "no fault, or a number that is not in the list")                                       \
    X(MISUSE, "a bug in the caller")                                                               \
    X(CRYPTO, "the crypto library or its hardware failed")                                         \
    X(FLASH, "the flash chip failed, or an access lies outside it")                                \
    X(TABLE, "the partition table is damaged, or lacks what is needed")                            \
    X(SLOT, "otadata or the running app stands in the way")                                        \
    X(IMAGE, "the image is damaged, or not for this device")                                       \
    X(SIGNATURE, "the signature is missing, wrong, or of a key that does not count")               \
    X(RULE, "a sound image that a rule of the device's owner refuses")                             \
    X(URL, "the URL cannot be used")                                                               \
    X(SERVER, "the server's answer; the next try gets the same")                                   \
    X(TRANSIENT, "link, server or another update; the next try may succeed")                       \
    X(LINK, "no safe link, or no time left; the next try gets the same")                           \
    X(REQUEST, "a push, an upload or a command that cannot be carried out")                        \
    X(NVS, "the key-value store")                                                                  \
    X(EFUSE, "the eFuse bits")

// What a bootloader may meet: flash, table, otadata, image, signature.
#define ALOFT_ERR_BOOT_LIST(X)                                                                     \
    X(OK, 0, NONE, "Done")                                                                         \
    X(ARG, -1, MISUSE,                                                                             \
      "The call was given something its header forbids; this is a bug in the caller")              \
    X(STATE, -2, MISUSE,                                                                           \
      "The call came in a state where it is not allowed; this is a bug in the caller")             \
    X(CRYPTO, -3, CRYPTO, "The crypto library reported a failure")                                 \
    X(FLASH_RANGE, -10, FLASH, "The access lies outside the partition or the flash chip")          \
    X(FLASH_READ, -11, FLASH, "The flash chip failed a read")                                      \
    X(FLASH_PROG, -12, FLASH, "The flash chip failed a program; the sector may be worn out")       \
    X(FLASH_ERASE, -13, FLASH, "The flash chip failed an erase; the sector may be worn out")       \
    X(FLASH_VERIFY, -14, FLASH, "What was read back from flash is not what was programmed")        \
    X(PTABLE_MAGIC, -20, TABLE,                                                                    \
      "A row of the partition table is not a partition; flash a table first")                     \
    X(PTABLE_MD5, -21, TABLE, "The partition table does not match its own MD5; flash it again")    \
    X(PTABLE_END, -22, TABLE, "The partition table has no end marker")                             \
    X(PTABLE_RANGE, -23, TABLE, "A partition reaches beyond the end of the flash chip")            \
    X(PTABLE_EMPTY, -24, TABLE, "There is no partition table here; flash one first")               \
    X(PTABLE_OVERLAP, -25, TABLE, "Two partitions overlap; build the table again")                 \
    X(PTABLE_ALIGN, -26, TABLE,                                                                    \
      "A partition is misaligned: apps start at 64 KiB, the rest at 4 KiB")                        \
    X(PTABLE_GAP, -27, TABLE, "Each slot must be there once, and ota_0, ota_1, ... without a gap") \
    X(NO_OTA_SLOT, -30, TABLE, "No OTA partition to update into; use a table such as two_ota")     \
    X(NO_OTADATA, -31, TABLE, "The table has no otadata partition; use one such as two_ota")       \
    X(OTADATA_SIZE, -32, TABLE, "The otadata partition must be 8 KiB")                             \
    X(SLOT_RUNNING, -33, SLOT, "The slot holds the running app and cannot be written")             \
    X(SLOT_UNKNOWN, -34, TABLE, "The partition table has no such slot")                            \
    X(ON_TRIAL, -35, SLOT, "The running app is on trial; confirm it before the next update")       \
    X(NOT_SELECTED, -36, SLOT, "The running app is not the one that otadata selects")              \
    X(NO_ROLLBACK, -37, SLOT, "There is no other good app to roll back to")                        \
    X(IMAGE_MAGIC, -40, IMAGE, "Not an app image: it does not start with E9")                      \
    X(IMAGE_CHIP, -41, IMAGE, "The image is for another chip")                                     \
    X(IMAGE_REVISION, -42, IMAGE, "The image does not run on this chip revision")                  \
    X(IMAGE_SEGMENTS, -43, IMAGE, "The image has no segments, or more than 16")                    \
    X(IMAGE_SEGMENT, -44, IMAGE, "The image has a segment of an impossible length or address")     \
    X(IMAGE_TOO_LARGE, -45, IMAGE, "The image does not fit its slot")                              \
    X(IMAGE_TRUNCATED, -46, IMAGE, "The image ends before its last byte")                          \
    X(IMAGE_CHECKSUM, -47, IMAGE, "The image's checksum is wrong; it is corrupt")                  \
    X(IMAGE_HASH, -48, IMAGE, "The image's SHA-256 is wrong; it is corrupt")                       \
    X(IMAGE_TRAILING, -49, IMAGE, "Something follows the image; an artifact is exactly one image") \
    X(IMAGE_FOREIGN, -50, IMAGE, "The image has no code for this board (no native segment)")       \
    X(IMAGE_EMPTY, -51, IMAGE, "There is no image: nothing was received")                          \
    X(SAME_VERSION, -52, RULE, "The offered image is the version that is running")                 \
    X(TRIAL_FAILED, -53, RULE, "This release failed its trial on this device; offer another")      \
    X(TRIAL_POWER, -188, RULE,                                                                     \
      "Power was lost in both of the last trials of this release; it is tried again later")        \
    X(SIGNATURE_MISSING, -140, SIGNATURE,                                                          \
      "The image is not signed; this device takes signed images only")                             \
    X(SIGNATURE_KEY, -141, SIGNATURE,                                                              \
      "The image is signed with a key that this device does not trust")                            \
    X(SIGNATURE_OLD_KEY, -142, SIGNATURE,                                                          \
      "The image is signed only with keys that this device has revoked")                           \
    X(SIGNATURE_IMAGE, -143, SIGNATURE,                                                            \
      "The signature is of another image, or the image was changed since")                         \
    X(SIGNATURE_BAD, -144, SIGNATURE,                                                              \
      "The signature is forged or damaged: its key did not make it")                               \
    X(SIGNATURE_CURVE, -145, SIGNATURE,                                                            \
      "The signature uses P-192 or P-384; sign with RSA-3072 or P-256")                            \
    X(SIGNATURE_BLOCK, -146, SIGNATURE, "The signature block is damaged; sign the image again")    \
    X(SIGNATURE_SECTOR, -147, SIGNATURE, "Besides its blocks, the signature sector is not blank")  \
    X(IMAGE_SECURE_VERSION, -148, RULE,                                                            \
      "The image's security version is below what this device allows")                             \
    X(IMAGE_PROJECT, -149, RULE, "The image is of another project than the app that runs")         \
    X(IMAGE_NOT_APP, -54, IMAGE, "A bootloader, not an app: nothing of it is mapped from flash")

// What only an app may meet: network, ways, NVS.
#define ALOFT_ERR_APP_LIST(X)                                                                      \
    X(URL_SYNTAX, -60, URL, "The URL is malformed")                                                \
    X(URL_SCHEME, -61, URL, "The URL is not http or https")                                        \
    X(URL_TOO_LONG, -62, URL, "The URL is longer than this device has room for")                   \
    X(HTTP_SYNTAX, -70, SERVER, "The server's answer is not HTTP; is it the port of https?")       \
    X(HTTP_HEADER_LIMIT, -71, SERVER, "The server's headers are longer than 16 KiB")               \
    X(HTTP_BODY_LIMIT, -72, SERVER, "The server offers more bytes than the slot has")              \
    X(HTTP_FRAMING, -73, SERVER, "The server's answer contradicts itself about its length")        \
    X(HTTP_ENCODING, -74, SERVER,                                                                  \
      "The server compressed or encoded the file; let it send it as it is")                        \
    X(HTTP_SHORT, -75, TRANSIENT, "The connection ended before the promised length")               \
    X(HTTP_LONG, -76, SERVER, "The server sent more than the promised length")                     \
    X(HTTP_REDIRECT_LIMIT, -77, SERVER, "Too many redirects")                                      \
    X(HTTP_REDIRECT_LOOP, -78, SERVER, "The redirects go round in a circle")                       \
    X(HTTP_REDIRECT_TARGET, -79, SERVER, "The redirect does not say where to go")                  \
    X(HTTP_NOT_MODIFIED, -80, SERVER, "The server says that nothing has changed (304)")            \
    X(HTTP_UNAUTHORIZED, -81, SERVER, "The server wants credentials (401)")                        \
    X(HTTP_FORBIDDEN, -82, SERVER, "The server refuses this file (403)")                           \
    X(HTTP_NOT_FOUND, -83, SERVER, "The server has no such file (404)")                            \
    X(HTTP_CLIENT_ERROR, -84, SERVER, "The server refuses the request (4xx)")                      \
    X(HTTP_SERVER_ERROR, -85, TRANSIENT, "The server failed (5xx)")                                \
    X(HTTP_STATUS, -86, SERVER, "The server answered with a status that makes no sense here")      \
    X(HTTP_REDIRECT_INSECURE, -87, SERVER,                                                         \
      "The redirect leads from https to http; it is not followed")                                 \
    X(HTTP_MD5, -88, SERVER, "The file is not the one that the server announced (x-MD5)")          \
    X(NET_BUSY, -89, TRANSIENT, "Another update or command is under way; try again later")         \
    X(NET_DNS, -90, TRANSIENT, "The server's name cannot be resolved")                             \
    X(NET_REFUSED, -91, TRANSIENT, "The server refuses the connection")                            \
    X(NET_UNREACHABLE, -92, TRANSIENT, "The server cannot be reached")                             \
    X(NET_RESET, -93, TRANSIENT, "The connection broke")                                           \
    X(NET_TLS, -94, TRANSIENT, "What answers there does not speak TLS; is it the port of http?")   \
    X(NET_CONNECT_TIMEOUT, -95, TRANSIENT, "The connection was not made in time")                  \
    X(NET_IDLE_TIMEOUT, -96, TRANSIENT, "The server sent nothing for too long")                    \
    X(NET_TOTAL_TIMEOUT, -97, LINK, "The download took too long as a whole")                       \
    X(NET_TOO_SLOW, -98, TRANSIENT, "The server sends too slowly; the connection is given up")     \
    X(HTTP_RANGE, -99, SERVER,                                                                     \
      "The server sent another part, or of another file, than was asked for")                      \
    X(PUSH_MD5, -100, REQUEST, "What arrived is not what was announced (MD5)")                     \
    X(PUSH_AUTH, -101, REQUEST, "The sender of the push does not know the password")               \
    X(PUSH_TIMEOUT, -102, REQUEST, "The sender of the push said nothing for too long")             \
    X(PUSH_CLOSED, -103, REQUEST, "The sender of the push went away before its last byte")         \
    X(PUSH_CONNECT, -104, REQUEST, "The sender of the push cannot be reached; open its firewall")  \
    X(PUSH_COMMAND, -105, REQUEST, "The push is neither firmware (0) nor files (100)")             \
    X(PUSH_NO_FILES, -106, TABLE, "No spiffs, littlefs or fat partition to push files into")       \
    X(PUSH_SYNTAX, -107, REQUEST,                                                                  \
      "What came to the push port is not an invitation; it is ignored")                            \
    X(PUSH_FILES_SIZE, -108, REQUEST, "The files do not fit their partition")                      \
    X(PUSH_OLD_SENDER, -109, REQUEST,                                                              \
      "The sender proves by MD5, not SHA-256; update it, or set MD5 here")                         \
    X(WEB_REQUEST, -110, REQUEST, "The request is malformed, or has no length")                    \
    X(WEB_TOO_LARGE, -111, REQUEST, "The request is longer than this device takes")                \
    X(WEB_NOT_FOUND, -112, REQUEST, "There is no such page on this device")                        \
    X(WEB_METHOD, -113, REQUEST, "This page does not take this method")                            \
    X(WEB_ORIGIN, -114, REQUEST,                                                                   \
      "The request comes from a page of another site; open the device's own")                      \
    X(WEB_UNAUTHORIZED, -116, REQUEST, "Name or password is missing or wrong")                     \
    X(WEB_FORM, -117, REQUEST, "The upload is not whole, or holds not exactly one file")           \
    X(WEB_FILESYSTEM, -118, REQUEST, "Only firmware can be uploaded, no file system")              \
    X(CONTROL_COMMAND, -119, REQUEST, "There is no such command on this device")                   \
    X(NVS_SIZE, -120, NVS,                                                                         \
      "NVS is sectors of 4 KiB: one is enough to read, three are needed to write")                 \
    X(NVS_VERSION, -121, NVS, "NVS was written by a newer ESP-IDF than this can read")             \
    X(NVS_NOT_FOUND, -122, NVS, "NVS has no such key")                                             \
    X(NVS_TYPE, -123, NVS, "NVS has a value of another type under this key")                       \
    X(NVS_ROOM, -124, NVS, "The value in NVS is longer than the room for it")                      \
    X(NVS_NAME, -125, NVS, "Keys and namespaces of NVS have 1 to 15 bytes")                        \
    X(NVS_LEN, -126, NVS, "The value is too long for NVS: 4,000 bytes, or 4,000 a page for a blob")\
    X(NVS_FULL, -127, NVS, "NVS is full; erase keys, or give it a larger partition")               \
    X(NVS_CORRUPT, -128, NVS, "The value in NVS is corrupt; set it again")                         \
    X(NO_NVS, -129, TABLE, "The table has no such NVS partition; use a table such as two_ota")     \
    X(NVS_UNREADABLE, -130, NVS, "NVS has entries that cannot be read: encrypted, or damaged")     \
    X(TLS_NO_TRUST, -150, LINK,                                                                    \
      "https needs a CA or a pinned key, and none can be read; set ca or pin")                     \
    X(TLS_EXPIRED, -151, LINK, "The server's certificate has expired; renew it on the server")     \
    X(TLS_FUTURE, -152, LINK, "The server's certificate is not valid yet; is this clock right?")   \
    X(TLS_HOST, -153, LINK,                                                                        \
      "The server's certificate is for other hosts; use one of them in the URL")                   \
    X(TLS_UNTRUSTED, -154, LINK,                                                                   \
      "No trusted CA signed the server's certificate, or not for a server")                        \
    X(TLS_PIN, -155, LINK, "The server's key is none of the pinned ones; if it is right, pin it")  \
    X(TLS_OLD_PIN, -156, LINK,                                                                     \
      "The server uses a key that is listed as revoked; give it a new one")                        \
    X(TLS_VERSION, -157, LINK,                                                                     \
      "No safe TLS in common; let the server offer TLS 1.2 with ECDHE, AES-GCM")                   \
    X(TLS_HANDSHAKE, -158, LINK,                                                                   \
      "The TLS handshake failed: an error of the server, or changed bytes")                        \
    X(TLS_CUT, -159, TRANSIENT,                                                                    \
      "TLS was cut or disturbed, so what came may be incomplete; try again")                       \
    X(TLS_CLIENT, -171, LINK,                                                                      \
      "The server wants a certificate of its client; a device has none, so let it not")            \
    X(ENC_HEADER, -160, IMAGE,                                                                     \
      "The header of the encrypted image is damaged, or of an unknown format")                     \
    X(ENC_KEY, -161, IMAGE, "The encrypted image does not open: made for another key, or damaged") \
    X(ENC_TAG, -162, IMAGE,                                                                        \
      "The encrypted image is corrupt, or made for another key (its tag is wrong)")                \
    X(ENC_NO_KEY, -163, RULE, "The image is encrypted, and this device has no key for it")         \
    X(ENC_REQUIRED, -164, RULE,                                                                    \
      "The image is not encrypted; this device takes only encrypted ones")                         \
    X(ENC_ECC, -165, IMAGE, "The image is encrypted with ECIES-P256; encrypt it for RSA-3072")     \
    X(ENC_LENGTH, -166, IMAGE,                                                                     \
      "The encrypted image is not as long as its header says; make it again")                      \
    X(IMAGE_OLDER, -170, RULE,                                                                     \
      "The image is older than the app that runs; this device takes no such")                      \
    X(EFUSE_BURN, -180, EFUSE,                                                                     \
      "The eFuse bits were not burned; burn again, it goes on where it was")                       \
    X(EFUSE_PROTECTED, -181, EFUSE, "The eFuse bits are write-protected: they stay as they are")   \
    X(EFUSE_FULL, -182, EFUSE, "No eFuse key block is free; each can be burned only once")         \
    X(EFUSE_BURNED, -183, EFUSE, "The digest slot holds another key already; use another slot")    \
    X(EFUSE_OLD_KEY, -184, EFUSE, "The digest slot is revoked for ever; use another slot")         \
    X(EFUSE_NO_KEY, -185, EFUSE, "No key digest that is not revoked is burned; burn one first")    \
    X(EFUSE_VERSION, -186, EFUSE, "The eFuse counts security versions up to 16")                   \
    X(EFUSE_READ, -187, EFUSE, "The eFuse cannot be read")                                         \
    X(APP_VETO, -189, RULE, "The running app does not want an update now; it is asked again later")

#define ALOFT_ERR_LIST(X) ALOFT_ERR_BOOT_LIST(X) ALOFT_ERR_APP_LIST(X)
// clang-format on

enum aloft_err {
#define ALOFT_ERR_ENUM(name, number, class, sentence) ALOFT_ERR_##name = number,
    ALOFT_ERR_LIST(ALOFT_ERR_ENUM)
#undef ALOFT_ERR_ENUM
        ALOFT_OK = 0
};

enum aloft_err_class {
#define ALOFT_ERR_CLASS_ENUM(name, meaning) ALOFT_ERR_CLASS_##name,
    ALOFT_ERR_CLASS_LIST(ALOFT_ERR_CLASS_ENUM)
#undef ALOFT_ERR_CLASS_ENUM
};

// The fault's class. A number that is not in the list has class NONE.
enum aloft_err_class aloft_err_class(enum aloft_err err);

// Is the fault of this class? For device code: of a constant class, the compiler makes a few
// comparisons out of the list, where aloft_err_class needs a byte for each number.
__attribute__((always_inline)) static inline bool aloft_err_is(enum aloft_err err,
                                                               enum aloft_err_class kind)
{
#define ALOFT_ERR_IS(name, number, of, sentence)                                                   \
    || (kind == ALOFT_ERR_CLASS_##of && (int)err == (number))
    return false ALOFT_ERR_LIST(ALOFT_ERR_IS);
#undef ALOFT_ERR_IS
}

// What a machine that reaches flash says after one step. The fault of a failed machine is in its
// `err` field; a failed machine stays failed until it is begun again.
enum aloft_step { ALOFT_STEP_AGAIN, ALOFT_STEP_DONE, ALOFT_STEP_FAILED };

// The fault's stable name ("IMAGE_HASH") and its sentence. Never NULL; an unknown number is
// "UNKNOWN".
const char *aloft_err_name(enum aloft_err err);
const char *aloft_err_boot_name(enum aloft_err err); // of what a bootloader may meet; it is shorter
const char *aloft_err_sentence(enum aloft_err err);

#endif
