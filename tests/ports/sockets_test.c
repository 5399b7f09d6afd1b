// The host's sockets.
#include "ports/linux/host_sockets.h"
#define SOCKETS aloft_host_sockets
#include "tests/ports/socket_claims.h"

int main(void)
{
    return run_all();
}
