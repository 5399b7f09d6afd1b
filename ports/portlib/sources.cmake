# What several ports share, by what is taken together: the Linux build and an ESP-IDF component read
# these lists.
set(ALOFT_PORTLIB_NET sockets/net.c)
set(ALOFT_PORTLIB_TLS tls/tls.c tls/tls_judge.c tls/tls_trust.c)
