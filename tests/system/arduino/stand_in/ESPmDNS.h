// mDNS of the stand-in: says on the console what it would announce, as Arduino's core does with
// enableArduino: _arduino._tcp with board, tcp_check, ssh_upload and auth_upload.
#ifndef MDNS_STAND_IN_H
#define MDNS_STAND_IN_H

#include <cstdint>

class MDNSResponder
{
  public:
    bool begin(const char *name);
    void end();
    void enableArduino(uint16_t port = 3232, bool auth = false);
    bool addService(const char *service, const char *proto, uint16_t port);
};

extern MDNSResponder MDNS;

#endif
