/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glib.h>
#include <linux/input-event-codes.h>
#include <stdbool.h>

#include "drivers/qemu/keys.h"

static void test_linux(void)
{
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_ESC), ==, 0x01);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_A), ==, 0x1e);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_102ND), ==, 0x56);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_F12), ==, 0x58);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_LEFTCTRL), ==, 0x1d);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_RIGHTCTRL), ==, 0x9d);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_SYSRQ), ==, 0x54);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_DELETE), ==, 0xd3);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_PAUSE), ==, 0xc6);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_F24), ==, 0x6f);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_RESERVED), ==, -EINVAL);
        g_assert_cmpint(key_number(CODESET_LINUX, 84), ==, -EINVAL);
        g_assert_cmpint(key_number(CODESET_LINUX, KEY_MAX), ==, -EINVAL);
        g_assert_cmpint(key_number(CODESET_LINUX, UINT32_MAX), ==, -EINVAL);
}

/* No two keys of Linux are one of QEMU's, and each number fits in the byte that QEMU takes. */
static void test_linux_distinct(void)
{
        bool seen[256] = { false };

        for (uint32_t code = 0; code <= KEY_MAX; code++) {
                int number = key_number(CODESET_LINUX, code);

                if (number < 0)
                        continue;
                g_assert_cmpint(number, >, 0);
                g_assert_cmpint(number, <, 256);
                g_assert_false(seen[number]);
                seen[number] = true;
        }
}

static void test_set1(void)
{
        static const uint32_t sets[] = { CODESET_XT, CODESET_ATSET1, CODESET_QNUM };

        for (size_t i = 0; i < G_N_ELEMENTS(sets); i++) {
                g_assert_cmpint(key_number(sets[i], 0x1e), ==, 0x1e);
                g_assert_cmpint(key_number(sets[i], 0xe053), ==, 0xd3);
                g_assert_cmpint(key_number(sets[i], 0xd3), ==, 0xd3);
                g_assert_cmpint(key_number(sets[i], 0), ==, -EINVAL);
                g_assert_cmpint(key_number(sets[i], 0x80), ==, -EINVAL);
                g_assert_cmpint(key_number(sets[i], 0xe000), ==, -EINVAL);
                g_assert_cmpint(key_number(sets[i], 0x100), ==, -EINVAL);
        }
}

static void test_others(void)
{
        static const uint32_t sets[] = { CODESET_ATSET2, CODESET_ATSET3, CODESET_OSX,
                CODESET_XT_KBD, CODESET_USB, CODESET_WIN32, CODESET_MAX, UINT32_MAX };

        for (size_t i = 0; i < G_N_ELEMENTS(sets); i++)
                g_assert_cmpint(key_number(sets[i], 4), ==, -EOPNOTSUPP);
        g_assert_cmpstr(enum_name(&key_codeset_names, CODESET_USB), ==, "usb");
        g_assert_cmpstr(enum_name(&key_codeset_names, CODESET_QNUM), ==, "qnum");
        g_assert_null(enum_name(&key_codeset_names, CODESET_MAX));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/qemu-keys/linux", test_linux);
        g_test_add_func("/qemu-keys/linux-distinct", test_linux_distinct);
        g_test_add_func("/qemu-keys/set-1", test_set1);
        g_test_add_func("/qemu-keys/others", test_others);
        return g_test_run();
}
