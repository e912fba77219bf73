/* A QEMU TCG plugin that counts guest instructions between marker system calls.
 *
 * A marker is a call of getpriority whose first argument is MARKER; its second is a number that
 * the program chooses. At each, one line goes to QEMU's log (-d plugin -D FILE):
 *
 *     edgetag NUMBER INSTRUCTIONS OTHERS
 *
 * INSTRUCTIONS is how many the first thread has executed since it started, OTHERS how many all
 * other threads have. The difference of two lines is what lies between two markers.
 *
 * Only what is used of QEMU's plugin interface (docs/devel/tcg-plugins, plugin API versions 1 and
 * later) is declared here, so that neither QEMU's nor GLib's headers are needed, and no function
 * of the C library is called, so that the library's version does not matter.
 */

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#ifndef API_VERSION
#define API_VERSION 1
#endif

#define MARKER 0x65646765u /* "edge" */
#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_info;

enum { NO_REGISTERS = 0 }; /* QEMU_PLUGIN_CB_NO_REGS */

typedef void (*tb_trans_cb)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*udata_cb)(unsigned int vcpu, void *userdata);
typedef void (*syscall_cb)(qemu_plugin_id_t, unsigned int vcpu, int64_t number, uint64_t, uint64_t,
                           uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_trans_cb);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, udata_cb, int, void *);
extern void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t, syscall_cb);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern void qemu_plugin_outs(const char *);

EXPORT int qemu_plugin_version = API_VERSION;

static uint64_t first, others;

static void executed(unsigned int vcpu, void *instructions)
{
    if (vcpu == 0) {
        first += (uintptr_t)instructions;
    } else { /* not exact when several run at once; whether it stays 0 is what counts */
        others += (uintptr_t)instructions;
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(block, executed, NO_REGISTERS,
                                         (void *)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

static char *decimal(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return end;
}

static void syscall(qemu_plugin_id_t id, unsigned int vcpu, int64_t number, uint64_t a1,
                    uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                    uint64_t a8)
{
    static const char prefix[] = "edgetag ";
    char line[80];
    char *at = line + sizeof line;

    (void)id; (void)vcpu; (void)number;
    (void)a3; (void)a4; (void)a5; (void)a6; (void)a7; (void)a8;
    if ((uint32_t)a1 != MARKER) {
        return;
    }
    *--at = '\0';
    *--at = '\n';
    at = decimal(at, others);
    *--at = ' ';
    at = decimal(at, first);
    *--at = ' ';
    at = decimal(at, (uint32_t)a2);
    for (size_t i = sizeof prefix - 1; i > 0; i--) {
        *--at = prefix[i - 1];
    }
    qemu_plugin_outs(at);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
                               char **argv)
{
    (void)info; (void)argc; (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, syscall);
    return 0;
}
