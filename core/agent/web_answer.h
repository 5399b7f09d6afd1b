// The answers of the browser way (web.h). Private to it. Each function starts an answer in
// web->http.
#ifndef ALOFT_WEB_ANSWER_H
#define ALOFT_WEB_ANSWER_H

#include "aloft/agent/web_state.h"

// Somebody can log in; else there is only the token.
bool aloft_web_has_password(const struct aloft_web *web);

// How it went, in web->dialect. status 0: the one that belongs to the fault.
void aloft_web_answer_outcome(struct aloft_web *web, uint32_t status, enum aloft_err err,
                              uint32_t now_ms);

void aloft_web_answer_page(struct aloft_web *web);

// The status, in pieces: web->streaming while another one follows. Reads the head of each slot.
void aloft_web_answer_status(struct aloft_web *web, uint32_t now_ms);
void aloft_web_answer_piece(struct aloft_web *web);

#endif
