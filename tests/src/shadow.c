/* Every account's password is one that the environment says, hashed as crypt(3) has it: a real sshd without PAM takes it,
   and the machine's own accounts stay as they are. */

#include <shadow.h>
#include <stdlib.h>
#include <string.h>

struct spwd *getspnam(const char *name)
{
    static struct spwd entry;

    memset(&entry, 0, sizeof entry);
    entry.sp_namp = (char *)name;
    entry.sp_pwdp = getenv("CHAPERONE_TEST_SHADOW");
    entry.sp_lstchg = 20000;
    entry.sp_max = 99999;
    entry.sp_warn = 7;
    entry.sp_inact = -1;
    entry.sp_expire = -1;
    return &entry;
}
