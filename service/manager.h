/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The object at the root path. */

#include "interfaces.h"

typedef struct ManagerObject {
        Object object;
        ManagerProperties properties;
} ManagerObject;

/* Publishes it. */
void manager_start(void);
void manager_stop(void);
