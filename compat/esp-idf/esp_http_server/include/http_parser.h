// Numbers of HTTP's methods, which httpd_uri_t has. http_parser's own calls are not there.
// Source: ESP-IDF components/http_parser/http_parser.h.
#ifndef ALOFT_IDF_HTTP_PARSER_H
#define ALOFT_IDF_HTTP_PARSER_H

enum http_method {
    HTTP_DELETE,
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_CONNECT,
    HTTP_OPTIONS,
    HTTP_TRACE,
    HTTP_COPY,
    HTTP_LOCK,
    HTTP_MKCOL,
    HTTP_MOVE,
    HTTP_PROPFIND,
    HTTP_PROPPATCH,
    HTTP_SEARCH,
    HTTP_UNLOCK,
    HTTP_BIND,
    HTTP_REBIND,
    HTTP_UNBIND,
    HTTP_ACL,
    HTTP_REPORT,
    HTTP_MKACTIVITY,
    HTTP_CHECKOUT,
    HTTP_MERGE,
    HTTP_MSEARCH,
    HTTP_NOTIFY,
    HTTP_SUBSCRIBE,
    HTTP_UNSUBSCRIBE,
    HTTP_PATCH,
    HTTP_PURGE,
    HTTP_MKCALENDAR,
};

#endif
