// Sizes that tools/size reads from the symbols of this object: nothing here is ever linked. The sum
// of the `update` ones is what one update needs in RAM; the `shared` ones an app has anyway.
#include "aloft/httpupdate.h"
#include "aloft/pull.h"
#include "aloft/push.h"
#include "aloft/slots.h"
#include "aloft/web.h"

extern char update_pull[], update_intake[], update_receive_buffer[], urls_default[];
extern // The port's choice; this is the size that pull.h recommends.
    char urls_default[ALOFT_PULL_URLS(ALOFT_PULL_URL_DEFAULT)];

char part_engine[], part_writer[], part_http[], part_url[], part_bootsel[], part_verify[];
extern char way_push[], way_web[], way_control[], way_httpupdate[];
extern char shared_slots[], shared_flash[], shared_rules[];

// Pull and intake hold all machines and their buffers; the port holds one piece of received bytes.
char update_pull[sizeof(struct aloft_pull)];
char update_intake[sizeof(struct aloft_intake)];
char update_receive_buffer[ALOFT_WAY_PIECE];

// The port's choice; this is the size that pull.h recommends.
char urls_default[ALOFT_PULL_URLS(ALOFT_PULL_URL_DEFAULT)];

char part_engine[sizeof(struct aloft_engine)];
char part_writer[sizeof(struct aloft_writer)];
char part_http[sizeof(struct aloft_http)];
char part_url[sizeof(struct aloft_url)];
char part_bootsel[sizeof(struct aloft_bootsel)];
char part_verify[sizeof(struct aloft_verify)];

// Of the ways besides the pull.
char way_push[sizeof(struct aloft_push)];
char way_web[sizeof(struct aloft_web)];
char way_control[sizeof(struct aloft_control)];
char way_httpupdate[sizeof(struct aloft_httpupdate)];

char shared_slots[sizeof(struct aloft_slots)];
char shared_flash[sizeof(struct aloft_flash)];
char shared_rules[sizeof(struct aloft_image_rules)];
