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
/* The settings were loaded: fills the properties that come from them. */
void manager_settled(void);
void manager_stop(void);
/* Borrowed; NULL where it is not there. */
Object *manager_object(void);
