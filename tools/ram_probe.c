// Sizes that tools/size reads from the symbols of this object: nothing here is ever linked. The sum
// of the `update` ones is what one update needs in RAM; the `shared` ones an app has anyway.
#include "aloft/agent.h"
#include "aloft/httpupdate.h"
#include "aloft/push.h"
#include "aloft/slots.h"
#include "aloft/web.h"

extern char update_agent[], update_receive_buffer[];
extern char part_engine[], part_writer[], part_http[], part_url[], part_bootsel[], part_verify[];
extern char way_push[], way_web[], way_control[], way_intake[], way_httpupdate[];
extern char shared_slots[], shared_flash[], shared_rules[];

// The agent holds all machines and their buffers; the port holds one piece of received bytes.
char update_agent[sizeof(struct aloft_agent)];
char update_receive_buffer[ALOFT_AGENT_PIECE];

char part_engine[sizeof(struct aloft_engine)];
char part_writer[sizeof(struct aloft_writer)];
char part_http[sizeof(struct aloft_http)];
char part_url[sizeof(struct aloft_url)];
char part_bootsel[sizeof(struct aloft_bootsel)];
char part_verify[sizeof(struct aloft_verify)];

// Of the ways besides the pull, and what they share.
char way_push[sizeof(struct aloft_push)];
char way_web[sizeof(struct aloft_web)];
char way_control[sizeof(struct aloft_control)];
char way_intake[sizeof(struct aloft_intake)];
char way_httpupdate[sizeof(struct aloft_httpupdate)];

char shared_slots[sizeof(struct aloft_slots)];
char shared_flash[sizeof(struct aloft_flash)];
char shared_rules[sizeof(struct aloft_image_rules)];
