/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* Not GLib's own way to make a warning fatal, a trap, for which libFuzzer does not keep the input.
 */
static void on_log(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
        (void)data;
        if (!(level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)))
                return;
        fprintf(stderr, "%s: %s\n", domain ? domain : "fault", message);
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        (void)argc, (void)argv;
        /* As in the service: who writes to one that has gone learns it from the call. */
        signal(SIGPIPE, SIG_IGN);
        g_log_set_default_handler(on_log, NULL);
        return 0;
}
