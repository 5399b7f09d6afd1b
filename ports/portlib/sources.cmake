# What several ports share, by what is taken together: the Linux build and an ESP-IDF component read
# these lists.
set(ALOFT_PORTLIB_HASH psa/mbed_crypto.c psa/mbed_hash.c psa/psa_hash.c)
set(ALOFT_PORTLIB_CRYPTO ${ALOFT_PORTLIB_HASH} psa/gcm.c psa/mbed_cipher.c psa/mbed_decrypt.c
    psa/mbed_signed_crypto.c psa/mbed_verify.c psa/psa_cipher.c psa/psa_verify.c)
set(ALOFT_PORTLIB_NET sockets/net.c)
set(ALOFT_PORTLIB_BSD sockets/bsd.c) # where the system has BSD's socket calls
set(ALOFT_PORTLIB_TLS tls/tls.c tls/tls_judge.c tls/tls_trust.c)
