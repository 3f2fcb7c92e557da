/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What storage pools and volumes have in common. */

#include "drivers/model/bind.h"

typedef struct StoragePermissions {
        Kept kept;
        char *mode;   /* four octal digits: "0711" */
        Number owner; /* -1, the same as absent: the service's choice */
        Number group;
        char *label; /* SELinux */
} StoragePermissions;
extern const BindType storage_permissions_type;

/* <format type='qcow2'/> */
typedef struct StorageFormat {
        Kept kept;
        char *type;
} StorageFormat;
extern const BindType storage_format_type;

/* A path without doubled and trailing slashes; for rows of the bindings. */
char *storage_path_normalize(const char *path);

/* Bytes, to what 63 bits hold. */
#define STORAGE_SIZE SIZE(1, INT64_MAX)
