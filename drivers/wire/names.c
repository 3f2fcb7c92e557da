/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/names.h"

#include <errno.h>
#include <string.h>

#include "drivers/wire/procedures.h"
#include "interfaces.h"

static const struct {
        char kind;
        const ClassInfo *class;
} kinds[] = {
        { 'D', &domain_class },
        { 'N', &network_class },
        { 'L', &storage_pool_class },
        { 'V', &storage_vol_class },
        { 'I', &interface_class },
        { 'E', &node_device_class },
        { 'K', &secret_class },
        { 'F', &nw_filter_class },
        { 'A', &domain_snapshot_class },
        { 'C', &domain_checkpoint_class },
};

char wire_kind(const ClassInfo *class)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (kinds[i].class == class)
                        return kinds[i].kind;
        return 0;
}

/* Of an object, always whole. */
static void name_uuid(const char *text, uint8_t uuid[16])
{
        if (wire_uuid_parse(text, uuid) < 0)
                memset(uuid, 0, 16);
}

static void name_domain(const Object *object, WireDomain *name)
{
        const DomainProperties *domain = object->properties;

        *name = (WireDomain){
                .name = g_strdup(domain->name),
                .id = domain->active ? (int32_t)domain->id : -1,
        };
        name_uuid(domain->uuid, name->uuid);
}

static void name_network(const char *text, const char *uuid, WireNetwork *name)
{
        name->name = g_strdup(text);
        name_uuid(uuid, name->uuid);
}

static void name_volume(const StorageVolProperties *volume, WireVol *name)
{
        const StoragePoolProperties *pool = volume->pool->properties;

        *name = (WireVol){
                .pool = g_strdup(pool->name),
                .name = g_strdup(volume->name),
                .key = g_strdup(volume->key),
        };
}

static void name_secret(const SecretProperties *secret, WireSecret *name)
{
        *name = (WireSecret){
                .usage_type = secret->usage_type,
                .usage_id = g_strdup(secret->usage_id),
        };
        name_uuid(secret->uuid, name->uuid);
}

static void name_child(const char *text, const Object *domain, WireSnapshot *name)
{
        name->name = g_strdup(text);
        name_domain(domain, &name->dom);
}

/* Those that look the same share a function. */
G_STATIC_ASSERT(sizeof(WireNetwork) == sizeof(WirePool));
G_STATIC_ASSERT(sizeof(WireNetwork) == sizeof(WireNwfilter));
G_STATIC_ASSERT(sizeof(WireSnapshot) == sizeof(WireCheckpoint));

void wire_name(char kind, const Object *object, void *name)
{
        const union {
                const void *any;
                const NetworkProperties *network;
                const StoragePoolProperties *pool;
                const NWFilterProperties *filter;
                const InterfaceProperties *interface;
                const NodeDeviceProperties *device;
                const DomainSnapshotProperties *snapshot;
                const DomainCheckpointProperties *checkpoint;
        } of = { object->properties };

        switch (kind) {
        case 'D':
                name_domain(object, name);
                break;
        case 'N':
                name_network(of.network->name, of.network->uuid, name);
                break;
        case 'L':
                name_network(of.pool->name, of.pool->uuid, name);
                break;
        case 'F':
                name_network(of.filter->name, of.filter->uuid, name);
                break;
        case 'V':
                name_volume(of.any, name);
                break;
        case 'I':
                *(WireIface *)name = (WireIface){ .name = g_strdup(of.interface->name),
                        .mac = g_strdup(of.interface->mac) };
                break;
        case 'E':
                *(WireNodedev *)name = (WireNodedev){ .name = g_strdup(of.device->name) };
                break;
        case 'K':
                name_secret(of.any, name);
                break;
        case 'A':
                name_child(of.snapshot->name, object->parent, name);
                break;
        case 'C':
                name_child(of.checkpoint->name, object->parent, name);
                break;
        default:
                g_error("no objects of the kind '%c'", kind);
        }
}

void wire_uuid_format(const uint8_t uuid[16], char text[WIRE_UUID_TEXT])
{
        for (unsigned i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *text++ = '-';
                *text++ = "0123456789abcdef"[uuid[i] >> 4];
                *text++ = "0123456789abcdef"[uuid[i] & 15];
        }
        *text = '\0';
}

/* Lists have a thousand of them: GLib's is called, twice for each digit. */
static inline int digit_value(char digit)
{
        if (digit >= '0' && digit <= '9')
                return digit - '0';
        digit |= 'a' ^ 'A';
        return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

int wire_uuid_parse(const char *text, uint8_t uuid[16])
{
        for (unsigned i = 0; i < 16; i++) {
                int high, low;

                if (*text == '-')
                        text++;
                high = digit_value(*text);
                low = high < 0 ? -1 : digit_value(text[1]);
                if (low < 0)
                        return -EINVAL;
                uuid[i] = (uint8_t)(high << 4 | low);
                text += 2;
        }
        return *text ? -EINVAL : 0;
}
