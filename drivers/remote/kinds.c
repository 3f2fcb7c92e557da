/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kinds of objects that a peer has: how it names them, what it is asked about each, and which
 * properties the answers are. */

#include <string.h>

#include "drivers/model/xml.h"
#include "drivers/remote/remote.h"
#include "drivers/wire/map.h"

/* Documents. A property that cannot be read from one stays as it was. */

static xmlDoc *document(const void *answer)
{
        /* All procedures that give a document give nothing else. */
        const char *text = answer ? *(char *const *)answer : NULL;

        return text ? xml_parse(text, strlen(text), "peer", NULL) : NULL;
}

static const xmlNode *child_of(const xmlNode *parent, const char *name)
{
        for (const xmlNode *node = parent ? xml_first(parent) : NULL; node; node = xml_next(node))
                if (strcmp((const char *)node->name, name) == 0)
                        return node;
        return NULL;
}

/* The text of an element, empty where there is none. Allocated. */
static char *text_of(const xmlNode *node)
{
        char *own = NULL;
        const char *text = node ? xml_content(node, &own) : NULL;

        return own ?: g_strdup(text ?: "");
}

static void set_text(MirrorObject *object, unsigned property, const xmlNode *node)
{
        g_autofree char *text = text_of(node);

        object_set_string(object, property, text);
}

static char *attribute_of(const xmlNode *node, const char *name)
{
        char *own = NULL;
        const char *text = node ? xml_property(node, name, &own) : NULL;

        return own ?: g_strdup(text);
}

static bool is_yes(const xmlNode *node, const char *name)
{
        g_autofree char *value = attribute_of(node, name);

        return g_strcmp0(value, "yes") == 0;
}

/* All answers that are a single number. */
static void set_truth(MirrorObject *object, unsigned property, const void *answer)
{
        if (answer)
                object_set_bool(object, property, *(const int32_t *)answer != 0);
}

/* Domains. */

static void domain_identify(MirrorObject *object, const void *name)
{
        const WireDomain *wire = name;
        char uuid[WIRE_UUID_TEXT];

        wire_uuid_format(wire->uuid, uuid);
        object_set_string(object, DOMAIN_PROPERTY_NAME, wire->name);
        object_set_string(object, DOMAIN_PROPERTY_UUID, uuid);
        domain_set_state(&object->domain, DOMAIN_SHUTOFF, SHUTOFF_UNKNOWN, 0);
}

static MirrorObject *domain_find(RemoteConnection *self, Object *parent, const void *name)
{
        char uuid[WIRE_UUID_TEXT];

        (void)parent;
        wire_uuid_format(((const WireDomain *)name)->uuid, uuid);
        return registry_find(&self->connection.registry, DOMAIN_BY_UUID, uuid);
}

enum {
        DOMAIN_STEP_XML,
        DOMAIN_STEP_STATE,
        DOMAIN_STEP_INFO,
        DOMAIN_STEP_PERSISTENT,
        DOMAIN_STEP_AUTOSTART,
        DOMAIN_STEP_MANAGED_SAVE,
        DOMAIN_STEP_UPDATED,
        DOMAIN_STEP_SCHEDULER,
        DOMAIN_STEP_OS_TYPE,
        DOMAIN_STEP_ADDRESSES,
};

/* Another domain cannot have the name now, but one that is gone may still be here with it. A domain
 * that is new, and was renamed since it was listed, is in the registry later. */
static void domain_rename(RemoteConnection *self, MirrorObject *object, const char *name)
{
        Registry *registry = &self->connection.registry;

        if (registry_find(registry, DOMAIN_BY_UUID, object->domain.properties.uuid) != object)
                object_set_string(object, DOMAIN_PROPERTY_NAME, name);
        else if (!registry_find(registry, DOMAIN_BY_NAME, name))
                registry_rename(registry, object, DOMAIN_BY_NAME, name);
}

static unsigned domain_document(RemoteConnection *self, MirrorObject *object, const void *answer)
{
        static const char *const parts[] = { "name", "title", "description", "vcpu", NULL };
        const char *text = ((const WireDomainGetXmlDescRet *)answer)->xml;
        g_autoptr(xmlDoc) parsed = xml_parse_children(text, strlen(text), "peer", parts, NULL);
        g_autofree char *id = NULL, *name = NULL, *vcpus = NULL;
        const xmlNode *root = parsed ? xmlDocGetRootElement(parsed) : NULL;

        if (!root)
                return object->domain.properties.id;
        id = attribute_of(root, "id");
        name = text_of(child_of(root, "name"));
        vcpus = text_of(child_of(root, "vcpu"));
        if (name[0])
                domain_rename(self, object, name);
        set_text(object, DOMAIN_PROPERTY_TITLE, child_of(root, "title"));
        set_text(object, DOMAIN_PROPERTY_DESCRIPTION, child_of(root, "description"));
        object_set_uint32(object, DOMAIN_PROPERTY_MAX_VCPUS, g_ascii_strtoull(vcpus, NULL, 10));
        return id ? g_ascii_strtoull(id, NULL, 10) : 0;
}

static void domain_apply(RemoteConnection *self, MirrorObject *object, const void *const *answers)
{
        const WireDomainGetStateRet *state = answers[DOMAIN_STEP_STATE];
        const WireDomainGetInfoRet *info = answers[DOMAIN_STEP_INFO];
        const WireDomainGetSchedulerTypeRet *scheduler = answers[DOMAIN_STEP_SCHEDULER];
        const WireDomainGetOsTypeRet *os = answers[DOMAIN_STEP_OS_TYPE];
        unsigned id = object->domain.properties.id;

        if (answers[DOMAIN_STEP_XML])
                id = domain_document(self, object, answers[DOMAIN_STEP_XML]);
        /* One that runs has an id, unless it was started after its document was written: then it
         * stays as it is here, for once, rather than be half of each. */
        object->torn = !object->torn && state && state->state != DOMAIN_SHUTOFF && id == 0;
        if (state && !object->torn)
                domain_set_state(&object->domain, state->state, state->reason, id);
        if (info) {
                object_set_uint64(object, DOMAIN_PROPERTY_MAX_MEMORY, info->max_mem);
                object_set_uint64(object, DOMAIN_PROPERTY_MEMORY, info->memory);
                object_set_uint32(object, DOMAIN_PROPERTY_VCPUS, info->nr_virt_cpu);
        }
        if (os)
                object_set_string(object, DOMAIN_PROPERTY_OS_TYPE, os->type);
        if (scheduler)
                object_set(object, DOMAIN_PROPERTY_SCHEDULER_TYPE,
                        &(DomainSchedulerTypeValue){ scheduler->type, scheduler->nparams });
        /* The leases of the peer's networks, laid out alike; a guest that does not run has none. */
        object_set(object, DOMAIN_PROPERTY_ADDRESSES,
                answers[DOMAIN_STEP_ADDRESSES] ?: &(const Array){ 0 });
        set_truth(object, DOMAIN_PROPERTY_PERSISTENT, answers[DOMAIN_STEP_PERSISTENT]);
        set_truth(object, DOMAIN_PROPERTY_AUTOSTART, answers[DOMAIN_STEP_AUTOSTART]);
        set_truth(object, DOMAIN_PROPERTY_HAS_MANAGED_SAVE, answers[DOMAIN_STEP_MANAGED_SAVE]);
        set_truth(object, DOMAIN_PROPERTY_UPDATED, answers[DOMAIN_STEP_UPDATED]);
}

/* Networks, filters and pools are named alike: by name and UUID. */

typedef WireNetwork WireNamed;
G_STATIC_ASSERT(sizeof(WireNwfilter) == sizeof(WireNamed));
G_STATIC_ASSERT(sizeof(WirePool) == sizeof(WireNamed));

static void identify_named(
        MirrorObject *object, const WireNamed *wire, unsigned name, unsigned uuid_property)
{
        char uuid[WIRE_UUID_TEXT];

        wire_uuid_format(wire->uuid, uuid);
        object_set_string(object, name, wire->name);
        object_set_string(object, uuid_property, uuid);
}

static MirrorObject *find_named(RemoteConnection *self, RegistryKey key, const WireNamed *wire)
{
        char uuid[WIRE_UUID_TEXT];

        wire_uuid_format(wire->uuid, uuid);
        return registry_find(&self->connection.registry, key, uuid);
}

static void network_identify(MirrorObject *object, const void *name)
{
        identify_named(object, name, NETWORK_PROPERTY_NAME, NETWORK_PROPERTY_UUID);
}

static MirrorObject *network_find(RemoteConnection *self, Object *parent, const void *name)
{
        (void)parent;
        return find_named(self, NETWORK_BY_UUID, name);
}

static void network_apply(RemoteConnection *self, MirrorObject *object, const void *const *answers)
{
        const WireNetworkGetBridgeNameRet *bridge = answers[3];

        (void)self;
        set_truth(object, NETWORK_PROPERTY_ACTIVE, answers[0]);
        set_truth(object, NETWORK_PROPERTY_PERSISTENT, answers[1]);
        set_truth(object, NETWORK_PROPERTY_AUTOSTART, answers[2]);
        object_set_string(object, NETWORK_PROPERTY_BRIDGE, bridge ? bridge->name : "");
}

static void filter_identify(MirrorObject *object, const void *name)
{
        identify_named(object, name, NW_FILTER_PROPERTY_NAME, NW_FILTER_PROPERTY_UUID);
}

static MirrorObject *filter_find(RemoteConnection *self, Object *parent, const void *name)
{
        (void)parent;
        return find_named(self, NW_FILTER_BY_UUID, name);
}

/* Storage. */

static void pool_identify(MirrorObject *object, const void *name)
{
        identify_named(object, name, STORAGE_POOL_PROPERTY_NAME, STORAGE_POOL_PROPERTY_UUID);
}

static MirrorObject *pool_find(RemoteConnection *self, Object *parent, const void *name)
{
        (void)parent;
        return find_named(self, STORAGE_POOL_BY_UUID, name);
}

static void pool_apply(RemoteConnection *self, MirrorObject *object, const void *const *answers)
{
        const WireStoragePoolGetInfoRet *info = answers[0];
        g_autoptr(xmlDoc) parsed = document(answers[4]);
        g_autofree char *type = NULL;

        (void)self;
        if (info) {
                object_set_int32(object, STORAGE_POOL_PROPERTY_STATE, info->state);
                object_set_uint64(object, STORAGE_POOL_PROPERTY_CAPACITY, info->capacity);
                object_set_uint64(object, STORAGE_POOL_PROPERTY_ALLOCATION, info->allocation);
                object_set_uint64(object, STORAGE_POOL_PROPERTY_AVAILABLE, info->available);
        }
        set_truth(object, STORAGE_POOL_PROPERTY_ACTIVE, answers[1]);
        set_truth(object, STORAGE_POOL_PROPERTY_PERSISTENT, answers[2]);
        set_truth(object, STORAGE_POOL_PROPERTY_AUTOSTART, answers[3]);
        if (!parsed)
                return;
        type = attribute_of(xmlDocGetRootElement(parsed), "type");
        object_set_string(object, STORAGE_POOL_PROPERTY_TYPE, type ?: "");
}

static void volume_identify(MirrorObject *object, const void *name)
{
        const WireVol *wire = name;

        object_set_string(object, STORAGE_VOL_PROPERTY_NAME, wire->name);
        object_set_string(object, STORAGE_VOL_PROPERTY_KEY, wire->key);
}

static MirrorObject *volume_find(RemoteConnection *self, Object *parent, const void *name)
{
        (void)parent;
        return registry_find(
                &self->connection.registry, STORAGE_VOL_BY_KEY, ((const WireVol *)name)->key);
}

static void volume_apply(RemoteConnection *self, MirrorObject *object, const void *const *answers)
{
        const WireStorageVolGetInfoRet *info = answers[0];
        const WireStorageVolGetPathRet *path = answers[1];
        g_autoptr(xmlDoc) parsed = document(answers[2]);
        g_autofree char *format = NULL;
        const xmlNode *target;

        (void)self;
        if (info) {
                object_set_int32(object, STORAGE_VOL_PROPERTY_TYPE, info->type);
                object_set_uint64(object, STORAGE_VOL_PROPERTY_CAPACITY, info->capacity);
                object_set_uint64(object, STORAGE_VOL_PROPERTY_ALLOCATION, info->allocation);
        }
        /* It finds the volume, and so does not change while that is there. */
        if (!object->volume.properties.path)
                object_set_string(object, STORAGE_VOL_PROPERTY_PATH,
                        path ? path->name : object->volume.properties.key);
        if (!parsed)
                return;
        target = child_of(xmlDocGetRootElement(parsed), "target");
        format = attribute_of(child_of(target, "format"), "type");
        object_set_string(object, STORAGE_VOL_PROPERTY_FORMAT, format ?: "");
}

/* Devices of the host. */

static void node_device_identify(MirrorObject *object, const void *name)
{
        object_set_string(object, NODE_DEVICE_PROPERTY_NAME, ((const WireNodedev *)name)->name);
}

static MirrorObject *node_device_find(RemoteConnection *self, Object *parent, const void *name)
{
        (void)parent;
        return registry_find(
                &self->connection.registry, NODE_DEVICE_BY_NAME, ((const WireNodedev *)name)->name);
}

/* The names of a Fibre Channel host, by which it can be looked up. */
static void node_device_names(NodeDevice *device, const xmlNode *root)
{
        for (const xmlNode *host = xml_first(root); host; host = xml_next(host))
                for (const xmlNode *node = xml_first(host); node; node = xml_next(node)) {
                        g_autofree char *type = attribute_of(node, "type");

                        if (g_strcmp0(type, "fc_host") != 0)
                                continue;
                        g_free(device->wwnn);
                        g_free(device->wwpn);
                        device->wwnn = text_of(child_of(node, "wwnn"));
                        device->wwpn = text_of(child_of(node, "wwpn"));
                }
}

static void node_device_apply(
        RemoteConnection *self, MirrorObject *object, const void *const *answers)
{
        const WireNodeDeviceListCapsRet *capabilities = answers[1];
        g_autoptr(xmlDoc) parsed = document(answers[0]);

        (void)self;
        if (capabilities)
                object_set(object, NODE_DEVICE_PROPERTY_CAPABILITIES, &capabilities->names);
        if (!parsed)
                return;
        set_text(object, NODE_DEVICE_PROPERTY_PARENT,
                child_of(xmlDocGetRootElement(parsed), "parent"));
        set_text(object, NODE_DEVICE_PROPERTY_PATH, child_of(xmlDocGetRootElement(parsed), "path"));
        node_device_names(&object->node_device, xmlDocGetRootElement(parsed));
}

static void interface_identify(MirrorObject *object, const void *name)
{
        object_set_string(object, INTERFACE_PROPERTY_NAME, ((const WireIface *)name)->name);
        object_set_string(object, INTERFACE_PROPERTY_MAC, ((const WireIface *)name)->mac);
}

static MirrorObject *interface_find(RemoteConnection *self, Object *parent, const void *name)
{
        (void)parent;
        return registry_find(
                &self->connection.registry, INTERFACE_BY_NAME, ((const WireIface *)name)->name);
}

static void interface_apply(
        RemoteConnection *self, MirrorObject *object, const void *const *answers)
{
        (void)self;
        set_truth(object, INTERFACE_PROPERTY_ACTIVE, answers[0]);
}

/* Secrets. */

static void secret_identify(MirrorObject *object, const void *name)
{
        const WireSecret *wire = name;
        char uuid[WIRE_UUID_TEXT];

        wire_uuid_format(wire->uuid, uuid);
        object_set_string(object, SECRET_PROPERTY_UUID, uuid);
        object_set_int32(object, SECRET_PROPERTY_USAGE_TYPE, wire->usage_type);
        object_set_string(object, SECRET_PROPERTY_USAGE_ID, wire->usage_id);
}

static MirrorObject *secret_find(RemoteConnection *self, Object *parent, const void *name)
{
        char uuid[WIRE_UUID_TEXT];

        (void)parent;
        wire_uuid_format(((const WireSecret *)name)->uuid, uuid);
        return registry_find(&self->connection.registry, SECRET_BY_UUID, uuid);
}

static void secret_apply(RemoteConnection *self, MirrorObject *object, const void *const *answers)
{
        g_autoptr(xmlDoc) parsed = document(answers[0]);
        const xmlNode *root = parsed ? xmlDocGetRootElement(parsed) : NULL;

        (void)self;
        if (!root)
                return;
        set_text(object, SECRET_PROPERTY_DESCRIPTION, child_of(root, "description"));
        object_set_bool(object, SECRET_PROPERTY_EPHEMERAL, is_yes(root, "ephemeral"));
        object_set_bool(object, SECRET_PROPERTY_PRIVATE, is_yes(root, "private"));
}

/* Snapshots and checkpoints: children of a domain, known by their names. */

static void set_time(MirrorObject *object, unsigned property, const xmlNode *node)
{
        g_autofree char *text = text_of(node);
        const int64_t seconds = g_ascii_strtoll(text, NULL, 10);

        object_set(object, property, &seconds);
}

static void snapshot_identify(MirrorObject *object, const void *name)
{
        object_set_string(
                object, DOMAIN_SNAPSHOT_PROPERTY_NAME, ((const WireSnapshot *)name)->name);
}

static MirrorObject *snapshot_find(RemoteConnection *self, Object *parent, const void *name)
{
        (void)self;
        return (MirrorObject *)domain_find_child(
                ((Domain *)parent)->snapshots, ((const WireSnapshot *)name)->name);
}

static void snapshot_apply(RemoteConnection *self, MirrorObject *object, const void *const *answers)
{
        g_autoptr(xmlDoc) parsed = document(answers[0]);
        const xmlNode *root = parsed ? xmlDocGetRootElement(parsed) : NULL;

        (void)self;
        set_truth(object, DOMAIN_SNAPSHOT_PROPERTY_CURRENT, answers[1]);
        if (!root)
                return;
        set_text(object, DOMAIN_SNAPSHOT_PROPERTY_DESCRIPTION, child_of(root, "description"));
        set_text(object, DOMAIN_SNAPSHOT_PROPERTY_STATE, child_of(root, "state"));
        set_text(object, DOMAIN_SNAPSHOT_PROPERTY_PARENT,
                child_of(child_of(root, "parent"), "name"));
        set_time(object, DOMAIN_SNAPSHOT_PROPERTY_CREATION_TIME, child_of(root, "creationTime"));
}

static void checkpoint_identify(MirrorObject *object, const void *name)
{
        object_set_string(
                object, DOMAIN_CHECKPOINT_PROPERTY_NAME, ((const WireCheckpoint *)name)->name);
}

static MirrorObject *checkpoint_find(RemoteConnection *self, Object *parent, const void *name)
{
        (void)self;
        return (MirrorObject *)domain_find_child(
                ((Domain *)parent)->checkpoints, ((const WireCheckpoint *)name)->name);
}

static void checkpoint_apply(
        RemoteConnection *self, MirrorObject *object, const void *const *answers)
{
        g_autoptr(xmlDoc) parsed = document(answers[0]);
        const xmlNode *root = parsed ? xmlDocGetRootElement(parsed) : NULL;

        (void)self;
        if (!root)
                return;
        set_text(object, DOMAIN_CHECKPOINT_PROPERTY_DESCRIPTION, child_of(root, "description"));
        set_text(object, DOMAIN_CHECKPOINT_PROPERTY_PARENT,
                child_of(child_of(root, "parent"), "name"));
        set_time(object, DOMAIN_CHECKPOINT_PROPERTY_CREATION_TIME, child_of(root, "creationTime"));
}

/* A document without its disks, which may be many and are not looked at. */
#define CHECKPOINT_NO_DOMAIN 2
#define NODE_DEVICE_CAPABILITIES_MAX 65536

const MirrorKind mirror_kinds[] = {
        [MIRROR_DOMAIN] = {
                .class = &domain_class,
                .key = DOMAIN_BY_UUID,
                .letter = 'D',
                .list = WIRE_CONNECT_LIST_ALL_DOMAINS,
                .parent = _MIRROR_KIND_MAX,
                .missing = ERROR_NO_DOMAIN,
                .subscribe = WIRE_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY,
                .steps = {
                        [DOMAIN_STEP_XML] = { WIRE_DOMAIN_GET_XML_DESC },
                        [DOMAIN_STEP_STATE] = { WIRE_DOMAIN_GET_STATE },
                        [DOMAIN_STEP_INFO] = { WIRE_DOMAIN_GET_INFO },
                        [DOMAIN_STEP_PERSISTENT] = { WIRE_DOMAIN_IS_PERSISTENT },
                        [DOMAIN_STEP_AUTOSTART] = { WIRE_DOMAIN_GET_AUTOSTART },
                        [DOMAIN_STEP_MANAGED_SAVE] = { WIRE_DOMAIN_HAS_MANAGED_SAVE_IMAGE },
                        [DOMAIN_STEP_UPDATED] = { WIRE_DOMAIN_IS_UPDATED },
                        [DOMAIN_STEP_SCHEDULER] = { WIRE_DOMAIN_GET_SCHEDULER_TYPE, .once = true },
                        [DOMAIN_STEP_OS_TYPE] = { WIRE_DOMAIN_GET_OS_TYPE, .once = true },
                        [DOMAIN_STEP_ADDRESSES] = { WIRE_DOMAIN_INTERFACE_ADDRESSES },
                },
                .identify = domain_identify,
                .find = domain_find,
                .apply = domain_apply,
        },
        [MIRROR_NETWORK] = {
                .class = &network_class,
                .key = NETWORK_BY_UUID,
                .letter = 'N',
                .list = WIRE_CONNECT_LIST_ALL_NETWORKS,
                .parent = _MIRROR_KIND_MAX,
                .missing = ERROR_NO_NETWORK,
                .subscribe = WIRE_CONNECT_NETWORK_EVENT_REGISTER_ANY,
                .steps = {
                        { WIRE_NETWORK_IS_ACTIVE },
                        { WIRE_NETWORK_IS_PERSISTENT },
                        { WIRE_NETWORK_GET_AUTOSTART },
                        { WIRE_NETWORK_GET_BRIDGE_NAME },
                },
                .identify = network_identify,
                .find = network_find,
                .apply = network_apply,
        },
        [MIRROR_POOL] = {
                .class = &storage_pool_class,
                .key = STORAGE_POOL_BY_UUID,
                .letter = 'L',
                .list = WIRE_CONNECT_LIST_ALL_STORAGE_POOLS,
                .parent = _MIRROR_KIND_MAX,
                .missing = ERROR_NO_STORAGE_POOL,
                .subscribe = WIRE_CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY,
                .steps = {
                        { WIRE_STORAGE_POOL_GET_INFO },
                        { WIRE_STORAGE_POOL_IS_ACTIVE },
                        { WIRE_STORAGE_POOL_IS_PERSISTENT },
                        { WIRE_STORAGE_POOL_GET_AUTOSTART },
                        { WIRE_STORAGE_POOL_GET_XML_DESC },
                },
                .identify = pool_identify,
                .find = pool_find,
                .apply = pool_apply,
        },
        [MIRROR_VOLUME] = {
                .class = &storage_vol_class,
                .key = STORAGE_VOL_BY_KEY,
                .letter = 'V',
                .list = WIRE_STORAGE_POOL_LIST_ALL_VOLUMES,
                .parent = MIRROR_POOL,
                .missing = ERROR_NO_STORAGE_VOL,
                .steps = {
                        { WIRE_STORAGE_VOL_GET_INFO },
                        { WIRE_STORAGE_VOL_GET_PATH, .once = true },
                        { WIRE_STORAGE_VOL_GET_XML_DESC, .once = true },
                },
                .identify = volume_identify,
                .find = volume_find,
                .apply = volume_apply,
        },
        [MIRROR_NODE_DEVICE] = {
                .class = &node_device_class,
                .key = NODE_DEVICE_BY_NAME,
                .letter = 'E',
                .list = WIRE_CONNECT_LIST_ALL_NODE_DEVICES,
                .parent = _MIRROR_KIND_MAX,
                .missing = ERROR_NO_NODE_DEVICE,
                .subscribe = WIRE_CONNECT_NODE_DEVICE_EVENT_REGISTER_ANY,
                .steps = {
                        { WIRE_NODE_DEVICE_GET_XML_DESC },
                        { WIRE_NODE_DEVICE_LIST_CAPS, NODE_DEVICE_CAPABILITIES_MAX },
                },
                .identify = node_device_identify,
                .find = node_device_find,
                .apply = node_device_apply,
        },
        [MIRROR_SECRET] = {
                .class = &secret_class,
                .key = SECRET_BY_UUID,
                .letter = 'K',
                .list = WIRE_CONNECT_LIST_ALL_SECRETS,
                .parent = _MIRROR_KIND_MAX,
                .missing = ERROR_NO_SECRET,
                .subscribe = WIRE_CONNECT_SECRET_EVENT_REGISTER_ANY,
                .steps = { { WIRE_SECRET_GET_XML_DESC } },
                .identify = secret_identify,
                .find = secret_find,
                .apply = secret_apply,
        },
        [MIRROR_FILTER] = {
                .class = &nw_filter_class,
                .key = NW_FILTER_BY_UUID,
                .letter = 'F',
                .list = WIRE_CONNECT_LIST_ALL_NWFILTERS,
                .parent = _MIRROR_KIND_MAX,
                .missing = ERROR_NO_NWFILTER,
                .identify = filter_identify,
                .find = filter_find,
        },
        [MIRROR_INTERFACE] = {
                .class = &interface_class,
                .key = INTERFACE_BY_NAME,
                .letter = 'I',
                .list = WIRE_CONNECT_LIST_ALL_INTERFACES,
                .parent = _MIRROR_KIND_MAX,
                .missing = ERROR_NO_INTERFACE,
                .steps = { { WIRE_INTERFACE_IS_ACTIVE } },
                .identify = interface_identify,
                .find = interface_find,
                .apply = interface_apply,
        },
        [MIRROR_SNAPSHOT] = {
                .class = &domain_snapshot_class,
                .key = _REGISTRY_KEY_MAX,
                .letter = 'A',
                .list = WIRE_DOMAIN_LIST_ALL_SNAPSHOTS,
                .parent = MIRROR_DOMAIN,
                .missing = ERROR_NO_DOMAIN_SNAPSHOT,
                .steps = {
                        { WIRE_DOMAIN_SNAPSHOT_GET_XML_DESC },
                        { WIRE_DOMAIN_SNAPSHOT_IS_CURRENT },
                },
                .identify = snapshot_identify,
                .find = snapshot_find,
                .apply = snapshot_apply,
        },
        [MIRROR_CHECKPOINT] = {
                .class = &domain_checkpoint_class,
                .key = _REGISTRY_KEY_MAX,
                .letter = 'C',
                .list = WIRE_DOMAIN_LIST_ALL_CHECKPOINTS,
                .parent = MIRROR_DOMAIN,
                .missing = ERROR_NO_DOMAIN_CHECKPOINT,
                .steps = { { WIRE_DOMAIN_CHECKPOINT_GET_XML_DESC, CHECKPOINT_NO_DOMAIN } },
                .identify = checkpoint_identify,
                .find = checkpoint_find,
                .apply = checkpoint_apply,
        },
};
G_STATIC_ASSERT(G_N_ELEMENTS(mirror_kinds) == _MIRROR_KIND_MAX);

const MirrorKind *mirror_kind(const ClassInfo *class)
{
        for (unsigned i = 0; i < _MIRROR_KIND_MAX; i++)
                if (mirror_kinds[i].class == class)
                        return &mirror_kinds[i];
        return NULL;
}

const MirrorKind *mirror_kind_of_letter(char letter)
{
        for (unsigned i = 0; i < _MIRROR_KIND_MAX; i++)
                if (mirror_kinds[i].letter == letter)
                        return &mirror_kinds[i];
        return NULL;
}
