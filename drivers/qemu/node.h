/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The host itself, as a connection tells of it: from what the kernel shows in /proc and /sys. */

#include "drivers/driver.h"

int qemu_domain_xml_to_native(Connection *connection, const ConnectionDomainXMLToNativeIn *in,
        ConnectionDomainXMLToNativeOut *out, GError **error);
int qemu_get_sysinfo(Connection *connection, const ConnectionGetSysinfoIn *in,
        ConnectionGetSysinfoOut *out, GError **error);
int qemu_node_get_cpu_map(Connection *connection, const ConnectionNodeGetCPUMapIn *in,
        ConnectionNodeGetCPUMapOut *out, GError **error);
int qemu_node_get_cpu_stats(Connection *connection, const ConnectionNodeGetCPUStatsIn *in,
        ConnectionNodeGetCPUStatsOut *out, GError **error);
int qemu_node_get_free_memory(Connection *connection, const ConnectionNodeGetFreeMemoryIn *in,
        ConnectionNodeGetFreeMemoryOut *out, GError **error);
int qemu_node_get_free_pages(Connection *connection, const ConnectionNodeGetFreePagesIn *in,
        ConnectionNodeGetFreePagesOut *out, GError **error);
int qemu_node_get_info(Connection *connection, const ConnectionNodeGetInfoIn *in,
        ConnectionNodeGetInfoOut *out, GError **error);
int qemu_node_get_memory_parameters(Connection *connection,
        const ConnectionNodeGetMemoryParametersIn *in, ConnectionNodeGetMemoryParametersOut *out,
        GError **error);
int qemu_node_get_memory_stats(Connection *connection, const ConnectionNodeGetMemoryStatsIn *in,
        ConnectionNodeGetMemoryStatsOut *out, GError **error);
int qemu_node_get_security_model(Connection *connection, const ConnectionNodeGetSecurityModelIn *in,
        ConnectionNodeGetSecurityModelOut *out, GError **error);
int qemu_node_set_memory_parameters(Connection *connection,
        const ConnectionNodeSetMemoryParametersIn *in, ConnectionNodeSetMemoryParametersOut *out,
        GError **error);
