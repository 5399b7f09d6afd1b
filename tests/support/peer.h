// Peers that are slow, loud or silent, in process and under a clock that the test moves: the code
// under test runs unchanged, but poll, sockets, reading, writing, sleeping and the clock are this
// file's (link with ALOFT_PEER_WRAP). Nothing waits; hours pass in milliseconds.
//
// The clock moves by what is slept or waited for, and by CALL_US for each call, so that a flood
// takes time, too. A wait that would never end, and a program that goes round for ever, end the
// test.
#ifndef ALOFT_TESTS_PEER_H
#define ALOFT_TESTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What one kind of connection does.
struct peer_script {
    const char *first; // at once, once
    size_t first_len;
    const char *more; // then this, over and over
    size_t more_len;
    uint32_t every_ms; // one byte of it (one datagram) in this time; 0: as fast as it is read
    bool deaf;         // takes nothing of what is sent
    uint32_t sip_ms;   // takes one byte in this time
    bool ends;         // closes after `first`
};

struct peers {
    const struct peer_script *tcp; // what was connected to
    const struct peer_script *udp;
    const struct peer_script *back; // what connects to a listener; NULL: nothing does
};

// From now on every connection is one of these, and the clock stands at an hour.
void peers_begin(const struct peers *peers);
void peers_end(void);

// Milliseconds since peers_begin.
uint64_t peers_ms(void);

#endif
