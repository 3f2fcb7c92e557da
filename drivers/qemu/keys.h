/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Numbers of keys: those that clients use, and QEMU's own.
 *
 * QEMU's number is the scan code of set 1 of the PC keyboard, with 0x80 for codes that come after
 * the prefix E0 (and 0xc6 for Pause, which has a sequence of its own). Sources: the kernel's
 * input-event-codes.h, the scan codes of set 1, QEMU's documentation of `send-key`. */

#include <stdint.h>

#include "service/base/enum.h"

/* libvirt's numbers. */
typedef enum KeyCodeset {
        CODESET_LINUX,
        CODESET_XT,
        CODESET_ATSET1,
        CODESET_ATSET2,
        CODESET_ATSET3,
        CODESET_OSX,
        CODESET_XT_KBD,
        CODESET_USB,
        CODESET_WIN32,
        CODESET_QNUM,
        CODESET_MAX,
} KeyCodeset;

extern const EnumTable key_codeset_names;

/* QEMU's number; -EOPNOTSUPP for a set that is not understood, -EINVAL where it has no such key. */
int key_number(uint32_t codeset, uint32_t code);
