// Assertions of core: a condition that holds costs nothing, one that does not names itself. What
// goes into flash is compiled without them (tools/size links that build).
#include "aloft/base/assert.h"
#include "check.h"

static int evaluated(int result)
{
    static int times;
    times += result >= 0;
    return result >= 0 ? result : times;
}

static void a_condition_that_holds_passes(void)
{
    ALOFT_ASSERT(evaluated(1) == 1);
    ALOFT_INVARIANT("X1", evaluated(2) == 2);
}

static void conditions_are_evaluated_where_assertions_are_on_and_only_there(void)
{
    int before = evaluated(-1);
    ALOFT_ASSERT(evaluated(1) == 1);
    CHECK(evaluated(-1) - before == ALOFT_ASSERTIONS);
}

CHECK_MAIN(TEST(a_condition_that_holds_passes),
           TEST(conditions_are_evaluated_where_assertions_are_on_and_only_there))
