/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A test host as a document, as libvirt's test driver reads it from test:///path: a <node> with
 * what the host is (<cpu>, <memory>) and what there is on it (<domain>, <network>, <interface>,
 * <pool> with <volume>, <device>), each in place or in a file of its own that the attribute file
 * names. Elements of the namespace below tell how a domain begins. */

#include "drivers/driver.h"

#define TEST_NAMESPACE "http://libvirt.org/schemas/domain/test/1.0"

/* What Connection.NodeGetInfo tells. */
typedef struct TestNode {
        char model[32];
        uint64_t memory; /* KiB */
        int32_t cpus, mhz, nodes, sockets, cores, threads;
} TestNode;

/* Suspends. Adds all that the document in the file describes to a new connection; nothing is
 * published. An error names the file and the line, and leaves what was added to be removed. A host
 * that has users asks who opens it (credentials.h); ERROR_AUTH_FAILED where it is none of them. */
int test_node_load(Connection *connection, const Uri *uri, GError **error);

/* Suspends. The same of the host that test:///default is. */
int test_node_load_default(Connection *connection, GError **error);
