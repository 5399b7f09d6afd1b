// The agent (agent.h) as one way among others (way.h): it takes the turn (intake.h) when it wants a
// connection, and gives it back when it has none and only waits for its next try. So a push can go
// ahead while a download is between two tries; what was begun is then found gone, and started
// again.
//
// A connection that is wanted while it is another's turn fails as NET_BUSY, and is tried again as
// one that the server refuses.
#ifndef ALOFT_PULL_H
#define ALOFT_PULL_H

#include "aloft/intake.h"
#include "aloft/way.h"

struct aloft_pull {
    struct aloft_agent *agent;
    struct aloft_intake *intake;  // NULL: there is no other way
    enum aloft_agent_state state; // of the agent's last step
    bool linked;                  // a connection was asked for and not yet closed
    bool refused;                 // it was another's turn
};

// The agent has been given its URL (aloft_agent_pull); both outlive the pull.
void aloft_pull_init(struct aloft_pull *pull, struct aloft_agent *agent,
                     struct aloft_intake *intake);

// The way. Its step never says RESTART: whoever started the pull reads pull->state and decides.
struct aloft_way aloft_pull_way(struct aloft_pull *pull);

#endif
