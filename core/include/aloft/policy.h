// What the owner of a device wants of an update beyond that it runs: no older version, no other
// project. The owner sets it where the app is built or set up, and lifts it there; nothing in the
// file can. It is asked once, of the image's head, before anything is erased; what lies in flash
// already may be selected all the same, so that a rollback stays possible.
//
// Against an attacker neither is a wall: version and project are only text, and a signature
// (trust.h) with a security version (image.h) is what holds.
#ifndef ALOFT_POLICY_H
#define ALOFT_POLICY_H

#include "aloft/image.h"

struct aloft_policy {
    const struct aloft_image_facts *current; // of the running app
    bool no_downgrade;                       // refuse what is older than the running app
    bool same_project;                       // refuse another project than the running app's

    // aloft_policy_judge, or one of your own. A pointer, so that who has no policy does not link
    // it. A fault refuses the image.
    enum aloft_err (*judge)(const struct aloft_policy *policy,
                            const struct aloft_image_facts *offered);
};

// May what has this head be installed? A running app without descriptor has no version and no
// project to compare with, so it takes everything; an offer without one is refused.
// Errors: IMAGE_PROJECT, IMAGE_OLDER.
enum aloft_err aloft_policy_judge(const struct aloft_policy *policy,
                                  const struct aloft_image_facts *offered);

// Is `offered` an older version than `current`, or not to be told from one?
//
// A version is numbers between dots, after a "v" if need be: 1.9 < 1.10 = v1.10.0. Behind them may
// stand "+" and anything, which does not count; what git describe says of N commits after a tag,
// "-N-g" and a hash, which is newer than the tag by N; or "-" and the name of something that came
// before the release, such as 2.0-rc2 < 2.0-rc10 < 2.0: numbers in it count as such, the rest goes
// by bytes. Any other text has no order: as the current version it is older than everything but
// itself, as the offered one never new enough.
bool aloft_policy_older(const char *offered, const char *current);

#endif
