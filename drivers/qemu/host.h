/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the host is made of: the <host> element of the capabilities. Read from the kernel each time,
 * as processors come and go. Nothing here suspends. */

#include <glib.h>

#include "drivers/model/xml.h"

/* A short file of the kernel's, without the blanks around it; NULL where there is none. */
char *host_read(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* The numbers of the processors that are "online", "present" or "possible", and of the NUMA cells:
 * arrays of unsigned. */
GArray *host_cpus(const char *which);
GArray *host_nodes(void);

/* Of the processors that are online: sockets in a NUMA cell, cores in a socket, threads in a core.
 */
typedef struct HostTopology {
        unsigned cpus, mhz, nodes, sockets, cores, threads;
} HostTopology;
HostTopology host_topology(void);

/* libvirt's name of the architecture that runs here. */
const char *host_arch(void);

/* "AMD", "Intel", ... as libvirt calls the vendor of the processor; NULL where it is not known. */
const char *host_cpu_vendor(void);

/* The machine's own UUID, 36 characters; made from the installation's id where the firmware's is
 * missing or not for us to read. */
char *host_uuid(void);

/* <cpu>, without a model where model is NULL. */
void host_write_cpu(XmlWriter *writer, const char *model);

/* <iommu>, <topology> and <cache>. */
void host_write_topology(XmlWriter *writer);
