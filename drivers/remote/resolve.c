/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/remote/resolve.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "service/base/cleanup.h"
#include "service/base/fiber.h"

/* A question and its answer. Who asked may give up long before the name server does, so both sides
 * hold it. */
typedef struct Question {
        gatomicrefcount n_ref;
        char *host;
        char port[8];
        int done; /* eventfd */
        int result;
        int errnum; /* with EAI_SYSTEM; of the thread that asked */
        struct addrinfo *answer;
} Question;

static Question *question_unref(Question *question)
{
        if (!question || !g_atomic_ref_count_dec(&question->n_ref))
                return NULL;
        if (question->answer)
                freeaddrinfo(question->answer);
        fd_close(question->done);
        g_free(question->host);
        g_free(question);
        return NULL;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Question, question_unref)

static void look_up(Question *question, int flags)
{
        const struct addrinfo hints = {
                .ai_family = AF_UNSPEC,
                .ai_socktype = SOCK_STREAM,
                .ai_flags = AI_NUMERICSERV | flags,
        };

        question->result = getaddrinfo(question->host, question->port, &hints, &question->answer);
        question->errnum = errno;
}

static void *look_up_thread(void *data)
{
        Question *question = data;
        const uint64_t one = 1;

        look_up(question, AI_ADDRCONFIG);
        if (write(question->done, &one, sizeof one) < 0)
                g_error("cannot tell of an answer: %m");
        question_unref(question);
        return NULL;
}

/* Suspends. On a thread of its own, since nothing can interrupt it. */
static int ask(Question *question, uint64_t deadline, GError **error)
{
        g_autoptr(GError) problem = NULL;
        GThread *thread;
        int r;

        question->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (question->done < 0)
                return error_set_errno(error, errno, "cannot look up the host %s", question->host);
        g_atomic_ref_count_inc(&question->n_ref);
        thread = g_thread_try_new("resolve", look_up_thread, question, &problem);
        if (!thread) {
                question_unref(question);
                return error_set(error, ERROR_SYSTEM_ERROR, "cannot look up the host %s: %s",
                        question->host, problem->message);
        }
        g_thread_unref(thread);
        r = fiber_wait_fd(question->done, EPOLLIN, "a name server", deadline);
        if (r < 0)
                return error_set(error, ERROR_SYSTEM_ERROR, "cannot look up the host %s: %s",
                        question->host,
                        r == -ETIMEDOUT ? "the name server does not answer" : g_strerror(-r));
        return 0;
}

int resolve(const char *host, int port, uint64_t deadline, struct addrinfo **ret, GError **error)
{
        g_autoptr(Question) question = g_new0(Question, 1);

        g_atomic_ref_count_init(&question->n_ref);
        question->done = -1;
        question->host = g_strdup(host);
        snprintf(question->port, sizeof question->port, "%d", port);
        /* An address needs nobody who knows. */
        look_up(question, AI_NUMERICHOST);
        if (question->result == EAI_NONAME && ask(question, deadline, error) < 0)
                return -1;
        if (question->result != 0)
                return error_set(error, ERROR_SYSTEM_ERROR, "cannot look up the host %s: %s", host,
                        question->result == EAI_SYSTEM ? g_strerror(question->errnum) :
                                                         gai_strerror(question->result));
        *ret = g_steal_pointer(&question->answer);
        return 0;
}
