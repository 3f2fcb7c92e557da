/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the test host has beside domains: networks, storage, interfaces, devices, secrets, filters.
 * All of it is in memory, so no operation suspends, but for those that copy or wipe a volume, and
 * none needs a lock: what it checked holds until it returns.
 *
 * Each kind has a file of its name with its table of operations, the operations of the connection
 * that make such objects, and test_*_load(), which adds one that the host begins with. */

#include "drivers/local/local.h"
#include "drivers/test/content.h"
#include "drivers/test/node.h"

typedef struct TestConnection {
        LocalConnection local;
        TestNode node;
        ContentRoom room; /* for all that is in volumes */
        struct Transfer *transfers;
        unsigned n_cells;             /* of its memory */
        GPtrArray *interfaces_before; /* as a change of interfaces found them; NULL: none runs */
} TestConnection;

/* Publishes all of it. */
void test_objects_start(Connection *connection);
/* Removes all there is. */
void test_objects_stop(Connection *connection);

extern const NetworkOperations test_network_operations;
extern const StoragePoolOperations test_storage_pool_operations;
extern const StorageVolOperations test_storage_vol_operations;
extern const InterfaceOperations test_interface_operations;
extern const NodeDeviceOperations test_node_device_operations;
extern const SecretOperations test_secret_operations;
extern const NWFilterOperations test_nw_filter_operations;

/* Each adds an object that is started and not published; where there is such a one already, that is
 * an error. *ret is borrowed. */
int test_network_load(Connection *connection, const char *xml, GError **error);
int test_storage_pool_load(
        Connection *connection, const char *xml, StoragePool **ret, GError **error);
int test_storage_vol_load(StoragePool *pool, const char *xml, GError **error);
int test_interface_load(Connection *connection, const char *xml, GError **error);
int test_node_device_load(Connection *connection, const char *xml, GError **error);

int test_network_define_xml(Connection *connection, const ConnectionNetworkDefineXMLIn *in,
        ConnectionNetworkDefineXMLOut *out, GError **error);
int test_network_create_xml(Connection *connection, const ConnectionNetworkCreateXMLIn *in,
        ConnectionNetworkCreateXMLOut *out, GError **error);
int test_storage_pool_define_xml(Connection *connection, const ConnectionStoragePoolDefineXMLIn *in,
        ConnectionStoragePoolDefineXMLOut *out, GError **error);
int test_storage_pool_create_xml(Connection *connection, const ConnectionStoragePoolCreateXMLIn *in,
        ConnectionStoragePoolCreateXMLOut *out, GError **error);
int test_find_storage_pool_sources(Connection *connection,
        const ConnectionFindStoragePoolSourcesIn *in, ConnectionFindStoragePoolSourcesOut *out,
        GError **error);
int test_interface_define_xml(Connection *connection, const ConnectionInterfaceDefineXMLIn *in,
        ConnectionInterfaceDefineXMLOut *out, GError **error);
int test_interface_change_begin(Connection *connection, const ConnectionInterfaceChangeBeginIn *in,
        ConnectionInterfaceChangeBeginOut *out, GError **error);
int test_interface_change_commit(Connection *connection,
        const ConnectionInterfaceChangeCommitIn *in, ConnectionInterfaceChangeCommitOut *out,
        GError **error);
int test_interface_change_rollback(Connection *connection,
        const ConnectionInterfaceChangeRollbackIn *in, ConnectionInterfaceChangeRollbackOut *out,
        GError **error);
/* Frees what a change that has begun remembers. */
void test_interface_change_forget(Connection *connection);
int test_node_device_create_xml(Connection *connection, const ConnectionNodeDeviceCreateXMLIn *in,
        ConnectionNodeDeviceCreateXMLOut *out, GError **error);
int test_secret_define_xml(Connection *connection, const ConnectionSecretDefineXMLIn *in,
        ConnectionSecretDefineXMLOut *out, GError **error);
int test_nw_filter_define_xml(Connection *connection, const ConnectionNWFilterDefineXMLIn *in,
        ConnectionNWFilterDefineXMLOut *out, GError **error);

/* ---- for the files of the kinds ------------------------------------------------------------- */

/* How the objects of a kind are found and spoken of. */
typedef struct TestKind {
        RegistryKey by_uuid, by_name;
        unsigned uuid, name; /* the properties */
        const char *short_name, *full_name;
        int missing; /* the error */
} TestKind;

/* The object of that name and UUID, NULL for none; an error where only one of them is taken. */
int test_find_same(Connection *connection, const TestKind *kind, const char *name, const char *uuid,
        void *ret, GError **error);

/* The error of a document whose object is there. Always -1. */
int test_already_there(const TestKind *kind, const char *name, const char *uuid, GError **error);

/* An object may be removed while permission for a call on it is asked. */
int test_require_here(
        void *object, const char *full_name, const char *name, int missing, GError **error);

/* Flags that the API has and this host has no meaning for. function is the one that libvirt's test
 * host names in that error. */
int test_refuse_flags(uint32_t flags, const char *function, GError **error);
