/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/lifecycle.h"
#include "drivers/model/domain.h"
#include "drivers/qemu/status.h"
#include "service/base/error.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes in the file that remembers a guest: refused with a reason, or a state that there is.
 *
 * Seeds: tests/data/qemu-status */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *text = g_strndup((const char *)data, size);
        g_autoptr(DomainConfig) config = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(QemuStatus) status = { 0 };

        if (qemu_status_parse(text, "x.json", &status, &error) < 0) {
                g_assert_nonnull(error);
                return 0;
        }
        g_assert_no_error(error);
        g_assert_cmpint(status.pid, >, 1);
        g_assert_true(status.state > DOMAIN_NOSTATE && status.state <= DOMAIN_PMSUSPENDED);
        g_assert_nonnull(status.boot);
        domain_config_parse(status.config, 0, &config, NULL);
        return 0;
}
