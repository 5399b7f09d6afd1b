// Does a download go on where an earlier one stopped, or start again? All that decides it is here,
// without I/O; docs/SPEC.md, "Resume", has the table. What is in flash of an earlier download is
// read by checkpoint.h; the engine judges it again and goes on.
//
//   before asking       aloft_resume_asks: for the rest, or for the whole artifact
//   at the headers      aloft_resume_answers: what the body of this answer is
//   after a fault       aloft_resume_restarts: once more, for the whole artifact
//
// Invariants
//   R1  Bytes are gone on with only when they are, as far as the server can be believed, of the
//       artifact that the checkpoints name, from exactly the byte that was asked for.
//   R2  What was begun is given up at its first fault that does not pass by itself: a second try
//       asks for the whole artifact, and there is no third.
//       R2 has no assertion: nothing is kept here from try to try; whoever pulls makes `from` 0.
#ifndef ALOFT_RESUME_H
#define ALOFT_RESUME_H

#include "aloft/err.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_RESUME_TAG_MAX 128u // bytes of an ETag that can be kept, quotes included

// What proves that an artifact is the one that was begun.
struct aloft_artifact {
    uint32_t len;     // bytes; 0: not known, which cannot be resumed
    uint32_t url_crc; // CRC-32 of the URL that was asked for
    uint32_t tag_len; // 0: the server gave no strong ETag, which cannot be resumed
    char tag[ALOFT_RESUME_TAG_MAX];
};

// What a server answered.
struct aloft_resume_answer {
    uint32_t status;
    bool has_length; // of the body
    bool has_range;  // Content-Range says which part the body is
    bool other_tag;  // it has a strong ETag, and not the one that was asked for
    uint32_t length;
    uint32_t range_from;
    uint32_t range_total; // bytes of the whole artifact
};

// Asks for the rest? begun: what the checkpoints in the slot tell of, NULL when nothing; url_crc:
// of what is to be downloaded now. False: for the whole artifact.
bool aloft_resume_asks(const struct aloft_artifact *begun, uint32_t url_crc);

// The headers of an answer have come, and it is not a redirect. from: the byte that was asked for,
// 0: the whole artifact; begun: what it is of. *rest: the body is the rest, from that byte on; else
// it is the whole artifact, of which nothing that was begun is used. Errors: HTTP_STATUS when a
// part comes that was not asked for, or the status is neither 200 nor
//         206; HTTP_RANGE when the part is another one, or of another artifact.
enum aloft_err aloft_resume_answers(const struct aloft_artifact *begun, uint32_t from,
                                    const struct aloft_resume_answer *answer, bool *rest);

// A download that went on from byte `from` (0: it did not) has failed with err, which will not pass
// by itself. Is it started again, from the first byte on?
bool aloft_resume_restarts(uint32_t from, enum aloft_err err);

#endif
