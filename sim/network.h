// What lies between a device and its firmware: Wi-Fi, name lookup, proxies, and the server, as one
// device meets them. In the calm all of it works; in bad weather each connection meets one of the
// NET faults, some of which last for a while.
//
// A connection's answer is made when its request is complete and then delivered in pieces. The
// network acts only when it is due; the device calls it then, and it calls the pull's way.
#ifndef ALOFT_SIM_NETWORK_H
#define ALOFT_SIM_NETWORK_H

#include "aloft/way.h"
#include "sim/firmware.h"
#include "sim/tally.h"

#define SIM_NEVER        UINT64_MAX
#define SIM_REQUEST_MAX  2048u
#define SIM_RESPONSE_MAX 40960u
#define SIM_PIECE_MAX    1460u

enum sim_link { SIM_LINK_CLOSED, SIM_LINK_OPENING, SIM_LINK_ASKING, SIM_LINK_ANSWERING };

// What happens once the answer has been delivered as far as it goes.
enum sim_end { SIM_END_SILENT, SIM_END_CLOSES, SIM_END_BREAKS };

struct sim_network {
    const struct sim_catalogue *catalogue; // what the server can serve
    struct sim_random *random;             // the device's
    struct sim_tally *tally;
    uint32_t coding;    // in which the device gets it
    int wanted;         // the release that the server offers
    int stale;          // what a stale proxy gives
    bool bad_weather;   // faults happen
    uint64_t due_us;    // when it acts next
    uint64_t wifi_us;   // the Wi-Fi is gone until then
    uint64_t outage_us; // the server fails until then,
    uint32_t outage;    // with this status
    enum sim_link link;
    int fault; // enum sim_fault of this connection; -1: none
    bool fired;
    enum aloft_err open_err; // the connection fails with it
    enum sim_end end;
    uint32_t piece;    // bytes at most that come at once
    uint32_t piece_us; // between two
    uint32_t request_len;
    uint32_t sent;
    uint32_t len; // of the answer, as far as it is delivered
    char request[SIM_REQUEST_MAX + 1];
    uint8_t response[SIM_RESPONSE_MAX];
};

// The pull asks for a connection, or wants it closed.
void sim_network_open(struct sim_network *network, uint64_t now_us);
void sim_network_close(struct sim_network *network);

// Does what is due now. How many bytes the way was given, for the trace.
uint32_t sim_network_act(struct sim_network *network, const struct aloft_way *way, uint64_t now_us,
                         uint32_t now_ms);

// A short exchange that is not a download: can the server be reached right now?
bool sim_network_reaches(struct sim_network *network, uint64_t now_us);

#endif
