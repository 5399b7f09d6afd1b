// The decisions about going on with a download: each row of the table in docs/SPEC.md, "Resume".
#include "aloft/update/resume.h"
#include "check.h"

enum { FROM = 4096, LEN = 10000, URL = 7 };

static const struct aloft_artifact begun = {
    .len = LEN, .url_crc = URL, .tag_len = 3, .tag = {'"', 'a', '"'}};

// The right answer to a question for the rest.
static struct aloft_resume_answer rest_of_it(void)
{
    return (struct aloft_resume_answer){.status = 206,
                                        .has_length = true,
                                        .has_range = true,
                                        .length = LEN - FROM,
                                        .range_from = FROM,
                                        .range_total = LEN};
}

static void answers(struct aloft_resume_answer answer, uint32_t from, enum aloft_err want,
                    bool want_rest)
{
    bool rest = !want_rest;
    CHECK_EQ(aloft_resume_answers(&begun, from, &answer, &rest), want);
    CHECK_EQ(rest, want_rest);
}

static void the_rest_is_asked_for_only_of_the_same_url(void)
{
    CHECK(aloft_resume_asks(&begun, URL));
    CHECK(!aloft_resume_asks(&begun, URL + 1));
    CHECK(!aloft_resume_asks(NULL, URL));
}

static void the_exact_rest_is_accepted(void)
{
    struct aloft_resume_answer answer = rest_of_it();
    answers(answer, FROM, ALOFT_OK, true);
    answer.has_length = false; // in chunks
    answer.length = 0;
    answers(answer, FROM, ALOFT_OK, true);
}

static void another_part_is_refused(void)
{
    struct aloft_resume_answer answer = rest_of_it();
    answer.has_range = false;
    answers(answer, FROM, ALOFT_ERR_HTTP_RANGE, false);
    answer = rest_of_it();
    answer.range_from = FROM - 1;
    answers(answer, FROM, ALOFT_ERR_HTTP_RANGE, false);
    answer = rest_of_it();
    answer.range_total = LEN + 1;
    answers(answer, FROM, ALOFT_ERR_HTTP_RANGE, false);
    answer = rest_of_it();
    answer.length--;
    answers(answer, FROM, ALOFT_ERR_HTTP_RANGE, false);
}

static void the_rest_of_another_artifact_is_refused(void)
{
    struct aloft_resume_answer answer = rest_of_it();
    answer.other_tag = true;
    answers(answer, FROM, ALOFT_ERR_HTTP_RANGE, false);
}

static void a_whole_artifact_is_begun_with_whatever_was_asked_for(void)
{
    struct aloft_resume_answer answer = {.status = 200, .has_length = true, .length = 77};
    answers(answer, FROM, ALOFT_OK, false);
    answers(answer, 0, ALOFT_OK, false);
}

static void a_part_that_was_not_asked_for_is_refused(void)
{
    answers(rest_of_it(), 0, ALOFT_ERR_HTTP_STATUS, false);
    answers((struct aloft_resume_answer){.status = 204}, FROM, ALOFT_ERR_HTTP_STATUS, false);
}

static void what_was_begun_is_given_up_once(void)
{
    CHECK(aloft_resume_restarts(FROM, ALOFT_ERR_IMAGE_HASH));
    CHECK(aloft_resume_restarts(FROM, ALOFT_ERR_HTTP_RANGE));
    CHECK(aloft_resume_restarts(FROM, ALOFT_ERR_HTTP_CLIENT_ERROR));
    CHECK(!aloft_resume_restarts(FROM, ALOFT_ERR_NET_TOTAL_TIMEOUT));
    CHECK(!aloft_resume_restarts(0, ALOFT_ERR_IMAGE_HASH));
}

CHECK_MAIN(TEST(the_rest_is_asked_for_only_of_the_same_url), TEST(the_exact_rest_is_accepted),
           TEST(another_part_is_refused), TEST(the_rest_of_another_artifact_is_refused),
           TEST(a_whole_artifact_is_begun_with_whatever_was_asked_for),
           TEST(a_part_that_was_not_asked_for_is_refused), TEST(what_was_begun_is_given_up_once))
