/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The firmware images that the host has, as their descriptors tell (QEMU,
 * docs/interop/firmware.json), and the choice among them for <os firmware='efi'>.
 *
 * A descriptor in a later directory hides one of the same name in an earlier; an empty one hides
 * and says nothing. They are tried in the order of their names. What cannot be read is skipped.
 * Nothing here suspends. */

#include <glib.h>
#include <stdbool.h>

#include "drivers/model/domain.h"

typedef struct Firmware {
        char *code; /* the image, for a read-only pflash */
        char *code_format;
        char *template; /* of its variables */
        char *template_format;
        bool secure_boot;
        bool enrolled_keys;
        bool requires_smm;
} Firmware;

typedef struct FirmwareWish {
        const char *arch;    /* libvirt's name */
        const char *machine; /* its full name: "pc-q35-7.2" */
        Switch secure;       /* <loader secure=''> */
        Switch smm;          /* <features><smm state=''> */
} FirmwareWish;

/* For a firmware that is set up by its descriptors; NULL-terminated. */
extern const char *const firmware_directories[];

/* All UEFI images for that architecture and machine, best first; of Firmware. directories NULL:
 * those of this host. */
GPtrArray *firmware_list(const char *const *directories, const char *arch, const char *machine);

/* The first that fits; one that needs SMM may be chosen unless SMM is off. ERROR_OPERATION_FAILED
 * "Unable to find any firmware to satisfy 'efi'". */
int firmware_choose(
        const char *const *directories, const FirmwareWish *wish, Firmware **ret, GError **error);

/* Where <os firmware='efi'> has no loader yet: chooses one and fills in the loader, the template of
 * the NVRAM and, for a firmware that needs it, SMM and secure. */
int firmware_fill(const char *const *directories, DomainConfig *config, GError **error);

void firmware_free(Firmware *firmware);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Firmware, firmware_free)
