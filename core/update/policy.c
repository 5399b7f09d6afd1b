// Order of versions: first the numbers, then whether they are before or after their release
// (1.0-rc1, 1.0+1), then the rest. Numbers are compared as texts of digits, so they may have any
// length.
#include "aloft/policy.h"
#include <string.h>

enum side { BEFORE, RELEASE, AFTER };

struct version {
    const char *numbers; // until end
    const char *end;
    const char *suffix;
    enum side side;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *text)
{
    while (is_digit(*text)) {
        text++;
    }
    return text;
}

// False when the text has no order.
static bool read(const char *text, struct version *out)
{
    out->numbers = text + (*text == 'v' || *text == 'V');
    const char *at = out->numbers;
    const char *start;
    do {
        start = at;
        at = skip_digits(at);
        if (at == start) {
            return false;
        }
        out->end = at;
    } while (*at++ == '.');
    out->suffix = at;
    out->side = RELEASE;
    if (*out->end == '-') {
        const char *commits = skip_digits(at);
        bool described = commits != at && commits[0] == '-' && commits[1] == 'g';
        out->side = described ? AFTER : BEFORE;
    }
    return *out->end == 0 || *out->end == '+' || *out->end == '-';
}

// The sign of a - b for the numbers that start here, and steps over them; no digit is a 0.
static int compare_number(const char **a, const char **b)
{
    while (**a == '0') {
        (*a)++;
    }
    while (**b == '0') {
        (*b)++;
    }
    const char *a_end = skip_digits(*a);
    const char *b_end = skip_digits(*b);
    int sign = (a_end - *a > b_end - *b) - (a_end - *a < b_end - *b);
    if (sign == 0) {
        sign = memcmp(*a, *b, (size_t)(a_end - *a));
    }
    *a = a_end;
    *b = b_end;
    return sign;
}

static int compare_numbers(const struct version *a, const struct version *b)
{
    const char *x = a->numbers;
    const char *y = b->numbers;
    int sign = 0;
    while (sign == 0 && (x < a->end || y < b->end)) {
        sign = compare_number(&x, &y);
        x += x < a->end; // the dot
        y += y < b->end;
    }
    return sign;
}

static int compare_suffix(const char *a, const char *b)
{
    int sign = 0;
    while (sign == 0 && (*a != 0 || *b != 0)) {
        if (is_digit(*a) && is_digit(*b)) {
            sign = compare_number(&a, &b);
        } else {
            sign = (unsigned char)*a - (unsigned char)*b;
            a++; // equal, so neither has ended; or it is the last round
            b++;
        }
    }
    return sign;
}

bool aloft_policy_older(const char *offered, const char *current)
{
    struct version a;
    struct version b;
    if (strcmp(offered, current) == 0 || !read(current, &b)) {
        return false;
    }
    if (!read(offered, &a)) {
        return true;
    }
    int sign = compare_numbers(&a, &b);
    sign = sign != 0 ? sign : (int)a.side - (int)b.side;
    if (sign == 0 && a.side == AFTER) { // the hash behind the number has no order
        sign = compare_number(&a.suffix, &b.suffix);
    } else if (sign == 0 && a.side == BEFORE) {
        sign = compare_suffix(a.suffix, b.suffix);
    }
    return sign < 0;
}

enum aloft_err aloft_policy_judge(const struct aloft_policy *policy,
                                  const struct aloft_image_facts *offered)
{
    const struct aloft_image_facts *current = policy->current;
    if (current == NULL || !current->has_desc) {
        return ALOFT_OK;
    }
    if (policy->same_project &&
        (!offered->has_desc || strcmp(offered->project, current->project) != 0)) {
        return ALOFT_ERR_IMAGE_PROJECT;
    }
    if (policy->no_downgrade &&
        (!offered->has_desc || aloft_policy_older(offered->version, current->version))) {
        return ALOFT_ERR_IMAGE_OLDER;
    }
    return ALOFT_OK;
}
