/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tables of domain.h's structs, for the files that parse and make them. */

#include "drivers/model/bind.h"
#include "drivers/model/domain.h"

extern const BindType domain_type, devices_type, address_type;
extern const BindType disk_type, controller_type, interface_type, chardev_type, channel_type,
        graphics_type, video_type, input_type, sound_type, rng_type, memballoon_type, watchdog_type;

/* Assigns addresses to the devices that have none and refuses those that collide: domain-address.c.
 */
int domain_addresses_assign(DomainConfig *config, GError **error);
