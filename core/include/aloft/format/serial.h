// Frames and packets of the serial protocol that the chips' ROM loader speaks, and after it the
// stub: what esptool sends to flash a chip, and what the chip answers. Bytes <-> packets, once for
// the virtual board and for the tool.
//
//   wire    C0 <body, with C0 sent as DB DC and DB as DB DD> C0                    (SLIP)
//   request  body = 00 op len16 check32 payload[len]
//   response body = 01 op len16 value32 data[len], whose last bytes are the status
//
// The stub also sends bodies that are no packets: its greeting OHAI, and flash content.
// Format: esptool docs/en/advanced-topics/serial-protocol.rst and esptool/loader.py;
// docs/SPEC.md, "Serial protocol".
#ifndef ALOFT_SERIAL_H
#define ALOFT_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

enum aloft_serial_op {
    ALOFT_SERIAL_FLASH_BEGIN = 0x02,
    ALOFT_SERIAL_FLASH_DATA = 0x03,
    ALOFT_SERIAL_FLASH_END = 0x04,
    ALOFT_SERIAL_MEM_BEGIN = 0x05,
    ALOFT_SERIAL_MEM_END = 0x06,
    ALOFT_SERIAL_MEM_DATA = 0x07,
    ALOFT_SERIAL_SYNC = 0x08,
    ALOFT_SERIAL_WRITE_REG = 0x09,
    ALOFT_SERIAL_READ_REG = 0x0A,
    ALOFT_SERIAL_SPI_SET_PARAMS = 0x0B,
    ALOFT_SERIAL_SPI_ATTACH = 0x0D,
    ALOFT_SERIAL_READ_FLASH_SLOW = 0x0E, // ROM only
    ALOFT_SERIAL_CHANGE_BAUD = 0x0F,
    ALOFT_SERIAL_DEFL_BEGIN = 0x10,
    ALOFT_SERIAL_DEFL_DATA = 0x11,
    ALOFT_SERIAL_DEFL_END = 0x12,
    ALOFT_SERIAL_FLASH_MD5 = 0x13,
    ALOFT_SERIAL_SECURITY_INFO = 0x14, // not in the ESP32's ROM
    ALOFT_SERIAL_ERASE_FLASH = 0xD0,   // this and all below: stub only
    ALOFT_SERIAL_ERASE_REGION = 0xD1,
    ALOFT_SERIAL_READ_FLASH = 0xD2,
    ALOFT_SERIAL_RUN_USER_CODE = 0xD3,
    ALOFT_SERIAL_FLASH_ENCRYPT = 0xD4, // as FLASH_DATA, but the chip encrypts what comes
};

// The second status byte, when the first says that the request failed.
enum aloft_serial_error {
    ALOFT_SERIAL_INVALID = 0x05, // ROM: unknown request, or its parts contradict each other
    ALOFT_SERIAL_FAILED = 0x06,
    ALOFT_SERIAL_BAD_CHECK = 0x07,
    ALOFT_SERIAL_FLASH_WRITE = 0x08,
    ALOFT_SERIAL_FLASH_READ = 0x09,
    ALOFT_SERIAL_READ_LENGTH = 0x0A,
    ALOFT_SERIAL_DEFLATE = 0x0B,
    ALOFT_SERIAL_STUB_LENGTH = 0xC0, // stub, from here on
    ALOFT_SERIAL_STUB_CHECK = 0xC1,
    ALOFT_SERIAL_STUB_BLOCK = 0xC2,
    ALOFT_SERIAL_STUB_COMMAND = 0xC3,
    ALOFT_SERIAL_STUB_SPI = 0xC4,
    ALOFT_SERIAL_STUB_UNLOCK = 0xC5,
    ALOFT_SERIAL_STUB_NO_FLASH_MODE = 0xC6,
    ALOFT_SERIAL_STUB_INFLATE = 0xC7,
    ALOFT_SERIAL_STUB_SHORT = 0xC8, // the stream ended before the promised size
    ALOFT_SERIAL_STUB_LONG = 0xC9,
    ALOFT_SERIAL_STUB_UNKNOWN = 0xFF,
};

#define ALOFT_SERIAL_HEADER      8u  // bytes of a packet before its payload
#define ALOFT_SERIAL_DATA_HEADER 16u // *_DATA: length, sequence, 0, 0, then the data
#define ALOFT_SERIAL_STATUS_ROM  4u  // status, error, 0, 0
#define ALOFT_SERIAL_STATUS_STUB 2u  // status, error
#define ALOFT_SERIAL_SYNC_LEN    36u // 07 07 12 20, 32 times 55
#define ALOFT_SERIAL_PAYLOAD_MAX 0xFFFFu
#define ALOFT_SERIAL_BODY_MAX    (ALOFT_SERIAL_HEADER + ALOFT_SERIAL_PAYLOAD_MAX)

// Bytes of a frame in the worst case: each escaped, and the two marks.
#define ALOFT_SERIAL_FRAME_MAX(body_len) (2u * (body_len) + 2u)

enum aloft_serial_direction { ALOFT_SERIAL_REQUEST = 0, ALOFT_SERIAL_RESPONSE = 1 };

struct aloft_serial_packet {
    uint8_t direction; // enum aloft_serial_direction
    uint8_t op;        // any byte
    uint16_t len;      // of payload
    uint32_t value;    // request: checksum of data; response: READ_REG's result
    const uint8_t *payload;
};

// --- from the wire

// Collects the body of one frame in the caller's buffer. C0 only separates: what came before a
// frame, console text say, is a body of its own that parses as no packet, and a lost C0 costs at
// most the two frames beside it.
struct aloft_serial_reader {
    uint8_t *body;
    uint32_t cap;
    uint32_t len;  // valid from a true of feed until the next feed
    bool escaped;  // DB was seen
    bool skipping; // the body is broken or too long: pass over it
    bool ended;    // the last byte completed a body
};

void aloft_serial_reader_init(struct aloft_serial_reader *reader, uint8_t *body, uint32_t cap);

// True when this byte completed a body: reader->body, reader->len, which is at least 1. Bodies that
// are longer than cap or have a wrong escape are left out.
bool aloft_serial_feed(struct aloft_serial_reader *reader, uint8_t byte);

// False when the body is no packet: shorter than its head, another direction than 0 or 1, or its
// length field is not what came. The payload points into the body.
bool aloft_serial_parse(const uint8_t *body, uint32_t len, struct aloft_serial_packet *out);

// --- to the wire

// One frame around any body. Returns its length; 0 when out is too small.
uint32_t aloft_serial_frame(const uint8_t *body, uint32_t len, uint8_t *out, uint32_t cap);

// One frame around a packet; its payload may be NULL when len is 0. Returns as above.
uint32_t aloft_serial_emit(const struct aloft_serial_packet *packet, uint8_t *out, uint32_t cap);

// What `value` of a *_DATA request must be, over the data after its 16-byte head.
uint32_t aloft_serial_check(const uint8_t *data, uint32_t len);

// The payload of a SYNC request.
void aloft_serial_sync(uint8_t payload[ALOFT_SERIAL_SYNC_LEN]);

#endif
