/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values laid out by a signature (drivers/layout.h), in and out of bus messages. */

#include <systemd/sd-bus.h>

#include "drivers/layout.h"
#include "service/namespace.h"

/* Appends the members. Object paths are those of the namespace. 0 or -errno. */
int codec_append(
        sd_bus_message *message, const char *signature, const void *data, const Namespace *space);

/* Appends the elements of an array to its container, which is open. The signature is an element's.
 */
int codec_append_elements(
        sd_bus_message *message, const char *signature, const Array *array, const Namespace *space);

/* Reads the members into zeroed memory. Strings and descriptors stay the message's; the caller
 * frees the rest with layout_clear_borrowed(), also after an error. 0; -ENXIO where the message has
 * other types; -ENOENT for the path of an object that is not there; -errno. */
int codec_read(sd_bus_message *message, const char *signature, void *data, const Namespace *space);
