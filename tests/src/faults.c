/*
 * What disks do, for the gate's process alone: preloaded, it stands before the calls that write to files, and does what
 * the rules in a file say. Built by the harness (faults.rs) with cc.
 *
 * Each line of CHAPERONE_TEST_FAULTS is `OPERATION PART ACTION NUMBER`: of `open`, `write`, `sync`, `cut`,
 * `allocate`, `rename` or `any`, on a path that has PART in it. The file is replaced by renaming, never edited.
 *
 *   eio, enospc, erofs   fails, and nothing is done
 *   torn                 half of it is written, then EIO
 *   kept                 all of it is done, then EIO: "failed but persisted"
 *   short                half of it is written, and that is what the answer says
 *   slow                 done after NUMBER milliseconds
 *   hang                 done when the rule is gone
 *   die, died            the process is killed before, or after, it does so for the NUMBERth time
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define RULES 32

struct rule {
    char operation[16], part[256], action[16];
    long number;
    /* How often it has been met. */
    long met;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rule rules[RULES];
static int count;
static ino_t read_from;
static struct timespec read_at;

/* Reads the rules again if the file is another one; by system calls, which nobody stands before. */
static void look(void)
{
    const char *path = getenv("CHAPERONE_TEST_FAULTS");
    struct stat about;
    char text[8192];
    if (!path || stat(path, &about) != 0)
        return;
    if (about.st_ino == read_from && about.st_mtim.tv_sec == read_at.tv_sec && about.st_mtim.tv_nsec == read_at.tv_nsec)
        return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    ssize_t length = syscall(SYS_read, fd, text, sizeof text - 1);
    if (fstat(fd, &about) == 0) {
        read_from = about.st_ino;
        read_at = about.st_mtim;
    }
    close(fd);
    text[length > 0 ? length : 0] = 0;
    count = 0;
    char *rest = text, *line;
    while (count < RULES && (line = strsep(&rest, "\n")) != NULL) {
        struct rule *rule = &rules[count];
        if (sscanf(line, "%15s %255s %15s %ld", rule->operation, rule->part, rule->action, &rule->number) == 4) {
            rule->met = 0;
            count++;
        }
    }
}

/* Whether a rule is about this; it is copied, since another thread may read new ones. */
static int struck(const char *operation, const char *path, struct rule *found)
{
    int is = 0;
    pthread_mutex_lock(&lock);
    look();
    for (int at = 0; at < count && !is; at++) {
        is = (!strcmp(rules[at].operation, operation) || !strcmp(rules[at].operation, "any")) &&
             strstr(path, rules[at].part) != NULL;
        if (is) {
            rules[at].met++;
            *found = rules[at];
        }
    }
    pthread_mutex_unlock(&lock);
    return is;
}

static void rest(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* What is left to do: 0 all of it, 1 nothing (errno is set), 2 half of it, 3 half and then fail, 4 all and then fail,
 * 5 all and then die. */
static int verdict(const char *operation, const char *path)
{
    struct rule rule;
    if (!struck(operation, path, &rule))
        return 0;
    if (!strcmp(rule.action, "slow")) {
        rest(rule.number);
        return 0;
    }
    if (!strcmp(rule.action, "hang")) {
        while (struck(operation, path, &rule) && !strcmp(rule.action, "hang"))
            rest(5);
        return 0;
    }
    if (!strcmp(rule.action, "die") || !strcmp(rule.action, "died")) {
        if (rule.met != rule.number)
            return 0;
        if (!strcmp(rule.action, "died"))
            return 5;
        kill(getpid(), SIGKILL);
    }
    if (!strcmp(rule.action, "short"))
        return 2;
    if (!strcmp(rule.action, "torn"))
        return 3;
    if (!strcmp(rule.action, "kept"))
        return 4;
    errno = !strcmp(rule.action, "enospc") ? ENOSPC : !strcmp(rule.action, "erofs") ? EROFS : EIO;
    return 1;
}

/* The verdict on an open file; its path is asked for only while there are rules. */
static int verdict_on(const char *operation, int fd)
{
    char link[32], path[4096];
    pthread_mutex_lock(&lock);
    look();
    int any = count;
    pthread_mutex_unlock(&lock);
    if (!any)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return verdict(operation, path);
}

/* After the call: whether it fails or dies all the same. */
static ssize_t after(int told, ssize_t done)
{
    if (told == 5)
        kill(getpid(), SIGKILL);
    if (told < 3)
        return done;
    errno = EIO;
    return -1;
}

static size_t half(size_t length)
{
    return length > 1 ? length / 2 : length;
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    int told = verdict_on("write", fd);
    if (told == 1)
        return -1;
    ssize_t done = syscall(SYS_write, fd, bytes, told == 2 || told == 3 ? half(length) : length);
    return after(told, done);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
    int told = verdict_on("write", fd);
    if (told == 1)
        return -1;
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, told == 2 || told == 3 ? half(length) : length, offset);
    return after(told, done);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    return pwrite64(fd, bytes, length, offset);
}

int fdatasync(int fd)
{
    int told = verdict_on("sync", fd);
    if (told == 1)
        return -1;
    return (int)after(told, syscall(SYS_fdatasync, fd));
}

int fsync(int fd)
{
    int told = verdict_on("sync", fd);
    if (told == 1)
        return -1;
    return (int)after(told, syscall(SYS_fsync, fd));
}

int ftruncate64(int fd, off64_t length)
{
    int told = verdict_on("cut", fd);
    if (told == 1)
        return -1;
    return (int)after(told, syscall(SYS_ftruncate, fd, length));
}

int ftruncate(int fd, off_t length)
{
    return ftruncate64(fd, length);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
    if (verdict_on("allocate", fd) == 1)
        return -1;
    return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    return fallocate64(fd, mode, offset, length);
}

static int opened(int folder, const char *path, int flags, mode_t mode)
{
    /* What only reads is let through: a disk that takes nothing may still be read. */
    int writes = (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
    if (writes && verdict("open", path) == 1)
        return -1;
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE(flags)                                                                                                    \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                             \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode = va_arg(more, mode_t);                                                                                   \
        va_end(more);                                                                                                  \
    }

int open(const char *path, int flags, ...)
{
    MODE(flags)
    return opened(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE(flags)
    return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE(flags)
    return opened(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    MODE(flags)
    return opened(folder, path, flags | O_LARGEFILE, mode);
}

int creat64(const char *path, mode_t mode)
{
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int rename(const char *from, const char *to)
{
    if (verdict("rename", to) == 1)
        return -1;
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
