// The body of a form with a file in it (multipart/form-data, RFC 7578), as its bytes come: the name
// of each part, then its bytes, without a copy. No I/O.
//
// Life cycle: init with the boundary; next until END. A body that ends before END is cut short.
#ifndef ALOFT_WEBUI_MULTIPART_H
#define ALOFT_WEBUI_MULTIPART_H

#include <stdbool.h>
#include <stdint.h>

#define ALOFT_WEBUI_BOUNDARY_MAX 70u                             // RFC 2046
#define ALOFT_WEBUI_DELIMITER    (ALOFT_WEBUI_BOUNDARY_MAX + 4u) // CR LF - - before it
#define ALOFT_WEBUI_FIELD_MAX    31u
#define ALOFT_WEBUI_PART_LINE    255u // bytes kept of a part's header

enum aloft_webui_multipart_event {
    ALOFT_WEBUI_PART_MORE,  // all input was consumed
    ALOFT_WEBUI_PART_BEGUN, // a part begins: field and has_file are known
    ALOFT_WEBUI_PART_DATA,  // data_len bytes of the part are at data, until the next call
    ALOFT_WEBUI_PART_END,   // the part is complete
    ALOFT_WEBUI_PARTS_END,  // the closing boundary has come; what follows it is ignored
    ALOFT_WEBUI_PARTS_BAD,  // not a form, final
};

struct aloft_webui_multipart {
    char field[ALOFT_WEBUI_FIELD_MAX + 1]; // of the part; longer names are cut
    bool has_file;                         // the part is a file
    const uint8_t *data;
    uint32_t data_len;
    // private
    uint32_t phase;
    uint32_t matched; // bytes of the delimiter seen
    uint32_t delimiter_len;
    uint32_t line_len;
    uint32_t header_len; // bytes of all of a part's headers
    bool cr;
    bool named;
    char delimiter[ALOFT_WEBUI_DELIMITER];
    char line[ALOFT_WEBUI_PART_LINE + 1];
};

// boundary has 1..ALOFT_WEBUI_BOUNDARY_MAX characters, none of them CR; it is copied.
void aloft_webui_multipart_init(struct aloft_webui_multipart *parts, const char *boundary,
                                uint32_t len);

// Takes bytes up to the next event and says how many in *used. The data of all events together is
// at most ALOFT_WEBUI_DELIMITER bytes more than what was taken since: bytes that began like the
// boundary. Splits of the input never change the outcome.
enum aloft_webui_multipart_event aloft_webui_multipart_next(struct aloft_webui_multipart *parts,
                                                            const uint8_t *data, uint32_t len,
                                                            uint32_t *used);

#endif
