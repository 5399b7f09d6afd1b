// See the header; and connect and bind, which follow the image's settings.
#include "compat/esp-idf/lwip/route.h"
#include "compat/esp-idf/host/host.h"
#include "lwip/netdb.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#undef accept // here they are the host's
#undef bind
#undef connect
#undef getaddrinfo
#undef socket

enum { PORT_TEXT = 8, ROUTE_MAX = 512, BASE = 10 };

void aloft_idf_route(char *host, int *port)
{
    char routes[ROUTE_MAX];
    char from[ALOFT_IDF_HOST_MAX + PORT_TEXT];
    char *rest = NULL;
    (void)snprintf(routes, sizeof routes, "%s", aloft_idf_host.setting("route", ""));
    (void)snprintf(from, sizeof from, "%s:%d", host, *port);
    for (char *at = strtok_r(routes, ",", &rest); at != NULL; at = strtok_r(NULL, ",", &rest)) {
        char *to = strchr(at, '=');
        char *colon = to == NULL ? NULL : strrchr(to, ':');
        if (colon == NULL) {
            continue;
        }
        *to++ = '\0';
        *colon++ = '\0';
        if (strcmp(at, from) == 0) {
            (void)snprintf(host, ALOFT_IDF_HOST_MAX, "%s", to);
            *port = (int)strtol(colon, NULL, BASE);
            return;
        }
    }
}

uint16_t aloft_idf_host_port(uint16_t port)
{
    char text[ROUTE_MAX];
    char *rest = NULL;
    (void)snprintf(text, sizeof text, "%s", aloft_idf_host.setting("ports", ""));
    for (char *at = strtok_r(text, ",", &rest); at != NULL; at = strtok_r(NULL, ",", &rest)) {
        char *to = NULL;
        if (strtoul(at, &to, BASE) == port && *to == '=') {
            return (uint16_t)strtoul(to + 1, NULL, BASE);
        }
    }
    return port;
}

// An app follows another in the same process, and must not inherit its sockets.
int lwip_socket(int domain, int type, int protocol)
{
    return socket(domain, type | SOCK_CLOEXEC, protocol);
}

int lwip_accept(int s, struct sockaddr *addr, socklen_t *addrlen)
{
    return accept4(s, addr, addrlen, SOCK_CLOEXEC);
}

// Every address of the board is the one of the host that the setting listen names.
int lwip_bind(int s, const struct sockaddr *name, socklen_t namelen)
{
    struct sockaddr_in in;
    if (name->sa_family != AF_INET || namelen < sizeof in) {
        return bind(s, name, namelen);
    }
    memcpy(&in, name, sizeof in);
    in.sin_port = htons(aloft_idf_host_port(ntohs(in.sin_port)));
    if (in.sin_addr.s_addr == htonl(INADDR_ANY)) {
        (void)inet_aton(aloft_idf_host.setting("listen", "127.0.0.1"), &in.sin_addr);
    }
    return bind(s, (const struct sockaddr *)&in, sizeof in);
}

int lwip_connect(int s, const struct sockaddr *name, socklen_t namelen)
{
    char host[ALOFT_IDF_HOST_MAX];
    struct sockaddr_in in;
    if (name->sa_family != AF_INET || namelen < sizeof in) {
        return connect(s, name, namelen);
    }
    memcpy(&in, name, sizeof in);
    int port = ntohs(in.sin_port);
    (void)snprintf(host, sizeof host, "%s", inet_ntoa(in.sin_addr));
    aloft_idf_route(host, &port);
    in.sin_port = htons((uint16_t)port);
    (void)inet_aton(host, &in.sin_addr);
    return connect(s, (const struct sockaddr *)&in, sizeof in);
}

int lwip_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                     struct addrinfo **res)
{
    char host[ALOFT_IDF_HOST_MAX];
    char port_text[PORT_TEXT];
    char *end = NULL;
    long port = service != NULL ? strtol(service, &end, BASE) : 0;
    if (node == NULL || service == NULL || *service == '\0' || *end != '\0') {
        return getaddrinfo(node, service, hints, res);
    }
    int to = (int)port;
    (void)snprintf(host, sizeof host, "%s", node);
    aloft_idf_route(host, &to);
    (void)snprintf(port_text, sizeof port_text, "%d", to & 0xFFFF);
    return getaddrinfo(host, port_text, hints, res);
}
