/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The QEMU Machine Protocol, spoken to one QEMU: commands with their replies, and events.
 *
 * Every fiber may ask at any time; replies are paired by id. What the peer can cost is bounded: the
 * length and depth of what it sends, the commands it leaves unanswered, the bytes it does not read.
 * A peer that breaks the protocol is hung up on. Numbers past int64 arrive as JSON reals.
 *
 * Protocol: QEMU, docs/interop/qmp-spec. All deadlines are those of fiber.h.
 */

#include <glib.h>
#include <jansson.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define QMP_REPLY_MAX (16 * 1024 * 1024)  /* bytes of one reply or event */
#define QMP_DEPTH_MAX 256                 /* nested arrays and objects in it */
#define QMP_UNANSWERED_MAX 256            /* commands, also those whose caller has given up */
#define QMP_UNSENT_MAX (16 * 1024 * 1024) /* bytes that the peer has not read yet */

typedef struct Qmp Qmp;

/* Called on the loop's stack for each event. data is borrowed and may be NULL; timestamp is in
 * microseconds of CLOCK_REALTIME, 0 where the peer gave none. May call qmp_close() and qmp_unref().
 */
typedef void (*QmpEvent)(
        Qmp *qmp, const char *name, json_t *data, uint64_t timestamp, void *userdata);

/* Called on the loop's stack, once, after the peer hung up or was hung up on; all calls have failed
 * by then and no event follows. Not called for qmp_close(). reason is borrowed: "guest 'web' closed
 * its monitor". */
typedef void (*QmpClosed)(Qmp *qmp, const GError *reason, void *userdata);

/* Speaks on a connected stream socket, which is taken, also on failure. who names the peer in
 * messages: "guest 'web'". 0 or -errno. Nothing was sent yet: qmp_negotiate() comes first. */
int qmp_new(sd_event *event, int fd, const char *who, Qmp **ret);

Qmp *qmp_ref(Qmp *qmp);
Qmp *qmp_unref(Qmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_unref)

/* Either may be NULL. Events that arrived before are lost, so call it before qmp_negotiate(). */
void qmp_watch(Qmp *qmp, QmpEvent event, QmpClosed closed, void *userdata);

/* Hangs up. Calls that wait fail, no callback follows. Harmless when repeated. */
void qmp_close(Qmp *qmp);
gboolean qmp_is_open(const Qmp *qmp);

/* Suspends. Waits for the greeting and leaves negotiation mode. */
int qmp_negotiate(Qmp *qmp, uint64_t deadline, GError **error);

/* Suspends. Runs one command. arguments are stolen and may be NULL; so may ret, which gets a new
 * reference. Errors: ERROR_INTERNAL_ERROR "unable to execute QEMU command 'X': ..." is QEMU's own
 * refusal and also a peer that hung up or broke the protocol; ERROR_OPERATION_TIMEOUT at the
 * deadline (QEMU may still carry it out; its late reply is dropped); ERROR_OPERATION_ABORTED when
 * the fiber is cancelled; ERROR_RESOURCE_BUSY past QMP_UNANSWERED_MAX or QMP_UNSENT_MAX. */
int qmp_call(Qmp *qmp, const char *command, json_t *arguments, json_t **ret, uint64_t deadline,
        GError **error);

/* Suspends. The same with a descriptor beside it, for getfd and add-fd. fd is borrowed. These
 * commands go one after the other, as QEMU keeps only the descriptor that came last. */
int qmp_call_fd(Qmp *qmp, const char *command, json_t *arguments, int fd, json_t **ret,
        uint64_t deadline, GError **error);

/* Several commands in one go: QEMU runs them in order, also when one of them fails. */
typedef struct QmpCommand {
        const char *name;
        json_t *arguments; /* stolen; NULL: none */
        json_t *ret;       /* out: what it returned; NULL where it failed */
        GError *error;     /* out: QEMU's refusal of this one */
} QmpCommand;

/* Suspends. 0 when each has its answer, be it an error of its own. -1 otherwise, as qmp_call().
 * Either way qmp_commands_clear() frees what was put into them. */
int qmp_call_all(Qmp *qmp, QmpCommand *commands, size_t n, uint64_t deadline, GError **error);
void qmp_commands_clear(QmpCommand *commands, size_t n);

/* Suspends. A line for the human monitor; *ret gets its text, allocated. */
int qmp_call_human(Qmp *qmp, const char *line, char **ret, uint64_t deadline, GError **error);
